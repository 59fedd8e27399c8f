//! The emitted HLS C++, compiled by g++: its own test bench, and one from here.
//!
//! With the environment variable `DIFFLUT_AP_TYPES`, the folder of the vendor's open `ap_int.h`, the
//! integers have the exact widths of the hardware; without it they are the next plain ones.

use std::ffi::OsString;

use askama::Template;

use crate::netlist::DesignHead;

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_decimal, write_scratch};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct HlsCpp;

/// Names the folder of `ap_int.h`.
const AP_TYPES: &str = "DIFFLUT_AP_TYPES";

static PROGRAMS: [Program; 1] = [Program { name: "g++", package: "g++", version_argument: "--version" }];

#[derive(Template)]
#[template(path = "verify/hls_harness.cpp", escape = "none")]
struct Harness<'a> {
    header: String,
    name: &'a str,
    upper: String,
    classes: bool,
}

impl Checker for HlsCpp {
    fn name(&self) -> &'static str {
        "g++"
    }

    fn description(&self) -> &'static str {
        "compiles the HLS C++ and its test bench as ordinary C++17 and runs both"
    }

    fn target(&self) -> &'static str {
        "hls"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let gxx = PROGRAMS[0].require(self.name())?;
        let (name, folder) = (request.identifier, request.folder);
        let harness = Harness {
            header: format!("{name}.hpp"),
            name,
            upper: name.to_uppercase(),
            classes: matches!(request.design.head, DesignHead::Classes(_)),
        };
        write_scratch(folder, "harness.cpp", harness.render().unwrap_or_default().as_bytes())?;
        write_scratch(folder, "stimulus.txt", request.stimulus_decimal().as_bytes())?;
        let mut headers: Vec<OsString> = Vec::new();
        if let Some(types) = std::env::var_os(AP_TYPES).filter(|types| !types.is_empty()) {
            let types = std::path::absolute(&types)
                .map_err(|source| ToolError::Scratch { path: types.clone().into(), source })?;
            if !types.join("ap_int.h").is_file() {
                let source = std::io::Error::new(
                    std::io::ErrorKind::NotFound,
                    format!("no such file; {AP_TYPES} names the folder that holds it, or nothing"),
                );
                return Err(ToolError::Scratch { path: types.join("ap_int.h"), source });
            }
            headers = vec!["-isystem".into(), types.into()];
        }
        let compile = |arguments: &[&str]| {
            Run::new(&gxx, folder, request.limit)
                .arguments(["-std=c++17", "-O1", "-Wall", "-Wextra", "-Wno-unknown-pragmas"])
                .arguments(headers.clone())
                .arguments(arguments.iter().copied())
                .run()
        };
        compile(&["-c", "-o", "design.o", &format!("{name}.cpp")])?;
        compile(&["-o", "harness", "harness.cpp", "design.o"])?;
        compile(&["-o", "bench", &format!("{name}_tb.cpp"), "design.o"])?;
        let output =
            Run::new(&folder.join("harness"), folder, request.limit).input(folder.join("stimulus.txt")).run()?;
        let answers = answers_from_decimal(request, &output, "the compiled HLS function")?;
        // The bench has to say what it found, in so many words, or it did not get to the end.
        let (bench, _) = Run::new(&folder.join("bench"), folder, request.limit).run_to_end()?;
        let passed = format!("PASS {} vectors", request.vectors.vectors.len());
        let complaint = match bench.text.lines().find(|line| line.starts_with("FAIL")) {
            Some(line) => Some(line.to_owned()),
            None if bench.text.lines().any(|line| line == passed) => None,
            None => {
                return Err(
                    bench.garbage("the test bench", format!("neither `{passed}` nor a line that starts with FAIL"))
                );
            }
        };
        Ok(CheckRun { answers, complaint })
    }
}
