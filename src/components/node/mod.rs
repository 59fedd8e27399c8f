//! Node families: how a lookup table is parameterised, relaxed for training and evaluated.
//!
//! A kernel works on one node at a time over a whole batch; `ops::lut_layer` runs it over the
//! nodes of a layer. Every table is addressed with input 0 as the least significant bit.

mod dwn;
mod init;
mod probabilistic;

pub(super) use dwn::DWN;
pub(super) use probabilistic::PROBABILISTIC;

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;

use super::ComponentError;
use crate::config::{NodeType, RuntimeConfig};
use crate::logic::TruthTable;

/// One family of nodes with its parameters fixed.
///
/// `pins` holds `fan_in()` slices, one per input, each with the values of all samples of the
/// batch; values lie in [0, 1].
pub trait NodeKernel: Debug + Send + Sync {
    /// Number of inputs of a node.
    fn fan_in(&self) -> usize;

    /// Number of trained parameters of a node.
    fn parameters(&self) -> usize;

    /// Draws the parameters of one node.
    fn init(&self, rng: &mut ChaCha8Rng, parameters: &mut [f32]);

    /// The training output of one node for every sample of the batch.
    fn forward(&self, parameters: &[f32], pins: &[&[f32]], out: &mut [f32]);

    /// Adds the gradient of the parameters to `grad_parameters` and, when asked for, writes that
    /// of the inputs to `grad_pins` (`fan_in x batch`, input 0 first), given that of the output.
    fn backward(
        &self,
        parameters: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_parameters: &mut [f32],
        grad_pins: Option<&mut [f32]>,
    );

    /// Brings the parameters of one node back into their range after a step of the optimizer.
    fn constrain(&self, _parameters: &mut [f32]) {}

    /// The family's evaluation rule: the output bit of a trained node for input bits.
    fn evaluate(&self, parameters: &[f32], pins: &[bool]) -> bool;

    /// The evaluation rule at every assignment.
    fn truth_table(&self, parameters: &[f32]) -> TruthTable {
        let mut pins = vec![false; self.fan_in()];
        TruthTable::from_fn(self.fan_in(), |row| {
            for (input, pin) in pins.iter_mut().enumerate() {
                *pin = row >> input & 1 == 1;
            }
            self.evaluate(parameters, &pins)
        })
    }
}

/// The address of the table row that input bits select; input 0 is the lowest bit.
pub(super) fn address(pins: &[bool]) -> usize {
    pins.iter().enumerate().map(|(input, &pin)| usize::from(pin) << input).sum()
}

/// What a kernel is made from.
#[derive(Clone, Copy, Debug)]
pub struct NodeSpec<'a> {
    /// Inputs of a node, 1 to 16.
    pub fan_in: usize,
    /// The runtime section.
    pub runtime: &'a RuntimeConfig,
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
    /// The keys of the runtime section that this family reads; setting another one is an error.
    pub runtime_keys: &'static [&'static str],
    /// Makes the kernel.
    pub build: fn(NodeSpec<'_>) -> Result<Box<dyn NodeKernel>, ComponentError>,
}
