use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::binarized::arbitrary::{NetworkShape, random_network};
use crate::binarized::{Encoder, Head, LutLayer};
use crate::config::InputFormat;
use crate::logic::TruthTable;

/// Every assignment of three features of two bits.
fn all_rows() -> Vec<Vec<i64>> {
    (0..64).map(|row| (0..3).map(|feature| row >> (2 * feature) & 3).collect()).collect()
}

fn slices(rows: &[Vec<i64>]) -> impl Iterator<Item = &[i64]> {
    rows.iter().map(Vec::as_slice)
}

#[test]
fn all_inputs_exercise_all_that_can_be_reached_in_the_first_layer() {
    for seed in 0..20 {
        let shape = NetworkShape { layers: vec![(3, 8)], head: Head::Bits, ..NetworkShape::small() };
        let network = random_network(seed, &shape);
        let coverage = coverage(&network, slices(&all_rows()));
        assert_eq!(coverage.entries, 64);
        // Every node is an output, so what is read is seen.
        assert_eq!(coverage.exercised, coverage.observed);
        assert_eq!(coverage.exercised, coverage.entries - coverage.unreachable, "seed {seed}");
    }
}

#[test]
fn an_observed_entry_changes_an_output_when_it_is_flipped() {
    for seed in 0..10 {
        let network = random_network(seed, &NetworkShape::small());
        let rows = all_rows();
        let mut meter = Meter::new(&network);
        for word in rows.chunks(WORD) {
            meter.add(&word.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
        for (index, layer) in network.layers().iter().enumerate() {
            for node in 0..layer.width() {
                for row in 0..1usize << layer.fan_in {
                    let mut layers = network.layers().to_vec();
                    let table = &layers[index].tables[node];
                    let flipped = TruthTable::from_fn(layer.fan_in, |r| table.row(r) ^ (r == row));
                    layers[index].tables[node] = flipped;
                    let faulty = BinarizedNetwork::new(
                        "f",
                        *network.input(),
                        network.encoder().clone(),
                        layers,
                        *network.head(),
                    )
                    .unwrap();
                    let differs = rows.iter().any(|codes| {
                        let (good, bad) = (network.predict_codes(codes), faulty.predict_codes(codes));
                        (good.scores, good.class) != (bad.scores, bad.class)
                    });
                    let entry = meter.starts[index] + (node << layer.fan_in) + row;
                    assert!(!meter.observed[entry] || differs, "seed {seed}, layer {index}, node {node}, row {row}");
                }
            }
        }
    }
}

#[test]
fn bits_of_one_feature_that_contradict_each_other_are_out_of_reach() {
    // Bits `x > 0.5` and `x > 1.5`: the second without the first cannot be.
    let layer = LutLayer {
        input_width: 2,
        fan_in: 2,
        wiring: vec![0, 1],
        tables: vec![TruthTable::from_fn(2, |row| row == 3)],
    };
    let encoder = Encoder::from_thresholds(1, &[0.5, 1.5]);
    let network = BinarizedNetwork::new("t", InputFormat::unsigned(2), encoder, vec![layer], Head::Bits).unwrap();
    let rows: Vec<Vec<i64>> = (0..4).map(|code| vec![code]).collect();
    let expected = Coverage { entries: 4, exercised: 3, observed: 3, unreachable: 1 };
    assert_eq!(coverage(&network, slices(&rows)), expected);
    assert_eq!(
        expected.to_string(),
        "100.0 % of 3 table entries exercised, 100.0 % seen at an output (1 more cannot be reached by any code)"
    );
}

#[test]
fn directed_rows_reach_more_than_as_many_random_ones() {
    let shape =
        NetworkShape { layers: vec![(6, 60), (6, 40)], features: 24, bits_per_feature: 3, ..NetworkShape::small() };
    let network = random_network(3, &NetworkShape { input: InputFormat::unsigned(4), ..shape });
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let random: Vec<Vec<i64>> = (0..300).map(|_| (0..24).map(|_| rng.random_range(0..16)).collect()).collect();
    let directed = directed_rows(&network, &random[..20], &[], 280, 1);
    assert!(directed.len() <= 280 && directed.iter().flatten().all(|code| (0..16).contains(code)));
    let both: Vec<Vec<i64>> = random[..20].iter().cloned().chain(directed).collect();
    let (chance, found) = (coverage(&network, slices(&random)), coverage(&network, slices(&both)));
    assert!(found.observed > chance.observed, "{found} against {chance}");
    assert_eq!(directed_rows(&network, &[], &[], 50, 1), directed_rows(&network, &[], &[], 50, 1));
}
