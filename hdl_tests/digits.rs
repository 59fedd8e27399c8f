//! The shipped model, from its file to its artefacts in the real tools.

use std::fs;

use difflut::data::load_csv;
use difflut::store::LoadedModel;

use crate::support::{digits, program, root, tool};

fn tools_for(test: &str, tools: &[&str]) -> bool {
    tools.iter().all(|program| tool(test, program))
}

/// Exports `digits` with the given options and checks; every check has to be equal.
fn check(test: &str, tools: &[&str], options: &[&str], checks: usize) {
    if !tools_for(test, tools) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut arguments = vec!["digits", "--out", out.to_str().unwrap()];
    arguments.extend(options);
    let ended = program("difflut-export", &root(), &arguments);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stdout.matches(" equal on ").count(), checks, "{}", ended.stdout);
}

#[test]
fn the_model_reaches_its_recorded_accuracy_on_held_out_digits() {
    let model = LoadedModel::open(&digits()).unwrap();
    let data = load_csv(&root().join("examples/data/digits_test.csv")).unwrap();
    let correct = (0..data.rows)
        .filter(|&row| model.network.predict(data.row(row)).class == Some(data.labels[row] as usize))
        .count();
    assert_eq!(data.rows, 360);
    assert!(correct >= 342, "{correct} of 360 is below 95 %");
    assert_eq!(model.recorded_accuracy(), Some(correct as f64 / 360.0));
}

#[test]
fn verilog_equals_inference_in_icarus() {
    check("verilog_equals_inference_in_icarus", &["iverilog"], &["--check", "icarus", "--check-passes"], 1);
}

#[test]
fn verilog_equals_inference_in_verilator() {
    check("verilog_equals_inference_in_verilator", &["verilator"], &["--check", "verilator", "--vectors", "5000"], 1);
}

#[test]
fn pipelined_verilog_of_primitives_equals_inference_in_icarus() {
    let options = ["--registers-every", "2", "--lut-style", "primitive", "--check", "icarus", "--vectors", "300"];
    check("pipelined_verilog_of_primitives_equals_inference_in_icarus", &["iverilog"], &options, 1);
}

#[test]
fn c_header_and_hls_equal_inference_when_compiled() {
    check(
        "c_header_and_hls_equal_inference_when_compiled",
        &["gcc", "g++"],
        &["--target", "c,hls", "--check", "gcc,g++"],
        2,
    );
}

#[test]
fn blif_equals_inference_through_yosys() {
    check("blif_equals_inference_through_yosys", &["yosys", "iverilog"], &["--target", "blif", "--check", "yosys"], 1);
}

#[test]
fn two_exports_give_the_same_bytes() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&first, &second] {
        let out = folder.path().to_str().unwrap();
        let ended = program("difflut-export", &root(), &["digits", "--target", "verilog,c,hls,blif", "--out", out]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
    let mut names: Vec<_> = fs::read_dir(first.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 16);
    for name in names {
        let read = |folder: &tempfile::TempDir| fs::read(folder.path().join(&name)).unwrap();
        assert_eq!(read(&first), read(&second), "{name:?}");
    }
}

#[test]
fn a_binarized_file_gives_the_same_hardware() {
    let folder = tempfile::tempdir().unwrap();
    let tables = folder.path().join("tables.safetensors");
    let ended = program("difflut", &root(), &["binarize", "digits", "--out", tables.to_str().unwrap()]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let (float, binarized) = (LoadedModel::open(&digits()).unwrap(), LoadedModel::open(&tables).unwrap());
    assert_eq!(float.network, binarized.network);
    assert_eq!(float.recorded_accuracy(), binarized.recorded_accuracy());
}
