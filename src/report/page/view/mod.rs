//! The sections of the page: what stands in its tables and pictures.

mod behaviour;
mod model;
mod network;
mod size;
pub(super) mod streamed;

use crate::report::{ModelFacts, Report};

use super::chart::Chart;
use super::number::thousands;

use behaviour::{scores, timing};
use model::model;
use network::{tables, thresholds, wiring};
use size::{area, passes, resources};

/// A figure that is read first.
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) note: String,
}

/// A heading with what belongs to it.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What is counted, and which parts are inside.
    pub(super) intro: String,
    pub(super) charts: Vec<Chart>,
    pub(super) tables: Vec<Table>,
    /// Remarks below.
    pub(super) notes: Vec<String>,
}

/// A table; the first column is text, the others are numbers unless `text` says otherwise.
#[derive(Default)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// Shown only when opened.
    pub(super) folded: bool,
    /// All columns are text.
    pub(super) text: bool,
}

/// One line of a table.
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    /// `sum`, `part` or nothing.
    pub(super) class: &'static str,
}

fn row(cells: impl IntoIterator<Item = String>) -> Row {
    Row { cells: cells.into_iter().collect(), class: "" }
}

fn head(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn count(value: usize, unit: &str) -> String {
    format!("{} {unit}{}", thousands(value), if value == 1 { "" } else { "s" })
}

/// The colour of layer `index`; shades repeat after six.
fn layer_class(index: usize) -> String {
    format!("layer{}", index % 6)
}

/// How often the model is right, as its file says.
fn accuracy(model: &ModelFacts) -> Option<Tile> {
    model.recorded_accuracy.map(|accuracy| Tile {
        name: "Accuracy",
        value: format!("{:.2} %", 100.0 * accuracy),
        note: "of the tables on held-out samples, from the training record".to_owned(),
    })
}

/// The figures at the top.
pub(super) fn tiles(report: &Report) -> Vec<Tile> {
    let (after, timing) = (&report.after, &report.timing);
    let mut tiles = vec![
        Tile {
            name: "LUT6",
            value: thousands(after.total),
            note: format!(
                "encoder {}, core {}, head {}; by rule",
                thousands(after.encoder),
                thousands(after.core()),
                thousands(after.head)
            ),
        },
        Tile {
            name: "Flip-flops",
            value: thousands(timing.registers),
            note: format!("registers of the pipeline: {}", timing.pipeline),
        },
        Tile {
            name: "Latency",
            value: match timing.latency_cycles {
                0 => "0 cycles".to_owned(),
                cycles => count(cycles as usize, "cycle"),
            },
            note: match timing.initiation_interval {
                Some(_) => "a new input every cycle".to_owned(),
                None => "combinational".to_owned(),
            },
        },
        Tile {
            name: "Levels of logic",
            value: timing.levels.to_string(),
            note: format!("{} without carry chains; all parts", timing.lut_levels),
        },
    ];
    tiles.extend(accuracy(&report.model));
    for synthesis in &report.synthesis {
        if let Some(routed) = &synthesis.routed {
            tiles.push(Tile {
                name: "Fmax",
                value: format!("{:.1} MHz", routed.fmax_mhz),
                note: format!("{}, placed and routed", routed.device),
            });
        }
    }
    tiles
}

/// All sections in reading order.
pub(super) fn sections(report: &Report) -> Vec<Section> {
    let mut sections = vec![model(&report.model, &report.changes_of_function), area(report), passes(report)];
    sections.push(tables("encoder, core and head", &report.tables_before, &report.tables_after));
    sections.extend([wiring(report), thresholds(report), timing(report)]);
    let intro = "Lookup tables and flip-flops of the complete design: encoder, core and head.";
    sections.push(resources(intro, &report.estimates, &report.synthesis));
    sections.extend(report.scores.as_ref().map(scores));
    sections
}
