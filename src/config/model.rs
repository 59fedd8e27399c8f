//! The model section: what network to build.

use serde::{Deserialize, Serialize};

use super::dialect::ModelFile;
use super::{
    EncoderConfig, ForkConfig, Forks, HeadType, ImageShape, InputFormat, LayerType, Metadata, ModelPlan, ModelType,
    NodeParams, NodeType, ParameterError, Part, PlacedImage, RuntimeConfig, Section, SpatialConfig, branches,
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
    /// What the bits of the last layer say.
    pub head: HeadType,
    /// Number of classes of the group sum, 2 to 65536 and at most the bits that it reads; 0 for
    /// plain bits.
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
    /// Which of `layers` stand in branches beside each other; ascending.
    pub forks: Vec<ForkConfig>,
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
            head: HeadType::GroupSum,
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
            forks: Vec::new(),
            metadata: Metadata::default(),
        }
    }

    /// Every layer with all its choices, first layer first, and the branches among them.
    ///
    /// # Errors
    /// [`ParameterError`] when `layers`, `layer_widths` and `forks` contradict each other.
    pub fn plan(&self) -> Result<ModelPlan, ParameterError> {
        branches::check(self.layers.len(), &self.forks)?;
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
            return Ok(ModelPlan { layers: self.layer_widths.iter().map(alike).collect(), forks: Vec::new() });
        }
        let whole = |layer: &LayerConfig| {
            Ok(LayerConfig {
                node_params: layer.node_params.over(&self.node_params)?,
                runtime: layer.runtime.over(&self.runtime)?,
                ..layer.clone()
            })
        };
        let layers = self.layers.iter().map(whole).collect::<Result<_, ParameterError>>()?;
        Ok(ModelPlan { layers, forks: self.forks.clone() })
    }

    /// Layer `index` as a file spells it, for messages: `layers[2]`, in a branch
    /// `layers[0].branches[1].layers[2]`.
    pub fn place(&self, index: usize) -> String {
        branches::place(&self.forks, index)
    }

    /// Number of bits that the head reads; `None` where it depends on the number of features,
    /// which is not known yet.
    pub fn output_width(&self) -> Option<usize> {
        let encoded = self.input_size.map(|features| features.saturating_mul(self.encoder_config.num_bits()));
        let mut forks = Forks::default();
        let mut width = encoded;
        for part in branches::parts(self.layer_widths.len(), &self.forks) {
            width = match part {
                Part::Layer(index) => self.layer_widths.get(index).copied(),
                Part::Mark(mark) => {
                    let sum = |_, ends: Vec<Option<usize>>| {
                        ends.into_iter().try_fold(0usize, |sum, end| Some(sum.saturating_add(end?)))
                    };
                    let Ok(width) = forks.pass(mark, width, Clone::clone, |read, ends| {
                        Ok::<_, std::convert::Infallible>(sum(read, ends))
                    });
                    width
                }
            };
        }
        width
    }

    /// Refuses a head that does not fit the bits that it reads.
    fn check_head(&self) -> Result<(), ParameterError> {
        let width = self.output_width();
        match self.head {
            HeadType::GroupSum => {
                ParameterError::unless_in("num_classes", self.num_classes, 2..=65536)?;
                if let Some(width) = width.filter(|&width| width < self.num_classes) {
                    let what =
                        if self.ends_in_branches() { "the branches at the end make" } else { "the last layer has" };
                    let nodes = if self.ends_in_branches() { "bits" } else { "nodes" };
                    let allowed = format!("{what} {width} {nodes} and every class needs at least one; widen it");
                    return Err(ParameterError::new("num_classes", self.num_classes, allowed));
                }
            }
            HeadType::Bits | HeadType::Onehot => {
                if self.num_classes != 0 {
                    let allowed = format!(
                        "head {} has no classes, every bit of the last layer is an answer by itself; remove it",
                        self.head.name()
                    );
                    return Err(ParameterError::new("num_classes", self.num_classes, allowed));
                }
                if self.use_randperm {
                    let allowed = format!("head {} has no classes to shuffle nodes between", self.head.name());
                    return Err(ParameterError::new("use_randperm", "true", allowed));
                }
                if width.is_none() {
                    let allowed = "the branches at the end pass encoded bits on to the head, so that it must be known";
                    return Err(ParameterError::new("input_size", "missing", allowed));
                }
                // Data sets have labels of 16 bits.
                let most = if self.head == HeadType::Bits { 16 } else { 65536 };
                if let Some(width) = width.filter(|width| !(1..=most).contains(width)) {
                    let allowed = format!("head {} reads 1 to {most}, each an answer by itself", self.head.name());
                    return Err(ParameterError::new("the number of bits of the last of layer_widths", width, allowed));
                }
            }
        }
        Ok(())
    }

    /// Whether the head reads branches.
    fn ends_in_branches(&self) -> bool {
        self.forks.last().is_some_and(|fork| fork.end() == self.layers.len())
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
            let place = self.place(index);
            ParameterError::unless_in(&format!("{place}.n"), layer.node_input_dim, 1..=16)?;
            let inside = |error: ParameterError| error.inside(&place);
            layer.node_params.check().map_err(inside)?;
            layer.runtime.check().map_err(inside)?;
            if layer.runtime.output_tau.is_some() {
                let parameter = format!("{place}.runtime.output_tau");
                return Err(ParameterError::new(
                    parameter,
                    "set",
                    "it belongs to the whole model; move it to groupsum.tau",
                ));
            }
        }
        self.check_head()?;
        let entries = plan
            .layers
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

    /// The image that each layer reads, where it is one over an image; the encoder's has its bits
    /// as channels, `channel * num_bits + bit`.
    ///
    /// # Errors
    /// [`ParameterError`] for layers over images that get none, for geometry that does not fit
    /// and for widths that are not those of the geometry.
    pub fn images(&self) -> Result<Vec<Option<PlacedImage>>, ParameterError> {
        branches::check(self.layers.len(), &self.forks)?;
        let mut image = self.first_image()?;
        let mut images = vec![None; self.layer_widths.len().max(self.layers.len())];
        let mut forks = Forks::default();
        for part in branches::parts(self.layers.len(), &self.forks) {
            let (index, layer) = match part {
                Part::Layer(index) => (index, &self.layers[index]),
                Part::Mark(mark) => {
                    let join = |_, ends: Vec<_>| Ok::<_, ParameterError>(branches::joined(&ends));
                    image = forks.pass(mark, image, |image| *image, join)?;
                    continue;
                }
            };
            let Some(spatial) = &layer.spatial else {
                image = None;
                continue;
            };
            let place = self.place(index);
            let inside = |error: ParameterError| error.inside(&place);
            let Some(read) = image else {
                let allowed = match self.forks.is_empty() {
                    true => "a dense layer stands before it, whose nodes are no image; put it before all dense layers",
                    false => {
                        "what stands before it is no image but a dense layer, or branches that do not all end in \
                         images of the same height and width; put it before all of these"
                    }
                };
                return Err(inside(ParameterError::new("type", spatial.name(), allowed)));
            };
            ParameterError::unless_in("n", layer.node_input_dim, 1..=16).map_err(inside)?;
            let made = spatial.output(read.shape, layer.node_input_dim).map_err(inside)?;
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
            images[index] = image;
            image = Some(PlacedImage { shape: made, encoded: false });
        }
        if self.use_randperm && image.is_some_and(|image| !image.encoded) {
            let allowed = "the last layer makes an image, whose bits share their nodes; put a dense layer behind it";
            return Err(ParameterError::new("use_randperm", "true", allowed));
        }
        if self.use_randperm && self.ends_in_branches() {
            let allowed = "the model ends in branches; put a layer behind them, whose nodes can be shuffled";
            return Err(ParameterError::new("use_randperm", "true", allowed));
        }
        Ok(images)
    }

    /// The image that the encoder makes, when some layer is over images.
    fn first_image(&self) -> Result<Option<PlacedImage>, ParameterError> {
        let spatial = self.layers.iter().position(|layer| layer.spatial.is_some());
        match (self.input_shape, spatial) {
            (None, None) if self.model_type == ModelType::Convnet => {
                let allowed = "a convnet has layers of type convolutional or max_pool, which the per-layer dialect \
                               describes (`layers`), and an input_shape";
                Err(ParameterError::new("model_type", "convnet", allowed))
            }
            (None, None) => Ok(None),
            (Some(shape), None) => {
                let allowed = "no layer is convolutional or max_pool, so that nothing reads it; remove it";
                Err(ParameterError::new("input_shape", format!("{shape:?}"), allowed))
            }
            (_, Some(index)) if self.model_type == ModelType::Feedforward => {
                let name = self.layers[index].spatial.map_or("", |spatial| spatial.name());
                let allowed = "it needs `model_type: convnet`";
                Err(ParameterError::new(format!("{}.type", self.place(index)), name, allowed))
            }
            (None, Some(index)) => {
                let place = self.place(index);
                let allowed = format!("{place} reads an image; expected [channels, height, width] of a sample");
                Err(ParameterError::new("input_shape", "missing", allowed))
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
                let columns = features.saturating_mul(bits);
                ParameterError::unless_in("the features of input_shape times num_bits", columns, 1..=1 << 24)?;
                Ok(Some(PlacedImage { shape: [channels * bits, height, width], encoded: true }))
            }
        }
    }

    /// The divisor of the scores.
    pub fn tau(&self) -> f32 {
        self.runtime.output_tau.unwrap_or(1.0)
    }

    /// What was accepted and has no effect, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut runtimes = vec![("runtime".to_owned(), &self.runtime)];
        let layers = self.layers.iter().enumerate();
        runtimes.extend(layers.map(|(index, layer)| (format!("{}.node_params", self.place(index)), &layer.runtime)));
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
        compare("head", self.head.name().into(), other.head.name().into());
        compare("num_classes", self.num_classes.to_string(), other.num_classes.to_string());
        compare("layer_widths", format!("{:?}", self.layer_widths), format!("{:?}", other.layer_widths));
        let rows = |config: &Self| {
            let rows = config.forks.iter().map(|fork| format!("{:?}", fork.rows()));
            format!("[{}]", rows.collect::<Vec<_>>().join(", "))
        };
        compare("the layers in branches", rows(self), rows(other));
        if let (Ok(ModelPlan { layers: own, .. }), Ok(ModelPlan { layers: others, .. })) = (self.plan(), other.plan())
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
