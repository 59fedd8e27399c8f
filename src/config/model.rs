//! The model section: what network to build.

use serde::{Deserialize, Serialize};

use super::dialect::ModelFile;
use super::{
    EncoderConfig, ImageShape, InputFormat, LayerType, Metadata, ModelType, NodeParams, NodeType, ParameterError,
    RuntimeConfig, Section, SpatialConfig,
};

/// Largest number of trained table entries. At 2^27 the weights are 512 MiB and the optimizer
/// holds three times that beside them.
pub const MAX_TABLE_ENTRIES: u64 = 1 << 27;

/// One layer, every choice made.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerConfig {
    /// The name, for people.
    pub name: Option<String>,
    /// How the nodes are wired.
    pub layer_type: LayerType,
    /// The family of the nodes.
    pub node_type: NodeType,
    /// Inputs of every node, 1 to 16.
    pub node_input_dim: usize,
    /// Number of bits that the layer makes: its nodes, or those of the image that it makes.
    pub width: usize,
    /// What it is over an image; `None` for a dense layer. Pooling has no nodes, so that node
    /// type, wiring and their parameters mean nothing for it.
    pub spatial: Option<SpatialConfig>,
    /// Seed of wiring and first weights; without one they come behind those of the layer before.
    pub seed: Option<u64>,
    /// Structural parameters of the node type, over those of the model.
    pub node_params: NodeParams,
    /// Parameters of this layer, over those of the model.
    pub runtime: RuntimeConfig,
}

impl LayerConfig {
    /// Number of trained nodes; a convolution's are shared by all positions.
    pub fn nodes(&self) -> u64 {
        match &self.spatial {
            None => self.width as u64,
            Some(spatial) => spatial.nodes(self.node_input_dim),
        }
    }

    /// Whether it has no nodes.
    pub fn is_pool(&self) -> bool {
        matches!(self.spatial, Some(SpatialConfig::MaxPool { .. }))
    }
}

/// A network before it has weights.
///
/// Both dialects of DiffLUT's files are read into it, see [`ModelFile`]. Layers are all alike, or
/// `layers` says what each of them is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ModelFile", into = "ModelFile")]
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
    pub input_size: Option<usize>,
    /// Channels, height and width of a sample, whose features come in that order; for layers
    /// over images, which need it.
    pub input_shape: Option<ImageShape>,
    /// Name of the data, for people.
    pub dataset: Option<String>,
    /// Seed of the wiring and of the first weights.
    pub seed: u64,
    /// The integers that the hardware receives; when it is not given, the narrowest unsigned
    /// or signed integers that hold the training data, which must then be whole numbers.
    pub input_format: Option<InputFormat>,
    /// Structural parameters of the node type.
    pub node_params: NodeParams,
    /// Parameters that do not change the shape of the weights.
    pub runtime: RuntimeConfig,
    /// Whether weights are published under `pretrained_name`.
    pub pretrained: bool,
    /// The name under which the weights are published.
    pub pretrained_name: Option<String>,
    /// Whether the nodes of the last layer are shuffled between the classes.
    pub use_randperm: bool,
    /// Every layer by itself, as long as `layer_widths`; empty when all are alike.
    pub layers: Vec<LayerConfig>,
    /// What people want to know about it.
    pub metadata: Metadata,
}

impl ModelConfig {
    /// A feedforward network of layers that are all alike, with the defaults of the files.
    pub fn feedforward(
        node_type: NodeType,
        node_input_dim: usize,
        layer_widths: Vec<usize>,
        encoder_config: EncoderConfig,
        num_classes: usize,
    ) -> Self {
        Self {
            model_type: ModelType::Feedforward,
            layer_type: LayerType::Random,
            node_type,
            encoder_config,
            node_input_dim,
            layer_widths,
            num_classes,
            input_size: None,
            input_shape: None,
            dataset: None,
            seed: 42,
            input_format: None,
            node_params: NodeParams::default(),
            runtime: RuntimeConfig::default(),
            pretrained: false,
            pretrained_name: None,
            use_randperm: false,
            layers: Vec::new(),
            metadata: Metadata::default(),
        }
    }

    /// Every layer with all its choices, first layer first.
    ///
    /// # Errors
    /// [`ParameterError`] when `layers` and `layer_widths` contradict each other.
    pub fn plan(&self) -> Result<Vec<LayerConfig>, ParameterError> {
        let widths: Vec<usize> = self.layers.iter().map(|layer| layer.width).collect();
        if !self.layers.is_empty() && widths != self.layer_widths {
            let allowed = format!("layers states the widths {widths:?}");
            return Err(ParameterError::new("layer_widths", format!("{:?}", self.layer_widths), allowed));
        }
        if self.layers.is_empty() {
            let alike = |&width: &usize| LayerConfig {
                name: None,
                layer_type: self.layer_type,
                node_type: self.node_type,
                node_input_dim: self.node_input_dim,
                width,
                spatial: None,
                seed: None,
                node_params: self.node_params.clone(),
                runtime: self.runtime.clone(),
            };
            return Ok(self.layer_widths.iter().map(alike).collect());
        }
        let whole = |layer: &LayerConfig| {
            Ok(LayerConfig {
                node_params: layer.node_params.over(&self.node_params)?,
                runtime: layer.runtime.over(&self.runtime)?,
                ..layer.clone()
            })
        };
        self.layers.iter().map(whole).collect()
    }

    /// Checks every parameter by itself and against the others.
    ///
    /// # Errors
    /// The first parameter that is out of range, with its value and what is allowed.
    pub fn check(&self) -> Result<(), ParameterError> {
        self.encoder_config.check()?;
        self.images()?;
        ParameterError::unless_in("node_input_dim", self.node_input_dim, 1..=16)?;
        ParameterError::unless_in("the number of layer_widths", self.layer_widths.len(), 1..=64)?;
        for (layer, &width) in self.layer_widths.iter().enumerate() {
            ParameterError::unless_in(&format!("layer_widths[{layer}]"), width, 1..=1 << 22)?;
        }
        let plan = self.plan()?;
        for (index, layer) in self.layers.iter().enumerate() {
            ParameterError::unless_in(&format!("layers[{index}].n"), layer.node_input_dim, 1..=16)?;
            let inside = |error: ParameterError| error.inside(&format!("layers[{index}]"));
            layer.node_params.check().map_err(inside)?;
            layer.runtime.check().map_err(inside)?;
            if layer.runtime.output_tau.is_some() {
                let parameter = format!("layers[{index}].runtime.output_tau");
                return Err(ParameterError::new(
                    parameter,
                    "set",
                    "it belongs to the whole model; move it to groupsum.tau",
                ));
            }
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
        let entries = plan
            .iter()
            .fold(0u64, |sum, layer| sum.saturating_add(layer.nodes().saturating_mul(1 << layer.node_input_dim)));
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

    /// The image that each layer reads, where it is one over an image; the first of them has the
    /// encoder's bits as channels, `channel * num_bits + bit`.
    ///
    /// # Errors
    /// [`ParameterError`] for layers over images that get none, for geometry that does not fit
    /// and for widths that are not those of the geometry.
    pub fn images(&self) -> Result<Vec<Option<ImageShape>>, ParameterError> {
        let spatial = self.layers.iter().position(|layer| layer.spatial.is_some());
        let mut image = match (self.input_shape, spatial) {
            (None, None) if self.model_type == ModelType::Convnet => {
                let allowed = "a convnet has layers of type convolutional or max_pool, which the per-layer dialect \
                               describes (`layers`), and an input_shape";
                return Err(ParameterError::new("model_type", "convnet", allowed));
            }
            (None, None) => return Ok(vec![None; self.layer_widths.len()]),
            (Some(shape), None) => {
                let allowed = "no layer is convolutional or max_pool, so that nothing reads it; remove it";
                return Err(ParameterError::new("input_shape", format!("{shape:?}"), allowed));
            }
            (_, Some(index)) if self.model_type == ModelType::Feedforward => {
                let name = self.layers[index].spatial.map_or("", |spatial| spatial.name());
                let allowed = "it needs `model_type: convnet`";
                return Err(ParameterError::new(format!("layers[{index}].type"), name, allowed));
            }
            (None, Some(index)) => {
                let allowed = format!("layers[{index}] reads an image; expected [channels, height, width] of a sample");
                return Err(ParameterError::new("input_shape", "missing", allowed));
            }
            (Some(shape), Some(_)) => {
                for side in shape {
                    ParameterError::unless_in("a number of input_shape", side, 1..=1 << 16)?;
                }
                let [channels, height, width] = shape;
                let features = channels.saturating_mul(height).saturating_mul(width);
                if let Some(stated) = self.input_size.filter(|&stated| stated != features) {
                    let allowed = format!("input_shape {channels} x {height} x {width} has {features} features");
                    return Err(ParameterError::new("input_size", stated, allowed));
                }
                ParameterError::unless_in("the features of input_shape", features, 1..=1 << 20)?;
                let bits = self.encoder_config.num_bits();
                ParameterError::unless_in(
                    "the features of input_shape times num_bits",
                    features.saturating_mul(bits),
                    1..=1 << 24,
                )?;
                Some([channels * bits, height, width])
            }
        };
        let mut images = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let Some(spatial) = &layer.spatial else {
                image = None;
                images.push(None);
                continue;
            };
            let inside = |error: ParameterError| error.inside(&format!("layers[{index}]"));
            let Some(read) = image else {
                let allowed =
                    "a dense layer stands before it, whose nodes are no image; put it before all dense layers";
                return Err(inside(ParameterError::new("type", spatial.name(), allowed)));
            };
            ParameterError::unless_in("n", layer.node_input_dim, 1..=16).map_err(inside)?;
            let made = spatial.output(read, layer.node_input_dim).map_err(inside)?;
            let width: usize = made.iter().product();
            if layer.width != width {
                let allowed = format!("its geometry makes {} x {} x {} = {width} bits", made[0], made[1], made[2]);
                return Err(inside(ParameterError::new("output_size", layer.width, allowed)));
            }
            if let SpatialConfig::Convolutional { grouped_connections: true, .. } = spatial
                && layer.layer_type != LayerType::Random
            {
                let allowed = "grouped_connections deals the inputs itself; use the wiring random";
                return Err(inside(ParameterError::new("wiring", layer.layer_type.name(), allowed)));
            }
            images.push(Some(read));
            image = Some(made);
        }
        if self.use_randperm && image.is_some() {
            let allowed = "the last layer makes an image, whose bits share their nodes; put a dense layer behind it";
            return Err(ParameterError::new("use_randperm", "true", allowed));
        }
        Ok(images)
    }

    /// The divisor of the scores.
    pub fn tau(&self) -> f32 {
        self.runtime.output_tau.unwrap_or(1.0)
    }

    /// What was accepted and has no effect, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut runtimes = vec![("runtime".to_owned(), &self.runtime)];
        let layers = self.layers.iter().enumerate();
        runtimes.extend(layers.map(|(index, layer)| (format!("layers[{index}].node_params"), &layer.runtime)));
        let cuda = runtimes.into_iter().filter(|(_, runtime)| runtime.use_cuda == Some(true));
        cuda.map(|(place, _)| format!("{place}.use_cuda is ignored: training runs on the CPU")).collect()
    }

    /// The structural parameters that differ from those of `other`, as (name, this one's, the
    /// other's); weights of one fit the other when there are none.
    ///
    /// Runtime parameters, seeds, names and metadata are not compared. An `input_size` that is
    /// not known yet fits every other.
    pub fn differences(&self, other: &Self) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        let mut compare = |name: &str, own: String, others: String| {
            if own != others {
                found.push((name.to_owned(), own, others));
            }
        };
        compare("model_type", self.model_type.name().into(), other.model_type.name().into());
        let encoder = |config: &Self| serde_json::to_string(&config.encoder_config).unwrap_or_default();
        compare("encoder_config", encoder(self), encoder(other));
        if let (Some(own), Some(others)) = (self.input_size, other.input_size) {
            compare("input_size", own.to_string(), others.to_string());
        }
        compare("input_shape", format!("{:?}", self.input_shape), format!("{:?}", other.input_shape));
        compare("num_classes", self.num_classes.to_string(), other.num_classes.to_string());
        compare("layer_widths", format!("{:?}", self.layer_widths), format!("{:?}", other.layer_widths));
        if let (Ok(own), Ok(others)) = (self.plan(), other.plan())
            && own.len() == others.len()
        {
            let per_layer = |plan: &[LayerConfig], f: Show| {
                let values: Vec<String> = plan.iter().map(f).collect();
                match values.windows(2).all(|pair| pair[0] == pair[1]) {
                    true => values.into_iter().next().unwrap_or_default(),
                    false => format!("[{}]", values.join(", ")),
                }
            };
            let fields: [(&str, Show); 5] = [
                ("layer_type", |layer| layer.layer_type.name().into()),
                ("node_type", |layer| layer.node_type.name().into()),
                ("node_input_dim", |layer| layer.node_input_dim.to_string()),
                ("spatial", |layer| layer.spatial.map_or("none".into(), |spatial| format!("{spatial:?}"))),
                ("node_params", |layer| serde_json::Value::from(layer.node_params.to_map()).to_string()),
            ];
            for (name, field) in fields {
                compare(name, per_layer(&own, field), per_layer(&others, field));
            }
        }
        found
    }

    /// Whether weights of a model of configuration `other` fit this one.
    ///
    /// # Errors
    /// [`IncompatibleError`] naming every differing parameter.
    pub fn is_compatible_with_weights(&self, other: &Self) -> Result<(), IncompatibleError> {
        match self.differences(other) {
            differences if differences.is_empty() => Ok(()),
            differences => Err(IncompatibleError { differences }),
        }
    }
}

/// A structural parameter of a layer as text.
type Show = fn(&LayerConfig) -> String;

/// Weights that belong to another architecture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the weights do not fit the configuration: {}", sentence(differences))]
pub struct IncompatibleError {
    /// Name, value of the configuration, value of the weights.
    pub differences: Vec<(String, String, String)>,
}

fn sentence(differences: &[(String, String, String)]) -> String {
    let parts = differences.iter().map(|(name, own, others)| format!("{name} is {own}, the weights have {others}"));
    parts.collect::<Vec<_>>().join("; ")
}
