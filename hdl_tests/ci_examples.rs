//! The workflows under `examples/ci` do what they say: they are YAML of the form that their
//! services read, and every command line in them runs here, with the package manager played.

use std::fs;
use std::path::Path;
use std::process::Command;

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use serde_yaml::Value;

use crate::support::{root, tool};

fn read(name: &str) -> Value {
    let text = fs::read_to_string(root().join("examples/ci").join(name)).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value:?}"))
}

/// A folder with a model, and one of programs that play what needs rights or the network.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    random_network(11, &NetworkShape::small()).to_file().write(&folder.path().join("model.safetensors")).unwrap();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let log = folder.path().join("installed");
    for name in ["sudo", "apt-get", "cargo"] {
        crate::support::fake_tool(&bin, name, &format!("echo \"${{0##*/}} $*\" >> '{}'", log.display()));
    }
    for name in ["difflut", "difflut-export"] {
        let built =
            if name == "difflut" { env!("CARGO_BIN_EXE_difflut") } else { env!("CARGO_BIN_EXE_difflut-export") };
        std::os::unix::fs::symlink(built, bin.join(name)).unwrap();
    }
    folder
}

/// Runs a script as the services do; its environment besides ours.
fn run(folder: &Path, script: &str, environment: &[(&str, &str)]) {
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-eo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{script}\n{printed}");
}

fn packages(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = line.split_whitespace().skip_while(|word| *word != "install").skip(1).collect();
    words.retain(|word| !word.starts_with('-'));
    words
}

const TOOLS: [&str; 6] = ["iverilog", "verilator", "yosys", "gcc", "g++", "make"];

fn tools(test: &str) -> bool {
    tool(test, "bash") && TOOLS.iter().all(|program| tool(test, program))
}

#[test]
fn every_step_of_the_github_workflow_runs() {
    let workflow = read("github-actions.yml");
    let job = &workflow["jobs"]["verify"];
    assert!(job["runs-on"].as_str().is_some() && job["timeout-minutes"].as_u64().is_some());
    let environment: Vec<(&str, &str)> =
        ["MODEL", "REQUIRE", "DIFFLUT"].map(|name| (name, text(&workflow["env"], name))).to_vec();
    let steps = job["steps"].as_sequence().unwrap();
    for step in steps {
        assert!(step["uses"].is_string() != step["run"].is_string(), "one of uses and run: {step:?}");
    }
    if !tools("every_step_of_the_github_workflow_runs") {
        return;
    }
    let folder = workplace();
    for step in steps.iter().filter(|step| step["run"].is_string()) {
        run(folder.path(), text(step, "run"), &environment);
    }
    let installed = fs::read_to_string(folder.path().join("installed")).unwrap();
    assert_eq!(packages(installed.lines().last().unwrap()), TOOLS);
    assert!(fs::read_to_string(folder.path().join("verify.xml")).unwrap().contains("failures=\"0\" errors=\"0\""));
    assert!(folder.path().join("verify.json").is_file() && folder.path().join("verify-logs/icarus").is_dir());
    // What the artefact step keeps is what the steps before wrote.
    let kept = text(&steps.last().unwrap()["with"], "path");
    for name in ["verify.json", "verify.xml", "verify-logs"] {
        assert!(kept.lines().any(|line| line == name) && folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn every_line_of_the_gitlab_workflow_runs() {
    let workflow = read("gitlab-ci.yml");
    let job = &workflow["verify"];
    assert!(job["image"].is_string() && job["artifacts"]["reports"]["junit"].as_str() == Some("verify.xml"));
    if !tools("every_line_of_the_gitlab_workflow_runs") {
        return;
    }
    let folder = workplace();
    let lines = ["before_script", "script"].iter().flat_map(|part| job[*part].as_sequence().unwrap());
    let script: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
    let variable = |name: &str| text(&job["variables"], name);
    let environment = [
        ("MODEL", variable("MODEL")),
        ("REQUIRE", variable("REQUIRE")),
        ("DIFFLUT", variable("DIFFLUT")),
        ("CARGO_HOME", ".cargo"),
    ];
    run(folder.path(), &script.join("\n"), &environment);
    let installed = fs::read_to_string(folder.path().join("installed")).unwrap();
    assert_eq!(packages(installed.lines().find(|line| line.contains(" install ")).unwrap()), TOOLS);
    for path in job["artifacts"]["paths"].as_sequence().unwrap() {
        let name = path.as_str().unwrap();
        assert!(name.contains('*') || folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn every_step_of_the_composite_action_runs() {
    let action = read("action/action.yml");
    assert_eq!(text(&action["runs"], "using"), "composite");
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    assert!(steps.iter().all(|step| step["shell"].as_str() == Some("bash")), "composite actions name their shell");
    if !tools("every_step_of_the_composite_action_runs") {
        return;
    }
    let folder = workplace();
    for step in steps {
        let mut environment: Vec<(String, String)> = Vec::new();
        for (name, value) in step["env"].as_mapping().into_iter().flatten() {
            let (name, value) = (name.as_str().unwrap(), value.as_str().unwrap());
            let input = value.trim_start_matches("${{ inputs.").trim_end_matches(" }}");
            // An input without a default has to be given.
            let given = if input == "model" { "model.safetensors" } else { text(&action["inputs"][input], "default") };
            environment.push((name.to_owned(), given.to_owned()));
        }
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(folder.path(), text(step, "run"), &environment);
    }
    assert!(folder.path().join("verify.json").is_file() && folder.path().join("verify.xml").is_file());
}

#[test]
fn the_install_script_asks_for_packages_that_the_doctor_names() {
    if !tool("the_install_script_asks_for_packages_that_the_doctor_names", "bash") {
        return;
    }
    let folder = workplace();
    // As root or not, the packages are what counts.
    crate::support::fake_tool(
        &folder.path().join("bin"),
        "env",
        &format!("echo \"$*\" >> '{}'", folder.path().join("installed").display()),
    );
    let script = root().join("examples/ci/install-tools");
    run(folder.path(), &format!("/usr/bin/env bash {} mcu vhdl", script.display()), &[]);
    let installed = fs::read_to_string(folder.path().join("installed")).unwrap();
    let line = installed.lines().find(|line| line.contains(" install ")).unwrap();
    let packages = packages(line);
    for checker in difflut::verify::CHECKERS {
        for program in checker.programs() {
            // Interpreters and second compilers are for those who use them.
            let optional = ["python3", "clang", "rustc", "graphviz"].contains(&program.package);
            assert!(optional || packages.contains(&program.package), "{} in {packages:?}", program.package);
        }
    }
    for library in ["picolibc-arm-none-eabi", "picolibc-riscv64-unknown-elf", "avr-libc"] {
        assert!(packages.contains(&library), "{library} in {packages:?}");
    }
}
