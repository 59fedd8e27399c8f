//! Boolean functions: truth tables and packed bit matrices.
//!
//! Nothing here knows of graphs, files or names. The one convention of the whole crate is
//! written on [`TruthTable`]: input 0 is the least significant address bit.

mod bit_matrix;
mod evaluate;
mod rewire;
mod truth_table;
mod unseen;

pub use bit_matrix::{BitMatrix, pack_bits};
pub use evaluate::evaluate_word;
pub use truth_table::{MAX_INPUTS, TruthTable, VARIABLE};
