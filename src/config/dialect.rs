//! The two dialects of model files and their conversion.
//!
//! The flat dialect (`layer_type`, `node_type`, `layer_widths`, ...) describes layers that are
//! all alike; the per-layer one (`encoder`, `layers`, `groupsum`) describes each by itself. One
//! structure reads both, so that an unknown key is refused with its line; [`ModelConfig`] is what
//! they mean.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    EncoderConfig, EncoderType, InputFormat, LayerConfig, LayerType, Metadata, ModelConfig, ModelType, NodeParams,
    NodeType, Note, ParameterError, RuntimeConfig, Section,
};

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
    /// Both: see [`ModelConfig`]; `feedforward` where the per-layer dialect is silent.
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
    /// Flat.
    num_classes: usize,
    /// Both: number of features.
    input_size: usize,
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

/// One layer of the per-layer dialect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerSection {
    /// The name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How the nodes are wired; random when it is not given.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub layer_type: Option<LayerType>,
    /// The family of the nodes.
    pub node_type: Option<NodeType>,
    /// Bits that the layer reads; only compared with the part before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_size: Option<usize>,
    /// Number of nodes.
    pub output_size: usize,
    /// Inputs of a node.
    pub n: usize,
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

impl TryFrom<ModelFile> for ModelConfig {
    type Error = ParameterError;

    fn try_from(file: ModelFile) -> Result<Self, ParameterError> {
        let flat = [
            ("layer_type", file.layer_type.is_some()),
            ("node_type", file.node_type.is_some()),
            ("encoder_config", file.encoder_config.is_some()),
            ("node_input_dim", file.node_input_dim.is_some()),
            ("layer_widths", file.layer_widths.is_some()),
            ("num_classes", file.num_classes.is_some()),
            ("use_randperm", file.use_randperm.is_some()),
        ];
        let per_layer = [
            ("encoder", file.encoder.is_some()),
            ("layers", file.layers.is_some()),
            ("groupsum", file.groupsum.is_some()),
        ];
        let first = |keys: &[(&'static str, bool)]| keys.iter().find(|(_, set)| *set).map(|(key, _)| *key);
        match (first(&flat), first(&per_layer)) {
            (Some(flat), Some(layered)) => Err(ParameterError::new(
                layered,
                "set",
                format!("it belongs to the per-layer dialect and `{flat}` to the flat one; keep to one of them"),
            )),
            (_, Some(_)) => from_layers(file),
            _ => from_flat(file),
        }
    }
}

fn missing<T>(value: Option<T>, key: &str, dialect: &str) -> Result<T, ParameterError> {
    value.ok_or_else(|| ParameterError::new(key, "missing", format!("the {dialect} dialect needs it")))
}

fn from_flat(file: ModelFile) -> Result<ModelConfig, ParameterError> {
    let metadata = file.metadata();
    Ok(ModelConfig {
        model_type: missing(file.model_type, "model_type", "flat")?,
        layer_type: missing(file.layer_type, "layer_type", "flat")?,
        node_type: missing(file.node_type, "node_type", "flat")?,
        encoder_config: missing(file.encoder_config, "encoder_config", "flat")?,
        node_input_dim: missing(file.node_input_dim, "node_input_dim", "flat")?,
        layer_widths: missing(file.layer_widths, "layer_widths", "flat")?,
        num_classes: missing(file.num_classes, "num_classes", "flat")?,
        input_size: file.input_size,
        dataset: file.dataset,
        seed: file.seed.unwrap_or(42),
        input_format: file.input_format,
        node_params: file.node_params.unwrap_or_default(),
        runtime: file.runtime.unwrap_or_default(),
        pretrained: file.pretrained.unwrap_or(false),
        pretrained_name: file.pretrained_name,
        use_randperm: file.use_randperm.unwrap_or(false),
        layers: Vec::new(),
        metadata,
    })
}

fn from_layers(file: ModelFile) -> Result<ModelConfig, ParameterError> {
    let metadata = file.metadata();
    let EncoderSection { name, params } = missing(file.encoder, "encoder", "per-layer")?;
    let encoder_config = EncoderConfig {
        name,
        num_bits: params.num_bits,
        feature_wise: params.feature_wise.unwrap_or(true),
        flatten: params.flatten.unwrap_or(true),
        base: params.base,
    };
    let sections = missing(file.layers, "layers", "per-layer")?;
    let groupsum = missing(file.groupsum, "groupsum", "per-layer")?;
    let mut runtime = file.runtime.unwrap_or_default();
    if let (Some(tau), Some(_)) = (runtime.output_tau, groupsum.tau) {
        return Err(ParameterError::new("runtime.output_tau", tau, "groupsum.tau says the same; keep one of them"));
    }
    runtime.output_tau = runtime.output_tau.or(groupsum.tau);

    let input_size = features(file.input_size, &sections, params.num_bits)?;
    let mut layers: Vec<LayerConfig> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let before = layers.last().map(|layer| layer.width);
        if let (Some(stated), Some(before)) = (section.input_size, before)
            && stated != before
        {
            return Err(ParameterError::new(
                format!("layers[{index}].input_size"),
                stated,
                format!("the layer before has output_size {before}"),
            ));
        }
        layers.push(layer(section).map_err(|error| error.inside(&format!("layers[{index}]")))?);
    }
    let Some(first) = layers.first() else {
        return Err(ParameterError::new("the number of layers", 0, "allowed are 1 to 64"));
    };
    Ok(ModelConfig {
        model_type: file.model_type.unwrap_or(ModelType::Feedforward),
        layer_type: first.layer_type,
        node_type: first.node_type,
        encoder_config,
        node_input_dim: first.node_input_dim,
        layer_widths: layers.iter().map(|layer| layer.width).collect(),
        num_classes: groupsum.k,
        input_size,
        dataset: file.dataset,
        seed: file.seed.unwrap_or(42),
        input_format: file.input_format,
        node_params: file.node_params.unwrap_or_default(),
        runtime,
        pretrained: file.pretrained.unwrap_or(false),
        pretrained_name: file.pretrained_name,
        use_randperm: groupsum.use_randperm,
        layers,
        metadata,
    })
}

/// The number of features: stated, or the first layer's input bits over the encoder's.
fn features(
    stated: Option<usize>,
    sections: &[LayerSection],
    num_bits: usize,
) -> Result<Option<usize>, ParameterError> {
    let Some(columns) = sections.first().and_then(|section| section.input_size) else { return Ok(stated) };
    let wrong = |allowed: String| Err(ParameterError::new("layers[0].input_size", columns, allowed));
    match (stated, columns.checked_rem(num_bits)) {
        (Some(stated), _) if stated.checked_mul(num_bits) != Some(columns) => {
            wrong(format!("{stated} features of {num_bits} bits are {} columns", stated.saturating_mul(num_bits)))
        }
        (None, Some(0)) => Ok(Some(columns / num_bits)),
        (None, _) => wrong(format!("the first layer reads encoded bits; it must be a multiple of num_bits {num_bits}")),
        (stated, _) => Ok(stated),
    }
}

fn layer(section: &LayerSection) -> Result<LayerConfig, ParameterError> {
    let (mut structural, mut runtime) = (Map::new(), Map::new());
    let of_nodes = NodeParams::known();
    for (key, value) in &section.node_params {
        match key.as_str() {
            "input_dim" if value.as_u64() != Some(section.n as u64) => {
                let allowed = format!("n is {}; both say how many inputs a node has", section.n);
                return Err(ParameterError::new("node_params.input_dim", value, allowed));
            }
            "output_dim" if value.as_u64() != Some(1) => {
                return Err(ParameterError::new(
                    "node_params.output_dim",
                    value,
                    "a LUT has one output; use more nodes",
                ));
            }
            "input_dim" | "output_dim" => {}
            key if of_nodes.iter().any(|known| known == key) => {
                insert::<NodeParams>(&mut structural, "node_params", key, value)?;
            }
            _ => insert::<RuntimeConfig>(&mut runtime, "node_params", key, value)?,
        }
    }
    for (key, value) in &section.layer_training {
        insert::<RuntimeConfig>(&mut runtime, "layer_training", key, value)?;
    }
    if let Some(init) = &section.node_init {
        let name = Value::from(init.initializer.as_str());
        insert::<RuntimeConfig>(&mut runtime, "node_init", "init_fn", &name)
            .map_err(|error| error.renamed("node_init.initializer"))?;
        if !init.init_kwargs.is_empty() {
            let parameters = Value::from(init.init_kwargs.clone());
            insert::<RuntimeConfig>(&mut runtime, "node_init", "init_kwargs", &parameters)?;
        }
    }
    if let Some(value) = &section.node_regularizers {
        // A list has no weights; the Python library's default is 1.
        let weighted =
            match value {
                Value::Array(names) => {
                    let pairs = names.iter().map(|name| Some((name.as_str()?.to_owned(), Value::from(1.0))));
                    let pairs: Option<Map<String, Value>> = pairs.collect();
                    Value::from(pairs.ok_or_else(|| {
                        ParameterError::new("node_regularizers", value, "expected names of regularizers")
                    })?)
                }
                weighted => weighted.clone(),
            };
        insert::<RuntimeConfig>(&mut runtime, "node_regularizers", "regularizers", &weighted)
            .map_err(|error| error.renamed("node_regularizers"))?;
    }
    let unreadable = |error: serde_json::Error| ParameterError::new("node_params", "not readable", error.to_string());
    Ok(LayerConfig {
        name: section.name.clone(),
        layer_type: section.layer_type.unwrap_or(LayerType::Random),
        node_type: missing(section.node_type, "node_type", "per-layer")?,
        node_input_dim: section.n,
        width: section.output_size,
        seed: section.seed,
        node_params: serde_json::from_value(structural.into()).map_err(unreadable)?,
        runtime: serde_json::from_value(runtime.into()).map_err(unreadable)?,
    })
}

/// Puts one parameter in, alone first, so that a refusal names the key and where it stands.
fn insert<T: Section>(
    section: &mut Map<String, Value>,
    place: &str,
    key: &str,
    value: &Value,
) -> Result<(), ParameterError> {
    T::from_pair(key, value.clone()).map_err(|error| error.renamed(&format!("{place}.{key}")))?;
    if section.insert(key.to_owned(), value.clone()).is_some() {
        return Err(ParameterError::new(format!("{place}.{key}"), value, "it is given twice"));
    }
    Ok(())
}

impl From<ModelConfig> for ModelFile {
    fn from(config: ModelConfig) -> Self {
        let shared = Self {
            model_type: Some(config.model_type),
            input_size: config.input_size,
            dataset: config.dataset,
            seed: Some(config.seed),
            input_format: config.input_format,
            pretrained: Some(config.pretrained),
            pretrained_name: config.pretrained_name,
            ..Self::default()
        }
        .with_metadata(config.metadata);
        if config.layers.is_empty() {
            return Self {
                layer_type: Some(config.layer_type),
                node_type: Some(config.node_type),
                encoder_config: Some(config.encoder_config),
                node_input_dim: Some(config.node_input_dim),
                layer_widths: Some(config.layer_widths),
                num_classes: Some(config.num_classes),
                use_randperm: config.use_randperm.then_some(true),
                node_params: Some(config.node_params).filter(|params| !params.is_empty()),
                runtime: Some(config.runtime),
                ..shared
            };
        }
        let EncoderConfig { name, num_bits, feature_wise, flatten, base } = config.encoder_config;
        let params = EncoderParameters { num_bits, feature_wise: Some(feature_wise), flatten: Some(flatten), base };
        let tau = config.runtime.output_tau;
        let parameters = |layer: &LayerConfig| {
            let mut parameters = layer.node_params.to_map();
            parameters.extend(layer.runtime.to_map());
            parameters
        };
        let layer = |layer: LayerConfig| LayerSection {
            node_params: parameters(&layer),
            name: layer.name,
            layer_type: Some(layer.layer_type),
            node_type: Some(layer.node_type),
            output_size: layer.width,
            n: layer.node_input_dim,
            seed: layer.seed,
            ..LayerSection::default()
        };
        Self {
            encoder: Some(EncoderSection { name, params }),
            layers: Some(config.layers.into_iter().map(layer).collect()),
            groupsum: Some(GroupSumSection { k: config.num_classes, tau, use_randperm: config.use_randperm }),
            node_params: Some(config.node_params).filter(|params| !params.is_empty()),
            runtime: Some(RuntimeConfig { output_tau: None, ..config.runtime }),
            ..shared
        }
    }
}
