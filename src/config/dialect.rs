//! The two dialects of model files.
//!
//! The flat dialect (`layer_type`, `node_type`, `layer_widths`, ...) describes layers that are
//! all alike; the per-layer one (`encoder`, `layers`, `groupsum`) describes each by itself. One
//! structure reads both, so that an unknown key is refused with its line; [`ModelConfig`](super::ModelConfig) is what
//! they mean.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    EncoderConfig, EncoderType, HeadType, ImageShape, InputFormat, LayerName, LayerType, Metadata, ModelType,
    NodeParams, NodeType, Note, RuntimeConfig, Sides,
};

mod read;
mod write;

macro_rules! model_file {
    ($($(#[$doc:meta])* $key:ident: $type:ty,)*; $($metadata:ident),*) => {
        /// A model section as it is written, in either dialect.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct ModelFile {
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $key: Option<$type>,)*
            $(
                /// See [`Metadata`].
                #[serde(default, skip_serializing_if = "Option::is_none")] pub $metadata: Option<Note>,
            )*
        }

        impl ModelFile {
            fn metadata(&self) -> Metadata {
                Metadata { $($metadata: self.$metadata.clone(),)* }
            }

            fn with_metadata(self, metadata: Metadata) -> Self {
                Self { $($metadata: metadata.$metadata,)* ..self }
            }
        }
    };
}

model_file! {
    /// Both: see [`ModelConfig`]; where the per-layer dialect is silent, `convnet` if a layer is
    /// over images, else `feedforward`.
    model_type: ModelType,
    /// Flat.
    layer_type: LayerType,
    /// Flat.
    node_type: NodeType,
    /// Flat.
    encoder_config: EncoderConfig,
    /// Flat.
    node_input_dim: usize,
    /// Flat.
    layer_widths: Vec<usize>,
    /// Per layer: `{type, params}`.
    encoder: EncoderSection,
    /// Per layer.
    layers: Vec<LayerSection>,
    /// Per layer.
    groupsum: GroupSumSection,
    /// Both: `groupsum` when it is not given.
    head: HeadType,
    /// Flat.
    num_classes: usize,
    /// Both: number of features.
    input_size: usize,
    /// Both: channels, height and width of a sample.
    input_shape: ImageShape,
    /// Both.
    dataset: String,
    /// Both.
    seed: u64,
    /// Both.
    input_format: InputFormat,
    /// Both: for all layers.
    node_params: NodeParams,
    /// Both: for all layers.
    runtime: RuntimeConfig,
    /// Flat: nodes of the last layer are shuffled between the classes.
    use_randperm: bool,
    /// Both.
    pretrained: bool,
    /// Both.
    pretrained_name: String,
    ;
    accuracy, test_accuracy, training_loss_final, training_dataset, training_date, validation_date, training_device,
    training_time, training_time_hours, parameters_total, parameters_trainable, version, notes, version_notes
}

/// The encoder of the per-layer dialect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderSection {
    /// Which encoder.
    #[serde(rename = "type", alias = "name")]
    pub name: EncoderType,
    /// Its parameters.
    pub params: EncoderParameters,
}

/// See [`EncoderConfig`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderParameters {
    /// Bits per feature.
    pub num_bits: usize,
    /// Fitted to each feature by itself; true when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_wise: Option<bool>,
    /// One row of bits per sample; true when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flatten: Option<bool>,
    /// Base of the logarithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<f32>,
}

/// One branch of the per-layer dialect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchSection {
    /// The name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its layers; without any it passes on what it reads.
    pub layers: Vec<LayerSection>,
}

/// One layer of the per-layer dialect, or branches that stand in its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerSection {
    /// Rows of layers beside each other; an entry with branches has no other key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<BranchSection>>,
    /// The name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How the nodes of a dense layer are wired, random when it is not given; or a layer over
    /// images.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub layer_type: Option<LayerName>,
    /// The family of the nodes; none of a pooling layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_type: Option<NodeType>,
    /// Bits that the layer reads; only compared with the part before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_size: Option<usize>,
    /// Number of nodes of a dense layer. Of a layer over images, the bits that it makes; only
    /// compared with its geometry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_size: Option<usize>,
    /// Inputs of a node; none of a pooling layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<usize>,
    /// convolutional: number of trees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_channels: Option<usize>,
    /// convolutional: size of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receptive_field: Option<Sides>,
    /// convolutional: zeros on either side; 0 when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<Sides>,
    /// convolutional: levels of a tree above its leaves; 1 when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree_depth: Option<usize>,
    /// convolutional: whether every leaf reads one channel only; false when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouped_connections: Option<bool>,
    /// convolutional: how the leaves are wired; random when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wiring: Option<LayerType>,
    /// max_pool: size of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Sides>,
    /// Distance of windows; when it is not given 1 for convolutional, `size` for max_pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<Sides>,
    /// Seed of its wiring and first weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// `input_dim`, `output_dim`, and parameters of the node type.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub node_params: Map<String, Value>,
    /// Bit flips and gradient stabilization.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub layer_training: Map<String, Value>,
    /// How tables are drawn before training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_init: Option<InitSection>,
    /// Names of regularizers, or names with weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_regularizers: Option<Value>,
}

/// `node_init` of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitSection {
    /// Name of the initializer.
    pub initializer: String,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub init_kwargs: Map<String, Value>,
}

/// The head of the per-layer dialect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSumSection {
    /// Number of classes.
    pub k: usize,
    /// Scores are sums divided by this; 1 when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<f32>,
    /// Whether the nodes of the last layer are shuffled between the classes.
    #[serde(default)]
    pub use_randperm: bool,
}
