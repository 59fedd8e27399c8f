//! Labelled samples and the files they come from. Nothing here knows what a model is.

mod csv_file;
mod locate;

use std::path::PathBuf;

pub use csv_file::load_csv;
pub use locate::{DATA_PATH_VARIABLE, locate};

/// Labelled samples of real-valued features.
///
/// Invariant of [`load_csv`]: `features` has `rows * columns` finite values, `labels` has `rows`
/// entries and every label is below `classes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The name, for people: the file's stem.
    pub name: String,
    /// `rows x columns`, row-major.
    pub features: Vec<f32>,
    /// Number of samples.
    pub rows: usize,
    /// Number of features of a sample.
    pub columns: usize,
    /// The class of every sample.
    pub labels: Vec<u32>,
    /// One more than the largest label.
    pub classes: usize,
}

impl Dataset {
    /// The features of sample `row`, which must exist.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.features[row * self.columns..][..self.columns]
    }
}

/// Data that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file could not be opened or is not text.
    #[error("cannot read `{}`: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's or the CSV reader's reason.
        reason: String,
    },
    /// The header row has no column of labels or no column of features.
    #[error("`{}`, line 1: {problem}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong and what is expected.
        problem: String,
    },
    /// A row has too few or too many fields, or a field is not a number.
    #[error("`{}`, line {line}: {problem}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The column, what was found, what is allowed.
        problem: String,
    },
    /// There is a header but no sample.
    #[error("`{}` has a header and no samples; expected one line per sample", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}
