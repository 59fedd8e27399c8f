//! Rewrites that make a netlist smaller and preserve what it computes.
//!
//! A pass is one file and one line in [`PASSES`]. [`Pipeline`] runs passes to a fixed point and
//! checks what each of them returns; [`optimize`] does so for the core of a design, where passes
//! know what the comparators imply about each other, and removes those that nothing reads
//! afterwards.

mod constants;
mod copy;
mod dead;
mod duplicates;
mod equivalence;
mod error;
mod functional;
mod fuse_counts;
mod inverters;
mod levels;
mod mapping;
mod merge;
mod parts;
mod pipeline;
mod prune;
mod reachable;
mod resubstitution;
mod split_pairs;
mod support;
mod thermometer;

#[cfg(test)]
mod testing;

pub use equivalence::{Difference, find_difference, find_reachable_difference};
pub use error::PassError;
pub use levels::{LEVELS, Level};
pub use mapping::MapGoal;
pub use parts::{CoreParts, PartSize};
pub use pipeline::{PassReport, Pipeline, Size, gather_counts, optimize};
pub use prune::prune_inputs;
pub use split_pairs::split_pairs;

use crate::netlist::{Comparator, InputBus, Netlist, Schedule};

/// A rewrite that preserves the function of every primary output, on every assignment of the
/// primary inputs that can occur.
///
/// It keeps the primary inputs, read or not, the number and order of the primary outputs, and
/// the section of every node that survives. A pass cannot fail: an impossible situation is its
/// own mistake, which the checks of the [`Pipeline`] find.
pub trait Pass: Sync {
    /// Kebab-case name on the command line and in reports.
    fn name(&self) -> &'static str;

    /// One sentence for help texts.
    fn description(&self) -> &'static str;

    /// The rewritten netlist, or `None` when there is nothing to rewrite.
    fn run(&self, subject: &Subject<'_>) -> Option<Netlist>;
}

/// What a pass is given.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The netlist.
    pub netlist: &'a Netlist,
    /// Its schedule; shared between passes, since making it costs as much as many a pass.
    pub schedule: &'a Schedule,
    /// What drives the primary inputs, when it is known.
    pub facts: Option<Facts<'a>>,
    /// Choices of the user.
    pub options: &'a PassOptions,
}

/// The comparators in front of a core: not every assignment of its primary inputs occurs.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The integers that are compared.
    pub input: &'a InputBus,
    /// One comparator per primary input.
    pub comparators: &'a [Comparator],
}

/// Choices of the user that passes read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassOptions {
    /// Inputs of the LUTs to map to, 2 to 6.
    pub lut_inputs: usize,
    /// What mapping minimizes first.
    pub goal: MapGoal,
}

impl Default for PassOptions {
    fn default() -> Self {
        Self { lut_inputs: 6, goal: MapGoal::Area }
    }
}

/// Every pass that can be named, in the order of help texts.
pub static PASSES: &[&dyn Pass] = &[
    &constants::Constants,           // first: a known pin is a pin less for everything that follows
    &thermometer::Thermometer,       // drops pins that matter only for what never occurs
    &reachable::Reachable,           // the same through a window of tables, slower
    &support::Support,               // finds the pins that constants have made pointless
    &inverters::Inverters,           // makes nodes that differ by an inverter on a pin equal in form
    &duplicates::Duplicates,         // merges what has become equal
    &dead::Dead,                     // removes what nobody reads any more, so that it counts as no reader
    &functional::Functional,         // finds what is equal whatever its form
    &resubstitution::Resubstitution, // sees what readers do not notice, slower still
    &merge::Merge,                   // packs what is left; the others would find less in wide tables
    &mapping::Map,                   // last: covers everything anew
];

/// The pass of this name.
pub fn pass(name: &str) -> Option<&'static dyn Pass> {
    PASSES.iter().copied().find(|pass| pass.name() == name)
}
