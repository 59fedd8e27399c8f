//! The emitted BLIF, read by yosys, written back as Verilog and simulated in Icarus.

use crate::emit::OutputSet;

use super::bench::{Bubbles, ICARUS, simulate};
use super::checker::{CheckRequest, CheckRun, Checker};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct YosysBlif;

static PROGRAMS: [Program; 3] =
    [Program { name: "yosys", package: "yosys", version_argument: "-V" }, ICARUS[0], ICARUS[1]];

impl Checker for YosysBlif {
    fn name(&self) -> &'static str {
        "yosys"
    }

    fn description(&self) -> &'static str {
        "reads the BLIF in yosys, writes it back as Verilog and simulates that in Icarus Verilog"
    }

    fn target(&self) -> &'static str {
        "blif"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let yosys = PROGRAMS[0].require(self.name())?;
        let module = request.identifier;
        // -wideports joins `features[0]`, `features[1]`, ... to one port.
        let script = format!(
            "read_blif -wideports {module}.blif; hierarchy -check -top {module}; write_verilog -noattr {module}_from_blif.v"
        );
        Run::new(&yosys, request.folder, request.limit).arguments(["-q", "-p", &script]).run()?;
        let answers = simulate(
            request,
            &Bubbles::none(request),
            OutputSet::Both,
            self.name(),
            &[],
            &[&format!("{module}_from_blif.v")],
        )?;
        Ok(CheckRun { answers, complaint: None })
    }
}
