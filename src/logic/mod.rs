//! Boolean functions: truth tables and packed bit matrices.
//!
//! Nothing here knows of graphs, files or names. The one convention of the whole crate is
//! written on [`TruthTable`]: input 0 is the least significant address bit.

mod bit_matrix;
mod evaluate;
mod rewire;
mod truth_table;

pub use bit_matrix::BitMatrix;
pub use truth_table::{MAX_INPUTS, TruthTable};
