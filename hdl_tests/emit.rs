//! Emitted text in the hands of the tools that it is for.

use std::path::Path;

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::binarized::{BinarizedNetwork, Encoder, Head, LutLayer};
use difflut::config::InputFormat;
use difflut::emit::{
    EmitOptions, EmitRequest, EmittedFile, HdlOptions, LutStyle, Provenance, Registers, TestVectors, Vector, target,
};
use difflut::logic::TruthTable;
use difflut::lower::lower;
use difflut::netlist::{Design, DesignHead, InputBus, Netlist, Section};

use crate::support::shapes::{classes, networks, vectors};
use crate::support::{run, run_silent, tool};

fn provenance() -> Provenance {
    Provenance {
        tool_version: "0.0.0".to_owned(),
        model_sha256: "0123456789abcdef".repeat(4),
        input_values: "value = code * 1 + 0".to_owned(),
        scale: 1.0,
        offset: 0.0,
        tau: Some("2".to_owned()),
    }
}

fn options(registers_every: Option<u32>, lut_style: LutStyle) -> EmitOptions {
    hdl(HdlOptions { pipeline: registers_every.map(Registers::Levels), lut_style, ..HdlOptions::default() })
}

fn hdl(hdl: HdlOptions) -> EmitOptions {
    EmitOptions { hdl, ..EmitOptions::default() }
}

/// Emits into `folder` and returns the files.
fn emit(
    folder: &Path,
    target_name: &str,
    design: &Design,
    flat: &Netlist,
    options: &EmitOptions,
    vectors: &TestVectors,
) -> Vec<EmittedFile> {
    let provenance = provenance();
    let request = EmitRequest { design, flat, provenance: &provenance, options, vectors };
    let emitted = target(target_name).unwrap().emit(&request).unwrap();
    assert_eq!(emitted, target(target_name).unwrap().emit(&request).unwrap(), "the same request, the same bytes");
    for file in &emitted {
        let path = folder.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.contents).unwrap();
    }
    emitted
}

/// The last line of a simulation of `<name>_tb.v`.
fn simulate(folder: &Path, name: &str, arguments: &str) -> String {
    run_silent(folder, "iverilog", &format!("-Wall -y . -y primitives -o sim {name}_tb.v"));
    let run = run(folder, "vvp", &format!("-n sim {arguments}"));
    assert!(run.success, "{}", run.output);
    run.output.lines().last().unwrap_or_default().to_owned()
}

/// The base of the emitted file names.
fn stem(files: &[EmittedFile], suffix: &str) -> String {
    files.iter().find_map(|file| file.name.strip_suffix(suffix)).unwrap().to_owned()
}

/// Lints and simulates every shape with one of the ways of printing.
#[track_caller]
fn check_verilog(test: &str, registers_every: Option<u32>, style: LutStyle) {
    if !["verilator", "iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    for (shape, network) in networks() {
        let folder = tempfile::tempdir().unwrap();
        let (design, vectors) = (lower(&network), vectors(&network, 60));
        let options = options(registers_every, style);
        let files = emit(folder.path(), "verilog", &design, &design.core, &options, &vectors);
        let name = stem(&files, "_tb.v");
        run_silent(folder.path(), "verilator", &format!("--lint-only -Wall -y primitives {name}.v"));
        assert_eq!(simulate(folder.path(), &name, ""), "PASS 60 vectors", "{shape}");
    }
}

#[test]
fn combinational_verilog_lints_and_agrees() {
    check_verilog("combinational_verilog_lints_and_agrees", None, LutStyle::Table);
}

#[test]
fn primitives_lint_and_agree() {
    check_verilog("primitives_lint_and_agree", None, LutStyle::Primitive);
}

#[test]
fn a_register_after_every_level_lints_and_agrees() {
    check_verilog("a_register_after_every_level_lints_and_agrees", Some(1), LutStyle::Table);
}

#[test]
fn registers_after_every_two_levels_lint_and_agree() {
    check_verilog("registers_after_every_two_levels_lint_and_agree", Some(2), LutStyle::Primitive);
}

#[test]
fn registers_after_every_three_levels_lint_and_agree() {
    check_verilog("registers_after_every_three_levels_lint_and_agree", Some(3), LutStyle::Table);
}

#[test]
fn the_test_bench_rejects_every_kind_of_mistake() {
    let test = "the_test_bench_rejects_every_kind_of_mistake";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    let network = and_network();
    let design = lower(&network);
    let vectors = vectors(&network, 40);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let emit = |registers| {
        emit(folder.path(), "verilog", &design, &design.core, &options(registers, LutStyle::Table), &vectors);
        std::fs::read_to_string(path("ands_core.v")).unwrap()
    };
    let text = emit(None);
    assert_eq!(simulate(folder.path(), "ands", ""), "PASS 40 vectors");

    // A flipped row of a table.
    assert!(text.contains("8'h80;"), "{text}");
    std::fs::write(path("ands_core.v"), text.replacen("8'h80;", "8'h00;", 1)).unwrap();
    let last = simulate(folder.path(), "ands", "");
    assert!(last.starts_with("FAIL ") && last.ends_with(" of 40 vectors differ"), "{last}");
    let whole = run(folder.path(), "vvp", "-n sim").output;
    assert!(whole.starts_with("FAIL vector "), "the first mismatch comes first: {whole}");

    // A signal that is never driven.
    std::fs::write(path("ands_core.v"), text.replacen("8'h80;", "8'hxx;", 1)).unwrap();
    assert_eq!(simulate(folder.path(), "ands", ""), "FAIL 40 of 40 vectors differ");

    // Missing expectations, also when the outputs are X as well.
    std::fs::write(path("ands_core.v"), &text).unwrap();
    assert_eq!(simulate(folder.path(), "ands", "+expected=nowhere.hex"), "FAIL 40 of 40 vectors differ");
    let both = simulate(folder.path(), "ands", "+expected=nowhere.hex +inputs=nowhere.hex");
    assert_eq!(both, "FAIL 40 of 40 vectors differ");

    // A register too many or too few.
    let text = emit(Some(1));
    assert_eq!(simulate(folder.path(), "ands", ""), "PASS 40 vectors");
    let bench = std::fs::read_to_string(path("ands_tb.v")).unwrap();
    let latency = target("verilog").unwrap().latency(&design, &options(Some(1), LutStyle::Table));
    for wrong in [latency - 2, latency] {
        let shifted = bench.replace(&format!("VECTORS + {}", latency - 1), &format!("VECTORS + {wrong}"));
        let shifted = shifted.replace(&format!("cycle >= {}", latency - 1), &format!("cycle >= {wrong}"));
        let shifted = shifted.replace(&format!("cycle - {}", latency - 1), &format!("cycle - {wrong}"));
        std::fs::write(path("ands_tb.v"), shifted).unwrap();
        let last = simulate(folder.path(), "ands", "");
        assert!(last.starts_with("FAIL "), "{wrong} instead of {}: {last}\n{text}", latency - 1);
    }
}

#[test]
fn the_test_bench_writes_what_it_saw() {
    let test = "the_test_bench_writes_what_it_saw";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    for (_, network) in networks().into_iter().take(4) {
        let (design, vectors) = (lower(&network), vectors(&network, 20));
        let folder = tempfile::tempdir().unwrap();
        let options = options(Some(2), LutStyle::Table);
        let files = emit(folder.path(), "verilog", &design, &design.core, &options, &vectors);
        let name = stem(&files, "_tb.v");
        assert_eq!(simulate(folder.path(), &name, "+results=seen.hex"), "PASS 20 vectors");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("seen.hex"), read(&format!("{name}_expected.hex")));
    }
}

/// Two three-input ANDs, one a class.
fn and_network() -> BinarizedNetwork {
    let and = TruthTable::from_fn(3, |row| row == 7);
    let or = TruthTable::from_fn(3, |row| row != 0);
    let layer = LutLayer { input_width: 3, fan_in: 3, wiring: vec![0, 1, 2, 2, 1, 0], tables: vec![and, or] };
    let encoder = Encoder::from_thresholds(3, &[1.5, 1.5, 1.5]);
    BinarizedNetwork::new("ands", InputFormat::unsigned(2), encoder, vec![layer], classes(2)).unwrap()
}

/// A C program that reads vectors in decimal from standard input and prints the outputs.
fn harness(name: &str, design: &Design) -> String {
    let upper = name.to_ascii_uppercase();
    let (declare, call) = match &design.head {
        DesignHead::Bits => (
            format!("static uint8_t out[{upper}_BITS], again[{upper}_BITS]; const unsigned count = {upper}_BITS;"),
            format!("{name}_bits(codes, out); {name}_bits_r(codes, again, space);"),
        ),
        DesignHead::Classes(_) => (
            format!(
                "static uint16_t out[{upper}_CLASSES], again[{upper}_CLASSES]; const unsigned count = {upper}_CLASSES;"
            ),
            format!(
                "{name}_scores(codes, out); {name}_scores_r(codes, again, space);
                 if ({name}_predict(codes) != {name}_predict_r(codes, space)) return 2;
                 printf(\"%u \", (unsigned){name}_predict(codes));"
            ),
        ),
    };
    format!(
        "#include \"{name}.h\"
         #include <stdio.h>
         int main(void) {{
             static {name}_feature_t codes[{upper}_FEATURES];
             static uint8_t space[{upper}_WORKSPACE];
             {declare}
             for (;;) {{
                 unsigned i;
                 for (i = 0; i < {upper}_FEATURES; i++) {{
                     long long code;
                     if (scanf(\"%lld\", &code) != 1) return 0;
                     codes[i] = ({name}_feature_t)code;
                 }}
                 {call}
                 for (i = 0; i < count; i++) {{
                     if (out[i] != again[i]) return 2;
                     printf(i ? \" %u\" : \"%u\", (unsigned)out[i]);
                 }}
                 printf(\"\\n\");
             }}
         }}"
    )
}

#[test]
fn the_c_header_compiles_strictly_and_agrees() {
    let test = "the_c_header_compiles_strictly_and_agrees";
    if !["gcc", "g++"].iter().all(|program| tool(test, program)) {
        return;
    }
    for (shape, network) in networks() {
        let folder = tempfile::tempdir().unwrap();
        let (design, vectors) = (lower(&network), vectors(&network, 60));
        let files = emit(folder.path(), "c", &design, &design.core, &EmitOptions::default(), &vectors);
        let name = stem(&files, ".h");
        std::fs::write(folder.path().join("main.c"), harness(&name, &design)).unwrap();
        let only = format!("#include \"{name}.h\"\nint main(void) {{ return {name}_workspace()[0]; }}\n");
        std::fs::write(folder.path().join("one.c"), only).unwrap();
        let strict = "-Wall -Wextra -Wconversion -pedantic -Werror";
        run_silent(folder.path(), "gcc", &format!("-std=c99 {strict} -c one.c"));
        run_silent(folder.path(), "g++", "-x c++ -Wall -Wextra -Werror -c one.c main.c");
        run_silent(folder.path(), "gcc", &format!("-std=c99 {strict} -O1 -o main main.c"));
        let lines = |line: fn(&Vector) -> String| vectors.vectors.iter().map(line).collect::<Vec<String>>().join("\n");
        let stimulus = lines(|vector| vector.codes.iter().map(i64::to_string).collect::<Vec<_>>().join(" "));
        let expected = lines(|vector| match vector.class {
            Some(class) => {
                let numbers = std::iter::once(class).chain(vector.scores.iter().copied());
                numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
            }
            None => vector.bits.iter().map(|&bit| u8::from(bit).to_string()).collect::<Vec<_>>().join(" "),
        });
        std::fs::write(folder.path().join("stimulus.txt"), stimulus).unwrap();
        let stdin = std::fs::File::open(folder.path().join("stimulus.txt")).unwrap();
        let output = std::process::Command::new(folder.path().join("main")).stdin(stdin).output().unwrap();
        assert!(output.status.success(), "{shape}");
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), expected, "{shape}");
    }
}

#[test]
fn the_hls_test_bench_passes_and_can_fail() {
    let test = "the_hls_test_bench_passes_and_can_fail";
    if !tool(test, "g++") {
        return;
    }
    for (shape, network) in networks() {
        let folder = tempfile::tempdir().unwrap();
        let (design, vectors) = (lower(&network), vectors(&network, 60));
        let files = emit(folder.path(), "hls", &design, &design.core, &EmitOptions::default(), &vectors);
        let name = stem(&files, "_tb.cpp");
        // GCC 12 does not let the file itself silence its unknown pragmas.
        let flags = "-std=c++17 -Wall -Wextra -Wno-unknown-pragmas -Werror";
        run_silent(folder.path(), "g++", &format!("{flags} -o tb {name}.cpp {name}_tb.cpp"));
        let passed = run(folder.path(), "./tb", "");
        assert_eq!((passed.output.as_str(), passed.success), ("PASS 60 vectors\n", true), "{shape}");

        let path = folder.path().join(format!("{name}_vectors.txt"));
        let text = std::fs::read_to_string(&path).unwrap();
        let mut first: Vec<&str> = text.lines().next().unwrap().split(' ').collect();
        let last = first.len() - 1;
        first[last] = if first[last] == "0" { "1" } else { "0" };
        std::fs::write(&path, first.join(" ")).unwrap();
        let failed = run(folder.path(), "./tb", "");
        assert!(failed.output.starts_with("FAIL vector 0: expected ") && !failed.success, "{}", failed.output);
        assert!(failed.output.ends_with("\nFAIL 1 of 1 vectors differ\n"), "{}", failed.output);
        assert!(!run(folder.path(), "./tb", "nowhere.txt").success);
    }
}

/// A design whose core is its own flat netlist: one-bit codes, plain bits, one comparator each.
fn flat_design(network: &BinarizedNetwork) -> Design {
    let mut design = lower(network);
    let mut core = Netlist::new();
    // Comparators are missing where a threshold lies outside the codes.
    let mut ids = vec![None; design.core.nodes()];
    let inputs: Vec<_> = (0..design.input.features).map(|_| core.add_input(Section::Encoder)).collect();
    for (comparator, id) in design.comparators.iter().zip(design.core.inputs()) {
        ids[id.index()] = Some(inputs[comparator.feature as usize]);
    }
    for id in design.core.node_ids() {
        let Some(table) = design.core.table(id) else { continue };
        let fan_ins: Vec<_> = design.core.fan_ins(id).iter().map(|fan_in| ids[fan_in.index()].unwrap()).collect();
        ids[id.index()] = Some(core.add_lut(table, &fan_ins, design.core.section(id)));
    }
    for output in design.core.outputs() {
        core.add_output(ids[output.index()].unwrap());
    }
    design.comparators = (0..design.input.features as u32)
        .map(|feature| difflut::netlist::Comparator { feature, threshold: 1 })
        .collect();
    design.input = InputBus { features: design.input.features, bits: 1, signed: false };
    design.core = core;
    design.head = DesignHead::Bits;
    design.validate().unwrap();
    design
}

#[test]
fn yosys_proves_blif_and_verilog_equal() {
    let test = "yosys_proves_blif_and_verilog_equal";
    if !tool(test, "yosys") {
        return;
    }
    let layers: [&[(usize, usize)]; 3] = [&[(6, 14), (3, 9)], &[(1, 8), (2, 12)], &[(8, 5), (4, 6)]];
    for (seed, layers) in (0..).zip(layers) {
        let shape = NetworkShape {
            features: 10,
            input: InputFormat::unsigned(1),
            bits_per_feature: 1,
            layers: layers.to_vec(),
            head: Head::Bits,
        };
        let design = flat_design(&random_network(seed, &shape));
        let folder = tempfile::tempdir().unwrap();
        let none = TestVectors::default();
        let files = emit(folder.path(), "blif", &design, &design.core, &EmitOptions::default(), &none);
        let name = stem(&files, ".blif");
        emit(folder.path(), "verilog", &design, &design.core, &EmitOptions::default(), &none);
        let prove = |text: &str| {
            std::fs::write(folder.path().join("x.blif"), text).unwrap();
            // -top drops every module below another top, so the second one is read later.
            let script = format!(
                "read_verilog {name}.v\nhierarchy -libdir . -top {name}\nproc\nflatten\nopt_clean\nrename {name} gold\n\
                 read_blif -wideports x.blif\nmiter -equiv -flatten -make_outputs gold {name} miter\n\
                 hierarchy -top miter\nsat -verify -prove trigger 0 -show-inputs miter\n"
            );
            std::fs::write(folder.path().join("prove.ys"), script).unwrap();
            run(folder.path(), "yosys", "-s prove.ys")
        };
        let text = std::fs::read_to_string(folder.path().join(format!("{name}.blif"))).unwrap();
        let proof = prove(&text);
        assert!(proof.success, "{}\n{text}", proof.output);
        // An inverted output is no longer the same function.
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let is_driver =
            |line: &String| line.starts_with(".names ") && line.contains(" bits[") && line.matches(' ').count() > 1;
        let mut row = 1 + lines.iter().rposition(is_driver).unwrap();
        while !lines[row].starts_with('.') {
            let inverted = if lines[row].ends_with('1') { "0" } else { "1" };
            let last = lines[row].len() - 1;
            lines[row].replace_range(last.., inverted);
            row += 1;
        }
        let refused = prove(&lines.join("\n"));
        assert!(!refused.success && refused.output.contains("proof did fail"), "{}", refused.output);
    }
}

#[test]
fn yosys_synthesizes_both_styles() {
    let test = "yosys_synthesizes_both_styles";
    if !tool(test, "yosys") {
        return;
    }
    let (_, network) = networks().swap_remove(2);
    let design = lower(&network);
    for (style, script) in [(LutStyle::Table, "synth -lut 6"), (LutStyle::Primitive, "synth_xilinx -family xcup")] {
        let folder = tempfile::tempdir().unwrap();
        let none = TestVectors::default();
        let files = emit(folder.path(), "verilog", &design, &design.core, &options(Some(2), style), &none);
        let name = stem(&files, ".v");
        let script = format!("read_verilog {name}.v\nhierarchy -libdir . -top {name}\n{script} -top {name}\nstat\n");
        std::fs::write(folder.path().join("synth.ys"), script).unwrap();
        let synthesis = run(folder.path(), "yosys", "-q -s synth.ys");
        assert!(synthesis.success, "{}", synthesis.output);
        assert!(!synthesis.output.contains("Warning"), "{}", synthesis.output);
    }
}
