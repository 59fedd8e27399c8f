//! The emitted Verilog and its own test bench in Icarus Verilog.

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_hex, read_results};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct Icarus;

static PROGRAMS: [Program; 2] = [
    Program { name: "iverilog", package: "iverilog", version_argument: "-V" },
    Program { name: "vvp", package: "iverilog", version_argument: "-V" },
];

impl Checker for Icarus {
    fn name(&self) -> &'static str {
        "icarus"
    }

    fn description(&self) -> &'static str {
        "simulates the Verilog with its self-checking test bench in Icarus Verilog"
    }

    fn target(&self) -> &'static str {
        "verilog"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let [iverilog, vvp] = [PROGRAMS[0].require(self.name())?, PROGRAMS[1].require(self.name())?];
        let sources = request.names_ending_in(".v");
        Run::new(&iverilog, request.folder, request.limit)
            .arguments(["-g2005", "-o", "simulation.vvp"])
            .arguments(sources)
            .run()?;
        let output = Run::new(&vvp, request.folder, request.limit)
            .arguments(["-n", "simulation.vvp", "+results=results.hex"])
            .run()?;
        let answers = answers_from_hex(request.design, request.outputs(self.target()), &read_results(request.folder)?);
        // The bench has to say what it found, in so many words, or it did not get to the end.
        let passed = format!("PASS {} vectors", request.vectors.vectors.len());
        if output.text.lines().any(|line| line == passed) {
            return Ok(CheckRun { answers, complaint: None });
        }
        match output.text.lines().find(|line| line.starts_with("FAIL")) {
            Some(line) => Ok(CheckRun { answers, complaint: Some(line.to_owned()) }),
            None => Err(output.garbage("vvp", format!("neither `{passed}` nor a line that starts with FAIL"))),
        }
    }
}
