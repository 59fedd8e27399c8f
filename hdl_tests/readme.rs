//! The README and the pages under docs say what really happens: every `console` block is run.

use std::fs;
use std::path::Path;

use crate::support::{program, root, tool};

/// One command of a page and the output that the page shows.
struct Session {
    command: String,
    output: Vec<String>,
}

/// The commands of all blocks marked `console`: a line that starts with `$ ` and the lines after
/// it. A line `...` stands for any lines.
fn sessions(page: &str) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match (line.strip_prefix("$ "), sessions.last_mut()) {
                (Some(command), _) => sessions.push(Session { command: command.to_owned(), output: Vec::new() }),
                (None, Some(session)) => session.output.push(line.to_owned()),
                (None, None) => panic!("output before the first command: {line}"),
            },
        }
    }
    sessions
}

/// Whether `actual` is what `shown` says. Times differ from run to run and the numbers of a
/// training from machine to machine, so these match any others.
fn matches(shown: &[String], actual: &[String]) -> bool {
    match shown {
        [] => actual.is_empty(),
        [dots] if dots == "..." => true,
        [dots, rest @ ..] if dots == "..." => (0..=actual.len()).any(|skip| matches(rest, &actual[skip..])),
        [line, rest @ ..] => {
            actual.first().is_some_and(|first| fixed_part(first) == fixed_part(line)) && matches(rest, &actual[1..])
        }
    }
}

/// The line without a number of seconds in parentheses, and for what training reports without
/// digits.
fn fixed_part(line: &str) -> String {
    if ["epoch ", "binarized accuracy", "accuracy "].iter().any(|start| line.starts_with(start)) {
        let number = |c: char| c.is_ascii_digit() || c == '.';
        return line.split(number).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#");
    }
    match (line.rfind('('), line.ends_with(" s)")) {
        (Some(start), true) => line[..start].trim_end().to_owned(),
        _ => line.trim_end().to_owned(),
    }
}

/// The programs that a command's checks need.
fn needs(command: &str) -> Vec<&'static str> {
    let checks = [
        ("icarus", "iverilog"),
        ("verilator", "verilator"),
        ("ghdl", "ghdl"),
        ("yosys", "yosys"),
        ("formal", "yosys"),
        ("gcc", "gcc"),
        ("g++", "g++"),
        ("gcc-lib", "gcc"),
        ("clang-lib", "clang"),
        ("rustc", "rustc"),
        ("graphviz", "dot"),
    ];
    let Some(list) = command.split("--check ").nth(1).and_then(|rest| rest.split(' ').next()) else {
        return Vec::new();
    };
    checks
        .into_iter()
        .filter(|(check, _)| list == "all" || list.split(',').any(|name| name == *check))
        .map(|(_, tool)| tool)
        .collect()
}

fn run_page(test: &str, page: &Path, least: usize) {
    // A copy of what the commands read, so that a page cannot change the checkout.
    let folder = tempfile::tempdir().unwrap();
    for name in ["pretrained/feedforward", "pretrained/convnet", "examples/data"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
        for entry in fs::read_dir(root().join(name)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                fs::copy(entry.path(), folder.path().join(name).join(entry.file_name())).unwrap();
            }
        }
    }
    let sessions = sessions(&fs::read_to_string(page).unwrap());
    assert!(sessions.len() >= least, "{} shows {} commands, expected at least {least}", page.display(), sessions.len());
    for Session { command, output } in sessions {
        let words: Vec<&str> = command.split(' ').collect();
        let (name, arguments) = match words.as_slice() {
            ["scripts/test"] => continue, // this test is part of it
            ["cargo", "run", "--release", "--bin", name, "--", arguments @ ..] => (*name, arguments),
            [name @ ("difflut" | "difflut-export"), arguments @ ..] => (*name, arguments),
            _ => panic!("{}: no program of this package: {command}", page.display()),
        };
        if !needs(&command).into_iter().all(|program| tool(test, program)) {
            continue;
        }
        let ended = program(name, folder.path(), arguments);
        let printed: Vec<String> = (ended.stdout + &ended.stderr).lines().map(str::to_owned).collect();
        assert_eq!(ended.code, 0, "{command}\n{}", printed.join("\n"));
        assert!(
            matches(&output, &printed),
            "{}: `{command}` shows\n{}\nbut prints\n{}",
            page.display(),
            output.join("\n"),
            printed.join("\n")
        );
    }
}

#[test]
fn every_command_of_the_readme_does_what_it_shows() {
    run_page("every_command_of_the_readme_does_what_it_shows", &root().join("README.md"), 5);
}

#[test]
fn every_command_of_the_docs_does_what_it_shows() {
    for page in [
        "docs/fpga.md",
        "docs/embedded.md",
        "docs/libraries.md",
        "docs/training.md",
        "docs/report.md",
        "docs/verification.md",
    ] {
        run_page("every_command_of_the_docs_does_what_it_shows", &root().join(page), 1);
    }
}

#[test]
fn a_page_that_shows_something_else_would_be_noticed() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&lines("a\n...\nd"), &lines("a\nb\nc\nd")));
    assert!(matches(&lines("check gcc  equal  (0.1 s)"), &lines("check gcc  equal  (17.3 s)")));
    assert!(!matches(&lines("a\nb"), &lines("a\nc")));
    assert!(!matches(&lines("a"), &lines("a\nb")));
}
