//! The emitted Verilog, linted and compiled by Verilator, driven from C++.

use askama::Template;

use crate::emit::{EncoderOption, Interface, OutputSet};
use crate::netlist::{Design, DesignHead};

use super::bench::Bubbles;
use super::checker::{CheckRequest, CheckRun, Checker, answers_from_hex, read_results, write_scratch};
use super::{Program, Run, ToolError, frames};

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
    clock: &'static str,
    reset: &'static str,
    /// The level of the reset at which it resets.
    reset_active: u32,
    interface: Interface,
    input: &'static str,
    outputs: Vec<&'static str>,
    /// The results on the data bus of a stream: lowest bit and width, class first.
    fields: Vec<(usize, usize)>,
}

/// The same for pixels one after the other.
#[derive(Template)]
#[template(path = "verify/verilator_frames.cpp", escape = "none")]
struct FramesMain<'a> {
    main: &'a Main<'a>,
    /// Pixels of a frame.
    pixels: usize,
}

/// Where results lie on the data bus of a stream: each at the next whole byte.
fn fields(design: &Design, outputs: OutputSet) -> Vec<(usize, usize)> {
    let widths = match &design.head {
        DesignHead::Bits => vec![design.core.outputs().len()],
        DesignHead::Classes(head) => {
            let class = outputs.class().then(|| head.argmax().class_bits());
            let scores = head.groups.iter().filter(|_| outputs.scores()).map(|_| head.score_bits());
            class.into_iter().chain(scores).collect()
        }
    };
    let mut low = 0;
    let mut place = |width: usize| {
        let field = (low, width);
        low += width.next_multiple_of(8);
        field
    };
    widths.into_iter().map(&mut place).collect()
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
        let (module, outputs) = (request.identifier, request.outputs(self.target()));
        let sources = request.design_sources();
        // Others' files may be written in another style.
        let severity: &[&str] = if request.foreign { &["-Wno-lint", "-Wno-style", "-Wno-fatal"] } else { &["-Wall"] };
        Run::new(&verilator, request.folder, request.limit)
            .arguments(["--lint-only", "--top-module", module])
            .arguments(severity.iter().copied())
            .arguments(sources.iter().copied())
            .run()?;
        let bubbles = match request.frame {
            Some(frame) => Bubbles::frames(request, frames::stimulus(request, frame)),
            None => Bubbles::of_hardware(request),
        };
        let is_stream = request.options.hdl.interface == Interface::Axis;
        let main = Main {
            module,
            latency: request.latency,
            clocked: request.latency > 0,
            clock: if is_stream { "aclk" } else { "clk" },
            reset: if is_stream { "aresetn" } else { "rst" },
            reset_active: u32::from(!is_stream),
            // Scores first: together they read as one packed number, class in the lowest bits.
            outputs: match request.design.head {
                DesignHead::Bits => vec!["bits"],
                DesignHead::Classes(_) => {
                    let ports = [("scores", outputs.scores()), ("class_index", outputs.class())];
                    ports.into_iter().filter(|(_, is_output)| *is_output).map(|(port, _)| port).collect()
                }
            },
            interface: request.options.hdl.interface,
            input: if request.options.hdl.encoder == EncoderOption::On { "features" } else { "encoded" },
            fields: fields(request.design, outputs),
        };
        write_scratch(request.folder, "stimulus.hex", bubbles.text.as_bytes())?;
        let text = match request.frame {
            Some([_, height, width]) => FramesMain { main: &main, pixels: height * width }.render(),
            None => main.render(),
        };
        write_scratch(request.folder, "verilator_main.cpp", text.unwrap_or_default().as_bytes())?;
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
        let answers = bubbles.keep(answers_from_hex(request.design, outputs, &read_results(request.folder)?));
        Ok(CheckRun { answers, complaint: None })
    }
}
