//! What happens to the bits of the last layer.

use serde::{Deserialize, Serialize};

use super::BinarizedError;

/// The last step of a network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Head {
    /// The bits are the result; there are no scores and no class.
    Bits,
    /// Class `c` scores the number of ones among columns `[c*g, (c+1)*g)` with
    /// `g = ceil(width / classes)`; columns beyond the width count as zero. The class is the
    /// one of the largest score, the lowest index on ties.
    GroupSum {
        /// Number of classes, at least one.
        classes: u32,
        /// Software scores are `sum / tau`; the integers of the hardware are not divided.
        tau: f32,
    },
}

impl Head {
    /// The column ranges of the classes for a last layer of `width` bits, none for plain bits.
    pub fn groups(&self, width: usize) -> Vec<std::ops::Range<usize>> {
        match *self {
            Head::Bits => Vec::new(),
            Head::GroupSum { classes, .. } => {
                let classes = classes as usize;
                let size = width.div_ceil(classes);
                (0..classes).map(|class| (class * size).min(width)..((class + 1) * size).min(width)).collect()
            }
        }
    }

    /// Number of classes; zero for plain bits.
    pub fn classes(&self) -> usize {
        match *self {
            Head::Bits => 0,
            Head::GroupSum { classes, .. } => classes as usize,
        }
    }

    /// The integer score of every class.
    pub fn scores(&self, bits: &[bool]) -> Vec<u32> {
        self.groups(bits.len()).into_iter().map(|group| bits[group].iter().filter(|&&bit| bit).count() as u32).collect()
    }

    /// The class of the largest score, the lowest index on ties.
    pub fn class(scores: &[u32]) -> Option<usize> {
        let largest = scores.iter().max()?;
        scores.iter().position(|score| score == largest)
    }

    pub(super) fn check(&self) -> Result<(), BinarizedError> {
        match *self {
            Head::Bits => Ok(()),
            Head::GroupSum { classes: 0, .. } => Err(BinarizedError::Empty("head: group sum over zero classes")),
            Head::GroupSum { tau, .. } if !(tau.is_finite() && tau > 0.0) => Err(BinarizedError::Tau(tau)),
            Head::GroupSum { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_that_does_not_divide_is_padded_with_zeros_at_the_end() {
        let head = Head::GroupSum { classes: 4, tau: 1.0 };
        assert_eq!(head.groups(10), [0..3, 3..6, 6..9, 9..10]);
        assert_eq!(head.groups(5), [0..2, 2..4, 4..5, 5..5]);
        assert_eq!(head.scores(&[true; 10]), [3, 3, 3, 1]);
    }

    #[test]
    fn the_lowest_class_wins_a_tie() {
        assert_eq!(Head::class(&[1, 3, 3]), Some(1));
        assert_eq!(Head::class(&[0, 0]), Some(0));
        assert_eq!(Head::class(&[]), None);
    }
}
