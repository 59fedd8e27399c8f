//! Feature values to bits.

mod binary;
mod distributive_thermometer;
mod fitted;
mod gaussian_thermometer;
mod gray;
mod logarithmic;
mod onehot;
mod sign_magnitude;
mod thermometer;

pub(super) use binary::BINARY;
pub(super) use distributive_thermometer::DISTRIBUTIVE_THERMOMETER;
pub(super) use gaussian_thermometer::GAUSSIAN_THERMOMETER;
pub(super) use gray::GRAY;
pub(super) use logarithmic::LOGARITHMIC;
pub(super) use onehot::ONEHOT;
pub(super) use sign_magnitude::SIGN_MAGNITUDE;
pub(super) use thermometer::THERMOMETER;

use std::fmt::Debug;

use super::ComponentError;
use crate::binarized;
use crate::config::{EncoderConfig, EncoderType};

/// A fitted encoder of `features()` features into `width()` bits.
///
/// Bits are feature-major: column = feature * bits per feature + bit.
pub trait Encoder: Debug + Send + Sync {
    /// Number of features.
    fn features(&self) -> usize;

    /// Number of encoded bits.
    fn width(&self) -> usize;

    /// The bits of one sample of `features()` values into `bits`, `width()` of them.
    fn encode(&self, features: &[f32], bits: &mut [bool]);

    /// The same encoder for the binarized network.
    fn binarize(&self) -> binarized::Encoder;

    /// What was fitted, in the order of [`EncoderKind::tensors`].
    fn fitted(&self) -> Vec<&[f32]>;
}

/// Samples to fit an encoder to.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// `rows x columns`, row-major, finite.
    pub values: &'a [f32],
    /// Number of features.
    pub columns: usize,
}

impl<'a> Samples<'a> {
    /// Checks the shape and every value.
    ///
    /// # Errors
    /// [`ComponentError::NothingToFit`] and [`ComponentError::NotFinite`].
    pub fn new(values: &'a [f32], columns: usize) -> Result<Self, ComponentError> {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        if rows == 0 {
            return Err(ComponentError::NothingToFit { rows, columns });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(ComponentError::NotFinite { row: at / columns, column: at % columns, value: values[at] }),
            None => Ok(Self { values, columns }),
        }
    }
}

/// Name and shape of a tensor that an encoder keeps in the model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FittedTensor {
    /// The name behind `encoder.`.
    pub name: &'static str,
    /// The shape.
    pub shape: Vec<usize>,
}

/// Fits an encoder to samples.
pub type FitEncoder = fn(&EncoderConfig, Samples<'_>) -> Result<Box<dyn Encoder>, ComponentError>;

/// Makes a fitted encoder of a number of features from its tensors.
pub type RestoreEncoder = fn(&EncoderConfig, usize, Vec<Vec<f32>>) -> Result<Box<dyn Encoder>, ComponentError>;

/// One line of the registry.
#[derive(Debug)]
pub struct EncoderKind {
    /// The name in the configuration.
    pub encoder_type: EncoderType,
    /// One sentence for people.
    pub summary: &'static str,
    /// Fits an encoder to samples.
    pub fit: FitEncoder,
    /// The tensors that a fitted encoder of that many features has.
    pub tensors: fn(&EncoderConfig, usize) -> Vec<FittedTensor>,
    /// The fitted encoder of that many features with the given tensors, whose shapes the reader
    /// has checked, as it has that every value is finite.
    pub restore: RestoreEncoder,
}

#[cfg(test)]
mod tests;
