//! Every node type with random and with learnable wiring: a small network learns the digits,
//! what it learned survives its file and its binarization bit for bit, and its Verilog equals it
//! in Icarus.

use std::path::{Path, PathBuf};

use difflut::components::registry::NODES;
use difflut::config::{Experiment, LayerType, ModelConfig, NodeType, TrainingConfig};
use difflut::data::load_csv;
use difflut::lower::lower;
use difflut::model::Model;
use difflut::passes::{Pipeline, optimize};
use difflut::train::fit;
use difflut::verify::{VectorPlan, Verdict, test_vectors};

use crate::support::{check_design, tool};

const TEST: &str = "every_node_type_learns_the_digits_with_random_and_learnable_wiring";

/// The share of held-out digits that a binarized network must classify.
const ENOUGH: f64 = 0.75;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data").join(name)
}

/// The model section of a node type and a layer type, and how it is trained.
fn experiment(node_type: &str, layer_type: LayerType) -> (ModelConfig, TrainingConfig) {
    let epochs = match (node_type, layer_type) {
        ("fourier", _) => 8,
        (_, LayerType::Learnable) => 6,
        _ => 12,
    };
    let (layer_type, runtime) = match layer_type {
        LayerType::Learnable => {
            ("learnable", format!("tau_start: 0.3\n    tau_min: 0.005\n    tau_decay_iters: {}", 25 * epochs / 2))
        }
        other => (other.name(), String::new()),
    };
    let text = format!(
        "
model:
  model_type: feedforward
  layer_type: {layer_type}
  node_type: {node_type}
  encoder_config:
    name: thermometer
    num_bits: 3
  node_input_dim: 4
  layer_widths: [200, 200]
  num_classes: 10
  runtime:
    output_tau: 2.0
    {runtime}
training:
  epochs: {epochs}
  batch_size: 64
  learning_rate: 0.05
  schedule: cosine
data:
  train: digits_train.csv
"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("experiment.yaml");
    std::fs::write(&path, text).unwrap();
    let experiment = Experiment::load(&path).unwrap();
    (experiment.model, experiment.training)
}

#[test]
#[allow(clippy::print_stdout, reason = "the table of accuracies, shown with --nocapture")]
fn every_node_type_learns_the_digits_with_random_and_learnable_wiring() {
    let (train, test) = (load_csv(&data("digits_train.csv")).unwrap(), load_csv(&data("digits_test.csv")).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut short = Vec::new();
    for name in NodeType::NAMES {
        let kind = NODES.get(name).unwrap();
        for layer_type in [LayerType::Random, LayerType::Learnable] {
            let started = std::time::Instant::now();
            let (config, training) = experiment(kind.name, layer_type);
            let mut model = Model::build(config, 42).unwrap();
            let record = fit(&mut model, &train, Some(&test), &training, &mut ()).unwrap();
            let (hard, soft) = (record.accuracy.hard_test.unwrap(), record.accuracy.soft_test.unwrap());
            let row = format!(
                "{:<14} {layer_type:?} hard {hard:.3} soft {soft:.3} train {:.3}",
                kind.name, record.accuracy.hard_train
            );
            println!("{row} {:.1} s", started.elapsed().as_secs_f64());
            if hard < ENOUGH {
                short.push(row);
            }
            let path = folder.path().join("model.safetensors");
            model.save(&path).unwrap();
            let loaded = Model::load(&path).unwrap();
            let network = loaded.binarize().unwrap();
            for (outcome, row) in model.evaluate(&test.features).unwrap().iter().zip(test.features.chunks(test.columns))
            {
                assert_eq!(outcome, &network.predict(row), "{} {layer_type:?}", kind.name);
            }
            if tool(TEST, "iverilog") {
                let mut design = lower(&network);
                optimize(&mut design, &Pipeline::level("2").unwrap()).unwrap();
                let rows: Vec<Vec<f32>> = test.features.chunks(test.columns).map(<[f32]>::to_vec).collect();
                let vectors = test_vectors(&network, &rows, &VectorPlan { count: 200, seed: 1 });
                let verdict = check_design("icarus", &network, &design, &vectors, &vectors);
                assert_eq!(verdict, Verdict::Equal { vectors: 200 }, "{} {layer_type:?}", kind.name);
            }
        }
    }
    assert!(short.is_empty(), "below {ENOUGH}:\n{}", short.join("\n"));
}
