//! How many four-input LUTs a wider table takes.

use rustc_hash::FxHashMap;

use crate::logic::TruthTable;

/// Inputs of the LUTs.
const K: usize = 4;

/// Counts LUTs of four inputs for single tables.
///
/// The cheapest of: a disjoint decomposition `g(h(bound), free)` with one or two `h` after
/// Ashenhurst and Curtis; a four-to-one multiplexer of two LUTs; Shannon's expansion, whose
/// multiplexer takes in a half of at most two inputs. What several tables could share is not
/// counted, nor what synthesis finds across tables.
#[derive(Debug, Default)]
pub(super) struct Lut4Counter {
    known: FxHashMap<TruthTable, usize>,
}

impl Lut4Counter {
    /// LUTs of `table`; none for a constant, one for a wire that is a table of its own.
    pub(super) fn count(&mut self, table: &TruthTable) -> usize {
        let support = table.support();
        match support.len() {
            0 => return 0,
            1..=K => return 1,
            _ => {}
        }
        let table = if support.len() == table.inputs() { table.clone() } else { table.project(&support) };
        if let Some(&luts) = self.known.get(&table) {
            return luts;
        }
        let luts = self.search(&table);
        self.known.insert(table, luts);
        luts
    }

    /// For a table of at least five inputs that depends on all of them.
    fn search(&mut self, table: &TruthTable) -> usize {
        let inputs = table.inputs();
        if inputs > 6 {
            let (zero, one) = (table.cofactor(inputs - 1, false), table.cofactor(inputs - 1, true));
            return self.count(&zero) + self.count(&one) + 1;
        }
        let mut best = self.expansions(table);
        for bound in 0u32..1 << inputs {
            // Two LUTs are the least that more than four inputs can do with.
            if best == 2 {
                break;
            }
            if (2..=K as u32).contains(&bound.count_ones()) {
                best = best.min(self.decompose(table, bound).unwrap_or(best));
            }
        }
        best
    }

    /// Shannon's expansion by one input or two.
    fn expansions(&mut self, table: &TruthTable) -> usize {
        let inputs = table.inputs();
        let mut best = usize::MAX;
        for input in 0..inputs {
            let halves = [false, true].map(|value| table.cofactor(input, value));
            let luts = [self.count(&halves[0]), self.count(&halves[1])];
            best = best.min(luts[0] + luts[1] + 1);
            // The LUT that selects has room for a half of two inputs.
            for (half, other) in [(0, 1), (1, 0)] {
                if halves[half].support().len() <= 2 {
                    best = best.min(luts[other] + 1);
                }
            }
            if halves[0] == halves[1].complement() {
                best = best.min(luts[0] + 1);
            }
        }
        if inputs == 6 {
            for (low, high) in (0..6).flat_map(|low| (low + 1..6).map(move |high| (low, high))) {
                let quarters = [false, true].into_iter().flat_map(|h| {
                    let half = table.cofactor(high, h);
                    [false, true].map(|l| half.cofactor(low, l))
                });
                best = best.min(quarters.map(|quarter| self.count(&quarter)).sum::<usize>() + 2);
            }
        }
        best
    }

    /// `g(h(bound), free)` with one or two bits of `h`, when the bound inputs have at most two or
    /// four different effects on the function of the free ones.
    fn decompose(&mut self, table: &TruthTable, bound: u32) -> Option<usize> {
        let inputs = table.inputs();
        let places = |of: u32| -> Vec<usize> { (0..inputs).filter(|input| of >> input & 1 == 1).collect() };
        let (bound, free) = (places(bound), places(!bound));
        let spread = |row: usize, places: &[usize]| -> usize {
            places.iter().enumerate().map(|(bit, place)| (row >> bit & 1) << place).sum()
        };
        let mut effects: Vec<u64> = Vec::with_capacity(4);
        for row in 0..1 << bound.len() {
            let fixed = spread(row, &bound);
            let effect = (0..1usize << free.len())
                .map(|rest| u64::from(table.row(fixed | spread(rest, &free))) << rest)
                .fold(0, |effect, bit| effect | bit);
            if !effects.contains(&effect) {
                if effects.len() == 4 {
                    return None;
                }
                effects.push(effect);
            }
        }
        let selectors = if effects.len() <= 2 { 1 } else { 2 };
        let outer = free.len() + selectors;
        if outer >= inputs {
            return None;
        }
        // Which effect has which number is open; the first order is as good as any guess.
        let composed = TruthTable::from_fn(outer, |row| {
            let effect = effects[(row >> free.len()).min(effects.len() - 1)];
            effect >> (row & ((1 << free.len()) - 1)) & 1 == 1
        });
        Some(selectors + self.count(&composed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(table: &TruthTable) -> usize {
        Lut4Counter::default().count(table)
    }

    #[test]
    fn tables_that_fit_are_one_lut_and_constants_none() {
        assert_eq!(count(&TruthTable::from_fn(6, |_| true)), 0);
        assert_eq!(count(&TruthTable::from_fn(6, |row| row & 8 == 0)), 1);
        assert_eq!(count(&TruthTable::from_fn(4, |row| row.count_ones() == 2)), 1);
    }

    #[test]
    fn what_decomposes_takes_two_luts() {
        assert_eq!(count(&TruthTable::from_fn(5, |row| row.count_ones() % 2 == 1)), 2);
        assert_eq!(count(&TruthTable::from_fn(6, |row| row == 63)), 2);
        // x5 ? x0 | x1 | x2 | x3 : x4
        let selects = |row: usize| if row >> 5 == 1 { row & 15 != 0 } else { row >> 4 & 1 == 1 };
        assert_eq!(count(&TruthTable::from_fn(6, selects)), 2);
    }

    #[test]
    fn what_does_not_takes_a_multiplexer_tree() {
        // No structure at all: four leaves and two LUTs that select.
        assert_eq!(count(&TruthTable::from_words(6, vec![0x9e37_79b9_7f4a_7c15])), 6);
        assert_eq!(count(&TruthTable::from_words(5, vec![0x6c62_272e])), 3);
        let wide = TruthTable::from_words(7, vec![0x9e37_79b9_7f4a_7c15, 0x91b7_584a_2265_b1f5]);
        assert_eq!(count(&wide), 13);
    }

    #[test]
    fn a_count_of_ones_that_is_compared_takes_three_luts() {
        assert_eq!(count(&TruthTable::from_fn(6, |row| row.count_ones() >= 3)), 3);
    }
}
