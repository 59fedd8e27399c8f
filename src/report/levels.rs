//! How deep a design is and how long it takes.

use serde::Serialize;

use crate::netlist::{Design, DesignHead};

/// What the chosen target and options make of time. Filled in by whoever knows the target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipelining {
    /// Where registers stand, as on the command line.
    pub pipeline: String,
    /// Clock cycles from an input to its results; 0 when there are no registers.
    pub latency: u32,
    /// Bits of all registers.
    pub registers: usize,
}

/// Levels of logic and clock cycles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// Levels of the comparators.
    pub encoder_levels: u32,
    /// Levels of the lookup tables between comparators and head.
    pub core_levels: u32,
    /// Levels of the population counts.
    pub popcount_levels: u32,
    /// Levels of the search for the largest score.
    pub argmax_levels: u32,
    /// All of them: a table, an addition, a comparison and a selection are one level each.
    pub levels: u32,
    /// Levels when additions and comparisons are made of tables of up to six inputs too.
    pub lut_levels: u32,
    /// Where registers stand: `none`, `layers`, `auto` or the levels between them.
    pub pipeline: String,
    /// Clock cycles from an input to its results; 0 when there are no registers.
    pub latency_cycles: u32,
    /// Clock cycles from one input to the next; 1 with registers, `None` without a clock.
    pub initiation_interval: Option<u32>,
    /// Bits of all registers, without those of a streaming interface.
    pub registers: usize,
}

impl Timing {
    /// The timing of `design`, which has `lut_levels` levels as tables.
    pub(super) fn new(design: &Design, lut_levels: u32, pipelining: &Pipelining) -> Self {
        let (popcount_levels, argmax_levels) = match &design.head {
            DesignHead::Bits => (0, 0),
            DesignHead::Classes(head) => (head.popcount_depth(), head.argmax_depth()),
        };
        let encoder_levels = design.core_base_level();
        Self {
            encoder_levels,
            core_levels: design.core_level() - encoder_levels,
            popcount_levels,
            argmax_levels,
            levels: design.depth(),
            lut_levels,
            pipeline: pipelining.pipeline.clone(),
            latency_cycles: pipelining.latency,
            initiation_interval: (pipelining.latency > 0).then_some(1),
            registers: pipelining.registers,
        }
    }
}
