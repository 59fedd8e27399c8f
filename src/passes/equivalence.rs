//! Comparison of two netlists by simulation.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::logic::BitMatrix;
use crate::netlist::{Design, DesignHead, Netlist, Schedule};

use super::Facts;

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
    difference_on(left, right, &stimulus(left.inputs().len()))
}

/// The first difference between two netlists behind the same comparators: a proof that there is
/// none when the codes have at most fourteen bits together, 4096 random codes (always the same,
/// half of them next to thresholds) beyond.
///
/// # Panics
/// When the netlists differ in their number of primary inputs or outputs.
pub fn find_reachable_difference(left: &Netlist, right: &Netlist, facts: Facts<'_>) -> Option<Difference> {
    difference_on(left, right, &reachable_stimulus(facts))
}

/// The first difference in a score between two designs behind the same comparators, by the same
/// codes as [`find_reachable_difference`]; `output` is the class.
///
/// # Panics
/// When the designs differ in their primary inputs.
pub(super) fn find_score_difference(left: &Design, right: &Design) -> Option<Difference> {
    let facts = Facts { input: &left.input, comparators: &left.comparators };
    let stimulus = reachable_stimulus(facts);
    let scores = |design: &Design| -> Vec<Vec<u32>> {
        let DesignHead::Classes(head) = &design.head else { return Vec::new() };
        let bits = Schedule::new(&design.core).simulate(&design.core, &stimulus);
        let (circuits, which) = head.popcounts();
        let score = |class: usize, sample: usize| {
            let ones: Vec<bool> = head.groups[class].clone().map(|output| bits.get(output, sample)).collect();
            circuits[which[class]].evaluate(&ones)
        };
        (0..head.groups.len())
            .map(|class| (0..stimulus.samples()).map(|sample| score(class, sample)).collect())
            .collect()
    };
    let (left, right) = (scores(left), scores(right));
    left.iter().zip(&right).enumerate().find_map(|(class, (left, right))| {
        let index = left.iter().zip(right).position(|(a, b)| a != b)?;
        let sample = (0..stimulus.signals()).map(|input| stimulus.get(input, index)).collect();
        Some(Difference { output: class, sample })
    })
}

fn difference_on(left: &Netlist, right: &Netlist, stimulus: &BitMatrix) -> Option<Difference> {
    assert_eq!(left.inputs().len(), right.inputs().len(), "primary inputs of the compared netlists");
    assert_eq!(left.outputs().len(), right.outputs().len(), "primary outputs of the compared netlists");
    let left = Schedule::new(left).simulate(left, stimulus);
    let right = Schedule::new(right).simulate(right, stimulus);
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
    random_assignments(inputs, RANDOM_SAMPLES)
}

/// Random assignments of primary inputs, always the same.
pub(super) fn random_assignments(inputs: usize, samples: usize) -> BitMatrix {
    let mut stimulus = BitMatrix::zeros(inputs, samples);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for input in 0..inputs {
        for word in stimulus.row_mut(input) {
            *word = rng.next_u64();
        }
    }
    stimulus
}

fn reachable_stimulus(facts: Facts<'_>) -> BitMatrix {
    let width = facts.input.width();
    if width <= EXHAUSTIVE_INPUTS {
        compare_codes(facts, 1 << width, true)
    } else {
        random_codes(facts, RANDOM_SAMPLES)
    }
}

/// What the comparators say of random codes, always the same, half of them next to thresholds.
pub(super) fn random_codes(facts: Facts<'_>, samples: usize) -> BitMatrix {
    compare_codes(facts, samples, false)
}

fn compare_codes(Facts { input, comparators }: Facts<'_>, samples: usize, exhaustive: bool) -> BitMatrix {
    let mut thresholds: Vec<Vec<i64>> = vec![Vec::new(); input.features];
    for comparator in comparators {
        thresholds[comparator.feature as usize].push(comparator.threshold);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let bits = input.bits as usize;
    let codes: Vec<Vec<i64>> = (0..input.features)
        .map(|feature| {
            let thresholds = &thresholds[feature];
            (0..samples)
                .map(|sample| match sample >> (feature * bits).min(63) {
                    own if exhaustive => input.min_code() + (own & ((1 << bits) - 1)) as i64,
                    _ if thresholds.is_empty() || rng.random_bool(0.5) => {
                        rng.random_range(input.min_code()..=input.max_code())
                    }
                    _ => thresholds[rng.random_range(0..thresholds.len())] - i64::from(rng.random_bool(0.5)),
                })
                .collect()
        })
        .collect();
    BitMatrix::from_fn(comparators.len(), samples, |signal, sample| {
        let comparator = comparators[signal];
        codes[comparator.feature as usize][sample] >= comparator.threshold
    })
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
