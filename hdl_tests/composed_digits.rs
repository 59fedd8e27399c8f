//! Models with branches and with plain bits at the end learn the digits on the command line, and
//! their Verilog and C equal them.

use std::fs;
use std::path::Path;

use difflut::binarized::Head;
use difflut::files::read_npy_matrix;
use difflut::store::LoadedModel;

use crate::support::{Ended, program, root, tool};

/// Trains the experiment `text` into `folder`/m.safetensors.
fn train(folder: &Path, text: &str) {
    let data = root().join("examples/data");
    let section = format!(
        "data:\n  train: {}\n  test: {}\n",
        data.join("digits_train.csv").display(),
        data.join("digits_test.csv").display()
    );
    fs::write(folder.join("e.yaml"), text.to_owned() + &section).unwrap();
    succeeds(folder, &["train", "e.yaml", "--out", "m.safetensors"]);
}

#[track_caller]
fn succeeds(folder: &Path, arguments: &[&str]) -> Ended {
    let ended = program("difflut", folder, arguments);
    assert_eq!(ended.code, 0, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
    ended
}

/// The first number behind `word`.
#[track_caller]
fn number(text: &str, word: &str) -> f64 {
    let rest = text.split_once(word).unwrap_or_else(|| panic!("no `{word}` in {text}")).1.trim_start();
    rest.split([' ', ',']).next().unwrap().parse().unwrap()
}

/// Every check that is here finds the exported files equal.
fn export(test: &str, folder: &Path) {
    for (program, target, check) in [("iverilog", "verilog", "icarus"), ("gcc", "c", "gcc")] {
        if tool(test, program) {
            let arguments =
                ["export", "m.safetensors", "--target", target, "--check", check, "--vectors", "200", "--out", target];
            let ended = succeeds(folder, &arguments);
            assert!(ended.stdout.contains("equal on 200 vectors"), "{}", ended.stdout);
        }
    }
}

#[test]
fn a_model_with_branches_learns_the_digits_and_its_hardware_equals_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = "model:
  pretrained_name: composite
  encoder: {type: thermometer, params: {num_bits: 3}}
  layers:
    - branches:
        - name: wide
          layers:
            - {node_type: probabilistic, n: 4, output_size: 200}
        - name: deep
          layers:
            - {node_type: dwn, n: 6, output_size: 120}
            - {type: residual, node_type: dwn, n: 4, output_size: 100}
            - {node_type: warp, n: 3, output_size: 80}
        - name: skip
          layers: []
    - {node_type: probabilistic, n: 6, output_size: 200}
  groupsum: {k: 10, tau: 2.0}
training:
  epochs: 8
  batch_size: 64
  learning_rate: 0.05
  schedule: cosine
";
    let folder = folder.path();
    train(folder, text);
    let test_data = root().join("examples/data/digits_test.csv").display().to_string();
    let eval = succeeds(folder, &["eval", "m.safetensors", "--data", &test_data]);
    assert!(number(&eval.stdout, "accuracy") >= 80.0, "{}", eval.stdout);
    let info = succeeds(folder, &["info", "m.safetensors"]).stdout;
    for line in [
        "branch wide         layer 0, 192 columns to 200, 3200 parameters",
        "branch deep         layers 1 to 3, 192 columns to 80, ",
        "branch skip         no layer, passes its 192 columns on",
        "joined              472 columns",
    ] {
        assert!(info.contains(line), "no `{line}` in {info}");
    }
    export("a_model_with_branches_learns_the_digits_and_its_hardware_equals_it", folder);
}

#[test]
fn plain_bits_learn_the_code_of_the_digits_and_their_hardware_equals_them() {
    let folder = tempfile::tempdir().unwrap();
    let text = "model:
  model_type: feedforward
  layer_type: random
  node_type: probabilistic
  encoder_config: {name: thermometer, num_bits: 3}
  node_input_dim: 6
  layer_widths: [600, 144, 24, 4]
  head: bits
  runtime: {output_tau: 0.1}
training:
  epochs: 12
  batch_size: 64
  learning_rate: 0.05
  schedule: cosine
";
    let folder = folder.path();
    train(folder, text);
    let test_data = root().join("examples/data/digits_test.csv").display().to_string();
    let eval = succeeds(folder, &["eval", "m.safetensors", "--data", &test_data]).stdout;
    let (all, bits) = (number(&eval, "accuracy"), number(&eval, "\nbits"));
    assert!(all >= 60.0 && bits >= 85.0 && bits > all, "{eval}");
    assert!(eval.contains("samples with all bits right)") && eval.contains("  bit 3 "), "{eval}");
    // A file without float weights still knows what its bits say.
    succeeds(folder, &["binarize", "m.safetensors", "--out", "b.safetensors"]);
    assert_eq!(succeeds(folder, &["eval", "b.safetensors", "--data", &test_data]).stdout, eval);
    assert!(
        succeeds(folder, &["info", "b.safetensors"]).stdout.contains("4 plain bits, bit b is digit b of the label")
    );

    let network = LoadedModel::open(&folder.join("m.safetensors")).unwrap().network;
    assert_eq!(*network.head(), Head::Bits);
    difflut::files::write_npy(&folder.join("x.npy"), &[2, 64], &[3.0f32; 128]).unwrap();
    let printed = succeeds(folder, &["predict", "m.safetensors", "--input", "x.npy"]).stdout;
    succeeds(folder, &["predict", "m.safetensors", "--input", "x.npy", "--bits", "bits.npy"]);
    let written = read_npy_matrix(&folder.join("bits.npy")).unwrap();
    assert_eq!((written.columns, written.values.len()), (4, 8));
    let bits = network.predict(&[3.0; 64]).bits().to_vec();
    let line: String = bits.iter().map(|&bit| if bit { '1' } else { '0' }).collect();
    assert_eq!(printed, format!("{line}\n{line}\n"));
    assert_eq!(written.values[..4], bits.iter().map(|&bit| f32::from(u8::from(bit))).collect::<Vec<_>>());
    let refused = program("difflut", folder, &["predict", "m.safetensors", "--input", "x.npy", "--classes", "c.npy"]);
    assert!(refused.code == 2 && refused.stderr.contains("use --bits"), "{}", refused.stderr);
    export("plain_bits_learn_the_code_of_the_digits_and_their_hardware_equals_them", folder);
}
