//! What the first layers of a network do to an image: a description beside the layers, which say
//! the same one node per position.
//!
//! The layers alone decide what the network computes. The description says how to find one
//! kernel in them, and [`streamed`](super::BinarizedNetwork::streamed) believes it only where every
//! position of every layer agrees.

use serde::{Deserialize, Serialize};

use super::{BinarizedError, LutLayer};

/// The layers over images, from the first layer on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spatial {
    /// Bits of one feature that stand next to each other among the encoded bits, 1 when these are
    /// planes. Channel `c` of the first image at pixel `p` is encoded column
    /// `(c / bits * pixels + p) * bits + c % bits`, where pixels count row by row.
    pub bits: usize,
    /// The convolutions and poolings, first to last.
    pub steps: Vec<SpatialStep>,
}

/// One convolution or pooling: the same nodes over every window of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpatialStep {
    /// Channels, height and width of the image that it reads.
    pub image: [usize; 3],
    /// Rows and columns of a window.
    pub window: [usize; 2],
    /// Distance of windows, down and across.
    pub stride: [usize; 2],
    /// Rows and columns of zeros on either side.
    pub padding: [usize; 2],
    /// One number per layer of the step, of nodes that stand next to each other: with `n`
    /// positions, node `j` at position `p` is column `(j / group * n + p) * group + j % group`.
    pub groups: Vec<usize>,
}

/// The column of a node at a position.
pub(super) fn column(group: usize, positions: usize, node: usize, position: usize) -> usize {
    (node / group * positions + position) * group + node % group
}

impl SpatialStep {
    /// Rows and columns of the positions; `None` when no window fits.
    pub fn grid(&self) -> Option<[usize; 2]> {
        let side = |axis: usize| {
            let padded = self.image[axis + 1].checked_add(self.padding[axis].checked_mul(2)?)?;
            Some(padded.checked_sub(self.window[axis])?.checked_div(self.stride[axis])? + 1)
        };
        Some([side(0)?, side(1)?])
    }

    /// The pixel, row by row, at place (`row`, `column`) of the window at position `at`; `None` in
    /// the padding.
    pub(super) fn pixel(&self, at: [usize; 2], place: [usize; 2]) -> Option<usize> {
        let [_, height, width] = self.image;
        let coordinate = |axis: usize, side: usize| {
            let padded = at[axis] * self.stride[axis] + place[axis];
            padded.checked_sub(self.padding[axis]).filter(|&inside| inside < side)
        };
        Some(coordinate(0, height)? * width + coordinate(1, width)?)
    }

    /// Checks the numbers; the result are the channels, height and width behind its layers.
    fn check(&self, layers: &[LutLayer]) -> Result<[usize; 3], String> {
        if self.image.contains(&0) || self.window.contains(&0) || self.stride.contains(&0) || self.groups.contains(&0) {
            return Err("a size, a stride or a group is zero".into());
        }
        if self.image.iter().chain(&self.window).chain(&self.stride).chain(&self.padding).any(|&n| n > 1 << 20) {
            return Err("a size, a stride or a padding is above 2^20".into());
        }
        let Some(grid) = self.grid() else {
            let [_, height, width] = self.image;
            let (window, padding) = (self.window, self.padding);
            return Err(format!(
                "no window of {window:?} fits an image of {height} x {width} with padding {padding:?}"
            ));
        };
        let positions = grid[0] * grid[1];
        let Some(last) = layers.last() else { return Err("it has no layers".into()) };
        for (layer, &group) in layers.iter().zip(&self.groups) {
            if !positions.checked_mul(group).is_some_and(|unit| layer.width().is_multiple_of(unit)) {
                let width = layer.width();
                return Err(format!(
                    "a layer of {width} nodes has no whole number of groups of {group} at {positions} positions"
                ));
            }
        }
        Ok([last.width() / positions, grid[0], grid[1]])
    }
}

impl Spatial {
    /// Number of layers that it describes.
    pub fn layers(&self) -> usize {
        self.steps.iter().map(|step| step.groups.len()).sum()
    }

    /// Checks that it fits `layers` behind `width` encoded bits.
    pub(super) fn check(&self, width: usize, layers: &[LutLayer]) -> Result<(), BinarizedError> {
        let refuse = |step: usize, problem: String| Err(BinarizedError::Spatial { step, problem });
        let mut image: Option<[usize; 3]> = None;
        let mut first = 0;
        for (index, step) in self.steps.iter().enumerate() {
            let Some(own) = layers.get(first..first + step.groups.len()) else {
                return refuse(
                    index,
                    format!("it has {} layers; there are {}", step.groups.len(), layers.len() - first),
                );
            };
            if image.is_some_and(|image| image != step.image) {
                return refuse(
                    index,
                    format!("it reads an image of {:?}; the step before makes {image:?}", step.image),
                );
            }
            let bits = step.image.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
            if index == 0 && (bits != Some(width) || self.bits == 0 || !step.image[0].is_multiple_of(self.bits)) {
                let problem = format!(
                    "it reads an image of {:?} in groups of {}; there are {width} encoded bits",
                    step.image, self.bits
                );
                return refuse(index, problem);
            }
            match step.check(own) {
                Ok(made) => image = Some(made),
                Err(problem) => return refuse(index, problem),
            }
            first += step.groups.len();
        }
        Ok(())
    }
}
