//! `difflut verify`: what it runs, what it writes, how it ends.

use std::fs;
use std::path::{Path, PathBuf};

use difflut::binarized::Head;
use difflut::binarized::arbitrary::{NetworkShape, random_network};

use difflut::emit::{EmitOptions, EmitRequest, LutStyle, target};
use difflut::lower::{flatten, lower};
use difflut::verify::{CheckRequest, VectorPlan, Verdict};

use crate::support::{Ended, program, provenance, tool};

/// A small model file in `folder`.
fn model(folder: &Path) -> PathBuf {
    let path = folder.join("small.safetensors");
    random_network(11, &NetworkShape::small()).to_file().write(&path).unwrap();
    path
}

fn verify(folder: &Path, arguments: &[&str]) -> Ended {
    let path = model(folder);
    program("difflut", folder, &[&["verify", path.to_str().unwrap()], arguments].concat())
}

/// `difflut verify` with `folder` as the whole PATH.
#[cfg(unix)]
fn verify_on_path(folder: &Path, arguments: &[&str]) -> Ended {
    let path = model(folder);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_difflut"))
        .current_dir(folder)
        .env("PATH", folder)
        .arg("verify")
        .arg(&path)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

#[test]
fn the_result_files_say_what_was_checked() {
    if !tool("the_result_files_say_what_was_checked", "gcc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--check", "gcc", "--vectors", "50", "--json", "r.json", "--junit", "r.xml", "--keep", "kept"];
    let ended = verify(folder.path(), &arguments);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("check gcc        equal on 50 vectors"), "{}", ended.stdout);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!((&json["result"], &json["checks"][0]["vectors"]), (&"equal".into(), &50.into()));
    let junit = fs::read_to_string(folder.path().join("r.xml")).unwrap();
    assert!(junit.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""), "{junit}");
    let transcript = fs::read_to_string(folder.path().join("kept/gcc/transcript.txt")).unwrap();
    assert!(transcript.contains("$ gcc -std=c99") && transcript.contains("done 50"), "{transcript}");
    assert!(!folder.path().join("build").exists(), "verify writes only what it was asked for");
}

#[test]
fn own_vectors_are_used_alone_and_their_width_is_checked() {
    if !tool("own_vectors_are_used_alone_and_their_width_is_checked", "gcc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    difflut::files::write_npy(&folder.path().join("x.npy"), &[4, 3], &[1f32; 12]).unwrap();
    let ended = verify(folder.path(), &["--check", "gcc", "--vectors-from", "x.npy"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("vectors: 4: the rows of x.npy"), "{}", ended.stdout);
    assert!(ended.stdout.contains("equal on 4 vectors"), "{}", ended.stdout);
    difflut::files::write_npy(&folder.path().join("x.npy"), &[3, 4], &[1f32; 12]).unwrap();
    let ended = verify(folder.path(), &["--check", "gcc", "--vectors-from", "x.npy"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("has 4 features a row") && ended.stderr.contains("takes 3"), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn all_leaves_out_what_is_missing_by_name_and_require_does_not() {
    let Ok(gcc) = which::which("gcc") else { return };
    let folder = tempfile::tempdir().unwrap();
    // gcc needs its assembler and linker, which it looks for on the PATH.
    for name in ["gcc", "as", "ld"] {
        let real = which::which(name).unwrap_or_else(|_| gcc.clone());
        std::os::unix::fs::symlink(real, folder.path().join(name)).unwrap();
    }
    let ended = verify_on_path(folder.path(), &["--check", "all"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("check gcc        equal on 1000 vectors"), "{}", ended.stdout);
    assert!(ended.stdout.contains("check icarus     skipped: `iverilog` is not on the PATH"), "{}", ended.stdout);
    assert!(ended.stdout.contains("apt-get install verilator"), "{}", ended.stdout);
    let ended = verify_on_path(folder.path(), &["--check", "all", "--require", "icarus,gcc"]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("`iverilog` is not on the PATH"), "{}", ended.stderr);
    // Nothing checked is not a success.
    let ended = verify_on_path(folder.path(), &["--check", "all", "--target", "verilog"]);
    assert_eq!(ended.code, 3, "{}", ended.stdout);
}

#[cfg(unix)]
#[test]
fn a_tool_that_is_too_old_or_says_nothing_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let fake = |script: &str| {
        let path = folder.path().join("gcc");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        verify_on_path(folder.path(), &["--check", "gcc"])
    };
    let ended = fake("echo 'gcc (GCC) 2.95.3'");
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("says it is `gcc (GCC) 2.95.3`; the check `gcc` needs gcc 5.0"), "{}", ended.stderr);
    let ended = fake("exit 1");
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("says it is `nothing`"), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn the_doctor_names_what_is_missing_broken_and_working() {
    let folder = tempfile::tempdir().unwrap();
    crate::support::fake_tool(folder.path(), "iverilog", "echo segmentation fault; exit 139");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_difflut"))
        .env("PATH", folder.path())
        .arg("doctor")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("BROKEN   iverilog                 fake 99.0"), "{text}");
    assert!(text.contains("segmentation fault"), "{text}");
    assert!(
        text.contains("missing  verilator") && text.contains("apt-get install verilator (Debian, Ubuntu)"),
        "{text}"
    );
    assert!(text.contains("checks that can run: none"), "{text}");
}

/// Exports the small model with these options; the files of the design without its test bench.
fn exported(folder: &Path, options: &[&str]) -> Vec<PathBuf> {
    let path = model(folder);
    let arguments = [&[path.to_str().unwrap(), "--name", "tiny", "--out", "out"], options].concat();
    let ended = program("difflut-export", folder, &arguments);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries(&folder.join("out"))
        .chain(entries(&folder.join("out/primitives")))
        .filter(|path| path.to_str().unwrap().ends_with(".v") && !path.to_str().unwrap().ends_with("_tb.v"))
        .collect();
    files.sort();
    files
}

/// `difflut verify --verilog` of these files.
fn verify_files(folder: &Path, files: &[PathBuf], arguments: &[&str]) -> Ended {
    let list: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    verify(folder, &[&["--verilog", &list.join(",")], arguments].concat())
}

/// Changes every file.
fn edit(files: &[PathBuf], change: impl Fn(&str) -> String) {
    for path in files {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, change(&text)).unwrap();
    }
}

const FOREIGN: [&str; 4] = ["--top", "tiny", "--check", "icarus,formal"];

fn simulators(test: &str) -> bool {
    ["iverilog", "vvp", "yosys"].iter().all(|program| tool(test, program))
}

#[test]
fn an_older_export_is_checked_as_it_is() {
    if !simulators("an_older_export_is_checked_as_it_is") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = exported(folder.path(), &[]);
    let ended = verify_files(folder.path(), &files, &FOREIGN);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("check icarus     equal on 1000 vectors"), "{}", ended.stdout);
    assert!(ended.stdout.contains("check formal     proved equal, for all 2^6 inputs"), "{}", ended.stdout);
}

/// The lines of `text` behind one that contains `words`, the first of them trimmed.
fn line_behind<'a>(text: &'a str, words: &str) -> &'a str {
    text.lines().skip_while(|line| !line.contains(words)).nth(1).unwrap_or_default().trim()
}

/// Runs the reproducer in `kept` by the command that was printed and that stands in it, and expects this.
fn reproduces(kept: &Path, printed: &str, expected: &str) {
    let command = line_behind(printed, "reproducer: cone.v with cone_tb.v");
    let bench = fs::read_to_string(kept.join("cone_tb.v")).unwrap();
    assert!(command.starts_with("iverilog ") && bench.contains(&format!(" {command}\n")), "`{command}` in {bench}");
    let output = std::process::Command::new("sh").args(["-c", command]).current_dir(kept).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", String::from_utf8_lossy(&output.stderr));
}

/// Empties a table of the first layer by hand in the lines that have `start` in them; the wire that becomes
/// wrong.
fn empty_a_table(files: &[PathBuf], start: &str, end: char) -> String {
    let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut lines = texts.iter().flat_map(|text| text.lines());
    let line = lines.find(|line| line.contains(start) && line.contains("l0_n")).unwrap();
    let digits = line.find("'h").unwrap() + 2;
    let length = line[digits..].find(end).unwrap();
    let emptied = format!("{}{}{}", &line[..digits], "0".repeat(length), &line[digits + length..]);
    edit(files, |text| text.replace(line, &emptied));
    let name = &line[line.find("l0_n").unwrap()..];
    name[..name.find([' ', ')']).unwrap()].to_owned()
}

#[test]
fn a_hand_edit_is_located_with_its_table_and_a_reproducer_that_fails() {
    if !simulators("a_hand_edit_is_located_with_its_table_and_a_reproducer_that_fails") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = exported(folder.path(), &[]);
    // One that does not look like an expression.
    let wire = empty_a_table(&files, " T_l0_n", ';');
    let ended = verify_files(folder.path(), &files, &FOREIGN);
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    for words in [
        format!("first wire that differs: {wire}, node "),
        "of layer 0".into(),
        "    table   ".into(),
        "; the artefact has ".into(),
        "    inputs  ".into(),
        ", all right".into(),
        "    expected 1, got 0; ".into(),
        "files and the output of the tools: build".into(),
    ] {
        assert!(ended.stdout.contains(&words), "no `{words}` in {}", ended.stdout);
    }
    let kept =
        fs::read_dir(folder.path().join("build")).unwrap().next().unwrap().unwrap().path().join("failures/icarus");
    reproduces(&kept, &ended.stdout, &format!("FAIL {wire} is 0, expected 1\n"));
}

#[test]
fn a_reproducer_of_primitives_runs_with_their_models() {
    if !simulators("a_reproducer_of_primitives_runs_with_their_models") {
        return;
    }
    for (style, start) in [("primitive", ") lut_l0_n"), ("slice", " LUT6_2 #(.INIT(64'h")] {
        let folder = tempfile::tempdir().unwrap();
        let files = exported(folder.path(), &["--lut-style", style]);
        let wire = empty_a_table(&files, start, ')');
        let ended = verify_files(folder.path(), &files, &["--top", "tiny", "--check", "icarus"]);
        assert_eq!(ended.code, 1, "{style}: {}{}", ended.stdout, ended.stderr);
        // Both tables of a shared LUT are gone; the first that shows is named.
        let shown = ended.stdout.split("first wire that differs: ").nth(1).unwrap().split(',').next().unwrap();
        assert!(shown == wire || style == "slice" && shown.contains("_n"), "{style}: {wire}, {shown}");
        assert_eq!(ended.stdout.contains("; the artefact has "), style == "primitive", "{}", ended.stdout);
        let kept = fs::read_dir(folder.path().join("build")).unwrap().next().unwrap().unwrap().path();
        let command = line_behind(&ended.stdout, "reproducer: ");
        assert!(command.contains("_LUT"), "{style}: {command}");
        reproduces(&kept.join("failures/icarus"), &ended.stdout, &format!("FAIL {shown} is 0, expected 1\n"));
    }
}

#[test]
fn a_reproducer_of_an_export_lies_beside_the_models_of_its_primitives() {
    let test = "a_reproducer_of_an_export_lies_beside_the_models_of_its_primitives";
    if !["iverilog", "vvp"].iter().all(|program| tool(test, program)) {
        return;
    }
    for style in [LutStyle::Primitive, LutStyle::Slice] {
        let network = random_network(11, &NetworkShape::small());
        let mut design = lower(&network);
        if style == LutStyle::Slice {
            design.use_slices();
        }
        let mut options = EmitOptions::default();
        options.hdl.lut_style = style;
        let vectors = difflut::verify::test_vectors(&network, &[], &VectorPlan { count: 50, seed: 1 });
        let mut files = target("verilog")
            .unwrap()
            .emit(&EmitRequest {
                design: &design,
                flat: &flatten(&design),
                provenance: &provenance(),
                options: &options,
                vectors: &vectors,
            })
            .unwrap();
        // Every primitive of the first layer gives zero.
        for file in files.iter_mut().filter(|file| file.name.ends_with("_core.v")) {
            let text = String::from_utf8(file.contents.clone()).unwrap();
            let line = |line: &str| match line.split_once("'h").filter(|_| line.contains(" lut_l0_n")) {
                Some((left, right)) => {
                    let digits = right.find(')').unwrap();
                    format!("{left}'h{}{}\n", "0".repeat(digits), &right[digits..])
                }
                None => format!("{line}\n"),
            };
            file.contents = text.lines().map(line).collect::<String>().into_bytes();
        }
        let scratch = tempfile::tempdir().unwrap();
        let request = CheckRequest {
            design: &design,
            reference: &design,
            files: &files,
            identifier: &difflut::emit::identifier(&design.name),
            latency: 0,
            frame: None,
            options: &options,
            vectors: &vectors,
            folder: scratch.path(),
            limit: std::time::Duration::from_secs(60),
            foreign: false,
        };
        let verdict = difflut::verify::check(difflut::verify::checker("icarus").unwrap(), &request).unwrap();
        let Verdict::Different { first, .. } = verdict else { panic!("{verdict:?}") };
        let details = difflut::verify::locate(&request, &first, &[&design]).unwrap();
        let kept = tempfile::tempdir().unwrap();
        difflut::verify::keep_folder(scratch.path(), kept.path(), &files).unwrap();
        let command = line_behind(&details, "reproducer: ");
        assert!(command.contains(" primitives/LUT"), "{command}");
        let wire = details.split("first wire that differs: ").nth(1).unwrap().split(',').next().unwrap();
        reproduces(kept.path(), &details, &format!("FAIL {wire} is 0, expected 1\n"));
    }
}

#[test]
fn another_interface_is_bad_input_and_a_port_map_helps() {
    if !simulators("another_interface_is_bad_input_and_a_port_map_helps") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = exported(folder.path(), &[]);
    edit(&files, |text| text.replace("features", "pixels").replace("class_index", "label"));
    let ended = verify_files(folder.path(), &files, &FOREIGN);
    assert_eq!(ended.code, 2, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("has no port `features` (it has: pixels, label, scores)"), "{}", ended.stderr);
    fs::write(folder.path().join("ports.yaml"), "features: pixels\nclass_index: label\n").unwrap();
    let ended = verify_files(folder.path(), &files, &[&FOREIGN[..], &["--ports", "ports.yaml"]].concat());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let ended = verify_files(folder.path(), &files, &["--top", "large"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("no module `large`") && ended.stderr.contains("there are: tiny"), "{}", ended.stderr);
}

#[test]
fn the_formal_check_proves_pipelines_and_primitives() {
    if !simulators("the_formal_check_proves_pipelines_and_primitives") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let check = ["--check", "formal,icarus", "--vectors", "200"];
    let ended = verify(folder.path(), &[&check[..], &["--registers-every", "1", "-O3"]].concat());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains(" cycles later, after 200 vectors"), "{}", ended.stdout);
    let ended = verify(folder.path(), &[&check[..], &["--lut-style", "primitive"]].concat());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn registers_that_yosys_resets_by_a_gate_in_front_are_proved() {
    if !simulators("registers_that_yosys_resets_by_a_gate_in_front_are_proved") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classes.safetensors");
    // The number of the last of three or five classes is chosen in front of the register of the class.
    for classes in [3, 5] {
        let head = Head::GroupSum { classes, tau: 1.0 };
        let shape = NetworkShape { layers: vec![(3, 20), (2, 25)], head, ..NetworkShape::small() };
        random_network(u64::from(classes), &shape).to_file().write(&path).unwrap();
        for (interface, levels) in [("comb", "2"), ("comb", "5"), ("valid", "1")] {
            let options =
                ["--check", "formal", "--vectors", "50", "--interface", interface, "--registers-every", levels];
            let ended =
                program("difflut", folder.path(), &[&["verify", path.to_str().unwrap()], &options[..]].concat());
            assert_eq!(ended.code, 0, "{classes} {interface} {levels}: {}{}", ended.stdout, ended.stderr);
            assert!(ended.stdout.contains(" cycles later, "), "{}", ended.stdout);
        }
    }
}

#[test]
fn registers_of_foreign_verilog_that_inputs_reset_or_stop_are_no_proof() {
    if !simulators("registers_of_foreign_verilog_that_inputs_reset_or_stop_are_no_proof") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut files = exported(folder.path(), &[]);
    let width = |port: &str| -> usize {
        let text = fs::read_to_string(folder.path().join("out/tiny.v")).unwrap();
        let (range, _) = text.split_once(&format!("] {port}")).unwrap();
        let high = range.rsplit_once('[').unwrap().1.split(':').next().unwrap();
        high.parse::<usize>().unwrap() + 1
    };
    let (class, scores) = (width("class_index"), width("scores"));
    files.push(folder.path().join("late.v"));
    let check = |on_edge: &str| {
        let text = format!(
            "module late(input clk, input [5:0] features, output reg [{}:0] class_index, output reg [{}:0] scores);\n\
             wire [{}:0] c; wire [{}:0] s;\n\
             tiny network(.features(features), .class_index(c), .scores(s));\n\
             always @(posedge clk) begin {on_edge} end\nendmodule\n",
            class - 1,
            scores - 1,
            class - 1,
            scores - 1
        );
        fs::write(files.last().unwrap(), text).unwrap();
        verify_files(folder.path(), &files, &["--top", "late", "--check", "formal", "--vectors", "5", "--latency", "1"])
    };
    let ended = check("class_index <= c; scores <= s;");
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("one cycle later"), "{}", ended.stdout);
    // Inputs that hardly any vector has: what is wrong there only the proof sees.
    let ended = check("class_index <= c; if (features == 6'd27) scores <= 0; else scores <= s;");
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("the difference begins between them and the output ports"), "{}", ended.stdout);
    let ended = check("scores <= s; if (features != 6'd27) class_index <= c;");
    assert_eq!(ended.code, 3, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("keeps its value in some cycles"), "{}", ended.stderr);
}

#[test]
fn gates_after_synthesis_are_the_same_function() {
    if !simulators("gates_after_synthesis_are_the_same_function") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let checks = ["--check", "gates-xilinx,gates-ice40,gates-ecp5", "--vectors", "100"];
    let ended = verify(folder.path(), &checks);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    for name in ["gates-xilinx", "gates-ice40", "gates-ecp5"] {
        assert!(ended.stdout.contains(&format!("check {name:<10} equal on 100 vectors")), "{}", ended.stdout);
    }
    for (style, cell) in [("primitive", "LUT3 "), ("slice", "CARRY4 ")] {
        let checks = ["--check", "gates-xilinx,gates-ice40", "--lut-style", style, "--registers-every", "2"];
        let ended = verify(folder.path(), &[&checks[..], &["--vectors", "100", "--keep", style]].concat());
        assert_eq!(ended.code, 0, "{style}: {}{}", ended.stdout, ended.stderr);
        let kept =
            |family: &str, file: &str| fs::read_to_string(folder.path().join(style).join(family).join(file)).unwrap();
        // AMD's own cells stay what they are; for another family their models are synthesized.
        assert!(kept("gates-xilinx", "gates.v").contains(cell), "{style}");
        assert!(!kept("gates-xilinx", "transcript.txt").contains("primitives/"), "{style}");
        assert!(kept("gates-ice40", "transcript.txt").contains(&format!("primitives/{}.v", cell.trim())), "{style}");
    }
}

#[test]
fn valid_bits_are_proved_and_streams_are_refused() {
    if !simulators("valid_bits_are_proved_and_streams_are_refused") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let valid = ["--check", "formal", "--vectors", "50", "--interface", "valid", "--registers-every", "2"];
    let ended = verify(folder.path(), &valid);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains(" cycles later, with its valid bit, after 50 vectors"), "{}", ended.stdout);
    let ended = verify(folder.path(), &["--check", "formal", "--interface", "axis"]);
    assert_eq!(ended.code, 2, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("not streams that push back"), "{}", ended.stderr);
}

#[test]
fn every_mutant_that_is_a_fault_is_caught() {
    if !simulators("every_mutant_that_is_a_fault_is_caught") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--mutate", "150", "--mutate-tools", "3", "--check", "formal,icarus", "--registers-every", "2"];
    for more in [&["--json", "m.json"][..], &["--json", "m.json", "--interface", "valid"]] {
        let ended = verify(folder.path(), &[&arguments, more].concat());
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        let json = fs::read(folder.path().join("m.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let rows = report["rows"].as_array().unwrap();
        for fault in difflut::verify::Fault::ALL {
            assert!(rows.iter().any(|row| row["fault"] == fault.name()), "{} in {}", fault.name(), ended.stdout);
        }
        for (check, least) in [("vectors", 80), ("proof", 60), ("formal", 12), ("icarus", 12)] {
            let total = &report["total"][check];
            assert!(total["caught"].as_u64() > Some(least), "{check}: {}", ended.stdout);
            assert_eq!((&total["missed"], &total["not_done"]), (&0.into(), &0.into()), "{check}: {}", ended.stdout);
        }
        assert!(ended.stdout.contains("100.0 %"), "{}", ended.stdout);
    }
}

#[cfg(unix)]
#[test]
fn no_check_passes_when_its_tools_end_well_and_say_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for checker in difflut::verify::CHECKERS {
        for program in checker.programs() {
            crate::support::fake_tool(folder.path(), program.name, "exit 0");
        }
    }
    for checker in difflut::verify::CHECKERS {
        let ended = verify_on_path(folder.path(), &["--check", checker.name(), "--vectors", "10"]);
        assert_eq!(ended.code, 3, "{}: {}{}", checker.name(), ended.stdout, ended.stderr);
        assert!(!ended.stdout.contains(" equal"), "{}: {}", checker.name(), ended.stdout);
    }
}

#[cfg(unix)]
#[test]
fn results_without_values_or_of_another_number_never_pass() {
    let folder = tempfile::tempdir().unwrap();
    let compiles = "while [ $# -gt 0 ]; do [ \"$1\" = -o ] && : > \"$2\"; shift; done";
    crate::support::fake_tool(folder.path(), "iverilog", compiles);
    let lines = |text: &str, count: usize| format!("{text}\n").repeat(count);
    for (results, code) in [
        (lines("xx", 10), 1),
        (lines("zz", 10), 1),
        (lines("", 10), 1),
        (lines("ffffff", 10), 1),
        (lines("00", 9), 3),
        (lines("00", 11), 3),
        (String::new(), 3),
    ] {
        fs::write(folder.path().join("results"), &results).unwrap();
        let copies = format!(
            "while read -r line || [ -n \"$line\" ]; do echo \"$line\"; done < {} > results.hex; echo PASS 10 vectors",
            folder.path().join("results").display()
        );
        crate::support::fake_tool(folder.path(), "vvp", &copies);
        let ended = verify_on_path(folder.path(), &["--check", "icarus", "--vectors", "10"]);
        assert_eq!(ended.code, code, "{results:?}: {}{}", ended.stdout, ended.stderr);
        assert!(!ended.stdout.contains("equal on"), "{}", ended.stdout);
    }
}

#[cfg(unix)]
#[test]
fn a_netlist_of_another_module_or_without_outputs_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let port = |direction: &str, bits: &str| format!("{{\"direction\":\"{direction}\",\"bits\":[{bits}]}}");
    let features = port("input", "2,3,4,5,6,7");
    let outputs = |bits: &str| format!("\"class_index\":{},\"scores\":{}", port("output", "2,3"), port("output", bits));
    let module = |name: &str, ports: &str| {
        format!("{{\"modules\":{{\"{name}\":{{\"ports\":{{\"features\":{features}{ports}}},\"cells\":{{}}}}}}}}")
    };
    for (json, code, words) in [
        ("{}".to_owned(), 3, "no netlist"),
        (module("other", ""), 3, "no module `"),
        (module("TOP", ""), 3, "no output port"),
        (module("TOP", &format!(",{}", outputs("2"))), 3, "bits, expected"),
        (module("TOP", &format!(",{}", outputs("\"x\",2,3,4,5,6"))), 1, "a bit that is `x`"),
        (module("TOP", &format!(",{}", outputs("99,2,3,4,5,6"))), 1, "a wire that nothing drives"),
    ] {
        let name = difflut::emit::identifier(random_network(11, &NetworkShape::small()).name());
        let copies = format!(
            "while read -r line; do echo \"$line\"; done < {} > netlist.json",
            folder.path().join("json").display()
        );
        fs::write(folder.path().join("json"), json.replace("TOP", &name) + "\n").unwrap();
        crate::support::fake_tool(folder.path(), "yosys", &copies);
        let ended = verify_on_path(folder.path(), &["--check", "formal", "--vectors", "10"]);
        assert_eq!(ended.code, code, "{json}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(words), "no `{words}` in {}", ended.stdout);
        assert!(!ended.stdout.contains("proved equal"), "{}", ended.stdout);
    }
}

#[test]
fn a_file_of_no_vectors_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    difflut::files::write_npy(&folder.path().join("x.npy"), &[0, 3], &[0f32; 0]).unwrap();
    let ended = verify(folder.path(), &["--check", "gcc", "--vectors-from", "x.npy"]);
    assert_ne!(ended.code, 0, "{}", ended.stdout);
    assert!(!ended.stdout.contains(" equal"), "{}", ended.stdout);
}

#[cfg(unix)]
#[test]
fn a_simulator_that_crashes_hangs_or_prints_garbage_is_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--check", "icarus", "--time-limit", "1", "--vectors", "10"];
    let compiles = "while [ $# -gt 0 ]; do [ \"$1\" = -o ] && : > \"$2\"; shift; done";
    for (tool, script, words) in [
        ("iverilog", "echo segmentation fault; exit 139", "segmentation fault"),
        ("iverilog", "exec /bin/sleep 60", "did not end within 1 seconds"),
        ("vvp", "echo nonsense > results.hex; echo PASS 9 vectors", "neither `PASS 10 vectors` nor"),
        ("vvp", "echo PASS 10 vectors; echo zz > results.hex", "1 results for 10 vectors"),
        ("vvp", "echo PASS 10 vectors", "results.hex"),
    ] {
        crate::support::fake_tool(folder.path(), "iverilog", compiles);
        crate::support::fake_tool(folder.path(), "vvp", "exit 0");
        crate::support::fake_tool(folder.path(), tool, script);
        let ended = verify_on_path(folder.path(), &arguments);
        assert_eq!(ended.code, 3, "{script}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(words), "{script}: no `{words}` in {}", ended.stdout);
        assert!(!ended.stdout.contains("equal on"), "{}", ended.stdout);
    }
}

/// Every shipped model, which hold float weights that only a build with training reads.
#[cfg(feature = "train")]
fn shipped() -> Vec<PathBuf> {
    let mut models: Vec<PathBuf> = ["feedforward", "mnist"]
        .iter()
        .flat_map(|folder| fs::read_dir(crate::support::root().join("pretrained").join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .collect();
    models.sort();
    models
}

/// The command for a user's own model, on every model that is shipped. More vectors and the
/// checks that take longer are in docs/verification.md.
#[cfg(feature = "train")]
#[test]
fn every_shipped_model_is_verified() {
    let test = "every_shipped_model_is_verified";
    if !simulators(test) || !tool(test, "gcc") {
        return;
    }
    let models = shipped();
    assert!(models.len() >= 6, "{models:?}");
    for model in models {
        let folder = tempfile::tempdir().unwrap();
        let path = model.to_str().unwrap();
        // The larger ones take Icarus and yosys a minute.
        let is_small = ["digits", "fc_8k"].iter().any(|name| path.contains(name));
        let checks = if is_small { "gcc,icarus,formal" } else { "gcc" };
        let ended = program(
            "difflut",
            folder.path(),
            &["verify", path, "--vectors", "60", "--require", checks, "--target", "c,verilog", "--check", checks],
        );
        assert_eq!(ended.code, 0, "{path}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("check gcc        equal on 60 vectors"), "{path}: {}", ended.stdout);
        assert_eq!(ended.stdout.contains("check formal     proved equal"), is_small, "{path}: {}", ended.stdout);
    }
}

/// At least 99 % by 1000 vectors and all by proof, or the exit code is 1.
#[cfg(feature = "train")]
#[test]
fn mutants_of_the_shipped_models_are_caught() {
    for model in shipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = model.to_str().unwrap();
        let in_tools =
            if path.contains("digits") && simulators("mutants_of_the_shipped_models_are_caught") { "1" } else { "0" };
        let arguments = [
            "verify",
            path,
            "--mutate",
            "1000",
            "--mutate-tools",
            in_tools,
            "--json",
            "m.json",
            "--registers-every",
            "4",
        ];
        let ended = program("difflut", folder.path(), &arguments);
        assert_eq!(ended.code, 0, "{path}: {}{}", ended.stdout, ended.stderr);
        let json = fs::read(folder.path().join("m.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert!(report["total"]["vectors"]["caught"].as_u64() > Some(700), "{path}: {}", ended.stdout);
        assert_eq!(report["total"]["proof"]["missed"], 0, "{path}: {}", ended.stdout);
    }
}
