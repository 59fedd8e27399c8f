//! Training over a grid of parameters: every combination once, resumable, into one table.

mod grid;
mod run;
mod table;

use std::path::PathBuf;

pub use grid::{Grid, Point};
pub use run::{Outcome, Sweep};
pub use table::{csv_table, text_table};

use crate::config::ConfigError;
use crate::data::DataError;
use crate::files::FileError;

/// A sweep that cannot start or cannot keep its results.
///
/// A combination that cannot be built or trained ends no sweep; it is a row with its error.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The grid or the base experiment is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data are wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A result cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The grid makes no sense.
    #[error("`{}`: {problem}", path.display())]
    Grid {
        /// The grid file.
        path: PathBuf,
        /// What is wrong and what is allowed.
        problem: String,
    },
}
