//! The C header on microcontrollers: Cortex-M, RISC-V and AVR, in their emulators.

use std::path::Path;

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::binarized::{BinarizedNetwork, Head};
use difflut::config::InputFormat;
use difflut::emit::{COptions, CStyle, EmitOptions, EmitRequest, Provenance, TestVectors, WordSize, target};
use difflut::lower::lower;
use difflut::verify::{Verdict, checker};

use crate::support::shapes::{classes, networks, vectors};
use crate::support::{check_with, program, skipped, tool};

fn options(c_style: CStyle, c_word: Option<WordSize>, c_batch: bool) -> EmitOptions {
    EmitOptions { c: COptions { c_style, c_word, c_batch }, ..EmitOptions::default() }
}

fn straight(word: WordSize) -> EmitOptions {
    options(CStyle::Straight, Some(word), true)
}

#[test]
fn word_operations_of_every_shape_and_size_agree_in_gcc_and_clang() {
    let test = "word_operations_of_every_shape_and_size_agree_in_gcc_and_clang";
    let words = [WordSize::Bits8, WordSize::Bits16, WordSize::Bits32, WordSize::Bits64];
    // Groups that are added up by eight, beside the shapes of all targets.
    let shape = NetworkShape { features: 20, layers: vec![(4, 130)], head: classes(3), ..NetworkShape::small() };
    let many = (0..8).map(|seed| ("many_outputs", random_network(seed, &shape)));
    for (number, (shape, network)) in networks().into_iter().chain(many).enumerate() {
        let (design, vectors) = (lower(&network), vectors(&network, 41));
        let compiler = ["gcc", "clang"][number % 2];
        if tool(test, compiler) {
            let options = straight(words[number / 2 % 4]);
            let verdict = check_with(compiler, &options, &network, &design, &vectors, &vectors);
            assert_eq!(verdict, Verdict::Equal { vectors: 41 }, "{shape}, {compiler}, {options:?}");
        }
    }
}

fn network(head: Head) -> BinarizedNetwork {
    let shape = NetworkShape {
        features: 9,
        input: InputFormat::unsigned(8),
        bits_per_feature: 3,
        layers: vec![(4, 40), (3, 33)],
        head,
    };
    random_network(21, &shape)
}

/// Both styles, each with scores and with plain bits.
fn programs() -> Vec<(EmitOptions, BinarizedNetwork)> {
    vec![
        (options(CStyle::Table, None, false), network(classes(3))),
        (options(CStyle::Straight, Some(WordSize::Bits32), true), network(classes(3))),
        (options(CStyle::Straight, Some(WordSize::Bits8), false), network(Head::Bits)),
    ]
}

/// Whether the check's compiler, library and emulator are there; else the test is skipped by name.
fn device(test: &str, check: &str) -> bool {
    let checker = checker(check).unwrap();
    let mut programs = checker.programs().iter();
    programs.all(|program| tool(test, program.name))
        && match checker.require() {
            Ok(()) => true,
            Err(error) => {
                skipped(&format!("{test}: {error}"));
                false
            }
        }
}

#[test]
fn microcontrollers_agree_in_their_emulators() {
    for check in ["arm", "arm-m0", "riscv", "avr"] {
        if !device("microcontrollers_agree_in_their_emulators", check) {
            continue;
        }
        for (options, network) in programs() {
            let (design, vectors) = (lower(&network), vectors(&network, 20));
            let verdict = check_with(check, &options, &network, &design, &vectors, &vectors);
            assert_eq!(verdict, Verdict::Equal { vectors: 20 }, "{check}, {options:?}");
        }
    }
}

#[test]
fn codes_of_every_width_and_sign_reach_the_devices() {
    for (number, (shape, network)) in networks().into_iter().enumerate() {
        let check = ["arm", "avr", "riscv"][number % 3];
        if device("codes_of_every_width_and_sign_reach_the_devices", check) {
            let (design, vectors) = (lower(&network), vectors(&network, 17));
            let verdict = check_with(check, &EmitOptions::default(), &network, &design, &vectors, &vectors);
            assert_eq!(verdict, Verdict::Equal { vectors: 17 }, "{shape}, {check}");
        }
    }
}

/// A model file of `nodes` nodes over 400 features.
fn model(folder: &Path, nodes: usize) -> String {
    let shape = NetworkShape {
        features: 400,
        input: InputFormat::unsigned(8),
        bits_per_feature: 3,
        layers: vec![(6, nodes), (6, 50)],
        head: classes(5),
    };
    let path = folder.join("wide.safetensors");
    random_network(3, &shape).to_file().write(&path).unwrap();
    path.display().to_string()
}

#[test]
fn more_vectors_than_a_flash_holds_are_run_in_parts() {
    if !device("more_vectors_than_a_flash_holds_are_run_in_parts", "avr") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 60);
    let arguments = ["verify", &path, "--check", "avr", "--vectors", "200", "--keep", "kept"];
    let ended = program("difflut", folder.path(), &arguments);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("check avr        equal on 200 vectors"), "{}", ended.stdout);
    // 80 of 400 bytes are one array of 32,000.
    let transcript = std::fs::read_to_string(folder.path().join("kept/avr/transcript.txt")).unwrap();
    assert_eq!(transcript.matches("$ simavr -m atmega1284p").count(), 3, "{transcript}");
}

#[test]
fn a_model_that_is_too_large_for_a_device_is_left_out_with_the_numbers_and_fails_where_required() {
    let test = "a_model_that_is_too_large_for_a_device_is_left_out_with_the_numbers_and_fails_where_required";
    if !device(test, "avr") || !tool(test, "gcc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 3000);
    let check = |arguments: &[&str]| {
        let all = [&["verify", &path, "-O0", "--vectors", "20", "--c-style", "straight"][..], arguments].concat();
        program("difflut", folder.path(), &all)
    };
    let words = "it takes ";
    let all = check(&["--check", "all", "--target", "c", "--require", "gcc"]);
    assert_eq!(all.code, 0, "{}{}", all.stdout, all.stderr);
    let line = all.stdout.lines().find(|line| line.starts_with("check avr        skipped: ")).unwrap();
    assert!(line.contains(words) && line.contains("; an ATmega1284P has 131072 and 16384"), "{line}");
    let required = check(&["--require", "avr", "--check", "avr"]);
    assert_eq!(required.code, 3, "{}{}", required.stdout, required.stderr);
    assert!(required.stdout.contains(words), "{}", required.stdout);
}

#[cfg(unix)]
#[test]
fn compilers_and_emulators_that_fail_say_nothing_or_lie_are_exit_code_3() {
    use crate::support::fake_tool;
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path(), 30);
    // Stands in for the compiler: an object, a map and stack sizes of nothing.
    let compiles = "for word in \"$@\"; do case \"$word\" in \
        -print-file-name=*) echo /lib/${word#*=}; exit 0;; esac; done
        : > harness.su; : > firmware.map; : > firmware.elf";
    for (tool, script, words) in [
        ("avr-gcc", "echo internal compiler error; exit 1", "does not find `crtatmega1284p.o`"),
        ("simavr", "exit 0", "no last line `#!10 ;`"),
        ("simavr", "echo segmentation fault; exit 139", "segmentation fault"),
        ("simavr", "exec /bin/sleep 60", "did not end within 1 seconds"),
        ("simavr", "echo '#!10 ;'", "0 numbers for 10 vectors of 6 outputs"),
        ("simavr", "echo '#1 2 3 4 5 6 ;'; echo '#!10 ;'", "6 numbers for 10 vectors of 6 outputs"),
        ("simavr", "echo '#1 2 3 4'; echo '#!10 ;'", "a line is cut short"),
        ("simavr", "echo '#!10 ;'; echo '#1 ;'", "more after its last line"),
    ] {
        fake_tool(folder.path(), "avr-gcc", compiles);
        fake_tool(folder.path(), "simavr", "exit 0");
        fake_tool(folder.path(), tool, script);
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_difflut"))
            .current_dir(folder.path())
            .env("PATH", folder.path())
            .args(["verify", &path, "--check", "avr", "--time-limit", "1", "--vectors", "10"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(3), "{script}: {text}");
        assert!(text.contains(words), "{script}: no `{words}` in {text}");
        assert!(!text.contains("equal on"), "{text}");
    }
}

#[test]
fn options_of_the_c_header_that_contradict_each_other_say_why() {
    let design = lower(&network(classes(3)));
    let (provenance, none) = (
        Provenance {
            tool_version: String::new(),
            model_sha256: String::new(),
            input_values: String::new(),
            scale: 1.0,
            offset: 0.0,
            tau: None,
        },
        TestVectors::default(),
    );
    let refuse = |options: EmitOptions| {
        let request = EmitRequest {
            design: &design,
            flat: &design.core,
            provenance: &provenance,
            options: &options,
            vectors: &none,
        };
        target("c").unwrap().emit(&request).unwrap_err().to_string()
    };
    let batch = refuse(options(CStyle::Table, None, true));
    assert!(batch.starts_with("target `c`: --c-batch needs --c-style straight: "), "{batch}");
    let word = refuse(options(CStyle::Table, Some(WordSize::Bits8), false));
    assert!(word.starts_with("target `c`: --c-word needs --c-style straight: "), "{word}");
}
