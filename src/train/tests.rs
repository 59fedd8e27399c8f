//! The loop from outside: what it learns, repeats, resumes and refuses.

use super::*;
use crate::components::registry::NODES;
use crate::config::{
    Anneal, Augmentation, EncoderConfig, EncoderType, Keep, LayerType, ModelConfig, NodeType, OptimizerType,
    RuntimeConfig, Schedule, TrainingConfig,
};
use crate::data::Dataset;
use crate::model::Model;

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
    let noise = "flip_probability: 0.1, regularizers: {l1: 0.001, entropy: 0.01}";
    let cases = [
        (LayerType::Random, format!("{{{noise}, grad_stabilization: batchwise}}"), None),
        (LayerType::Learnable, format!("{{{noise}, grad_stabilization: layerwise}}"), None),
        (LayerType::Learnable, format!("{{{noise}, selection: straight_through}}"), Some(3)),
    ];
    for (kind, (layer_type, runtime, candidates)) in NODES.all().into_iter().flat_map(|k| cases.clone().map(|c| (k, c)))
    {
        let bytes = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let runtime = serde_yaml::from_str(&runtime).unwrap();
                let mut config = model(kind.node_type).config().clone();
                config.node_params.candidates = candidates;
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
    refused(Dataset { rows: 0, labels: vec![], features: vec![], ..good.clone() }, training(1), "`d` has no samples");
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

/// Images of three by three with a bright pixel; the class is whether it lies in the left column.
fn spots() -> Dataset {
    let labels: Vec<u32> = (0..90).map(|row| u32::from(row % 3 == 0)).collect();
    let features = (0..90).flat_map(|row| (0..9).map(move |at| if at == row % 9 { 9.0 } else { (row % 4) as f32 }));
    Dataset { name: "spots".into(), features: features.collect(), rows: 90, columns: 9, labels, classes: 2 }
}

fn spots_model(layer_type: LayerType) -> Model {
    let runtime = serde_yaml::from_str("{output_tau: 2, flip_probability: 0.05}").unwrap();
    let config = ModelConfig { input_size: Some(9), layer_type, runtime, ..model(NodeType::Dwn).config().clone() };
    Model::build(config, 5).unwrap()
}

/// Everything at once that a checkpoint has to carry over.
fn everything(epochs: usize) -> TrainingConfig {
    TrainingConfig {
        optimizer: OptimizerType::Adamw,
        warmup_epochs: 1.5,
        gradient_clip: Some(0.5),
        label_smoothing: 0.1,
        output_tau: Some(Anneal { from: 4.0, to: 1.0 }),
        validation_fraction: 0.2,
        keep: Keep::Best,
        augmentation: Some(Augmentation { shift: 0.4, ..Default::default() }),
        ..TrainingConfig { batch_size: 7, ..training(epochs) }
    }
}

fn bytes(model: &Model) -> Vec<u8> {
    model.to_file().unwrap().to_bytes().unwrap()
}

#[test]
fn a_training_goes_on_from_every_checkpoint_to_the_same_bytes() {
    for layer_type in [LayerType::Random, LayerType::Learnable] {
        let (data, config) = (spots(), everything(5));
        let mut whole = spots_model(layer_type);
        fit(&mut whole, &data, None, &config, &mut ()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let run = |path: &str| RunFolder { path: folder.path().join(path), keep: 9, every: 1, resume: true };
        let mut watched = spots_model(layer_type);
        fit_in(&mut watched, &data, None, &config, Some(&run("all")), &mut ()).unwrap();
        assert!(bytes(&watched) == bytes(&whole), "the folder changes the training");
        for epoch in 1..=5 {
            let run = run(&format!("from {epoch}"));
            std::fs::create_dir(&run.path).unwrap();
            let name = format!("epoch-{epoch:06}.safetensors");
            std::fs::copy(folder.path().join("all").join(&name), run.path.join(&name)).unwrap();
            let (mut resumed, mut heard) = (spots_model(layer_type), Listener::default());
            fit_in(&mut resumed, &data, None, &config, Some(&run), &mut heard).unwrap();
            assert_eq!(heard.reports.len(), 5 - epoch);
            assert!(bytes(&resumed) == bytes(&whole), "epoch {epoch}");
            let metrics = std::fs::read_to_string(run.path.join("metrics.jsonl")).unwrap_or_default();
            // The last checkpoint leaves nothing to do, and nothing to write.
            assert_eq!(metrics.lines().count(), if epoch == 5 { 0 } else { 5 });
        }
    }
}

#[test]
fn a_checkpoint_of_another_training_is_refused_with_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder { path: folder.path().to_owned(), keep: 1, every: 1, resume: true };
    let go = |model: &mut Model, data: &Dataset, config: &TrainingConfig, resume| {
        fit_in(model, data, None, config, Some(&RunFolder { resume, ..run.clone() }), &mut ())
    };
    go(&mut model(NodeType::Dwn), &xor("d"), &training(2), true).unwrap();
    let refused = |model: &mut Model, data: &Dataset, config: &TrainingConfig, expected: &str| {
        let message = go(model, data, config, true).unwrap_err().to_string();
        assert!(message.contains("epoch-000002.safetensors` belongs to another training: "), "{message}");
        assert!(message.contains(expected), "{message}");
    };
    let config = TrainingConfig { learning_rate: 0.5, ..training(3) };
    let expected = "training.epochs is 2 there and 3 here; training.learning_rate is 0.05 there and 0.5 here; give";
    refused(&mut model(NodeType::Dwn), &xor("d"), &config, expected);
    let expected = "model.node_type is \"dwn\" there and \"hybrid\" here";
    refused(&mut model(NodeType::Hybrid), &xor("d"), &training(2), expected);
    let mut other = xor("d");
    other.features[0] = 3.0;
    refused(&mut model(NodeType::Dwn), &other, &training(2), "data.sha256 is ");
    let message = go(&mut model(NodeType::Dwn), &xor("d"), &training(2), false).unwrap_err().to_string();
    assert!(message.contains("holds checkpoints of an earlier training"), "{message}");

    let path = folder.path().join("epoch-000002.safetensors");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    let message = go(&mut model(NodeType::Dwn), &xor("d"), &training(2), true).unwrap_err().to_string();
    assert!(message.contains("epoch-000002.safetensors") && message.contains("safetensors file"), "{message}");
}

#[test]
fn the_best_epoch_is_kept_and_patience_ends_the_training() {
    let config = TrainingConfig {
        validation_fraction: 0.3,
        keep: Keep::Best,
        early_stopping: Some(4),
        learning_rate: 0.3,
        schedule: Schedule::Constant,
        ..training(60)
    };
    let (mut model, mut heard) = (model(NodeType::Dwn), Listener::default());
    let record = fit(&mut model, &xor("d"), Some(&xor("test")), &config, &mut heard).unwrap();
    assert!(heard.reports.iter().all(|report| report.measured_on == Part::Validation));
    let best = heard.reports.iter().fold(0.0f64, |best, report| best.max(report.hard_accuracy));
    let first = heard.reports.iter().position(|report| report.hard_accuracy == best).unwrap() + 1;
    assert_eq!((record.epoch, heard.reports.len()), (Some(first), first + 4));
    assert_eq!(record.accuracy.hard_validation, Some(best));
    assert_eq!((record.train_samples, record.validation_samples, record.test_samples), (180, 76, 256));
    let classes = model.classify(&xor("d").features).unwrap();
    assert_eq!(record.accuracy.hard_test, Some(share(&classes, &xor("d").labels)));
    assert_eq!(record.loss, heard.reports[first - 1].loss);
}

#[test]
fn tau_moves_over_the_epochs_and_stays_where_it_ends() {
    let config = TrainingConfig { output_tau: Some(Anneal { from: 8.0, to: 2.0 }), ..training(3) };
    let (mut model, mut heard) = (model(NodeType::Dwn), Listener::default());
    fit(&mut model, &xor("d"), None, &config, &mut heard).unwrap();
    let taus: Vec<f64> = heard.reports.iter().map(|report| report.output_tau).collect();
    assert_eq!((taus, model.config().tau()), (vec![8.0, 4.0, 2.0], 2.0));
    let cold = TrainingConfig { temperature: Some(Anneal { from: 2.0, to: 0.5 }), ..training(2) };
    let message = fit(&mut model, &xor("d"), None, &cold, &mut ()).unwrap_err().to_string();
    assert!(message.contains("runtime.temperature is set; node_type dwn"), "{message}");
    let mut warm = super::tests::model(NodeType::Probabilistic);
    fit(&mut warm, &xor("d"), None, &cold, &mut ()).unwrap();
    assert_eq!(warm.config().runtime.temperature, Some(0.5));
}

#[test]
fn augmented_images_are_the_same_on_any_number_of_threads() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut model = spots_model(LayerType::Random);
            fit(&mut model, &spots(), None, &everything(3), &mut ()).unwrap();
            bytes(&model)
        })
    };
    assert!(run(1) == run(3));
    let mut plain = spots_model(LayerType::Random);
    fit(&mut plain, &spots(), None, &TrainingConfig { augmentation: None, ..everything(3) }, &mut ()).unwrap();
    assert!(run(1) != bytes(&plain));
}

#[test]
fn clipping_bounds_the_first_step_of_plain_weights() {
    // Adam forgets the scale of its gradients but for epsilon: a norm that is nearly nothing
    // leaves steps that are nearly nothing.
    let moved = |clip| {
        let mut model = model(NodeType::Probabilistic);
        model.fit_encoder(&xor("d").features, 2).unwrap();
        let first = model.weights().unwrap()[0].copy().unwrap();
        let config = TrainingConfig { gradient_clip: clip, batch_size: 256, ..training(1) };
        fit(&mut model, &xor("d"), None, &config, &mut ()).unwrap();
        let change = (model.weights().unwrap()[0].as_tensor() - first).unwrap().abs().unwrap();
        change.flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap()
    };
    assert!((moved(None) - 0.05).abs() < 1e-3 && moved(Some(1e-12)) < 1e-4, "{} {}", moved(None), moved(Some(1e-12)));
}

#[test]
fn a_validation_part_needs_samples() {
    let config = TrainingConfig { validation_fraction: 0.001, ..training(1) };
    refused(xor("d"), config, "which leaves no sample of the 256 of data set `d` to validate on");
}
