//! The optimizing compiler on shipped models: proofs, and every option through the real tools.

use std::path::{Path, PathBuf};

use difflut::binarized::Head;
use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::config::InputFormat;
use difflut::lower::{flatten_in_pieces, lower, to_code_bits};
use difflut::netlist::{Design, FlatDesign};
use difflut::passes::{PassOptions, Pipeline, gather_counts, optimize};
use difflut::prove::{Proof, ProofOptions, prove_design};
use difflut::store::LoadedModel;

use crate::support::{digits, program, root, tool};

fn models(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(models(&path));
        } else if path.extension().is_some_and(|extension| extension == "safetensors") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What `-O3` makes hardware of, every pass checked by simulation.
fn hardware(design: &Design, options: PassOptions) -> FlatDesign {
    let pipeline = Pipeline::level("3").unwrap().options(options).check_function(true);
    let mut design = design.clone();
    optimize(&mut design, &pipeline).unwrap();
    finish(design, &pipeline)
}

/// What it makes for AMD's slices.
fn slices(design: &Design) -> FlatDesign {
    let pipeline = Pipeline::level("3").unwrap();
    let mut design = design.clone();
    optimize(&mut design, &pipeline).unwrap();
    design.use_slices();
    finish(design, &pipeline)
}

fn finish(design: Design, pipeline: &Pipeline) -> FlatDesign {
    let mut design = to_code_bits(&design);
    optimize(&mut design, pipeline).unwrap();
    gather_counts(&mut design, pipeline).unwrap();
    flatten_in_pieces(&design)
}

/// Larger models are proved in a test of their own, which takes minutes.
const MOST_NODES: usize = 50_000;

/// Proves the shipped models of these numbers of nodes at level 3, in tables and in slices, and as they are
/// without the optimizer. How many there are.
fn prove_shipped(nodes: std::ops::Range<usize>) -> usize {
    let mut proved = 0;
    for path in models(&root().join("pretrained")) {
        let network = LoadedModel::open(&path).unwrap().network;
        if !nodes.contains(&network.nodes()) {
            continue;
        }
        let plain = lower(&network);
        for flat in [hardware(&plain, PassOptions::default()), slices(&plain), flatten_in_pieces(&plain)] {
            let proof = prove_design(&network, &flat, &ProofOptions::default());
            assert!(matches!(proof, Proof::Equal(_)), "{}: {proof:?}", path.display());
        }
        proved += 1;
    }
    proved
}

#[test]
fn every_shipped_model_is_proved_equal_to_its_network_at_level_3() {
    assert!(prove_shipped(0..MOST_NODES) >= 7);
}

#[test]
#[ignore = "takes minutes; ARCHITECTURE.md has the command"]
fn every_large_shipped_model_is_proved_equal_to_its_network_at_level_3() {
    assert!(prove_shipped(MOST_NODES..usize::MAX) >= 1);
}

#[test]
fn luts_of_four_inputs_are_proved_and_no_table_is_wider() {
    let network = LoadedModel::open(&digits()).unwrap().network;
    let flat = hardware(&lower(&network), PassOptions { lut_inputs: 4, ..PassOptions::default() });
    let whole = &flat.whole;
    let widest = whole
        .node_ids()
        .filter(|&id| matches!(whole.section(id), difflut::netlist::Section::Layer(_)))
        .filter_map(|id| whole.table(id).map(|table| table.inputs()))
        .max();
    assert_eq!(widest, Some(4));
    assert!(matches!(prove_design(&network, &flat, &ProofOptions::default()), Proof::Equal(_)));
}

/// Exports `digits` with these options; what it printed.
fn export(arguments: &[&str], code: i32) -> String {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let ended = program("difflut-export", &root(), &[&["digits", "--out", out], arguments].concat());
    assert_eq!(ended.code, code, "{}{}", ended.stdout, ended.stderr);
    ended.stdout + &ended.stderr
}

#[test]
fn level_3_hardware_equals_inference_in_icarus_and_verilator() {
    let test = "level_3_hardware_equals_inference_in_icarus_and_verilator";
    if !tool(test, "iverilog") || !tool(test, "verilator") {
        return;
    }
    let options = ["-O", "3", "--check-passes", "--prove", "--check", "icarus,verilator", "--vectors", "300"];
    let text = export(&options, 0);
    assert!(text.contains("proof: equal to the network for every input"), "{text}");
    assert_eq!(text.matches(" equal on 300 vectors").count(), 2, "{text}");
    let piped = ["-O", "3", "--registers-every", "2", "--lut-size", "4", "--check", "icarus", "--vectors", "200"];
    assert!(export(&piped, 0).contains("equal on 200 vectors"));
}

#[test]
fn fewer_input_bits_are_another_function_that_is_named_and_measured() {
    let text = export(&["--input-bits", "2", "-O", "3", "--prove"], 0);
    assert!(text.contains("another function than the model's: input codes of 2 instead of"), "{text}");
    assert!(text.contains("% on 360 samples of digits_test"), "{text}");
    assert!(text.contains("proof: equal"), "{text}");
    let auto = export(&["--input-bits", "auto", "--max-loss", "1"], 0);
    let line = auto.lines().find(|line| line.starts_with("accuracy ") && line.contains("->")).unwrap();
    let percent: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(percent[0] - percent[1] <= 1.0, "{line}");
    let wrong = export(&["--input-bits", "40"], 2);
    assert!(wrong.contains("--input-bits is `40`; allowed are `auto` and 1 to "), "{wrong}");
}

#[test]
fn calibration_says_what_it_forgot_and_stays_exact_about_the_new_function() {
    let data = root().join("examples/data/digits_train.csv");
    let text = export(&["--calibrate", data.to_str().unwrap(), "--prove"], 0);
    assert!(text.contains("table inputs gone that never decide on "), "{text}");
    assert!(text.contains("proof: equal"), "{text}");
}

/// A network of small gates, in which tables are counted together at level 3.
fn gates() -> (tempfile::TempDir, String) {
    let shape = NetworkShape {
        features: 10,
        input: InputFormat { bits: 2, signed: false, scale: 1.0, offset: 0.0 },
        bits_per_feature: 2,
        layers: vec![(2, 60), (2, 66)],
        head: Head::GroupSum { classes: 3, tau: 1.0 },
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gates.safetensors");
    random_network(3, &shape).to_file().write(&path).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

#[test]
fn tables_that_are_counted_together_are_right_in_every_tool() {
    let test = "tables_that_are_counted_together_are_right_in_every_tool";
    if ["iverilog", "verilator", "yosys", "ghdl"].iter().any(|name| !tool(test, name)) {
        return;
    }
    let (folder, model) = gates();
    let run = |arguments: &[&str]| {
        let ended = program("difflut-export", folder.path(), &[&[&*model, "-O", "3", "--verbose"], arguments].concat());
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("fuse-counts"), "{}", ended.stdout);
        ended.stdout
    };
    let common = ["--check-passes", "--prove", "--vectors", "300"];
    let text = run(&[&common[..], &["--target", "verilog,blif", "--check", "icarus,verilator,yosys,formal"]].concat());
    assert!(text.contains("proof: equal to the network for every input"), "{text}");
    for check in ["icarus", "verilator", "yosys"] {
        let equal = |line: &str| line.starts_with(&format!("check {check} ")) && line.contains("equal on");
        assert!(text.lines().any(equal), "{check}: {text}");
    }
    assert!(
        text.lines().any(|line| line.starts_with("check formal") && line.contains("for all 2^20 inputs")),
        "{text}"
    );
    for (target, check) in [("verilog", "icarus"), ("vhdl", "ghdl")] {
        let piped = ["--pipeline", "2", "--interface", "valid", "--target", target, "--check", check];
        assert!(run(&piped).contains(" equal on "));
    }
}
