//! A small convolutional network learns the digits as 8 x 8 images, and its Verilog equals it in
//! Icarus.

use std::path::Path;

use difflut::config::{Experiment, ModelType};
use difflut::data::load_csv;
use difflut::lower::lower;
use difflut::model::Model;
use difflut::passes::{Pipeline, optimize};
use difflut::train::fit;
use difflut::verify::{VectorPlan, Verdict, test_vectors};

use difflut::emit::Interface;

use crate::streaming::{check_streamed, options, streamed};
use crate::support::{check_design, tool};

const TEST: &str = "a_convnet_learns_the_digits_and_its_verilog_equals_it";

#[test]
#[allow(clippy::print_stdout, reason = "the accuracies, shown with --nocapture")]
fn a_convnet_learns_the_digits_and_its_verilog_equals_it() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let text = "
model:
  input_shape: [1, 8, 8]
  encoder: {type: thermometer, params: {num_bits: 3}}
  layers:
    - {type: convolutional, node_type: probabilistic, n: 4, out_channels: 12, receptive_field: 3, padding: 1, tree_depth: 1}
    - {type: max_pool, size: 2}
    - {type: convolutional, node_type: probabilistic, n: 4, out_channels: 24, receptive_field: 3, tree_depth: 1}
    - {type: random, node_type: probabilistic, n: 4, output_size: 300}
  groupsum: {k: 10, tau: 3.0}
training:
  epochs: 15
  batch_size: 32
  learning_rate: 0.05
  schedule: cosine
data:
  train: digits_train.csv
";
    let experiment = Experiment::parse(&data.join("convnet.yaml"), text).unwrap();
    assert_eq!(experiment.model.model_type, ModelType::Convnet);
    let (train, test) =
        (load_csv(&data.join("digits_train.csv")).unwrap(), load_csv(&data.join("digits_test.csv")).unwrap());
    let started = std::time::Instant::now();
    let mut model = Model::build(experiment.model, 42).unwrap();
    let record = fit(&mut model, &train, Some(&test), &experiment.training, &mut ()).unwrap();
    let (hard, soft) = (record.accuracy.hard_test.unwrap(), record.accuracy.soft_test.unwrap());
    println!("hard {hard:.3} soft {soft:.3} in {:.1} s", started.elapsed().as_secs_f64());
    assert!(hard >= 0.85, "hard {hard:.3}, soft {soft:.3}");

    let network = model.binarize().unwrap();
    for (outcome, row) in model.evaluate(&test.features).unwrap().iter().zip(test.features.chunks(test.columns)) {
        assert_eq!(outcome, &network.predict(row));
    }
    if tool(TEST, "iverilog") {
        let mut design = lower(&network);
        optimize(&mut design, &Pipeline::level("2").unwrap()).unwrap();
        let rows: Vec<Vec<f32>> = test.features.chunks(test.columns).map(<[f32]>::to_vec).collect();
        let vectors = test_vectors(&network, &rows, &VectorPlan { count: 200, seed: 1 });
        assert_eq!(check_design("icarus", &network, &design, &vectors, &vectors), Verdict::Equal { vectors: 200 });
        // The same pixel by pixel, on real digits among others.
        let (design, vectors) =
            (streamed(&network, "2"), test_vectors(&network, &rows, &VectorPlan { count: 40, seed: 1 }));
        let verdict = check_streamed("icarus", &options(Interface::Axis, |_| ()), &network, &design, &vectors);
        assert_eq!(verdict, Verdict::Equal { vectors: 40 });
    }
}
