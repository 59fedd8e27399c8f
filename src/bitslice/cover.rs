//! Gates gathered into functions of up to three words.

use super::formula::{WORDS, cost};
use super::gates::{Gate, Gates, Signal};

/// Words that one function may read.
const MAX_WORDS: usize = 3;

/// A gate that is computed, with the gates that moved into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The gate.
    pub(crate) gate: u32,
    /// The gates that it reads, each a plane or a cell before it; ascending.
    pub(crate) words: [u32; MAX_WORDS],
    /// How many those are.
    pub(crate) count: u8,
    /// The value in row `r`, where bit `i` of `r` is word `i` as it is stored.
    pub(crate) table: u8,
}

impl Cell {
    /// The gates that it reads.
    pub(crate) fn words(&self) -> &[u32] {
        &self.words[..usize::from(self.count)]
    }
}

/// The cells that the outputs need, in topological order.
///
/// A cell stores its gate or the complement, whichever takes fewer operations: a gate of two
/// inputs is one operation in one of the two, so that no complement is ever computed by itself.
#[derive(Clone, Debug)]
pub(crate) struct Cover {
    /// The cells.
    pub(crate) cells: Vec<Cell>,
    /// For each gate whether its cell stores the complement.
    pub(crate) inverted: Vec<bool>,
}

impl Cover {
    /// The cells for `outputs`.
    pub(crate) fn new(gates: &Gates, outputs: &[Signal]) -> Self {
        let mut readers = vec![0u32; gates.len()];
        let mut live = vec![false; gates.len()];
        for output in outputs {
            // An output is no gate's business, so it never moves into a reader.
            readers[output.gate()] += 2;
            live[output.gate()] = true;
        }
        for index in (0..gates.len()).rev() {
            if !live[index] {
                continue;
            }
            for fan_in in gates.gate(index).fan_ins().into_iter().flatten() {
                readers[fan_in.gate()] += 1;
                live[fan_in.gate()] = true;
            }
        }
        let mut needed = vec![false; gates.len()];
        for output in outputs {
            needed[output.gate()] = true;
        }
        let mut cones: Vec<(u32, Vec<u32>, u8)> = Vec::new();
        for index in (1..gates.len()).rev() {
            if !needed[index] || gates.gate(index).fan_ins().is_none() {
                continue;
            }
            let mut words = fan_ins(gates, index);
            while absorb(gates, &readers, &mut words) {}
            let table = keep_support(cone_table(gates, index, &words, true), &mut words);
            words.iter().for_each(|&word| needed[word as usize] = true);
            cones.push((index as u32, words, table));
        }
        let mut cover = Self { cells: Vec::with_capacity(cones.len()), inverted: vec![false; gates.len()] };
        for (gate, words, table) in cones.into_iter().rev() {
            cover.add(gate, &words, table);
        }
        cover
    }

    /// Adds the cell of `gate`, whose value over the gates `leaves` is `table`.
    fn add(&mut self, gate: u32, leaves: &[u32], mut table: u8) {
        let mut words = [0; MAX_WORDS];
        words[..leaves.len()].copy_from_slice(leaves);
        for (position, &leaf) in leaves.iter().enumerate() {
            if self.inverted[leaf as usize] {
                let shift = 1 << position;
                table = (table & WORDS[position]) >> shift | (table & !WORDS[position]) << shift;
            }
        }
        let inverted = cost(!table) < cost(table);
        self.inverted[gate as usize] = inverted;
        let table = if inverted { !table } else { table };
        self.cells.push(Cell { gate, words, count: leaves.len() as u8, table });
    }
}

/// The value of a gate over `leaves`; the root is none of them.
fn cone_table(gates: &Gates, gate: usize, leaves: &[u32], root: bool) -> u8 {
    if let Some(position) = leaves.iter().position(|&leaf| leaf as usize == gate && !root) {
        return WORDS[position];
    }
    let value = |signal: Signal| {
        let table = cone_table(gates, signal.gate(), leaves, false);
        if signal.inverted() { !table } else { table }
    };
    match gates.gate(gate) {
        Gate::And(a, b) => value(a) & value(b),
        Gate::Xor(a, b) => value(a) ^ value(b),
        Gate::Zero | Gate::Plane(_) => 0,
    }
}

/// The table of the words that it depends on: paths that meet again may cancel others. One word
/// stays with a table that turns out to be constant.
fn keep_support(table: u8, words: &mut Vec<u32>) -> u8 {
    let depends = |position: usize| {
        let shift = 1 << position;
        (table & WORDS[position]) >> shift != table & !WORDS[position]
    };
    let mut kept: Vec<usize> = (0..words.len()).filter(|&position| depends(position)).collect();
    if kept.is_empty() {
        kept.push(0);
    }
    let old_row = |row: u8| kept.iter().enumerate().fold(0, |old, (new, position)| old | (row >> new & 1) << position);
    let projected = (0..8).fold(0, |projected, row| projected | (table >> old_row(row) & 1) << row);
    *words = kept.iter().filter_map(|&position| words.get(position).copied()).collect();
    projected
}

fn fan_ins(gates: &Gates, index: usize) -> Vec<u32> {
    let mut words: Vec<u32> =
        gates.gate(index).fan_ins().into_iter().flatten().map(|signal| signal.gate() as u32).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Replaces the one of `words` that nobody else reads and that leaves the fewest words by what
/// it reads; returns it, or nothing when there would be too many.
fn absorb(gates: &Gates, readers: &[u32], words: &mut Vec<u32>) -> bool {
    let mut best: Option<Vec<u32>> = None;
    for &word in words.iter().rev() {
        let index = word as usize;
        if readers[index] != 1 || gates.gate(index).fan_ins().is_none() {
            continue;
        }
        let mut merged: Vec<u32> = words.iter().copied().filter(|&other| other != word).collect();
        merged.extend(fan_ins(gates, index));
        merged.sort_unstable();
        merged.dedup();
        if merged.len() <= MAX_WORDS && best.as_ref().is_none_or(|known| merged.len() < known.len()) {
            best = Some(merged);
        }
    }
    let found = best.is_some();
    *words = best.unwrap_or_else(|| std::mem::take(words));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_influence_are_dropped_and_their_gates_with_them() {
        let mut gates = Gates::new();
        let planes: Vec<Signal> = (0..4).map(|number| gates.plane(number)).collect();
        let (a, b, c) = (planes[0], planes[1], planes[2]);
        // (a ^ b) ^ (b ^ c) does not depend on b.
        let (ab, bc) = (gates.xor(a, b), gates.xor(b, c));
        let sum = gates.xor(ab, bc);
        // a & b and a ^ b exclude each other.
        let both = gates.and(a, b);
        let never = gates.and(both, ab);
        let cover = Cover::new(&gates, &[sum]);
        let words = |signal: Signal| signal.gate() as u32;
        assert_eq!(cover.cells.len(), 1);
        assert_eq!((cover.cells[0].words(), cover.cells[0].table), (&[words(a), words(c)][..], 0x66));
        let cover = Cover::new(&gates, &[never]);
        assert_eq!((cover.cells.len(), cover.cells[0].count, cover.cells[0].table), (1, 1, 0));
    }

    #[test]
    fn words_keep_their_rows_when_others_are_dropped() {
        // a & c over the words a, b, c becomes a & b over the words a, c.
        let mut words = vec![7, 8, 9];
        assert_eq!(keep_support(0xa0, &mut words), 0x88);
        assert_eq!(words, [7, 9]);
    }
}
