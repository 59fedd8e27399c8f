//! What a state dict does not hold: a small YAML file beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::InputFormat;
use crate::files::FileError;

use super::{ImportError, Library};

/// The sidecar. Every field may be left out; import asks for those that it cannot infer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    /// The library; the same as `--from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<Library>,
    /// Name of the model; the file's name otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The integers that the hardware receives for a feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_format: Option<InputFormat>,
    /// How features become bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<EncoderSpec>,
    /// Channels, height, width (or channels, depth, height, width) of what the first
    /// convolution reads, before encoding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Vec<usize>>,
    /// The parts of the network in order, by their names in the checkpoint, where the order of
    /// the names is not it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<String>>,
    /// What the shapes of a part do not say, by its name in the checkpoint; parts without
    /// tensors (pooling) appear here only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modules: BTreeMap<String, ModuleSpec>,
    /// Settings of every node or table, where they are the same in all layers.
    #[serde(default, skip_serializing_if = "NodeSpec::is_empty")]
    pub nodes: NodeSpec,
    /// What happens to the last layer's bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadSpec>,
    /// A file with the wiring that the checkpoint leaves out (difflogic's state dict), relative
    /// to the sidecar: tensors `<layer>.indices_a` and `<layer>.indices_b`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wiring: Option<PathBuf>,
    /// Tensors that inference does not use: names, or beginnings of names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

/// The encoder and its fitted state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderSpec {
    /// Which one.
    pub kind: EncoderKind,
    /// Bits per feature, where the fitted state does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_bits: Option<usize>,
    /// Number of features, where one set of thresholds serves all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<usize>,
    /// Base of the logarithmic encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<f64>,
    /// Order of the encoded columns.
    #[serde(default, skip_serializing_if = "Order::is_default")]
    pub order: Order,
    /// A file (safetensors, npz, torch.save) with the fitted arrays under their attribute
    /// names, relative to the sidecar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// A prefix of the arrays' names in the file: `set.thresholds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// The fitted arrays themselves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Nested>,
}

/// The encoders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncoderKind {
    /// The features are bits already: above one half is one.
    Bits,
    /// `x > threshold`.
    #[default]
    Thermometer,
    /// The same with thresholds fitted to a normal distribution.
    GaussianThermometer,
    /// The same with thresholds fitted to quantiles.
    DistributiveThermometer,
    /// One bin of several.
    Onehot,
    /// A binary number.
    Binary,
    /// A Gray code.
    Gray,
    /// Sign and magnitude.
    SignMagnitude,
    /// A binary number of the logarithm.
    Logarithmic,
}

/// Order of the encoded columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Column = feature * bits + bit.
    #[default]
    FeatureMajor,
    /// Column = bit * features + feature: one plane of all features per bit.
    BitMajor,
}

impl Order {
    fn is_default(&self) -> bool {
        *self == Self::FeatureMajor
    }
}

/// Numbers in one or two dimensions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Nested {
    /// One row.
    Row(Vec<f64>),
    /// Rows of the same length.
    Rows(Vec<Vec<f64>>),
}

/// One number or one per axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sides {
    /// The same along every axis.
    All(usize),
    /// One per axis.
    Each(Vec<usize>),
}

impl Sides {
    /// One number per axis, if their number fits.
    pub fn axes(&self, axes: usize) -> Option<Vec<usize>> {
        match self {
            Self::All(side) => Some(vec![*side; axes]),
            Self::Each(sides) => (sides.len() == axes).then(|| sides.clone()),
        }
    }
}

/// Kinds of parts without tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleKind {
    /// Or pooling (max pooling of bits).
    OrPool,
}

/// Settings of one part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleSpec {
    /// The kind, for parts without tensors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ModuleKind>,
    /// Height and width of the window of a pooling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Sides>,
    /// Height and width of a convolution's receptive field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receptive_field: Option<Sides>,
    /// Steps of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<Sides>,
    /// Zeros around the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<Sides>,
    /// Settings of the part's nodes.
    #[serde(default, skip_serializing_if = "NodeSpec::is_empty")]
    pub nodes: NodeSpec,
}

/// Settings of nodes and tables that their tensors do not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSpec {
    /// torchlogix: how weights are turned into tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parametrization: Option<Parametrization>,
    /// DiffLUT neurallut: the function between layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// DiffLUT fourier: bound of the amplitudes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amplitude: Option<f64>,
    /// DiffLUT difflogic: what evaluation computes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_mode: Option<EvalMode>,
}

impl NodeSpec {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These settings, and those of `other` where there is none here.
    pub fn or(self, other: Self) -> Self {
        Self {
            parametrization: self.parametrization.or(other.parametrization),
            activation: self.activation.or(other.activation),
            max_amplitude: self.max_amplitude.or(other.max_amplitude),
            eval_mode: self.eval_mode.or(other.eval_mode),
        }
    }
}

/// torchlogix's parametrizations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parametrization {
    /// Logits over the sixteen gates.
    Raw,
    /// Walsh coefficients.
    Warp,
    /// One logit per table row.
    Light,
}

/// Functions between the layers of a neurallut node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `x` above zero, `0.01 x` below.
    Leakyrelu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

/// What a DiffLUT difflogic or warp node computes in evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvalMode {
    /// The mean over all gates; import rounds it at every corner.
    Expectation,
    /// The most probable gate.
    Deterministic,
    /// warp: the sign of the sum.
    Sign,
    /// warp: whether the sum is above zero.
    Threshold,
}

/// The head.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadSpec {
    /// Number of classes of the group sum; `0` where the bits are the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<u32>,
    /// Scores are divided by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<f64>,
    /// Added to every sum before the division.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
    /// Column `i` of the group sum is column `permutation[i]` of the last layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permutation: Option<Permutation>,
}

/// A permutation in the sidecar or in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Permutation {
    /// The columns.
    Inline(Vec<u32>),
    /// An integer tensor of a file, relative to the sidecar.
    File {
        /// The file.
        file: PathBuf,
        /// The tensor in it.
        tensor: String,
    },
}

impl Sidecar {
    /// Reads a sidecar; unknown fields are refused with their names.
    ///
    /// # Errors
    /// [`ImportError`] with the file and what YAML says.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let text = std::fs::read_to_string(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Parses a sidecar; `path` is used in messages and for files that it names.
    ///
    /// # Errors
    /// [`ImportError::Sidecar`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ImportError> {
        let broken = |problem: String| ImportError::Sidecar { path: path.to_owned(), field: "YAML".into(), problem };
        if text.len() > 64 << 20 {
            return Err(broken("it is larger than 64 MiB; put thresholds into a file".into()));
        }
        serde_yaml::from_str(text).map_err(|error| broken(error.to_string()))
    }

    /// The sidecar as YAML.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(self).unwrap_or_default()
    }

    /// This sidecar, and what `other` says where this one says nothing.
    pub fn or(self, other: Self) -> Self {
        let head = match (self.head, other.head) {
            (Some(a), Some(b)) => Some(HeadSpec {
                classes: a.classes.or(b.classes),
                tau: a.tau.or(b.tau),
                beta: a.beta.or(b.beta),
                permutation: a.permutation.or(b.permutation),
            }),
            (a, b) => a.or(b),
        };
        let mut modules = other.modules;
        modules.extend(self.modules);
        let ignore = if self.ignore.is_empty() { other.ignore } else { self.ignore };
        Self {
            library: self.library.or(other.library),
            name: self.name.or(other.name),
            input_format: self.input_format.or(other.input_format),
            encoder: self.encoder.or(other.encoder),
            image: self.image.or(other.image),
            layers: self.layers.or(other.layers),
            modules,
            nodes: self.nodes.or(other.nodes),
            head,
            wiring: self.wiring.or(other.wiring),
            ignore,
        }
    }
}
