//! Small networks of awkward shapes, and vectors for them.

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::binarized::{BinarizedNetwork, EncodedBit, Encoder, Head};
use difflut::config::InputFormat;
use difflut::emit::{TestVectors, Vector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIGNED: InputFormat = InputFormat { bits: 6, signed: true, scale: 0.5, offset: 0.25 };

/// Group sum over `classes` classes.
pub(crate) fn classes(classes: u32) -> Head {
    Head::GroupSum { classes, tau: 2.0 }
}

/// Networks of all the shapes that once could have gone wrong.
pub(crate) fn networks() -> Vec<(&'static str, BinarizedNetwork)> {
    let random = |seed, features, input, bits_per_feature, layers: &[(usize, usize)], head| {
        random_network(seed, &NetworkShape { features, input, bits_per_feature, layers: layers.to_vec(), head })
    };
    let eight = InputFormat::unsigned(8);
    vec![
        ("small", random(1, 3, InputFormat::unsigned(2), 2, &[(3, 8), (2, 7)], classes(3))),
        ("deep", random(2, 8, eight, 3, &[(6, 40), (4, 30), (2, 25), (6, 33)], classes(5))),
        ("signed", random(3, 5, SIGNED, 3, &[(6, 20), (3, 24)], classes(4))),
        ("signed_bits", random(4, 5, SIGNED, 2, &[(4, 9)], Head::Bits)),
        ("one_bit_codes", random(5, 9, InputFormat::unsigned(1), 1, &[(3, 12)], classes(3))),
        (
            "one_bit_signed",
            random(6, 6, InputFormat { signed: true, ..InputFormat::unsigned(1) }, 1, &[(3, 12)], classes(3)),
        ),
        ("wide_codes", random(7, 2, InputFormat::unsigned(32), 4, &[(6, 10)], classes(2))),
        (
            "wide_signed",
            random(8, 2, InputFormat { signed: true, ..InputFormat::unsigned(32) }, 4, &[(6, 10)], classes(2)),
        ),
        ("one_class", random(9, 4, eight, 2, &[(5, 13)], classes(1))),
        ("one_feature", random(10, 1, eight, 5, &[(6, 9)], classes(3))),
        ("unread_features", random(11, 40, eight, 1, &[(2, 4)], classes(2))),
        ("empty_groups", random(12, 4, eight, 2, &[(3, 5)], classes(4))),
        ("wide_tables", random(13, 6, eight, 2, &[(7, 6), (10, 4), (9, 5)], classes(2))),
        ("widest_table", random(17, 8, eight, 2, &[(16, 2)], Head::Bits)),
        ("comparators_only", random(14, 4, eight, 3, &[], classes(3))),
        ("plain_comparators", random(15, 4, eight, 2, &[], Head::Bits)),
        ("keyword", renamed("module", &random(16, 3, eight, 2, &[(1, 4), (2, 6)], classes(3)))),
        ("constants", constants(classes(2))),
        ("constant_bits", constants(Head::Bits)),
    ]
}

fn renamed(name: &str, network: &BinarizedNetwork) -> BinarizedNetwork {
    let (encoder, layers) = (network.encoder().clone(), network.layers().to_vec());
    BinarizedNetwork::new(name, *network.input(), encoder, layers, *network.head()).unwrap()
}

/// A network of which nothing depends on the input.
fn constants(head: Head) -> BinarizedNetwork {
    let bit = |initial| EncodedBit { feature: 0, initial, toggles: vec![] };
    let encoder = Encoder { features: 2, bits: vec![bit(true), bit(false)] };
    BinarizedNetwork::new("constants", InputFormat::unsigned(3), encoder, vec![], head).unwrap()
}

/// `count` vectors with the outputs of the reference inference.
pub(crate) fn vectors(network: &BinarizedNetwork, count: usize) -> TestVectors {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (low, high) = (network.input().min_code(), network.input().max_code());
    let vectors = (0..count)
        .map(|number| {
            // The ends of the range first: they are what widths and signs get wrong.
            let codes: Vec<i64> = (0..network.features())
                .map(|_| match number {
                    0 => low,
                    1 => high,
                    _ => rng.random_range(low..=high),
                })
                .collect();
            let outcome = network.predict_codes(&codes);
            let (bits, class) = (outcome.bits().to_vec(), outcome.class.map(|class| class as u32));
            Vector { codes, bits, scores: outcome.scores, class }
        })
        .collect();
    TestVectors { vectors }
}
