//! The passes of a training step on an accelerator.
//!
//! Per sample everything happens there: encoded bits go up, scores come down, their gradients go
//! up, and down come the sums that a layer makes the gradient of its numbers of. What is done once
//! per step and not per sample stays here and is that of training on the processor: tables and
//! coefficients of the numbers, the gradients of the numbers, regularizers, Adam. So a model, its
//! losses, checkpoints and files are the same wherever it is trained; sums are added in another
//! order, so its weights differ in their last bits.

mod nodes;

use self::nodes::{NodeArrays, limited, node_arrays, nodes_backward, nodes_forward, with};
use super::stage::{From, StageKind, StagePlan};
use super::tile::StageStep;
use crate::components::accelerator::Argument::{Buffer as Array, Count, Float};
use crate::components::accelerator::{Accelerator, AcceleratorError, Buffer};
use crate::components::layer::Wiring;
use crate::config::HeadType;
use crate::model::EncodedSamples;

/// Rows are a multiple of this long, the threads that run in step on a device.
const WARP: usize = 32;

/// What an accelerator keeps of a training.
#[derive(Debug)]
pub(super) struct DevicePass {
    accelerator: Box<dyn Accelerator>,
    head: HeadType,
    classes: usize,
    encoded: usize,
    tile: usize,
    arrays: Option<Arrays>,
}

/// The arrays for one length of rows.
#[derive(Debug)]
struct Arrays {
    words: Buffer,
    encoded: Buffer,
    scores: Buffer,
    grad_scores: Buffer,
    /// Gradients of what stages made, by their slots.
    grads: Vec<Buffer>,
    grad_pins: Buffer,
    partials: Buffer,
    stages: Vec<StageArrays>,
}

/// Those of a stage.
#[derive(Debug)]
struct StageArrays {
    out: Buffer,
    /// What nodes or windows read.
    read: Buffer,
    /// Which pins read a row of what stands before: where a row's begin, and they.
    readers: Option<[Buffer; 2]>,
    nodes: Option<NodeArrays>,
}

fn unsupported<T>(what: &str, instead: &'static str) -> Result<T, AcceleratorError> {
    Err(AcceleratorError::Unsupported { what: what.to_owned(), instead })
}

/// Whether the kernels can do what a stage needs.
fn check(stage: &StagePlan) -> Result<(), AcceleratorError> {
    const ELSE: &str = "leave it out or train with `--device cpu`";
    let nodes = match &stage.kind {
        StageKind::Join(_) => return unsupported("branches", "train with `--device cpu`"),
        StageKind::Pool(_) => return Ok(()),
        StageKind::Nodes(nodes) => nodes,
    };
    if nodes.layer.batch_form().is_none() {
        return unsupported(
            "a layer whose nodes have more inputs than a table of eight or a multilinear extension of six, or are \
             linear_lut, polylut, neurallut or fourier behind another layer,",
            "choose another node_type or train with `--device cpu`",
        );
    }
    if nodes.flip() > 0.0 {
        return unsupported("runtime.flip_probability", ELSE);
    }
    if nodes.stabilize.is_some() {
        return unsupported("runtime.grad_stabilization", ELSE);
    }
    if nodes.is_soft() {
        return unsupported("the soft selection of a learnable layer", "set `selection: straight_through`");
    }
    let in_order = nodes.pins.iter().enumerate().all(|(at, &pin)| at == pin as usize);
    if nodes.learned.is_some() && (stage.input_gradient || !in_order) {
        return unsupported(
            "a learnable layer behind another layer, or of gates that read two of more inputs,",
            "make it the first layer, or train with `--device cpu`",
        );
    }
    Ok(())
}

/// Where the pins that read each of `rows` rows begin, and they; pins of rows behind them are left out.
fn readers(read: &[u32], rows: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; rows + 1];
    read.iter().filter(|&&row| (row as usize) < rows).for_each(|&row| starts[row as usize + 1] += 1);
    for row in 0..rows {
        starts[row + 1] += starts[row];
    }
    let mut next = starts.clone();
    let mut pins = vec![0u32; starts.last().map_or(0, |&all| all as usize)];
    for (pin, &row) in read.iter().enumerate().filter(|(_, row)| (**row as usize) < rows) {
        pins[next[row as usize] as usize] = pin as u32;
        next[row as usize] += 1;
    }
    (starts, pins)
}

fn pool_reads(windows: &Wiring) -> (&[u32], usize) {
    (windows.columns(), windows.columns().len() / windows.width().max(1))
}

impl DevicePass {
    /// For a network of `encoded` bits and `classes` scores.
    pub(super) fn new(
        accelerator: Box<dyn Accelerator>,
        stages: &[StagePlan],
        head: HeadType,
        encoded: usize,
        classes: usize,
    ) -> Result<Self, AcceleratorError> {
        stages.iter().try_for_each(check)?;
        Ok(Self { accelerator, head, classes, encoded, tile: 0, arrays: None })
    }

    /// Gives the accelerator back, for a pass over changed settings.
    pub(super) fn into_accelerator(self) -> Box<dyn Accelerator> {
        self.accelerator
    }

    /// The arrays for a batch, made anew when it is larger than those before.
    fn make_room(
        &mut self,
        stages: &[StagePlan],
        samples: &EncodedSamples,
        batch: usize,
    ) -> Result<(), AcceleratorError> {
        let tile = batch.next_multiple_of(WARP).max(self.tile);
        if tile == self.tile && self.arrays.is_some() {
            return Ok(());
        }
        self.arrays = None;
        let on = self.accelerator.as_mut();
        on.clear()?;
        let pins_of = |stage: &StagePlan| match &stage.kind {
            StageKind::Nodes(nodes) => nodes.pins.len(),
            StageKind::Pool(pool) => pool.windows().columns().len(),
            StageKind::Join(_) => 0,
        };
        let widest = stages.iter().map(|stage| pins_of(stage).max(stage.output_rows)).max().unwrap_or(0);
        limited((widest.max(self.encoded) + 1) * tile)?;
        let words = on.allocate(batch.max(tile) * samples.half_words())?;
        // A row of zeros, which padding reads, stays behind the rows of every stage.
        let encoded = on.allocate((self.encoded + 1) * tile)?;
        let scores = [on.allocate(tile * self.classes)?, on.allocate(tile * self.classes)?];
        let slots = stages.iter().map(|stage| stage.slot + 1).max().unwrap_or(0);
        let rows_of =
            |slot: usize| stages.iter().filter(|stage| stage.slot == slot).map(|stage| stage.output_rows).max();
        let grads = (0..slots).map(|slot| on.allocate(rows_of(slot).unwrap_or(0) * tile));
        let grads = grads.collect::<Result<_, _>>()?;
        let grad_pins = on.allocate(stages.iter().map(pins_of).max().unwrap_or(0) * tile)?;
        let mut partials = 0;
        let mut arrays = Vec::with_capacity(stages.len());
        for (index, stage) in stages.iter().enumerate() {
            let out = on.allocate((stage.output_rows + 1) * tile)?;
            let reads = match &stage.kind {
                StageKind::Nodes(nodes) => nodes.read.as_slice(),
                StageKind::Pool(pool) => pool_reads(pool.windows()).0,
                StageKind::Join(_) => &[],
            };
            let learned = pins_of(stage);
            // Where training chooses it, it is written in every step.
            let read = if reads.is_empty() { on.allocate(learned)? } else { with(on, reads)? };
            let readers = match self::slot_before(stages, index) {
                None => None,
                Some(_) => {
                    let (starts, pins) = readers(reads, stage.input_rows);
                    Some([with(on, &starts)?, with(on, &pins)?])
                }
            };
            let nodes = match &stage.kind {
                StageKind::Nodes(nodes) => {
                    let (arrays, needed) = node_arrays(on, nodes, tile)?;
                    partials = partials.max(needed);
                    Some(arrays)
                }
                StageKind::Pool(_) | StageKind::Join(_) => None,
            };
            arrays.push(StageArrays { out, read, readers, nodes });
        }
        limited(partials)?;
        let partials = on.allocate(partials)?;
        let [scores, grad_scores] = scores;
        self.tile = tile;
        self.arrays = Some(Arrays { words, encoded, scores, grad_scores, grads, grad_pins, partials, stages: arrays });
        Ok(())
    }

    /// The scores `(batch, classes)` of some samples.
    pub(super) fn forward(
        &mut self,
        stages: &[StagePlan],
        steps: &[StageStep],
        tau: f32,
        samples: &EncodedSamples,
        batch: &[usize],
        scores: &mut [f32],
    ) -> Result<(), AcceleratorError> {
        self.make_room(stages, samples, batch.len())?;
        let Self { accelerator, head, classes, encoded, tile, arrays: Some(arrays), .. } = self else { return Ok(()) };
        let (on, tile) = (accelerator.as_mut(), *tile);
        let mut words = Vec::with_capacity(batch.len() * samples.half_words());
        batch.iter().for_each(|&sample| samples.push_half_words(sample, &mut words));
        on.upload(arrays.words, &words)?;
        let (rows, length) = (limited(*encoded * tile)?, tile as u32);
        let sizes = [Count(samples.half_words() as u32), Count(batch.len() as u32), Count(length)];
        on.launch("expand_bits", rows, &[&[Array(arrays.words), Array(arrays.encoded)][..], &sizes].concat())?;
        for (index, (stage, step)) in stages.iter().zip(steps).enumerate() {
            let own = &arrays.stages[index];
            let (input, threads) = (arrays.before(stage.from), (stage.output_rows * tile) as u32);
            match (&stage.kind, &own.nodes) {
                (StageKind::Pool(pool), _) => {
                    let area = pool_reads(pool.windows()).1 as u32;
                    let arguments = [Array(input), Array(own.read), Array(own.out), Count(area), Count(length)];
                    on.launch("max_pool_forward", threads, &arguments)?;
                }
                (StageKind::Nodes(nodes), Some(of_nodes)) => {
                    of_nodes.upload(on, step)?;
                    if nodes.learned.is_some() {
                        on.upload(own.read, &step.read)?;
                    }
                    nodes_forward(on, nodes, of_nodes, [input, own.read, own.out], length, threads)?;
                }
                _ => {}
            }
        }
        let last = arrays.stages.last().map_or(arrays.encoded, |stage| stage.out);
        let width = stages.last().map_or(*encoded, |stage| stage.output_rows);
        let (rows, found) = (Array(last), Array(arrays.scores));
        let threads = limited(batch.len() * *classes)?;
        match head {
            HeadType::GroupSum => {
                let group = width.div_ceil(*classes);
                let sizes = [width, *classes, group, tile].map(|size| Count(size as u32));
                on.launch("sum_groups", threads, &[&[rows, found][..], &sizes, &[Float(tau)]].concat())?;
            }
            HeadType::Bits | HeadType::Onehot => {
                let sizes = [Count(width as u32), Count(length)];
                on.launch("bit_scores", threads, &[&[rows, found][..], &sizes, &[Float(tau)]].concat())?;
            }
        }
        on.download(arrays.scores, bytemuck::cast_slice_mut(&mut scores[..batch.len() * *classes]))
    }

    /// The sums of every stage, and the gradients of the choices of those that have any, given the
    /// gradient of the scores of the batch that went forward last.
    pub(super) fn backward(
        &mut self,
        stages: &[StagePlan],
        tau: f32,
        grad_scores: &[f32],
        sums: &mut [Vec<f32>],
        choices: &mut [Vec<f32>],
    ) -> Result<(), AcceleratorError> {
        let Self { accelerator, head, classes, tile, arrays: Some(arrays), .. } = self else { return Ok(()) };
        let (on, tile) = (accelerator.as_mut(), *tile);
        let length = tile as u32;
        // Samples behind the last have no gradient.
        let mut padded = grad_scores.to_vec();
        padded.resize(tile * *classes, 0.0);
        on.upload(arrays.grad_scores, bytemuck::cast_slice(&padded))?;
        let Some(last) = stages.last().filter(|last| last.trained) else { return Ok(()) };
        let group = match head {
            HeadType::GroupSum => last.output_rows.div_ceil(*classes),
            HeadType::Bits | HeadType::Onehot => 1,
        };
        let (found, grad) = (Array(arrays.grad_scores), Array(arrays.grads[last.slot]));
        let sizes = [*classes, group, tile].map(|size| Count(size as u32));
        let threads = limited(last.output_rows * tile)?;
        on.launch("sum_groups_backward", threads, &[&[found, grad][..], &sizes, &[Float(tau)]].concat())?;
        for (index, stage) in stages.iter().enumerate().rev().filter(|(_, stage)| stage.trained) {
            let own = &arrays.stages[index];
            let (input, grad_out) = (arrays.before(stage.from), arrays.grads[stage.slot]);
            let threads = limited(stage.output_rows * tile)?;
            match (&stage.kind, &own.nodes) {
                (StageKind::Pool(pool), _) if own.readers.is_some() => {
                    let area = pool_reads(pool.windows()).1 as u32;
                    let buffers = [input, own.read, grad_out, arrays.grad_pins].map(Array);
                    on.launch("max_pool_backward", threads, &[&buffers[..], &[Count(area), Count(length)]].concat())?;
                }
                (StageKind::Nodes(nodes), Some(of_nodes)) => {
                    let wants_pins = own.readers.is_some() || of_nodes.choice.is_some();
                    let buffers = [input, own.read, own.out, grad_out, arrays.grad_pins, arrays.partials];
                    nodes_backward(on, nodes, of_nodes, buffers, tile, wants_pins)?;
                    on.download(of_nodes.sums, bytemuck::cast_slice_mut(&mut sums[index]))?;
                    if let Some(choice) = &of_nodes.choice {
                        choice.gradient(on, nodes, [input, arrays.grad_pins], length, &mut choices[index])?;
                    }
                }
                _ => {}
            }
            if let (Some([starts, pins]), Some(slot)) = (own.readers, slot_before(stages, index)) {
                let buffers = [arrays.grad_pins, starts, pins, arrays.grads[slot]].map(Array);
                let threads = limited(stage.input_rows * tile)?;
                on.launch("gather_rows", threads, &[&buffers[..], &[Count(length)]].concat())?;
            }
        }
        Ok(())
    }
}

impl Arrays {
    fn before(&self, from: From) -> Buffer {
        match from {
            From::Encoder => self.encoded,
            From::Stage(stage) => self.stages[stage].out,
        }
    }
}

/// The slot of the gradient of what a stage reads, where something is trained there.
fn slot_before(stages: &[StagePlan], index: usize) -> Option<usize> {
    match stages[index].from {
        From::Stage(before) if stages[before].trained => Some(stages[before].slot),
        From::Stage(_) | From::Encoder => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_found_by_the_row_that_they_read() {
        // Row 3 is the row of zeros.
        let (starts, pins) = readers(&[1, 0, 1, 3, 2, 1], 3);
        assert_eq!((starts, pins), (vec![0, 1, 4, 5], vec![1, 0, 2, 5, 4]));
    }
}
