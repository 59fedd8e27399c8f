//! The training loop.

use std::borrow::Cow;
use std::time::Instant;

use candle_core::Tensor;
use candle_core::backprop::GradStore;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::augment::Augmenter;
use super::checkpoint::{self, Best, Identity, State};
use super::encoded_set::{EncodedSet, count_largest, label_tensor};
use super::loss::cross_entropy;
use super::{
    AdamParameters, EpochReport, Optimizer, Part, RunFolder, TrainError, check_dataset, global_norm, stratified_split,
};
use crate::config::{Keep, OptimizerType, TrainingConfig};
use crate::data::Dataset;
use crate::model::{Accuracies, Model, Trainable, TrainingRecord, TrainingStep};

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
    progress.start(state.reports.len(), train.rows);

    let steps = train.rows.div_ceil(config.batch_size);
    for epoch in state.reports.len() + 1..=config.epochs {
        if stops_early(&state, config) {
            break;
        }
        let begun = Instant::now();
        anneal(model, config, epoch)?;
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
            let (inputs, labels) = bits.batch(rows)?;
            let scores = model.forward_train(&inputs, &mut at)?;
            let loss = cross_entropy(&scores, &label_tensor(&labels)?, config.label_smoothing)?;
            let value = loss.to_scalar::<f32>()?;
            if !value.is_finite() {
                return Err(not_finite("the loss", value));
            }
            correct += count_largest(&scores, &labels)?;
            let loss = match model.penalty()? {
                Some(penalty) => {
                    let value = penalty.to_scalar::<f32>()?;
                    if !value.is_finite() {
                        return Err(not_finite("the sum of the regularizers", value));
                    }
                    (loss + penalty)?
                }
                None => loss,
            };
            let gradients = gradients(&loss.backward()?, &weights)?;
            let factor = match config.gradient_clip {
                None => 1.0,
                Some(most) => (most / global_norm(&gradients).max(most)) as f32,
            };
            if !factor.is_finite() {
                return Err(not_finite("the norm of the gradients", f32::NAN));
            }
            optimizer.step(&gradients, rate, factor)?;
            model.constrain()?;
            sum += f64::from(value);
            progress.step(rows.len(), f64::from(value));
        }
        let samples_per_second = train.rows as f64 / stepping.elapsed().as_secs_f64().max(1e-9);
        if let Some((_, value)) = first_not_finite(&weights)? {
            return Err(not_finite(NotFinite { what: "a weight", value, epoch, step: steps, config }, &weights));
        }
        let soft_accuracy = measured.soft_accuracy(model)?;
        let hard_accuracy = measured.hard_accuracy(&model.binarize()?);
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
    let network = model.binarize()?;
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
            hard_train: plain_bits.hard_accuracy(&network),
            soft_validation: validation_bits.as_ref().map(soft).transpose()?,
            hard_validation: validation_bits.as_ref().map(|bits| bits.hard_accuracy(&network)),
            soft_test: test_bits.as_ref().map(soft).transpose()?,
            hard_test: test_bits.as_ref().map(|bits| bits.hard_accuracy(&network)),
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
        check_dataset(data, expected, model.config().num_classes)?;
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

/// Sets what changes from epoch to epoch in the model's runtime parameters.
fn anneal(model: &mut Model, config: &TrainingConfig, epoch: usize) -> Result<(), TrainError> {
    let settings = [("output_tau", config.output_tau), ("temperature", config.temperature)];
    let values: Vec<(String, serde_json::Value)> = settings
        .into_iter()
        .filter_map(|(name, anneal)| Some((name.to_owned(), anneal?.at(epoch, config.epochs).into())))
        .collect();
    if !values.is_empty() {
        model.apply_runtime_overrides(&values)?;
    }
    Ok(())
}

/// Whether so many epochs brought nothing that the training ends.
fn stops_early(state: &State, config: &TrainingConfig) -> bool {
    match (&state.best, config.early_stopping) {
        (Some(best), Some(patience)) => state.reports.len() >= best.epoch + patience,
        _ => false,
    }
}

/// The gradients of the weights, zero for one that the loss does not depend on.
fn gradients(store: &GradStore, weights: &[Trainable]) -> Result<Vec<Vec<f32>>, TrainError> {
    let of = |weight: &Trainable| match store.get(weight.values.as_tensor()) {
        Some(gradient) => Ok(gradient.flatten_all()?.to_vec1()?),
        None => Ok(vec![0.0; weight.values.elem_count()]),
    };
    weights.iter().map(of).collect()
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

#[cfg(test)]
mod tests {
    use super::super::share;
    use super::*;
    use crate::components::registry::NODES;
    use crate::config::{EncoderConfig, EncoderType, LayerType, ModelConfig, NodeType, RuntimeConfig, Schedule};

    /// Two features from a grid; the class is whether they lie on the same side of 8.
    fn xor(name: &str) -> Dataset {
        let points: Vec<(u32, u32)> = (0..16).flat_map(|a| (0..16).map(move |b| (a, b))).collect();
        let labels = points.iter().map(|&(a, b)| u32::from((a < 8) == (b < 8))).collect();
        let features = points.iter().flat_map(|&(a, b)| [a as f32, b as f32]).collect();
        Dataset { name: name.into(), features, rows: points.len(), columns: 2, labels, classes: 2 }
    }

    fn model(node_type: NodeType) -> Model {
        let encoder = EncoderConfig::new(EncoderType::Thermometer, 3);
        let config = ModelConfig {
            input_size: Some(2),
            runtime: RuntimeConfig { output_tau: Some(2.0), ..Default::default() },
            ..ModelConfig::feedforward(node_type, 4, vec![24, 16], encoder, 2)
        };
        Model::build(config, 5).unwrap()
    }

    fn training(epochs: usize) -> TrainingConfig {
        TrainingConfig { schedule: Schedule::Cosine, seed: 9, ..TrainingConfig::new(epochs, 48, 0.05) }
    }

    #[derive(Default)]
    struct Listener {
        samples: usize,
        reports: Vec<EpochReport>,
    }

    impl Progress for Listener {
        fn step(&mut self, samples: usize, _loss: f64) {
            self.samples += samples;
        }
        fn epoch(&mut self, report: &EpochReport) {
            self.reports.push(*report);
        }
    }

    #[test]
    fn every_node_type_learns_a_function_that_no_single_feature_tells() {
        for kind in NODES.all() {
            let mut config = model(kind.node_type).config().clone();
            // From small weights these families take long to leave the plain sum of their inputs.
            if matches!(kind.node_type, NodeType::LinearLut | NodeType::Fourier) {
                config.runtime.init_fn = Some(crate::config::InitFn::Uniform);
            }
            let (mut model, data, mut heard) = (Model::build(config, 5).unwrap(), xor("xor"), Listener::default());
            let record = fit(&mut model, &data, Some(&xor("copy")), &training(60), &mut heard).unwrap();
            assert_eq!(record.accuracy.hard_test, Some(record.accuracy.hard_train));
            assert_eq!((heard.samples, heard.reports.len()), (60 * 256, 60));
            // A feature tells half of the samples. The gates of difflogic read two random inputs of
            // four and cosines are slow, so these two need not get everything from 40 nodes.
            let (expected, loss_share) = match kind.node_type {
                NodeType::Fourier | NodeType::Difflogic => (0.75, 0.7),
                NodeType::Probabilistic | NodeType::Dwn => (1.0, 0.5),
                _ => (1.0, 0.7),
            };
            assert!(record.accuracy.hard_train >= expected, "{}: {:?}", kind.name, record.accuracy);
            assert!(heard.reports[59].loss < loss_share * heard.reports[0].loss, "{}", kind.name);
            assert_eq!(model.record(), Some(&record));

            let network = model.binarize().unwrap();
            for (outcome, row) in model.evaluate(&data.features).unwrap().iter().zip(data.features.chunks(2)) {
                assert_eq!(outcome, &network.predict(row), "{}", kind.name);
            }
            let classes = model.classify(&data.features).unwrap();
            assert_eq!(share(&classes, &data.labels), record.accuracy.hard_train);
        }
    }

    #[test]
    fn the_reported_hard_accuracy_is_that_of_the_reference_inference() {
        let (mut model, data) = (model(NodeType::Probabilistic), xor("xor"));
        let record = fit(&mut model, &data, None, &training(1), &mut ()).unwrap();
        let network = model.binarize().unwrap();
        let classes: Vec<u32> = data.features.chunks(2).map(|x| network.predict(x).class.unwrap() as u32).collect();
        assert_eq!(record.accuracy.hard_train, share(&classes, &data.labels));
        assert_eq!(record.accuracy.hard_test, None);
    }

    #[test]
    fn the_same_seed_gives_the_same_file_on_any_number_of_threads() {
        let runtime =
            "{flip_probability: 0.1, grad_stabilization: batchwise, regularizers: {l1: 0.001, entropy: 0.01}}";
        let layers = [LayerType::Random, LayerType::Learnable];
        for (kind, layer_type) in NODES.all().into_iter().flat_map(|kind| layers.map(|layer| (kind, layer))) {
            let bytes = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| {
                    let runtime = serde_yaml::from_str(runtime).unwrap();
                    let config = model(kind.node_type).config().clone();
                    let mut model = Model::build(ModelConfig { layer_type, runtime, ..config }, 5).unwrap();
                    fit(&mut model, &xor("xor"), None, &training(3), &mut ()).unwrap();
                    model.to_file().unwrap().to_bytes().unwrap()
                })
            };
            let first = bytes(1);
            assert_eq!(first, bytes(1), "{}", kind.name);
            assert_eq!(first, bytes(3), "{}", kind.name);
        }
    }

    #[track_caller]
    fn refused(data: Dataset, config: TrainingConfig, expected: &str) {
        let message = fit(&mut model(NodeType::Dwn), &data, None, &config, &mut ()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn data_that_cannot_be_learned_are_refused() {
        let good = xor("d");
        refused(
            Dataset { labels: vec![1; 256], ..good.clone() },
            training(1),
            "all 256 samples of data set `d` have the label 1",
        );
        let mut labels = good.labels.clone();
        labels[3] = 2;
        refused(
            Dataset { labels, ..good.clone() },
            training(1),
            "sample 3 of data set `d` has the label 2, but the model has 2 classes",
        );
        refused(
            Dataset { rows: 255, ..good.clone() },
            training(1),
            "`d` states 255 samples of 2 features, but has 512 values and 256 labels",
        );
        refused(
            Dataset { columns: 4, rows: 128, labels: good.labels[..128].to_vec(), ..good.clone() },
            training(1),
            "`d` has 4 features, the model reads 2",
        );
        refused(
            Dataset { rows: 0, labels: vec![], features: vec![], ..good.clone() },
            training(1),
            "`d` has no samples",
        );
        let mut features = good.features.clone();
        features[4] = f32::NAN;
        refused(Dataset { features, ..good.clone() }, training(1), "sample 2, feature 0 is NaN");
        refused(good, TrainingConfig { epochs: 0, ..training(1) }, "training.epochs is 0");
    }

    #[test]
    fn a_loss_that_is_no_number_stops_the_training() {
        let mut model = model(NodeType::Probabilistic);
        model.fit_encoder(&xor("d").features, 2).unwrap();
        let weights = &model.weights().unwrap()[0];
        weights.set(&weights.affine(0.0, f64::NAN).unwrap()).unwrap();
        let message = fit(&mut model, &xor("d"), None, &training(1), &mut ()).unwrap_err().to_string();
        let expected = "the loss became NaN in epoch 1, step 1: the first such weight is number 0 of row 0 of \
                        `layers.0.weights`; try a smaller learning_rate (it is 0.05), gradient_clip: 1";
        assert!(message.starts_with(expected), "{message}");
    }
}
