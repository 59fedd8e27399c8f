//! What every pass left of the core, layer by layer.

use serde::Serialize;

use crate::netlist::{Netlist, Section};
use crate::passes::{CoreParts, PassReport};

/// The core after a pass: the trained layers and the tables that combine comparators to encoded
/// bits. What the core was before is in the entry before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Name of the pass; `trained` for the core before the first one.
    pub pass: String,
    /// The round, from 1; 0 before the first pass.
    pub round: usize,
    /// Whether the pass found something to do.
    pub changed: bool,
    /// Tables, constants included.
    pub luts: usize,
    /// Those of the encoder; comparators are not in the core.
    pub encoder: usize,
    /// Those of each layer.
    pub layers: Vec<usize>,
    /// The largest level of a table of each layer: tables on the longest path to it, itself
    /// included, comparators not counted.
    pub layer_levels: Vec<u32>,
    /// Inputs of all tables.
    pub pins: usize,
    /// Tables on the longest path.
    pub depth: u32,
}

/// The core `trained` of `layers` layers, and what each of `reports` left of it.
pub(super) fn steps(trained: &Netlist, reports: &[PassReport], layers: usize) -> Vec<Step> {
    let step = |pass: &str, round, changed, pins, parts: &CoreParts| {
        let of = |section| parts.parts.get(&section).copied().unwrap_or_default();
        let of_layers = || (0..layers as u32).map(|layer| of(Section::Layer(layer)));
        Step {
            pass: pass.to_owned(),
            round,
            changed,
            luts: parts.parts.values().map(|part| part.tables).sum(),
            encoder: of(Section::Encoder).tables,
            layers: of_layers().map(|part| part.tables).collect(),
            layer_levels: of_layers().map(|part| part.level).collect(),
            pins,
            depth: parts.depth,
        }
    };
    let mut steps = vec![step("trained", 0, false, trained.pins(), &CoreParts::new(trained))];
    for report in reports {
        let changed = report.before != report.after;
        steps.push(step(report.pass, report.round, changed, report.after.pins, &report.parts));
    }
    steps
}
