//! What the programs print and how they end.

use std::fs;

use difflut::files::{read_npy_matrix, write_npy};
use difflut::store::LoadedModel;

#[cfg(unix)]
use crate::support::fake_tool;
use crate::support::{digits, program, root, tool};

/// The program ends with `code` and one error line that holds every one of `words`.
#[track_caller]
fn refuses(name: &str, arguments: &[&str], code: i32, words: &[&str]) {
    let ended = program(name, &root(), arguments);
    assert_eq!(ended.code, code, "{arguments:?}: {}", ended.stderr);
    for word in words {
        assert!(ended.stderr.contains(word), "{arguments:?}: no `{word}` in: {}", ended.stderr);
    }
}

#[test]
fn wrong_names_get_a_suggestion_and_the_list() {
    refuses("difflut-export", &["digit"], 2, &["no pretrained model `digit`", "did you mean `digits`?"]);
    refuses(
        "difflut-export",
        &["digits", "--target", "verlog"],
        2,
        &["no target `verlog`", "did you mean `verilog`?", "blif"],
    );
    refuses("difflut-export", &["digits", "--check", "icaros"], 2, &["no check `icaros`", "did you mean `icarus`?"]);
    refuses("difflut-export", &["digits", "--passes", "dups"], 2, &["no pass `dups`", "duplicates"]);
    refuses("difflut-export", &["digits", "-O9"], 2, &["no optimization level `9`"]);
    refuses("difflut-export", &["digits", "--lut-style", "rom"], 2, &["--lut-style", "rom", "primitive"]);
}

#[test]
fn a_check_without_its_target_says_which_target() {
    refuses("difflut-export", &["digits", "--check", "gcc"], 2, &["add `--target c`"]);
}

#[test]
fn what_cannot_be_streamed_says_why_and_what_to_do() {
    let streamed = |more: &[&str], parts: &[&str]| {
        let all = [&["digits_conv", "--convolution", "streaming"], more].concat();
        refuses("difflut-export", &all, 2, parts);
    };
    streamed(&[], &["add --interface valid or --interface axis"]);
    streamed(&["--interface", "valid", "--target", "vhdl"], &["is a form of the target verilog"]);
    streamed(&["--interface", "valid", "--check", "ghdl"], &["the check `ghdl`", "streaming", "verilog"]);
    streamed(&["--interface", "valid", "--check", "formal"], &["the check `formal` proves functions of codes"]);
    streamed(&["--interface", "axis", "--report", "r", "--image", "9x9"], &["81 pixels", "has 64 features"]);
    streamed(&["--interface", "valid", "--encoder", "off"], &["leave out --encoder off"]);
    streamed(&["--interface", "valid", "--calibrate", "x.csv"], &["--calibrate makes every position"]);
    refuses(
        "difflut-export",
        &["digits", "--convolution", "streaming", "--interface", "valid"],
        2,
        &["--convolution streaming of `digits`", "nothing in the network says that it has layers over images"],
    );
}

#[test]
fn a_missing_file_is_named() {
    refuses("difflut", &["info", "nowhere/model.safetensors"], 2, &["there is no file `nowhere/model.safetensors`"]);
    refuses("difflut", &["eval", "digits", "--data", "nowhere.csv"], 2, &["nowhere.csv"]);
}

#[test]
fn a_missing_tool_is_known_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_difflut-export"))
        .current_dir(root())
        .env("PATH", folder.path())
        .args(["digits", "--check", "icarus", "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.contains("`iverilog` is not on the PATH") && stderr.contains("apt-get install iverilog"),
        "{stderr}"
    );
    assert!(!out.exists());
}

/// Runs the export with a program on the PATH that stands in for a real tool.
#[cfg(unix)]
fn with_fake(tool: &str, script: &str, arguments: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    fake_tool(folder.path(), tool, script);
    let out = folder.path().join("out");
    let search = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_difflut-export"))
        .current_dir(root())
        .env("PATH", search)
        .args(arguments)
        .args(["--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[cfg(unix)]
#[test]
fn a_tool_that_crashes_hangs_or_prints_garbage_is_exit_code_3() {
    let check = ["digits", "--target", "c", "--check", "gcc"];
    let (code, _, stderr) = with_fake("gcc", "echo internal compiler error; exit 4", &check);
    assert!(code == 3 && stderr.contains("internal compiler error"), "{code}: {stderr}");
    let hang = [&check[..], &["--time-limit", "1"]].concat();
    let (code, _, stderr) = with_fake("gcc", "sleep 100", &hang);
    assert!(code == 3 && stderr.contains("did not end within 1 seconds"), "{code}: {stderr}");
    let fake_compiler = "printf '#!/bin/sh\\necho nonsense\\n' > harness; chmod +x harness";
    let (code, _, stderr) = with_fake("gcc", fake_compiler, &check);
    assert!(code == 3 && stderr.contains("no line `done 1000`"), "{code}: {stderr}");
}

#[cfg(unix)]
#[test]
fn a_difference_is_exit_code_1_with_the_first_vector() {
    // A compiler whose program answers class 0 and zero scores for everything.
    let fake_compiler = r#"cat > harness <<'END'
#!/bin/sh
n=0
while read -r line; do echo 0 0 0 0 0 0 0 0 0 0 0; n=$((n+1)); done
echo done $n
END
chmod +x harness"#;
    let (code, stdout, stderr) =
        with_fake("gcc", fake_compiler, &["digits", "--target", "c", "--check", "gcc", "--vectors", "20"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    for words in [
        "DIFFERENT on 20 of 20 vectors",
        "vector 0",
        "features  0 0 0",
        "expected  class",
        "got       class 0, scores 0",
    ] {
        assert!(stdout.contains(words), "no `{words}` in {stdout}");
    }
    assert!(stderr.contains("20 of 20 vectors differ from inference"), "{stderr}");
}

/// The whole way: what is emitted is changed between its writing and its simulation.
#[cfg(unix)]
#[test]
fn a_table_that_changes_in_the_emitted_verilog_is_exit_code_1() {
    if !tool("a_table_that_changes_in_the_emitted_verilog_is_exit_code_1", "iverilog") {
        return;
    }
    let iverilog = which::which("iverilog").unwrap();
    let emptied = "s/\\(localparam .* T_l1_n0 = [0-9]*\\).*/\\1'h0;/";
    let script = format!("sed -i \"{emptied}\" digits_core.v\nexec {} \"$@\"", iverilog.display());
    let (code, stdout, stderr) = with_fake("iverilog", &script, &["digits", "--check", "icarus", "--vectors", "300"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stdout.contains("of 300 vectors, first:\nvector ") && stdout.contains("\n  got       class "), "{stdout}");
    assert!(stderr.contains("vectors differ from inference"), "{stderr}");
}

#[test]
fn predict_writes_classes_scores_and_layers_that_agree_with_the_library() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let rows: Vec<f32> = (0..3 * 64).map(|i| (i * 7 % 17) as f32).collect();
    write_npy(&folder.path().join("x.npy"), &[3, 64], &rows).unwrap();
    let (x, classes, scores, layers) = (path("x.npy"), path("c.npy"), path("s.npy"), path("layers"));
    let arguments =
        ["predict", "digits", "--input", &x, "--classes", &classes, "--scores", &scores, "--layers", &layers];
    let ended = program("difflut", &root(), &arguments);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let network = LoadedModel::open(&digits()).unwrap().network;
    let read = |name: &str| read_npy_matrix(&folder.path().join(name)).unwrap();
    let bits = |bits: &[bool]| bits.iter().map(|&bit| f32::from(u8::from(bit))).collect::<Vec<_>>();
    for row in 0..3 {
        let outcome = network.predict(&rows[row * 64..][..64]);
        assert_eq!(read("c.npy").values[row], outcome.class.unwrap() as f32);
        let expected: Vec<f32> = outcome.scores.iter().map(|&score| score as f32).collect();
        assert_eq!(read("s.npy").values[row * 10..][..10], expected);
        assert_eq!(read("layers/encoded.npy").values[row * 256..][..256], bits(&outcome.encoded));
        assert_eq!(read("layers/layer0.npy").values[row * 400..][..400], bits(&outcome.layers[0]));
        assert_eq!(read("layers/layer1.npy").values[row * 200..][..200], bits(&outcome.layers[1]));
    }
}

#[test]
fn predict_refuses_another_number_of_features() {
    let folder = tempfile::tempdir().unwrap();
    write_npy(&folder.path().join("x.npy"), &[2, 3], &[0f32; 6]).unwrap();
    let x = folder.path().join("x.npy");
    refuses(
        "difflut",
        &["predict", "digits", "--input", x.to_str().unwrap()],
        2,
        &["has 3 features a row", "takes 64"],
    );
}

#[test]
fn the_report_file_holds_sizes_and_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let (out, report) = (folder.path().join("out"), folder.path().join("report.json"));
    let arguments = ["digits", "--out", out.to_str().unwrap(), "--report", report.to_str().unwrap()];
    assert_eq!(program("difflut-export", &root(), &arguments).code, 0);
    let report: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let file = &report["targets"][0]["files"][0];
    assert_eq!(file["name"], "digits.v");
    assert_eq!(file["bytes"].as_u64().unwrap(), fs::metadata(out.join("digits.v")).unwrap().len());
    assert!(report["after"]["total"].as_u64().unwrap() > 600);
}

#[test]
fn train_then_export_works_from_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["digits_train.csv", "digits_test.csv"] {
        fs::copy(root().join("examples/data").join(name), folder.path().join(name)).unwrap();
    }
    let config = fs::read_to_string(root().join("pretrained/feedforward/digits.yaml")).unwrap();
    fs::write(folder.path().join("my.yaml"), config.replace("../../examples/data/", "")).unwrap();
    let train = ["train", "my.yaml", "--out", "my.safetensors", "--epochs", "3"];
    let ended = program("difflut", folder.path(), &train);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let again = ["train", "my.yaml", "--out", "my.safetensors", "--epochs", "3"];
    let first = fs::read(folder.path().join("my.safetensors")).unwrap();
    assert_eq!(program("difflut", folder.path(), &again).code, 0);
    assert_eq!(fs::read(folder.path().join("my.safetensors")).unwrap(), first, "the same seed, the same bytes");
    let ended = program("difflut-export", folder.path(), &["my.safetensors", "--target", "c", "--out", "out"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let eval = program("difflut", folder.path(), &["eval", "my.safetensors", "--data", "digits_test.csv"]);
    assert!(eval.stdout.starts_with("accuracy "), "{}", eval.stdout);
}

#[test]
fn a_folder_of_ap_types_that_is_none_is_named() {
    if !tool("a_folder_of_ap_types_that_is_none_is_named", "g++") {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_difflut-export"))
        .current_dir(root())
        .env("DIFFLUT_AP_TYPES", "no/such/folder")
        .args(["digits", "--target", "hls", "--check", "g++", "--vectors", "20", "--out"])
        .arg(out.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.contains("no/such/folder/ap_int.h") && stderr.contains("DIFFLUT_AP_TYPES names the folder"),
        "{stderr}"
    );
}
