//! Designs for AMD's slices: `LUT6_2` and `CARRY4` in every tool that reads them.

use std::path::Path;

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::binarized::{BinarizedNetwork, Head};
use difflut::config::InputFormat;
use difflut::emit::{EmitOptions, EmitRequest, HdlOptions, Interface, LutStyle, Registers, TestVectors, target};
use difflut::lower::{lower, to_code_bits};
use difflut::netlist::Design;
use difflut::passes::{Pipeline, optimize};
use difflut::report::DesignReport;

use crate::support::shapes::{networks, vectors};
use crate::support::{program, provenance, root, run, run_silent, tool};

fn options(interface: Interface, pipeline: Option<Registers>) -> EmitOptions {
    let hdl = HdlOptions { interface, pipeline, lut_style: LutStyle::Slice, ..HdlOptions::default() };
    EmitOptions { hdl, ..EmitOptions::default() }
}

/// A network of `classes` classes that count `size` bits each.
fn many_classes(classes: usize, size: usize) -> (&'static str, BinarizedNetwork) {
    let shape = NetworkShape {
        features: 12,
        input: InputFormat::unsigned(8),
        bits_per_feature: 3,
        layers: vec![(5, 60), (4, classes * size)],
        head: Head::GroupSum { classes: classes as u32, tau: 1.0 },
    };
    ("many_classes", random_network((classes * size) as u64, &shape))
}

/// Prints every shape of network with registers here and there, into a folder each.
fn each_shape(target_name: &str, check: impl Fn(&Path, &str, &str)) {
    let levels = |every| Some(Registers::Levels(every));
    let ways = [
        (Interface::Comb, None),
        (Interface::Comb, levels(1)),
        (Interface::Valid, levels(2)),
        (Interface::Axis, levels(3)),
    ];
    let heads = [(10, 1), (7, 3), (6, 9), (3, 21)].map(|(classes, size)| many_classes(classes, size));
    for (number, (shape, network)) in networks().into_iter().chain(heads).enumerate() {
        let mut design = lower(&network);
        design.use_slices();
        let vectors = vectors(&network, 40);
        for (interface, pipeline) in ways.into_iter().skip(number % 2).step_by(2) {
            let folder = tempfile::tempdir().unwrap();
            let options = options(interface, pipeline);
            let request = EmitRequest {
                design: &design,
                flat: &design.core,
                provenance: &provenance(),
                options: &options,
                vectors: &vectors,
            };
            for file in target(target_name).unwrap().emit(&request).unwrap() {
                let path = folder.path().join(&file.name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &file.contents).unwrap();
            }
            let name = difflut::emit::identifier(&design.name);
            check(folder.path(), &name, &format!("{shape}, {interface:?}, {pipeline:?}"));
        }
    }
}

#[test]
fn slices_of_every_shape_lint_and_pass_their_verilog_test_bench() {
    let test = "slices_of_every_shape_lint_and_pass_their_verilog_test_bench";
    if !["verilator", "iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    each_shape("verilog", |folder, name, what| {
        run_silent(folder, "verilator", &format!("--lint-only -Wall -y primitives {name}.v"));
        run_silent(folder, "iverilog", &format!("-Wall -y . -y primitives -o sim {name}_tb.v"));
        let ran = run(folder, "vvp", "-n sim");
        assert!(ran.success && ran.output.contains("PASS 40 vectors"), "{what}: {}", ran.output);
    });
}

#[test]
fn slices_of_every_shape_pass_their_vhdl_test_bench() {
    let test = "slices_of_every_shape_pass_their_vhdl_test_bench";
    if !tool(test, "ghdl") {
        return;
    }
    each_shape("vhdl", |folder, name, what| {
        let models = format!("{name}_primitives.vhd");
        let models = if folder.join(&models).is_file() { models } else { String::new() };
        run_silent(folder, "ghdl", &format!("-a --std=08 {models} {name}.vhd {name}_tb.vhd"));
        let ran = run(folder, "ghdl", &format!("--elab-run --std=08 {name}_tb --ieee-asserts=disable"));
        assert!(ran.output.contains("PASS 40 vectors\n"), "{what}:\n{}", ran.output);
    });
}

/// Runs `difflut-export` on a shipped model with slices; what it printed.
fn export(arguments: &[&str]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let ended =
        program("difflut-export", &root(), &[arguments, &["-O3", "--lut-style", "slice", "--out", out]].concat());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    (folder, ended.stdout)
}

#[test]
fn slices_of_the_shipped_model_are_proved_and_simulated_before_and_after_synthesis() {
    let test = "slices_of_the_shipped_model_are_proved_and_simulated_before_and_after_synthesis";
    if !["iverilog", "verilator", "yosys", "ghdl"].iter().all(|program| tool(test, program)) {
        return;
    }
    let checks = "icarus,verilator,formal,gates-xilinx";
    let (_folder, text) = export(&["digits", "--prove", "--check", checks, "--vectors", "200"]);
    assert!(text.contains("proof: equal to the network for every input"), "{text}");
    assert!(text.contains("proved equal, for all 2^320 inputs"), "{text}");
    assert_eq!(text.matches(" equal on 200 vectors").count(), 3, "{text}");
    let (_folder, text) =
        export(&["digits", "--target", "vhdl", "--check", "ghdl", "--pipeline", "3", "--vectors", "100"]);
    assert!(text.contains(" equal on 100 vectors"), "{text}");
}

#[test]
fn streamed_convolutions_of_slices_are_proved_and_equal_inference() {
    let test = "streamed_convolutions_of_slices_are_proved_and_equal_inference";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    let arguments = ["digits_conv", "--convolution", "streaming", "--interface", "valid", "--check", "icarus"];
    let (_folder, text) = export(&[&arguments[..], &["--vectors", "10", "--prove"]].concat());
    assert!(text.contains(" equal on 10 vectors"), "{text}");
    assert!(text.contains("proof: every kernel and what stands behind them equal to the network's"), "{text}");
}

#[test]
fn yosys_finds_no_more_luts_in_slices_than_are_reported_and_fewer_than_without() {
    let test = "yosys_finds_no_more_luts_in_slices_than_are_reported_and_fewer_than_without";
    if !tool(test, "yosys") {
        return;
    }
    let (folder, text) = export(&["digits"]);
    let total = |text: &str| -> usize {
        let line = text.lines().find(|line| line.starts_with("total")).unwrap();
        line.split_whitespace().last().unwrap().parse().unwrap()
    };
    let script = "read_verilog digits.v; hierarchy -libdir . -top digits; \
                  synth_xilinx -flatten -family xc7 -nowidelut -top digits; tee -o stat.txt stat";
    std::fs::write(folder.path().join("synth.ys"), script).unwrap();
    let ran = run(folder.path(), "yosys", "-q -s synth.ys");
    assert!(ran.success, "{}", ran.output);
    let stat = std::fs::read_to_string(folder.path().join("stat.txt")).unwrap();
    let cells = stat.lines().filter_map(|line| line.trim().split_once(' '));
    let luts =
        cells.filter(|(cell, _)| cell.starts_with("LUT")).map(|(_, count)| count.trim().parse::<usize>().unwrap());
    let (found, reported) = (luts.sum::<usize>(), total(&text));
    assert!(found <= reported, "yosys has {found} LUTs, the report {reported}");
    let tables = tempfile::tempdir().unwrap();
    let ended = program("difflut-export", &root(), &["digits", "-O3", "--out", tables.path().to_str().unwrap()]);
    assert!(10 * reported < 9 * total(&ended.stdout), "{reported} LUTs against {}", total(&ended.stdout));
}

#[test]
fn faults_in_slices_are_found_by_vectors_by_proof_and_in_icarus() {
    let test = "faults_in_slices_are_found_by_vectors_by_proof_and_in_icarus";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    let options = ["--lut-style", "slice", "-O3", "--check", "icarus", "--mutate", "40", "--mutate-tools", "1"];
    let ended = program("difflut", &root(), &[&["verify", "digits"][..], &options].concat());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let line = |start: &str| ended.stdout.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    assert!(line("table row flipped").ends_with("1 of 1"), "{}", ended.stdout);
    assert_eq!(line("caught").matches("100.0 %").count(), 3, "{}", ended.stdout);
}

/// LUTs in Verilog files: instances of primitives in each module as often as the module stands in the design,
/// those at a carry chain by its positions, since not every position has one.
fn printed_luts(files: &[(String, String)]) -> usize {
    let instances = |module: &str| {
        let uses = files.iter().map(|(_, text)| text.matches(&format!("\n  {module} ")).count()).sum::<usize>();
        uses.max(1)
    };
    let positions = |text: &str| -> usize {
        let lists = |pin: &str| -> Vec<String> {
            let start = format!("    .{pin}({{");
            let lines = text.lines().filter_map(|line| line.strip_prefix(start.as_str()));
            lines.flat_map(|line| line.split(['}', ',']).take(4).map(|part| part.trim().to_owned())).collect()
        };
        lists("S").into_iter().zip(lists("O")).filter(|(pass, sum)| pass != "1'b0" || !sum.contains("unused")).count()
    };
    // `lut_c3_s0` and `lut_duel3_d1` stand at a position.
    let at_position = |line: &str| {
        let name = line.split_whitespace().find(|word| word.starts_with("lut_")).unwrap_or_default();
        let last = name.rsplit('_').next().unwrap_or_default();
        let chained = name.starts_with("lut_c") || name.starts_with("lut_duel");
        chained && last.starts_with(['s', 'd']) && last[1..].parse::<u32>().is_ok()
    };
    let luts = |text: &str| text.lines().filter(|line| line.starts_with("  LUT") && !at_position(line)).count();
    files.iter().map(|(module, text)| instances(module) * (luts(text) + positions(text))).sum()
}

#[test]
fn the_report_counts_the_luts_of_slices_that_are_printed() {
    let networks = networks()
        .into_iter()
        .chain([(10, 1), (10, 6), (4, 17), (3, 40), (12, 2)].map(|(classes, size)| many_classes(classes, size)));
    for (shape, network) in networks {
        let pipeline = Pipeline::level("2").unwrap();
        let mut design = lower(&network);
        design.use_slices();
        let mut design = to_code_bits(&design);
        optimize(&mut design, &pipeline).unwrap();
        let (options, vectors) = (options(Interface::Comb, None), TestVectors::default());
        let request = EmitRequest {
            design: &design,
            flat: &design.core,
            provenance: &provenance(),
            options: &options,
            vectors: &vectors,
        };
        let files = target("verilog").unwrap().emit(&request).unwrap().into_iter();
        let files: Vec<(String, String)> = files
            .filter_map(|file| {
                let module = file.name.strip_suffix(".v")?.to_owned();
                (!module.contains('/')).then(|| (module, String::from_utf8(file.contents).unwrap()))
            })
            .collect();
        assert_eq!(printed_luts(&files), DesignReport::new(&design).unwrap().total, "{shape}");
    }
}

#[test]
fn a_design_counts_the_same_on_carry_chains() {
    for (shape, network) in networks() {
        let design = lower(&network);
        let mut slices = design.clone();
        slices.use_slices();
        let codes: Vec<Vec<i64>> = vectors(&network, 50).vectors.into_iter().map(|vector| vector.codes).collect();
        assert_eq!(Design::simulate(&design, &codes), slices.simulate(&codes), "{shape}");
        DesignReport::new(&slices).unwrap();
    }
}
