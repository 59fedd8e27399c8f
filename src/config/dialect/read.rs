//! What a model file means, in either dialect.

use serde_json::{Map, Value};

use super::{EncoderSection, GroupSumSection, LayerSection, ModelFile};
use crate::config::branches::joined;
use crate::config::{
    BranchConfig, EncoderConfig, ForkConfig, Forks, HeadType, LayerConfig, LayerName, LayerType, Mark, ModelConfig,
    ModelType, NodeParams, NodeType, ParameterError, PlacedImage, RuntimeConfig, Section, SpatialConfig,
};

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
    let head = file.head.unwrap_or_default();
    Ok(ModelConfig {
        model_type: missing(file.model_type, "model_type", "flat")?,
        layer_type: missing(file.layer_type, "layer_type", "flat")?,
        node_type: missing(file.node_type, "node_type", "flat")?,
        encoder_config: missing(file.encoder_config, "encoder_config", "flat")?,
        node_input_dim: missing(file.node_input_dim, "node_input_dim", "flat")?,
        layer_widths: missing(file.layer_widths, "layer_widths", "flat")?,
        head,
        num_classes: match head {
            HeadType::GroupSum => missing(file.num_classes, "num_classes", "flat")?,
            // A stated number is refused by the check of the whole.
            HeadType::Bits | HeadType::Onehot => file.num_classes.unwrap_or(0),
        },
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
        forks: Vec::new(),
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
    let head = file.head.unwrap_or_default();
    let groupsum = match (head, file.groupsum) {
        (HeadType::GroupSum, section) => missing(section, "groupsum", "per-layer")?,
        (_, None) => GroupSumSection { k: 0, tau: None, use_randperm: false },
        (_, Some(section)) => {
            let allowed = format!(
                "head {} sums nothing, every bit of the last layer is an answer by itself; remove it, tau is \
                 runtime.output_tau",
                head.name()
            );
            return Err(ParameterError::new("groupsum", format!("set (k: {})", section.k), allowed));
        }
    };
    let mut runtime = file.runtime.unwrap_or_default();
    if let (Some(tau), Some(_)) = (runtime.output_tau, groupsum.tau) {
        return Err(ParameterError::new("runtime.output_tau", tau, "groupsum.tau says the same; keep one of them"));
    }
    runtime.output_tau = runtime.output_tau.or(groupsum.tau);

    let mut input_size = features(file.input_size, &sections, params.num_bits)?;
    if let (None, Some([channels, height, width])) = (input_size, file.input_shape) {
        input_size = channels.checked_mul(height).and_then(|area| area.checked_mul(width));
    }
    let image = file.input_shape.map(|[channels, height, width]| PlacedImage {
        shape: [channels.saturating_mul(params.num_bits), height, width],
        encoded: true,
    });
    let mut row = Row { layers: Vec::new(), before: Before { width: None, image, joined: false } };
    let mut forks = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let place = format!("layers[{index}]");
        match &section.branches {
            None => row.push(section, &place)?,
            Some(_) => forks.push(row.fork(section, &place)?),
        }
    }
    let layers = row.layers;
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
        head,
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
        forks,
        metadata,
    })
}

/// Layers as far as they are read.
struct Row {
    layers: Vec<LayerConfig>,
    before: Before,
}

/// What the next layer reads.
#[derive(Clone, Copy)]
struct Before {
    /// Its number of bits; `None` are those of the encoder.
    width: Option<usize>,
    /// The image that it may be.
    image: Option<PlacedImage>,
    /// Whether it is that of branches.
    joined: bool,
}

impl Row {
    /// Reads the layer at `place`.
    fn push(&mut self, section: &LayerSection, place: &str) -> Result<(), ParameterError> {
        let inside = |error: ParameterError| error.inside(place);
        if let (Some(stated), Some(before)) = (section.input_size, self.before.width)
            && stated != before
        {
            let allowed = match self.before.joined {
                false => format!("the layer before has output_size {before}"),
                true => format!("the branches before make {before} bits"),
            };
            return Err(inside(ParameterError::new("input_size", stated, allowed)));
        }
        let mut layer = layer(section, self.layers.last()).map_err(inside)?;
        let image = match (&layer.spatial, self.before.image) {
            (Some(spatial), Some(read)) => {
                ParameterError::unless_in("n", layer.node_input_dim, 1..=16).map_err(inside)?;
                // Other sides are refused by the check of the whole.
                let made = match read.shape.iter().all(|side| (1..=1 << 24).contains(side)) {
                    true => Some(spatial.output(read.shape, layer.node_input_dim).map_err(inside)?),
                    false => None,
                };
                if let (None, Some([channels, height, width])) = (section.output_size, made) {
                    layer.width = channels * height * width;
                }
                made.map(|shape| PlacedImage { shape, encoded: false })
            }
            _ => None,
        };
        self.before = Before { width: Some(layer.width), image, joined: false };
        self.layers.push(layer);
        Ok(())
    }

    /// Reads the branches at `place`.
    fn fork(&mut self, section: &LayerSection, place: &str) -> Result<ForkConfig, ParameterError> {
        let inside = |error: ParameterError| error.inside(place);
        let bare = LayerSection { branches: section.branches.clone(), ..LayerSection::default() };
        if *section != bare {
            let allowed = "branches stand in the place of a layer; the other keys of the entry belong to their layers";
            return Err(inside(ParameterError::new("branches", "set beside other keys", allowed)));
        }
        let sections = section.branches.as_deref().unwrap_or_default();
        let mut fork = ForkConfig { first: self.layers.len(), branches: Vec::new() };
        let mut forks = Forks::default();
        let pass = |forks: &mut Forks<Before>, mark, before| {
            forks.pass(
                mark,
                before,
                |before| *before,
                |_, ends: Vec<Before>| {
                    let images: Vec<_> = ends.iter().map(|end| end.image).collect();
                    // An unknown number is the encoder's, which nothing is compared with.
                    let width = ends.iter().try_fold(0usize, |sum, end| Some(sum.saturating_add(end.width?)));
                    Ok::<_, ParameterError>(Before { width, image: joined(&images), joined: true })
                },
            )
        };
        for (index, branch) in sections.iter().enumerate() {
            self.before = pass(&mut forks, if index == 0 { Mark::Fork } else { Mark::Next }, self.before)?;
            for (layer, section) in branch.layers.iter().enumerate() {
                let place = format!("{place}.branches[{index}].layers[{layer}]");
                if section.branches.is_some() {
                    let allowed = "branches inside branches are not supported; write them as branches of their own \
                                   or as more branches side by side";
                    return Err(ParameterError::new(format!("{place}.branches"), "set", allowed));
                }
                self.push(section, &place)?;
            }
            fork.branches.push(BranchConfig { name: branch.name.clone(), layers: branch.layers.len() });
        }
        if !sections.is_empty() {
            self.before = pass(&mut forks, Mark::Join, self.before)?;
        }
        Ok(fork)
    }
}

/// The number of features: stated, or the first layer's input bits over the encoder's.
fn features(
    stated: Option<usize>,
    sections: &[LayerSection],
    num_bits: usize,
) -> Result<Option<usize>, ParameterError> {
    // The first layer, or the first one of each branch that stands there.
    let branches = sections.first().and_then(|section| section.branches.as_deref()).unwrap_or_default();
    let in_branches = branches.iter().enumerate().filter_map(|(index, branch)| {
        Some((format!("layers[0].branches[{index}].layers[0]"), branch.layers.first()?.input_size?))
    });
    let first = sections.first().and_then(|section| Some(("layers[0]".to_owned(), section.input_size?)));
    let mut features = stated;
    for (place, columns) in first.into_iter().chain(in_branches) {
        features = features_of(features, &place, columns, num_bits)?;
    }
    Ok(features)
}

/// The number of features when the layer at `place` states that it reads `columns` encoded bits.
fn features_of(
    stated: Option<usize>,
    place: &str,
    columns: usize,
    num_bits: usize,
) -> Result<Option<usize>, ParameterError> {
    let wrong = |allowed: String| Err(ParameterError::new(format!("{place}.input_size"), columns, allowed));
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
