//! The optimization levels of the command line.

use super::constants::Constants;
use super::dead::Dead;
use super::duplicates::Duplicates;
use super::inverters::Inverters;
use super::support::Support;
use super::{PASSES, Pass};

/// A named pipeline.
#[derive(Clone, Copy)]
pub struct Level {
    /// Name on the command line: the `1` of `-O1`.
    pub name: &'static str,
    /// One sentence for help texts.
    pub description: &'static str,
    /// The passes of a round.
    pub passes: &'static [&'static dyn Pass],
    /// Whether [`optimize`](super::optimize) also runs
    /// [`reduce_thermometers`](super::reduce_thermometers).
    pub thermometers: bool,
}

/// The named pipelines, in the order of help texts.
pub static LEVELS: &[Level] = &[
    Level { name: "0", description: "One table per trained node, nothing optimized", passes: &[], thermometers: false },
    Level {
        name: "1",
        description: "What no target can be worse for: every pass but merge, to a fixed point",
        passes: O1,
        thermometers: false,
    },
    Level {
        name: "2",
        description: "Every pass, to a fixed point: the fewest LUT6, but wider tables",
        passes: PASSES,
        thermometers: false,
    },
    Level {
        name: "3",
        description: "Level 2, and tables forget what comparators of one feature cannot say together",
        passes: PASSES,
        thermometers: true,
    },
];

/// Without merging, since what FPGAs gain by wider tables processors and simulators lose.
static O1: &[&dyn Pass] = &[&Constants, &Support, &Inverters, &Duplicates, &Dead];
