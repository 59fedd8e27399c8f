//! The emitted VHDL and its own test bench in GHDL.

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_hex, read_results};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct Ghdl;

static PROGRAMS: [Program; 1] = [Program { name: "ghdl", package: "ghdl", version_argument: "--version" }];

impl Checker for Ghdl {
    fn name(&self) -> &'static str {
        "ghdl"
    }

    fn description(&self) -> &'static str {
        "simulates the VHDL with its self-checking test bench in GHDL"
    }

    fn target(&self) -> &'static str {
        "vhdl"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let ghdl = PROGRAMS[0].require(self.name())?;
        // Models of primitives first, the test bench last.
        let mut sources = request.names_ending_in(".vhd");
        let rank =
            |name: &str| usize::from(!name.ends_with("_primitives.vhd")) + usize::from(name.ends_with("_tb.vhd"));
        sources.sort_by_key(|name| rank(name));
        let top = format!("{}_tb", request.identifier);
        let run =
            |arguments: &[&str]| Run::new(&ghdl, request.folder, request.limit).arguments(arguments.iter().copied());
        run(&["-a", "--std=08"]).arguments(sources).run()?;
        run(&["-e", "--std=08", &top]).run()?;
        // Numbers that are not known yet are no news before the first results.
        let output = run(&["-r", "--std=08", &top, "--ieee-asserts=disable", "-gRESULTS=results.hex"]).run()?;
        let answers = answers_from_hex(request.design, request.outputs(self.target()), &read_results(request.folder)?);
        // The bench has to say what it found, in so many words, or it did not get to the end.
        let passed = format!("PASS {} vectors", request.vectors.vectors.len());
        if output.text.lines().any(|line| line == passed) {
            return Ok(CheckRun { answers, complaint: None });
        }
        match output.text.lines().find(|line| line.starts_with("FAIL")) {
            Some(line) => Ok(CheckRun { answers, complaint: Some(line.to_owned()) }),
            None => Err(output.garbage("ghdl", format!("neither `{passed}` nor a line that starts with FAIL"))),
        }
    }
}
