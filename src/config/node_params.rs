//! Structural parameters of a node family: they decide how many numbers a node has or what
//! function those numbers describe, so they cannot change under trained weights.

use serde::{Deserialize, Serialize};

use super::ParameterError;

/// The nonlinearity between the layers of a `neurallut` node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(x, 0).
    #[default]
    Relu,
    /// x above zero, 0.01 x below.
    LeakyRelu,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
}

/// The section `node_params`. Every key is optional; node types and wirings refuse those that
/// they would ignore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeParams {
    /// polylut: largest total degree of a monomial; 1 to 16, default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degree: Option<usize>,
    /// neurallut: units of a hidden layer; 1 to 256, default 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_width: Option<usize>,
    /// neurallut: number of affine layers; 1 to 16, default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// neurallut: the nonlinearity, default relu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// neurallut: every so many layers the node's inputs are added again; 0 (never) to 16,
    /// default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_interval: Option<usize>,
    /// fourier: number of frequency vectors; 1 to 65536, default the smaller of 2^n and 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_frequencies: Option<usize>,
    /// fourier: every one of the 2^n frequency vectors once instead of random ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_all_frequencies: Option<bool>,
    /// fourier: what the amplitudes sum to; 1e-6 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amplitude: Option<f32>,
    /// Learnable layers: how many columns, drawn by the seed, an input of a node chooses among;
    /// 1 to 65536, default all of the layer before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<usize>,
}

impl NodeParams {
    /// The names of the parameters that are set.
    pub fn keys(&self) -> Vec<&'static str> {
        [
            ("degree", self.degree.is_some()),
            ("hidden_width", self.hidden_width.is_some()),
            ("depth", self.depth.is_some()),
            ("activation", self.activation.is_some()),
            ("skip_interval", self.skip_interval.is_some()),
            ("num_frequencies", self.num_frequencies.is_some()),
            ("use_all_frequencies", self.use_all_frequencies.is_some()),
            ("max_amplitude", self.max_amplitude.is_some()),
            ("candidates", self.candidates.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, set)| set.then_some(key))
        .collect()
    }

    /// Whether no parameter is set.
    pub fn is_empty(&self) -> bool {
        self.keys().is_empty()
    }

    pub(super) fn check(&self) -> Result<(), ParameterError> {
        for (key, value, range) in [
            ("node_params.degree", self.degree, 1..=16),
            ("node_params.hidden_width", self.hidden_width, 1..=256),
            ("node_params.depth", self.depth, 1..=16),
            ("node_params.skip_interval", self.skip_interval, 0..=16),
            ("node_params.num_frequencies", self.num_frequencies, 1..=1 << 16),
            ("node_params.candidates", self.candidates, 1..=1 << 16),
        ] {
            if let Some(value) = value {
                ParameterError::unless_in(key, value, range)?;
            }
        }
        if let Some(amplitude) = self.max_amplitude {
            ParameterError::unless_in("node_params.max_amplitude", amplitude, 1e-6..=1e6)?;
        }
        Ok(())
    }
}
