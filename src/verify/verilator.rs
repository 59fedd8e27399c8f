//! The emitted Verilog, linted and compiled by Verilator, driven from C++.

use askama::Template;

use crate::netlist::DesignHead;

use super::bench::Bubbles;
use super::checker::{CheckRequest, CheckRun, Checker, answers_from_hex, read_results, write_scratch};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct Verilator;

static PROGRAMS: [Program; 2] = [
    Program { name: "verilator", package: "verilator", version_argument: "--version" },
    Program { name: "g++", package: "g++", version_argument: "--version" },
];

/// Up to this many vectors a build without optimization is quicker altogether.
const FEW_VECTORS: usize = 50_000;

#[derive(Template)]
#[template(path = "verify/verilator_main.cpp", escape = "none")]
struct Main<'a> {
    module: &'a str,
    latency: u32,
    clocked: bool,
    outputs: &'static [&'static str],
}

impl Checker for Verilator {
    fn name(&self) -> &'static str {
        "verilator"
    }

    fn description(&self) -> &'static str {
        "lints the Verilog with -Wall and simulates it compiled by Verilator"
    }

    fn target(&self) -> &'static str {
        "verilog"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let verilator = PROGRAMS[0].require(self.name())?;
        PROGRAMS[1].require(self.name())?;
        let module = request.identifier;
        let sources = request.design_sources(&[]);
        // Others' files may be written in another style.
        let severity: &[&str] = if request.foreign { &["-Wno-lint", "-Wno-style", "-Wno-fatal"] } else { &["-Wall"] };
        Run::new(&verilator, request.folder, request.limit)
            .arguments(["--lint-only", "--top-module", module])
            .arguments(severity.iter().copied())
            .arguments(sources.iter().copied())
            .run()?;
        let bubbles = Bubbles::new(request);
        let main = Main {
            module,
            latency: request.latency,
            clocked: request.latency > 0,
            // Scores first: together they read as one packed number, class in the lowest bits.
            outputs: match request.design.head {
                DesignHead::Bits => &["bits"],
                DesignHead::Classes(_) => &["scores", "class_index"],
            },
        };
        write_scratch(request.folder, "stimulus.hex", bubbles.text.as_bytes())?;
        write_scratch(request.folder, "verilator_main.cpp", main.render().unwrap_or_default().as_bytes())?;
        // The build is nearly all of the time, so the compiler optimizes only where many vectors
        // follow; -O1 then builds fastest and also runs fastest for designs of this kind.
        let effort = if request.vectors.vectors.len() > FEW_VECTORS { "-O1" } else { "-O0" };
        Run::new(&verilator, request.folder, request.limit)
            .arguments(["--cc", "--exe", "--build", "-j", "2", "-O3", "--Mdir", "verilated"])
            .arguments(["-CFLAGS", effort, "-MAKEFLAGS", "OPT_GLOBAL=-O0"])
            .arguments(["-Wno-fatal", "--top-module", module, "verilator_main.cpp"])
            .arguments(sources)
            .run()?;
        let binary = request.folder.join("verilated").join(format!("V{module}"));
        let output = Run::new(&binary, request.folder, request.limit).run()?;
        let done = format!("done {}", bubbles.cycles());
        if !output.text.lines().any(|line| line == done) {
            return Err(output.garbage("the verilated model", format!("no line `{done}`")));
        }
        let answers = bubbles.keep(answers_from_hex(request.design, &read_results(request.folder)?));
        Ok(CheckRun { answers, complaint: None })
    }
}
