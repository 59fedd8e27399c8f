//! Fast inference: the network as functions of words, 1024 samples at a time.
//!
//! Bits of many samples share a word, so a function of up to three of them costs one instruction for
//! all. Tables become such functions in an order that reads words soon after they are made
//! ([`compile`]), an interpreter runs them ([`program`], [`kernels`]), group sums and argmax
//! included ([`head`]), and [`source`] brings samples into that form. Vector instructions are
//! chosen when the program runs. The results are those of [`BinarizedNetwork::predict`], sample by
//! sample.

mod compile;
mod head;
mod kernels;
mod program;
mod source;
mod transpose;

use rayon::prelude::*;

use crate::binarized::BinarizedNetwork;
use crate::logic::BitMatrix;

use self::compile::{Compiled, compile};
use self::program::{Block, Value, WORDS};
use self::source::{Comparisons, Floats, Packed, Rows, Source};

/// Samples that are computed together.
const LANES: usize = 64 * WORDS;

/// Parts of a call for each thread: more balance better, each needs a workspace.
const PARTS: usize = 4;

/// A network compiled for inference on this machine.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Encoded bits of a sample.
    width: usize,
    features: usize,
    comparisons: Comparisons,
    compiled: Compiled,
}

/// The results of many samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Predictions {
    /// The class of every sample; empty for networks that end in plain bits.
    pub classes: Vec<u32>,
    /// The score of every sample and class, row-major, if they were asked for.
    pub scores: Vec<u32>,
    /// The bits of every sample, row-major, of networks that end in plain bits.
    pub bits: Vec<bool>,
}

impl Engine {
    /// Compiles `network`.
    pub fn new(network: &BinarizedNetwork) -> Self {
        let compiled = compile(network);
        let encoder = network.encoder();
        let bits = compiled.inputs.iter().filter_map(|&column| encoder.bits.get(column));
        let comparisons = Comparisons::new(network.features(), bits);
        Self { width: encoder.width(), features: network.features(), comparisons, compiled }
    }

    /// Steps of the program, each a function of up to three words or a full adder.
    pub fn steps(&self) -> usize {
        self.compiled.program.steps()
    }

    /// Bytes that the values of a block of samples take.
    pub fn working_set(&self) -> usize {
        self.compiled.program.slots() * size_of::<Block>()
    }

    /// Results for float features (`values` row-major, one row of features a sample; an
    /// incomplete last row is left out); scores only when asked for.
    pub fn predict(&self, values: &[f32], scores: bool) -> Predictions {
        let samples = values.len() / self.features.max(1);
        self.run(samples, scores, &Floats { values, comparisons: &self.comparisons })
    }

    /// Results for encoded bits, row-major, one row of the encoder's width a sample; an incomplete
    /// last row is left out.
    pub fn predict_rows(&self, rows: &[bool], scores: bool) -> Predictions {
        let samples = rows.len() / self.width.max(1);
        let (bytes, width) = (bytemuck::cast_slice(rows), self.width);
        self.run(samples, scores, &Rows { bytes, width, inputs: &self.compiled.inputs })
    }

    /// Results for encoded bits, `encoder width x samples`.
    ///
    /// # Panics
    /// When the matrix does not have one row per encoded bit.
    pub fn predict_encoded(&self, bits: &BitMatrix, scores: bool) -> Predictions {
        assert_eq!(bits.signals(), self.width, "one row per encoded bit");
        self.run(bits.samples(), scores, &Packed { bits, inputs: &self.compiled.inputs })
    }

    /// Runs the program over blocks of samples.
    fn run(&self, samples: usize, scores: bool, source: &impl Source) -> Predictions {
        let arch = pulp::Arch::new();
        let blocks = samples.div_ceil(LANES);
        let parts: Vec<Predictions> = (0..blocks)
            .into_par_iter()
            .with_min_len((blocks / (PARTS * rayon::current_num_threads())).max(1))
            .map_init(
                || vec![[0u64; WORDS]; self.compiled.program.slots()],
                |slots, block| {
                    let first = block * LANES;
                    let lanes = LANES.min(samples - first);
                    arch.dispatch(BlockRun { compiled: &self.compiled, source, first, lanes, scores, slots })
                },
            )
            .collect();
        let mut all = Predictions::default();
        for part in parts {
            all.classes.extend(part.classes);
            all.scores.extend(part.scores);
            all.bits.extend(part.bits);
        }
        all
    }
}

/// A block of samples from the source to the results, compiled once per vector width. A plain
/// closure would be compiled on its own, without the instructions that its caller may use.
struct BlockRun<'a, S> {
    compiled: &'a Compiled,
    source: &'a S,
    first: usize,
    lanes: usize,
    scores: bool,
    slots: &'a mut [Block],
}

impl<S: Source> pulp::NullaryFnOnce for BlockRun<'_, S> {
    type Output = Predictions;

    #[inline(always)]
    fn call(self) -> Predictions {
        let Self { compiled, source, first, lanes, scores, slots } = self;
        source.fill(first, lanes, slots);
        compiled.program.run(slots);
        let mut results = Predictions::default();
        let classes = compiled.scores.len();
        if classes == 0 {
            let width = compiled.bits.len();
            results.bits = vec![false; lanes * width];
            for (output, &bit) in compiled.bits.iter().enumerate() {
                let values = numbers(&[bit], slots);
                for (row, value) in results.bits.chunks_exact_mut(width).zip(values) {
                    row[output] = value == 1;
                }
            }
            return results;
        }
        results.classes = numbers(&compiled.class, slots)[..lanes].to_vec();
        if scores {
            results.scores = vec![0; lanes * classes];
            for (class, score) in compiled.scores.iter().enumerate() {
                let values = numbers(score, slots);
                for (row, value) in results.scores.chunks_exact_mut(classes).zip(values) {
                    row[class] = value;
                }
            }
        }
        results
    }
}

/// The number of every lane from its bits, lowest first.
#[inline(always)]
fn numbers(bits: &[Value], slots: &[Block]) -> [u32; LANES] {
    let mut numbers = [0u32; LANES];
    for (position, bit) in bits.iter().enumerate() {
        for (word, numbers) in numbers.as_chunks_mut::<64>().0.iter_mut().enumerate() {
            let word = bit.read(slots, word);
            for (lane, number) in numbers.iter_mut().enumerate() {
                *number |= ((word >> lane) as u32 & 1) << position;
            }
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::Head as NetworkHead;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::binarized::{EncodedBit, Encoder, LutLayer};
    use crate::config::InputFormat;
    use crate::logic::TruthTable;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn results_are_those_of_the_reference(
            seed in any::<u64>(), features in 1usize..6, classes in 0u32..12, samples in 0usize..1200,
            layers in prop::collection::vec((1usize..=8, 1usize..60), 0..4),
        ) {
            let head = match classes {
                0 => NetworkHead::Bits,
                classes => NetworkHead::GroupSum { classes, tau: 1.0 },
            };
            let network = random_network(seed, &NetworkShape { features, layers, head, ..NetworkShape::small() });
            let engine = Engine::new(&network);
            let values: Vec<f32> = (0..samples * features).map(|i| ((i * 7919 + i / 3) % 9) as f32 / 2.0 - 0.5).collect();
            let predictions = engine.predict(&values, true);
            let encoded = BitMatrix::from_fn(network.encoder().width(), samples, |column, sample| {
                network.encoder().encode(&values[sample * features..][..features])[column]
            });
            prop_assert_eq!(&engine.predict_encoded(&encoded, true), &predictions);
            let rows: Vec<bool> =
                values.chunks_exact(features).flat_map(|sample| network.encoder().encode(sample)).collect();
            prop_assert_eq!(&engine.predict_rows(&rows, true), &predictions);
            for (sample, row) in values.chunks_exact(features).enumerate() {
                let outcome = network.predict(row);
                match outcome.class {
                    Some(class) => {
                        prop_assert_eq!(predictions.classes[sample] as usize, class);
                        let scores = &predictions.scores[sample * classes as usize..][..classes as usize];
                        prop_assert_eq!(scores, &outcome.scores[..]);
                    }
                    None => {
                        let width = network.output_width();
                        prop_assert_eq!(&predictions.bits[sample * width..][..width], outcome.bits());
                    }
                }
            }
        }
    }

    /// Bits with up to three toggles, `bits[f]` of feature `f`, some of which share toggles.
    fn encoder(bits: &[usize]) -> Encoder {
        let bit = |feature: usize, number: usize| {
            let toggles = [0.25, 0.5, 1.5].iter().map(|step| (number as f32 - 3.0) / 4.0 + step);
            let toggles = toggles.take((feature + number) % 4).collect();
            EncodedBit { feature: feature as u32, initial: number % 3 == 1, toggles }
        };
        let all =
            bits.iter().enumerate().flat_map(|(feature, &bits)| (0..bits).map(move |number| bit(feature, number)));
        Encoder { features: bits.len(), bits: all.collect() }
    }

    #[test]
    fn every_way_to_encode_features_is_exact() {
        // Few and many features, few and many toggles of each, features that nothing reads, more
        // squares than are filled together.
        for bits in [vec![1], vec![200], vec![1, 0, 90], vec![3; 63], vec![2; 64], vec![1; 65], vec![40; 130]] {
            let encoder = encoder(&bits);
            let (features, width) = (encoder.features, encoder.width());
            let network =
                BinarizedNetwork::new("e", InputFormat::unsigned(8), encoder, vec![], NetworkHead::Bits).unwrap();
            let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, 0.0, 0.25, f32::MIN_POSITIVE];
            let engine = Engine::new(&network);
            for samples in [0, 1, 7, 64, 71, 1024, 1025] {
                let value = |i: usize| match i * 7 % 31 {
                    rare if rare < special.len() => special[rare],
                    _ => (i * 7919 % 160) as f32 / 8.0 - 2.0,
                };
                let values: Vec<f32> = (0..samples * features).map(value).collect();
                let expected: Vec<bool> =
                    values.chunks_exact(features).flat_map(|row| network.encoder().encode(row)).collect();
                assert_eq!(engine.predict(&values, false).bits, expected, "{features} features, {samples} samples");
                assert_eq!(engine.predict_rows(&expected, false).bits, expected, "{width} bits, {samples} samples");
            }
        }
    }

    #[test]
    fn outputs_may_repeat_and_be_constant() {
        // Every output is the same gate, its complement or a constant; several samples per block.
        let table = |word| TruthTable::from_words(2, vec![word]);
        let tables: Vec<TruthTable> = (0..40).map(|node| table([8, 7, 0, 15][node % 4])).collect();
        let layer = LutLayer { input_width: 2, fan_in: 2, wiring: [0u32, 1].repeat(40), tables };
        let head = NetworkHead::GroupSum { classes: 3, tau: 1.0 };
        let encoder = Encoder::from_thresholds(2, &[0.5, 0.5]);
        let network = BinarizedNetwork::new("r", InputFormat::unsigned(1), encoder, vec![layer], head).unwrap();
        let values: Vec<f32> = (0..8).map(|i| ((i / 2) >> (i % 2) & 1) as f32).collect();
        let predictions = Engine::new(&network).predict(&values, true);
        for (sample, row) in values.chunks_exact(2).enumerate() {
            let outcome = network.predict(row);
            assert_eq!(Some(predictions.classes[sample] as usize), outcome.class);
            assert_eq!(predictions.scores[3 * sample..][..3], outcome.scores);
        }
    }
}
