//! Node families: how a lookup table is parameterised, relaxed for training and evaluated.
//!
//! A kernel works on one node at a time over a whole batch; `ops::lut_layer` runs it over the
//! nodes of a layer. Every table is addressed with input 0 as the least significant bit.

mod difflogic;
mod dwn;
mod dwn_stable;
mod finite_difference;
mod fourier;
mod hybrid;
mod lanes;
mod linear_lut;
mod logistic;
mod multilinear;
mod neurallut;
mod polylut;
mod probabilistic;
mod warp;

#[cfg(test)]
mod testing;

pub(super) use difflogic::DIFFLOGIC;
pub(super) use dwn::DWN;
pub(super) use dwn_stable::DWN_STABLE;
pub(super) use fourier::FOURIER;
pub(super) use hybrid::HYBRID;
pub(super) use linear_lut::LINEAR_LUT;
pub(super) use neurallut::NEURALLUT;
pub(super) use polylut::POLYLUT;
pub(super) use probabilistic::PROBABILISTIC;
pub(super) use warp::WARP;

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;

use super::ComponentError;
use super::describe::ParameterInfo;
use super::initializer::{Block, Residual};
use crate::config::{EvalMode, NodeParams, NodeType, ParameterError, RuntimeConfig};
use crate::logic::TruthTable;

/// One family of nodes with its parameters fixed.
///
/// The numbers of a node stand in one row: the trained parameters, block after block, and behind
/// them `constants()` numbers that are drawn once and never trained. `pins` holds `fan_in()`
/// slices, one per input, each with the values of all samples of the batch; values lie in [0, 1].
pub trait NodeKernel: Debug + Send + Sync {
    /// Number of inputs of a node.
    fn fan_in(&self) -> usize;

    /// Length of a node's row.
    fn parameters(&self) -> usize {
        self.blocks().into_iter().map(Block::len).sum::<usize>() + self.constants()
    }

    /// How many numbers at the end of the row are constants.
    fn constants(&self) -> usize {
        0
    }

    /// The blocks of trained parameters, in the order of the row.
    fn blocks(&self) -> Vec<Block>;

    /// The family's own draw of a row, constants included.
    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]);

    /// Changes a row that [`init`](Self::init) drew so that the node passes its first input on.
    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]);

    /// Why a row from outside is none of this family, where more is asked than finite numbers.
    ///
    /// # Errors
    /// A sentence that names the number, its value and what is allowed.
    fn check(&self, _row: &[f32]) -> Result<(), String> {
        Ok(())
    }

    /// The training output of one node for every sample of the batch.
    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]);

    /// Adds the gradient of the parameters to `grad_row`, whose constants stay as they are, and,
    /// when asked for, writes that of the inputs to `grad_pins` (`fan_in x batch`, input 0
    /// first), given that of the output.
    fn backward(
        &self,
        row: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_row: &mut [f32],
        grad_pins: Option<&mut [f32]>,
    );

    /// Brings the parameters of one node back into their range after a step of the optimizer.
    fn constrain(&self, _row: &mut [f32]) {}

    /// The numbers in [0, 1] that regularizers see: one per input assignment, in the order of
    /// addresses. Otherwise the training output there.
    fn values(&self, row: &[f32]) -> Vec<f32> {
        let corners = Corners::new(self.fan_in());
        let mut out = vec![0.0; 1 << self.fan_in()];
        self.forward(row, &corners.pins(), &mut out);
        out
    }

    /// Adds the gradient of the parameters to `grad_row`, given that of [`values`](Self::values).
    fn values_backward(&self, row: &[f32], grad_values: &[f32], grad_row: &mut [f32]) {
        let corners = Corners::new(self.fan_in());
        self.backward(row, &corners.pins(), grad_values, grad_row, None);
    }

    /// The family's evaluation rule: the output bit of a trained node for input bits.
    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool;

    /// The evaluation rule at every assignment.
    fn truth_table(&self, row: &[f32]) -> TruthTable {
        let mut pins = vec![false; self.fan_in()];
        TruthTable::from_fn(self.fan_in(), |address| {
            for (input, pin) in pins.iter_mut().enumerate() {
                *pin = address >> input & 1 == 1;
            }
            self.evaluate(row, &pins)
        })
    }
}

/// The address of the table row that input bits select; input 0 is the lowest bit.
pub(super) fn address(pins: &[bool]) -> usize {
    pins.iter().enumerate().map(|(input, &pin)| usize::from(pin) << input).sum()
}

/// Every assignment of the inputs as a batch, in the order of addresses.
pub(super) struct Corners {
    columns: Vec<Vec<f32>>,
}

impl Corners {
    pub(super) fn new(fan_in: usize) -> Self {
        let column = |input: usize| (0..1usize << fan_in).map(|address| (address >> input & 1) as f32).collect();
        Self { columns: (0..fan_in).map(column).collect() }
    }

    pub(super) fn pins(&self) -> Vec<&[f32]> {
        self.columns.iter().map(Vec::as_slice).collect()
    }
}

/// What a kernel is made from.
#[derive(Clone, Copy, Debug)]
pub struct NodeSpec<'a> {
    /// Inputs of a node, 1 to 16.
    pub fan_in: usize,
    /// The structural parameters.
    pub params: &'a NodeParams,
    /// The runtime section.
    pub runtime: &'a RuntimeConfig,
}

impl NodeSpec<'_> {
    /// The evaluation mode, the first of `allowed` where none is set.
    fn eval_mode(&self, allowed: &[EvalMode]) -> Result<EvalMode, ComponentError> {
        let mode = self.runtime.eval_mode.unwrap_or(allowed[0]);
        if allowed.contains(&mode) {
            return Ok(mode);
        }
        let names: Vec<&str> = allowed.iter().map(|mode| mode.name()).collect();
        let allowed = format!("this node type allows {}", names.join(", "));
        Err(ParameterError::new("runtime.eval_mode", mode.name(), allowed).into())
    }
}

/// One line of the registry.
#[derive(Debug)]
pub struct NodeKind {
    /// The variant of the configuration.
    pub node_type: NodeType,
    /// The name in the configuration.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The keys of `node_params` and `runtime` that this family reads; setting another one is an
    /// error.
    pub parameters: &'static [ParameterInfo],
    /// Makes the kernel.
    pub build: fn(NodeSpec<'_>) -> Result<Box<dyn NodeKernel>, ComponentError>,
}
