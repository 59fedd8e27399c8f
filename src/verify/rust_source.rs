//! The emitted Rust module, compiled by rustc with warnings denied, without the standard library
//! and with it, and run.

use askama::Template;

use crate::netlist::DesignHead;

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_decimal, write_scratch};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct Rustc;

static PROGRAMS: [Program; 1] = [Program { name: "rustc", package: "rustc", version_argument: "--version" }];

#[derive(Template)]
#[template(path = "verify/rust_harness.rs", escape = "none")]
struct Harness<'a> {
    name: &'a str,
    classes: bool,
}

impl Checker for Rustc {
    fn name(&self) -> &'static str {
        "rustc"
    }

    fn description(&self) -> &'static str {
        "compiles the Rust module with warnings denied, also as no_std, and compares single samples and batches"
    }

    fn target(&self) -> &'static str {
        "rust"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let rustc = PROGRAMS[0].require(self.name())?;
        let name = request.identifier;
        let classes = matches!(request.design.head, DesignHead::Classes(_));
        let harness = Harness { name, classes }.render().unwrap_or_default();
        // The network's own file may have any name but those that a crate root has.
        write_scratch(request.folder, "difflut_harness.rs", harness.as_bytes())?;
        let bare = format!(
            "#![no_std]\n#![deny(warnings)]\n#![forbid(unsafe_code)]\n#[path = \"{name}.rs\"]\npub mod network;\n"
        );
        write_scratch(request.folder, "difflut_no_std.rs", bare.as_bytes())?;
        write_scratch(request.folder, "stimulus.txt", request.stimulus_decimal().as_bytes())?;
        let compile = |arguments: &[&str]| {
            Run::new(&rustc, request.folder, request.limit)
                .arguments(["--edition=2021"])
                .arguments(arguments.iter().copied())
                .run()
        };
        compile(&["--crate-type=lib", "--emit=metadata", "difflut_no_std.rs"])?;
        compile(&["-Copt-level=1", "-o", "harness", "difflut_harness.rs"])?;
        let output = Run::new(&request.folder.join("harness"), request.folder, request.limit)
            .input(request.folder.join("stimulus.txt"))
            .run()?;
        if output.text.lines().any(|line| line.starts_with("BATCHES")) {
            return Err(output.garbage(name, "batches and single samples differ"));
        }
        Ok(CheckRun { answers: answers_from_decimal(request, &output, "the compiled module")?, complaint: None })
    }
}
