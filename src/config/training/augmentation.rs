//! Random changes of training images.

use serde::{Deserialize, Serialize};

use super::ParameterError;

/// How a pixel of a changed image is read from between the pixels of the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The nearest pixel: what was sharp stays sharp, as it is in the images to be classified.
    #[default]
    Nearest,
    /// The four around it in proportion, which softens edges: next to nothing for a network of
    /// real numbers, but a threshold just above the background then sees wider strokes.
    Bilinear,
}

/// Random changes of square images of one or three channels, drawn anew for every sample in
/// every epoch; each from the even distribution over plus and minus the given bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Pixels by which the image moves along either axis, 0 to 64.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub shift: f64,
    /// Degrees by which it turns about its middle, 0 to 180.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub rotation: f64,
    /// Share by which either axis grows or shrinks, 0 to 0.9.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub scale: f64,
    /// Pixels per row by which the rows slide against each other, 0 to 1.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub shear: f64,
    /// Pixels by which the points of a grid of five by five over the image move, each by itself
    /// and everything between them along, 0 to 64.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub elastic: f64,
    /// Whether every other image, by chance, is mirrored left to right.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub mirror: bool,
    /// How pixels are read.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub interpolation: Interpolation,
}

impl Augmentation {
    pub(super) fn check(&self) -> Result<(), ParameterError> {
        let bounds = [
            ("shift", self.shift, 64.0),
            ("rotation", self.rotation, 180.0),
            ("scale", self.scale, 0.9),
            ("shear", self.shear, 1.0),
            ("elastic", self.elastic, 64.0),
        ];
        for (name, found, most) in bounds {
            ParameterError::unless_in(&format!("training.augmentation.{name}"), found, 0.0..=most)?;
        }
        let still = bounds.iter().all(|(_, found, _)| *found == 0.0) && !self.mirror;
        if still {
            let allowed = "it changes nothing; give shift, rotation, scale, shear, elastic or mirror, or remove it";
            return Err(ParameterError::new("training.augmentation", "empty", allowed));
        }
        Ok(())
    }
}
