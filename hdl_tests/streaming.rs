//! Convolutional networks through which pixels pass one after the other, in the simulators against
//! the reference inference of the whole network.

use std::path::Path;
use std::time::Duration;

use difflut::binarized::arbitrary::{ImageShape, RandomStep, random_image_network};
use difflut::binarized::{BinarizedNetwork, Head};
use difflut::config::InputFormat;
use difflut::emit::{
    self, Convolution, EmitOptions, EmittedFile, FrameTiming, HdlOptions, Interface, LutStyle, OutputSet, Registers,
    StreamRequest, TestVectors, target,
};
use difflut::lower::{lower, lower_streamed};
use difflut::netlist::StreamedDesign;
use difflut::passes::{Pipeline, optimize};
use difflut::verify::{self, CheckRequest, Verdict};

use crate::support::shapes::{classes, vectors};
use crate::support::{program, provenance, run, run_silent, tool};

/// Options of a streamed design.
pub(crate) fn options(interface: Interface, change: impl Fn(&mut HdlOptions)) -> EmitOptions {
    let mut options = EmitOptions::default();
    (options.hdl.convolution, options.hdl.interface) = (Convolution::Streaming, interface);
    change(&mut options.hdl);
    options
}

/// The streamed design of a network, each part optimized.
pub(crate) fn streamed(network: &BinarizedNetwork, level: &str) -> StreamedDesign {
    let (_, mut design) = lower_streamed(network).unwrap();
    for part in design.designs_mut() {
        optimize(part, &Pipeline::level(level).unwrap()).unwrap();
        part.validate().unwrap();
    }
    design
}

fn files(design: &StreamedDesign, options: &EmitOptions, vectors: &TestVectors) -> (Vec<EmittedFile>, FrameTiming) {
    let provenance = provenance();
    let verilog = target("verilog").unwrap();
    let request = StreamRequest { design, provenance: &provenance, options, vectors };
    (verilog.emit_streamed(&request).unwrap(), verilog.streamed_facts(design, options).unwrap().timing)
}

/// Emits the streamed form and runs `checker` on it.
pub(crate) fn check_streamed(
    checker: &str,
    options: &EmitOptions,
    network: &BinarizedNetwork,
    design: &StreamedDesign,
    vectors: &TestVectors,
) -> Verdict {
    let (files, timing) = files(design, options, vectors);
    let whole = lower(network);
    let folder = tempfile::tempdir().unwrap();
    let request = CheckRequest {
        design: &whole,
        reference: &whole,
        files: &files,
        identifier: &emit::identifier(&design.name),
        latency: timing.latency as u32,
        frame: Some(design.frame),
        options,
        vectors,
        folder: folder.path(),
        limit: Duration::from_secs(300),
        foreign: false,
    };
    verify::check(verify::checker(checker).unwrap(), &request).unwrap()
}

fn shape(image: [usize; 3], steps: Vec<RandomStep>) -> ImageShape {
    ImageShape {
        image,
        input: InputFormat::unsigned(4),
        bits_per_feature: 2,
        feature_wise: true,
        steps,
        dense: vec![(5, 18)],
        head: classes(3),
    }
}

/// Networks with every kind of window, from the plainest on.
fn networks() -> Vec<(&'static str, ImageShape)> {
    let conv = RandomStep::convolution;
    let signed = InputFormat { bits: 5, signed: true, scale: 0.5, offset: 0.25 };
    let wide = RandomStep { window: [2, 3], stride: [1, 3], padding: [0, 1], ..conv(4, 3, 2, 1, 0) };
    vec![
        ("one convolution", ImageShape { feature_wise: false, ..shape([1, 6, 5], vec![conv(4, 3, 3, 1, 0)]) }),
        ("thresholds by pixel", shape([2, 5, 7], vec![conv(3, 4, 3, 1, 0)])),
        ("padding", shape([1, 5, 5], vec![conv(3, 3, 3, 1, 1)])),
        ("stride and padding", shape([1, 9, 8], vec![conv(4, 3, 3, 2, 1)])),
        ("stride three", shape([1, 8, 10], vec![conv(2, 6, 2, 3, 0)])),
        ("pooling", shape([1, 8, 7], vec![conv(4, 3, 3, 1, 1), RandomStep::pool(2)])),
        (
            "deep",
            shape([2, 9, 7], vec![conv(5, 3, 3, 1, 1), RandomStep::pool(2), conv(6, 2, 3, 1, 1), conv(3, 3, 2, 1, 0)]),
        ),
        ("wide padding", shape([1, 7, 7], vec![conv(2, 3, 5, 1, 2), conv(3, 3, 3, 1, 1)])),
        ("uneven windows", ImageShape { input: signed, ..shape([2, 4, 11], vec![wide]) }),
        ("plain bits", ImageShape { head: Head::Bits, dense: vec![], ..shape([1, 4, 4], vec![conv(2, 2, 2, 1, 0)]) }),
        ("one position", ImageShape { dense: vec![], ..shape([3, 3, 3], vec![conv(7, 4, 3, 1, 0)]) }),
        (
            "one bit",
            ImageShape {
                input: InputFormat::unsigned(1),
                bits_per_feature: 1,
                ..shape([1, 6, 6], vec![conv(3, 3, 3, 1, 1)])
            },
        ),
        (
            "overlapping pools",
            shape([1, 7, 9], vec![RandomStep { stride: [1, 2], ..RandomStep::pool(3) }, conv(4, 3, 2, 1, 0)]),
        ),
        // The second convolution is larger than what the first leaves of the image.
        ("the rest unrolled", shape([1, 6, 7], vec![conv(3, 3, 3, 2, 0), conv(2, 2, 4, 1, 1)])),
    ]
}

/// Interface and options by the number of the network, so that all come up.
fn varied(number: usize) -> EmitOptions {
    let levels = |levels| Some(Registers::Levels(levels));
    match number % 6 {
        0 => options(Interface::Valid, |_| ()),
        1 => options(Interface::Axis, |_| ()),
        2 => options(Interface::Valid, |hdl| hdl.pipeline = levels(1)),
        3 => options(Interface::Axis, |hdl| (hdl.pipeline, hdl.lut_style) = (levels(2), LutStyle::Primitive)),
        4 => options(Interface::Valid, |hdl| (hdl.pipeline, hdl.clock_mhz) = (Some(Registers::Auto), Some(200.0))),
        _ => options(Interface::Axis, |hdl| hdl.pipeline = levels(99)),
    }
}

#[test]
fn every_kind_of_window_agrees_in_icarus() {
    let test = "every_kind_of_window_agrees_in_icarus";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    for (number, (name, shape)) in networks().into_iter().enumerate() {
        let network = random_image_network(number as u64 + 1, &shape);
        let design = streamed(&network, ["0", "2"][number % 2]);
        for number in [number, number + 1] {
            let verdict = check_streamed("icarus", &varied(number), &network, &design, &vectors(&network, 12));
            assert_eq!(verdict, Verdict::Equal { vectors: 12 }, "{name}, {:?}", varied(number));
        }
    }
}

#[test]
fn every_kind_of_window_lints_in_verilator() {
    let test = "every_kind_of_window_lints_in_verilator";
    if !tool(test, "verilator") {
        return;
    }
    for (number, (_, shape)) in networks().into_iter().enumerate() {
        let network = random_image_network(number as u64 + 1, &shape);
        let folder = tempfile::tempdir().unwrap();
        let options = varied(number + number / 6);
        let name = write(folder.path(), &streamed(&network, "2"), &options, &TestVectors::default());
        run_silent(folder.path(), "verilator", &format!("--lint-only -Wall -y primitives {name}.v"));
    }
}

#[test]
fn streamed_networks_agree_in_verilator() {
    let test = "streamed_networks_agree_in_verilator";
    if !["verilator", "g++"].iter().all(|program| tool(test, program)) {
        return;
    }
    for (number, wanted) in ["stride and padding", "deep"].into_iter().enumerate() {
        let (_, shape) = networks().into_iter().find(|(name, _)| *name == wanted).unwrap();
        let network = random_image_network(7, &shape);
        let design = streamed(&network, "2");
        let verdict = check_streamed("verilator", &varied(number), &network, &design, &vectors(&network, 30));
        assert_eq!(verdict, Verdict::Equal { vectors: 30 }, "{wanted}");
    }
}

fn write(folder: &Path, design: &StreamedDesign, options: &EmitOptions, vectors: &TestVectors) -> String {
    for file in files(design, options, vectors).0 {
        let path = folder.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.contents).unwrap();
    }
    emit::identifier(&design.name)
}

/// Simulates what lies in `folder` after a change in the module with this ending.
fn faulty(folder: &Path, name: &str, module: &str, change: (&str, &str)) -> String {
    let path = folder.join(format!("{name}{module}.v"));
    let good = std::fs::read_to_string(&path).unwrap();
    assert!(good.contains(change.0), "`{}` is not in\n{good}", change.0);
    std::fs::write(&path, good.replace(change.0, change.1)).unwrap();
    run_silent(folder, "iverilog", &format!("-y . -o sim {name}_tb.v"));
    let output = run(folder, "vvp", "-n sim").output;
    std::fs::write(&path, good).unwrap();
    output
}

#[test]
fn the_test_bench_finds_every_fault_of_windows_and_buffers() {
    let test = "the_test_bench_finds_every_fault_of_windows_and_buffers";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    let steps = vec![RandomStep::convolution(4, 3, 3, 2, 1), RandomStep::convolution(4, 3, 3, 1, 1)];
    let network = random_image_network(5, &shape([1, 9, 8], steps));
    let design = streamed(&network, "2");
    let frames = vectors(&network, 30);
    let folder = tempfile::tempdir().unwrap();
    let valid = options(Interface::Valid, |_| ());
    let name = write(folder.path(), &design, &valid, &frames);
    let window = std::fs::read_to_string(folder.path().join(format!("{name}_window0.v"))).unwrap();
    // A tap one row up: eight pixels older, as if a row of the line buffer were missing.
    let tap = window.lines().find(|line| line.contains("line_0[9]")).unwrap().trim().to_owned();
    let dropped = tap.replace("line_0[9]", "line_0[1]");
    for (module, change) in [
        ("_window0", (tap.as_str(), dropped.as_str())),
        // Off by one: the stride, its phase, the first and the last slot, the edges.
        ("_window0", ("(column_phase == 1'd0)", "(column_phase == 1'd1)")),
        ("_window0", ("row_phase <= row_phase == 1'd1 ?", "row_phase <= row_phase == 1'd0 ?")),
        ("_window0", ("slot_column >= 3'd1", "slot_column >= 3'd3")),
        ("_window0", ("slot_row >= 4'd1", "slot_row >= 4'd0")),
        ("_window1", ("(column == 2'd1);", "(column == 2'd2);")),
        ("_window1", ("slot_row <= 3'd3", "slot_row <= 3'd4")),
        ("_window1", ("else if (advance & last) active <= 1'b0;", "")),
        // Nothing finishes a frame but the pixels of the next, or pauses count as pixels.
        ("_window1", ("in_valid | (active &", "in_valid | (1'b0 &")),
        ("_window0", ("wire advance = in_valid |", "wire advance = 1'b1 |")),
        // Resets that leave something behind.
        ("_window0", ("      row <= 4'd0;\n      column", "      if (row === 4'bx) row <= 4'd0;\n      column")),
        ("_window1", ("active <= 1'b0;\n      moved", "if (active === 1'bx) active <= 1'b0;\n      moved")),
        ("_pixel", ("if (rst) position", "if (rst & ^position === 1'bx) position")),
        ("_image", ("if (rst) place", "if (rst & ^place === 1'bx) place")),
        ("_window1", ("if (rst) valid", "if (rst & ^valid === 1'bx) valid")),
        // Thresholds of a neighbour, and a result that comes too early.
        ("_pixel", ("position == 7'd71 ? 7'd0 : position + 7'd1", "position == 7'd71 ? 7'd1 : position + 7'd1")),
        ("_image", ("& place[19]", "& place[18]")),
    ] {
        let output = faulty(folder.path(), &name, module, change);
        assert!(output.contains("FAIL "), "{module} {change:?}\n{output}");
    }
    let axis = options(Interface::Axis, |_| ());
    let name = write(folder.path(), &design, &axis, &frames);
    for (module, change) in [
        ("", ("wire ce = ~full | taken;", "wire ce = 1'b1;")),
        ("", ("assign s_axis_tready = running & ce;", "assign s_axis_tready = running;")),
        ("_window0", ("else if (ce) begin", "else begin")),
    ] {
        let output = faulty(folder.path(), &name, module, change);
        assert!(output.contains("FAIL "), "{module} {change:?}\n{output}");
    }
    run_silent(folder.path(), "iverilog", &format!("-y . -o sim {name}_tb.v"));
    assert!(run(folder.path(), "vvp", "-n sim").output.ends_with("PASS 30 vectors\n"));
    // Where a position of the next frame comes right behind the last of one.
    let network = random_image_network(5, &shape([1, 5, 5], vec![RandomStep::convolution(4, 3, 3, 1, 1)]));
    let name = write(folder.path(), &streamed(&network, "2"), &axis, &vectors(&network, 40));
    let output = faulty(folder.path(), &name, "_image", ("in_valid & ce", "in_valid"));
    assert!(output.contains("FAIL "), "{output}");
}

#[test]
fn a_wrong_kernel_and_a_wrong_threshold_are_differences() {
    let test = "a_wrong_kernel_and_a_wrong_threshold_are_differences";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    let network = random_image_network(5, &shape([1, 6, 6], vec![RandomStep::convolution(4, 3, 3, 1, 1)]));
    let other = random_image_network(6, &shape([1, 6, 6], vec![RandomStep::convolution(4, 3, 3, 1, 1)]));
    let (right, wrong) = (streamed(&network, "2"), streamed(&other, "2"));
    let name = right.name.clone();
    let options = options(Interface::Valid, |_| ());
    let swaps: [fn(&mut StreamedDesign, &StreamedDesign); 3] = [
        |design, wrong| design.steps[0].kernel = wrong.steps[0].kernel.clone(),
        |design, wrong| design.pixel = wrong.pixel.clone(),
        |design, wrong| design.rest = wrong.rest.clone(),
    ];
    for swap in swaps {
        let mut design = right.clone();
        swap(&mut design, &wrong);
        assert_eq!(design.name, name);
        let verdict = check_streamed("icarus", &options, &network, &design, &vectors(&network, 20));
        assert!(matches!(verdict, Verdict::Different { .. }), "{verdict:?}");
    }
}

/// Bits of all registers of the module `name` as yosys reads them.
fn register_bits(folder: &Path, name: &str) -> usize {
    // As they stand in the text: what is never read is there too.
    let script =
        format!("read_verilog {name}*.v; hierarchy -top {name}; proc -noopt; flatten; tee -q -o stat stat -width");
    let sources: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|file| file.ends_with(".v") && !file.ends_with("_tb.v"))
        .collect();
    let script = script.replace(&format!("{name}*.v"), &sources.join(" "));
    std::fs::write(folder.join("count.ys"), script.replace("; ", "\n")).unwrap();
    let ran = run(folder, "yosys", "-q -s count.ys");
    assert!(ran.success, "{}", ran.output);
    let stat = std::fs::read_to_string(folder.join("stat")).unwrap();
    let cell = |line: &str| {
        let (cell, count) = line.trim().strip_prefix("$dff_")?.split_once(' ')?;
        Some(cell.parse::<usize>().ok()? * count.trim().parse::<usize>().ok()?)
    };
    stat.lines().filter_map(cell).sum()
}

#[test]
fn the_registers_that_are_said_are_those_in_the_verilog() {
    let test = "the_registers_that_are_said_are_those_in_the_verilog";
    if !tool(test, "yosys") {
        return;
    }
    for (number, (name, shape)) in networks().into_iter().enumerate() {
        let network = random_image_network(number as u64 + 1, &shape);
        let (parts, mut design) = lower_streamed(&network).unwrap();
        let pipeline = Pipeline::level("2").unwrap();
        let passes: Vec<_> = design.designs_mut().map(|part| optimize(part, &pipeline).unwrap()).collect();
        let options = options(Interface::Valid, |hdl| {
            hdl.pipeline = [None, Some(Registers::Levels(1)), Some(Registers::Levels(2))][number % 3];
        });
        let folder = tempfile::tempdir().unwrap();
        let module = write(folder.path(), &design, &options, &TestVectors::default());
        let facts = target("verilog").unwrap().streamed_facts(&design, &options).unwrap();
        let said = difflut::report::streamed_parts(&parts, &design, &passes, &facts).unwrap();
        let said: usize = said.iter().map(|part| part.registers + part.memory_bits).sum();
        assert_eq!(said, register_bits(folder.path(), &module), "{name}");
    }
}

#[test]
fn the_report_of_a_streamed_network_is_written_with_its_files_and_what_yosys_measures() {
    let test = "the_report_of_a_streamed_network_is_written_with_its_files_and_what_yosys_measures";
    if !tool(test, "yosys") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let network = random_image_network(
        5,
        &shape([1, 9, 8], vec![RandomStep::convolution(8, 4, 3, 1, 1), RandomStep::convolution(6, 4, 3, 2, 0)]),
    );
    network.to_file().write(&folder.path().join("small.safetensors")).unwrap();
    let streaming = ["small.safetensors", "--convolution", "streaming", "--interface", "valid", "--vectors", "10"];
    for out in ["one", "two"] {
        let more = ["--out", out, "--report", out, "--synth=xilinx,ecp5"];
        let ended = program("difflut-export", folder.path(), &[&streaming[..], &more].concat());
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    }
    let read = |path: &str| std::fs::read(folder.path().join(path)).unwrap();
    assert_eq!(read("one/report.json"), read("two/report.json"));
    assert_eq!(read("one/report.html"), read("two/report.html"));
    let report: serde_json::Value = serde_json::from_slice(&read("one/report.json")).unwrap();
    assert_eq!(report["format"], "difflut-streamed-report");
    assert_eq!((&report["frame"], &report["timing"]["cycles_per_image"]), (&serde_json::json!([1, 9, 8]), &72.into()));
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    for (family, estimate) in [(0, 0), (1, 2)] {
        let (measured, estimate) = (&report["synthesis"][family]["cells"], &report["estimates"][estimate]);
        let ratio = number(&estimate["luts"]) / number(&measured["luts"]);
        assert!((0.6..1.5).contains(&ratio), "{ratio}: {estimate} {measured}");
        let ratio = number(&estimate["flip_flops"]) / number(&measured["flip_flops"]);
        assert!((0.9..1.3).contains(&ratio), "{ratio}: {estimate} {measured}");
    }
    let files = report["targets"][0]["files"].as_array().unwrap();
    for file in files {
        let bytes = read(&format!("one/{}", file["name"].as_str().unwrap()));
        assert_eq!(file["sha256"], difflut::files::sha256_hex(&bytes).as_str());
    }
    // The same without an export.
    let arguments = [&["report"], &streaming[..5], &["--out", "three.json"]].concat();
    let ended = program("difflut", folder.path(), &arguments);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let alone: serde_json::Value = serde_json::from_slice(&read("three.json")).unwrap();
    assert_eq!((&alone["parts"], &alone["estimates"]), (&report["parts"], &report["estimates"]));
    assert!(ended.stdout.contains("window 1") && ended.stdout.contains("ice40"), "{}", ended.stdout);
}

#[test]
fn results_of_one_kind_agree_in_icarus() {
    let test = "results_of_one_kind_agree_in_icarus";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    let network = random_image_network(3, &shape([1, 6, 6], vec![RandomStep::convolution(4, 3, 3, 1, 1)]));
    let design = streamed(&network, "2");
    for (interface, outputs) in [(Interface::Axis, OutputSet::Class), (Interface::Valid, OutputSet::Scores)] {
        let options = options(interface, |hdl| hdl.outputs = outputs);
        let verdict = check_streamed("icarus", &options, &network, &design, &vectors(&network, 10));
        assert_eq!(verdict, Verdict::Equal { vectors: 10 });
    }
}

#[test]
fn options_that_have_no_meaning_are_refused_with_what_to_do() {
    let network = random_image_network(3, &shape([1, 6, 6], vec![RandomStep::convolution(4, 3, 3, 1, 1)]));
    let design = streamed(&network, "0");
    let refusal = |target_name: &str, options: &EmitOptions| {
        let provenance = provenance();
        let vectors = TestVectors::default();
        let request = StreamRequest { design: &design, provenance: &provenance, options, vectors: &vectors };
        target(target_name).unwrap().emit_streamed(&request).unwrap_err().to_string()
    };
    let message = refusal("verilog", &options(Interface::Comb, |_| ()));
    assert!(message.ends_with("add --interface valid or --interface axis"), "{message}");
    let message = refusal("verilog", &options(Interface::Valid, |hdl| hdl.pipeline = Some(Registers::None)));
    assert!(message.contains("need registers"), "{message}");
    let message = refusal("vhdl", &options(Interface::Valid, |_| ()));
    assert!(message.contains("--convolution streaming is a form of the target verilog"), "{message}");
    for checker in verify::CHECKERS.iter().filter(|checker| checker.target() == "verilog") {
        let accepts = checker.accepts(&options(Interface::Valid, |_| ()));
        assert_eq!(accepts.is_ok(), ["icarus", "verilator"].contains(&checker.name()), "{}", checker.name());
    }
}
