//! A test bench from here, for Icarus Verilog: of artefacts that bring none, and with bubbles.

use askama::Template;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::netlist::{Design, DesignHead};

use super::checker::{Answer, CheckRequest, answers_from_hex, read_results, write_scratch};
use super::{Program, Run, ToolError};

/// Icarus Verilog's compiler and its simulator.
pub(super) static ICARUS: [Program; 2] = [
    Program { name: "iverilog", package: "iverilog", version_argument: "-V" },
    Program { name: "vvp", package: "iverilog", version_argument: "-V" },
];

/// One output port in the order in which results are written.
pub(super) struct OutputPort {
    /// Its name.
    pub(super) name: &'static str,
    /// Its bits.
    pub(super) width: usize,
}

/// The output ports of a design. Scores first: written one after the other they read as one
/// packed number with the class in the lowest bits.
pub(super) fn output_ports(design: &Design) -> Vec<OutputPort> {
    match &design.head {
        DesignHead::Bits => vec![OutputPort { name: "bits", width: design.core.outputs().len() }],
        DesignHead::Classes(head) => vec![
            OutputPort { name: "scores", width: head.score_bits() * head.groups.len() },
            OutputPort { name: "class_index", width: head.argmax().class_bits() },
        ],
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
    /// The stimulus of `request`, with bubbles when the artefact has a clock.
    pub(super) fn new(request: &CheckRequest<'_>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(request.vectors.vectors.len() as u64);
        let digits = request.design.input.width().div_ceil(4).max(1);
        // The top digit may have fewer bits than four; zero fits everywhere.
        let random = |rng: &mut ChaCha8Rng| -> String {
            let tail = (1..digits).filter_map(|_| char::from_digit(rng.random_range(0..16), 16));
            std::iter::once('0').chain(tail).collect()
        };
        let (mut text, mut is_vector) = (String::new(), Vec::new());
        for line in request.stimulus_hex().lines() {
            while request.latency > 0 && rng.random_ratio(1, 4) {
                text += &(random(&mut rng) + "\n");
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
    check: &str,
    options: &[&str],
    sources: &[&str],
) -> Result<Vec<Answer>, ToolError> {
    let [iverilog, vvp] = [ICARUS[0].require(check)?, ICARUS[1].require(check)?];
    let bubbles = Bubbles::new(request);
    let bench = Bench {
        module: request.identifier,
        input_width: request.design.input.width(),
        vectors: bubbles.cycles(),
        latency: request.latency as usize,
        outputs: output_ports(request.design),
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
    Ok(bubbles.keep(answers_from_hex(request.design, &read_results(request.folder)?)))
}
