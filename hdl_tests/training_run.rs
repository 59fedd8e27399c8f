//! A training that is killed, resumed and refused, through the program itself.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use difflut::train::EpochReport;

use crate::support::{program, root};

const EPOCHS: usize = 5;

/// Arguments that train the digits for a few long epochs.
fn arguments() -> Vec<String> {
    let digits = root().join("pretrained/feedforward/digits.yaml").display().to_string();
    let words = ["train", &digits, "--out", "m.safetensors", "--run-dir", "run"];
    let mut words: Vec<String> = words.map(str::to_owned).to_vec();
    for pair in ["training.validation_fraction=0.2", "training.keep=best", "training.augmentation.shift=0.5"] {
        words.extend(["--set".to_owned(), pair.to_owned()]);
    }
    words.extend(["--batch-size", "4", "--epochs", &EPOCHS.to_string()].map(str::to_owned));
    words
}

fn train(folder: &Path, arguments: &[String]) -> crate::support::Ended {
    program("difflut", folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_killed_training_goes_on_to_the_bytes_of_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    for folder in [&whole, &broken] {
        fs::create_dir(folder).unwrap();
    }
    let arguments = arguments();
    let ended = train(&whole, &arguments);
    assert_eq!(ended.code, 0, "{}", ended.stderr);

    let mut child = Command::new(env!("CARGO_BIN_EXE_difflut"))
        .current_dir(&broken)
        .args(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    // The line of an epoch is written behind its checkpoint, so the next epoch is under way.
    let metrics = broken.join("run/metrics.jsonl");
    while fs::read_to_string(&metrics).map_or(0, |text| text.lines().count()) < 2 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no second epoch");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(20));
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "the training had ended before it was killed");
    assert!(!broken.join("m.safetensors").exists());

    let ended = train(&broken, &arguments);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("go on from it with --resume"), "{}", ended.stderr);
    let resumed = [arguments.clone(), vec!["--resume".into()]].concat();
    let ended = train(&broken, &resumed);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("going on after epoch "), "{}", ended.stderr);
    let model = |folder: &Path| fs::read(folder.join("m.safetensors")).unwrap();
    assert!(model(&whole) == model(&broken), "the resumed model differs");

    // Metrics are whole, and the same but for the time they took.
    let reports = |folder: &Path| -> Vec<EpochReport> {
        let text = fs::read_to_string(folder.join("run/metrics.jsonl")).unwrap();
        let timeless = |report: EpochReport| EpochReport { seconds: 0.0, samples_per_second: 0.0, ..report };
        text.lines().map(|line| timeless(serde_json::from_str(line).unwrap())).collect()
    };
    let (first, second) = (reports(&whole), reports(&broken));
    assert_eq!((first.len(), second.len()), (EPOCHS, EPOCHS));
    for (first, second) in first.iter().zip(&second) {
        assert!((first.loss - second.loss).abs() < 1e-9 && first.hard_accuracy == second.hard_accuracy);
        assert!((first.gap - (first.soft_accuracy - first.hard_accuracy)).abs() < 1e-12);
    }
    assert!(first[EPOCHS - 1].loss < 0.5 * first[0].loss && first[EPOCHS - 1].hard_accuracy > 0.85);
    let checkpoints = fs::read_dir(broken.join("run")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = checkpoints.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names.retain(|name| !name.starts_with(".difflut-"));
    assert_eq!(names, ["curve.svg", "epoch-000004.safetensors", "epoch-000005.safetensors", "metrics.jsonl"]);

    let other = [resumed, vec!["--learning-rate".into(), "0.5".into()]].concat();
    let ended = train(&broken, &other);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("training.learning_rate is 0.05 there and 0.5 here"), "{}", ended.stderr);
}

#[test]
fn a_training_away_from_a_terminal_prints_lines_and_a_quiet_one_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("m.safetensors").display().to_string();
    let words = ["train", "pretrained/feedforward/digits.yaml", "--out", &out, "--epochs", "2"];
    let ended = program("difflut", &root(), &words);
    assert_eq!((ended.code, ended.stderr.matches("epoch ").count()), (0, 2), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}') && !ended.stderr.contains("samples/s"));
    let ended = program("difflut", &root(), &[&words[..], &["--quiet"]].concat());
    assert_eq!((ended.code, ended.stderr.as_str(), ended.stdout.as_str()), (0, "", ""));
}
