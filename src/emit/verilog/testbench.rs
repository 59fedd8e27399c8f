//! The test bench that comes with a design.

use askama::Template;

use crate::emit::EmitRequest;
use crate::emit::notes::{Facts, origin};

use super::pipeline::Pipeline;

/// Applies the vectors, compares, prints `PASS` or `FAIL`.
#[derive(Template)]
#[template(path = "verilog/testbench.v", escape = "none")]
pub(super) struct TestBench {
    notes: Vec<String>,
    name: String,
    vectors: usize,
    input_width: usize,
    output_width: usize,
    classes: usize,
    class_bits: usize,
    score_bits: usize,
    has_clock: bool,
    latency: u32,
}

impl TestBench {
    /// The test bench for the design of `request`.
    pub(super) fn new(request: &EmitRequest<'_>, facts: &Facts, pipeline: Pipeline) -> Self {
        Self {
            notes: origin(request, "self-checking test bench"),
            name: facts.name.clone(),
            vectors: request.vectors.vectors.len(),
            input_width: facts.input_width(),
            output_width: facts.output.width(),
            classes: facts.output.classes(),
            class_bits: facts.output.class_bits(),
            score_bits: facts.output.score_bits(),
            has_clock: pipeline.has_clock(),
            latency: pipeline.latency(request.design.depth()),
        }
    }
}
