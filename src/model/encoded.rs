//! Encoded samples, kept as bits between the epochs of a training.

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::{Model, ModelError};
use crate::binarized::{BinarizedNetwork, Head};
use crate::config::HeadType;

/// The encoded bits of many samples.
///
/// Column by column: bit `s % 64` of `words[column * words_per_column + s / 64]` belongs to
/// sample `s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedSamples {
    columns: usize,
    samples: usize,
    words_per_column: usize,
    words: Vec<u64>,
}

impl EncodedSamples {
    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The bits of the given samples as 0 and 1, `(columns, samples.len())`, for
    /// [`Model::forward`]. Every sample must exist.
    ///
    /// # Errors
    /// candle's.
    pub fn batch(&self, samples: &[usize]) -> Result<Tensor, ModelError> {
        let mut values = Vec::with_capacity(self.columns * samples.len());
        for column in self.words.chunks_exact(self.words_per_column.max(1)) {
            values.extend(samples.iter().map(|&sample| (column[sample / 64] >> (sample % 64) & 1) as f32));
        }
        Ok(Tensor::from_vec(values, (self.columns, samples.len()), &Device::Cpu)?)
    }

    /// The labels that a binarized network gives, 64 samples at a time through its truth tables;
    /// the network must read `columns` encoded bits. What plain bits stand for `head` says.
    pub fn classify(&self, network: &BinarizedNetwork, head: HeadType) -> Vec<u32> {
        let words = 0..self.words_per_column;
        let mut classes: Vec<u32> =
            words.into_par_iter().flat_map_iter(|word| self.labels_of_word(network, head, word)).collect();
        classes.truncate(self.samples);
        classes
    }

    fn labels_of_word(&self, network: &BinarizedNetwork, head: HeadType, word: usize) -> Vec<u32> {
        let mut bits: Vec<u64> = self.words.iter().skip(word).step_by(self.words_per_column).copied().collect();
        let (mut pins, mut scratch) = (Vec::new(), Vec::new());
        for layer in network.layers() {
            let next = layer.tables.iter().enumerate().map(|(node, table)| {
                pins.clear();
                pins.extend(layer.pins(node).iter().map(|&column| bits[column as usize]));
                table.eval_words(&pins, &mut scratch)
            });
            let next = next.collect();
            bits = next;
        }
        if *network.head() == Head::Bits {
            return (0..64).map(|sample| head.label(bits.iter().map(|word| word >> sample & 1 == 1))).collect();
        }
        let groups = network.head().groups(bits.len());
        let class = |sample: usize| {
            let ones = |group: &std::ops::Range<usize>| {
                bits[group.clone()].iter().filter(|&&word| word >> sample & 1 == 1).count() as u32
            };
            let scores: Vec<u32> = groups.iter().map(ones).collect();
            Head::class(&scores).unwrap_or(0) as u32
        };
        (0..64).map(class).collect()
    }
}

impl Model {
    /// Encodes samples (`values` row-major, [`features`](Self::features) values each).
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and [`ModelError::Features`] when the values are not a whole
    /// number of samples.
    pub fn encode(&self, values: &[f32]) -> Result<EncodedSamples, ModelError> {
        let features = self.whole_samples(values)?;
        let row = |sample: usize| &values[sample * features..][..features];
        self.encode_rows(values.len() / features, |sample, features| features.copy_from_slice(row(sample)))
    }

    /// Encodes `samples` samples whose features `fill` writes (over what was there before), in
    /// parallel.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`].
    pub fn encode_rows(
        &self,
        samples: usize,
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Result<EncodedSamples, ModelError> {
        let encoder = &self.fitted()?.encoder;
        let (columns, words_per_column) = (encoder.width(), samples.div_ceil(64));
        // The word of every column for 64 samples.
        let block = |block: usize| {
            let mut words = vec![0u64; columns];
            let (mut features, mut bits) = (vec![0.0; encoder.features()], vec![false; columns]);
            for (at, sample) in (block * 64..samples.min(block * 64 + 64)).enumerate() {
                fill(sample, &mut features);
                encoder.encode(&features, &mut bits);
                words.iter_mut().zip(&bits).for_each(|(word, &bit)| *word |= u64::from(bit) << at);
            }
            words
        };
        let blocks: Vec<Vec<u64>> = (0..words_per_column).into_par_iter().map(block).collect();
        let words = (0..columns).flat_map(|column| blocks.iter().map(move |block| block[column])).collect();
        Ok(EncodedSamples { columns, samples, words_per_column, words })
    }
}
