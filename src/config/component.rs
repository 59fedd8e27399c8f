//! The names and parameters of components, as the configuration spells them.
//!
//! A new component adds one variant here; what it does is written in `components`.

use super::name::{NameKind, names};

names! {
    /// The architecture.
    ModelType of NameKind::Model;
    /// Layers one behind the other.
    Feedforward = "feedforward",
    /// Layers over images, then layers one behind the other.
    Convnet = "convnet",
}

names! {
    /// How a layer's nodes are wired to the layer before.
    LayerType of NameKind::Layer;
    /// Fixed random wiring.
    Random = "random",
    /// Every pin chooses its column in training.
    Learnable = "learnable",
    /// Random wiring whose node `j` reads column `j` first and starts as a wire from it.
    Residual = "residual",
}

names! {
    /// The family of the trained nodes.
    NodeType of NameKind::Node;
    /// Table of probabilities, trained by the expectation over soft inputs.
    Probabilistic = "probabilistic",
    /// Table of numbers, trained by extended finite differences.
    Dwn = "dwn",
    /// Table of logits, straight-through, with a gradient scale.
    DwnStable = "dwn_stable",
    /// Binary forward pass, gradient of the expectation.
    Hybrid = "hybrid",
    /// Sigmoid of a weighted sum of the inputs.
    LinearLut = "linear_lut",
    /// Sigmoid of a polynomial of the inputs.
    Polylut = "polylut",
    /// A small network of neurons.
    Neurallut = "neurallut",
    /// A clamped Fourier series.
    Fourier = "fourier",
    /// A mixture of the sixteen gates of two inputs.
    Difflogic = "difflogic",
    /// Walsh coefficients.
    Warp = "warp",
}
