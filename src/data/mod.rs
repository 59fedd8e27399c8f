//! Labelled samples and the files they come from. Nothing here knows what a model is.

mod cifar10;
mod csv_file;
mod idx_file;
mod images;
mod locate;
mod numpy;
mod source;

use std::path::{Path, PathBuf};

use crate::files::FileError;

pub use csv_file::load_csv;
pub use locate::{DATA_PATH_VARIABLE, locate};
pub use source::{Split, load, load_section, recorded};

/// Labels are class numbers; a network of more classes than this is not trained.
const MAX_LABEL: u32 = 65535;

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The entries of a folder, sorted; none when it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Labelled samples of real-valued features.
///
/// Invariant of [`load`] and [`load_csv`]: `features` has `rows * columns` finite values, `labels` has `rows`
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

    /// The samples of the given rows, which must exist.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            name: self.name.clone(),
            features: rows.iter().flat_map(|&row| self.row(row)).copied().collect(),
            rows: rows.len(),
            columns: self.columns,
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            classes: self.classes,
        }
    }

    /// At most the first `rows` samples.
    pub fn first(mut self, rows: usize) -> Self {
        self.rows = self.rows.min(rows);
        self.features.truncate(self.rows * self.columns);
        self.labels.truncate(self.rows);
        self
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
    /// A file or folder is not what its name or place says.
    #[error("`{}` {problem}", path.display())]
    Format {
        /// The file or folder.
        path: PathBuf,
        /// What it is, and what was expected.
        problem: String,
    },
    /// No data set of a name is found.
    #[error("there is no data set `{name}`: {remedy}")]
    NotFound {
        /// The name.
        name: String,
        /// Where it can be had, or which names there are.
        remedy: String,
    },
    /// An array file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
}
