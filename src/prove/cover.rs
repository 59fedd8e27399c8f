//! Truth tables as cubes, for clauses.

use crate::logic::{TruthTable, VARIABLE};

/// Some inputs at known values: `values` where `cares` is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cube {
    /// The inputs that matter.
    pub(super) cares: u16,
    /// Their values.
    pub(super) values: u16,
}

impl Cube {
    const ALL: Self = Self { cares: 0, values: 0 };

    fn with(self, input: usize, value: bool) -> Self {
        Self { cares: self.cares | 1 << input, values: self.values | u16::from(value) << input }
    }
}

/// Cubes that together are the rows where the table is one.
pub(super) fn cover(table: &TruthTable) -> Vec<Cube> {
    let mut cubes = Vec::new();
    wide(table, Cube::ALL, &mut cubes);
    cubes
}

/// Splits at the highest input down to six.
fn wide(table: &TruthTable, prefix: Cube, cubes: &mut Vec<Cube>) {
    if table.inputs() <= VARIABLE.len() {
        let word = table.full_word();
        irredundant(word, word, table.inputs(), prefix, cubes);
        return;
    }
    let input = table.inputs() - 1;
    for value in [false, true] {
        wide(&table.cofactor(input, value), prefix.with(input, value), cubes);
    }
}

/// Minato's irredundant sum of products of some function between `lower` and `upper` over the
/// first `inputs` inputs (S. Minato, "Fast generation of irredundant sum-of-products forms from
/// binary decision diagrams", 1992); the function found.
fn irredundant(lower: u64, upper: u64, inputs: usize, prefix: Cube, cubes: &mut Vec<Cube>) -> u64 {
    if lower == 0 {
        return 0;
    }
    if upper == u64::MAX {
        cubes.push(prefix);
        return u64::MAX;
    }
    let Some(input) = (0..inputs).rev().find(|&input| depends(lower, input) || depends(upper, input)) else {
        return 0;
    };
    let ((lower0, lower1), (upper0, upper1)) = (split(lower, input), split(upper, input));
    let zero = irredundant(lower0 & !upper1, upper0, input, prefix.with(input, false), cubes);
    let one = irredundant(lower1 & !upper0, upper1, input, prefix.with(input, true), cubes);
    let rest = (lower0 & !zero) | (lower1 & !one);
    let both = irredundant(rest, upper0 & upper1, input, prefix, cubes);
    let variable = VARIABLE[input];
    both | (zero & !variable) | (one & variable)
}

fn split(word: u64, input: usize) -> (u64, u64) {
    let (variable, shift) = (VARIABLE[input], 1 << input);
    let (zero, one) = (word & !variable, word & variable);
    (zero | zero << shift, one | one >> shift)
}

fn depends(word: u64, input: usize) -> bool {
    let (zero, one) = split(word, input);
    zero != one
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_cubes_are_the_rows_that_are_one(inputs in 0usize..=8, words in prop::collection::vec(any::<u64>(), 4)) {
            let count = if inputs <= 6 { 1 } else { 1 << (inputs - 6) };
            let table = TruthTable::from_words(inputs, words[..count].to_vec());
            let cubes = cover(&table);
            for row in 0..table.rows() {
                let covered = cubes.iter().any(|cube| row as u16 & cube.cares == cube.values);
                prop_assert_eq!(covered, table.row(row));
            }
        }
    }
}
