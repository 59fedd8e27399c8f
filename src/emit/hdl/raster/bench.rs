//! The test bench of a streamed design.

use crate::emit::StreamRequest;
use crate::emit::hdl::bench::output_width;
use crate::emit::hdl::stream::{Field, Stream};
use crate::emit::hdl::top::Pin;
use crate::emit::notes::OutputBus;

use super::{FrameTiming, Raster};

/// Sends frames pixel by pixel, compares, prints `PASS` or `FAIL`.
pub(in crate::emit) struct RasterBench {
    pub(in crate::emit) notes: Vec<String>,
    pub(in crate::emit) name: String,
    pub(in crate::emit) vectors: usize,
    pub(in crate::emit) pixels: usize,
    pub(in crate::emit) input: Pin,
    pub(in crate::emit) results: Vec<Pin>,
    pub(in crate::emit) output_width: usize,
    pub(in crate::emit) class_bits: usize,
    pub(in crate::emit) timing: FrameTiming,
    pub(in crate::emit) stream: Option<Stream>,
    /// Cycles after which nothing of a frame is left.
    pub(in crate::emit) drain: usize,
}

impl RasterBench {
    /// The test bench for `raster`.
    pub(in crate::emit) fn new(request: &StreamRequest<'_>, raster: &Raster<'_>, notes: Vec<String>) -> Self {
        let outputs = raster.rest.settings.outputs;
        let class_bits = match raster.rest.facts.output {
            OutputBus::Classes { class_bits, .. } if outputs.class() => class_bits,
            _ => 0,
        };
        Self {
            notes,
            name: raster.name.clone(),
            vectors: request.vectors.vectors.len(),
            pixels: raster.timing.interval,
            input: raster.top.input,
            results: raster.top.results.clone(),
            output_width: output_width(raster.rest.facts.output, outputs),
            class_bits,
            timing: raster.timing,
            stream: raster.top.stream.clone(),
            drain: 2 * raster.timing.latency + 5,
        }
    }

    /// The fields of the result bus of a stream, highest first, as a line packs them.
    pub(in crate::emit) fn fields(&self) -> Vec<Field> {
        self.stream.iter().flat_map(|stream| stream.fields.iter().rev().copied()).collect()
    }

    /// What stands on a line of expected outputs, from the lowest bits.
    pub(in crate::emit) fn line(&self) -> &'static str {
        match (self.class_bits > 0, self.results.last().map(|pin| pin.name)) {
            (true, Some("scores")) => "the class in the lowest bits, the scores above it.",
            (true, _) => "the class.",
            (false, Some("scores")) => "the scores, class 0 in the lowest bits.",
            (false, _) => "output i in bit i.",
        }
    }
}
