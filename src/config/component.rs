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
}

/// The family of the trained nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeType {
    /// Table of probabilities, trained by the expectation over soft inputs.
    Probabilistic,
    /// Table of numbers, trained by extended finite differences.
    Dwn,
}

/// How the values of a table are drawn before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitFn {
    /// The node type's own draw: standard normal logits, or uniform table values.
    #[default]
    Default,
    /// The node passes its first input on.
    Residual,
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

/// Parameters that change training or scores but not the shape of the weights.
///
/// Every one is optional; a node type refuses those that it would ignore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeConfig {
    /// Softness of probabilistic table values, sigmoid(logit / temperature); 1e-6 to 1e6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Scores are group sums divided by this; 1e-6 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tau: Option<f32>,
    /// Factor of the extended finite difference; 1e-6 to 1e6, default 0.5 * 0.75^(n-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f32>,
    /// Weight of a table row per input that differs; 0 to 1, default 1/3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta: Option<f32>,
    /// How table values are drawn before training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_fn: Option<InitFn>,
    /// Residual initialization: logits are plus or minus this; 0 to 100, default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logit_clarity: Option<f32>,
    /// Residual initialization: standard deviation of the noise added; 0 to 100, default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_factor: Option<f32>,
}

impl RuntimeConfig {
    /// The names of the parameters that are set.
    pub fn keys(&self) -> Vec<&'static str> {
        [
            ("temperature", self.temperature.is_some()),
            ("output_tau", self.output_tau.is_some()),
            ("alpha", self.alpha.is_some()),
            ("beta", self.beta.is_some()),
            ("init_fn", self.init_fn.is_some()),
            ("logit_clarity", self.logit_clarity.is_some()),
            ("noise_factor", self.noise_factor.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, set)| set.then_some(key))
        .collect()
    }

    pub(super) fn check(&self) -> Result<(), ParameterError> {
        let positive = 1e-6..=1e6;
        for (key, value, range) in [
            ("runtime.temperature", self.temperature, positive.clone()),
            ("runtime.output_tau", self.output_tau, positive.clone()),
            ("runtime.alpha", self.alpha, positive),
            ("runtime.beta", self.beta, 0.0..=1.0),
            ("runtime.logit_clarity", self.logit_clarity, 0.0..=100.0),
            ("runtime.noise_factor", self.noise_factor, 0.0..=100.0),
        ] {
            if let Some(value) = value {
                ParameterError::unless_in(key, value, range)?;
            }
        }
        Ok(())
    }
}
