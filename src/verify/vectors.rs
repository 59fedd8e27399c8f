//! Stimulus: real samples, corners, random codes, and what the reference inference makes of them.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::binarized::BinarizedNetwork;
use crate::emit::{TestVectors, Vector};

use super::coverage::directed_rows;

/// How many vectors of which kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorPlan {
    /// The most vectors altogether.
    pub count: usize,
    /// Seed of the random vectors.
    pub seed: u64,
}

impl Default for VectorPlan {
    fn default() -> Self {
        Self { count: 1000, seed: 1 }
    }
}

/// Directed vectors beyond this many find little more.
const MOST_DIRECTED: usize = 5_000;

/// Samples that directed vectors are made from.
const MOST_BASES: usize = 2_000;

/// Vectors for `network`: corners, then up to half of the rest from `samples` (rows of features
/// that are turned into their nearest codes), then vectors that read and show table entries, and
/// the steps of comparators, which those before do not (see [`coverage`](super::coverage())), then
/// random codes.
///
/// Corners are all codes at the minimum, all at the maximum, and the two codes on either side of
/// every threshold of the encoder: an off-by-one in a comparator shows there and nearly nowhere
/// else. So the other features, too, mostly stand beside one of their thresholds, and so do those
/// of every other random vector. When there is less room than corners, a random choice of them is
/// taken.
pub fn test_vectors(network: &BinarizedNetwork, samples: &[Vec<f32>], plan: &VectorPlan) -> TestVectors {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let mut rows = corners(network, plan.count.div_ceil(8).max(2), &mut rng);
    rows.truncate(plan.count);
    let format = network.input();
    let room = plan.count - rows.len();
    let real = if samples.len() <= room / 2 { samples.len() } else { room.div_ceil(2) };
    let coded: Vec<Vec<i64>> = samples
        .iter()
        .take(real.max(MOST_BASES))
        .map(|sample| sample.iter().map(|&value| format.nearest_code(value)).collect())
        .collect();
    rows.extend(coded.iter().take(real).cloned());
    let room = (plan.count - rows.len()).min(MOST_DIRECTED);
    let directed = directed_rows(network, &rows, &coded, room, plan.seed);
    rows.extend(directed);
    let edges = edges(network);
    while rows.len() < plan.count {
        let row = if rows.len().is_multiple_of(2) {
            edge_row(network, &edges, &mut rng)
        } else {
            random_row(network, &mut rng)
        };
        rows.push(row);
    }
    TestVectors { vectors: rows.into_iter().map(|codes| reference(network, codes)).collect() }
}

/// Just the rows of `samples`, turned into their nearest codes.
pub fn vectors_of_samples(network: &BinarizedNetwork, samples: &[Vec<f32>]) -> TestVectors {
    let codes = |row: &Vec<f32>| row.iter().map(|&value| network.input().nearest_code(value)).collect();
    TestVectors { vectors: samples.iter().map(|row| reference(network, codes(row))).collect() }
}

/// The vector of `codes` with the outputs of the reference inference.
pub fn reference(network: &BinarizedNetwork, codes: Vec<i64>) -> Vector {
    let outcome = network.predict_codes(&codes);
    let bits = outcome.bits().to_vec();
    Vector { codes, bits, scores: outcome.scores, class: outcome.class.map(|class| class as u32) }
}

fn corners(network: &BinarizedNetwork, room: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<i64>> {
    let (format, features) = (network.input(), network.features());
    let mut rows = vec![vec![format.min_code(); features], vec![format.max_code(); features]];
    let beside = edges(network);
    let mut edges: Vec<(usize, i64)> = Vec::new();
    for (feature, codes) in beside.iter().enumerate() {
        edges.extend(codes.iter().map(|&code| (feature, code)));
    }
    rand::seq::SliceRandom::shuffle(edges.as_mut_slice(), rng);
    for (feature, code) in edges.into_iter().take(room.saturating_sub(rows.len())) {
        let mut row = edge_row(network, &beside, rng);
        row[feature] = code;
        rows.push(row);
    }
    rows
}

/// For every feature the two codes on either side of each of its thresholds.
fn edges(network: &BinarizedNetwork) -> Vec<Vec<i64>> {
    let mut edges = vec![Vec::new(); network.features()];
    for bit in network.encoder().to_integer(network.input()) {
        edges[bit.feature as usize].extend(bit.toggles.iter().flat_map(|&toggle| [toggle - 1, toggle]));
    }
    for codes in &mut edges {
        codes.sort_unstable();
        codes.dedup();
    }
    edges
}

/// Most features beside one of their thresholds, the others at random codes.
fn edge_row(network: &BinarizedNetwork, edges: &[Vec<i64>], rng: &mut ChaCha8Rng) -> Vec<i64> {
    let mut row = random_row(network, rng);
    for (code, edges) in row.iter_mut().zip(edges) {
        if let Some(&edge) = edges.choose(rng).filter(|_| rng.random_ratio(7, 8)) {
            *code = edge;
        }
    }
    row
}

/// Uniform codes in most rows; in every fourth only the two ends of the range, which saturates
/// thermometers and fills the largest scores.
fn random_row(network: &BinarizedNetwork, rng: &mut ChaCha8Rng) -> Vec<i64> {
    let (min, max) = (network.input().min_code(), network.input().max_code());
    let ends_only = rng.random_ratio(1, 4);
    (0..network.features())
        .map(|_| match ends_only {
            true if rng.random() => max,
            true => min,
            false => rng.random_range(min..=max),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};

    #[test]
    fn vectors_hold_corners_samples_and_random_codes_in_the_number_asked_for() {
        let network = random_network(5, &NetworkShape::small());
        let samples = vec![vec![1.0, 2.0, 0.6]; 10];
        let vectors = test_vectors(&network, &samples, &VectorPlan { count: 100, seed: 3 }).vectors;
        assert_eq!(vectors.len(), 100);
        assert_eq!(vectors[0].codes, [0, 0, 0]);
        assert_eq!(vectors[1].codes, [3, 3, 3]);
        assert!(vectors.iter().filter(|vector| vector.codes == [1, 2, 1]).count() >= 10);
        assert!(vectors.iter().all(|vector| vector.codes.iter().all(|code| (0..=3).contains(code))));
    }

    #[test]
    fn both_sides_of_every_threshold_are_visited() {
        let network = random_network(7, &NetworkShape::small());
        let vectors = test_vectors(&network, &[], &VectorPlan { count: 200, seed: 3 }).vectors;
        for bit in network.encoder().to_integer(network.input()) {
            for toggle in bit.toggles {
                for code in [toggle - 1, toggle] {
                    assert!(vectors.iter().any(|vector| vector.codes[bit.feature as usize] == code));
                }
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_vectors() {
        let network = random_network(5, &NetworkShape::small());
        let plan = VectorPlan { count: 50, seed: 9 };
        assert_eq!(test_vectors(&network, &[], &plan), test_vectors(&network, &[], &plan));
        assert_ne!(test_vectors(&network, &[], &plan), test_vectors(&network, &[], &VectorPlan { seed: 10, ..plan }));
    }
}
