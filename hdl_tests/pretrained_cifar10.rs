//! The shipped CIFAR-10 model: its accuracy where the images are found, and its C in gcc.
//!
//! It was trained and measured on a JPEG copy of CIFAR-10, so only on that copy the counts are
//! exact. All 10,000 images take `difflut eval cifar10_conv_small --data cifar10`, the optimized C
//! `difflut-export cifar10_conv_small --target c --check gcc` (45 s of processor time).

use std::path::Path;

use difflut::config::{Experiment, Note};
use difflut::data::{Split, load};
use difflut::store::LoadedModel;
use rayon::prelude::*;

use crate::support::{program, root, skipped, tool};

const FILE: &str = "pretrained/cifar10/cifar10_conv_small.safetensors";
/// Of the 10,000 test images of the copy.
const CORRECT: usize = 5491;
/// Of its first 200, and the sum of their pixels, by which the copy is known.
const SAMPLE: (usize, f64) = (118, 75_702_451.0);

#[test]
fn the_convolutional_model_states_its_accuracy_and_reaches_it_on_a_sample() {
    let model = LoadedModel::open(&root().join(FILE)).unwrap();
    let stated = CORRECT as f64 / 10_000.0;
    assert_eq!(model.recorded_accuracy(), Some(stated));
    let metadata = Experiment::load(&root().join(FILE).with_extension("yaml")).unwrap().model.metadata;
    assert_eq!(metadata.test_accuracy, Some(Note::Number(stated)));
    // Every position is hardware of its own.
    let nodes: usize = model.network.layers().iter().map(|layer| layer.tables.len()).sum();
    assert_eq!(nodes, 480 * 256 + 1280 * 64 + 12_000 + 8_000);

    let Ok(data) = load(Path::new("cifar10"), Split::Test, Some(200)) else {
        skipped("the_convolutional_model_reaches_its_accuracy: CIFAR-10 is not in a folder of DIFFLUT_DATA");
        return;
    };
    let right = |row: &usize| model.network.predict(data.row(*row)).class == Some(data.labels[*row] as usize);
    let correct = (0..data.rows).into_par_iter().filter(right).count();
    let sum: f64 = data.features.iter().map(|&pixel| f64::from(pixel)).sum();
    match sum == SAMPLE.1 {
        true => assert_eq!(correct, SAMPLE.0),
        // Other pixels or another order: three standard deviations of 200 draws.
        false => assert!(correct.abs_diff(110) <= 21, "{correct} of the first 200, whose pixels sum up to {sum}"),
    }
}

#[test]
fn the_convolutional_models_c_equals_inference() {
    if !tool("the_convolutional_models_c_equals_inference", "gcc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out").display().to_string();
    let arguments = [FILE, "--out", &out, "--target", "c", "--check", "gcc", "--optimize", "0", "--vectors", "8"];
    let ended = program("difflut-export", &root(), &arguments);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains(" equal on 8 vectors"), "{}", ended.stdout);
}
