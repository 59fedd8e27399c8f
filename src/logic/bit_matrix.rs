//! Many assignments of many signals, 64 to a word.

/// `signals x samples` bits; the samples of one signal are contiguous words.
///
/// Sample `s` of signal `i` is bit `s % 64` of word `s / 64` of row `i`. Bits beyond the last
/// sample are unspecified; readers ask only for samples that exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitMatrix {
    signals: usize,
    samples: usize,
    words_per_signal: usize,
    words: Vec<u64>,
}

impl BitMatrix {
    /// All zeros.
    pub fn zeros(signals: usize, samples: usize) -> Self {
        let words_per_signal = samples.div_ceil(64);
        Self { signals, samples, words_per_signal, words: vec![0; signals * words_per_signal] }
    }

    /// Bit `f(signal, sample)` everywhere.
    pub fn from_fn(signals: usize, samples: usize, mut f: impl FnMut(usize, usize) -> bool) -> Self {
        let mut matrix = Self::zeros(signals, samples);
        for signal in 0..signals {
            for sample in 0..samples {
                if f(signal, sample) {
                    matrix.set(signal, sample, true);
                }
            }
        }
        matrix
    }

    /// The transpose of `rows`, one row of `signals` values after the other, each a sample.
    ///
    /// # Panics
    /// When `rows` is not a whole number of samples.
    pub fn from_rows(rows: &[bool], signals: usize) -> Self {
        let samples = rows.len().checked_div(signals).unwrap_or(0);
        assert_eq!(samples * signals, rows.len(), "values of whole samples of {signals} signals");
        let mut matrix = Self::zeros(signals, samples);
        let mut tiles = [[0u64; TILES]; 64];
        for first_sample in (0..samples).step_by(64) {
            let block = &rows[first_sample * signals..];
            for first in (0..signals).step_by(64 * TILES) {
                let width = (64 * TILES).min(signals - first);
                tiles.fill([0; TILES]);
                for (words, row) in tiles.iter_mut().zip(block.chunks_exact(signals)) {
                    for (word, values) in words.iter_mut().zip(row[first..first + width].chunks(64)) {
                        *word = pack_bits(values);
                    }
                }
                transpose(&mut tiles);
                for signal in 0..width {
                    let word = tiles[signal % 64][signal / 64];
                    matrix.words[(first + signal) * matrix.words_per_signal + first_sample / 64] = word;
                }
            }
        }
        matrix
    }

    /// Every assignment of `signals` signals: sample `s` sets signal `i` to bit `i` of `s`.
    pub fn exhaustive(signals: usize) -> Self {
        Self::from_fn(signals, 1 << signals, |signal, sample| sample >> signal & 1 == 1)
    }

    /// Number of signals (rows).
    pub fn signals(&self) -> usize {
        self.signals
    }

    /// Number of samples (columns).
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Words that hold the samples of one signal, `samples / 64` rounded up.
    pub fn words_per_signal(&self) -> usize {
        self.words_per_signal
    }

    /// The packed samples of `signal`.
    pub fn row(&self, signal: usize) -> &[u64] {
        &self.words[signal * self.words_per_signal..][..self.words_per_signal]
    }

    /// The packed samples of `signal`, to write.
    pub fn row_mut(&mut self, signal: usize) -> &mut [u64] {
        &mut self.words[signal * self.words_per_signal..][..self.words_per_signal]
    }

    /// One bit.
    pub fn get(&self, signal: usize, sample: usize) -> bool {
        self.row(signal)[sample / 64] >> (sample % 64) & 1 == 1
    }

    /// Writes one bit.
    pub fn set(&mut self, signal: usize, sample: usize, value: bool) {
        let word = &mut self.row_mut(signal)[sample / 64];
        let bit = 1 << (sample % 64);
        if value { *word |= bit } else { *word &= !bit }
    }
}

/// Squares of 64 signals and samples that are transposed together, in vector instructions.
const TILES: usize = 8;

/// Up to 64 values as a word, the first in the lowest bit.
pub fn pack_bits(values: &[bool]) -> u64 {
    let mut word = 0;
    let (eights, rest) = values.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        // Eight bytes of 0 or 1: the product moves byte i's bit to bit 56 + i.
        let bytes = u64::from_le_bytes(eight.map(u8::from));
        word |= (bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    for (index, &value) in rest.iter().enumerate() {
        word |= u64::from(value) << (8 * eights.len() + index);
    }
    word
}

/// Swaps bit `j` of word `i` and bit `i` of word `j` of every tile (H. S. Warren, "Hacker's
/// Delight", 7-3).
fn transpose(tiles: &mut [[u64; TILES]; 64]) {
    let (mut distance, mut mask) = (32, 0x0000_0000_ffff_ffffu64);
    while distance != 0 {
        let mut row = 0;
        while row < 64 {
            let (upper, lower) = tiles.split_at_mut(row + distance);
            for (upper, lower) in upper[row].iter_mut().zip(&mut lower[0]) {
                let swapped = ((*upper >> distance) ^ *lower) & mask;
                *upper ^= swapped << distance;
                *lower ^= swapped;
            }
            row = (row + distance + 1) & !distance;
        }
        distance >>= 1;
        mask ^= mask << distance;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exhaustive_samples_count_upwards() {
        let matrix = BitMatrix::exhaustive(7);
        assert_eq!(matrix.samples(), 128);
        assert_eq!(matrix.row(0), [0xaaaa_aaaa_aaaa_aaaa; 2]);
        assert_eq!(matrix.row(6), [0, u64::MAX]);
    }

    #[test]
    fn rows_of_samples_are_transposed() {
        for (signals, samples) in [(1, 1), (7, 3), (64, 64), (65, 130), (200, 70), (1100, 65)] {
            let rows: Vec<bool> = (0..signals * samples).map(|i| (i * i + i / 7) % 3 == 0).collect();
            let expected = BitMatrix::from_fn(signals, samples, |signal, sample| rows[sample * signals + signal]);
            assert_eq!(BitMatrix::from_rows(&rows, signals), expected);
        }
    }

    #[test]
    fn bits_are_set_and_cleared_alone() {
        let mut matrix = BitMatrix::zeros(2, 70);
        matrix.set(1, 69, true);
        assert_eq!(matrix.row(1), [0, 32]);
        assert!(!matrix.get(0, 69));
        matrix.set(1, 69, false);
        assert_eq!(matrix.row(1), [0, 0]);
    }
}
