//! Models with branches and with heads of plain bits: evaluation, files, training, refusals.

use std::path::Path;

use super::*;
use crate::components::registry::NODES;
use crate::config::{BranchConfig, HeadType, ModelType};
use crate::files::TensorFile;
use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn parse(text: &str) -> ModelConfig {
    ModelConfig::parse(Path::new("branches.yaml"), text).unwrap()
}

fn samples(rows: usize, columns: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..rows * columns).map(|_| rng.random_range(0..8) as f32).collect()
}

fn fitted(text: &str, columns: usize) -> Model {
    let mut model = Model::build(parse(text), 5).unwrap();
    model.fit_encoder(&samples(20, columns, 1), columns).unwrap();
    model
}

/// Evaluation, binarized network, file and YAML of a model agree.
#[track_caller]
fn check(text: &str, columns: usize) -> Model {
    let model = fitted(text, columns);
    let again = ModelConfig::parse(Path::new("again.yaml"), &model.config().to_yaml().unwrap()).unwrap();
    assert_eq!(&again, model.config());
    let network = model.binarize().unwrap();
    let values = samples(40, columns, 2);
    for (outcome, row) in model.evaluate(&values).unwrap().iter().zip(values.chunks(columns)) {
        assert_eq!(outcome, &network.predict(row), "{text}");
    }
    let labels = model.classify(&values).unwrap();
    let encoded = model.encode(&values).unwrap();
    assert_eq!(encoded.classify(&network, model.config().head), labels);
    let bytes = model.to_file().unwrap().to_bytes().unwrap();
    let loaded = Model::from_file(&TensorFile::from_bytes(Path::new("m.safetensors"), bytes).unwrap()).unwrap();
    assert_eq!((loaded.config(), loaded.binarize().unwrap()), (model.config(), network));
    model
}

/// Branches of different depth and fan-in, one that passes on what it reads, then a layer.
fn dense(node_type: &str, layer_type: &str) -> String {
    format!(
        "encoder: {{type: thermometer, params: {{num_bits: 2}}}}
layers:
  - {{type: {layer_type}, node_type: {node_type}, output_size: 11, n: 2}}
  - branches:
      - name: deep
        layers:
          - {{type: {layer_type}, node_type: {node_type}, output_size: 7, n: 3, input_size: 11}}
          - {{node_type: {node_type}, output_size: 6, n: 2, seed: 4}}
      - layers: []
      - name: flat
        layers: [{{node_type: {node_type}, output_size: 5, n: 1}}]
  - {{node_type: {node_type}, output_size: 9, n: 2, input_size: 22}}
groupsum: {{k: 3, tau: 2.0}}
"
    )
}

#[test]
fn evaluation_is_the_binarized_network_for_every_node_type() {
    for kind in NODES.all() {
        for layer_type in ["random", "learnable", "residual"] {
            let model = check(&dense(kind.name, layer_type), 4);
            let topology = model.layer_topology().unwrap();
            let reads: Vec<usize> = topology.iter().map(|layer| layer.input_width).collect();
            assert_eq!(reads, [8, 11, 7, 11, 22]);
            let rows: Vec<_> = model.forks().unwrap().iter().flat_map(ForkConfig::rows).collect();
            assert_eq!(rows, [1..3, 3..3, 3..4]);
        }
    }
}

#[test]
fn a_model_may_begin_and_end_in_branches() {
    let text = "encoder: {type: gray, params: {num_bits: 2}}
input_size: 3
layers:
  - branches:
      - layers: [{node_type: dwn, output_size: 5, n: 2, input_size: 6}]
      - layers: [{node_type: warp, output_size: 4, n: 3}, {node_type: dwn, output_size: 8, n: 4}]
      - layers: []
  - branches:
      - layers: [{node_type: dwn, output_size: 2, n: 6, input_size: 19}]
      - layers: [{node_type: dwn, output_size: 3, n: 2}]
groupsum: {k: 5}
";
    let model = check(text, 3);
    assert_eq!(model.binarize().unwrap().output_width(), 5);
    assert_eq!(model.config().output_width(), Some(5));
}

#[test]
fn images_of_branches_are_joined_by_their_channels() {
    let text = "input_shape: [2, 5, 6]
encoder: {type: thermometer, params: {num_bits: 2}}
layers:
  - branches:
      - layers:
          - {type: convolutional, node_type: dwn, n: 3, out_channels: 3, receptive_field: 3, padding: 1, tree_depth: 1}
      - layers:
          - {type: convolutional, node_type: dwn, n: 2, out_channels: 2, receptive_field: 1, tree_depth: 0}
          - {type: max_pool, size: 3, stride: 1}
          - {type: convolutional, node_type: dwn, n: 2, out_channels: 4, receptive_field: 2, padding: 1, tree_depth: 0}
  - {type: max_pool, size: 2}
  - {node_type: dwn, output_size: 8, n: 4}
groupsum: {k: 4}
";
    // 5 x 6 of the first branch; 3 x 4 and 4 x 5 of the second.
    let message = ModelConfig::parse(Path::new("b.yaml"), text).unwrap_err().to_string();
    assert!(message.contains("layers[1].type is max_pool; what stands before it is no image but"), "{message}");
    let text = text.replace("size: 3, stride: 1", "size: 2, stride: 1");
    let model = check(&text, 60);
    let pool = &model.layer_topology().unwrap()[4];
    assert_eq!((pool.input_width, pool.config.width), (7 * 5 * 6, 7 * 2 * 3));
}

/// The gradient of a model with branches against finite differences of a square of its scores.
#[test]
fn gradients_of_branches_are_those_of_finite_differences() {
    for head in ["groupsum: {k: 3, tau: 2.0}", "head: bits\nruntime: {output_tau: 0.5}"] {
        let text = dense("probabilistic", "random").replace("groupsum: {k: 3, tau: 2.0}", head);
        let model = fitted(&text, 4);
        let (encoded, all) = (model.encode(&samples(20, 4, 1)).unwrap(), Vec::from_iter(0..20));
        let mut pass = model.training_pass().unwrap();
        let mut loss = || {
            let squares = |_: usize, scores: &[f32], grad: &mut [f32]| {
                let width = scores.len() as f64;
                grad.iter_mut().zip(scores).for_each(|(grad, z)| *grad = (2.0 * (z - 0.3)) / width as f32);
                scores.iter().map(|z| f64::from(z - 0.3).powi(2)).sum::<f64>() / width
            };
            let loss = pass.step(&encoded, &all, &mut TrainingStep::first(1), &squares).unwrap().loss;
            (loss, pass.gradients().to_vec())
        };
        let gradients = loss().1;
        for (layer, (weights, gradient)) in model.weights().unwrap().iter().zip(gradients).enumerate() {
            let start = weights_of(weights).unwrap();
            for place in [0, start.len() / 2, start.len() - 1] {
                let mut at = |step: f32| {
                    let mut moved = start.clone();
                    moved[place] += step;
                    weights.set(&Tensor::from_vec(moved, weights.shape(), &Device::Cpu).unwrap()).unwrap();
                    loss().0
                };
                let difference = (at(0.05) - at(-0.05)) / 0.1;
                at(0.0);
                let found = f64::from(gradient[place]);
                assert!(
                    (difference - found).abs() < 2e-4 + 0.05 * found.abs(),
                    "{layer} {place}: {found} {difference}"
                );
            }
        }
    }
}

#[test]
fn a_head_of_plain_bits_has_bits_and_labels_instead_of_classes() {
    for (head, width, labels) in [(HeadType::Bits, 5, 32), (HeadType::Onehot, 7, 7)] {
        let text = format!(
            "encoder: {{type: binary, params: {{num_bits: 2}}}}
layers: [{{node_type: dwn, output_size: {width}, n: 4}}]
head: {}
runtime: {{output_tau: 0.2}}
",
            head.name()
        );
        let model = check(&text, 4);
        assert_eq!((model.config().head, model.label_count(), model.config().num_classes), (head, labels, 0));
        assert_eq!(model.binarize().unwrap().output_width(), width);
        let outcome = &model.evaluate(&samples(1, 4, 9)).unwrap()[0];
        assert_eq!((outcome.class, outcome.scores.len(), outcome.bits().len()), (None, 0, width));
    }
}

#[test]
fn the_scores_of_plain_bits_and_the_evaluation_tell_the_same_labels() {
    let text = "encoder: {type: binary, params: {num_bits: 3}}
layers: [{node_type: probabilistic, output_size: 6, n: 3}]
head: bits
";
    let model = fitted(text, 4);
    let values = samples(50, 4, 3);
    let all = Vec::from_iter(0..50);
    let scores = model.training_pass().unwrap().scores(&model.encode(&values).unwrap(), &all).unwrap();
    // One layer of nodes that read bits: the activation is the table's value.
    assert_eq!(model.labels(&scores, 50), model.classify(&values).unwrap());
}

/// The documents' composite model: a flat configuration, planned as two branches and a layer that
/// merges them.
static COMPOSITE: ModelKind = ModelKind {
    model_type: ModelType::Custom("composite_test"),
    summary: "two branches",
    plan: |config| {
        let mut plan = config.plan()?;
        let branch = |name: &str| BranchConfig { name: Some(name.into()), layers: 1 };
        plan.forks = vec![ForkConfig { first: 0, branches: vec![branch("branch1"), branch("branch2")] }];
        Ok(plan)
    },
};

#[test]
fn another_crates_model_type_may_plan_branches() {
    MODELS.register(&COMPOSITE).unwrap();
    let text = "model_type: composite_test
layer_type: random
node_type: dwn
encoder_config: {name: thermometer, num_bits: 2}
node_input_dim: 2
layer_widths: [6, 5, 8]
num_classes: 4
";
    let model = check(text, 3);
    let reads: Vec<usize> = model.layer_topology().unwrap().iter().map(|layer| layer.input_width).collect();
    assert_eq!(reads, [6, 6, 11]);
    let short = text.replace("[6, 5, 8]", "[6]").replace("num_classes: 4", "num_classes: 2");
    let message = Model::build(parse(&short), 1).unwrap_err().to_string();
    assert!(message.starts_with("layers[0].branches is [0..1, 1..2]; branches must follow"), "{message}");
}

#[test]
fn branches_and_heads_that_cannot_be_are_refused() {
    let good = dense("dwn", "random");
    let refused = |from: &str, to: &str, expected: &str| {
        let text = good.replace(from, to);
        assert_ne!(text, good, "{from}");
        let message = match ModelConfig::parse(Path::new("b.yaml"), &text) {
            Ok(config) => Model::build(config, 1).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(message.contains(expected), "`{expected}` is missing in: {message}");
    };
    refused(
        "input_size: 11",
        "input_size: 12",
        "layers[1].branches[0].layers[0].input_size is 12; the layer before has",
    );
    refused("input_size: 22", "input_size: 21", "layers[2].input_size is 21; the branches before make 22 bits");
    refused("n: 1}", "n: 17}", "layers[1].branches[2].layers[0].n is 17; allowed are 1 to 16");
    refused("n: 1}", "n: 1, node_params: {alpha: -1}}", "layers[1].branches[2].layers[0]");
    refused("  - branches:", "  - n: 3\n    branches:", "layers[1].branches is set beside other keys;");
    refused(
        "layers: []",
        "layers: [{branches: []}]",
        "layers[1].branches[1].layers[0].branches is set; branches inside",
    );
    refused("layers: []", "seed: 3\n        layers: []", "unknown key `seed`");
    refused("type: random", "type: linear", "a layer of type `linear` (a float linear layer) works on real numbers");
    refused(
        "groupsum: {k: 3, tau: 2.0}",
        "head: bits\ngroupsum: {k: 3}",
        "groupsum is set (k: 3); head bits sums nothing",
    );
    refused("groupsum: {k: 3, tau: 2.0}", "head: bit", "unknown name `bit`, did you mean `bits`?");
}

#[test]
fn a_head_is_overridden_with_what_belongs_to_it() {
    let mut config = parse(
        "model_type: feedforward
layer_type: random
node_type: dwn
encoder_config: {name: thermometer, num_bits: 2}
node_input_dim: 2
layer_widths: [6]
num_classes: 4
",
    );
    let message = config.override_any(&[("heads".into(), "bits".into())]).unwrap_err().to_string();
    assert_eq!(message, "heads is \"bits\"; there is no such parameter; did you mean `head`?");
    config.override_any(&[("head".into(), "bits".into())]).unwrap();
    assert_eq!((config.head, config.num_classes), (HeadType::Bits, 0));
    let message = config.override_any(&[("layer_widths".into(), vec![17].into())]).unwrap_err().to_string();
    assert!(message.ends_with("is 17; head bits reads 1 to 16, each an answer by itself"), "{message}");
    let mut branched = parse(&dense("dwn", "random"));
    branched.override_any(&[("layers.1.branches.0.layers.1.output_size".into(), 30.into())]).unwrap();
    assert_eq!(branched.layer_widths, [11, 7, 30, 5, 9]);
    branched.override_any(&[("layers.1.branches.0.layers.1.n".into(), 3.into())]).unwrap();
    assert_eq!(branched.layers[2].node_input_dim, 3);
    branched.override_any(&[("head".into(), "onehot".into())]).unwrap();
    assert_eq!((branched.head, branched.output_width()), (HeadType::Onehot, Some(9)));
}
