//! The optimization levels of the command line.

use super::Pass;
use super::constants::Constants;
use super::dead::Dead;
use super::duplicates::Duplicates;
use super::functional::Functional;
use super::inverters::Inverters;
use super::mapping::Map;
use super::reachable::Reachable;
use super::resubstitution::Resubstitution;
use super::support::Support;
use super::thermometer::Thermometer;

/// A named pipeline.
#[derive(Clone, Copy)]
pub struct Level {
    /// Name on the command line: the `1` of `-O1`.
    pub name: &'static str,
    /// One sentence for help texts.
    pub description: &'static str,
    /// The passes of a round.
    pub passes: &'static [&'static dyn Pass],
    /// Passes that run once the others have settled, as long as they make the netlist smaller;
    /// the others settle again behind them.
    pub finish: &'static [&'static dyn Pass],
    /// Whether hardware gets its comparators as tables of the core, for the passes to work on.
    pub expands_comparators: bool,
    /// Whether hardware whose comparators are tables has its counts gathered.
    pub gathers_counts: bool,
}

/// The named pipelines, in the order of help texts.
pub static LEVELS: &[Level] = &[
    Level {
        name: "0",
        description: "One table per trained node, nothing optimized",
        passes: &[],
        finish: &[],
        expands_comparators: false,
        gathers_counts: false,
    },
    Level {
        name: "1",
        description: "What no target can be worse for: no table gets wider",
        passes: O1,
        finish: &[],
        expands_comparators: false,
        gathers_counts: false,
    },
    Level {
        name: "2",
        description: "Level 1, what comparators of one feature cannot say together, and mapping to LUTs",
        passes: O2,
        finish: &[&Map],
        expands_comparators: false,
        gathers_counts: true,
    },
    Level {
        name: "3",
        description: "Level 2, and hardware has its comparators as tables, mapped together with their readers, equal functions are found by SAT, tables forget what their drivers never give and what no output notices, and neighbours are counted together",
        passes: O2,
        finish: &[&Reachable, &Functional, &Map, &Resubstitution],
        expands_comparators: true,
        gathers_counts: true,
    },
];

static O1: &[&dyn Pass] = &[&Constants, &Support, &Inverters, &Duplicates, &Dead];
static O2: &[&dyn Pass] = &[&Constants, &Thermometer, &Support, &Inverters, &Duplicates, &Dead];
