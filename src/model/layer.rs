//! One trainable layer.

use std::sync::Arc;

use candle_core::{Device, Tensor, Var};

use super::{ModelError, weights_of};
use crate::components::layer::{Unroll, Wiring, choose_hard};
use crate::components::node::NodeKernel;
use crate::components::ops::GatherOp;
use crate::config::RuntimeConfig;

/// What the configuration says of a layer, made into what runs it.
#[derive(Clone, Debug)]
pub(super) struct LayerKernel {
    /// What the nodes are.
    pub(super) kernel: Arc<dyn NodeKernel>,
    /// The runtime section as it holds for this layer.
    pub(super) runtime: RuntimeConfig,
    /// The positions that its nodes serve, in a convolution.
    pub(super) unroll: Option<Arc<Unroll>>,
}

/// The nodes of a layer and what they read.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// What the nodes are and how they train.
    pub(super) kind: LayerKernel,
    /// `(width, numbers of a node)`, float32.
    pub(super) weights: Var,
    source: Source,
}

/// Where the pins come from.
#[derive(Clone, Debug)]
enum Source {
    Fixed(Arc<Wiring>),
    Learned {
        /// `(width * fan_in, columns)`, float32.
        choices: Var,
        /// Every node reads the next pins of the softly chosen ones.
        in_order: Arc<Wiring>,
    },
}

/// The pins of a layer in training.
pub(super) enum Pins<'a> {
    /// They are columns of the layer before.
    Wired(&'a Arc<Wiring>),
    /// They are mixtures of those columns by `choices`, and wired in order.
    Mixed { choices: &'a Var, in_order: &'a Arc<Wiring> },
}

impl Layer {
    /// A layer of fixed wiring; columns and numbers must fit the sizes.
    pub(super) fn fixed(
        kind: &LayerKernel,
        input_width: usize,
        columns: Vec<u32>,
        weights: Vec<f32>,
    ) -> Result<Self, ModelError> {
        let wiring = wiring(input_width, kind.kernel.fan_in(), columns)?;
        Ok(Self { kind: kind.clone(), weights: rows(weights, wiring.width())?, source: Source::Fixed(wiring) })
    }

    /// A layer whose `width * fan_in` pins choose among `input_width` columns.
    pub(super) fn learned(
        kind: &LayerKernel,
        input_width: usize,
        choices: Vec<f32>,
        weights: Vec<f32>,
    ) -> Result<Self, ModelError> {
        let pins = choices.len() / input_width.max(1);
        let in_order = wiring(pins, kind.kernel.fan_in(), (0..pins as u32).collect())?;
        let weights = rows(weights, in_order.width())?;
        Ok(Self { kind: kind.clone(), weights, source: Source::Learned { choices: rows(choices, pins)?, in_order } })
    }

    /// What the nodes see of `(columns, batch)`: the same, or every window of every sample as a
    /// sample of its own, `(elements, positions * batch)`.
    pub(super) fn seen(&self, activations: Tensor) -> Result<Tensor, ModelError> {
        let Some(unroll) = &self.kind.unroll else { return Ok(activations) };
        let (_, batch) = activations.dims2()?;
        let windows = match unroll.windows() {
            Some(windows) => activations.apply_op1(GatherOp { windows: windows.clone() })?,
            None => activations,
        };
        Ok(windows.reshape((unroll.elements(), unroll.positions() * batch))?)
    }

    /// What the nodes make as `(columns, batch)`.
    pub(super) fn returned(&self, made: Tensor, batch: usize) -> Result<Tensor, ModelError> {
        match &self.kind.unroll {
            None => Ok(made),
            Some(unroll) => Ok(made.reshape((self.width() * unroll.positions(), batch))?),
        }
    }

    /// Number of columns that the nodes can be wired to.
    pub(super) fn input_width(&self) -> Result<usize, ModelError> {
        match &self.source {
            Source::Fixed(wiring) => Ok(wiring.input_width()),
            Source::Learned { choices, .. } => Ok(choices.dims2()?.1),
        }
    }

    /// How many numbers training changes.
    pub(super) fn parameters(&self) -> usize {
        let constants = self.width() * self.kind.kernel.constants();
        self.weights.elem_count() - constants + self.choices().map_or(0, |choices| choices.elem_count())
    }

    /// Number of nodes.
    pub(super) fn width(&self) -> usize {
        match &self.source {
            Source::Fixed(wiring) | Source::Learned { in_order: wiring, .. } => wiring.width(),
        }
    }

    /// The weights of the choices, where the wiring is trained.
    pub(super) fn choices(&self) -> Option<&Var> {
        match &self.source {
            Source::Fixed(_) => None,
            Source::Learned { choices, .. } => Some(choices),
        }
    }

    /// The pins in training.
    pub(super) fn pins(&self) -> Pins<'_> {
        match &self.source {
            Source::Fixed(wiring) => Pins::Wired(wiring),
            Source::Learned { choices, in_order } => Pins::Mixed { choices, in_order },
        }
    }

    /// The wiring in evaluation.
    pub(super) fn wiring(&self) -> Result<Arc<Wiring>, ModelError> {
        match &self.source {
            Source::Fixed(wiring) => Ok(wiring.clone()),
            Source::Learned { choices, in_order } => {
                let (_, input_width) = choices.dims2()?;
                wiring(input_width, in_order.fan_in(), choose_hard(&weights_of(choices)?, input_width))
            }
        }
    }
}

fn wiring(input_width: usize, fan_in: usize, columns: Vec<u32>) -> Result<Arc<Wiring>, ModelError> {
    let wiring = Wiring::new(input_width, fan_in, columns)
        .ok_or_else(|| candle_core::Error::Msg("a wiring names a column that does not exist".into()))?;
    Ok(Arc::new(wiring))
}

fn rows(values: Vec<f32>, rows: usize) -> Result<Var, ModelError> {
    let shape = (rows, values.len() / rows.max(1));
    Ok(Var::from_vec(values, shape, &Device::Cpu)?)
}
