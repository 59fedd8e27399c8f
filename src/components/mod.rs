//! The parts of a trainable network: encoders, node kernels, wirings, initializers, regularizers,
//! heads and the fused operations that run a layer of nodes.
//!
//! A part is registered by name in [`registry`]; adding one is its file, a variant of the
//! configuration's enum and a line in the list. Nothing here knows of datasets or of hardware.

pub mod accelerator;
pub mod describe;
pub mod encoder;
pub mod head;
pub mod initializer;
pub mod layer;
pub mod node;
pub mod ops;
pub mod registry;
pub mod regularizer;

use crate::config::ParameterError;

/// A part that cannot be made or cannot take what it was given.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// A parameter is out of range or has no effect on this part.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// There are no samples or no features to fit an encoder to.
    #[error("the encoder cannot be fitted to {rows} samples of {columns} features; it needs at least one of each")]
    NothingToFit {
        /// Number of samples.
        rows: usize,
        /// Number of features.
        columns: usize,
    },
    /// A feature value is not a number.
    #[error("sample {row}, feature {column} is {value}; features must be finite numbers")]
    NotFinite {
        /// The sample, counted from 0.
        row: usize,
        /// The feature, counted from 0.
        column: usize,
        /// Its value.
        value: f32,
    },
    /// What was fitted or read makes no encoder.
    #[error(transparent)]
    Encoding(#[from] crate::binarized::encodings::EncodingError),
    /// A name that nothing is registered under.
    #[error("no {what} is registered as `{name}`{hint}; there are {known}")]
    Unregistered {
        /// "node type", "encoder", "layer type" or "model type".
        what: &'static str,
        /// The name.
        name: String,
        /// The nearest name, as a question.
        hint: String,
        /// Every name.
        known: String,
    },
    /// A component that cannot be registered.
    #[error("{what} `{name}` cannot be registered: {reason}")]
    Registration {
        /// "node type", "encoder", "layer type" or "model type".
        what: &'static str,
        /// Its name.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// candle refused an operation.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
