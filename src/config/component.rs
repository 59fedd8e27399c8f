//! The names and parameters of components, as the configuration spells them.
//!
//! A new component adds one variant here; what it does is written in `components`.

use super::name::{NameKind, names};

names! {
    /// The architecture.
    ModelType of NameKind::Model;
    /// Layers one behind the other.
    Feedforward = "feedforward",
}

names! {
    /// How a layer's nodes are wired to the layer before.
    LayerType of NameKind::Layer;
    /// Fixed random wiring.
    Random = "random",
}

names! {
    /// The family of the trained nodes.
    NodeType of NameKind::Node;
    /// Table of probabilities, trained by the expectation over soft inputs.
    Probabilistic = "probabilistic",
    /// Table of numbers, trained by extended finite differences.
    Dwn = "dwn",
}
