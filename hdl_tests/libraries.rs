//! The host C library, the Rust module and the drawing in the hands of their tools.

use std::path::Path;
use std::time::Duration;

use difflut::binarized::BinarizedNetwork;
use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::config::InputFormat;
use difflut::emit::{self, EmitOptions, EmitRequest, EmittedFile, Provenance, TestVectors};
use difflut::lower::{flatten, lower};
use difflut::passes::{Pipeline, optimize};
use difflut::verify::{self, CheckRequest, Verdict};

use crate::support::shapes::{classes, networks, vectors};
use crate::support::{check_design, program, root, run, run_silent, tool};

/// The files of `network` in a target, at an optimization level.
fn files(target: &str, network: &BinarizedNetwork, level: &str) -> Vec<EmittedFile> {
    let mut design = lower(network);
    optimize(&mut design, &Pipeline::level(level).unwrap()).unwrap();
    let provenance = Provenance {
        tool_version: "0.0.0".into(),
        model_sha256: "0".repeat(64),
        input_values: "value = code * 1 + 0".into(),
        scale: 1.0,
        offset: 0.0,
        tau: Some("2".into()),
    };
    let (flat, options, vectors) = (flatten(&design), EmitOptions::default(), TestVectors::default());
    let request =
        EmitRequest { design: &design, flat: &flat, provenance: &provenance, options: &options, vectors: &vectors };
    let target = emit::target(target).unwrap();
    let files = target.emit(&request).unwrap();
    assert_eq!(files, target.emit(&request).unwrap(), "the same request, the same bytes");
    files
}

fn write(folder: &Path, files: &[EmittedFile]) {
    for file in files {
        std::fs::write(folder.join(&file.name), &file.contents).unwrap();
    }
}

/// Every shape through a check; `which` of the shapes.
#[track_caller]
fn check_shapes(checker: &str, which: impl Fn(usize, &str) -> bool) {
    for (number, (shape, network)) in networks().into_iter().enumerate() {
        if which(number, shape) {
            let vectors = vectors(&network, 700);
            let verdict = check_design(checker, &network, &lower(&network), &vectors, &TestVectors::default());
            assert_eq!(verdict, Verdict::Equal { vectors: 700 }, "{shape}");
        }
    }
}

#[test]
fn gcc_builds_a_library_of_every_shape_that_agrees() {
    if tool("gcc_builds_a_library_of_every_shape_that_agrees", "gcc") {
        check_shapes("gcc-lib", |_, _| true);
    }
}

#[test]
fn clang_builds_libraries_that_agree() {
    if tool("clang_builds_libraries_that_agree", "clang") {
        check_shapes("clang-lib", |number, shape| number % 3 == 1 || shape.starts_with("constant"));
    }
}

#[test]
fn rustc_builds_a_module_of_every_shape_that_agrees() {
    if tool("rustc_builds_a_module_of_every_shape_that_agrees", "rustc") {
        check_shapes("rustc", |_, _| true);
    }
}

#[test]
fn drawings_of_small_shapes_are_the_network() {
    if tool("drawings_of_small_shapes_are_the_network", "dot") {
        check_shapes("graphviz", |_, shape| !["deep", "widest_table"].contains(&shape));
    }
}

/// A network of many layers and features, larger than one part of the program and than one
/// stretch of the input.
fn large() -> BinarizedNetwork {
    random_network(
        21,
        &NetworkShape {
            features: 300,
            input: InputFormat { bits: 10, signed: true, scale: 0.5, offset: 0.25 },
            bits_per_feature: 2,
            layers: vec![(2, 900), (6, 120), (4, 500)],
            head: classes(7),
        },
    )
}

#[test]
fn every_width_of_word_gives_the_same_and_sanitizers_find_nothing() {
    let test = "every_width_of_word_gives_the_same_and_sanitizers_find_nothing";
    if !tool(test, "gcc") {
        return;
    }
    let network = large();
    let folder = tempfile::tempdir().unwrap();
    let files = files("c-lib", &network, "2");
    write(folder.path(), &files);
    let name = emit::identifier(network.name());
    let upper = name.to_uppercase();
    let vectors = vectors(&network, 600);
    let numbers = |codes: &[i64]| codes.iter().map(|code| format!("{code},")).collect::<String>();
    let codes: String = vectors.vectors.iter().map(|vector| numbers(&vector.codes)).collect();
    let scores: String = vectors
        .vectors
        .iter()
        .map(|vector| numbers(&vector.scores.iter().map(|&score| i64::from(score)).collect::<Vec<_>>()))
        .collect();
    // Batches of all sizes about the number of lanes; exact places, so that a step beyond is seen.
    let main = format!(
        "#include <stdlib.h>
         #include <string.h>
         #include \"lib{name}.h\"
         static const {name}_feature_t codes[] = {{ {codes} }};
         static const {name}_score_t expected[] = {{ {scores} }};
         int main(void) {{
             static const size_t sizes[] = {{ 0, 1, 63, 64, 65, 127, 128, 129, 255, 257, 511, 513, 600 }};
             size_t i;
             for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {{
                 const size_t n = sizes[i], first = 600 - n;
                 {name}_feature_t *batch = malloc(n * {upper}_FEATURES * sizeof *batch + 1);
                 {name}_score_t *scores = malloc(n * {upper}_CLASSES * sizeof *scores + 1);
                 memcpy(batch, codes + first * {upper}_FEATURES, n * {upper}_FEATURES * sizeof *batch);
                 if ({name}_scores(batch, n, scores) != 0) return 2;
                 if (memcmp(scores, expected + first * {upper}_CLASSES, n * {upper}_CLASSES * sizeof *scores)) return 3;
                 free(batch);
                 free(scores);
             }}
             return 0;
         }}\n"
    );
    std::fs::write(folder.path().join("main.c"), main).unwrap();
    let sources: Vec<&str> = files.iter().map(|file| file.name.as_str()).filter(|name| name.ends_with(".c")).collect();
    let sanitize = "-fsanitize=address,undefined -fno-sanitize-recover=all";
    for (bytes, extra) in [(8, sanitize), (16, ""), (32, ""), (64, "")] {
        let flags = format!("-std=c99 -Wall -Wextra -Werror -Wno-psabi -D{upper}_WORD_BYTES={bytes} {extra}");
        run_silent(folder.path(), "gcc", &format!("{flags} -o main main.c {}", sources.join(" ")));
        run_silent(folder.path(), "./main", "");
    }
    // Without extensions of a compiler the codes are packed in plain C.
    let pedantic = "-std=c99 -Wall -Wextra -Wconversion -pedantic -Werror";
    run_silent(folder.path(), "gcc", &format!("{pedantic} -D{upper}_PLAIN_C -o main main.c {}", sources.join(" ")));
    run_silent(folder.path(), "./main", "");
}

#[test]
fn the_makefile_builds_both_libraries_and_cpp_includes_the_header() {
    let test = "the_makefile_builds_both_libraries_and_cpp_includes_the_header";
    if !["make", "gcc", "g++"].iter().all(|program| tool(test, program)) {
        return;
    }
    let (_, network) = networks().swap_remove(0);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files("c-lib", &network, "2"));
    let name = emit::identifier(network.name());
    let built = run(folder.path(), "make", "ARCH= CC=gcc");
    assert!(built.success, "{}", built.output);
    let main = format!(
        "#include \"lib{name}.h\"
         int main() {{ {name}_feature_t codes[3] = {{0}}; {name}_class_t c; return {name}_predict(codes, 1, &c); }}\n"
    );
    std::fs::write(folder.path().join("main.cpp"), main).unwrap();
    run_silent(folder.path(), "g++", &format!("-Wall -Wextra -Werror -o main main.cpp lib{name}.a"));
    run_silent(folder.path(), "./main", "");
    run_silent(folder.path(), "g++", &format!("-o shared main.cpp lib{name}.so"));
    assert!(run(folder.path(), "make", "clean").success);
    assert!(!folder.path().join(format!("lib{name}.so")).exists());
}

#[test]
fn a_library_whose_wide_words_differ_from_narrow_ones_is_found_out() {
    let test = "a_library_whose_wide_words_differ_from_narrow_ones_is_found_out";
    if !tool(test, "gcc") {
        return;
    }
    let (_, network) = networks().swap_remove(0);
    let design = lower(&network);
    let name = emit::identifier(network.name());
    let (right, vectors) = (files("c-lib", &network, "0"), vectors(&network, 300));
    let check = |change: &dyn Fn(&str) -> String| {
        let mut files = right.clone();
        let mut changed = false;
        for file in &mut files {
            let text = String::from_utf8(file.contents.clone()).unwrap();
            let new = change(&text);
            changed |= new != text;
            file.contents = new.into_bytes();
        }
        assert!(changed);
        let folder = tempfile::tempdir().unwrap();
        let request = CheckRequest {
            foreign: false,
            design: &design,
            reference: &design,
            files: &files,
            identifier: &name,
            latency: 0,
            frame: None,
            options: &EmitOptions::default(),
            vectors: &vectors,
            folder: folder.path(),
            limit: Duration::from_secs(300),
        };
        verify::check(verify::checker("gcc-lib").unwrap(), &request)
    };
    // Wrong only in words of 64 bits.
    let narrow = |text: &str| {
        let wrong = format!("greater & ({}_WORD_BYTES == 8 ? best[i] : best[i] ^ score[i])", name.to_uppercase());
        text.replace("greater & (best[i] ^ score[i])", &wrong)
    };
    match check(&narrow) {
        Ok(Verdict::TestBench { line }) => assert!(line.starts_with("words of 64 bits give other outputs"), "{line}"),
        other => panic!("{other:?}"),
    }
    // The last samples of a batch are lost.
    let short =
        |text: &str| text.replace("samples - first < 64 ? samples - first : 64", "samples - first < 64 ? 0 : 64");
    let error = check(&short).unwrap_err().to_string();
    assert!(error.contains("BATCHES of other sizes give other outputs"), "{error}");
    // A result more than asked for.
    let more = |text: &str| {
        text.replace("i < samples; i++) {\n                scores[", "i < samples + 1; i++) {\n                scores[")
    };
    let error = check(&more).unwrap_err().to_string();
    assert!(error.contains("BEHIND the outputs"), "{error}");
}

#[test]
fn digits_as_library_and_module_equal_inference() {
    let test = "digits_as_library_and_module_equal_inference";
    if !["gcc", "clang", "rustc"].iter().all(|program| tool(test, program)) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let arguments =
        ["digits", "--target", "c-lib,rust", "--check", "gcc-lib,clang-lib,rustc", "--out", out.to_str().unwrap()];
    let ended = program("difflut-export", &root(), &arguments);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stdout.matches(" equal on 1000 vectors").count(), 3, "{}", ended.stdout);
}

#[test]
fn a_large_network_is_not_drawn_and_the_message_says_how_large() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let ended = program("difflut-export", &root(), &["digits", "--target", "dot", "--out", out.to_str().unwrap()]);
    assert_eq!(ended.code, 2, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("a drawing has at most 300 nodes and this would have "), "{}", ended.stderr);
    assert!(!out.exists());
}
