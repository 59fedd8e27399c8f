//! The training loop.

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor};
use candle_nn::loss::cross_entropy;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{AdamParameters, Optimizer, TrainError, check_dataset, share};
use crate::config::{OptimizerType, TrainingConfig};
use crate::data::Dataset;
use crate::model::{Accuracies, EncodedSamples, Model, Trainable, TrainingRecord, TrainingStep};

/// Samples whose training scores are computed at a time, to bound memory.
const SCORE_BATCH: usize = 512;

/// What an epoch reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Mean cross-entropy over its steps.
    pub loss: f64,
    /// Accuracies after it.
    pub accuracy: Accuracies,
}

/// Hears of a training's progress.
pub trait Progress {
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
    config.check()?;
    let expected = model.features().ok().or(model.config().input_size).unwrap_or(train.columns);
    for data in std::iter::once(train).chain(test) {
        check_dataset(data, expected, model.config().num_classes)?;
    }
    let first = train.labels.first().copied().unwrap_or(0);
    if train.labels.iter().all(|&label| label == first) {
        return Err(TrainError::OneClass { name: train.name.clone(), rows: train.rows, label: first });
    }
    if model.features().is_err() {
        model.fit_encoder(&train.features, train.columns)?;
    }
    let train_bits = EncodedSet::new(model, train)?;
    let test_bits = test.map(|test| EncodedSet::new(model, test)).transpose()?;

    let OptimizerType::Adam = config.optimizer;
    let weights = model.trainable()?;
    let mut optimizer = Optimizer::new(weights.clone(), AdamParameters::default());
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut at = TrainingStep::first(config.seed);
    let mut order: Vec<usize> = (0..train.rows).collect();
    let steps = train.rows.div_ceil(config.batch_size);
    let mut last = None;
    for epoch in 1..=config.epochs {
        order.shuffle(&mut rng);
        let mut sum = 0.0;
        for (step, rows) in order.chunks(config.batch_size).enumerate() {
            let done = (epoch - 1) * steps + step;
            let rate = config.schedule.rate(config.learning_rate, done, steps * config.epochs);
            let (inputs, labels) = train_bits.batch(rows)?;
            let loss = cross_entropy(&model.forward_train(&inputs, &mut at)?, &labels)?;
            let value = loss.to_scalar::<f32>()?;
            finite("the loss", value, epoch, step + 1, config)?;
            let loss = match model.penalty()? {
                Some(penalty) => {
                    finite("the sum of the regularizers", penalty.to_scalar()?, epoch, step + 1, config)?;
                    (loss + penalty)?
                }
                None => loss,
            };
            let gradients = gradients(&loss.backward()?, &weights)?;
            optimizer.step(&gradients, rate, 1.0)?;
            model.constrain()?;
            sum += f64::from(value);
            progress.step(rows.len(), f64::from(value));
        }
        for weights in model.weights()? {
            let weights = weights.flatten_all()?.to_vec1::<f32>()?;
            let value = weights.into_iter().find(|weight| !weight.is_finite()).unwrap_or(0.0);
            finite("a weight", value, epoch, steps, config)?;
        }
        let network = model.binarize()?;
        let hard = |set: &EncodedSet| share(&set.bits.classify(&network), set.labels);
        let report = EpochReport {
            epoch,
            loss: sum / steps as f64,
            accuracy: Accuracies {
                soft_train: train_bits.soft_accuracy(model)?,
                hard_train: hard(&train_bits),
                soft_test: test_bits.as_ref().map(|set| set.soft_accuracy(model)).transpose()?,
                hard_test: test_bits.as_ref().map(hard),
            },
        };
        progress.epoch(&report);
        last = Some(report);
    }
    let report = last.ok_or(TrainError::Empty { name: train.name.clone() })?;
    let record = TrainingRecord {
        command: None,
        training: config.clone(),
        train_data: train.name.clone(),
        train_samples: train.rows,
        test_data: test.map(|test| test.name.clone()),
        test_samples: test.map_or(0, |test| test.rows),
        loss: report.loss,
        accuracy: report.accuracy,
    };
    model.set_record(record.clone());
    Ok(record)
}

/// The gradients of the weights, zero for one that the loss does not depend on.
fn gradients(store: &GradStore, weights: &[Trainable]) -> Result<Vec<Vec<f32>>, TrainError> {
    let of = |weight: &Trainable| match store.get(weight.values.as_tensor()) {
        Some(gradient) => Ok(gradient.flatten_all()?.to_vec1()?),
        None => Ok(vec![0.0; weight.values.elem_count()]),
    };
    weights.iter().map(of).collect()
}

fn finite(
    what: &'static str,
    value: f32,
    epoch: usize,
    step: usize,
    config: &TrainingConfig,
) -> Result<(), TrainError> {
    if value.is_finite() {
        return Ok(());
    }
    Err(TrainError::NotFinite { what, value, epoch, step, learning_rate: config.learning_rate })
}

/// A data set as encoded bits.
struct EncodedSet<'a> {
    bits: EncodedSamples,
    labels: &'a [u32],
}

impl<'a> EncodedSet<'a> {
    fn new(model: &Model, data: &'a Dataset) -> Result<Self, TrainError> {
        Ok(Self { bits: model.encode(&data.features)?, labels: &data.labels })
    }

    /// The bits `(columns, rows)` and the labels of some samples.
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor), TrainError> {
        let labels: Vec<u32> = rows.iter().map(|&row| self.labels[row]).collect();
        Ok((self.bits.batch(rows)?, Tensor::from_vec(labels, rows.len(), &Device::Cpu)?))
    }

    /// The share of samples whose largest training score is their class's, the lowest class on
    /// ties.
    fn soft_accuracy(&self, model: &Model) -> Result<f64, TrainError> {
        let rows: Vec<usize> = (0..self.labels.len()).collect();
        let mut classes = Vec::with_capacity(rows.len());
        for rows in rows.chunks(SCORE_BATCH) {
            let scores = model.forward(&self.bits.batch(rows)?)?.to_vec2::<f32>()?;
            classes.extend(scores.iter().map(|scores| largest(scores)));
        }
        Ok(share(&classes, self.labels))
    }
}

/// The index of the largest score, the lowest on ties.
fn largest(scores: &[f32]) -> u32 {
    let mut best = 0;
    for (class, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = class;
        }
    }
    best as u32
}

#[cfg(test)]
mod tests {
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
        TrainingConfig {
            epochs,
            batch_size: 48,
            learning_rate: 0.05,
            optimizer: OptimizerType::Adam,
            schedule: Schedule::Cosine,
            seed: 9,
        }
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
        let expected = "the loss became NaN in epoch 1, step 1; try a smaller learning_rate (it is 0.05)";
        assert!(message.starts_with(expected), "{message}");
    }
}
