//! Comparison of two netlists by simulation.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::logic::BitMatrix;
use crate::netlist::{Netlist, Schedule};

/// Up to this many primary inputs every assignment is tried: 16384 of them, 256 words.
const EXHAUSTIVE_INPUTS: usize = 14;

/// Random assignments of netlists with more inputs.
const RANDOM_SAMPLES: usize = 4096;

/// An assignment on which two netlists differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Number of the primary output, the lowest one that differs.
    pub output: usize,
    /// The value of every primary input.
    pub sample: Vec<bool>,
}

/// The first difference between two netlists of as many inputs and outputs: a proof that there
/// is none up to fourteen primary inputs, 4096 random assignments (always the same) beyond.
///
/// # Panics
/// When the netlists differ in their number of primary inputs or outputs.
pub fn find_difference(left: &Netlist, right: &Netlist) -> Option<Difference> {
    assert_eq!(left.inputs().len(), right.inputs().len(), "primary inputs of the compared netlists");
    assert_eq!(left.outputs().len(), right.outputs().len(), "primary outputs of the compared netlists");
    let stimulus = stimulus(left.inputs().len());
    let left = Schedule::new(left).simulate(left, &stimulus);
    let right = Schedule::new(right).simulate(right, &stimulus);
    for output in 0..left.signals() {
        for (word, (&a, &b)) in left.row(output).iter().zip(right.row(output)).enumerate() {
            let difference = (a ^ b) & used_bits(stimulus.samples(), word);
            if difference != 0 {
                let index = 64 * word + difference.trailing_zeros() as usize;
                let sample = (0..stimulus.signals()).map(|input| stimulus.get(input, index)).collect();
                return Some(Difference { output, sample });
            }
        }
    }
    None
}

fn stimulus(inputs: usize) -> BitMatrix {
    if inputs <= EXHAUSTIVE_INPUTS {
        return BitMatrix::exhaustive(inputs);
    }
    let mut stimulus = BitMatrix::zeros(inputs, RANDOM_SAMPLES);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for input in 0..inputs {
        for word in stimulus.row_mut(input) {
            *word = rng.next_u64();
        }
    }
    stimulus
}

/// The samples that exist in a word.
fn used_bits(samples: usize, word: usize) -> u64 {
    match samples - 64 * word {
        0..64 => (1 << (samples % 64)) - 1,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::parse;
    use super::*;

    #[test]
    fn the_assignment_that_differs_is_returned() {
        let and = parse("a b c | n = 80(a, b, c) | y = a n");
        let other = parse("a b c | n = 90(a, b, c) | y = a n");
        // Rows 4 and 7 against row 7 alone: only c is set.
        let expected = Difference { output: 1, sample: vec![false, false, true] };
        assert_eq!(find_difference(&and, &other), Some(expected));
        assert_eq!(find_difference(&and, &and), None);
    }

    #[test]
    fn wide_netlists_are_compared_on_random_assignments() {
        let names: Vec<String> = (0..20).map(|i| format!("x{i}")).collect();
        let netlist = |table: &str| parse(&format!("{} | n = {table}(x3, x17) | y = n", names.join(" ")));
        let difference = find_difference(&netlist("8"), &netlist("e")).unwrap();
        assert_ne!(difference.sample[3], difference.sample[17], "and and or differ where the inputs do");
        assert_eq!(find_difference(&netlist("8"), &netlist("8")), None);
    }
}
