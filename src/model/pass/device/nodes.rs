//! A layer of nodes on an accelerator: its arrays, and its kernels forward and back.

use super::super::stage::NodesPlan;
use super::super::tile::StageStep;
use crate::components::accelerator::Argument::{Buffer as Array, Count, Float};
use crate::components::accelerator::{Accelerator, AcceleratorError, Argument, Buffer};
use crate::components::ops::BatchForm;

/// Threads that sums are spread over, where there are as many samples.
const THREADS: usize = 1 << 16;
/// Fewest samples that a thread adds up.
const SAMPLES: usize = 16;

/// Those of a layer of nodes.
#[derive(Debug)]
pub(super) struct NodeArrays {
    tables: Buffer,
    coefficients: Buffer,
    slopes: Buffer,
    pub(super) sums: Buffer,
    parts: Parts,
    pub(super) choice: Option<ChoiceArrays>,
}

/// Those of a choice: rows of elements, elements of candidates, gradient.
#[derive(Debug)]
pub(super) struct ChoiceArrays {
    rows: Buffer,
    list: Buffer,
    listed: bool,
    candidates: usize,
    grad: Buffer,
}

/// How the samples of a node are spread over threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    count: usize,
    length: usize,
}

impl Parts {
    /// Of `samples` samples at all positions, when `sums` sums run side by side.
    fn new(samples: usize, sums: usize) -> Self {
        let most = samples.div_ceil(SAMPLES).max(1);
        let length = samples.div_ceil((THREADS / sums.max(1)).clamp(1, most)).max(1);
        Self { count: samples.div_ceil(length), length }
    }
}

/// How many arrays' entries a kernel can count.
pub(super) fn limited(entries: usize) -> Result<u32, AcceleratorError> {
    u32::try_from(entries).map_err(|_| AcceleratorError::Unsupported {
        what: format!("an array of {entries} entries"),
        instead: "choose a smaller batch_size",
    })
}

/// A new array of these words.
pub(super) fn with(accelerator: &mut dyn Accelerator, words: &[u32]) -> Result<Buffer, AcceleratorError> {
    let buffer = accelerator.allocate(words.len())?;
    accelerator.upload(buffer, words)?;
    Ok(buffer)
}

/// The arrays of a layer of nodes, and how many partial sums it needs.
pub(super) fn node_arrays(
    on: &mut dyn Accelerator,
    nodes: &NodesPlan,
    tile: usize,
) -> Result<(NodeArrays, usize), AcceleratorError> {
    let entries = nodes.layer.sums();
    let sizes = match nodes.layer.batch_form() {
        Some(BatchForm::Lookup { slopes, .. }) => [entries, 0, if slopes { entries * nodes.layer.inputs() } else { 0 }],
        Some(BatchForm::Multilinear { hard, .. }) => [if hard { entries } else { 0 }, entries, 0],
        None => [0; 3],
    };
    let side_by_side = match nodes.layer.batch_form() {
        Some(BatchForm::Lookup { .. }) | None => nodes.width,
        Some(BatchForm::Multilinear { .. }) => entries,
    };
    let parts = Parts::new(nodes.positions * tile, side_by_side);
    let choice = match &nodes.learned {
        None => None,
        Some(learned) => {
            let candidates = learned.choices.dims().last().copied().unwrap_or(1);
            let list = learned.candidates.as_ref().map(|list| list.as_slice());
            Some(ChoiceArrays {
                rows: with(on, &nodes.rows)?,
                list: with(on, list.unwrap_or_default())?,
                listed: list.is_some(),
                candidates,
                grad: on.allocate(nodes.width * nodes.fan_in * candidates)?,
            })
        }
    };
    let arrays = NodeArrays {
        tables: on.allocate(sizes[0])?,
        coefficients: on.allocate(sizes[1])?,
        slopes: on.allocate(sizes[2])?,
        sums: on.allocate(entries)?,
        parts,
        choice,
    };
    Ok((arrays, entries * parts.count))
}

impl NodeArrays {
    /// What a step made of the numbers.
    pub(super) fn upload(&self, on: &mut dyn Accelerator, step: &StageStep) -> Result<(), AcceleratorError> {
        on.upload(self.tables, bytemuck::cast_slice(step.prepared.tables()))?;
        on.upload(self.coefficients, bytemuck::cast_slice(step.prepared.coefficients()))?;
        on.upload(self.slopes, bytemuck::cast_slice(step.prepared.slopes()))
    }
}

/// The outputs of a layer; the buffers are what it reads, from which rows, and they.
pub(super) fn nodes_forward(
    on: &mut dyn Accelerator,
    nodes: &NodesPlan,
    own: &NodeArrays,
    [input, read, out]: [Buffer; 3],
    tile: u32,
    threads: u32,
) -> Result<(), AcceleratorError> {
    let sizes = [nodes.layer.inputs() as u32, nodes.positions as u32, tile].map(Count);
    let launch = |kernel, numbers, last: Argument, on: &mut dyn Accelerator| {
        let buffers = [input, read, numbers, out].map(Array);
        on.launch(kernel, threads, &[&buffers[..], &sizes, &[last]].concat())
    };
    match nodes.layer.batch_form() {
        Some(BatchForm::Lookup { binary, .. }) => launch("lookup_forward", own.tables, Count(u32::from(binary)), on),
        Some(BatchForm::Multilinear { hard: true, .. }) => launch("lookup_forward", own.tables, Count(0), on),
        Some(BatchForm::Multilinear { temperature, .. }) => {
            launch("multilinear_forward", own.coefficients, Float(temperature.unwrap_or(0.0)), on)
        }
        None => Ok(()),
    }
}

/// The sums of a layer, and with `wants_pins` the gradients of its pins.
pub(super) fn nodes_backward(
    on: &mut dyn Accelerator,
    nodes: &NodesPlan,
    own: &NodeArrays,
    [input, read, out, grad_out, grad_pins, partials]: [Buffer; 6],
    tile: usize,
    wants_pins: bool,
) -> Result<(), AcceleratorError> {
    let Some(form) = nodes.layer.batch_form() else { return Ok(()) };
    let threads = (nodes.width * nodes.positions * tile) as u32;
    let sizes = [nodes.layer.inputs(), nodes.positions, tile].map(|size| Count(size as u32));
    let (kernel, sums, numbers, side_by_side) = match form {
        BatchForm::Lookup { .. } => ("lookup_backward", "lookup_sums", own.slopes, nodes.width),
        BatchForm::Multilinear { .. } => {
            ("multilinear_backward", "monomial_sums", own.coefficients, nodes.layer.sums())
        }
    };
    if let BatchForm::Multilinear { temperature: Some(temperature), .. } = form {
        on.launch("logistic_backward", threads, &[Array(out), Array(grad_out), Float(temperature)])?;
    }
    if wants_pins {
        let buffers = [input, read, numbers, grad_out, grad_pins].map(Array);
        on.launch(kernel, threads, &[&buffers[..], &sizes].concat())?;
    }
    let Parts { count, length } = own.parts;
    let buffers = [input, read, grad_out, partials].map(Array);
    let cut = [Count(nodes.width as u32), Count(length as u32)];
    on.launch(sums, limited(side_by_side * count)?, &[&buffers[..], &sizes, &cut].concat())?;
    let added = [Array(partials), Array(own.sums), Count(count as u32)];
    on.launch("add_parts", nodes.layer.sums() as u32, &added)
}

impl ChoiceArrays {
    /// The gradient of the weights of the choice, into `found`.
    pub(super) fn gradient(
        &self,
        on: &mut dyn Accelerator,
        nodes: &NodesPlan,
        [input, grad_pins]: [Buffer; 2],
        tile: u32,
        found: &mut Vec<f32>,
    ) -> Result<(), AcceleratorError> {
        let entries = nodes.width * nodes.fan_in * self.candidates;
        let buffers = [input, self.rows, self.list, grad_pins, self.grad].map(Array);
        let sizes = [self.candidates, usize::from(self.listed), nodes.fan_in, nodes.positions];
        let sizes = sizes.map(|size| Count(size as u32));
        let arguments = [&buffers[..], &sizes, &[Count(tile)]].concat();
        on.launch("choice_gradient", limited(entries)?, &arguments)?;
        found.resize(entries, 0.0);
        on.download(self.grad, bytemuck::cast_slice_mut(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_all_samples() {
        for (samples, sums) in [(1, 1), (128, 10), (4096, 64_000), (64 * 128, 96), (100_000, 1)] {
            let Parts { count, length } = Parts::new(samples, sums);
            assert!(count * length >= samples && (count - 1) * length < samples, "{samples} {sums}");
        }
        assert_eq!(Parts::new(4096, 100_000).count, 1);
        assert_eq!(Parts::new(128, 4).length, 16);
    }
}
