//! How the nodes of a layer are wired to the layer before.

mod random;
mod wiring;

pub(super) use random::RANDOM;
pub use wiring::Wiring;

use rand_chacha::ChaCha8Rng;

use crate::config::LayerType;

/// The sizes that a wiring is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// Columns of the layer before, at least one.
    pub input_width: usize,
    /// Nodes of the layer.
    pub width: usize,
    /// Inputs of a node.
    pub fan_in: usize,
}

/// One line of the registry.
#[derive(Debug)]
pub struct LayerKind {
    /// The variant of the configuration.
    pub layer_type: LayerType,
    /// The name in the configuration.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// Draws the columns, `width x fan_in`, row-major.
    pub wire: fn(LayerShape, &mut ChaCha8Rng) -> Vec<u32>,
}
