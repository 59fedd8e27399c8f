//! The emitted C header, compiled strictly by gcc and run.

use askama::Template;

use crate::netlist::DesignHead;

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_decimal, write_scratch};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct CHeader;

static PROGRAMS: [Program; 1] = [Program { name: "gcc", package: "gcc", version_argument: "--version" }];

#[derive(Template)]
#[template(path = "verify/c_harness.c", escape = "none")]
struct Harness<'a> {
    header: String,
    name: &'a str,
    upper: String,
    classes: bool,
    score: &'static str,
}

impl Checker for CHeader {
    fn name(&self) -> &'static str {
        "gcc"
    }

    fn description(&self) -> &'static str {
        "compiles the C header with -std=c99 -Wall -Wextra -Wconversion -pedantic -Werror and runs it"
    }

    fn target(&self) -> &'static str {
        "c"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let gcc = PROGRAMS[0].require(self.name())?;
        let name = request.identifier;
        let harness = Harness {
            header: format!("{name}.h"),
            name,
            upper: name.to_uppercase(),
            classes: matches!(request.design.head, DesignHead::Classes(_)),
            score: match &request.design.head {
                DesignHead::Classes(head) if head.score_bits() > 16 => "uint32_t",
                _ => "uint16_t",
            },
        };
        write_scratch(request.folder, "harness.c", harness.render().unwrap_or_default().as_bytes())?;
        write_scratch(request.folder, "stimulus.txt", request.stimulus_decimal().as_bytes())?;
        Run::new(&gcc, request.folder, request.limit)
            .arguments(["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-O2"])
            .arguments(["-o", "harness", "harness.c"])
            .run()?;
        let output = Run::new(&request.folder.join("harness"), request.folder, request.limit)
            .input(request.folder.join("stimulus.txt"))
            .run()?;
        Ok(CheckRun { answers: answers_from_decimal(request, &output, "the compiled header")?, complaint: None })
    }
}
