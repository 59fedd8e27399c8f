//! Which of the encoder's thresholds the hardware compares with.

use serde::Serialize;

use crate::config::ImageShape;
use crate::netlist::{Comparator, Design};

/// Thresholds of every feature. A threshold is an integer code that a feature is compared with;
/// equal ones of one feature count once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thresholds {
    /// `thresholds`, or `code_bits` when optimization has merged comparisons with their readers:
    /// then the single bits of the codes are counted, defined and used.
    pub unit: &'static str,
    /// Thresholds that the encoder defines.
    pub defined: usize,
    /// Thresholds that the optimized design compares with.
    pub used: usize,
    /// Features with at least one threshold that is used.
    pub features_used: usize,
    /// The thresholds defined for each feature.
    pub defined_by_feature: Vec<usize>,
    /// The thresholds used of each feature.
    pub used_by_feature: Vec<usize>,
    /// The features as an image of channels, height and width, in that order.
    pub image: Option<Image>,
}

/// Features that are pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Number of channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Whether the model or the user says so; otherwise the number of features looks like it.
    pub declared: bool,
}

impl Image {
    /// An image of this shape.
    pub fn declared([channels, height, width]: ImageShape) -> Self {
        Self { channels, height, width, declared: true }
    }

    /// The square of one or three channels that `features` could be; `None` for fewer than
    /// eight rows, which are more likely measurements than pixels.
    pub fn guess(features: usize) -> Option<Self> {
        [1, 3].into_iter().find_map(|channels| {
            let side = (features / channels).isqrt();
            let fits = side >= 8 && channels * side * side == features;
            fits.then_some(Self { channels, height: side, width: side, declared: false })
        })
    }
}

impl Thresholds {
    /// The thresholds of `lowered`, before optimization, and of `design`, after it.
    pub(super) fn new(lowered: &Design, design: &Design, image: Option<Image>) -> Self {
        let features = lowered.input.features;
        let count = |comparators: &[Comparator], of_feature: &dyn Fn(u32) -> usize| {
            let mut distinct = comparators.to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            let mut counts = vec![0; features];
            for comparator in &distinct {
                if let Some(count) = counts.get_mut(of_feature(comparator.feature)) {
                    *count += 1;
                }
            }
            counts
        };
        let itself = |feature: u32| feature as usize;
        let (unit, defined, used) = if design.input.features == features {
            ("thresholds", count(&lowered.comparators, &itself), count(&design.comparators, &itself))
        } else {
            let bits = lowered.input.bits as usize;
            let used = count(&design.comparators, &|bit| bit as usize / bits.max(1));
            ("code_bits", vec![bits; features], used)
        };
        Self {
            unit,
            defined: defined.iter().sum(),
            used: used.iter().sum(),
            features_used: used.iter().filter(|&&used| used > 0).count(),
            defined_by_feature: defined,
            used_by_feature: used,
            image,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_of_one_or_three_channels_look_like_images() {
        let shape = |features| Image::guess(features).map(|image| (image.channels, image.height, image.width));
        assert_eq!(shape(784), Some((1, 28, 28)));
        assert_eq!(shape(3072), Some((3, 32, 32)));
        assert_eq!(shape(64), Some((1, 8, 8)));
        assert_eq!([49, 16, 30, 0, 65].map(shape), [None; 5]);
    }
}
