//! Encoded samples, kept as bits between the epochs of a training.

use rayon::prelude::*;

use super::{Model, ModelError};
use crate::binarized::{BinarizedNetwork, Head};
use crate::config::HeadType;

/// The encoded bits of many samples.
///
/// Sample by sample, so that a batch of any samples reads few places of memory: bit `c % 64` of
/// `words[sample * words_per_sample + c / 64]` is column `c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedSamples {
    columns: usize,
    samples: usize,
    words_per_sample: usize,
    words: Vec<u64>,
}

/// Samples that are turned into columns at a time.
const BLOCK: usize = 64;

impl EncodedSamples {
    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Number of bits of a sample.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether a column of a sample is one.
    pub fn bit(&self, sample: usize, column: usize) -> bool {
        self.words[sample * self.words_per_sample + column / 64] >> (column % 64) & 1 == 1
    }

    /// Words of 32 bits of a sample.
    pub(super) fn half_words(&self) -> usize {
        2 * self.words_per_sample
    }

    /// Appends the bits of a sample: bit `c % 32` of word `c / 32` is column `c`.
    pub(super) fn push_half_words(&self, sample: usize, words: &mut Vec<u32>) {
        let own = &self.words[sample * self.words_per_sample..][..self.words_per_sample];
        words.extend(own.iter().flat_map(|word| [*word as u32, (word >> 32) as u32]));
    }

    /// The word of every column for up to 64 samples: bit `i` belongs to the `i`th of them, and
    /// is zero behind the last. Every sample must exist.
    pub(super) fn columns_of(&self, samples: impl Iterator<Item = usize> + Clone, columns: &mut Vec<u64>) {
        columns.clear();
        for word in 0..self.words_per_sample {
            let mut block = [0u64; BLOCK];
            for (row, sample) in block.iter_mut().zip(samples.clone()) {
                *row = self.words[sample * self.words_per_sample + word];
            }
            transpose(&mut block);
            columns.extend_from_slice(&block);
        }
        columns.truncate(self.columns);
    }

    /// The labels that a binarized network gives, 64 samples at a time through its truth tables;
    /// the network must read `columns` encoded bits. What plain bits stand for `head` says.
    pub fn classify(&self, network: &BinarizedNetwork, head: HeadType) -> Vec<u32> {
        let blocks = 0..self.samples.div_ceil(BLOCK);
        let mut classes: Vec<u32> =
            blocks.into_par_iter().flat_map_iter(|block| self.labels_of_block(network, head, block)).collect();
        classes.truncate(self.samples);
        classes
    }

    fn labels_of_block(&self, network: &BinarizedNetwork, head: HeadType, block: usize) -> Vec<u32> {
        let mut bits = Vec::new();
        self.columns_of(block * BLOCK..self.samples.min((block + 1) * BLOCK), &mut bits);
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
        (0..BLOCK).map(class).collect()
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
        let columns = encoder.width();
        let words_per_sample = columns.div_ceil(64);
        let mut words = vec![0u64; samples * words_per_sample];
        words.par_chunks_mut((BLOCK * words_per_sample).max(1)).enumerate().for_each(|(block, words)| {
            let (mut features, mut bits) = (vec![0.0; encoder.features()], vec![false; columns]);
            for (at, words) in words.chunks_exact_mut(words_per_sample).enumerate() {
                fill(block * BLOCK + at, &mut features);
                encoder.encode(&features, &mut bits);
                for (word, bits) in words.iter_mut().zip(bits.chunks(64)) {
                    *word = bits.iter().enumerate().fold(0, |word, (at, &bit)| word | u64::from(bit) << at);
                }
            }
        });
        Ok(EncodedSamples { columns, samples, words_per_sample, words })
    }
}

/// Transposes 64 x 64 bits: halves of pairs of rows change places, then quarters, and so on.
fn transpose(rows: &mut [u64; BLOCK]) {
    let (mut stride, mut mask) = (BLOCK / 2, u64::MAX >> (BLOCK / 2));
    while stride > 0 {
        for row in (0..BLOCK).filter(|row| row & stride == 0) {
            let moved = (rows[row] >> stride ^ rows[row + stride]) & mask;
            rows[row] ^= moved << stride;
            rows[row + stride] ^= moved;
        }
        stride /= 2;
        mask ^= mask << stride;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NodeType;

    #[test]
    fn columns_are_the_bits_of_the_samples_in_any_order() {
        let model = super::super::tests::model(NodeType::Dwn);
        let values: Vec<f32> = (0..4 * 150).map(|i| ((i * 37) % 16) as f32).collect();
        let encoded = model.encode(&values).unwrap();
        assert_eq!((encoded.samples(), encoded.columns()), (150, 12));
        let network = model.binarize().unwrap();
        for (sample, row) in values.chunks(4).enumerate() {
            let expected = network.predict(row).encoded;
            let found: Vec<bool> = (0..12).map(|column| encoded.bit(sample, column)).collect();
            assert_eq!(found, expected, "{sample}");
        }
        let samples: Vec<usize> = (0..40).map(|i| (i * 31) % 150).collect();
        let mut columns = vec![7; 3];
        encoded.columns_of(samples.iter().copied(), &mut columns);
        assert_eq!(columns.len(), 12);
        for (column, word) in columns.iter().enumerate() {
            let expected = samples.iter().enumerate().fold(0, |w, (i, &s)| w | u64::from(encoded.bit(s, column)) << i);
            assert_eq!(*word, expected);
        }
    }

    #[test]
    fn transposition_swaps_rows_and_columns() {
        let mut rows: [u64; 64] = std::array::from_fn(|i| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let before = rows;
        transpose(&mut rows);
        for (i, j) in (0..64).flat_map(|i| (0..64).map(move |j| (i, j))) {
            assert_eq!(rows[i] >> j & 1, before[j] >> i & 1);
        }
    }
}
