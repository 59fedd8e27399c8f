//! A test bench from here, for Icarus Verilog: of artefacts that bring none, and with bubbles.

use askama::Template;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::emit::{EmitOptions, EncoderOption, Interface, OutputSet};
use crate::netlist::{Design, DesignHead};

use super::checker::{Answer, CheckRequest, answers_from_hex, read_results, write_scratch};
use super::{Program, Run, ToolError};

/// Icarus Verilog's compiler and its simulator.
pub(super) static ICARUS: [Program; 2] = [
    Program { name: "iverilog", package: "iverilog", version_argument: "-V" },
    Program { name: "vvp", package: "iverilog", version_argument: "-V" },
];

/// One output port in the order in which results are written.
struct OutputPort {
    /// Its name.
    name: &'static str,
    /// Its bits.
    width: usize,
}

/// The output ports of a design. Scores first: written one after the other they read as one
/// packed number with the class in the lowest bits.
fn output_ports(design: &Design, outputs: OutputSet) -> Vec<OutputPort> {
    match &design.head {
        DesignHead::Bits => vec![OutputPort { name: "bits", width: design.core.outputs().len() }],
        DesignHead::Classes(head) => {
            let scores = OutputPort { name: "scores", width: head.score_bits() * head.groups.len() };
            let class = OutputPort { name: "class_index", width: head.argmax().class_bits() };
            let ports = [(scores, outputs.scores()), (class, outputs.class())];
            ports.into_iter().filter(|(_, is_output)| *is_output).map(|(port, _)| port).collect()
        }
    }
}

/// Whether the artefact has the bare ports that the benches here drive: codes in, and an answer
/// a fixed number of cycles later.
///
/// # Errors
/// The end of a sentence on what it has instead.
pub(super) fn has_plain_ports(options: &EmitOptions) -> Result<(), &'static str> {
    match options.hdl.interface == Interface::Comb && options.hdl.encoder == EncoderOption::On {
        true => Ok(()),
        false => Err("drives codes into bare ports, not streams or valid bits, nor designs without encoder"),
    }
}

#[derive(Template)]
#[template(path = "verify/bench.v", escape = "none")]
struct Bench<'a> {
    module: &'a str,
    input_width: usize,
    vectors: usize,
    latency: usize,
    outputs: Vec<OutputPort>,
}

/// The vectors with cycles of random inputs between them, as a stream has when its source
/// pauses: whatever is in the pipeline then must not leak into the results.
pub(super) struct Bubbles {
    /// The stimulus, one line a cycle.
    pub(super) text: String,
    /// Which lines are vectors.
    is_vector: Vec<bool>,
}

impl Bubbles {
    /// Only the vectors, as codes.
    pub(super) fn none(request: &CheckRequest<'_>) -> Self {
        Self { text: request.stimulus_hex(), is_vector: vec![true; request.vectors.vectors.len()] }
    }

    /// Frames, pixel by pixel; one answer comes of each.
    pub(super) fn frames(request: &CheckRequest<'_>, text: String) -> Self {
        Self { text, is_vector: vec![true; request.vectors.vectors.len()] }
    }

    /// The stimulus of hardware, with bubbles when that is a pipeline with bare ports: other
    /// interfaces say themselves which inputs count.
    pub(super) fn of_hardware(request: &CheckRequest<'_>) -> Self {
        let pauses = request.latency > 0 && request.options.hdl.interface == Interface::Comb;
        let mut rng = ChaCha8Rng::seed_from_u64(request.vectors.vectors.len() as u64);
        let (mut text, mut is_vector) = (String::new(), Vec::new());
        for line in request.stimulus_of_hardware().lines() {
            while pauses && rng.random_ratio(1, 4) {
                // The top digit may have fewer bits than four; zero fits everywhere.
                let random = (1..line.len()).filter_map(|_| char::from_digit(rng.random_range(0..16), 16));
                text.extend(std::iter::once('0').chain(random));
                text.push('\n');
                is_vector.push(false);
            }
            text += line;
            text.push('\n');
            is_vector.push(true);
        }
        Self { text, is_vector }
    }

    /// Cycles, bubbles included.
    pub(super) fn cycles(&self) -> usize {
        self.is_vector.len()
    }

    /// The answers to the vectors among the answers to all cycles; all of them when their number
    /// is wrong, for the comparison to find.
    pub(super) fn keep(&self, answers: Vec<Answer>) -> Vec<Answer> {
        if answers.len() != self.is_vector.len() {
            return answers;
        }
        answers
            .into_iter()
            .zip(&self.is_vector)
            .filter(|(_, is_vector)| **is_vector)
            .map(|(answer, _)| answer)
            .collect()
    }
}

/// Simulates `sources`, whose top module is `request.identifier`, in Icarus Verilog.
pub(super) fn simulate(
    request: &CheckRequest<'_>,
    bubbles: &Bubbles,
    outputs: OutputSet,
    check: &str,
    options: &[&str],
    sources: &[&str],
) -> Result<Vec<Answer>, ToolError> {
    let [iverilog, vvp] = [ICARUS[0].require(check)?, ICARUS[1].require(check)?];
    let bench = Bench {
        module: request.identifier,
        input_width: request.design.input.width(),
        vectors: bubbles.cycles(),
        latency: request.latency as usize,
        outputs: output_ports(request.design, outputs),
    };
    write_scratch(request.folder, "bench.v", bench.render().unwrap_or_default().as_bytes())?;
    write_scratch(request.folder, "stimulus.hex", bubbles.text.as_bytes())?;
    let standard = if request.foreign { "-g2012" } else { "-g2005" };
    let compiled = Run::new(&iverilog, request.folder, request.limit)
        .arguments([standard, "-Wportbind", "-s", "bench", "-o", "bench.vvp", "bench.v"])
        .arguments(options.iter().copied())
        .arguments(sources.iter().copied())
        .run()?;
    // A port of another width is only a warning, and its bits would be cut or filled up.
    if let Some(line) = compiled.text.lines().find(|line| line.contains(" expects ") && line.contains(" bits, got ")) {
        return Err(compiled.garbage("iverilog", format!("a port has another width: {line}")));
    }
    let output = Run::new(&vvp, request.folder, request.limit).arguments(["-n", "bench.vvp"]).run()?;
    let done = format!("done {}", bubbles.cycles());
    if !output.text.lines().any(|line| line == done) {
        return Err(output.garbage("vvp", format!("no line `{done}`")));
    }
    Ok(bubbles.keep(answers_from_hex(request.design, outputs, &read_results(request.folder)?)))
}
