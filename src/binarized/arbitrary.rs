//! Seeded random networks for tests, benchmarks and examples of sizes.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config::InputFormat;
use crate::logic::TruthTable;

use super::{BinarizedNetwork, EncodedBit, Encoder, Head, LutLayer};

/// Sizes of a random network.
#[derive(Clone, Debug)]
pub struct NetworkShape {
    /// Number of features.
    pub features: usize,
    /// The integer input format.
    pub input: InputFormat,
    /// Encoded bits per feature.
    pub bits_per_feature: usize,
    /// Fan-in and width of each layer.
    pub layers: Vec<(usize, usize)>,
    /// The head.
    pub head: Head,
}

impl NetworkShape {
    /// A network of a dozen nodes whose inputs can be enumerated: three features of two bits.
    pub fn small() -> Self {
        Self {
            features: 3,
            input: InputFormat::unsigned(2),
            bits_per_feature: 2,
            layers: vec![(3, 8), (2, 7)],
            head: Head::GroupSum { classes: 3, tau: 1.0 },
        }
    }

    /// `layers` layers of `width` six-input nodes behind 784 eight-bit features of one
    /// threshold each and ten classes, the networks of the EDA measurements.
    pub fn image(layers: usize, width: usize) -> Self {
        Self {
            features: 784,
            input: InputFormat::unsigned(8),
            bits_per_feature: 1,
            layers: vec![(6, width); layers],
            head: Head::GroupSum { classes: 10, tau: 1.0 },
        }
    }
}

/// A random network of the given shape: random thresholds or, for some bits, several toggles;
/// wiring that uses every column before it repeats one; uniform tables with some constants,
/// buffers and inverters among them, so that every pass has work. Tests and benchmarks only.
///
/// # Panics
/// When the shape describes no network.
#[allow(clippy::expect_used, reason = "the shape is written by the programmer, not read from input")]
pub fn random_network(seed: u64, shape: &NetworkShape) -> BinarizedNetwork {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut bits = Vec::new();
    for feature in 0..shape.features {
        for _ in 0..shape.bits_per_feature {
            bits.push(random_bit(&mut rng, feature as u32, &shape.input));
        }
    }
    let mut width = bits.len();
    let encoder = Encoder { features: shape.features, bits };
    let layers = shape
        .layers
        .iter()
        .map(|&(fan_in, nodes)| {
            let layer = random_layer(&mut rng, width, fan_in, nodes);
            width = nodes;
            layer
        })
        .collect();
    BinarizedNetwork::new(format!("random_{seed}"), shape.input, encoder, layers, shape.head).expect("a valid shape")
}

fn random_bit(rng: &mut ChaCha8Rng, feature: u32, format: &InputFormat) -> EncodedBit {
    let mut threshold = || format.value(rng.random_range(format.min_code()..=format.max_code()));
    let first = EncodedBit::above(feature, threshold());
    let second = threshold().next_up();
    if rng.random_bool(0.8) {
        return first;
    }
    let mut toggles = vec![first.toggles[0], second];
    toggles.sort_by(f32::total_cmp);
    toggles.dedup();
    EncodedBit { feature, initial: rng.random_bool(0.5), toggles }
}

fn random_layer(rng: &mut ChaCha8Rng, input_width: usize, fan_in: usize, nodes: usize) -> LutLayer {
    let mut wiring = Vec::with_capacity(nodes * fan_in);
    let mut order: Vec<u32> = Vec::new();
    for _ in 0..nodes * fan_in {
        if order.is_empty() {
            order = (0..input_width as u32).collect();
            rand::seq::SliceRandom::shuffle(order.as_mut_slice(), rng);
        }
        wiring.extend(order.pop());
    }
    let tables = (0..nodes)
        .map(|_| match rng.random_range(0..20) {
            0 => TruthTable::from_fn(fan_in, |_| true),
            1 => TruthTable::from_fn(fan_in, |row| row & 1 == 1),
            2 => TruthTable::from_fn(fan_in, |row| row & 1 == 0),
            _ => {
                let words = if fan_in <= 6 { 1 } else { 1 << (fan_in - 6) };
                TruthTable::from_words(fan_in, (0..words).map(|_| rng.random()).collect())
            }
        })
        .collect();
    LutLayer { input_width, fan_in, wiring, tables }
}
