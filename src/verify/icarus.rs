//! The emitted Verilog and its own test bench in Icarus Verilog.

use super::bench::{Bubbles, ICARUS, has_plain_ports, simulate};
use super::checker::{CheckRequest, CheckRun, Checker, Verdict, answers_from_hex, compare, read_results};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct Icarus;

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
        &ICARUS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let outputs = request.outputs(self.target());
        let bench = |request: &CheckRequest<'_>| {
            let (bubbles, sources) = (Bubbles::of_hardware(request), request.design_sources());
            simulate(request, &bubbles, outputs, self.name(), &[], &sources)
        };
        if request.foreign {
            let answers = bench(request)?;
            return Ok(CheckRun { answers, complaint: None });
        }
        let [iverilog, vvp] = [ICARUS[0].require(self.name())?, ICARUS[1].require(self.name())?];
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
            // A pipeline once more, with pauses between the vectors.
            let equal = matches!(compare(request.vectors, outputs, &answers), Ok(Verdict::Equal { .. }));
            if request.latency > 0 && equal && has_plain_ports(request.options).is_ok() {
                let answers = bench(request)?;
                return Ok(CheckRun { answers, complaint: None });
            }
            return Ok(CheckRun { answers, complaint: None });
        }
        match output.text.lines().find(|line| line.starts_with("FAIL")) {
            Some(line) => Ok(CheckRun { answers, complaint: Some(line.to_owned()) }),
            None => Err(output.garbage("vvp", format!("neither `{passed}` nor a line that starts with FAIL"))),
        }
    }
}
