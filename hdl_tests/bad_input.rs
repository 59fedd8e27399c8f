//! Files that are truncated, hostile, foreign or just wrong: an error each, never a panic, and
//! nothing half-written.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use difflut::files::TensorFileWriter;
use safetensors::tensor::{Dtype, TensorView};

use crate::support::{digits, program, root};

/// Exports the given bytes as a model; it has to be refused with exit code 2, one sentence that
/// names the file and holds `words`, and no output folder.
#[track_caller]
fn refused(bytes: &[u8], words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
    let ended = program("difflut-export", folder.path(), &["model.safetensors", "--out", "out"]);
    assert_eq!(ended.code, 2, "{}{}", ended.stdout, ended.stderr);
    for word in ["model.safetensors"].iter().chain(words) {
        assert!(ended.stderr.contains(word), "no `{word}` in: {}", ended.stderr);
    }
    assert!(!folder.path().join("out").exists());
}

/// The digits model with its header changed as text and nothing else.
fn with_header(change: impl Fn(String) -> String) -> Vec<u8> {
    let bytes = fs::read(digits()).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = change(String::from_utf8(bytes[8..8 + length].to_vec()).unwrap());
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes[8 + length..]].concat()
}

#[test]
fn truncated_files_are_refused() {
    let bytes = fs::read(digits()).unwrap();
    for cut in [0, 1, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        refused(&bytes[..cut], &["not a safetensors file"]);
    }
}

#[test]
fn hostile_headers_are_refused() {
    refused(&[0xff; 64], &["not a safetensors file"]);
    refused(&[&u64::MAX.to_le_bytes()[..], b"{}"].concat(), &["not a safetensors file"]);
    let header = br#"{"a":{"dtype":"F32","shape":[4294967295,4294967295,4294967295],"data_offsets":[0,4]}}    "#;
    refused(&[&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat(), &["not a safetensors file"]);
}

#[test]
fn weights_of_another_program_are_refused_as_such() {
    let data = [0u8; 16];
    let view = TensorView::new(Dtype::F32, vec![4], &data).unwrap();
    let none: Option<HashMap<String, String>> = None;
    refused(
        &safetensors::serialize([("luts", view)], none).unwrap(),
        &["metadata entry `format`", "not a model written by difflut"],
    );
}

#[test]
fn another_format_and_a_later_version_are_named() {
    refused(&TensorFileWriter::new("other-thing", "1").to_bytes().unwrap(), &["other-thing", "difflut-model"]);
    refused(&with_header(|header| header.replace(r#""version":"1""#, r#""version":"7""#)), &["version 7", "version 1"]);
}

#[test]
fn a_config_that_does_not_match_the_weights_is_refused() {
    let widths = |header: String| header.replace(r#"\"layer_widths\":[400,200]"#, r#"\"layer_widths\":[400,210]"#);
    refused(&with_header(widths), &["layers.1", "200", "210"]);
    let unknown = |header: String| header.replace(r#"\"num_classes\""#, r#"\"num_clases\""#);
    refused(&with_header(unknown), &["num_clases"]);
    let missing = |header: String| header.replace(r#""config""#, r#""konfig""#);
    refused(&with_header(missing), &["config"]);
}

#[test]
fn nan_weights_and_wiring_out_of_range_are_refused() {
    let bytes = fs::read(digits()).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let poke = |tensor: &str, value: [u8; 4]| {
        let start = 8 + length + header[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
        let mut changed = bytes.clone();
        changed[start..start + 4].copy_from_slice(&value);
        changed
    };
    refused(&poke("layers.0.weights", f32::NAN.to_le_bytes()), &["layers.0.weights", "NaN"]);
    refused(&poke("encoder.thresholds", f32::INFINITY.to_le_bytes()), &["encoder.thresholds", "inf"]);
    refused(&poke("layers.1.wiring", 400u32.to_le_bytes()), &["layers.1.wiring", "400", "0 to 399"]);
}

#[test]
fn an_output_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    let out = folder.path().join("file/out");
    let ended = program("difflut-export", &root(), &["digits", "--out", out.to_str().unwrap()]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("file/out") && ended.stderr.contains("cannot write"), "{}", ended.stderr);
}

#[test]
fn an_interrupted_export_leaves_no_half_written_artefact() {
    // A folder stands where the last of the files belongs, so writing fails after the others.
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::create_dir_all(out.join("digits.v/blocked")).unwrap();
    let ended = program("difflut-export", &root(), &["digits", "--out", out.to_str().unwrap()]);
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    for entry in fs::read_dir(&out).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains("tmp"), "{name} was left behind");
    }
}

#[test]
fn yaml_mistakes_name_file_line_key_and_the_nearest_key() {
    let folder = tempfile::tempdir().unwrap();
    let config = fs::read_to_string(root().join("pretrained/feedforward/digits.yaml")).unwrap();
    let train = |text: &str| {
        fs::write(folder.path().join("bad.yaml"), text).unwrap();
        program("difflut", folder.path(), &["train", "bad.yaml", "--out", "m.safetensors"])
    };
    let cases: [(&str, &str, &[&str]); 5] = [
        ("layer_widths:", "layer_width:", &["layer_width", "layer_widths"]),
        ("batch_size: 64", "batch_size: zero", &["batch_size"]),
        ("node_input_dim: 6", "node_input_dim: 40", &["node_input_dim", "40", "16"]),
        ("learning_rate: 0.05", "learning_rate: -1", &["learning_rate", "-1"]),
        ("node_type: dwn", "node_type: dwm", &["dwm", "dwn"]),
    ];
    for (good, bad, words) in cases {
        assert!(config.contains(good), "the shipped config has changed: {good}");
        let ended = train(&config.replace(good, bad));
        assert_eq!(ended.code, 2, "{bad}: {}", ended.stderr);
        for word in ["bad.yaml"].iter().chain(words) {
            assert!(ended.stderr.contains(word), "{bad}: no `{word}` in: {}", ended.stderr);
        }
    }
    assert!(!Path::new(&folder.path().join("m.safetensors")).exists());
}

#[cfg(feature = "train")]
#[test]
fn a_model_is_no_experiment_and_cannot_be_trained_further() {
    let folder = tempfile::tempdir().unwrap();
    let network =
        difflut::binarized::arbitrary::random_network(5, &difflut::binarized::arbitrary::NetworkShape::small());
    network.to_file().write(&folder.path().join("m.safetensors")).unwrap();
    let ended = program("difflut", folder.path(), &["train", "m.safetensors", "--out", "n.safetensors"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let message = "hold truth tables only and cannot be trained further";
    assert!(ended.stderr.contains("`m.safetensors` is a model") && ended.stderr.contains(message), "{}", ended.stderr);
    assert!(!folder.path().join("n.safetensors").exists());
}
