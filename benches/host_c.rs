//! Rust inference and the emitted host C library against straight-line C in difflogic's style, in
//! one run; the C header for microcontrollers beside them, for the time that it takes to compile.
//!
//! `cargo bench --no-default-features --bench host_c` makes a random network of 6 x 8,000 gates of
//! two inputs behind 784 one-bit features and ten classes (`-- WIDTH LAYERS` changes it), prints
//! it as C, compiles that with gcc (`CC` changes it) and lets all classify the same samples on one
//! core; the number at the end of a line is the same when the classes are. `-- --without-straight`
//! leaves the straight-line C out, which takes minutes to compile, and with it the ratios. The straight-line C is what such libraries generate: one function, one line per
//! gate, 64 samples in a `uint64_t`, samples as bools in front, ripple counters behind.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark of something broken may stop")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::binarized::{BinarizedNetwork, Encoder, Head, LutLayer};
use difflut::config::InputFormat;
use difflut::emit::{self, COptions, CStyle, EmitOptions, EmitRequest, EmittedFile, Provenance, TestVectors, WordSize};
use difflut::infer::Engine;
use difflut::logic::{BitMatrix, TruthTable};
use difflut::lower::{flatten, lower};
use difflut::passes::{Pipeline, optimize};

/// Inputs of the network.
const FEATURES: usize = 784;

/// Classes of the network.
const CLASSES: usize = 10;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let width = numbers.first().copied().unwrap_or(8_000);
    let layers = numbers.get(1).copied().unwrap_or(6);
    let network = gates(width, layers);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    println!("{layers} x {width} gates of two inputs, {FEATURES} one-bit features, {CLASSES} classes, one core");
    println!("{:<34}{:>10}{:>12}{:>12}{:>9}{:>9}", "", "compiled", "kernel", "whole", "kernel", "whole");
    println!("{:<34}{:>10}{:>12}{:>12}{:>9}{:>9}", "", "CPU s", "samples/s", "samples/s", "ratio", "ratio");
    std::fs::write(folder.join("main.c"), include_str!("host_c/main.c")).unwrap();
    std::fs::write(folder.join("straight.c"), straight_line(&network)).unwrap();
    let mut table = Table { first: None };
    if !std::env::args().any(|argument| argument == "--without-straight") {
        measure(folder, "straight-line, -O3", &["gcc -std=c99 -O3 -o program main.c straight.c"], &mut table);
    }
    inference(&network, &mut table);
    for (level, words) in
        [("0", "-march=native"), ("2", "-march=native"), ("2", "-mavx2 -mbmi"), ("2", "-DGATES_WORD_BYTES=8")]
    {
        let seconds = library(folder, &network, level);
        // As the library's own Makefile does.
        let core = format!("gcc -std=c99 -O1 {words} -c libgates_core*.c");
        let rest = format!("gcc -std=c99 -O2 {words} -o program main.c glue.c libgates.c libgates_core*.o");
        let label = format!("-O{level} in {seconds:.1} s, {words}");
        measure(folder, &label, &["rm -f libgates_core*.o", &core, &rest], &mut table);
    }
    std::fs::write(folder.join("header.c"), include_str!("host_c/header.c")).unwrap();
    let c = COptions { c_style: CStyle::Straight, c_word: Some(WordSize::Bits64), c_batch: true };
    for file in print(&network, "0", "c", EmitOptions { c, ..EmitOptions::default() }) {
        std::fs::write(folder.join(&file.name), &file.contents).unwrap();
    }
    for level in ["-O1", "-O2"] {
        let command = format!("gcc -std=c99 {level} -o program main.c header.c");
        measure(folder, &format!("C header, straight, 64 bits, {level}"), &[&command], &mut table);
    }
}

/// A network of two-input gates, each of the sixteen functions equally likely.
fn gates(width: usize, layers: usize) -> BinarizedNetwork {
    let input = InputFormat::unsigned(1);
    let head = Head::GroupSum { classes: CLASSES as u32, tau: 1.0 };
    let shape = NetworkShape { features: FEATURES, input, bits_per_feature: 1, layers: vec![(2, width); layers], head };
    // The functions by a generator of their own: random_network puts constants among its tables.
    let mut state = 1u64;
    let mut table = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        TruthTable::from_words(2, vec![state >> 60])
    };
    let layers = random_network(1, &shape).layers().to_vec();
    let layers = layers
        .into_iter()
        .map(|layer| LutLayer { tables: (0..layer.width()).map(|_| table()).collect(), ..layer })
        .collect();
    let encoder = Encoder::from_thresholds(FEATURES, &vec![0.5; FEATURES]);
    BinarizedNetwork::new("gates", input, encoder, layers, head).unwrap()
}

/// One function with a line per gate, and what `main.c` calls.
fn straight_line(network: &BinarizedNetwork) -> String {
    let mut text = String::from(
        "#include <stddef.h>\n#include <stdint.h>\n#include <stdlib.h>\ntypedef uint64_t W;\nvoid network(const W *in, W *out)\n{\n",
    );
    let forms = [
        "0",
        "~(a | b)",
        "a & ~b",
        "~b",
        "~a & b",
        "~a",
        "a ^ b",
        "~(a & b)",
        "a & b",
        "~(a ^ b)",
        "a",
        "~(~a & b)",
        "b",
        "~(a & ~b)",
        "a | b",
        "~(W)0",
    ];
    let mut columns: Vec<String> = (0..FEATURES).map(|feature| format!("in[{feature}]")).collect();
    for (number, layer) in network.layers().iter().enumerate() {
        columns = (0..layer.width())
            .map(|node| {
                let pins: Vec<&str> = layer.pins(node).iter().map(|&pin| columns[pin as usize].as_str()).collect();
                // Bit r of the table is the gate for a = bit 0 of r, so 2 is a & ~b.
                let form = forms[layer.tables[node].words()[0] as usize];
                let form: String = form
                    .chars()
                    .map(|symbol| match symbol {
                        'a' => pins[0].to_owned(),
                        'b' => pins[1].to_owned(),
                        other => other.to_string(),
                    })
                    .collect();
                let name = format!("g{number}_{node}");
                let _ = writeln!(text, "    const W {name} = {form};");
                name
            })
            .collect();
    }
    for (output, column) in columns.iter().enumerate() {
        let _ = writeln!(text, "    out[{output}] = {column};");
    }
    let outputs = columns.len();
    let bits = usize::BITS - outputs.div_ceil(CLASSES).leading_zeros();
    let _ = write!(
        text,
        "}}\n#define OUTPUTS {outputs}\n#define FEATURES {FEATURES}\n#define CLASSES {CLASSES}\n#define GROUP {}\n#define SCORE_BITS {bits}\n{}",
        outputs.div_ceil(CLASSES),
        include_str!("host_c/straight.c")
    );
    text
}

/// The files of a target for the network behind the passes of a level.
fn print(network: &BinarizedNetwork, level: &str, target: &str, options: EmitOptions) -> Vec<EmittedFile> {
    let mut design = lower(network);
    optimize(&mut design, &Pipeline::level(level).unwrap()).unwrap();
    let provenance = Provenance {
        tool_version: "bench".into(),
        model_sha256: "0".repeat(64),
        input_values: "value = code * 1 + 0".into(),
        scale: 1.0,
        offset: 0.0,
        tau: Some("1".into()),
    };
    let (vectors, flat) = (TestVectors::default(), flatten(&design));
    let request =
        EmitRequest { design: &design, flat: &flat, provenance: &provenance, options: &options, vectors: &vectors };
    emit::target(target).unwrap().emit(&request).unwrap()
}

/// Writes the library; the seconds that optimizing and printing took.
fn library(folder: &Path, network: &BinarizedNetwork, level: &str) -> f64 {
    let started = Instant::now();
    let files = print(network, level, "c-lib", EmitOptions::default());
    let seconds = started.elapsed().as_secs_f64();
    let mut calls = String::new();
    for file in files {
        if let Some(core) = file.name.strip_prefix("libgates_").and_then(|name| name.strip_suffix(".c")) {
            let _ = writeln!(calls, "    gates_{core}(workspace);");
        }
        if file.name == "libgates.h" {
            let text = String::from_utf8(file.contents.clone()).unwrap();
            println!("{}", text.lines().find(|line| line.contains("Work:")).unwrap_or_default());
        }
        std::fs::write(folder.join(&file.name), &file.contents).unwrap();
    }
    let glue = include_str!("host_c/glue.c").replace("CALLS", &calls);
    std::fs::write(folder.join("glue.c"), glue).unwrap();
    seconds
}

/// Rust inference on one thread: the kernel is packed bits to classes, the whole rows of bools to
/// classes, on the samples of `main.c`.
fn inference(network: &BinarizedNetwork, table: &mut Table) {
    const SAMPLES: usize = 8192;
    let mut state = 1u64;
    let mut bit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 63 == 1
    };
    let rows: Vec<bool> = (0..SAMPLES * FEATURES).map(|_| bit()).collect();
    let started = cpu_seconds();
    let engine = Engine::new(network);
    let compiled = cpu_seconds() - started;
    let bits = BitMatrix::from_rows(&rows, FEATURES);
    let values: Vec<f32> = rows.iter().map(|&bit| f32::from(u8::from(bit))).collect();
    let thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let sum = |classes: Vec<u32>| {
        classes.iter().fold(0u64, |sum, &class| sum.wrapping_mul(31).wrapping_add(class.into())) % 1_000_000
    };
    let rate = |run: &(dyn Fn() -> Vec<u32> + Sync)| {
        let best = (0..3).map(|_| {
            let (started, mut calls) = (cpu_seconds(), 0);
            while cpu_seconds() - started < 1.0 {
                thread.install(run);
                calls += 1;
            }
            (calls * SAMPLES) as f64 / (cpu_seconds() - started)
        });
        best.fold(0.0, f64::max)
    };
    let (packed, whole) =
        (|| engine.predict_encoded(&bits, false).classes, || engine.predict_rows(&rows, false).classes);
    let floats = || engine.predict(&values, false).classes;
    let checksum = sum(whole());
    assert_eq!([sum(packed()), sum(floats())], [checksum; 2], "packed bits, rows of bools, rows of floats");
    table.row("Rust inference, packed | bools", compiled, rate(&packed), rate(&whole), &checksum.to_string());
    let floats = rate(&floats);
    println!("Rust inference, float32 features {:>34.2} M", floats / 1e6);
}

/// Processor time of this process, in steps of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// The figures, relative to those of the first row.
struct Table {
    first: Option<[f64; 2]>,
}

impl Table {
    fn row(&mut self, label: &str, compiled: f64, kernel: f64, whole: f64, checksum: &str) {
        let reference = *self.first.get_or_insert([kernel, whole]);
        println!(
            "{label:<34}{compiled:>10.1}{:>10.2} M{:>10.2} M{:>9.2}{:>9.2}   classes {checksum}",
            kernel / 1e6,
            whole / 1e6,
            kernel / reference[0],
            whole / reference[1]
        );
    }
}

/// Runs the commands that make the program, and the program.
fn measure(folder: &Path, label: &str, commands: &[&str], table: &mut Table) {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "gcc".to_owned());
    let shell = |script: &str| {
        let output = Command::new("bash").current_dir(folder).args(["-c", script]).output().unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr)
    };
    let commands = commands.join(" && ").replace("gcc", &compiler);
    let compiled = shell(&format!("set -e; TIMEFORMAT='%U %S'; time {{ {commands}; }}"));
    let seconds: f64 = compiled.split_whitespace().filter_map(|word| word.parse::<f64>().ok()).sum();
    let output = shell("./program");
    let numbers: Vec<f64> = output.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [kernel, whole, _] = numbers[..] else { panic!("{output}") };
    table.row(label, seconds, kernel, whole, output.split_whitespace().last().unwrap_or_default());
}
