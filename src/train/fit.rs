//! The training loop.

use std::borrow::Cow;
use std::time::Instant;

use candle_core::Tensor;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::augment::Augmenter;
use super::checkpoint::{self, Best, Identity, State};
use super::encoded_set::EncodedSet;
use super::loss::loss;
use super::{
    AdamParameters, EpochReport, Optimizer, Part, RunFolder, TrainError, check_dataset, global_norm, stratified_split,
};
use crate::components::accelerator::Accelerator;
use crate::config::{Keep, OptimizerType, TrainingConfig};
use crate::data::Dataset;
use crate::model::{Accuracies, Model, ModelError, StepLoss, Trainable, TrainingPass, TrainingRecord, TrainingStep};

/// Hears of a training's progress.
pub trait Progress {
    /// The training goes on after `epochs` epochs, with `samples` samples in each.
    fn start(&mut self, _epochs: usize, _samples: usize) {}

    /// A step ended in which `samples` samples were used; `loss` is its cross-entropy.
    fn step(&mut self, _samples: usize, _loss: f64) {}

    /// An epoch ended.
    fn epoch(&mut self, _report: &EpochReport) {}
}

/// No interest in progress.
impl Progress for () {}

fn pass_on(model: &Model, accelerator: Option<Box<dyn Accelerator>>) -> Result<TrainingPass, ModelError> {
    match accelerator {
        Some(accelerator) => model.training_pass_on(accelerator),
        None => model.training_pass(),
    }
}

/// Fits the encoder to `train` unless the model has one, then fits the weights, and leaves the
/// record of it in the model. `test` is only measured.
///
/// What is minimised is the cross-entropy of the scores divided by tau plus the regularizers of
/// the model, by Adam; what is reported is the cross-entropy alone.
///
/// # Errors
/// [`TrainError`] for data that do not fit the model, parameters out of range, and a loss that
/// stops being a number.
pub fn fit(
    model: &mut Model,
    train: &Dataset,
    test: Option<&Dataset>,
    config: &TrainingConfig,
    progress: &mut dyn Progress,
) -> Result<TrainingRecord, TrainError> {
    fit_in(model, train, test, config, None, progress)
}

/// The same with a folder for checkpoints, metrics and the training curve. Gone on from a
/// checkpoint, a training ends with the same weights and the same record as without a break.
///
/// # Errors
/// The same, and [`TrainError`] for a folder or checkpoint that cannot be used.
pub fn fit_in(
    model: &mut Model,
    train: &Dataset,
    test: Option<&Dataset>,
    config: &TrainingConfig,
    folder: Option<&RunFolder>,
    progress: &mut dyn Progress,
) -> Result<TrainingRecord, TrainError> {
    fit_on(model, train, test, config, folder, None, progress)
}

/// The same with the passes of the steps on an accelerator, where one is given. Its sums have
/// another order than the processor's, so that weights differ in their last bits.
///
/// # Errors
/// The same, and [`ModelError::Accelerator`](crate::model::ModelError::Accelerator).
pub fn fit_on(
    model: &mut Model,
    train: &Dataset,
    test: Option<&Dataset>,
    config: &TrainingConfig,
    folder: Option<&RunFolder>,
    accelerator: Option<Box<dyn Accelerator>>,
    progress: &mut dyn Progress,
) -> Result<TrainingRecord, TrainError> {
    check(model, train, test, config)?;
    // Before the encoder is fitted and tau annealed.
    let identity = folder.map(|_| Identity::new(model.config(), config, train)).transpose()?;
    let checkpoint = folder.map(RunFolder::open).transpose()?.flatten();
    let (train, validation) = split(train, config)?;
    let train = train.as_ref();
    if model.features().is_err() {
        model.fit_encoder(&train.features, train.columns)?;
    }
    let plain_bits = EncodedSet::new(model, train)?;
    let validation_bits = validation.as_ref().map(|part| EncodedSet::new(model, part)).transpose()?;
    let test_bits = test.map(|test| EncodedSet::new(model, test)).transpose()?;
    let augmenter = config.augmentation.map(|a| Augmenter::new(a, model.config(), train.columns, config.seed));
    let augmenter = augmenter.transpose()?;
    // The test samples are shown when there is nothing else that is not trained on.
    let (part, measured) = match (&validation_bits, &test_bits) {
        (Some(bits), _) => (Part::Validation, bits),
        (None, Some(bits)) => (Part::Test, bits),
        (None, None) => (Part::Train, &plain_bits),
    };

    let weights = model.trainable()?;
    let decay = match config.optimizer {
        OptimizerType::Adam => 0.0,
        OptimizerType::Adamw => config.weight_decay.unwrap_or(0.01),
    };
    let mut optimizer = Optimizer::new(weights.clone(), AdamParameters { weight_decay: decay, ..Default::default() });
    let mut state = State { reports: Vec::new(), position: TrainingStep::first(config.seed).position(), best: None };
    if let (Some(path), Some(identity)) = (&checkpoint, &identity) {
        state = checkpoint::read(path, identity, &weights, &mut optimizer)?;
    }
    let mut at = TrainingStep::resume(config.seed, state.position);
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut order: Vec<usize> = (0..train.rows).collect();
    // The order of an epoch is made from that of the one before.
    state.reports.iter().for_each(|_| order.shuffle(&mut rng));
    let head = model.config().head;
    let mut pass = pass_on(model, accelerator)?;
    progress.start(state.reports.len(), train.rows);

    let steps = train.rows.div_ceil(config.batch_size);
    for epoch in state.reports.len() + 1..=config.epochs {
        if stops_early(&state, config) {
            break;
        }
        let begun = Instant::now();
        if anneal(model, config, epoch)? {
            pass = pass_on(model, pass.into_accelerator())?;
        }
        order.shuffle(&mut rng);
        let augmented = augmenter.as_ref().map(|augmenter| EncodedSet::augmented(model, train, augmenter, epoch));
        let augmented = augmented.transpose()?;
        let bits = augmented.as_ref().unwrap_or(&plain_bits);
        let (mut sum, mut correct) = (0.0, 0);
        let stepping = Instant::now();
        for (step, rows) in order.chunks(config.batch_size).enumerate() {
            let rate = config.rate((epoch - 1) * steps + step, steps);
            let not_finite =
                |what, value| not_finite(NotFinite { what, value, epoch, step: step + 1, config }, &weights);
            let of_sample = |sample: usize, scores: &[f32], gradient: &mut [f32]| {
                loss(head, scores, bits.label(rows[sample]), config.label_smoothing, gradient)
            };
            let StepLoss { loss: value, penalty } = pass.step(bits.bits(), rows, &mut at, &of_sample)?;
            if !value.is_finite() {
                return Err(not_finite("the loss", value as f32));
            }
            correct += bits.count_right(model, rows, pass.step_scores());
            if let Some(penalty) = penalty.filter(|penalty| !penalty.is_finite()) {
                return Err(not_finite("the sum of the regularizers", penalty as f32));
            }
            let gradients = pass.gradients();
            let factor = match config.gradient_clip {
                None => 1.0,
                Some(most) => (most / global_norm(gradients).max(most)) as f32,
            };
            if !factor.is_finite() {
                return Err(not_finite("the norm of the gradients", f32::NAN));
            }
            optimizer.step(gradients, rate, factor)?;
            model.constrain()?;
            sum += value;
            progress.step(rows.len(), value);
        }
        let samples_per_second = train.rows as f64 / stepping.elapsed().as_secs_f64().max(1e-9);
        if let Some((_, value)) = first_not_finite(&weights)? {
            return Err(not_finite(NotFinite { what: "a weight", value, epoch, step: steps, config }, &weights));
        }
        let soft_accuracy = measured.soft_accuracy(model)?;
        let hard_accuracy = measured.hard_accuracy(&model.binarize()?, model.config().head);
        let report = EpochReport {
            epoch,
            loss: sum / steps as f64,
            train_accuracy: correct as f64 / train.rows as f64,
            measured_on: part,
            soft_accuracy,
            hard_accuracy,
            gap: soft_accuracy - hard_accuracy,
            learning_rate: config.rate(epoch * steps - 1, steps),
            output_tau: f64::from(model.config().tau()),
            seconds: begun.elapsed().as_secs_f64(),
            samples_per_second,
        };
        state.reports.push(report);
        state.position = at.position();
        if part == Part::Validation && state.best.as_ref().is_none_or(|best| hard_accuracy > best.accuracy) {
            let kept = if config.keep == Keep::Best { weights.as_slice() } else { &[] };
            let weights = kept.iter().map(checkpoint::values).collect::<Result<_, _>>()?;
            state.best = Some(Best { epoch, accuracy: hard_accuracy, weights });
        }
        if let (Some(folder), Some(identity)) = (folder, &identity) {
            let due = epoch % folder.every.max(1) == 0 || epoch == config.epochs || stops_early(&state, config);
            if due {
                checkpoint::write(&folder.checkpoint(epoch), identity, &state, &weights, &optimizer)?;
            }
            folder.update(&state.reports)?;
        }
        progress.epoch(&report);
    }

    let last = state.reports.len();
    let kept = match (&state.best, config.keep) {
        (Some(best), Keep::Best) => {
            weights.iter().zip(&best.weights).try_for_each(|(weight, values)| set(weight, values.clone()))?;
            best.epoch
        }
        _ => last,
    };
    anneal(model, config, kept)?;
    let (network, head) = (model.binarize()?, model.config().head);
    let soft = |bits: &EncodedSet<'_>| bits.soft_accuracy(model);
    let record = TrainingRecord {
        command: None,
        training: config.clone(),
        train_data: train.name.clone(),
        train_samples: train.rows,
        validation_samples: validation.as_ref().map_or(0, |part| part.rows),
        test_data: test.map(|test| test.name.clone()),
        test_samples: test.map_or(0, |test| test.rows),
        epoch: (kept != config.epochs).then_some(kept),
        loss: state.reports.get(kept.saturating_sub(1)).map_or(0.0, |report| report.loss),
        accuracy: Accuracies {
            soft_train: soft(&plain_bits)?,
            hard_train: plain_bits.hard_accuracy(&network, head),
            soft_validation: validation_bits.as_ref().map(soft).transpose()?,
            hard_validation: validation_bits.as_ref().map(|bits| bits.hard_accuracy(&network, head)),
            soft_test: test_bits.as_ref().map(soft).transpose()?,
            hard_test: test_bits.as_ref().map(|bits| bits.hard_accuracy(&network, head)),
        },
    };
    model.set_record(record.clone());
    Ok(record)
}

/// Refuses parameters out of range and data that do not fit the model.
fn check(model: &Model, train: &Dataset, test: Option<&Dataset>, config: &TrainingConfig) -> Result<(), TrainError> {
    config.check()?;
    let expected = model.features().ok().or(model.config().input_size).unwrap_or(train.columns);
    for data in std::iter::once(train).chain(test) {
        check_dataset(data, expected, model.label_count())?;
    }
    let first = train.labels.first().copied().unwrap_or(0);
    if train.labels.iter().all(|&label| label == first) {
        return Err(TrainError::OneClass { name: train.name.clone(), rows: train.rows, label: first });
    }
    Ok(())
}

/// The samples to train on, and those to validate on.
fn split<'a>(data: &'a Dataset, config: &TrainingConfig) -> Result<(Cow<'a, Dataset>, Option<Dataset>), TrainError> {
    if config.validation_fraction == 0.0 {
        return Ok((Cow::Borrowed(data), None));
    }
    let (train, validation) = stratified_split(&data.labels, config.validation_fraction, config.seed);
    if validation.is_empty() {
        let (name, fraction) = (data.name.clone(), config.validation_fraction);
        return Err(TrainError::Validation { name, rows: data.rows, fraction });
    }
    Ok((Cow::Owned(data.select(&train)), Some(data.select(&validation))))
}

/// Sets what changes from epoch to epoch in the model's runtime parameters; whether there is any.
fn anneal(model: &mut Model, config: &TrainingConfig, epoch: usize) -> Result<bool, TrainError> {
    let settings = [("output_tau", config.output_tau), ("temperature", config.temperature)];
    let values: Vec<(String, serde_json::Value)> = settings
        .into_iter()
        .filter_map(|(name, anneal)| Some((name.to_owned(), anneal?.at(epoch, config.epochs).into())))
        .collect();
    if !values.is_empty() {
        model.apply_runtime_overrides(&values)?;
    }
    Ok(!values.is_empty())
}

/// Whether so many epochs brought nothing that the training ends.
fn stops_early(state: &State, config: &TrainingConfig) -> bool {
    match (&state.best, config.early_stopping) {
        (Some(best), Some(patience)) => state.reports.len() >= best.epoch + patience,
        _ => false,
    }
}

/// Replaces the numbers of a weight.
pub(super) fn set(weight: &Trainable, values: Vec<f32>) -> Result<(), TrainError> {
    Ok(weight.values.set(&Tensor::from_vec(values, weight.values.shape(), weight.values.device())?)?)
}

/// What is no number, and where.
struct NotFinite<'a> {
    what: &'static str,
    value: f32,
    epoch: usize,
    step: usize,
    config: &'a TrainingConfig,
}

fn not_finite(found: NotFinite<'_>, weights: &[Trainable]) -> TrainError {
    let NotFinite { what, value, epoch, step, config } = found;
    let place = match first_not_finite(weights) {
        Ok(Some((place, _))) => place,
        Ok(None) => "all weights are finite, so the scores or a gradient grew too large".into(),
        Err(error) => return error,
    };
    TrainError::NotFinite { what, value, epoch, step, place, learning_rate: config.learning_rate }
}

/// The first layer with a weight that is no number, as a sentence, and the weight.
fn first_not_finite(weights: &[Trainable]) -> Result<Option<(String, f32)>, TrainError> {
    for weight in weights {
        let values = checkpoint::values(weight)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let (name, value) = (&weight.name, values[at]);
            let place =
                format!("the first such weight is number {} of row {} of `{name}`", at % weight.row, at / weight.row);
            return Ok(Some((place, value)));
        }
    }
    Ok(None)
}
