//! What the bits of the last layer say.

use serde::{Deserialize, Serialize};

/// The head of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadType {
    /// Every class sums its group of bits; the largest sum is the class.
    #[default]
    GroupSum,
    /// Every bit is an answer by itself: bit `b` is digit `b` of the label written in binary, the
    /// lowest first. A label is a set of answers (5 is the answers 0 and 2) or a code.
    Bits,
    /// Every bit is an answer by itself: bit `b` is one for the label `b` and no other.
    Onehot,
}

/// The label that no output of a model stands for.
pub const NO_LABEL: u32 = u32::MAX;

impl HeadType {
    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::GroupSum => "groupsum",
            Self::Bits => "bits",
            Self::Onehot => "onehot",
        }
    }

    /// How many labels `width` plain bits can tell apart: 0 up to one less.
    pub fn labels(self, width: usize) -> usize {
        match self {
            // The largest 32-bit number is no label.
            Self::Bits if width >= 32 => NO_LABEL as usize,
            Self::Bits => 1 << width,
            Self::GroupSum | Self::Onehot => width,
        }
    }

    /// What plain bit `bit` should be for a label.
    pub fn target(self, label: u32, bit: usize) -> bool {
        match self {
            Self::Bits => bit < 32 && label >> bit & 1 == 1,
            Self::GroupSum | Self::Onehot => label as usize == bit,
        }
    }

    /// The label that plain bits stand for; [`NO_LABEL`] where there is none, as with two ones or
    /// none for `onehot`.
    pub fn label(self, bits: impl IntoIterator<Item = bool>) -> u32 {
        let mut ones = bits.into_iter().enumerate().filter(|(_, bit)| *bit).map(|(bit, _)| bit as u32);
        match self {
            Self::Bits => ones.try_fold(0u32, |label, bit| Some(label | 1u32.checked_shl(bit)?)).unwrap_or(NO_LABEL),
            Self::GroupSum | Self::Onehot => match (ones.next(), ones.next()) {
                (Some(label), None) => label,
                _ => NO_LABEL,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_bits_are_each_others_inverse() {
        for head in [HeadType::Bits, HeadType::Onehot] {
            for label in 0..head.labels(5) as u32 {
                assert_eq!(head.label((0..5).map(|bit| head.target(label, bit))), label);
            }
        }
        assert_eq!((HeadType::Bits.labels(5), HeadType::Onehot.labels(5)), (32, 5));
        assert_eq!(HeadType::Bits.label([true, false, true]), 5);
        assert_eq!(HeadType::Bits.label([false; 3]), 0);
        assert_eq!(HeadType::Onehot.label([false; 3]), NO_LABEL);
        assert_eq!(HeadType::Onehot.label([true, false, true]), NO_LABEL);
        assert_eq!(HeadType::Bits.label([true; 40]), NO_LABEL);
        assert_eq!(HeadType::Bits.labels(40), u32::MAX as usize);
    }
}
