//! Rewrites that make a netlist smaller and preserve what it computes.
//!
//! A pass is one file and one line in [`PASSES`]. [`Pipeline`] runs passes to a fixed point and
//! checks what each of them returns; [`optimize`] does so for the core of a design, uses what the
//! comparators imply about each other and removes those that nothing reads afterwards.

mod constants;
mod copy;
mod dead;
mod duplicates;
mod equivalence;
mod error;
mod inverters;
mod levels;
mod merge;
mod pipeline;
mod prune;
mod support;
mod thermometer;

#[cfg(test)]
mod testing;

pub use equivalence::{Difference, find_difference};
pub use error::PassError;
pub use levels::{LEVELS, Level};
pub use pipeline::{PassReport, Pipeline, Size, optimize};
pub use prune::prune_inputs;
pub use thermometer::reduce_thermometers;

use crate::netlist::{Netlist, Schedule};

/// A rewrite that preserves the function of every primary output.
///
/// It keeps the primary inputs, read or not, the number and order of the primary outputs, and
/// the section of every node that survives. A pass cannot fail: an impossible situation is its
/// own mistake, which the checks of the [`Pipeline`] find.
pub trait Pass: Sync {
    /// Kebab-case name on the command line and in reports.
    fn name(&self) -> &'static str;

    /// One sentence for help texts.
    fn description(&self) -> &'static str;

    /// The rewritten netlist, or `None` when there is nothing to rewrite. `schedule` is that of
    /// `netlist`; the pipeline shares it between passes, since making it costs as much as many
    /// a pass.
    fn run(&self, netlist: &Netlist, schedule: &Schedule) -> Option<Netlist>;
}

/// Every pass that can be named, in the order of help texts.
pub static PASSES: &[&dyn Pass] = &[
    &constants::Constants,   // first: a known pin is a pin less for everything that follows
    &support::Support,       // finds the pins that constants have made pointless
    &inverters::Inverters,   // makes nodes that differ by an inverter on a pin equal in form
    &duplicates::Duplicates, // merges what has become equal
    &dead::Dead,             // removes what nobody reads any more, so that it counts as no reader
    &merge::Merge,           // last: packs what is left; the others would find less in wide tables
];

/// The pass of this name.
pub fn pass(name: &str) -> Option<&'static dyn Pass> {
    PASSES.iter().copied().find(|pass| pass.name() == name)
}
