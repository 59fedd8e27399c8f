//! What several test files share.

pub(crate) mod shapes;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use difflut::binarized::BinarizedNetwork;
use difflut::emit::{self, EmitOptions, EmitRequest, Provenance, TestVectors};
use difflut::lower::{flatten, lower};
use difflut::netlist::Design;
use difflut::verify::{self, CheckRequest, Verdict};

/// Whether `program` can be started. Without it the test named `test` is skipped and says so,
/// past the capture of the test harness and into the file named by `DIFFLUT_SKIPPED_LOG`.
///
/// # Panics
/// When the program is absent and `CI` or `DIFFLUT_REQUIRE_TOOLS` is set: a machine that is
/// supposed to have the tools must not silently test nothing.
pub(crate) fn tool(test: &str, program: &str) -> bool {
    if which::which(program).is_ok() {
        return true;
    }
    let required = ["CI", "DIFFLUT_REQUIRE_TOOLS"].iter().any(|name| std::env::var_os(name).is_some());
    assert!(!required, "{test}: {program} is not installed, and CI or DIFFLUT_REQUIRE_TOOLS is set");
    skipped(&format!("{test}: {program} is not installed"));
    false
}

/// Whether python3 has torch and safetensors. They are large and not among the tools that CI has
/// to have, so without them the test named `test` is skipped and says so, in CI too.
pub(crate) fn torch(test: &str) -> bool {
    static MISSING: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    let missing = *MISSING.get_or_init(|| verify::checker("torch").unwrap().require().is_err());
    if missing {
        skipped(&format!("{test}: python3 cannot import torch and safetensors"));
    }
    !missing
}

/// Reports a skipped test past the capture of the harness and in the log of skipped tests.
pub(crate) fn skipped(what: &str) {
    let line = format!("skipped: {what}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    if let Some(path) = std::env::var_os("DIFFLUT_SKIPPED_LOG") {
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}

/// What a program printed and whether it succeeded.
pub(crate) struct Run {
    /// Standard output, then standard error.
    pub(crate) output: String,
    /// Whether the exit status was 0.
    pub(crate) success: bool,
}

/// Runs a program in `folder`; the arguments are separated by blanks.
pub(crate) fn run(folder: &Path, program: &str, arguments: &str) -> Run {
    let output = Command::new(program).current_dir(folder).args(arguments.split_whitespace()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Run { output: String::from_utf8_lossy(&text).into_owned(), success: output.status.success() }
}

/// Runs a program that must succeed without a word.
#[track_caller]
pub(crate) fn run_silent(folder: &Path, program: &str, arguments: &str) {
    let run = run(folder, program, arguments);
    assert!(run.success && run.output.trim().is_empty(), "{program} {arguments}:\n{}", run.output);
}

/// How a run of one of this package's own programs ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `difflut` or `difflut-export` in `folder`.
pub fn program(name: &str, folder: &Path, arguments: &[&str]) -> Ended {
    let path = match name {
        "difflut" => env!("CARGO_BIN_EXE_difflut"),
        "difflut-export" => env!("CARGO_BIN_EXE_difflut-export"),
        other => panic!("{other} is no program of this package"),
    };
    let output = Command::new(path).current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ended =
        Ended { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) };
    assert!(!ended.stderr.contains("panicked"), "{name} {arguments:?} panicked:\n{}", ended.stderr);
    ended
}

/// The folder of the package.
pub fn root() -> std::path::PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// The shipped model that most tests use.
pub fn digits() -> std::path::PathBuf {
    root().join("pretrained/feedforward/digits.safetensors")
}

/// Where designs of tests come from.
pub fn provenance() -> Provenance {
    Provenance {
        tool_version: "test".into(),
        model_sha256: "0".repeat(64),
        input_values: "value = code * 1 + 0".into(),
        scale: 1.0,
        offset: 0.0,
        tau: Some("1".into()),
    }
}

/// Emits `design` and runs `checker` on it with `vectors`; its own test bench gets `bench_vectors`,
/// and `network` is what it should be.
pub fn check_design(
    checker: &str,
    network: &BinarizedNetwork,
    design: &Design,
    vectors: &TestVectors,
    bench_vectors: &TestVectors,
) -> Verdict {
    check_with(checker, &EmitOptions::default(), network, design, vectors, bench_vectors)
}

/// The same with options.
pub fn check_with(
    checker: &str,
    options: &EmitOptions,
    network: &BinarizedNetwork,
    design: &Design,
    vectors: &TestVectors,
    bench_vectors: &TestVectors,
) -> Verdict {
    let reference = lower(network);
    let checker = verify::checker(checker).unwrap();
    let target = emit::target(checker.target()).unwrap();
    let (flat, provenance) = (flatten(design), provenance());
    let request = EmitRequest { design, flat: &flat, provenance: &provenance, options, vectors: bench_vectors };
    let files = target.emit(&request).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let identifier = emit::identifier(&design.name);
    let request = CheckRequest {
        design,
        reference: &reference,
        files: &files,
        identifier: &identifier,
        latency: target.latency(design, options),
        frame: None,
        options,
        vectors,
        folder: folder.path(),
        limit: Duration::from_secs(300),
        foreign: false,
    };
    verify::check(checker, &request).unwrap()
}

/// Puts a program into `folder` that stands in for a real tool: a recent version of it that does
/// `script`.
#[cfg(unix)]
pub fn fake_tool(folder: &Path, tool: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(tool);
    let version = "case \"$1\" in --version|-V) echo fake 99.0; exit 0;; esac";
    std::fs::write(&path, format!("#!/bin/sh\n{version}\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
