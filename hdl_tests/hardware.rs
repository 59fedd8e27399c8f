//! Pipelines, interfaces and results of the two hardware languages, in their simulators.

use std::path::Path;

use difflut::binarized::BinarizedNetwork;
use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::config::InputFormat;
use difflut::emit::{
    Device, EmitOptions, EmitRequest, EncoderOption, HdlOptions, Interface, LutStyle, OutputSet, Provenance, Registers,
    TestVectors, Vector, target,
};
use difflut::lower::lower;
use difflut::netlist::{Design, DesignHead};
use difflut::verify::Verdict;

use crate::support::shapes::{classes, networks, vectors};
use crate::support::{check_with, run, run_silent, tool};

fn options(change: impl Fn(&mut HdlOptions)) -> EmitOptions {
    let mut options = EmitOptions::default();
    change(&mut options.hdl);
    options
}

/// A network with two layers and four classes.
fn design() -> (BinarizedNetwork, Design, TestVectors) {
    let shape = NetworkShape {
        features: 5,
        input: InputFormat::unsigned(3),
        bits_per_feature: 3,
        layers: vec![(4, 30), (3, 21)],
        head: classes(4),
    };
    let network = random_network(3, &shape);
    let (design, vectors) = (lower(&network), vectors(&network, 50));
    (network, design, vectors)
}

/// The combinations that differ in more than a number.
fn combinations() -> Vec<(&'static str, EmitOptions)> {
    let levels = |every| Some(Registers::Levels(every));
    vec![
        ("layers", options(|hdl| hdl.pipeline = Some(Registers::Layers))),
        ("auto", options(|hdl| (hdl.pipeline, hdl.clock_mhz) = (Some(Registers::Auto), Some(250.0)))),
        ("class", options(|hdl| hdl.outputs = OutputSet::Class)),
        ("scores", options(|hdl| (hdl.outputs, hdl.pipeline) = (OutputSet::Scores, levels(2)))),
        ("encoded", options(|hdl| (hdl.encoder, hdl.pipeline) = (EncoderOption::Off, levels(1)))),
        ("valid", options(|hdl| (hdl.interface, hdl.pipeline) = (Interface::Valid, levels(2)))),
        ("valid, one stage", options(|hdl| (hdl.interface, hdl.pipeline) = (Interface::Valid, levels(99)))),
        ("stream", options(|hdl| hdl.interface = Interface::Axis)),
        ("stream, one stage", options(|hdl| (hdl.interface, hdl.pipeline) = (Interface::Axis, levels(99)))),
        (
            "stream of primitives",
            options(|hdl| {
                (hdl.interface, hdl.pipeline, hdl.lut_style) = (Interface::Axis, levels(1), LutStyle::Primitive);
            }),
        ),
        (
            "encoded stream of classes",
            options(|hdl| {
                (hdl.interface, hdl.encoder, hdl.outputs) = (Interface::Axis, EncoderOption::Off, OutputSet::Class);
            }),
        ),
    ]
}

#[track_caller]
fn check_combinations(test: &str, checker: &str, programs: &[&str]) {
    if !programs.iter().all(|program| tool(test, program)) {
        return;
    }
    let (network, design, vectors) = design();
    for (name, options) in combinations() {
        let verdict = check_with(checker, &options, &network, &design, &vectors, &vectors);
        assert_eq!(verdict, Verdict::Equal { vectors: 50 }, "{name}");
    }
}

#[test]
fn every_combination_agrees_in_icarus() {
    check_combinations("every_combination_agrees_in_icarus", "icarus", &["iverilog", "vvp"]);
}

#[test]
fn every_combination_agrees_in_ghdl() {
    check_combinations("every_combination_agrees_in_ghdl", "ghdl", &["ghdl"]);
}

#[test]
fn valid_bits_and_streams_lint_and_agree_in_verilator() {
    let test = "valid_bits_and_streams_lint_and_agree_in_verilator";
    if !["verilator", "g++"].iter().all(|program| tool(test, program)) {
        return;
    }
    let (network, design, vectors) = design();
    for (name, options) in combinations() {
        if ["valid", "stream", "encoded stream of classes"].contains(&name) {
            let verdict = check_with("verilator", &options, &network, &design, &vectors, &vectors);
            assert_eq!(verdict, Verdict::Equal { vectors: 50 }, "{name}");
        }
    }
}

/// Emits into `folder` and returns the name of the design.
fn emit(folder: &Path, target_name: &str, options: &EmitOptions, design: &Design, count: usize) -> String {
    let provenance = Provenance {
        tool_version: "0.0.0".to_owned(),
        model_sha256: "0".repeat(64),
        input_values: "value = code * 1 + 0".to_owned(),
        scale: 1.0,
        offset: 0.0,
        tau: None,
    };
    let codes: Vec<Vec<i64>> = (0..count)
        .map(|number| {
            let width = design.input.max_code() - design.input.min_code() + 1;
            let code = |feature: usize| design.input.min_code() + (number * 37 + feature * 11) as i64 % width;
            (0..design.input.features).map(code).collect()
        })
        .collect();
    let outputs = design.simulate(&codes);
    let vectors = codes.into_iter().enumerate().map(|(sample, codes)| Vector {
        codes,
        bits: (0..design.core.outputs().len()).map(|output| outputs.bits.get(output, sample)).collect(),
        scores: outputs.scores[sample].clone(),
        class: outputs.classes[sample].map(|class| class as u32),
    });
    let vectors = TestVectors { vectors: vectors.collect() };
    let request = EmitRequest { design, flat: &design.core, provenance: &provenance, options, vectors: &vectors };
    for file in target(target_name).unwrap().emit(&request).unwrap() {
        let path = folder.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.contents).unwrap();
    }
    difflut::emit::identifier(&design.name)
}

/// The options that fit any network.
fn any_network() -> Vec<EmitOptions> {
    vec![
        options(|_| ()),
        options(|hdl| hdl.pipeline = Some(Registers::Levels(2))),
        options(|hdl| (hdl.interface, hdl.pipeline) = (Interface::Axis, Some(Registers::Levels(3)))),
        options(|hdl| (hdl.interface, hdl.lut_style) = (Interface::Valid, LutStyle::Primitive)),
    ]
}

#[test]
fn vhdl_of_every_shape_passes_its_test_bench() {
    let test = "vhdl_of_every_shape_passes_its_test_bench";
    if !tool(test, "ghdl") {
        return;
    }
    for (number, (shape, network)) in networks().into_iter().enumerate() {
        let design = lower(&network);
        for options in any_network().iter().skip(number % 2).step_by(2) {
            let folder = tempfile::tempdir().unwrap();
            let name = emit(folder.path(), "vhdl", options, &design, 20);
            let models = if options.hdl.lut_style == LutStyle::Primitive {
                format!("{name}_primitives.vhd")
            } else {
                String::new()
            };
            let models = if folder.path().join(&models).is_file() { models } else { String::new() };
            run_silent(folder.path(), "ghdl", &format!("-a --std=08 {models} {name}.vhd {name}_tb.vhd"));
            let ran = run(folder.path(), "ghdl", &format!("--elab-run --std=08 {name}_tb --ieee-asserts=disable"));
            assert!(ran.output.contains("PASS 20 vectors\n"), "{shape}, {options:?}:\n{}", ran.output);
        }
    }
}

#[test]
fn streams_and_valid_bits_of_every_shape_lint_and_pass_their_test_bench() {
    let test = "streams_and_valid_bits_of_every_shape_lint_and_pass_their_test_bench";
    if !["verilator", "iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    for (number, (shape, network)) in networks().into_iter().enumerate() {
        let design = lower(&network);
        let options = &any_network()[2 + number % 2];
        let folder = tempfile::tempdir().unwrap();
        let name = emit(folder.path(), "verilog", options, &design, 20);
        run_silent(folder.path(), "verilator", &format!("--lint-only -Wall -y primitives {name}.v"));
        run_silent(folder.path(), "iverilog", &format!("-Wall -y . -y primitives -o sim {name}_tb.v"));
        let ran = run(folder.path(), "vvp", "-n sim");
        assert!(ran.output.ends_with("PASS 20 vectors\n"), "{shape}, {options:?}:\n{}", ran.output);
    }
}

/// Simulates what lies in `folder` after `change` was made to the top module.
fn faulty(folder: &Path, target: &str, name: &str, change: (&str, &str)) -> String {
    let ending = if target == "verilog" { "v" } else { "vhd" };
    let path = folder.join(format!("{name}.{ending}"));
    let good = std::fs::read_to_string(&path).unwrap();
    assert!(good.contains(change.0), "`{}` is not in\n{good}", change.0);
    std::fs::write(&path, good.replace(change.0, change.1)).unwrap();
    let output = if target == "verilog" {
        run_silent(folder, "iverilog", &format!("-y . -o sim {name}_tb.v"));
        run(folder, "vvp", "-n sim").output
    } else {
        run_silent(folder, "ghdl", &format!("-a --std=08 {name}.vhd {name}_tb.vhd"));
        run(folder, "ghdl", &format!("--elab-run --std=08 {name}_tb --ieee-asserts=disable")).output
    };
    std::fs::write(&path, good).unwrap();
    output
}

#[test]
fn the_test_benches_of_streams_find_every_fault_of_the_flow() {
    let test = "the_test_benches_of_streams_find_every_fault_of_the_flow";
    let (_, design, _) = design();
    let options = options(|hdl| (hdl.interface, hdl.pipeline) = (Interface::Axis, Some(Registers::Levels(3))));
    let folder = tempfile::tempdir().unwrap();
    if ["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        let name = emit(folder.path(), "verilog", &options, &design, 60);
        let reset = format!("      valid <= {}'d0;\n", target("verilog").unwrap().latency(&design, &options));
        for change in [
            // Results get lost, stand still, come without an input, survive a reset, change.
            ("assign ce = ~aside_valid;", "assign ce = 1'b1;"),
            ("assign s_axis_tready = running & ~aside_valid;", "assign s_axis_tready = running;"),
            ("aside_valid <= m_axis_tvalid & ~m_axis_tready;", "aside_valid <= m_axis_tvalid;"),
            ("s_axis_tvalid & running}", "1'b1}"),
            (reset.as_str(), ""),
            ("      aside_valid <= 1'b0;\n", ""),
            ("assign m_axis_tdata = aside_valid ? aside : result;", "assign m_axis_tdata = result;"),
            ("assign m_axis_tlast = aside_valid ? aside_last : finished_last;", "assign m_axis_tlast = finished_last;"),
        ] {
            let output = faulty(folder.path(), "verilog", &name, change);
            assert!(output.contains("FAIL "), "{change:?}\n{output}");
        }
    }
    if tool(test, "ghdl") {
        let name = emit(folder.path(), "vhdl", &options, &design, 60);
        for change in [
            ("ce <= not aside_valid;", "ce <= '1';"),
            ("s_axis_tready <= running and not aside_valid;", "s_axis_tready <= running;"),
            ("aside_valid <= offered and not m_axis_tready;", "aside_valid <= offered;"),
            ("(s_axis_tvalid and running)", "'1'"),
            ("        valid <= (others => '0');\n", ""),
            ("m_axis_tdata <= aside when aside_valid = '1' else result;", "m_axis_tdata <= result;"),
            ("m_axis_tlast <= aside_last when aside_valid = '1' else last", "m_axis_tlast <= last"),
        ] {
            let output = faulty(folder.path(), "vhdl", &name, change);
            assert!(output.contains("FAIL "), "{change:?}\n{output}");
        }
    }
}

#[test]
fn the_test_benches_of_valid_bits_find_wrong_latency_and_a_missing_reset() {
    let test = "the_test_benches_of_valid_bits_find_wrong_latency_and_a_missing_reset";
    let (_, design, _) = design();
    let options = options(|hdl| (hdl.interface, hdl.pipeline) = (Interface::Valid, Some(Registers::Levels(3))));
    let latency = target("verilog").unwrap().latency(&design, &options);
    let folder = tempfile::tempdir().unwrap();
    if ["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        let name = emit(folder.path(), "verilog", &options, &design, 60);
        let (last, earlier) =
            (format!("out_valid = valid[{}];", latency - 1), format!("out_valid = valid[{}];", latency - 2));
        let reset = format!("if (rst) valid <= {latency}'d0;\n    else");
        for change in [(last.as_str(), earlier.as_str()), (reset.as_str(), ""), ("in_valid};", "1'b1};")] {
            let output = faulty(folder.path(), "verilog", &name, change);
            assert!(output.contains("FAIL "), "{change:?}\n{output}");
        }
    }
    if tool(test, "ghdl") {
        let name = emit(folder.path(), "vhdl", &options, &design, 60);
        let (last, earlier) =
            (format!("out_valid <= valid({});", latency - 1), format!("out_valid <= valid({});", latency - 2));
        for change in [(last.as_str(), earlier.as_str()), ("& in_valid;", "& '1';")] {
            let output = faulty(folder.path(), "vhdl", &name, change);
            assert!(output.contains("FAIL "), "{change:?}\n{output}");
        }
    }
}

#[test]
fn the_table_of_an_encoder_that_is_left_out_says_what_each_bit_means() {
    let (_, design, _) = design();
    let folder = tempfile::tempdir().unwrap();
    let options = options(|hdl| hdl.encoder = EncoderOption::Off);
    let name = emit(folder.path(), "verilog", &options, &design, 1);
    let table = std::fs::read_to_string(folder.path().join(format!("{name}_encoded.csv"))).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "bit,feature,code_at_least,value_at_least");
    let width = format!("input  wire [{}:0] encoded", lines.len() - 2);
    assert!(std::fs::read_to_string(folder.path().join(format!("{name}.v"))).unwrap().contains(&width));
    assert!(matches!(design.head, DesignHead::Classes(_)));
    for (bit, line) in lines[1..].iter().enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        let (feature, code) = (fields[1].parse::<u32>().unwrap(), fields[2].parse::<i64>().unwrap());
        assert_eq!(fields[0], bit.to_string());
        assert!(design.comparators.iter().any(|other| (other.feature, other.threshold) == (feature, code)));
        assert_eq!(fields[2], fields[3], "a code is its value here");
    }
}

#[test]
fn the_ice40_script_places_a_small_network_and_prints_its_clock() {
    let test = "the_ice40_script_places_a_small_network_and_prints_its_clock";
    if !["yosys", "nextpnr-ice40"].iter().all(|program| tool(test, program)) {
        return;
    }
    let (_, design, _) = design();
    let options = options(|hdl| {
        (hdl.project, hdl.device, hdl.clock_mhz) = (true, Device::Ice40, Some(50.0));
        (hdl.interface, hdl.pipeline) = (Interface::Axis, Some(Registers::Levels(1)));
    });
    let folder = tempfile::tempdir().unwrap();
    emit(folder.path(), "verilog", &options, &design, 5);
    let ran = run(folder.path(), "sh", "build_ice40.sh");
    assert!(ran.success, "{}", ran.output);
    let clock = ran.output.lines().find(|line| line.contains("Max frequency")).unwrap();
    let mhz: f64 = clock.split(": ").last().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(mhz > 1.0 && ran.output.contains("ICESTORM_LC"), "{}", ran.output);
}

#[test]
fn the_vivado_files_name_every_source_and_the_clock() {
    let (_, design, _) = design();
    for (interface, line) in [
        (Interface::Comb, "set_max_delay 4.000 "),
        (Interface::Axis, "create_clock -period 4.000 -name aclk [get_ports aclk]"),
    ] {
        let options = options(|hdl| (hdl.project, hdl.clock_mhz, hdl.interface) = (true, Some(250.0), interface));
        let folder = tempfile::tempdir().unwrap();
        let name = emit(folder.path(), "verilog", &options, &design, 5);
        let read = |file: String| std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(read(format!("{name}.xdc")).contains(line));
        let script = read(format!("{name}_vivado.tcl"));
        for part in ["", "_encoder", "_core", "_head", "_argmax"] {
            assert!(script.contains(&format!("\n  {name}{part}.v \\\n")), "{part}: {script}");
        }
    }
}
