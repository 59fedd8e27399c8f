//! One trainable layer.

use std::sync::Arc;

use candle_core::{Device, Var};

use super::{ModelError, weights_of};
use crate::components::layer::{Choices, Unroll, Wiring, choose_hard};
use crate::components::node::NodeKernel;
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
    pub(super) source: Source,
}

/// Where the pins come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Fixed(Arc<Wiring>),
    Learned(Learned),
}

/// Pins that choose.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    /// `(width * fan_in, candidates)`, float32.
    pub(super) choices: Var,
    /// What they choose among, row by row; every column without it.
    pub(super) candidates: Option<Arc<Vec<u32>>>,
    /// Columns that the nodes can be wired to.
    pub(super) input_width: usize,
}

impl Learned {
    /// Number of columns that a pin chooses among.
    pub(super) fn count(&self) -> Result<usize, ModelError> {
        Ok(self.choices.dims2()?.1)
    }
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

    /// A layer whose pins, `fan_in` of each of `width` nodes, choose among `input_width` columns.
    pub(super) fn learned(
        kind: &LayerKernel,
        width: usize,
        input_width: usize,
        choices: Choices,
        weights: Vec<f32>,
    ) -> Result<Self, ModelError> {
        let pins = width * kind.kernel.fan_in();
        let fits = |candidates: &Vec<u32>| {
            candidates.len() == choices.weights.len() && candidates.iter().all(|&c| (c as usize) < input_width)
        };
        if !choices.candidates.as_ref().is_none_or(fits) {
            return Err(candle_core::Error::Msg("a candidate is a column that does not exist".into()).into());
        }
        let learned = Learned {
            choices: rows(choices.weights, pins)?,
            candidates: choices.candidates.map(Arc::new),
            input_width,
        };
        Ok(Self { kind: kind.clone(), weights: rows(weights, width)?, source: Source::Learned(learned) })
    }

    /// Number of columns that the nodes can be wired to.
    pub(super) fn input_width(&self) -> usize {
        match &self.source {
            Source::Fixed(wiring) => wiring.input_width(),
            Source::Learned(learned) => learned.input_width,
        }
    }

    /// How many numbers training changes.
    pub(super) fn parameters(&self) -> usize {
        let constants = self.width() * self.kind.kernel.constants();
        self.weights.elem_count() - constants + self.choices().map_or(0, |choices| choices.elem_count())
    }

    /// Number of nodes.
    pub(super) fn width(&self) -> usize {
        self.weights.elem_count() / self.kind.kernel.parameters().max(1)
    }

    /// The weights of the choices, where the wiring is trained.
    pub(super) fn choices(&self) -> Option<&Var> {
        match &self.source {
            Source::Fixed(_) => None,
            Source::Learned(learned) => Some(&learned.choices),
        }
    }

    /// The wiring in evaluation.
    pub(super) fn wiring(&self) -> Result<Arc<Wiring>, ModelError> {
        match &self.source {
            Source::Fixed(wiring) => Ok(wiring.clone()),
            Source::Learned(learned) => {
                let candidates = learned.candidates.as_ref().map(|list| list.as_slice());
                let chosen = choose_hard(&weights_of(&learned.choices)?, learned.count()?, candidates);
                wiring(learned.input_width, self.kind.kernel.fan_in(), chosen)
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
