//! `difflut report` from the command line, and the report of an export.

use std::fs;
use std::path::{Path, PathBuf};

use difflut::binarized::Head;
use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::config::InputFormat;

use crate::support::{program, root, tool};

/// A model of 16 features and 40 tables in `folder`.
fn tiny(folder: &Path) -> PathBuf {
    let shape = NetworkShape {
        features: 16,
        input: InputFormat::unsigned(4),
        bits_per_feature: 2,
        layers: vec![(4, 24), (4, 16)],
        head: Head::GroupSum { classes: 4, tau: 1.0 },
    };
    let path = folder.join("tiny.safetensors");
    fs::write(&path, random_network(3, &shape).to_file().to_bytes().unwrap()).unwrap();
    path
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_report_is_a_page_and_a_file_with_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let model = tiny(folder.path());
    let model = model.to_str().unwrap();
    let out = |name: &str| folder.path().join(name);
    for name in ["one", "two"] {
        let ended = program(
            "difflut",
            folder.path(),
            &["report", model, "--pipeline", "2", "--out", out(name).to_str().unwrap()],
        );
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(ended.stdout.contains("report.html") && ended.stdout.contains("ice40"), "{}", ended.stdout);
    }
    for file in ["report.json", "report.html"] {
        assert_eq!(fs::read(out("one").join(file)).unwrap(), fs::read(out("two").join(file)).unwrap());
    }
    let report = json(&out("one").join("report.json"));
    assert_eq!((report["format"].as_str(), report["version"].as_u64()), (Some("difflut-report"), Some(1)));
    assert_eq!(report["model"]["nodes"], 40);
    assert!(report["timing"]["latency_cycles"].as_u64().unwrap() > 1);
    assert!(report["timing"]["registers"].as_u64().unwrap() > 10);
    assert!(report.get("times_ms").is_none());
    let page = fs::read_to_string(out("one").join("report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("random codes"));
}

#[test]
fn a_single_file_is_written_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let model = tiny(folder.path());
    let path = folder.path().join("deep/numbers.json");
    let arguments = ["report", model.to_str().unwrap(), "--times", "--out", path.to_str().unwrap()];
    assert_eq!(program("difflut", folder.path(), &arguments).code, 0);
    assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
    let report = json(&path);
    // One time per pass; the first entry is the core before all of them.
    let (times, passes) = (report["times_ms"].as_array().unwrap(), report["passes"].as_array().unwrap());
    assert_eq!(times.len() + 1, passes.len());
}

#[test]
fn wrong_options_say_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let model = tiny(folder.path());
    let model = model.to_str().unwrap();
    for (options, words) in [
        (&["--image", "28x28"][..], &["784 pixels", "16 features"][..]),
        (&["--image", "28"], &["HEIGHTxWIDTH"]),
        (&["--synth=ice4"], &["no family `ice4`", "did you mean `ice40`?", "ecp5"]),
        (&["-O9"], &["no optimization level `9`"]),
    ] {
        let ended = program("difflut", folder.path(), &[&["report", model][..], options].concat());
        assert_eq!(ended.code, 2, "{options:?}: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "{options:?}: no `{word}` in: {}", ended.stderr);
        }
    }
}

#[test]
fn synthesis_puts_measured_figures_beside_the_estimates() {
    let test = "synthesis_puts_measured_figures_beside_the_estimates";
    if !tool(test, "yosys") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let model = tiny(folder.path());
    let out = folder.path().join("out");
    let arguments =
        ["report", model.to_str().unwrap(), "--pipeline", "3", "--synth=xilinx,ice40", "--out", out.to_str().unwrap()];
    let ended = program("difflut", folder.path(), &arguments);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let report = json(&out.join("report.json"));
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    for (index, family) in ["xilinx", "ice40"].into_iter().enumerate() {
        let (measured, estimate) = (&report["synthesis"][index], &report["estimates"][index]);
        assert_eq!((&measured["family"], &estimate["family"]), (&family.into(), &family.into()));
        let luts = number(&measured["cells"]["luts"]);
        assert!((0.6..1.6).contains(&(number(&estimate["luts"]) / luts)), "{estimate} {measured}");
        // yosys may move a register into a shift register or merge equal ones, but not add any.
        let flip_flops = number(&measured["cells"]["flip_flops"]);
        assert!(flip_flops > 0.0 && flip_flops <= number(&estimate["flip_flops"]), "{estimate} {measured}");
        assert!(measured["tools"][0].as_str().unwrap().starts_with("Yosys"));
        assert!(
            fs::read_to_string(out.join("synth").join(family).join("yosys.log"))
                .unwrap()
                .contains("Printing statistics")
        );
    }
    let ice40 = &report["synthesis"][1];
    if tool(test, "nextpnr-ice40") {
        let fmax = number(&ice40["routed"]["fmax_mhz"]);
        assert!((5.0..600.0).contains(&fmax), "{fmax} MHz");
        assert!(page.contains("MHz") && page.contains("iCE40 HX8K"));
    } else {
        assert!(ice40["remarks"][0].as_str().unwrap().contains("`nextpnr-ice40` is not installed"));
    }
}

#[test]
fn a_missing_yosys_is_known_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let model = tiny(folder.path());
    let out = folder.path().join("out");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_difflut"))
        .current_dir(folder.path())
        .env("PATH", folder.path())
        .args(["report", model.to_str().unwrap(), "--synth", "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("`yosys` is not on the PATH") && stderr.contains("apt-get install yosys"), "{stderr}");
    assert!(!out.exists());
}

#[cfg(unix)]
#[test]
fn a_yosys_that_fails_is_named_in_the_report_and_is_exit_code_3() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let model = tiny(folder.path());
    let fake = folder.path().join("yosys");
    fs::write(&fake, "#!/bin/sh\n[ \"$1\" = -V ] && echo 'Yosys 0.23' && exit 0\necho out of luck\nexit 1\n").unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let out = folder.path().join("out");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_difflut"))
        .current_dir(root())
        .env("PATH", format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap()))
        .args(["report", model.to_str().unwrap(), "--synth=ecp5", "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("out of luck"), "{stderr}");
    let report = json(&out.join("report.json"));
    assert!(report["synthesis"][0]["cells"].is_null());
    assert!(report["synthesis"][0]["remarks"][0].as_str().unwrap().contains("yosys"), "{}", report["synthesis"]);
    assert!(report["after"]["total"].as_u64().unwrap() > 40);
}
