//! The forward and backward pass of a training step, without an autograd graph.
//!
//! A batch is cut into tiles of up to 64 samples; a tile goes forward through all layers, gets
//! its loss and comes back before the next one starts, so that what it leaves behind is still in
//! the cache. Neighbouring tiles form groups, which run in parallel and have sums of their own;
//! the sums are added in the order of the groups. How a batch is cut depends on its size alone,
//! so that the number of threads changes no result. All buffers are kept from step to step.

mod device;
mod stage;
mod tile;

use std::ops::Deref;

use candle_core::{CpuStorage, Layout, Storage};
use rand::RngCore;
use rayon::prelude::*;

use self::device::DevicePass;
use self::stage::{StageKind, StagePlan, plan};
use self::tile::{StageStep, Step, TileBuffers};
use super::{EncodedSamples, Model, ModelError, TrainingStep};
use crate::components::accelerator::Accelerator;
use crate::components::layer::{choose_hard, temperature};
use crate::components::ops::{ChoiceRule, LANES, Mixture, Moments, Rows, choice_gradient};
use crate::config::HeadType;

/// Most groups of tiles, and with them most threads that a batch is spread over.
const GROUPS: usize = 8;
/// Groups that a small batch is spread over.
const FEW_GROUPS: usize = 4;
/// Largest tile.
const TILE: usize = 64;
/// Sums that one thread adds up at a time.
const CHUNK: usize = 4096;

/// The loss of one sample of a batch: from its place in the batch and its scores, its loss, and
/// the gradient of that by the scores into the last argument.
pub type SampleLoss<'a> = dyn Fn(usize, &[f32], &mut [f32]) -> f64 + Sync + 'a;

/// What a step minimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLoss {
    /// The mean of the losses of the samples.
    pub loss: f64,
    /// The weighted sum of the regularizers over all nodes, where there are any.
    pub penalty: Option<f64>,
}

/// The buffers of a training, and the gradients of its last step.
///
/// It shares the weights with its model, so that it sees what an optimizer does to them; changes
/// of the model's runtime section need a new one.
#[derive(Debug)]
pub struct TrainingPass {
    stages: Vec<StagePlan>,
    steps: Vec<StageStep>,
    encoded: usize,
    classes: usize,
    head: HeadType,
    tau: f32,
    tile: usize,
    groups: Vec<Group>,
    gradients: Vec<Vec<f32>>,
    /// Scores of the last step.
    scores: Vec<f32>,
    /// What learned layers read, as floats, tile by tile.
    floats: Vec<Vec<f32>>,
    /// What the passes run on, where that is not the processor.
    device: Option<DevicePass>,
    /// What it found of the choices of every stage.
    choices: Vec<Vec<f32>>,
}

/// Tiles that one thread works on, one behind the other.
#[derive(Debug)]
struct Group {
    /// One set, or one for every tile where more than the tile needs them.
    buffers: Vec<TileBuffers>,
    /// What the layers sum up, stage by stage.
    sums: Vec<Vec<f32>>,
    loss: f64,
}

impl Group {
    fn new(stages: &[StagePlan]) -> Self {
        let sums = |stage: &StagePlan| match &stage.kind {
            StageKind::Nodes(nodes) => vec![0.0; nodes.layer.sums()],
            StageKind::Pool(_) | StageKind::Join(_) => Vec::new(),
        };
        Self { buffers: Vec::new(), sums: stages.iter().map(sums).collect(), loss: 0.0 }
    }
}

/// How a batch is cut.
#[derive(Clone, Copy, Debug)]
struct Cut {
    tile: usize,
    groups: usize,
    tiles_of_group: usize,
    tiles: usize,
}

impl Cut {
    fn new(batch: usize) -> Self {
        let tile = batch.div_ceil(FEW_GROUPS).next_multiple_of(LANES).clamp(LANES, TILE);
        let tiles = batch.div_ceil(tile);
        let tiles_of_group = tiles.div_ceil(GROUPS).max(1);
        Self { tile, groups: tiles.div_ceil(tiles_of_group), tiles_of_group, tiles }
    }

    fn tiles_of(&self, group: usize) -> std::ops::Range<usize> {
        group * self.tiles_of_group..((group + 1) * self.tiles_of_group).min(self.tiles)
    }
}

impl Model {
    /// The buffers of a training of this model.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`].
    pub fn training_pass(&self) -> Result<TrainingPass, ModelError> {
        let stages = plan(self)?;
        let gradients = self.weights()?.iter().map(|weights| vec![0.0; weights.elem_count()]).collect();
        Ok(TrainingPass {
            steps: stages.iter().map(|_| StageStep::default()).collect(),
            choices: vec![Vec::new(); stages.len()],
            device: None,
            classes: match self.config.head {
                HeadType::GroupSum => self.config.num_classes,
                HeadType::Bits | HeadType::Onehot => stages.last().map_or(0, |stage| stage.output_rows),
            },
            head: self.config.head,
            stages,
            encoded: self.fitted()?.encoder.width(),
            tau: self.config.tau(),
            tile: 0,
            groups: Vec::new(),
            gradients,
            scores: Vec::new(),
            floats: Vec::new(),
        })
    }

    /// The same with the passes on an accelerator.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and [`ModelError::Accelerator`] for a model that needs what it cannot do.
    pub fn training_pass_on(&self, accelerator: Box<dyn Accelerator>) -> Result<TrainingPass, ModelError> {
        let pass = self.training_pass()?;
        let device = DevicePass::new(accelerator, &pass.stages, pass.head, pass.encoded, pass.classes)?;
        Ok(TrainingPass { device: Some(device), ..pass })
    }
}

impl TrainingPass {
    /// Number of scores of a sample: one a class, or one a bit of plain bits.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Sets what scores are divided by from now on.
    pub fn set_tau(&mut self, tau: f32) {
        self.tau = tau;
    }

    /// The gradients of the last step, in the order of [`Model::trainable`].
    pub fn gradients(&self) -> &[Vec<f32>] {
        &self.gradients
    }

    /// The scores `(batch, classes)` of the samples of the last step.
    pub fn step_scores(&self) -> &[f32] {
        &self.scores
    }

    /// Gives back the accelerator that the passes run on.
    pub fn into_accelerator(self) -> Option<Box<dyn Accelerator>> {
        self.device.map(DevicePass::into_accelerator)
    }

    /// One step without the optimizer's part: the loss of some samples, and the gradients of
    /// its mean plus the penalties. Bits are flipped and choices soft as the runtime section says
    /// for the place `at`, which moves to the next step. Every sample must exist.
    ///
    /// # Errors
    /// candle's, for weights that are no longer float32 in one piece; the accelerator's, where there is one.
    pub fn step(
        &mut self,
        samples: &EncodedSamples,
        batch: &[usize],
        at: &mut TrainingStep,
        loss: &SampleLoss<'_>,
    ) -> Result<StepLoss, ModelError> {
        if self.device.is_some() {
            return self.step_on_device(samples, batch, at, loss);
        }
        let cut = Cut::new(batch.len());
        // Whoever needs the whole batch before it can go on must find every tile's buffers.
        let barriers = self.barriers();
        let learned = self.stages.iter().any(|stage| matches!(&stage.kind, StageKind::Nodes(n) if n.learned.is_some()));
        let keep = learned || !barriers.is_empty();
        self.make_room(cut, keep);
        let (classes, head, tau) = (self.classes, self.head, self.tau);
        let Self { stages, steps, groups, gradients, scores, floats, .. } = self;
        scores.resize(batch.len() * classes, 0.0);
        let guards = guards(stages);
        let numbers = guards.numbers()?;
        let mixtures = mixtures(stages)?;
        prepare(stages, steps, &numbers, &guards.choices()?, &mixtures, Some(&mut *at));
        at.step += 1;
        let step = Step {
            stages,
            steps,
            numbers: &numbers,
            mixtures: &mixtures,
            samples,
            batch,
            tile: cut.tile,
            classes,
            head,
            tau,
            training: true,
        };
        let groups = &mut groups[..cut.groups];
        let last = stages.len().saturating_sub(1);
        let scores = scores.par_chunks_mut((cut.tiles_of_group * cut.tile * classes).max(1));
        scores.zip(groups.par_iter_mut()).enumerate().for_each(|(index, (scores, group))| {
            group.loss = 0.0;
            group.sums.iter_mut().for_each(|sums| sums.fill(0.0));
            let tiles = cut.tiles_of(index).zip(scores.chunks_mut(cut.tile * classes));
            for (slot, (tile_index, scores)) in tiles.enumerate() {
                let Some(buffers) = group.buffers.get_mut(if keep { slot } else { 0 }) else { continue };
                buffers.forward(&step, tile_index);
                scores.copy_from_slice(&buffers.scores[..scores.len()]);
                group.loss += losses(&step, tile_index, buffers, loss);
                buffers.start_backward(&step);
                if barriers.is_empty() {
                    buffers.backward(&step, 0..=last, tile_index, &mut group.sums);
                }
            }
        });
        if !barriers.is_empty() {
            backward_in_parts(&step, cut, groups, &barriers);
        }
        let sum: f64 = groups.iter().map(|group| group.loss).sum();
        let penalty = finish(&step, cut, groups, gradients, floats, &[])?;
        Ok(StepLoss { loss: sum / batch.len().max(1) as f64, penalty })
    }

    /// The same where the passes run elsewhere.
    fn step_on_device(
        &mut self,
        samples: &EncodedSamples,
        batch: &[usize],
        at: &mut TrainingStep,
        loss: &SampleLoss<'_>,
    ) -> Result<StepLoss, ModelError> {
        let (classes, head, tau) = (self.classes, self.head, self.tau);
        let Self { stages, steps, groups, gradients, scores, floats, device, choices, .. } = self;
        let Some(device) = device else { return Ok(StepLoss { loss: 0.0, penalty: None }) };
        if groups.is_empty() {
            groups.push(Group::new(stages));
        }
        let guards = guards(stages);
        let numbers = guards.numbers()?;
        let mixtures = mixtures(stages)?;
        prepare(stages, steps, &numbers, &guards.choices()?, &mixtures, Some(&mut *at));
        at.step += 1;
        scores.resize(batch.len() * classes, 0.0);
        device.forward(stages, steps, tau, samples, batch, scores)?;
        let mut grad_scores = vec![0.0; scores.len()];
        let share = 1.0 / batch.len().max(1) as f32;
        let mut sum = 0.0;
        let rows = scores.chunks_exact(classes).zip(grad_scores.chunks_exact_mut(classes));
        for (sample, (scores, grad)) in rows.enumerate() {
            sum += loss(sample, scores, grad);
            grad.iter_mut().for_each(|g| *g *= share);
        }
        let groups = &mut groups[..1];
        device.backward(stages, tau, &grad_scores, &mut groups[0].sums, choices)?;
        let (cut, mixtures, numbers) = (Cut::new(batch.len()), &mixtures, &numbers);
        let tile = cut.tile;
        let step = Step { stages, steps, numbers, mixtures, samples, batch, tile, classes, head, tau, training: true };
        let penalty = finish(&step, cut, groups, gradients, floats, choices)?;
        Ok(StepLoss { loss: sum / batch.len().max(1) as f64, penalty })
    }

    /// Scores `(batch, scores of a sample)` of some samples: without noise, and with the columns that
    /// learnable layers choose. Every sample must exist.
    ///
    /// # Errors
    /// candle's, for weights that are no longer float32 in one piece.
    pub fn scores(&mut self, samples: &EncodedSamples, batch: &[usize]) -> Result<Vec<f32>, ModelError> {
        let cut = Cut::new(batch.len());
        self.make_room(cut, false);
        let Self { stages, steps, groups, .. } = self;
        let guards = guards(stages);
        let numbers = guards.numbers()?;
        let mixtures = mixtures(stages)?;
        prepare(stages, steps, &numbers, &guards.choices()?, &mixtures, None);
        let (classes, head, tile) = (self.classes, self.head, cut.tile);
        let step = Step {
            stages,
            steps,
            numbers: &numbers,
            mixtures: &mixtures,
            samples,
            batch,
            tile,
            classes,
            head,
            tau: self.tau,
            training: false,
        };
        let mut scores = vec![0.0; batch.len() * classes];
        let parts = scores.par_chunks_mut((cut.tiles_of_group * tile * classes).max(1));
        parts.zip(groups.par_iter_mut()).enumerate().for_each(|(index, (scores, group))| {
            let Some(buffers) = group.buffers.first_mut() else { return };
            for (tile_index, scores) in cut.tiles_of(index).zip(scores.chunks_mut(tile * classes)) {
                buffers.forward(&step, tile_index);
                scores.copy_from_slice(&buffers.scores[..scores.len()]);
            }
        });
        Ok(scores)
    }

    /// The stages whose gradients are rescaled over the whole batch, last first.
    fn barriers(&self) -> Vec<usize> {
        let stages = self.stages.iter().enumerate().rev();
        let whole = stages.filter(|(_, stage)| match &stage.kind {
            StageKind::Nodes(nodes) => nodes.stabilize.is_some_and(|stabilize| !stabilize.per_sample()),
            StageKind::Pool(_) | StageKind::Join(_) => false,
        });
        whole.map(|(index, _)| index).collect()
    }

    /// Makes the buffers that a batch needs and that there are not yet.
    fn make_room(&mut self, cut: Cut, keep: bool) {
        if self.tile != cut.tile {
            self.groups.clear();
            self.tile = cut.tile;
        }
        let Self { stages, groups, .. } = self;
        while groups.len() < cut.groups {
            groups.push(Group::new(stages));
        }
        let needed = if keep { cut.tiles_of_group } else { 1 };
        for group in &mut groups[..cut.groups] {
            while group.buffers.len() < needed {
                group.buffers.push(TileBuffers::new(stages, self.encoded, cut.tile, self.classes));
            }
        }
    }
}

/// The weights of all stages, readable while a step runs. `G` is candle's guard, which has no
/// public name.
struct Guards<'a, G> {
    numbers: Vec<Option<(G, &'a Layout)>>,
    choices: Vec<Option<(G, &'a Layout)>>,
}

/// Locks the weights of all stages.
fn guards(stages: &[StagePlan]) -> Guards<'_, impl Deref<Target = Storage>> {
    let nodes = || {
        stages.iter().map(|stage| match &stage.kind {
            StageKind::Nodes(nodes) => Some(nodes),
            StageKind::Pool(_) | StageKind::Join(_) => None,
        })
    };
    let numbers = nodes().map(|nodes| Some(nodes?.weights.as_tensor().storage_and_layout()));
    let choices = nodes().map(|nodes| Some(nodes?.learned.as_ref()?.choices.as_tensor().storage_and_layout()));
    Guards { numbers: numbers.collect(), choices: choices.collect() }
}

impl<G: Deref<Target = Storage>> Guards<'_, G> {
    /// The numbers of the nodes of every stage.
    fn numbers(&self) -> Result<Vec<&[f32]>, ModelError> {
        self.numbers.iter().map(|weights| weights.as_ref().map_or(Ok(&[][..]), floats)).collect()
    }

    /// The weights of the choices of every stage.
    fn choices(&self) -> Result<Vec<&[f32]>, ModelError> {
        self.choices.iter().map(|weights| weights.as_ref().map_or(Ok(&[][..]), floats)).collect()
    }
}

fn floats<'a, G: Deref<Target = Storage>>((storage, layout): &'a (G, &Layout)) -> Result<&'a [f32], ModelError> {
    match (&**storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) => Ok(&values[start..end]),
        _ => Err(candle_core::Error::Msg("weights must be contiguous float32 numbers on the CPU".into()).into()),
    }
}

fn mixtures(stages: &[StagePlan]) -> Result<Vec<Option<Mixture<'_>>>, ModelError> {
    stages.iter().map(mixture).collect()
}

fn mixture(stage: &StagePlan) -> Result<Option<Mixture<'_>>, ModelError> {
    match &stage.kind {
        StageKind::Nodes(nodes) => nodes.learned.as_ref().map(|learned| nodes.mixture(learned)).transpose(),
        StageKind::Pool(_) | StageKind::Join(_) => Ok(None),
    }
}

/// Makes of the weights what all tiles need; of a training step with its place, else for scores.
fn prepare(
    stages: &[StagePlan],
    steps: &mut [StageStep],
    numbers: &[&[f32]],
    choices: &[&[f32]],
    mixtures: &[Option<Mixture<'_>>],
    mut at: Option<&mut TrainingStep>,
) {
    for (index, (stage, step)) in stages.iter().zip(steps).enumerate() {
        let StageKind::Nodes(nodes) = &stage.kind else { continue };
        nodes.layer.prepare(numbers[index], &mut step.prepared);
        if let Some(at) = at.as_deref_mut().filter(|_| nodes.flip() > 0.0) {
            step.flips = at.noise.next_u64();
        }
        let Some(mixture) = &mixtures[index] else { continue };
        let weights = choices[index];
        let soft = at.is_some() && nodes.is_soft();
        if let Some(at) = at.as_deref().filter(|_| soft || stage.input_gradient) {
            step.temperature = temperature(&nodes.runtime, at.step) as f32;
            mixture.shares(weights, step.temperature, &mut step.shares);
        }
        if !soft {
            step.read = nodes.resolve(&choose_hard(weights, mixture.candidates, mixture.list));
        }
    }
}

/// The sum of the losses of a tile; their gradients, as those of the batch's mean, into its
/// buffers.
fn losses(step: &Step<'_>, tile_index: usize, buffers: &mut TileBuffers, loss: &SampleLoss<'_>) -> f64 {
    let (valid, share) = (step.valid(tile_index), 1.0 / step.batch.len().max(1) as f32);
    let rows = buffers.scores.chunks_exact(step.classes).zip(buffers.grad_scores.chunks_exact_mut(step.classes));
    let mut sum = 0.0;
    for (sample, (scores, grad)) in rows.enumerate() {
        grad.fill(0.0);
        if sample < valid {
            sum += loss(tile_index * step.tile + sample, scores, grad);
            grad.iter_mut().for_each(|g| *g *= share);
        }
    }
    sum
}

/// The backward pass where some stages wait for the whole batch.
fn backward_in_parts(step: &Step<'_>, cut: Cut, groups: &mut [Group], barriers: &[usize]) {
    let mut from = step.stages.len();
    for &barrier in barriers {
        backward_stages(step, cut, groups, barrier + 1, from);
        from = barrier + 1;
        let mut moments = Moments::default();
        for (index, group) in groups.iter().enumerate() {
            for (tile_index, buffers) in cut.tiles_of(index).zip(&group.buffers) {
                moments = moments.and(buffers.moments(step, barrier, tile_index));
            }
        }
        groups.par_iter_mut().enumerate().for_each(|(index, group)| {
            for (tile_index, buffers) in cut.tiles_of(index).zip(&mut group.buffers) {
                buffers.rescale(step, barrier, tile_index, moments);
            }
        });
    }
    backward_stages(step, cut, groups, 0, from);
}

/// Goes back through the stages from `end - 1` to `start`.
fn backward_stages(step: &Step<'_>, cut: Cut, groups: &mut [Group], start: usize, end: usize) {
    if start >= end {
        return;
    }
    groups.par_iter_mut().enumerate().for_each(|(index, group)| {
        for (tile_index, buffers) in cut.tiles_of(index).zip(&mut group.buffers) {
            buffers.backward(step, start..=end - 1, tile_index, &mut group.sums);
        }
    });
}

/// Adds the groups up and makes gradients of their sums; the penalties come in here. `chosen` has the
/// gradients of the choices of every stage where they are known already.
fn finish(
    step: &Step<'_>,
    cut: Cut,
    groups: &mut [Group],
    gradients: &mut [Vec<f32>],
    floats: &mut Vec<Vec<f32>>,
    chosen: &[Vec<f32>],
) -> Result<Option<f64>, ModelError> {
    let mut gradients = gradients.iter_mut();
    let mut penalty = None;
    for (index, (stage, stage_step)) in step.stages.iter().zip(step.steps).enumerate() {
        let StageKind::Nodes(nodes) = &stage.kind else { continue };
        let Some((first, others)) = groups.split_first_mut() else { continue };
        let sums = &mut first.sums[index];
        sums.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, sums)| {
            for group in &*others {
                let others = &group.sums[index][chunk * CHUNK..];
                sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
            }
        });
        let Some(gradient) = gradients.next() else { continue };
        gradient.par_chunks_mut(CHUNK).for_each(|chunk| chunk.fill(0.0));
        nodes.layer.finish(&stage_step.prepared, step.numbers[index], sums, gradient);
        if let Some(penalties) = &nodes.penalties {
            let own = penalties.add(step.numbers[index], gradient);
            penalty = Some(penalty.unwrap_or(0.0) + own);
        }
        let Some(mixture) = step.mixtures[index] else { continue };
        let Some(gradient) = gradients.next() else { continue };
        if let Some(found) = chosen.get(index) {
            gradient.copy_from_slice(found);
            continue;
        }
        let temperature = stage_step.temperature;
        let rule = ChoiceRule { selection: nodes.selection(), temperature, shares: &stage_step.shares };
        let buffers = || {
            let groups = groups.iter().enumerate();
            groups.flat_map(|(index, group)| cut.tiles_of(index).zip(&group.buffers).map(|(_, buffers)| buffers))
        };
        let of_choice: Vec<(Rows<'_>, &[f32])> = buffers().map(|buffers| buffers.of_choice(stage, index)).collect();
        floats.resize(of_choice.len(), Vec::new());
        for ((rows, _), floats) in of_choice.iter().zip(floats.iter_mut()) {
            if let Rows::Bytes(bytes) = rows {
                floats.resize(bytes.len(), 0.0);
                rows.to_floats(floats);
            }
        }
        let tiles = of_choice.iter().zip(floats.iter()).map(|((rows, grad), floats)| match rows {
            Rows::Bytes(_) => (floats.as_slice(), *grad),
            Rows::Floats(seen) => (*seen, *grad),
        });
        let tiles: Vec<(&[f32], &[f32])> = tiles.collect();
        choice_gradient(mixture, rule, &tiles, step.tile, gradient);
    }
    Ok(penalty)
}
