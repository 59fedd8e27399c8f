//! The model section: what network to build.

use serde::{Deserialize, Serialize};

use super::{EncoderConfig, InputFormat, LayerType, ModelType, NodeParams, NodeType, ParameterError, RuntimeConfig};

/// Largest number of trained table entries. At 2^27 the weights are 512 MiB and the optimizer
/// holds three times that beside them.
pub const MAX_TABLE_ENTRIES: u64 = 1 << 27;

/// A network before it has weights: the flat dialect of DiffLUT's model files, plus
/// `input_format`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The architecture.
    pub model_type: ModelType,
    /// How the nodes of a layer are wired.
    pub layer_type: LayerType,
    /// The family of the nodes.
    pub node_type: NodeType,
    /// How features become bits.
    pub encoder_config: EncoderConfig,
    /// Inputs of every node, 1 to 16.
    pub node_input_dim: usize,
    /// Nodes of every layer, first layer first; 1 to 64 layers.
    pub layer_widths: Vec<usize>,
    /// Number of classes, 2 to 65536 and at most the width of the last layer.
    pub num_classes: usize,
    /// Number of features; taken from the training data when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_size: Option<usize>,
    /// Name of the data, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Seed of the wiring and of the first weights.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// The integers that the hardware receives; when it is not given, the narrowest unsigned
    /// or signed integers that hold the training data, which must then be whole numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_format: Option<InputFormat>,
    /// Structural parameters of the node type.
    #[serde(default, skip_serializing_if = "NodeParams::is_empty")]
    pub node_params: NodeParams,
    /// Parameters that do not change the shape of the weights.
    #[serde(default)]
    pub runtime: RuntimeConfig,
    /// Whether weights are published under `pretrained_name`.
    #[serde(default)]
    pub pretrained: bool,
    /// The name under which the weights are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretrained_name: Option<String>,
}

fn default_seed() -> u64 {
    42
}

impl ModelConfig {
    /// Checks every parameter by itself and against the others.
    ///
    /// # Errors
    /// The first parameter that is out of range, with its value and what is allowed.
    pub fn check(&self) -> Result<(), ParameterError> {
        self.encoder_config.check()?;
        ParameterError::unless_in("node_input_dim", self.node_input_dim, 1..=16)?;
        ParameterError::unless_in("the number of layer_widths", self.layer_widths.len(), 1..=64)?;
        for (layer, &width) in self.layer_widths.iter().enumerate() {
            ParameterError::unless_in(&format!("layer_widths[{layer}]"), width, 1..=1 << 22)?;
        }
        ParameterError::unless_in("num_classes", self.num_classes, 2..=65536)?;
        let last = self.layer_widths.last().copied().unwrap_or(0);
        if last < self.num_classes {
            return Err(ParameterError::new(
                "num_classes",
                self.num_classes,
                format!("the last layer has {last} nodes and every class needs at least one; widen it"),
            ));
        }
        let nodes: u64 = self.layer_widths.iter().map(|&width| width as u64).sum();
        let entries = nodes << self.node_input_dim;
        if entries > MAX_TABLE_ENTRIES {
            return Err(ParameterError::new(
                "the number of table entries (sum of layer_widths times 2^node_input_dim)",
                entries,
                format!("at most {MAX_TABLE_ENTRIES} can be trained; reduce node_input_dim or layer_widths"),
            ));
        }
        if let Some(features) = self.input_size {
            ParameterError::unless_in("input_size", features, 1..=1 << 20)?;
            let columns = features.saturating_mul(self.encoder_config.num_bits());
            ParameterError::unless_in("input_size times encoder_config.num_bits", columns, 1..=1 << 24)?;
        }
        if let Some(format) = &self.input_format {
            format.check()?;
        }
        self.node_params.check()?;
        self.runtime.check()
    }

    /// The divisor of the scores.
    pub fn tau(&self) -> f32 {
        self.runtime.output_tau.unwrap_or(1.0)
    }
}
