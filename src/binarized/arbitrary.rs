//! Seeded random networks for tests, benchmarks and examples of sizes.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config::InputFormat;
use crate::logic::TruthTable;

use super::{BinarizedNetwork, EncodedBit, Encoder, Head, LutLayer, Spatial, SpatialStep};

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

/// Sizes of a random network over images.
#[derive(Clone, Debug)]
pub struct ImageShape {
    /// Channels, height and width of the features.
    pub image: [usize; 3],
    /// The integer input format.
    pub input: InputFormat,
    /// Encoded bits per feature.
    pub bits_per_feature: usize,
    /// Whether every feature has thresholds of its own, not only every channel.
    pub feature_wise: bool,
    /// The convolutions and poolings.
    pub steps: Vec<RandomStep>,
    /// Fan-in and width of each layer behind them.
    pub dense: Vec<(usize, usize)>,
    /// The head.
    pub head: Head,
}

/// A step of a random network over images.
#[derive(Clone, Copy, Debug)]
pub struct RandomStep {
    /// Trees, or 0 for a pooling.
    pub channels: usize,
    /// Inputs of a node of a tree.
    pub fan_in: usize,
    /// Levels above the leaves of a tree.
    pub depth: usize,
    /// Rows and columns of a window.
    pub window: [usize; 2],
    /// Distance of windows.
    pub stride: [usize; 2],
    /// Zeros on either side.
    pub padding: [usize; 2],
}

impl RandomStep {
    /// A square convolution of trees of `fan_in`-input nodes, one level above their leaves.
    pub fn convolution(channels: usize, fan_in: usize, window: usize, stride: usize, padding: usize) -> Self {
        Self { channels, fan_in, depth: 1, window: [window; 2], stride: [stride; 2], padding: [padding; 2] }
    }

    /// A square pooling without overlap.
    pub fn pool(size: usize) -> Self {
        Self { channels: 0, fan_in: size * size, depth: 0, window: [size; 2], stride: [size; 2], padding: [0; 2] }
    }
}

/// A random network over images, unrolled position by position, with its description. Tests
/// and benchmarks only.
///
/// # Panics
/// When the shape describes no network.
#[allow(clippy::expect_used, reason = "the shape is written by the programmer, not read from input")]
pub fn random_image_network(seed: u64, shape: &ImageShape) -> BinarizedNetwork {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let [channels, height, width] = shape.image;
    let mut bits = Vec::new();
    for channel in 0..channels {
        let common: Vec<EncodedBit> =
            (0..shape.bits_per_feature).map(|_| random_bit(&mut rng, 0, &shape.input)).collect();
        for pixel in 0..height * width {
            let feature = (channel * height * width + pixel) as u32;
            for bit in &common {
                bits.push(match shape.feature_wise {
                    true => random_bit(&mut rng, feature, &shape.input),
                    false => EncodedBit { feature, ..bit.clone() },
                });
            }
        }
    }
    let mut image = [channels * shape.bits_per_feature, height, width];
    let (mut layers, mut steps, mut group) = (Vec::new(), Vec::new(), shape.bits_per_feature);
    for random in &shape.steps {
        let step = SpatialStep {
            image,
            window: random.window,
            stride: random.stride,
            padding: random.padding,
            groups: vec![1; 1 + random.depth],
        };
        let grid = step.grid().expect("a window that fits");
        layers.extend(random_step(&mut rng, random, &step, grid, group));
        let trees = if random.channels == 0 { image[0] } else { random.channels };
        (image, group) = ([trees, grid[0], grid[1]], 1);
        steps.push(step);
    }
    let mut before = image.iter().product();
    for &(fan_in, nodes) in &shape.dense {
        layers.push(random_layer(&mut rng, before, fan_in, nodes));
        before = nodes;
    }
    let encoder = Encoder { features: channels * height * width, bits };
    BinarizedNetwork::new(format!("images_{seed}"), shape.input, encoder, layers, shape.head)
        .and_then(|network| network.with_spatial(Some(Spatial { bits: shape.bits_per_feature, steps })))
        .expect("a valid shape")
}

fn random_step(
    rng: &mut ChaCha8Rng,
    random: &RandomStep,
    step: &SpatialStep,
    grid: [usize; 2],
    group: usize,
) -> Vec<LutLayer> {
    let ([channels, height, width], [rows, columns]) = (step.image, step.window);
    let (positions, area, pixels) = (grid[0] * grid[1], rows * columns, height * width);
    let mut input_width = channels * pixels;
    let mut layers = Vec::new();
    for level in 0..=random.depth {
        let trees = if random.channels == 0 { channels } else { random.channels };
        let nodes = trees * random.fan_in.pow((random.depth - level) as u32);
        let elements = channels * area;
        let kernel = match random.channels {
            0 => LutLayer {
                input_width: elements,
                fan_in: area,
                wiring: (0..elements as u32).collect(),
                tables: vec![TruthTable::from_fn(area, |row| row != 0); nodes],
            },
            _ if level == 0 => random_layer(rng, elements, random.fan_in, nodes),
            _ => {
                let layer = random_layer(rng, nodes * random.fan_in, random.fan_in, nodes);
                LutLayer { wiring: (0..(nodes * random.fan_in) as u32).collect(), ..layer }
            }
        };
        let mut layer = LutLayer { input_width, fan_in: kernel.fan_in, wiring: Vec::new(), tables: Vec::new() };
        for node in 0..nodes {
            for position in 0..positions {
                let mut zeros = 0;
                for (pin, &element) in kernel.pins(node).iter().enumerate() {
                    let element = element as usize;
                    layer.wiring.push(match level {
                        0 => {
                            let place = [element % area / columns, element % columns];
                            let pixel = step.pixel([position / grid[1], position % grid[1]], place);
                            zeros |= usize::from(pixel.is_none()) << pin;
                            let channel = element / area;
                            pixel.map_or(0, |pixel| (channel / group * pixels + pixel) * group + channel % group) as u32
                        }
                        _ => (element * positions + position) as u32,
                    });
                }
                let table = &kernel.tables[node];
                layer.tables.push(TruthTable::from_fn(kernel.fan_in, |row| table.row(row & !zeros)));
            }
        }
        input_width = layer.width();
        layers.push(layer);
    }
    layers
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
