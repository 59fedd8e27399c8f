//! The compiler from a model file to Verilog at any size, and the size of what it maps.
//!
//!     cargo bench --no-default-features --bench compiler -- --luts 1000000 --layers 10 --level 1
//!
//! prints one line per step with its seconds, the peak memory so far and the LUTs. `--fan-in`
//! and `--lut-size` choose the tables and the LUTs, `--blif FILE` also writes the unoptimized
//! and the mapped core for other tools. Networks are random (`random_network`) with 784 features.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark of something broken may stop")]

use std::time::Instant;

use difflut::binarized::BinarizedNetwork;
use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::emit::{self, EmitOptions, EmitRequest, Provenance, TestVectors};
use difflut::files::TensorFile;
use difflut::lower::{flatten, lower, to_code_bits};
use difflut::netlist::{Design, DesignHead};
use difflut::passes::{PassOptions, Pipeline, optimize};

fn main() {
    let argument = |name: &str| {
        let mut arguments = std::env::args().skip_while(|argument| argument != name);
        arguments.nth(1)
    };
    let number = |name: &str, default: usize| argument(name).map_or(default, |text| text.parse().expect("a number"));
    let (luts, layers, fan_in) = (number("--luts", 10_000), number("--layers", 10), number("--fan-in", 6));
    let level = argument("--level").unwrap_or_else(|| "1".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.safetensors");
    let mut shape = NetworkShape::image(layers, luts / layers);
    shape.layers.iter_mut().for_each(|(inputs, _)| *inputs = fan_in);
    random_network(1, &shape).to_file().write(&path).expect("a file");

    println!("{:<24} {:>9} {:>9} {:>10}", "step", "seconds", "peak MB", "LUTs");
    let start = Instant::now();
    let report = |step: &str, since: Instant, luts: usize| {
        println!("{step:<24} {:>9.2} {:>9} {luts:>10}", since.elapsed().as_secs_f64(), peak_megabytes());
    };
    let step = Instant::now();
    let network = BinarizedNetwork::from_file(&TensorFile::open(&path).expect("a file")).expect("a network");
    report("load", step, network.nodes());
    let step = Instant::now();
    let mut design = lower(&network);
    drop(network);
    report("lower", step, design.core.luts());
    let pipeline = Pipeline::level(&level).expect("a level");
    let options = PassOptions { lut_inputs: number("--lut-size", 6), ..PassOptions::default() };
    let pipeline = pipeline.options(options);
    if let Some(file) = argument("--blif") {
        std::fs::write(&file, blif(&design)).expect("written");
    }
    let step = Instant::now();
    let mut passes = optimize(&mut design, &pipeline).expect("correct passes");
    if pipeline.expands_comparators() {
        design = to_code_bits(&design);
        passes.extend(optimize(&mut design, &pipeline).expect("correct passes"));
    }
    report(&format!("optimize -O{level}"), step, design.core.luts());
    let mut names: Vec<&str> = passes.iter().map(|pass| pass.pass).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let seconds: f64 = passes.iter().filter(|pass| pass.pass == name).map(|pass| pass.elapsed.as_secs_f64()).sum();
        println!("    {name:<20} {seconds:>9.2}");
    }
    let step = Instant::now();
    let flat = flatten(&design);
    report("flatten", step, flat.luts());
    let step = Instant::now();
    let bytes = emit(&design, &flat, "verilog");
    std::fs::write(folder.path().join("design.v"), &bytes).expect("written");
    report("write Verilog", step, design.core.luts());
    report("all", start, design.core.luts());
    if let Some(file) = argument("--blif") {
        std::fs::write(format!("{file}.mapped"), blif(&design)).expect("written");
    }
}

/// The core alone as BLIF.
fn blif(design: &Design) -> Vec<u8> {
    let mut core = design.clone();
    core.head = DesignHead::Bits;
    let inputs = core.core.inputs().len();
    core.input = difflut::netlist::InputBus { features: inputs.max(1), bits: 1, signed: false };
    core.comparators =
        (0..inputs as u32).map(|feature| difflut::netlist::Comparator { feature, threshold: 1 }).collect();
    emit(&core, &flatten(&core), "blif")
}

fn emit(design: &Design, flat: &difflut::netlist::Netlist, target: &str) -> Vec<u8> {
    let provenance = Provenance {
        tool_version: "bench".into(),
        model_sha256: "0".repeat(64),
        input_values: "value = code * 1 + 0".into(),
        scale: 1.0,
        offset: 0.0,
        tau: Some("1".into()),
    };
    let (options, vectors) = (EmitOptions::default(), TestVectors::default());
    let request = EmitRequest { design, flat, provenance: &provenance, options: &options, vectors: &vectors };
    let files = emit::target(target).expect("a target").emit(&request).expect("files");
    files.into_iter().flat_map(|file| file.contents).collect()
}

/// The largest resident size of this process so far; 0 where the system does not say.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) / 1024
}
