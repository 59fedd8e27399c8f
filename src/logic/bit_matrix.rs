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
    fn bits_are_set_and_cleared_alone() {
        let mut matrix = BitMatrix::zeros(2, 70);
        matrix.set(1, 69, true);
        assert_eq!(matrix.row(1), [0, 32]);
        assert!(!matrix.get(0, 69));
        matrix.set(1, 69, false);
        assert_eq!(matrix.row(1), [0, 0]);
    }
}
