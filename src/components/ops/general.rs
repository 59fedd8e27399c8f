//! Layers of nodes that have no form of their own, for a tile: their kernels are called node by
//! node.

use super::layer::{Nodes, Target};
use crate::components::node::NodeKernel;

/// Runs `f` with the rows that a node reads.
fn with_pins<R>(nodes: &Nodes<'_>, sources: &[u32], f: impl FnOnce(&[&[f32]]) -> R) -> R {
    let mut pins: [&[f32]; 16] = [&[]; 16];
    for (pin, &source) in pins.iter_mut().zip(sources) {
        *pin = nodes.row(source);
    }
    f(&pins[..sources.len().min(16)])
}

/// The outputs of a layer whose nodes have the numbers `rows`.
pub(super) fn forward(kernel: &dyn NodeKernel, nodes: &Nodes<'_>, rows: &[f32], out: &mut [f32]) {
    let numbers = kernel.parameters();
    let sources = nodes.read.chunks_exact(nodes.fan_in);
    for (index, (out, sources)) in out.chunks_exact_mut(nodes.tile).zip(sources).enumerate() {
        let row = &rows[index / nodes.positions * numbers..][..numbers];
        with_pins(nodes, sources, |pins| kernel.forward(row, pins, out));
    }
}

/// Adds the gradients of the numbers to `sums` and those of the inputs to their rows.
pub(super) fn backward(
    kernel: &dyn NodeKernel,
    nodes: &Nodes<'_>,
    rows: &[f32],
    grad_out: &[f32],
    sums: &mut [f32],
    mut target: Option<Target<'_>>,
) {
    let (numbers, tile, fan_in) = (kernel.parameters(), nodes.tile, nodes.fan_in);
    let mut grad_pins = vec![0.0f32; if target.is_some() { fan_in * tile } else { 0 }];
    let all = grad_out.chunks_exact(tile).zip(nodes.read.chunks_exact(fan_in));
    for (index, (grad_out, sources)) in all.enumerate() {
        let node = index / nodes.positions;
        let (row, sums) = (&rows[node * numbers..][..numbers], &mut sums[node * numbers..][..numbers]);
        let asked = target.is_some().then_some(grad_pins.as_mut_slice());
        with_pins(nodes, sources, |pins| kernel.backward(row, pins, grad_out, sums, asked));
        let Some(target) = &mut target else { continue };
        for (input, found) in grad_pins.chunks_exact(tile).enumerate() {
            let grad = target.row(index * fan_in + input, tile);
            grad.iter_mut().zip(found).for_each(|(grad, g)| *grad += g);
        }
    }
}
