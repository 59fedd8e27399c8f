//! Counting ones on carry chains.
//!
//! A chain takes up to seven bits of one weight at its lower end and goes on with six of four times
//! the weight as long as there are enough of them; what is left at its upper end costs a position
//! of the chain. It takes no bits there that come later than those at its lower end, whose sum would have
//! to wait for them. When every column is low enough, one last chain finishes them all.

use super::popcount::{Carry, CountBit, Counter, CounterForm, Popcount, bits_for};

/// How many bits of the next column a chain asks for before it goes on; the best of these is taken.
const PATIENCE: std::ops::RangeInclusive<usize> = 2..=6;

/// Inputs of the upper LUT of a cell: it has two outputs.
const UPPER_INPUTS: usize = 5;

/// Inputs of the lower LUT of a cell.
const LOWER_INPUTS: usize = 6;

impl Popcount {
    /// The sum of `weights[w]` bits of weight `2^w` for each `w`, which is at most `largest`, on carry
    /// chains: of the forms that were found the one with the fewest positions, a level counting as much
    /// as a position.
    pub(super) fn chained(weights: &[usize], largest: usize) -> Self {
        let form = |patience, choice| Columns::new(weights, largest).finish(patience, choice);
        let forms =
            PATIENCE.flat_map(|patience| [Choice::Lowest, Choice::Earliest].map(|choice| form(patience, choice)));
        let best = forms.min_by_key(|popcount| {
            let (positions, depth) = (popcount.chain_positions(), popcount.depth() as usize);
            (positions + depth, positions)
        });
        best.unwrap_or_else(|| Self::weighted(weights, largest))
    }

    /// Positions of carry chains, each of which takes a LUT: two for a cell, and one for a carry that
    /// leaves its chain. A carry leaves by the sum output of a position that adds nothing, since the
    /// position below already shows its sum.
    pub fn chain_positions(&self) -> usize {
        let mut leaves = vec![false; self.counters.len()];
        let mut readers: Vec<CountBit> = self.rows.iter().flatten().flatten().copied().collect();
        for counter in &self.counters {
            readers.extend(counter.inputs.iter().chain(counter.high()));
            if let CounterForm::Chain { carry: Carry::Bit(bit), .. } = counter.form {
                readers.push(bit);
            }
        }
        for bit in readers {
            if let CountBit::Counter { counter, bit: 2 } = bit {
                leaves[counter as usize] = true;
            }
        }
        let cells = self.counters.iter().zip(leaves).filter(|(counter, _)| counter.form != CounterForm::Tables);
        cells.map(|(counter, leaves)| self.cell_positions(counter) + usize::from(leaves)).sum()
    }

    /// Positions of a cell of a chain: one where the upper one stands for more than the largest count.
    pub fn cell_positions(&self, counter: &Counter) -> usize {
        if counter.weight as usize + 1 < self.width { 2 } else { 1 }
    }
}

/// How many bits of its weight a cell counts, a carry from a bit at its lower end included, and how
/// many of twice the weight.
#[derive(Clone, Copy, Debug)]
struct Atom {
    low: usize,
    high: usize,
}

impl Atom {
    /// The most bits of these that a cell takes; `first` is the lowest cell of a chain.
    fn most(low: usize, high: usize, first: bool) -> Self {
        let low = low.min(LOWER_INPUTS + usize::from(first));
        let high = (0..=high.min(2)).rev().find(|&high| Self { low, high }.fits(first)).unwrap_or(0);
        Self { low, high }
    }

    /// Whether one cell is enough.
    fn fits(self, first: bool) -> bool {
        // The lowest cell of a chain has one bit as the carry that comes in.
        let inputs = self.low.saturating_sub(usize::from(first));
        let rest = inputs.saturating_sub(1);
        inputs <= LOWER_INPUTS && rest + self.high <= UPPER_INPUTS && rest / 2 + self.high <= 2
    }

    /// Whether something may be carried on.
    fn carries(self, first: bool) -> bool {
        self.low + 2 * self.high + usize::from(!first) > 3
    }
}

/// Which of the columns that fill a cell comes first.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// That of the lowest weight.
    Lowest,
    /// That whose bits are there first.
    Earliest,
}

/// The bits that are still to be added up.
struct Columns {
    weights: Vec<usize>,
    largest: usize,
    width: usize,
    /// Bits of weight `2^w` with their level.
    bits: Vec<Vec<(CountBit, u32)>>,
    counters: Vec<Counter>,
}

impl Columns {
    fn new(weights: &[usize], largest: usize) -> Self {
        let width = bits_for(largest).max(weights.len());
        let mut bits = vec![Vec::new(); width + 3];
        let mut inputs = 0;
        for (column, &count) in bits.iter_mut().zip(weights) {
            column.extend((inputs..inputs + count).map(|input| (CountBit::Input(input as u32), 0)));
            inputs += count;
        }
        Self { weights: weights.to_vec(), largest, width, bits, counters: Vec::new() }
    }

    fn finish(mut self, patience: usize, choice: Choice) -> Popcount {
        while let Some(lowest) = (0..self.width).find(|&weight| self.bits[weight].len() > 1) {
            match self.last(lowest) {
                Some(atoms) => self.chain(lowest, &atoms),
                None => {
                    let weight = self.fullest(choice);
                    let atoms = self.longest(weight, patience);
                    self.chain(weight, &atoms);
                }
            }
        }
        let row = self.bits[..self.width].iter().map(|column| column.first().map(|&(bit, _)| bit)).collect();
        Popcount {
            inputs: self.weights.iter().sum(),
            columns: self.weights,
            largest: self.largest,
            counters: self.counters,
            rows: [row, Vec::new()],
            width: self.width,
        }
    }

    fn height(&self, weight: usize) -> usize {
        if weight < self.width { self.bits[weight].len() } else { 0 }
    }

    /// The chain from `weight` that leaves one bit in every column that it passes, if one can.
    fn last(&self, weight: usize) -> Option<Vec<Atom>> {
        let mut atoms = Vec::new();
        let mut weight = weight;
        loop {
            let first = atoms.is_empty();
            let atom = Atom { low: self.height(weight), high: self.height(weight + 1) };
            if !atom.fits(first) {
                return None;
            }
            atoms.push(atom);
            weight += 2;
            if !atom.carries(first) || self.height(weight) == 0 {
                return Some(atoms);
            }
        }
    }

    /// How many bits of a column are there at `level`.
    fn ready(&self, weight: usize, level: u32) -> usize {
        let column = if weight < self.width { self.bits[weight].as_slice() } else { &[] };
        column.iter().filter(|(_, own)| *own <= level).count()
    }

    /// The level at which the first `count` bits of a column are there.
    fn level(&self, weight: usize, count: usize) -> u32 {
        let mut levels: Vec<u32> = self.bits[weight].iter().map(|&(_, level)| level).collect();
        levels.sort_unstable();
        levels.get(count.saturating_sub(1)).copied().unwrap_or(0)
    }

    /// A column that fills a cell, or else the fullest.
    fn fullest(&self, choice: Choice) -> usize {
        let mut full = (0..self.width).filter(|&weight| self.bits[weight].len() > LOWER_INPUTS);
        let first = match choice {
            Choice::Lowest => full.next(),
            Choice::Earliest => full.min_by_key(|&weight| self.level(weight, LOWER_INPUTS + 1)),
        };
        first
            .or_else(|| (0..self.width).max_by_key(|&weight| (self.bits[weight].len(), std::cmp::Reverse(weight))))
            .unwrap_or(0)
    }

    /// The chain from `weight` that goes on while a column has `patience` bits.
    fn longest(&self, weight: usize, patience: usize) -> Vec<Atom> {
        let lowest = Atom::most(self.height(weight), 0, true);
        let level = self.level(weight, lowest.low);
        let mut atoms = vec![Atom::most(lowest.low, self.ready(weight + 1, level), true)];
        let mut weight = weight + 2;
        while atoms.last().is_some_and(|atom| atom.carries(atoms.len() == 1)) && self.ready(weight, level) >= patience {
            atoms.push(Atom::most(self.ready(weight, level), self.ready(weight + 1, level), false));
            weight += 2;
        }
        atoms
    }

    /// Puts the earliest bits into a chain. All its cells are done at the same level, as those of an
    /// adder are.
    fn chain(&mut self, weight: usize, atoms: &[Atom]) {
        let mut taken = Vec::with_capacity(atoms.len());
        for (number, atom) in atoms.iter().enumerate() {
            let weight = weight + 2 * number;
            taken.push((self.take(weight, atom.low), self.take(weight + 1, atom.high)));
        }
        let all = taken.iter().flat_map(|(low, high)| low.iter().chain(high));
        let level = 1 + all.map(|&(_, level)| level).max().unwrap_or(0);
        let bits = |taken: Vec<(CountBit, u32)>| taken.into_iter().map(|(bit, _)| bit).collect::<Vec<_>>();
        let last = atoms.len().saturating_sub(1);
        for (number, (low, high)) in taken.into_iter().enumerate() {
            let (mut inputs, high) = (bits(low), bits(high));
            let carry = match number {
                // The latest bit comes in as the carry.
                0 => inputs.pop().map_or(Carry::Zero, Carry::Bit),
                _ => Carry::Below,
            };
            let weight = weight + 2 * number;
            let cell = Counter { inputs, weight: weight as u32, level, form: CounterForm::Chain { high, carry } };
            let counter = self.counters.len() as u32;
            // Only the last carry leaves the chain.
            let results = if number == last { cell.outputs() } else { 2 };
            for bit in 0..results {
                self.bits[weight + usize::from(bit)].push((CountBit::Counter { counter, bit }, level));
            }
            self.counters.push(cell);
        }
    }

    fn take(&mut self, weight: usize, count: usize) -> Vec<(CountBit, u32)> {
        if count == 0 {
            return Vec::new();
        }
        let column = &mut self.bits[weight];
        column.sort_by_key(|&(_, level)| level);
        column.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn legal(popcount: &Popcount) {
        for (number, cell) in popcount.counters.iter().enumerate() {
            let CounterForm::Chain { high, carry } = &cell.form else { panic!("a cell of tables") };
            let rest = cell.inputs.len().saturating_sub(1);
            assert!(cell.inputs.len() <= 6 && rest + high.len() <= 5 && rest / 2 + high.len() <= 2);
            if *carry == Carry::Below {
                let below = &popcount.counters[number - 1];
                assert_eq!((below.weight + 2, below.level, below.outputs()), (cell.weight, cell.level, 3));
            }
            for (bit, _) in cell.read(number).filter(|&(bit, _)| Some(bit) != cell.carry(number)) {
                assert!(popcount.level(bit) < cell.level, "read before it is there");
            }
        }
        assert!(!popcount.has_addition());
    }

    #[test]
    fn every_small_popcount_is_exact_on_every_input() {
        for inputs in 0..=13usize {
            let popcount = Popcount::chained(&[inputs], inputs);
            legal(&popcount);
            for row in 0..1u32 << inputs {
                let bits: Vec<bool> = (0..inputs).map(|i| row >> i & 1 == 1).collect();
                assert_eq!(popcount.evaluate(&bits), row.count_ones(), "{inputs} inputs, {row:b}");
            }
        }
    }

    #[test]
    fn a_bit_takes_less_than_a_lut() {
        let size = |inputs: usize| {
            let popcount = Popcount::chained(&[inputs], inputs);
            (popcount.chain_positions(), popcount.depth())
        };
        assert_eq!([7, 40, 50, 140, 250].map(size), [(3, 1), (29, 4), (38, 4), (104, 5), (181, 6)]);
    }

    proptest! {
        #[test]
        fn weighted_sums_are_exact(
            columns in prop::collection::vec(prop::collection::vec(any::<bool>(), 0..60), 1..5),
        ) {
            let weights: Vec<usize> = columns.iter().map(Vec::len).collect();
            let sum = |one: fn(&bool) -> usize| -> usize {
                columns.iter().enumerate().map(|(w, bits)| bits.iter().map(one).sum::<usize>() << w).sum()
            };
            let popcount = Popcount::chained(&weights, sum(|_| 1));
            legal(&popcount);
            let bits: Vec<bool> = columns.iter().flatten().copied().collect();
            prop_assert_eq!(popcount.evaluate(&bits) as usize, sum(|&bit| usize::from(bit)));
        }
    }
}
