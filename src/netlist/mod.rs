//! The netlist of lookup tables and the design around it.
//!
//! [`Netlist`] is the IR of the compiler: primary inputs, LUTs of up to sixteen inputs, primary
//! outputs. [`Design`] puts integer comparators in front of it and a word-level head behind it.
//! [`Schedule`] is the frozen view that every loop over all pins uses. [`validate`] lists what
//! must hold; every pass and every importer has to satisfy it.

#[cfg(test)]
pub(crate) mod arbitrary;
mod argmax;
mod argmax_chains;
mod design;
mod graph;
mod head;
mod pairs;
mod popcount;
mod popcount_chains;
mod schedule;
mod stats;
mod streamed;
mod table_pool;
mod validate;

pub use argmax::{Argmax, Contestant, Duel};
pub use argmax_chains::{ArgmaxBit, ArgmaxChains, ArgmaxTable, ChainDuel};
pub use design::{Comparator, Design, DesignError, DesignHead, FlatDesign, InputBus, Outputs};
pub use graph::{FanIns, Netlist, Node, NodeId, Section};
pub use head::{ClassHead, PartialCount, PartialCounts, PartialCountsError, Term};
pub use pairs::{SHARED_INPUTS, pair_tables, paired_lut6};
pub use popcount::{Carry, CountBit, Counter, CounterForm, Counting, Popcount, bits_for};
pub use schedule::Schedule;
pub use stats::{NetlistStats, SectionStats, lut6_cost};
pub use streamed::{StreamedBit, StreamedDesign, StreamedStep, Window};
pub use table_pool::{TableId, TablePool};
pub use validate::{ValidateError, validate};
