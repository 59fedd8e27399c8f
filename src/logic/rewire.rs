//! The same function over other inputs: placed, projected, inverted, fixed.
//!
//! Passes rewire every table of a netlist, so tables of one word take a path without rows: the
//! function is evaluated at its up to 64 new assignments at once, each old input being a word of
//! its values there.

use super::TruthTable;
use super::evaluate::{WORD_INPUTS, evaluate_word};
use super::truth_table::VARIABLE;

impl TruthTable {
    /// The function of the remaining inputs when `input` is fixed at `value`. Inputs above
    /// `input` move down by one.
    pub fn cofactor(&self, input: usize, value: bool) -> Self {
        assert!(input < self.inputs(), "input {input} of a table of {} inputs", self.inputs());
        if self.inputs() <= WORD_INPUTS {
            return self.compose(self.inputs() - 1, |i| match i.cmp(&input) {
                std::cmp::Ordering::Less => VARIABLE[i],
                std::cmp::Ordering::Equal => u64::from(value).wrapping_neg(),
                std::cmp::Ordering::Greater => VARIABLE[i - 1],
            });
        }
        let low = (1usize << input) - 1;
        Self::from_fn(self.inputs() - 1, |row| self.row((row & low) | (row & !low) << 1 | usize::from(value) << input))
    }

    /// The same function over new inputs: input `i` of `self` becomes input `position[i]` of a
    /// table of `inputs` inputs. Two inputs may get the same position (they are then equal),
    /// and positions that nobody takes become inputs without influence.
    pub fn place(&self, inputs: usize, position: &[usize]) -> Self {
        assert_eq!(position.len(), self.inputs(), "one position per input");
        if self.inputs() <= WORD_INPUTS && inputs <= WORD_INPUTS {
            return self.compose(inputs, |i| VARIABLE[position[i]]);
        }
        Self::from_fn(inputs, |row| {
            let own = position.iter().enumerate().map(|(i, &p)| (row >> p & 1) << i).sum();
            self.row(own)
        })
    }

    /// The function without the inputs that are not in `keep` (ascending), which it must not
    /// depend on.
    pub fn project(&self, keep: &[usize]) -> Self {
        if self.inputs() <= WORD_INPUTS {
            let mut pins = [0; WORD_INPUTS];
            for (new, &old) in keep.iter().enumerate() {
                pins[old] = VARIABLE[new];
            }
            return self.compose(keep.len(), |i| pins[i]);
        }
        Self::from_fn(keep.len(), |row| {
            let own = keep.iter().enumerate().map(|(i, &k)| (row >> i & 1) << k).sum();
            self.row(own)
        })
    }

    /// The function with `input` inverted.
    pub fn invert_input(&self, input: usize) -> Self {
        assert!(input < self.inputs(), "input {input} of a table of {} inputs", self.inputs());
        if self.inputs() <= WORD_INPUTS {
            let (word, shift) = (self.words()[0], 1 << input);
            return Self::from_word(
                self.inputs(),
                (word & VARIABLE[input]) >> shift | (word & !VARIABLE[input]) << shift,
            );
        }
        Self::from_fn(self.inputs(), |row| self.row(row ^ 1 << input))
    }

    /// The one-word table of `inputs` inputs whose rows are the function where input `i` of
    /// `self` has the values `pin(i)`.
    fn compose(&self, inputs: usize, pin: impl Fn(usize) -> u64) -> Self {
        let mut pins = [0; WORD_INPUTS];
        let pins = &mut pins[..self.inputs()];
        for (i, value) in pins.iter_mut().enumerate() {
            *value = pin(i);
        }
        Self::from_word(inputs, evaluate_word(self.words()[0], pins))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_word_and_wide_tables_are_placed_alike(
            inputs in 0usize..=6, word in any::<u64>(), target in 1usize..=8, seed in prop::collection::vec(0usize..8, 6),
        ) {
            let table = TruthTable::from_words(inputs, vec![word]);
            let position: Vec<usize> = seed[..inputs].iter().map(|p| p % target).collect();
            let placed = table.place(target, &position);
            for row in 0..placed.rows() {
                let own: usize = position.iter().enumerate().map(|(i, &p)| (row >> p & 1) << i).sum();
                prop_assert_eq!(placed.row(row), table.row(own));
            }
        }
    }
}
