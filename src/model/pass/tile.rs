//! The passes of one tile through all stages.

use std::ops::RangeInclusive;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::stage::{From, NodesPlan, StageKind, StagePlan};
use crate::components::layer::flip;
use crate::components::ops::{
    LayerInput, Mixture, Moments, Prepared, Rows, Signals, SignalsMut, Stabilize, Target, bit_scores,
    bit_scores_backward, expand_bits, max_pool, max_pool_backward, sum_groups, sum_groups_backward,
};
use crate::config::HeadType;
use crate::model::EncodedSamples;

/// What a step has made of a stage's weights before any sample is seen.
#[derive(Debug, Default)]
pub(super) struct StageStep {
    pub(super) prepared: Prepared,
    /// The rows that the pins of a learned layer read, where they are chosen.
    pub(super) read: Vec<u32>,
    /// Shares of the candidates of a learned layer's pins.
    pub(super) shares: Vec<f32>,
    /// The temperature that those were taken at.
    pub(super) temperature: f32,
    /// Seed of the flips of this step.
    pub(super) flips: u64,
}

/// What all tiles of a step share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    pub(super) stages: &'a [StagePlan],
    pub(super) steps: &'a [StageStep],
    /// The numbers of the nodes of every stage; none of pooling.
    pub(super) numbers: &'a [&'a [f32]],
    /// What learned layers choose among.
    pub(super) mixtures: &'a [Option<Mixture<'a>>],
    pub(super) samples: &'a EncodedSamples,
    pub(super) batch: &'a [usize],
    pub(super) tile: usize,
    /// Scores of a sample.
    pub(super) classes: usize,
    pub(super) head: HeadType,
    pub(super) tau: f32,
    /// Whether noise and soft choices are those of training.
    pub(super) training: bool,
}

/// What one stage keeps of a tile.
#[derive(Debug)]
struct StageTile {
    /// The inputs with noise, or as floats, where the stage needs that.
    changed: Option<Signals>,
    /// Mixed pins.
    pins: Vec<f32>,
    /// Gradients of the pins of a learned layer.
    grad_pins: Vec<f32>,
    out: Signals,
}

/// The buffers of a tile.
#[derive(Debug)]
pub(super) struct TileBuffers {
    columns: Vec<u64>,
    encoded: Signals,
    stages: Vec<StageTile>,
    pub(super) scores: Vec<f32>,
    pub(super) grad_scores: Vec<f32>,
    /// Gradients of what stages made, by their slots.
    grads: Vec<Vec<f32>>,
}

impl TileBuffers {
    pub(super) fn new(stages: &[StagePlan], encoded: usize, tile: usize, classes: usize) -> Self {
        let of_stage = |stage: &StagePlan| {
            let (mut changed, mut pins) = (None, (0, 0));
            if let StageKind::Nodes(nodes) = &stage.kind {
                let floats = nodes.layer.needs_floats() || nodes.is_soft();
                // A learned layer's gradient wants numbers of what it reads.
                let floats = floats && stage.input_bits;
                if floats || nodes.flip() > 0.0 {
                    let bytes = stage.input_bits && !floats;
                    changed = Some(Signals::zeros(bytes, (stage.input_rows + 1) * tile));
                }
                let all = nodes.all_pins() * tile;
                pins = (if nodes.is_soft() { all } else { 0 }, if nodes.learned.is_some() { all } else { 0 });
            }
            StageTile {
                changed,
                pins: vec![0.0; pins.0],
                grad_pins: vec![0.0; pins.1],
                out: Signals::zeros(stage.bytes, (stage.output_rows + 1) * tile),
            }
        };
        let slots = stages.iter().map(|stage| stage.slot + 1).max().unwrap_or(0);
        let rows_of = |slot: usize| {
            let stages = stages.iter().filter(|stage| stage.slot == slot);
            stages.map(|stage| stage.output_rows + 1).max().unwrap_or(0)
        };
        Self {
            columns: Vec::new(),
            encoded: Signals::zeros(true, (encoded + 1) * tile),
            stages: stages.iter().map(of_stage).collect(),
            scores: vec![0.0; tile * classes],
            grad_scores: vec![0.0; tile * classes],
            grads: (0..slots).map(|slot| vec![0.0; rows_of(slot) * tile]).collect(),
        }
    }

    /// What a stage reads as it came from the part before.
    fn before(&self, from: From) -> Rows<'_> {
        match from {
            From::Encoder => self.encoded.rows(),
            From::Stage(stage) => self.stages[stage].out.rows(),
        }
    }

    /// What a stage saw.
    fn seen(&self, plan: &StagePlan, stage: usize) -> Rows<'_> {
        match &self.stages[stage].changed {
            Some(changed) => changed.rows(),
            None => self.before(plan.from),
        }
    }

    /// What a learned layer saw, and the gradients of its pins.
    pub(super) fn of_choice(&self, plan: &StagePlan, stage: usize) -> (Rows<'_>, &[f32]) {
        (self.seen(plan, stage), &self.stages[stage].grad_pins)
    }

    /// The scores of a tile.
    pub(super) fn forward(&mut self, step: &Step<'_>, tile_index: usize) {
        let tile = step.tile;
        let first = tile_index * tile;
        let samples = &step.batch[first.min(step.batch.len())..(first + tile).min(step.batch.len())];
        step.samples.columns_of(samples.iter().copied(), &mut self.columns);
        if let Signals::Bytes(bytes) = &mut self.encoded {
            expand_bits(&self.columns, tile, bytes);
        }
        for (index, (stage, prepared)) in step.stages.iter().zip(step.steps).enumerate() {
            let (before, rest) = self.stages.split_at_mut(index);
            let rows_from = |from: From| match from {
                From::Encoder => self.encoded.rows(),
                From::Stage(stage) => before[stage].out.rows(),
            };
            let input = rows_from(stage.from);
            let [own, ..] = rest else { continue };
            match &stage.kind {
                StageKind::Join(parts) => {
                    let mut start = 0;
                    for &(from, rows) in parts {
                        copy(front(rows_from(from), rows * tile), own.out.part_mut(start * tile, rows * tile));
                        start += rows;
                    }
                }
                StageKind::Pool(pool) => {
                    max_pool(pool.windows(), input, tile, own.out.part_mut(0, stage.output_rows * tile));
                }
                StageKind::Nodes(nodes) => {
                    if let Some(changed) = &mut own.changed {
                        let length = stage.input_rows * tile;
                        let probability = if step.training { nodes.flip() } else { 0.0 };
                        let mut noise = ChaCha8Rng::seed_from_u64(prepared.flips);
                        noise.set_stream(tile_index as u64);
                        change(front(input, length), probability, &mut noise, changed, length);
                    }
                    let input = own.changed.as_ref().map_or(input, Signals::rows);
                    let mut read = if nodes.learned.is_some() { &prepared.read } else { &nodes.read };
                    let mut seen = input;
                    if let (Some(mixture), Rows::Floats(x), true) = (step.mixtures[index], input, step.soft(nodes)) {
                        mixture.forward(&prepared.shares, x, tile, &mut own.pins);
                        (seen, read) = (Rows::Floats(&own.pins), &nodes.pins);
                    }
                    let input = LayerInput { inputs: seen, read, tile };
                    let out = own.out.part_mut(0, stage.output_rows * tile);
                    nodes.layer.forward(&prepared.prepared, step.numbers[index], input, out);
                }
            }
        }
        let width = step.stages.last().map_or(0, |stage| stage.output_rows);
        let last = self.stages.last().map_or(self.encoded.rows(), |stage| stage.out.rows());
        match step.head {
            HeadType::GroupSum => sum_groups(last, width, tile, step.tau, &mut self.scores),
            HeadType::Bits | HeadType::Onehot => bit_scores(last, width, tile, step.tau, &mut self.scores),
        }
    }

    /// Takes the gradient of the scores up.
    pub(super) fn start_backward(&mut self, step: &Step<'_>) {
        let Some(last) = step.stages.last() else { return };
        let rows = &mut self.grads[last.slot][..last.output_rows * step.tile];
        match step.head {
            HeadType::GroupSum => sum_groups_backward(&self.grad_scores, step.classes, step.tau, step.tile, rows),
            HeadType::Bits | HeadType::Onehot => bit_scores_backward(&self.grad_scores, step.tau, step.tile, rows),
        }
    }

    /// The moments of the gradient that has come to the outputs of a stage.
    pub(super) fn moments(&self, step: &Step<'_>, stage: usize, tile_index: usize) -> Moments {
        let (rows, slot) = (step.stages[stage].output_rows * step.tile, step.stages[stage].slot);
        match stabilize_of(&step.stages[stage]) {
            Some(stabilize) => stabilize.moments(&self.grads[slot][..rows], step.tile, step.valid(tile_index)),
            None => Moments::default(),
        }
    }

    /// Rescales that gradient by the moments of the batch.
    pub(super) fn rescale(&mut self, step: &Step<'_>, stage: usize, tile_index: usize, moments: Moments) {
        let (rows, slot) = (step.stages[stage].output_rows * step.tile, step.stages[stage].slot);
        if let Some(stabilize) = stabilize_of(&step.stages[stage]) {
            stabilize.rescale(moments, &mut self.grads[slot][..rows], step.tile, step.valid(tile_index));
        }
    }

    /// Goes back through some stages; adds the sums of their layers to `sums`.
    pub(super) fn backward(
        &mut self,
        step: &Step<'_>,
        stages: RangeInclusive<usize>,
        tile_index: usize,
        sums: &mut [Vec<f32>],
    ) {
        let tile = step.tile;
        for index in stages.rev() {
            let stage = &step.stages[index];
            if !stage.trained {
                continue;
            }
            stage.fresh.iter().for_each(|&slot| self.grads[slot].fill(0.0));
            let mut grad_out = std::mem::take(&mut self.grads[stage.slot]);
            let out_rows = &mut grad_out[..stage.output_rows * tile];
            let slot_of = |from: From| match from {
                From::Stage(stage) if step.stages[stage].trained => Some(step.stages[stage].slot),
                From::Stage(_) | From::Encoder => None,
            };
            let slot_in = slot_of(stage.from);
            match &stage.kind {
                StageKind::Join(parts) => {
                    let mut rest: &[f32] = out_rows;
                    for &(from, rows) in parts {
                        let (own, others) = rest.split_at(rows * tile);
                        rest = others;
                        let Some(slot) = slot_of(from) else { continue };
                        self.grads[slot].iter_mut().zip(own).for_each(|(grad, g)| *grad += g);
                    }
                }
                StageKind::Pool(pool) => {
                    if let Some(slot) = slot_in {
                        let mut grad_in = std::mem::take(&mut self.grads[slot]);
                        let input = self.before(stage.from);
                        max_pool_backward(pool.windows(), input, out_rows, tile, &mut grad_in);
                        self.grads[slot] = grad_in;
                    }
                }
                StageKind::Nodes(nodes) => {
                    if let Some(stabilize) = nodes.stabilize.filter(|stabilize| stabilize.per_sample()) {
                        stabilize.rescale_samples(out_rows, tile, step.valid(tile_index));
                    }
                    let mut grad_in = slot_in.map(|slot| std::mem::take(&mut self.grads[slot])).unwrap_or_default();
                    self.backward_nodes(step, index, nodes, out_rows, &mut grad_in, &mut sums[index]);
                    if let Some(slot) = slot_in {
                        self.grads[slot] = grad_in;
                    }
                }
            }
            self.grads[stage.slot] = grad_out;
        }
    }

    fn backward_nodes(
        &mut self,
        step: &Step<'_>,
        index: usize,
        nodes: &NodesPlan,
        grad_out: &[f32],
        grad_in: &mut [f32],
        sums: &mut [f32],
    ) {
        let (stage, prepared, tile) = (&step.stages[index], &step.steps[index], step.tile);
        let mut grad_pins = std::mem::take(&mut self.stages[index].grad_pins);
        let own = &self.stages[index];
        let (inputs, read) = match (step.soft(nodes), &nodes.learned) {
            (true, _) => (Rows::Floats(&own.pins), &nodes.pins),
            (false, Some(_)) => (self.seen(stage, index), &prepared.read),
            (false, None) => (self.seen(stage, index), &nodes.read),
        };
        let input = LayerInput { inputs, read, tile };
        let target = match &nodes.learned {
            Some(_) => {
                grad_pins.fill(0.0);
                Some(Target { write: &nodes.pins, grad: &mut grad_pins })
            }
            None => stage.input_gradient.then_some(Target { write: read, grad: grad_in }),
        };
        nodes.layer.backward(&prepared.prepared, step.numbers[index], input, grad_out, sums, target);
        if let (Some(mixture), true) = (step.mixtures[index], stage.input_gradient) {
            mixture.backward(&prepared.shares, &grad_pins, tile, grad_in);
        }
        self.stages[index].grad_pins = grad_pins;
    }
}

impl Step<'_> {
    /// Whether the pins of a layer are mixed.
    fn soft(&self, nodes: &NodesPlan) -> bool {
        self.training && nodes.is_soft()
    }

    /// Samples of a tile.
    pub(super) fn valid(&self, tile_index: usize) -> usize {
        self.batch.len().saturating_sub(tile_index * self.tile).min(self.tile)
    }
}

fn stabilize_of(stage: &StagePlan) -> Option<Stabilize> {
    match &stage.kind {
        StageKind::Nodes(nodes) => nodes.stabilize,
        StageKind::Pool(_) | StageKind::Join(_) => None,
    }
}

fn front(rows: Rows<'_>, length: usize) -> Rows<'_> {
    match rows {
        Rows::Bytes(bytes) => Rows::Bytes(&bytes[..length]),
        Rows::Floats(floats) => Rows::Floats(&floats[..length]),
    }
}

/// Copies with noise, or to floats.
fn change(input: Rows<'_>, probability: f32, noise: &mut ChaCha8Rng, changed: &mut Signals, length: usize) {
    match changed.part_mut(0, length) {
        out if probability > 0.0 => flip(input, probability, noise, out),
        out => copy(input, out),
    }
}

/// Copies rows, bits to floats where that is asked for.
fn copy(input: Rows<'_>, out: SignalsMut<'_>) {
    match (input, out) {
        (input, SignalsMut::Floats(out)) => input.to_floats(out),
        (Rows::Bytes(input), SignalsMut::Bytes(out)) => out.copy_from_slice(input),
        // Bits are made of bits only.
        (Rows::Floats(_), SignalsMut::Bytes(_)) => {}
    }
}
