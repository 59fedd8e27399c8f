//! Fast inference: the network as gates over 1024 samples at a time.
//!
//! Bits of many samples share a word, so a gate costs one instruction for all of them; vector
//! instructions are chosen when the program runs. The results are those of
//! [`BinarizedNetwork::predict`], sample by sample.

mod head;
mod program;

use rayon::prelude::*;

use crate::binarized::{BinarizedNetwork, EncodedBit};
use crate::logic::{BitMatrix, pack_bits};
use crate::netlist::{Netlist, NodeId, Section, bits_for};
use crate::passes::{PassError, Pipeline, to_gates};

use self::head::Head;
use self::program::{Block, Execution, Program, WORDS};

/// Features that are read together: 64 bytes of a sample.
const TILE: usize = 16;

/// Samples that are computed together.
const LANES: usize = 64 * WORDS;

/// A network compiled for inference on this machine.
#[derive(Clone, Debug)]
pub struct Engine {
    features: usize,
    classes: usize,
    class_bits: usize,
    score_bits: usize,
    /// Encoded bits that some result depends on: their columns, which are their slots.
    columns: Vec<(usize, EncodedBit)>,
    program: Program,
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
    ///
    /// # Errors
    /// [`PassError`] when an optimization pass is broken.
    pub fn new(network: &BinarizedNetwork) -> Result<Self, PassError> {
        let encoder = network.encoder();
        let mut netlist = Netlist::new();
        let mut columns: Vec<NodeId> = (0..encoder.width()).map(|_| netlist.add_input(Section::Encoder)).collect();
        for (index, layer) in network.layers().iter().enumerate() {
            columns = (0..layer.width())
                .map(|node| {
                    let pins: Vec<NodeId> = layer.pins(node).iter().map(|&column| columns[column as usize]).collect();
                    netlist.add_lut(&layer.tables[node], &pins, Section::Layer(index as u32))
                })
                .collect();
        }
        let groups = network.head().groups(columns.len());
        let score_bits = bits_for(groups.iter().map(ExactSizeIterator::len).max().unwrap_or(0));
        let mut class_bits = 0;
        if !groups.is_empty() {
            let mut head = Head { netlist: &mut netlist };
            let scores: Vec<Vec<NodeId>> =
                groups.iter().map(|group| head.count(&columns[group.clone()], score_bits)).collect();
            columns = head.class(&scores);
            class_bits = columns.len();
            columns.extend(scores.into_iter().flatten());
        }
        columns.iter().for_each(|&column| netlist.add_output(column));
        Pipeline::level("1")?.run(&mut netlist)?;
        let list = to_gates(&netlist);
        let mut read = vec![false; encoder.width()];
        let pins = list.gates.iter().flat_map(|gate| gate.pins);
        for signal in pins.chain(list.outputs.iter().copied()) {
            if let Some(input) = signal.index.and_then(|index| read.get_mut(index as usize)) {
                *input = true;
            }
        }
        Ok(Self {
            features: network.features(),
            classes: groups.len(),
            class_bits,
            score_bits,
            columns: (0..).zip(encoder.bits.iter().cloned()).filter(|&(column, _)| read[column]).collect(),
            program: Program::new(&list),
        })
    }

    /// Two-input gates of the program.
    pub fn gates(&self) -> usize {
        self.program.gates()
    }

    /// Bytes that the values of a block of samples take.
    pub fn working_set(&self) -> usize {
        self.program.slots * size_of::<Block>()
    }

    /// Results for float features (`values` row-major, one row of features a sample; an
    /// incomplete last row is left out); scores only when asked for.
    pub fn predict(&self, values: &[f32], scores: bool) -> Predictions {
        let samples = values.len() / self.features.max(1);
        self.run(samples, scores, |first, lanes, slots| self.encode(&values[first * self.features..], lanes, slots))
    }

    /// Results for encoded bits, `encoder width x samples`.
    ///
    /// # Panics
    /// When the matrix does not have one row per encoded bit.
    pub fn predict_encoded(&self, bits: &BitMatrix, scores: bool) -> Predictions {
        assert!(self.columns.iter().all(|&(column, _)| column < bits.signals()), "one row per encoded bit");
        self.run(bits.samples(), scores, |first, _, slots| {
            for &(column, _) in &self.columns {
                let row = &bits.row(column)[first / 64..];
                let words = row.len().min(WORDS);
                slots[column][..words].copy_from_slice(&row[..words]);
            }
        })
    }

    /// Runs the program over blocks of samples, filled by `fill(first sample, samples, slots)`.
    fn run(&self, samples: usize, scores: bool, fill: impl Fn(usize, usize, &mut [Block]) + Sync) -> Predictions {
        let arch = pulp::Arch::new();
        let parts: Vec<Predictions> = (0..samples.div_ceil(LANES))
            .into_par_iter()
            .map_init(
                || vec![[0u64; WORDS]; self.program.slots],
                |slots, block| {
                    let first = block * LANES;
                    let lanes = LANES.min(samples - first);
                    fill(first, lanes, slots);
                    arch.dispatch(Execution { program: &self.program, slots });
                    self.read(lanes, scores, slots)
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

    /// Encodes `lanes` samples of float features into the slots.
    fn encode(&self, values: &[f32], lanes: usize, slots: &mut [Block]) {
        // Neighbouring features are read together, a cache line of every sample at a time.
        let mut tile = vec![[0f32; LANES]; TILE];
        let mut loaded = None;
        for (column, bit) in &self.columns {
            let feature = bit.feature as usize;
            if loaded != Some(feature / TILE) {
                loaded = Some(feature / TILE);
                let first = feature / TILE * TILE;
                let width = TILE.min(self.features - first);
                for (lane, row) in values.chunks_exact(self.features).take(lanes).enumerate() {
                    for (samples, &value) in tile.iter_mut().zip(&row[first..first + width]) {
                        samples[lane] = value;
                    }
                }
            }
            let mut block = [u64::from(bit.initial).wrapping_neg(); WORDS];
            for &toggle in &bit.toggles {
                for (word, samples) in block.iter_mut().zip(tile[feature % TILE].as_chunks::<64>().0) {
                    *word ^= pack_bits(&samples.map(|x| x >= toggle));
                }
            }
            slots[*column] = block;
        }
    }

    fn read(&self, lanes: usize, scores: bool, slots: &[Block]) -> Predictions {
        let value = |output: usize| {
            let (slot, inverted) = self.program.outputs[output];
            let mask = u64::from(inverted).wrapping_neg();
            slot.map_or([0; WORDS], |slot| slots[slot as usize]).map(|word| word ^ mask)
        };
        let numbers = |first: usize, bits: usize, stride: usize, into: &mut [u32]| {
            for bit in 0..bits {
                let block = value(first + bit);
                for (lane, number) in into.iter_mut().step_by(stride).enumerate() {
                    *number |= ((block[lane / 64] >> (lane % 64) & 1) as u32) << bit;
                }
            }
        };
        let mut results = Predictions::default();
        if self.classes == 0 {
            let width = self.program.outputs.len();
            results.bits = vec![false; lanes * width];
            for output in 0..width {
                let block = value(output);
                for lane in 0..lanes {
                    results.bits[lane * width + output] = block[lane / 64] >> (lane % 64) & 1 == 1;
                }
            }
            return results;
        }
        results.classes = vec![0; lanes];
        numbers(0, self.class_bits, 1, &mut results.classes);
        if scores {
            results.scores = vec![0; lanes * self.classes];
            for class in 0..self.classes {
                let first = self.class_bits + class * self.score_bits;
                numbers(first, self.score_bits, self.classes, &mut results.scores[class..]);
            }
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::Head as NetworkHead;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
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
            let engine = Engine::new(&network).unwrap();
            let values: Vec<f32> = (0..samples * features).map(|i| ((i * 7919 + i / 3) % 9) as f32 / 2.0 - 0.5).collect();
            let predictions = engine.predict(&values, true);
            let encoded = BitMatrix::from_fn(network.encoder().width(), samples, |column, sample| {
                network.encoder().encode(&values[sample * features..][..features])[column]
            });
            prop_assert_eq!(&engine.predict_encoded(&encoded, true), &predictions);
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
}
