//! How the nodes of a layer are wired to the layer before.

mod flip;
mod grouped;
mod image;
mod learnable;
mod parallel;
mod random;
mod residual;
mod tables;
mod wiring;

pub use flip::flip;
pub use grouped::wire_grouped;
pub use image::{Image, OrLevel, Pool, Unroll};
pub(super) use learnable::LEARNABLE;
pub use learnable::{choose_hard, temperature};
pub use parallel::parallel;
pub(super) use random::RANDOM;
pub(super) use residual::RESIDUAL_LAYER;
pub use tables::{lut_layer, or_layers};
pub use wiring::Wiring;

use rand_chacha::ChaCha8Rng;

use super::describe::ParameterInfo;
use super::initializer::InitDefault;
use crate::config::{LayerType, NodeType, Selection};

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

/// How a layer gets its wiring.
#[derive(Clone, Copy, Debug)]
pub enum Draw {
    /// Fixed: the columns, `width x fan_in`, row-major.
    Fixed(fn(LayerShape, &mut ChaCha8Rng) -> Vec<u32>),
    /// Trained: every pin chooses among that many candidates, or among all columns.
    Learned(fn(LayerShape, Option<usize>, Selection, &mut ChaCha8Rng) -> Choices),
}

/// What the pins of a layer choose among, before training.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// The weights, `(width * fan_in) x candidates`, row-major.
    pub weights: Vec<f32>,
    /// The candidates of every weight, ascending in a row; `None` where every column is one.
    pub candidates: Option<Vec<u32>>,
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
    /// The keys of the runtime section that it reads.
    pub parameters: &'static [ParameterInfo],
    /// The initializer of its nodes of a family where the configuration names none.
    pub init: fn(NodeType) -> InitDefault,
    /// How it gets its wiring.
    pub draw: Draw,
}
