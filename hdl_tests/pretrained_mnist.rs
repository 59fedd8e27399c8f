//! The shipped MNIST models: their accuracy from their files, and their hardware in the real
//! tools.
//!
//! Under `data/mnist_200` lie the first 200 test images, so that this runs anywhere; on all 10,000
//! the accuracies are measured by `difflut eval mnist_dwn_small --data mnist`, and here too where
//! the data set is found.

use std::path::Path;

use difflut::config::{Experiment, Note};
use difflut::data::{Dataset, Split, load};
use difflut::store::LoadedModel;
use rayon::prelude::*;

use crate::support::{program, root, skipped, tool};

struct Shipped {
    name: &'static str,
    /// Tables of all layers together, at most.
    nodes: usize,
    /// Correct ones of the first 200 test images, and of all 10,000.
    correct: [usize; 2],
    /// Target, check and program that its artefact is run in: Icarus takes a minute for the
    /// larger ones.
    check: [&'static str; 3],
}

const ICARUS: [&str; 3] = ["verilog", "icarus", "iverilog"];
const GCC: [&str; 3] = ["c", "gcc", "gcc"];

const SHIPPED: &[Shipped] = &[
    Shipped { name: "mnist_dwn_small", nodes: 1000, correct: [198, 9758], check: ICARUS },
    Shipped { name: "mnist_dwn_large", nodes: 4100, correct: [199, 9849], check: GCC },
    Shipped { name: "mnist_gates", nodes: 24_000, correct: [199, 9820], check: GCC },
    Shipped { name: "mnist_fc_8k_linear", nodes: 138, correct: [42, 2048], check: ICARUS },
    Shipped { name: "mnist_fc_8k_dwn", nodes: 138, correct: [60, 2815], check: ICARUS },
];

fn model(name: &str) -> LoadedModel {
    LoadedModel::open(&root().join(format!("pretrained/mnist/{name}.safetensors"))).unwrap()
}

fn correct(model: &LoadedModel, data: &Dataset) -> usize {
    let right = |row: &usize| model.network.predict(data.row(*row)).class == Some(data.labels[*row] as usize);
    (0..data.rows).into_par_iter().filter(right).count()
}

#[test]
fn the_models_reach_their_accuracy_on_a_sample_with_their_number_of_nodes() {
    let data = load(&root().join("hdl_tests/data/mnist_200"), Split::Test, None).unwrap();
    assert_eq!((data.rows, data.columns), (200, 784));
    for shipped in SHIPPED {
        let model = model(shipped.name);
        let nodes: usize = model.network.layers().iter().map(|layer| layer.tables.len()).sum();
        assert!(nodes <= shipped.nodes, "{}: {nodes} nodes", shipped.name);
        assert_eq!(correct(&model, &data), shipped.correct[0], "{}", shipped.name);
        // What the description and the file say.
        let stated = shipped.correct[1] as f64 / 10_000.0;
        assert_eq!(model.recorded_accuracy(), Some(stated), "{}", shipped.name);
        let path = root().join(format!("pretrained/mnist/{}.yaml", shipped.name));
        let metadata = Experiment::load(&path).unwrap().model.metadata;
        assert_eq!(metadata.test_accuracy, Some(Note::Number(stated)), "{}", shipped.name);
    }
}

#[test]
fn the_models_reach_their_accuracy_on_all_test_images() {
    let Ok(data) = load(Path::new("mnist"), Split::Test, None) else {
        skipped("the_models_reach_their_accuracy_on_all_test_images: MNIST is not in a folder of DIFFLUT_DATA");
        return;
    };
    assert_eq!(data.rows, 10_000);
    for shipped in SHIPPED {
        assert_eq!(correct(&model(shipped.name), &data), shipped.correct[1], "{}", shipped.name);
    }
}

#[test]
fn the_models_artefacts_equal_inference() {
    for Shipped { name, check: [target, check, program_name], .. } in SHIPPED {
        if !tool("the_models_artefacts_equal_inference", program_name) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out").display().to_string();
        let file = format!("pretrained/mnist/{name}.safetensors");
        let data = ["--data", "hdl_tests/data/mnist_200", "--vectors", "30"];
        let arguments = [&[file.as_str(), "--out", &out, "--target", target, "--check", check][..], &data].concat();
        let ended = program("difflut-export", &root(), &arguments);
        assert_eq!(ended.code, 0, "{name}: {}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.stdout.matches(" equal on ").count(), 1, "{}", ended.stdout);
    }
}
