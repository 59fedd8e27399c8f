//! The emitted C library, compiled strictly by gcc or clang for this processor and for 64-bit
//! words, and run on one batch and on batches of awkward sizes.

use askama::Template;

use crate::netlist::DesignHead;

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_decimal, write_scratch};
use super::{Program, Run, ToolError};

/// The check by one compiler.
#[derive(Debug)]
pub(super) struct CLib {
    name: &'static str,
    description: &'static str,
    programs: &'static [Program],
}

/// See the module.
pub(super) static GCC: CLib = CLib {
    name: "gcc-lib",
    description: "compiles the C library with -std=c99 -Wall -Wextra -pedantic -Werror and runs batches of many sizes",
    programs: &[Program { name: "gcc", package: "gcc", version_argument: "--version" }],
};

/// See the module.
pub(super) static CLANG: CLib = CLib {
    name: "clang-lib",
    description: "the same with clang",
    programs: &[Program { name: "clang", package: "clang", version_argument: "--version" }],
};

/// The option for the processor that the check runs on.
const NATIVE: &str = if cfg!(target_arch = "aarch64") { "-mcpu=native" } else { "-march=native" };

#[derive(Template)]
#[template(path = "verify/c_lib_harness.c", escape = "none")]
struct Harness<'a> {
    name: &'a str,
    upper: String,
    classes: bool,
}

impl Checker for CLib {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn target(&self) -> &'static str {
        "c-lib"
    }

    fn programs(&self) -> &'static [Program] {
        self.programs
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let compiler = self.programs[0].require(self.name)?;
        let (name, upper) = (request.identifier, request.identifier.to_uppercase());
        let classes = matches!(request.design.head, DesignHead::Classes(_));
        let harness = Harness { name, upper: upper.clone(), classes };
        // Templates lose the line's end that -Wnewline-eof wants.
        write_scratch(request.folder, "harness.c", (harness.render().unwrap_or_default() + "\n").as_bytes())?;
        write_scratch(request.folder, "stimulus.txt", request.stimulus_decimal().as_bytes())?;
        let sources = request.names_ending_in(".c");
        let run = |program: &str, word: &str| {
            Run::new(&compiler, request.folder, request.limit)
                .arguments(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O1", NATIVE])
                .arguments(word.split_whitespace())
                .arguments(["-o", program, "harness.c"])
                .arguments(sources.iter().copied())
                .run()?;
            Run::new(&request.folder.join(program), request.folder, request.limit)
                .input(request.folder.join("stimulus.txt"))
                .run()
        };
        let output = run("harness", "")?;
        if let Some(line) = output.text.lines().find(|line| line.starts_with("BATCHES") || line.starts_with("BEHIND")) {
            return Err(output.garbage(name, line.to_owned()));
        }
        let plain = run("harness64", &format!("-D{upper}_WORD_BYTES=8"))?;
        let complaint = (plain.text != output.text).then(|| {
            let differs = output.text.lines().zip(plain.text.lines()).position(|(wide, plain)| wide != plain);
            format!("words of 64 bits give other outputs, first for vector {}", differs.unwrap_or(0))
        });
        Ok(CheckRun { answers: answers_from_decimal(request, &output, "the compiled library")?, complaint })
    }
}
