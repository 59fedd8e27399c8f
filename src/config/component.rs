//! The names and parameters of components, as the configuration spells them.
//!
//! A new component adds one variant here; what it does is written in `components`.

use serde::{Deserialize, Serialize};

use super::ParameterError;

/// The architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelType {
    /// Layers one behind the other.
    Feedforward,
}

/// How a layer's nodes are wired to the layer before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerType {
    /// Fixed random wiring.
    Random,
    /// Trained choice of every input.
    Learnable,
    /// Fixed wiring whose nodes start as wires from the layer before.
    Residual,
}

/// The family of the trained nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeType {
    /// Table of probabilities, trained by the expectation over soft inputs.
    Probabilistic,
    /// Table of numbers, trained by extended finite differences.
    Dwn,
    /// Table of logits, trained by scaled extended finite differences.
    DwnStable,
    /// Table of logits, looked up forward and interpolated backward.
    Hybrid,
    /// Sigmoid of an affine function.
    LinearLut,
    /// Sigmoid of a polynomial.
    Polylut,
    /// Sigmoid of a small neural network.
    Neurallut,
    /// Sum of cosines.
    Fourier,
    /// Distribution over the 16 gates of two inputs.
    Difflogic,
    /// Sigmoid of a Walsh polynomial.
    Warp,
}

/// The encoder, told apart by its `name`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum EncoderConfig {
    /// Evenly spaced thresholds.
    Thermometer(ThermometerConfig),
}

impl EncoderConfig {
    /// The name in the configuration.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Thermometer(_) => "thermometer",
        }
    }

    /// Encoded bits of one feature.
    pub fn num_bits(&self) -> usize {
        match self {
            Self::Thermometer(thermometer) => thermometer.num_bits,
        }
    }

    pub(super) fn check(&self) -> Result<(), ParameterError> {
        match self {
            Self::Thermometer(thermometer) => {
                ParameterError::unless_in("encoder_config.num_bits", thermometer.num_bits, 1..=256)
            }
        }
    }
}

/// Parameters of the thermometer encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThermometerConfig {
    /// Thresholds per feature, 1 to 256.
    pub num_bits: usize,
    /// Smallest and largest value taken per feature; otherwise over all features together.
    #[serde(default = "yes")]
    pub feature_wise: bool,
}

fn yes() -> bool {
    true
}
