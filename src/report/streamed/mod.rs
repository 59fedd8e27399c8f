//! The report on a convolutional network through which pixels pass one after the other.

mod part;
mod rule;

pub use part::{PartEstimate, StreamedPart, streamed_parts};

use serde::Serialize;

use crate::binarized::BinarizedNetwork;
use crate::emit::FrameTiming;
use crate::lower::lower;
use crate::netlist::StreamedDesign;

use super::estimate::Estimate;
use super::synthesis::{FAMILIES, Synthesis};
use super::{ModelFacts, ModelSource, ScoreSamples, Scores};

/// The first number of the file's version; it changes when a field changes its meaning or goes.
const STREAMED_REPORT_VERSION: u32 = 1;

/// What a report on a streamed design is made of.
#[derive(Clone, Copy, Debug)]
pub struct StreamedRequest<'a> {
    /// The whole network.
    pub network: &'a BinarizedNetwork,
    /// Where it comes from.
    pub source: &'a ModelSource,
    /// The design of the parts after optimization.
    pub design: &'a StreamedDesign,
    /// What it is made of.
    pub parts: &'a [StreamedPart],
    /// Why a later convolution is unrolled in front of the dense layers, if one is.
    pub not_streamed: Option<&'a str>,
    /// How they were optimized, as on the command line.
    pub optimization: &'a str,
    /// When results come.
    pub timing: FrameTiming,
    /// `valid` or `axis`.
    pub interface: &'a str,
    /// Where registers stand in kernels and behind them, as on the command line.
    pub pipeline: &'a str,
    /// Inputs to look at scores for.
    pub samples: &'a ScoreSamples,
}

/// Everything about a streamed network as hardware; field by field what `report.json` holds.
///
/// Parts in the order of the data: the *encoder* of a pixel, for every convolution or pooling its
/// *window* (line buffers, counters, what masks the padding) and its *kernel*, the *image* that
/// collects the last positions, and *dense*, the layers behind with the head.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamedReport {
    /// Always `difflut-streamed-report`.
    pub format: &'static str,
    /// Changes when a field changes its meaning or goes.
    pub version: u32,
    /// Version of the program.
    pub difflut: String,
    /// How the parts were optimized.
    pub optimization: String,
    /// The model, whose layers are those of all positions.
    pub model: ModelFacts,
    /// Channels, height and width of an image.
    pub frame: [usize; 3],
    /// Clock cycles.
    pub timing: StreamedTiming,
    /// What it is made of.
    pub parts: Vec<StreamedPart>,
    /// Why a later convolution is unrolled in front of the dense layers, if one is.
    pub not_streamed: Option<String>,
    /// LUTs and flip-flops of all parts by family, by rule.
    pub estimates: Vec<Estimate>,
    /// LUTs, flip-flops and clock by family, by yosys and nextpnr; empty when they were not run.
    pub synthesis: Vec<Synthesis>,
    /// Score ranges; `None` for plain bits.
    pub scores: Option<Scores>,
    /// What the user let change the function, and what it did to the accuracy; empty when the
    /// design is the model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes_of_function: Vec<serde_json::Value>,
    /// Files of an export with their hashes; empty when nothing was exported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<serde_json::Value>,
    /// Milliseconds of each pass of each part that has passes: different every time, so only on request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub times_ms: Vec<Vec<f64>>,
}

/// Clock cycles of a streamed design at full rate, a pixel in every cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamedTiming {
    /// `valid` or `axis`.
    pub interface: String,
    /// Where registers stand in kernels and behind them.
    pub pipeline: String,
    /// Cycles from one image to the next.
    pub cycles_per_image: usize,
    /// Cycles from the first pixel of an image to its result.
    pub latency_cycles: usize,
    /// The same when no image follows.
    pub latency_alone_cycles: usize,
    /// Cycles from the last pixel of an image to its result; negative when the result needs no pixel of the
    /// last rows.
    pub behind_last_pixel_cycles: i64,
}

impl StreamedReport {
    /// The report on a streamed design and the network that it was made of.
    pub fn new(request: &StreamedRequest<'_>) -> Self {
        let StreamedRequest { network, design, parts, timing, .. } = *request;
        let FrameTiming { interval, latency, latency_alone } = timing;
        Self {
            format: "difflut-streamed-report",
            version: STREAMED_REPORT_VERSION,
            difflut: env!("CARGO_PKG_VERSION").to_owned(),
            optimization: request.optimization.to_owned(),
            model: ModelFacts::new(network, request.source),
            frame: design.frame,
            timing: StreamedTiming {
                interface: request.interface.to_owned(),
                pipeline: request.pipeline.to_owned(),
                cycles_per_image: interval,
                latency_cycles: latency,
                latency_alone_cycles: latency_alone,
                behind_last_pixel_cycles: timing.behind_last_pixel(),
            },
            estimates: estimates(parts),
            parts: parts.to_vec(),
            not_streamed: request.not_streamed.map(str::to_owned),
            synthesis: Vec::new(),
            scores: Scores::new(&lower(network), &design.rest, request.samples),
            changes_of_function: Vec::new(),
            targets: Vec::new(),
            times_ms: Vec::new(),
        }
    }

    /// The sum of a figure over all parts.
    pub fn sum(&self, of: impl Fn(&StreamedPart) -> usize) -> usize {
        self.parts.iter().map(of).sum()
    }

    /// The file, with a newline at its end.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// The estimates of all parts added up.
fn estimates(parts: &[StreamedPart]) -> Vec<Estimate> {
    let estimate = |family: &super::synthesis::Family| {
        let own = || parts.iter().flat_map(|part| &part.estimates).filter(|own| own.family == family.name);
        Estimate {
            family: family.name.to_owned(),
            lut: family.lut.to_owned(),
            luts: own().map(|own| own.luts).sum(),
            flip_flops: own().map(|own| own.flip_flops).sum(),
            rule: if family.lut_inputs == 6 { rule::RULE6 } else { rule::RULE4 }.to_owned(),
        }
    };
    FAMILIES.iter().map(estimate).collect()
}
