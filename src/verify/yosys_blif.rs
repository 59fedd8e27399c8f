//! The emitted BLIF, read by yosys, written back as Verilog and simulated in Icarus.

use askama::Template;

use crate::netlist::DesignHead;

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_hex, read_results, write_scratch};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct YosysBlif;

static PROGRAMS: [Program; 3] = [
    Program { name: "yosys", package: "yosys", version_argument: "-V" },
    Program { name: "iverilog", package: "iverilog", version_argument: "-V" },
    Program { name: "vvp", package: "iverilog", version_argument: "-V" },
];

#[derive(Template)]
#[template(path = "verify/bench.v", escape = "none")]
struct Bench<'a> {
    module: &'a str,
    input_width: usize,
    vectors: usize,
    outputs: Vec<Port>,
}

struct Port {
    name: &'static str,
    width: usize,
}

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
        let [iverilog, vvp] = [PROGRAMS[1].require(self.name())?, PROGRAMS[2].require(self.name())?];
        let module = request.identifier;
        let bench = Bench {
            module,
            input_width: request.design.input.width(),
            vectors: request.vectors.vectors.len(),
            outputs: match &request.design.head {
                DesignHead::Bits => vec![Port { name: "bits", width: request.design.core.outputs().len() }],
                // Scores first: together they read as one packed number, class in the lowest bits.
                DesignHead::Classes(head) => vec![
                    Port { name: "scores", width: head.score_bits() * head.groups.len() },
                    Port { name: "class_index", width: head.argmax().class_bits() },
                ],
            },
        };
        write_scratch(request.folder, "bench.v", bench.render().unwrap_or_default().as_bytes())?;
        write_scratch(request.folder, "stimulus.hex", request.stimulus_hex().as_bytes())?;
        // -wideports joins `features[0]`, `features[1]`, ... to one port.
        let script = format!(
            "read_blif -wideports {module}.blif; hierarchy -check -top {module}; write_verilog -noattr {module}_from_blif.v"
        );
        Run::new(&yosys, request.folder, request.limit).arguments(["-q", "-p", &script]).run()?;
        Run::new(&iverilog, request.folder, request.limit)
            .arguments(["-g2005", "-s", "bench", "-o", "simulation.vvp", "bench.v", &format!("{module}_from_blif.v")])
            .run()?;
        let output = Run::new(&vvp, request.folder, request.limit).arguments(["-n", "simulation.vvp"]).run()?;
        let done = format!("done {}", request.vectors.vectors.len());
        if !output.text.lines().any(|line| line == done) {
            return Err(output.garbage("vvp", format!("no line `{done}`")));
        }
        Ok(CheckRun {
            answers: answers_from_hex(request.design, request.outputs(self.target()), &read_results(request.folder)?),
            complaint: None,
        })
    }
}
