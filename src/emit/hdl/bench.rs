//! The test bench that comes with a design, before it is written in a language.

use crate::emit::EmitRequest;
use crate::emit::notes::{OutputBus, origin};

use super::stream::Field;
use super::top::Pin;
use super::{Hardware, Interface, OutputSet, Stream};

/// Applies the vectors, compares, prints `PASS` or `FAIL`.
///
/// With a valid bit or a stream, three rounds: a reset while inputs are on their way, all
/// vectors at full rate, and some of them with pauses (and back-pressure) at random.
pub(in crate::emit) struct Bench {
    pub(in crate::emit) notes: Vec<String>,
    pub(in crate::emit) name: String,
    pub(in crate::emit) vectors: usize,
    pub(in crate::emit) input: Pin,
    pub(in crate::emit) results: Vec<Pin>,
    pub(in crate::emit) output_width: usize,
    /// Number of classes when the scores are outputs, otherwise 0.
    pub(in crate::emit) scores: usize,
    /// Bits of the class when it is an output, otherwise 0.
    pub(in crate::emit) class_bits: usize,
    pub(in crate::emit) score_bits: usize,
    pub(in crate::emit) has_clock: bool,
    pub(in crate::emit) interface: Interface,
    pub(in crate::emit) latency: u32,
    pub(in crate::emit) stream: Option<Stream>,
}

impl Bench {
    /// The test bench for `hardware`.
    pub(in crate::emit) fn new(request: &EmitRequest<'_>, hardware: &Hardware<'_>) -> Self {
        let (facts, outputs) = (&hardware.facts, hardware.settings.outputs);
        let (scores, class_bits, score_bits) = match facts.output {
            OutputBus::Bits(_) => (0, 0, 1),
            OutputBus::Classes { classes, class_bits, score_bits } => {
                (if outputs.scores() { classes } else { 0 }, if outputs.class() { class_bits } else { 0 }, score_bits)
            }
        };
        Self {
            notes: origin(request, "self-checking test bench"),
            name: facts.name.clone(),
            vectors: request.vectors.vectors.len(),
            input: hardware.top.input,
            results: hardware.top.results.clone(),
            output_width: output_width(facts.output, outputs),
            scores,
            class_bits,
            score_bits,
            has_clock: hardware.pipeline.has_clock(),
            interface: hardware.settings.interface,
            latency: hardware.pipeline.latency(),
            stream: hardware.top.stream.clone(),
        }
    }

    /// What stands on a line of expected outputs, from the lowest bits.
    pub(in crate::emit) fn line(&self) -> &'static str {
        match (self.class_bits > 0, self.scores > 0) {
            (true, true) => "the class in the lowest bits, the scores above it.",
            (true, false) => "the class.",
            (false, true) => "the scores, class 0 in the lowest bits.",
            (false, false) => "output i in bit i.",
        }
    }

    /// The fields of the result bus of a stream, highest first, as a line packs them.
    pub(in crate::emit) fn fields(&self) -> Vec<Field> {
        self.stream.iter().flat_map(|stream| stream.fields.iter().rev().copied()).collect()
    }

    /// Whether there is a class or a score, not just bits.
    pub(in crate::emit) fn has_head(&self) -> bool {
        self.class_bits > 0 || self.scores > 0
    }
}

/// Bits of all results together, as test benches pack them.
pub(in crate::emit) fn output_width(output: OutputBus, outputs: OutputSet) -> usize {
    match output {
        OutputBus::Bits(bits) => bits,
        OutputBus::Classes { classes, class_bits, score_bits } => {
            (if outputs.class() { class_bits } else { 0 }) + (if outputs.scores() { classes * score_bits } else { 0 })
        }
    }
}
