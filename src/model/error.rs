//! What can be wrong with a model.

use crate::binarized::BinarizedError;
use crate::components::ComponentError;
use crate::components::accelerator::AcceleratorError;
use crate::config::ParameterError;
use crate::files::FileError;

/// A model that cannot be built, used, saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A parameter of the configuration is out of range or has no effect.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A component refused what it was given.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// The file could not be read, written or believed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The model has no encoder yet.
    #[error("the encoder is not fitted; train the model or fit it to data first")]
    NotFitted,
    /// Samples have another number of features than the model.
    #[error("the data have {found} features, the model needs {expected}")]
    Features {
        /// Features of the samples.
        found: usize,
        /// Features of the model.
        expected: usize,
    },
    /// The training data are not whole numbers and no input format is given.
    #[error(
        "feature {column} of sample {row} is {value}, not a whole number, so `input_format` must say how the hardware \
         receives features, for instance `input_format: {{bits: 12, signed: {signed}, scale: {scale:e}, offset: 0}}`"
    )]
    NoInputFormat {
        /// The sample, counted from 0.
        row: usize,
        /// The feature, counted from 0.
        column: usize,
        /// Its value.
        value: f32,
        /// Whether the suggested format is signed.
        signed: bool,
        /// The suggested scale.
        scale: f64,
    },
    /// What was binarized is not a network; the weights hold something unforeseen.
    #[error("the model cannot be binarized: {0}")]
    Binarized(#[from] BinarizedError),
    /// The accelerator that trains the model.
    #[error(transparent)]
    Accelerator(#[from] AcceleratorError),
    /// candle refused an operation.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
