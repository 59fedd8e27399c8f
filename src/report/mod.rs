//! Numbers about a design, as values that print themselves and serialize, and the report: one
//! JSON file for programs and one page for people.
//!
//! The same model, options and samples give the same bytes. What cannot be the same twice, the
//! time of the passes, is only in [`Report::times_ms`], which stays empty unless it is asked for.

mod design;
mod estimate;
mod levels;
mod lut4;
mod model;
mod page;
mod scores;
mod steps;
mod streamed;
pub mod synthesis;
mod tables;
mod thresholds;

pub use design::DesignReport;
pub use estimate::Estimate;
pub use levels::{Pipelining, Timing};
pub use model::{LayerFacts, ModelFacts, ModelSource};
pub use page::{page, streamed_page};
pub use scores::{ClassScores, ScoreSamples, Scores};
pub use steps::Step;
pub use streamed::{PartEstimate, StreamedPart, StreamedReport, StreamedRequest, StreamedTiming, streamed_parts};
pub use tables::{FanOut, TableCounts};
pub use thresholds::{Image, Thresholds};

use serde::Serialize;

use crate::binarized::BinarizedNetwork;
use crate::config::ImageShape;
use crate::lower::lower;
use crate::netlist::Design;
use crate::passes::{PassError, PassReport};

use synthesis::Synthesis;

/// The first number of the file's version; it changes when a field changes its meaning or goes.
pub const REPORT_VERSION: u32 = 1;

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct ReportRequest<'a> {
    /// The network.
    pub network: &'a BinarizedNetwork,
    /// Where it comes from.
    pub source: &'a ModelSource,
    /// The design after optimization.
    pub design: &'a Design,
    /// How it was optimized, as on the command line: `-O2`, `--passes support,dead`.
    pub optimization: &'a str,
    /// What the passes did.
    pub passes: &'a [PassReport],
    /// The time in hardware.
    pub pipelining: &'a Pipelining,
    /// The shape of the features, when the user says it.
    pub image: Option<ImageShape>,
    /// Inputs to look at scores for.
    pub samples: &'a ScoreSamples,
}

/// Everything about a model as hardware; field by field what `report.json` holds.
///
/// Parts: the *encoder* is the comparators and what combines them to encoded bits, the *core* the
/// trained layers, the *head* population counts and argmax. LUT6 are counted on the whole design
/// as one netlist of tables, adders and comparisons included, without carry chains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Always `difflut-report`.
    pub format: &'static str,
    /// See [`REPORT_VERSION`].
    pub version: u32,
    /// Version of the program.
    pub difflut: String,
    /// How the design was optimized.
    pub optimization: String,
    /// The model.
    pub model: ModelFacts,
    /// LUT6 by part before optimization: one table per trained node, every comparator.
    pub before: DesignReport,
    /// LUT6 by part after optimization.
    pub after: DesignReport,
    /// The core after each pass, and what the pass changed.
    pub passes: Vec<Step>,
    /// The tables of all parts before optimization.
    pub tables_before: Vec<TableCounts>,
    /// The tables of all parts after optimization.
    pub tables_after: Vec<TableCounts>,
    /// Readers of the signals in encoder and core before optimization, as they were trained.
    pub fan_out_before: Vec<FanOut>,
    /// The same after optimization.
    pub fan_out_after: Vec<FanOut>,
    /// Thresholds defined and used.
    pub thresholds: Thresholds,
    /// Levels, cycles and registers.
    pub timing: Timing,
    /// LUTs and flip-flops by family, by rule.
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
    /// Milliseconds of each entry of `passes`: different every time, so only on request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub times_ms: Vec<f64>,
}

impl Report {
    /// The report on a design and the network that it was made of.
    ///
    /// # Errors
    /// [`PassError`] when a pass broke the netlist while it was counted.
    pub fn new(request: &ReportRequest<'_>) -> Result<Self, PassError> {
        let ReportRequest { network, source, design, .. } = *request;
        let lowered = lower(network);
        let (mut before, flat_before) = DesignReport::unoptimized(&lowered);
        let (mut after, flat) = DesignReport::with_netlist(design)?;
        for report in [&mut before, &mut after] {
            report.name.clone_from(&design.name);
            report.layers.resize(network.layers().len().max(report.layers.len()), 0);
        }
        let declared = request.image.or_else(|| model::declared_image(source, network.features()));
        let image = declared.map(Image::declared).or_else(|| Image::guess(network.features()));
        Ok(Self {
            format: "difflut-report",
            version: REPORT_VERSION,
            difflut: env!("CARGO_PKG_VERSION").to_owned(),
            optimization: request.optimization.to_owned(),
            model: ModelFacts::new(network, source),
            estimates: estimate::estimates(&flat, &after, request.pipelining.registers),
            passes: steps::steps(&lowered.core, request.passes, network.layers().len()),
            tables_before: tables::table_counts(&flat_before),
            tables_after: tables::table_counts(&flat),
            fan_out_before: tables::fan_out(&lowered.core),
            fan_out_after: tables::fan_out(&design.core),
            thresholds: Thresholds::new(&lowered, design, image),
            timing: Timing::new(design, after.lut_depth, request.pipelining),
            synthesis: Vec::new(),
            scores: Scores::new(&lowered, design, request.samples),
            before,
            after,
            changes_of_function: Vec::new(),
            targets: Vec::new(),
            times_ms: Vec::new(),
        })
    }

    /// The file, with a newline at its end.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests;
