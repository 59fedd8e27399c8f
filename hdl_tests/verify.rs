//! `difflut verify`: what it runs, what it writes, how it ends.

use std::fs;
use std::path::{Path, PathBuf};

use difflut::binarized::arbitrary::{NetworkShape, random_network};

use crate::support::{Ended, program, tool};

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
