//! The emitted C header, compiled strictly by gcc or clang and run.

use askama::Template;

use crate::netlist::{Design, DesignHead};

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_decimal, write_scratch};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct CHeader {
    name: &'static str,
    description: &'static str,
    programs: &'static [Program],
}

/// With gcc.
pub(super) static GCC: CHeader = CHeader {
    name: "gcc",
    description: "compiles the C header with -std=c99 -Wall -Wextra -Wconversion -pedantic -Werror and runs it",
    programs: &[Program { name: "gcc", package: "gcc", version_argument: "--version" }],
};

/// With clang; undefined behaviour, such as an index out of range, ends the program.
pub(super) static CLANG: CHeader = CHeader {
    name: "clang",
    description: "compiles the C header with clang's warnings as errors and its undefined-behaviour traps, and runs it",
    programs: &[Program { name: "clang", package: "clang", version_argument: "--version" }],
};

#[derive(Template)]
#[template(path = "verify/c_harness.c", escape = "none")]
struct Harness<'a> {
    header: String,
    name: &'a str,
    upper: String,
    classes: bool,
    score: &'static str,
    class: &'static str,
    /// Whether the functions for many samples are there, which then have to agree.
    batch: bool,
    vectors: usize,
}

/// The type of a score in the C header.
pub(super) fn score_type(design: &Design) -> &'static str {
    match &design.head {
        DesignHead::Classes(head) if head.score_bits() > 16 => "uint32_t",
        _ => "uint16_t",
    }
}

impl Checker for CHeader {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn target(&self) -> &'static str {
        "c"
    }

    fn programs(&self) -> &'static [Program] {
        self.programs
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let compiler = self.programs[0].require(self.name())?;
        // The trap needs no run-time library, which small installations of clang lack.
        let sanitize: &[&str] = match self.name {
            "clang" => &["-fsanitize=undefined,bounds", "-fsanitize-undefined-trap-on-error", "-O1"],
            _ => &["-O2"],
        };
        let name = request.identifier;
        let harness = Harness {
            header: format!("{name}.h"),
            name,
            upper: name.to_uppercase(),
            classes: matches!(request.design.head, DesignHead::Classes(_)),
            score: score_type(request.design),
            class: match &request.design.head {
                DesignHead::Classes(head) if head.groups.len() > 1 << 16 => "uint32_t",
                DesignHead::Classes(head) if head.groups.len() > 1 << 8 => "uint16_t",
                _ => "uint8_t",
            },
            batch: request.options.c.c_batch,
            vectors: request.vectors.vectors.len(),
        };
        // Templates lose the line's end that -Wnewline-eof wants.
        write_scratch(request.folder, "harness.c", (harness.render().unwrap_or_default() + "\n").as_bytes())?;
        write_scratch(request.folder, "stimulus.txt", request.stimulus_decimal().as_bytes())?;
        Run::new(&compiler, request.folder, request.limit)
            .arguments(["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"])
            .arguments(sanitize.iter().copied())
            .arguments(["-o", "harness", "harness.c"])
            .run()?;
        let output = Run::new(&request.folder.join("harness"), request.folder, request.limit)
            .input(request.folder.join("stimulus.txt"))
            .run()?;
        Ok(CheckRun { answers: answers_from_decimal(request, &output, "the compiled header")?, complaint: None })
    }
}
