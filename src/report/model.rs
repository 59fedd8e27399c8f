//! What is reported about, and where it comes from.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::binarized::{BinarizedNetwork, Head};
use crate::config::{ImageShape, ModelConfig};
use crate::netlist::bits_for;

/// Identity and history of a model file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelSource {
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// What the file holds, in words.
    pub kind: String,
    /// The share of held-out samples that the binarized network classified correctly after
    /// training, 0 to 1.
    pub recorded_accuracy: Option<f64>,
    /// The configuration in the file.
    pub config: Option<serde_json::Value>,
    /// The record of the training in the file.
    pub training: Option<serde_json::Value>,
}

/// The model of a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelFacts {
    /// Its name.
    pub name: String,
    /// SHA-256 of its file in hexadecimal.
    pub sha256: String,
    /// What the file holds.
    pub kind: String,
    /// Accuracy of the binarized network recorded in the file, 0 to 1.
    pub recorded_accuracy: Option<f64>,
    /// Number of features.
    pub features: usize,
    /// Bits of an integer code.
    pub input_bits: u32,
    /// Whether codes are two's complement.
    pub input_signed: bool,
    /// `value = code * scale + offset`.
    pub input_scale: f64,
    /// See [`input_scale`](Self::input_scale).
    pub input_offset: f64,
    /// Name of the encoder, when the file says it.
    pub encoder: Option<String>,
    /// Bits that the encoder makes of all features.
    pub encoded_bits: usize,
    /// The trained layers.
    pub layers: Vec<LayerFacts>,
    /// Trained nodes of all layers.
    pub nodes: usize,
    /// The kinds of nodes by name, when the file says them.
    pub node_types: Vec<String>,
    /// Number of classes; zero for plain bits.
    pub classes: usize,
    /// Software scores are the integer scores divided by this.
    pub tau: Option<f32>,
    /// Bits of a score.
    pub score_bits: usize,
    /// The configuration in the file.
    pub config: Option<serde_json::Value>,
    /// The record of the training in the file.
    pub training: Option<serde_json::Value>,
}

/// One trained layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerFacts {
    /// Nodes, which is also the number of bits that it returns.
    pub nodes: usize,
    /// Inputs of a node.
    pub fan_in: usize,
    /// Bits that it could read.
    pub columns: usize,
    /// Bits that some node is wired to.
    pub wired_columns: usize,
}

impl ModelFacts {
    /// The facts about `network`, which was read from `source`.
    pub fn new(network: &BinarizedNetwork, source: &ModelSource) -> Self {
        let config = config(source);
        let plan = config.as_ref().and_then(|config| config.plan().ok());
        let trained = plan.iter().flat_map(|plan| &plan.layers).filter(|layer| !layer.is_pool());
        let node_types: BTreeSet<String> = trained.map(|layer| layer.node_type.name().to_owned()).collect();
        let layers = network.layers().iter().map(|layer| {
            let columns: BTreeSet<u32> = layer.wiring.iter().copied().collect();
            let (nodes, fan_in) = (layer.width(), layer.fan_in);
            LayerFacts { nodes, fan_in, columns: layer.input_width, wired_columns: columns.len() }
        });
        let input = network.input();
        let group = network.head().groups(network.output_width()).iter().map(ExactSizeIterator::len).max();
        Self {
            name: network.name().to_owned(),
            sha256: source.sha256.clone(),
            kind: source.kind.clone(),
            recorded_accuracy: source.recorded_accuracy,
            features: network.features(),
            input_bits: input.bits,
            input_signed: input.signed,
            input_scale: input.scale,
            input_offset: input.offset,
            encoder: config.map(|config| config.encoder_config.name.name().to_owned()),
            encoded_bits: network.encoder().width(),
            layers: layers.collect(),
            nodes: network.nodes(),
            node_types: node_types.into_iter().collect(),
            classes: network.head().classes(),
            tau: match network.head() {
                Head::Bits => None,
                Head::GroupSum { tau, .. } => Some(*tau),
            },
            score_bits: group.map_or(0, bits_for),
            config: source.config.clone(),
            training: source.training.clone(),
        }
    }
}

/// The configuration, when there is one that this version understands.
pub(super) fn config(source: &ModelSource) -> Option<ModelConfig> {
    serde_json::from_value(source.config.clone()?).ok()
}

/// Channels, height and width that the configuration declares for `features` features.
pub(super) fn declared_image(source: &ModelSource, features: usize) -> Option<ImageShape> {
    let shape = config(source)?.input_shape?;
    (shape.iter().product::<usize>() == features).then_some(shape)
}
