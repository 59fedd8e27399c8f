//! Models of every registered node type: evaluation, files, refusals.

use std::path::Path;

use super::*;
use crate::components::registry::{LAYERS, NODES};
use crate::config::{EncoderConfig, EncoderType, LayerType, NodeType, RuntimeConfig};
use crate::files::{TensorFile, TensorFileWriter};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A small configuration of three classes.
pub(super) fn config(node_type: NodeType) -> ModelConfig {
    let encoder = EncoderConfig::new(EncoderType::Thermometer, 3);
    ModelConfig {
        dataset: Some("toy".into()),
        seed: 1,
        runtime: RuntimeConfig { output_tau: Some(1.5), ..Default::default() },
        ..ModelConfig::feedforward(node_type, 3, vec![10, 8], encoder, 3)
    }
}

fn samples(rows: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    (0..rows * 4).map(|_| rng.random_range(-8..8) as f32).collect()
}

pub(super) fn model(node_type: NodeType) -> Model {
    let mut model = Model::build(config(node_type), 7).unwrap();
    model.fit_encoder(&samples(50), 4).unwrap();
    model
}

/// A model of every node type with every layer type.
fn models() -> Vec<(String, Model)> {
    let pairs = NODES.all().into_iter().flat_map(|node| LAYERS.all().into_iter().map(move |layer| (node, layer)));
    let fitted = pairs.map(|(node, layer)| {
        let config = ModelConfig { layer_type: layer.layer_type, ..config(node.node_type) };
        let mut model = Model::build(config, 7).unwrap();
        model.fit_encoder(&samples(50), 4).unwrap();
        (format!("{} {}", node.name, layer.name), model)
    });
    let choosing = NODES.all().into_iter().map(|node| (format!("{} choosing", node.name), choosing(node.node_type)));
    fitted.chain(choosing).collect()
}

/// A model whose pins choose among four columns each, straight through.
fn choosing(node_type: NodeType) -> Model {
    let mut config = ModelConfig { layer_type: LayerType::Learnable, ..config(node_type) };
    config.runtime.selection = Some(crate::config::Selection::StraightThrough);
    config.node_params.candidates = Some(4);
    let mut model = Model::build(config, 7).unwrap();
    model.fit_encoder(&samples(50), 4).unwrap();
    model
}

#[test]
fn candidates_are_kept_with_the_model_and_checked() {
    let model = choosing(NodeType::Dwn);
    // 30 pins of four candidates each in the first layer, 24 in the second, instead of 12 and 10.
    assert_eq!(model.parameters().unwrap(), 18 * 8 + 30 * 4 + 24 * 4);
    let file = model.to_file().unwrap();
    let loaded = reread(&file).unwrap();
    assert_eq!(loaded.to_file().unwrap().to_bytes().unwrap(), file.to_bytes().unwrap());
    let candidates = |model: &Model, layer: usize| match &model.fitted().unwrap().layers[layer].source {
        super::layer::Source::Learned(learned) => learned.candidates.as_ref().unwrap().to_vec(),
        super::layer::Source::Fixed(_) => Vec::new(),
    };
    assert_eq!(candidates(&loaded, 1), candidates(&model, 1));
    let mut broken = TensorFileWriter::new(MODEL_FORMAT, MODEL_VERSION);
    broken.metadata("config", serde_json::to_string(model.config()).unwrap());
    broken.floats("encoder.thresholds", &[4, 3], model.fitted().unwrap().encoder.fitted()[0]);
    broken.floats("layers.0.choices", &[30, 4], &[0.0; 120]);
    broken.indices("layers.0.candidates", &[30, 4], &[12; 120]);
    let message = reread(&broken).unwrap_err().to_string();
    assert!(message.contains("tensor `layers.0.candidates`: element 0 is 12; allowed are 0 to 11"), "{message}");
}

fn reread(file: &TensorFileWriter) -> Result<Model, ModelError> {
    Model::from_file(&TensorFile::from_bytes(Path::new("m.safetensors"), file.to_bytes().unwrap()).unwrap())
}

#[test]
fn evaluation_is_the_binarized_network_bit_for_bit() {
    for (name, model) in models() {
        let network = model.binarize().unwrap();
        let values = samples(300);
        for (outcome, row) in model.evaluate(&values).unwrap().iter().zip(values.chunks(4)) {
            assert_eq!(outcome, &network.predict(row), "{name}");
        }
        let classes = model.classify(&values).unwrap();
        assert_eq!(model.encode(&values).unwrap().classify(&network, model.config().head), classes, "{name}");
    }
}

#[test]
fn the_seed_decides_everything() {
    let bytes = |seed| {
        let mut model = Model::build(config(NodeType::Probabilistic), seed).unwrap();
        model.fit_encoder(&samples(20), 4).unwrap();
        model.to_file().unwrap().to_bytes().unwrap()
    };
    assert_eq!(bytes(3), bytes(3));
    assert_ne!(bytes(3), bytes(4));
}

#[test]
fn a_loaded_model_is_the_saved_one() {
    for (name, model) in models() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        model.save(&path).unwrap();
        let loaded = Model::load(&path).unwrap();
        assert_eq!(loaded.config(), model.config(), "{name}");
        assert_eq!(loaded.binarize().unwrap(), model.binarize().unwrap());
        assert_eq!(loaded.to_file().unwrap().to_bytes().unwrap(), std::fs::read(&path).unwrap());
    }
}

#[test]
fn a_model_without_a_fitted_encoder_says_so() {
    let model = Model::build(config(NodeType::Dwn), 1).unwrap();
    assert!(matches!(model.evaluate(&[]), Err(ModelError::NotFitted)));
    assert!(matches!(model.binarize(), Err(ModelError::NotFitted)));
    assert!(matches!(model.to_file(), Err(ModelError::NotFitted)));
}

#[test]
fn dwn_scores_in_training_are_the_integer_sums() {
    let model = model(NodeType::Dwn);
    let values = samples(40);
    let all: Vec<usize> = (0..40).collect();
    let encoded = model.encode(&values).unwrap();
    let scores = model.training_pass().unwrap().scores(&encoded, &all).unwrap();
    for (scores, outcome) in scores.chunks(3).zip(model.evaluate(&values).unwrap()) {
        let sums: Vec<u32> = scores.iter().map(|score| (score * 1.5).round() as u32).collect();
        assert_eq!(sums, outcome.scores);
    }
}

/// The file of a small model with one thing changed.
fn altered(change: impl FnOnce(&mut ModelConfig, &mut Vec<f32>, &mut Vec<u32>)) -> String {
    let model = model(NodeType::Dwn);
    let mut config = model.config().clone();
    let mut weights = weights_of(&model.fitted().unwrap().layers[0].weights).unwrap();
    let mut columns = model.fitted().unwrap().layers[1].wiring().unwrap().columns().to_vec();
    change(&mut config, &mut weights, &mut columns);
    let mut file = model.to_file().unwrap();
    file.metadata("config", serde_json::to_string(&config).unwrap());
    // Rebuilt from the parts, since a file never has two tensors of one name.
    let mut rebuilt = TensorFileWriter::new(MODEL_FORMAT, MODEL_VERSION);
    rebuilt.metadata("config", serde_json::to_string(&config).unwrap());
    rebuilt.floats("encoder.thresholds", &[4, 3], model.fitted().unwrap().encoder.fitted()[0]);
    rebuilt.indices("layers.0.wiring", &[10, 3], model.fitted().unwrap().layers[0].wiring().unwrap().columns());
    rebuilt.floats("layers.0.weights", &[10, 8], &weights);
    rebuilt.indices("layers.1.wiring", &[8, 3], &columns);
    rebuilt.floats("layers.1.weights", &[8, 8], &weights_of(&model.fitted().unwrap().layers[1].weights).unwrap());
    reread(&rebuilt).map(|_| "accepted".to_owned()).unwrap_or_else(|error| error.to_string())
}

#[test]
fn a_file_that_contradicts_itself_is_refused_naming_both_sides() {
    assert_eq!(altered(|_, _, _| {}), "accepted");
    let message = altered(|config, _, _| config.layer_widths[1] = 9);
    assert!(
        message.contains("tensor `layers.1.wiring`: has shape [8, 3], but the file's configuration describes [9, 3]")
    );
    let message = altered(|config, _, _| config.node_input_dim = 4);
    assert!(message.contains("`layers.0.wiring`: has shape [10, 3]") && message.contains("[10, 4]"), "{message}");
    let message = altered(|config, _, _| config.layer_widths = vec![10]);
    assert!(message.contains("tensor `layers.1.weights`: not part of the model"), "{message}");
    let message = altered(|_, weights, _| weights[5] = f32::NAN);
    assert!(message.contains("tensor `layers.0.weights`: element 5 is NaN"), "{message}");
    let message = altered(|_, _, columns| columns[2] = 10);
    assert!(message.contains("tensor `layers.1.wiring`: element 2 is 10; allowed are 0 to 9"), "{message}");
    let message = altered(|config, _, _| config.input_size = None);
    assert!(message.contains("metadata entry `config`: `input_size` is missing"), "{message}");
    let message = altered(|config, _, _| config.num_classes = 1);
    assert!(message.contains("metadata entry `config`: num_classes is 1"), "{message}");
}

#[test]
fn constants_that_a_family_cannot_use_are_refused() {
    let model = model(NodeType::Difflogic);
    let mut rebuilt = TensorFileWriter::new(MODEL_FORMAT, MODEL_VERSION);
    rebuilt.metadata("config", serde_json::to_string(model.config()).unwrap());
    rebuilt.floats("encoder.thresholds", &[4, 3], model.fitted().unwrap().encoder.fitted()[0]);
    for (index, layer) in model.fitted().unwrap().layers.iter().enumerate() {
        let (wiring, mut weights) = (layer.wiring().unwrap(), weights_of(&layer.weights).unwrap());
        weights[18 + 16] = 3.0;
        rebuilt.indices(&format!("layers.{index}.wiring"), &[layer.width(), 3], wiring.columns());
        rebuilt.floats(&format!("layers.{index}.weights"), &[layer.width(), 18], &weights);
    }
    let message = reread(&rebuilt).unwrap_err().to_string();
    let expected = "tensor `layers.0.weights`: node 1: input a of a gate is 3; allowed are the whole numbers 0 to 2";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn parameters_are_those_that_training_changes() {
    let count = |node_type, layer_type| {
        let mut model = Model::build(ModelConfig { layer_type, ..config(node_type) }, 7).unwrap();
        model.fit_encoder(&samples(50), 4).unwrap();
        model.parameters().unwrap()
    };
    assert_eq!(count(NodeType::Dwn, LayerType::Random), 18 * 8);
    assert_eq!(count(NodeType::Difflogic, LayerType::Random), 18 * 16);
    assert_eq!(count(NodeType::Fourier, LayerType::Random), 18 * 17);
    // 12 encoded bits into 10 nodes, 10 into 8.
    assert_eq!(count(NodeType::Dwn, LayerType::Learnable), 18 * 8 + 30 * 12 + 24 * 10);
}

#[test]
fn penalties_are_summed_over_all_nodes() {
    let mut config = config(NodeType::Dwn);
    config.runtime.regularizers = serde_yaml::from_str("{clarity: 0.5}").unwrap();
    let mut model = Model::build(config, 7).unwrap();
    model.fit_encoder(&samples(50), 4).unwrap();
    let penalty = |model: &Model| {
        let encoded = model.encode(&samples(2)).unwrap();
        let mut pass = model.training_pass().unwrap();
        pass.step(&encoded, &[0, 1], &mut TrainingStep::first(1), &|_, _, _| 0.0).unwrap().penalty
    };
    let found = penalty(&model).unwrap();
    let weights: Vec<f32> = model.weights().unwrap().iter().flat_map(|w| weights_of(w).unwrap()).collect();
    let expected: f64 = weights.iter().map(|&v| 0.5 * f64::from(4.0 * v * (1.0 - v)) / 8.0).sum();
    assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    assert!(penalty(&super::tests::model(NodeType::Dwn)).is_none());
}

#[test]
fn noise_in_training_depends_on_seed_and_step_only() {
    let mut config = config(NodeType::Probabilistic);
    config.runtime.flip_probability = Some(0.3);
    let mut model = Model::build(config, 7).unwrap();
    model.fit_encoder(&samples(50), 4).unwrap();
    let (encoded, all) = (model.encode(&samples(40)).unwrap(), Vec::from_iter(0..40));
    let scores = |at: &mut TrainingStep| {
        let mut pass = model.training_pass().unwrap();
        pass.step(&encoded, &all, at, &|_, _, _| 0.0).unwrap();
        pass.step_scores().to_vec()
    };
    let (mut first, mut second) = (TrainingStep::first(1), TrainingStep::first(1));
    let step = scores(&mut first);
    assert_eq!(step, scores(&mut second));
    assert_ne!(step, scores(&mut first));
    assert_ne!(step, scores(&mut TrainingStep::first(2)));
    assert_ne!(step, model.training_pass().unwrap().scores(&encoded, &all).unwrap());
}

#[test]
fn other_formats_and_versions_are_refused() {
    let message = reread(&model(NodeType::Dwn).binarize().unwrap().to_file()).unwrap_err().to_string();
    assert!(message.contains("truth tables only; it cannot be trained further"), "{message}");
    let message = reread(&TensorFileWriter::new("other", "1")).unwrap_err().to_string();
    assert!(message.contains("found `other`, expected `difflut-model`"), "{message}");
    let message = reread(&TensorFileWriter::new(MODEL_FORMAT, "2")).unwrap_err().to_string();
    assert!(message.contains("format version 2, this program reads version 1"), "{message}");
}

#[test]
fn no_corruption_makes_the_reader_panic() {
    let bytes = model(NodeType::Probabilistic).to_file().unwrap().to_bytes().unwrap();
    let path = Path::new("m.safetensors");
    let open = |bytes: Vec<u8>| {
        let model = TensorFile::from_bytes(path, bytes).map_err(ModelError::from).and_then(|f| Model::from_file(&f))?;
        model.binarize()
    };
    for cut in (0..bytes.len()).step_by(7) {
        assert!(open(bytes[..cut].to_vec()).is_err(), "cut at {cut}");
    }
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for position in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[position] ^= 1u8 << rng.random_range(0..8);
        // A flipped bit of a weight is another model; anything else must be an error.
        let _ = open(broken);
    }
}

#[test]
fn layers_may_differ_in_nodes_fan_in_and_seed() {
    let text = "encoder: {type: gray, params: {num_bits: 4}}
layers:
  - {node_type: dwn, output_size: 12, n: 3, seed: 5, node_params: {beta: 0.5}}
  - {node_type: probabilistic, output_size: 9, n: 2, node_params: {temperature: 0.5}}
groupsum: {k: 3, tau: 2.0, use_randperm: true}
";
    let config = ModelConfig::parse(Path::new("m.yaml"), text).unwrap();
    let mut model = Model::build(config, 7).unwrap();
    model.fit_encoder(&samples(50), 4).unwrap();
    let topology = model.layer_topology().unwrap();
    let sizes: Vec<(usize, usize)> = topology.iter().map(|layer| (layer.input_width, layer.parameters)).collect();
    assert_eq!(sizes, [(16, 12 * 8), (12, 9 * 4)]);
    assert_eq!(
        model.count_parameters().unwrap(),
        ParameterCount { total: 12 * 8 + 9 * 4 + 8, trainable: 12 * 8 + 9 * 4 }
    );
    let network = model.binarize().unwrap();
    let values = samples(100);
    for (outcome, row) in model.evaluate(&values).unwrap().iter().zip(values.chunks(4)) {
        assert_eq!(outcome, &network.predict(row));
    }
    let loaded = reread(&model.to_file().unwrap()).unwrap();
    assert_eq!((loaded.config(), loaded.binarize().unwrap()), (model.config(), network));
    // The first layer has a seed of its own, so that the model's does not change it.
    let mut other = Model::build(model.config().clone(), 8).unwrap();
    other.fit_encoder(&samples(50), 4).unwrap();
    let layers = |model: &Model| model.binarize().unwrap().layers().to_vec();
    assert_eq!(layers(&other)[0], layers(&model)[0]);
    let message = ModelConfig::parse(Path::new("m.yaml"), &text.replace("beta: 0.5", "temperature: 0.5"))
        .map(|config| Model::build(config, 1).unwrap_err().to_string());
    assert!(
        message
            .unwrap()
            .starts_with("layers[0].node_params.temperature is set; node_type dwn with layer_type random reads")
    );
}

#[test]
fn the_permutation_of_the_head_shuffles_the_last_layers_nodes() {
    let wiring = |use_randperm| {
        let config = ModelConfig { use_randperm, ..config(NodeType::Dwn) };
        let mut model = Model::build(config, 7).unwrap();
        model.fit_encoder(&samples(50), 4).unwrap();
        let layers = model.binarize().unwrap().layers().to_vec();
        let mut nodes: Vec<Vec<u32>> = layers[1].wiring.chunks(3).map(<[u32]>::to_vec).collect();
        let plain = nodes.clone();
        nodes.sort();
        (plain, nodes, layers[0].wiring.clone())
    };
    let (plain, shuffled) = (wiring(false), wiring(true));
    assert_ne!(plain.0, shuffled.0);
    assert_eq!((plain.1, plain.2), (shuffled.1, shuffled.2));
}

#[test]
fn runtime_parameters_change_after_the_building_and_structural_ones_do_not() {
    let mut model = model(NodeType::Probabilistic);
    let set = |key: &str, value: serde_json::Value| vec![(key.to_owned(), value)];
    model.apply_runtime_overrides(&set("temperature", 0.5.into())).unwrap();
    assert_eq!(model.config().runtime.temperature, Some(0.5));
    let before = model.to_file().unwrap().to_bytes().unwrap();
    let message = model.apply_runtime_overrides(&set("node_input_dim", 4.into())).unwrap_err().to_string();
    assert!(message.starts_with("node_input_dim is 4; it is structural"), "{message}");
    assert!(model.apply_runtime_overrides(&set("beta", 0.5.into())).is_err());
    assert_eq!(model.to_file().unwrap().to_bytes().unwrap(), before);
}

#[test]
fn batches_fit_the_encoder_like_all_samples_at_once() {
    let (values, mut whole) = (samples(50), Model::build(config(NodeType::Dwn), 1).unwrap());
    let mut parts = Model::build(config(NodeType::Dwn), 1).unwrap();
    whole.fit_encoder(&values, 4).unwrap();
    parts.fit_encoder_to_batches(values.chunks(28), 4).unwrap();
    assert_eq!(parts.binarize().unwrap(), whole.binarize().unwrap());
}
