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

/// A form of training output for which a layer has code that runs over many nodes and samples.
///
/// It is a promise: [`NodeKernel::forward`] and [`NodeKernel::backward`] compute the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relaxation {
    /// None of these: `forward` and `backward` are called node by node.
    General,
    /// The entry of [`tables`](NodeKernel::tables) at the row that the bits `x_j >= 0.5` select;
    /// inputs have the gradient of [`slopes`](NodeKernel::slopes), entries the output's.
    Lookup,
    /// The multilinear extension of [`tables`](NodeKernel::tables); with a temperature `T`,
    /// `sigmoid(f / T)` of it.
    Multilinear {
        /// The temperature.
        temperature: Option<f32>,
    },
    /// Forward as `Lookup`, backward as `Multilinear` without a temperature.
    Interpolated,
    /// The multilinear extension of a table of two of the inputs,
    /// [`gate_inputs`](NodeKernel::gate_inputs); [`tables`](NodeKernel::tables) has its four
    /// values at `2 a + b`.
    Gate,
    /// The sigmoid of the sum of the first `fan_in` numbers times the inputs and the last number.
    Affine,
}

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

    /// The form of the training output.
    fn relaxation(&self) -> Relaxation {
        Relaxation::General
    }

    /// Whether the training output is 0 or 1.
    fn is_binary(&self) -> bool {
        false
    }

    /// The tables that [`relaxation`](Self::relaxation) speaks of, of several nodes: `rows` has
    /// their numbers, `tables` 2^fan_in entries a node (4 of a gate). Without a form the training
    /// output at every assignment.
    fn tables(&self, rows: &[f32], tables: &mut [f32]) {
        let corners = Corners::new(self.fan_in());
        let pins = corners.pins();
        let nodes = rows.chunks_exact(self.parameters()).zip(tables.chunks_exact_mut(1 << self.fan_in()));
        nodes.for_each(|(row, table)| self.forward(row, &pins, table));
    }

    /// Adds the gradient of the numbers of several nodes to `grad_rows`, given that of
    /// [`tables`](Self::tables).
    fn tables_backward(&self, rows: &[f32], grad_tables: &[f32], grad_rows: &mut [f32]) {
        let corners = Corners::new(self.fan_in());
        let (pins, parameters) = (corners.pins(), self.parameters());
        let nodes = rows.chunks_exact(parameters).zip(grad_tables.chunks_exact(1 << self.fan_in()));
        for ((row, grad), grad_row) in nodes.zip(grad_rows.chunks_exact_mut(parameters)) {
            self.backward(row, &pins, grad, grad_row, None);
        }
    }

    /// The derivatives by the inputs of several nodes of the form `Lookup`: `fan_in x 2^fan_in`
    /// numbers a node, input 0 first.
    fn slopes(&self, _rows: &[f32], slopes: &mut [f32]) {
        slopes.fill(0.0);
    }

    /// The inputs a and b of a node of the form `Gate`.
    fn gate_inputs(&self, _row: &[f32]) -> [usize; 2] {
        [0, 0]
    }

    /// Brings the parameters of one node back into their range after a step of the optimizer.
    fn constrain(&self, _row: &mut [f32]) {}

    /// [`constrain`](Self::constrain) of several nodes.
    fn constrain_nodes(&self, rows: &mut [f32]) {
        rows.chunks_exact_mut(self.parameters()).for_each(|row| self.constrain(row));
    }

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
