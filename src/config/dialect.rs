//! The two dialects of model files and their conversion.
//!
//! The flat dialect (`layer_type`, `node_type`, `layer_widths`, ...) describes layers that are
//! all alike; the per-layer one (`encoder`, `layers`, `groupsum`) describes each by itself. One
//! structure reads both, so that an unknown key is refused with its line; [`ModelConfig`] is what
//! they mean.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    EncoderConfig, EncoderType, ImageShape, InputFormat, LayerConfig, LayerName, LayerType, Metadata, ModelConfig,
    ModelType, NodeParams, NodeType, Note, ParameterError, RuntimeConfig, Section, Sides, SpatialConfig,
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

/// One layer of the per-layer dialect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerSection {
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
        input_shape: file.input_shape,
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

    let mut input_size = features(file.input_size, &sections, params.num_bits)?;
    if let (None, Some([channels, height, width])) = (input_size, file.input_shape) {
        input_size = channels.checked_mul(height).and_then(|area| area.checked_mul(width));
    }
    // The image that the next layer may read; what does not fit is refused with the rest.
    let mut image =
        file.input_shape.map(|[channels, height, width]| [channels.saturating_mul(params.num_bits), height, width]);
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
        let inside = |error: ParameterError| error.inside(&format!("layers[{index}]"));
        let mut layer = layer(section, layers.last()).map_err(inside)?;
        image = match (&layer.spatial, image) {
            (Some(spatial), Some(read)) => {
                ParameterError::unless_in("n", layer.node_input_dim, 1..=16).map_err(inside)?;
                // Other sides are refused by the check of the whole.
                let made = match read.iter().all(|side| (1..=1 << 24).contains(side)) {
                    true => Some(spatial.output(read, layer.node_input_dim).map_err(inside)?),
                    false => None,
                };
                if let (None, Some([channels, height, width])) = (section.output_size, made) {
                    layer.width = channels * height * width;
                }
                made
            }
            _ => None,
        };
        layers.push(layer);
    }
    let Some(first) = layers.first() else {
        return Err(ParameterError::new("the number of layers", 0, "allowed are 1 to 64"));
    };
    Ok(ModelConfig {
        model_type: file.model_type.unwrap_or_else(|| {
            let spatial = layers.iter().any(|layer| layer.spatial.is_some());
            if spatial { ModelType::Convnet } else { ModelType::Feedforward }
        }),
        layer_type: first.layer_type,
        node_type: first.node_type,
        encoder_config,
        node_input_dim: first.node_input_dim,
        layer_widths: layers.iter().map(|layer| layer.width).collect(),
        num_classes: groupsum.k,
        input_size,
        input_shape: file.input_shape,
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

/// What a layer section is over images, after refusing keys that its type does not read.
fn spatial(section: &LayerSection) -> Result<Option<SpatialConfig>, ParameterError> {
    let of_convolutions = [
        ("out_channels", section.out_channels.is_some()),
        ("receptive_field", section.receptive_field.is_some()),
        ("padding", section.padding.is_some()),
        ("tree_depth", section.tree_depth.is_some()),
        ("grouped_connections", section.grouped_connections.is_some()),
        ("wiring", section.wiring.is_some()),
    ];
    let stride = ("stride", section.stride.is_some());
    let size = ("size", section.size.is_some());
    let refuse = |keys: &[(&str, bool)], name: &str| match keys.iter().find(|(_, set)| *set) {
        Some((key, _)) => Err(ParameterError::new(*key, "set", format!("a layer of type {name} has none; remove it"))),
        None => Ok(()),
    };
    let needed =
        |name: &str, key: &str| ParameterError::new(key, "missing", format!("a layer of type {name} needs it"));
    Ok(match section.layer_type {
        None | Some(LayerName::Dense(_)) => {
            let name = match section.layer_type {
                Some(LayerName::Dense(layer_type)) => layer_type.name(),
                _ => "random",
            };
            refuse(&of_convolutions, name)?;
            refuse(&[stride, size], name)?;
            None
        }
        Some(LayerName::Convolutional) => {
            refuse(&[size], "convolutional")?;
            Some(SpatialConfig::Convolutional {
                out_channels: section.out_channels.ok_or_else(|| needed("convolutional", "out_channels"))?,
                receptive_field: section.receptive_field.ok_or_else(|| needed("convolutional", "receptive_field"))?.0,
                stride: section.stride.map_or([1; 2], |sides| sides.0),
                padding: section.padding.map_or([0; 2], |sides| sides.0),
                tree_depth: section.tree_depth.unwrap_or(1),
                grouped_connections: section.grouped_connections.unwrap_or(false),
            })
        }
        Some(LayerName::MaxPool) => {
            refuse(&of_convolutions, "max_pool")?;
            let of_nodes = [
                ("node_type", section.node_type.is_some()),
                ("n", section.n.is_some()),
                ("seed", section.seed.is_some()),
                ("node_params", !section.node_params.is_empty()),
                ("layer_training", !section.layer_training.is_empty()),
                ("node_init", section.node_init.is_some()),
                ("node_regularizers", section.node_regularizers.is_some()),
            ];
            refuse(&of_nodes, "max_pool")?;
            let size = section.size.ok_or_else(|| needed("max_pool", "size"))?.0;
            Some(SpatialConfig::MaxPool { size, stride: section.stride.map_or(size, |sides| sides.0) })
        }
    })
}

/// A layer behind the layer `before`; the width of one over images is 0 where it is not stated.
fn layer(section: &LayerSection, before: Option<&LayerConfig>) -> Result<LayerConfig, ParameterError> {
    let spatial = spatial(section)?;
    if let Some(SpatialConfig::MaxPool { .. }) = spatial {
        // What it has no use for is taken from its neighbour, so that models of one kind of
        // nodes stay such.
        return Ok(LayerConfig {
            name: section.name.clone(),
            layer_type: LayerType::Random,
            node_type: before.map_or(NodeType::Probabilistic, |before| before.node_type),
            node_input_dim: before.map_or(1, |before| before.node_input_dim),
            width: section.output_size.unwrap_or(0),
            spatial,
            seed: None,
            node_params: NodeParams::default(),
            runtime: RuntimeConfig::default(),
        });
    }
    let n = missing(section.n, "n", "per-layer")?;
    let width = match &spatial {
        None => missing(section.output_size, "output_size", "per-layer")?,
        Some(_) => section.output_size.unwrap_or(0),
    };
    let (mut structural, mut runtime) = (Map::new(), Map::new());
    let of_nodes = NodeParams::known();
    for (key, value) in &section.node_params {
        match key.as_str() {
            "input_dim" if value.as_u64() != Some(n as u64) => {
                let allowed = format!("n is {n}; both say how many inputs a node has");
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
        layer_type: match section.layer_type {
            Some(LayerName::Dense(layer_type)) => layer_type,
            _ => section.wiring.unwrap_or(LayerType::Random),
        },
        node_type: missing(section.node_type, "node_type", "per-layer")?,
        node_input_dim: n,
        width,
        spatial,
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
            input_shape: config.input_shape,
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
        let layer = |layer: LayerConfig| {
            let section = LayerSection {
                node_params: parameters(&layer),
                name: layer.name.clone(),
                node_type: Some(layer.node_type),
                n: Some(layer.node_input_dim),
                seed: layer.seed,
                ..LayerSection::default()
            };
            // Widths of layers over images follow from their geometry.
            match layer.spatial {
                None => LayerSection {
                    layer_type: Some(LayerName::Dense(layer.layer_type)),
                    output_size: Some(layer.width),
                    ..section
                },
                Some(SpatialConfig::Convolutional {
                    out_channels,
                    receptive_field,
                    stride,
                    padding,
                    tree_depth,
                    grouped_connections,
                }) => LayerSection {
                    layer_type: Some(LayerName::Convolutional),
                    out_channels: Some(out_channels),
                    receptive_field: Some(Sides(receptive_field)),
                    stride: Some(Sides(stride)),
                    padding: Some(Sides(padding)),
                    tree_depth: Some(tree_depth),
                    grouped_connections: grouped_connections.then_some(true),
                    wiring: (layer.layer_type != LayerType::Random).then_some(layer.layer_type),
                    ..section
                },
                Some(SpatialConfig::MaxPool { size, stride }) => LayerSection {
                    name: layer.name,
                    layer_type: Some(LayerName::MaxPool),
                    size: Some(Sides(size)),
                    stride: Some(Sides(stride)),
                    ..LayerSection::default()
                },
            }
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
