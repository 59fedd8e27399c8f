//! Real samples for test vectors.

use std::path::Path;

use crate::data::{self, Dataset};
use crate::emit::TestVectors;
use crate::files::read_npy_matrix;
use crate::store::LoadedModel;

use super::CliError;

/// Feature rows and where they come from.
pub(super) struct Samples {
    /// One row of features a sample.
    pub(super) rows: Vec<Vec<f32>>,
    source: Option<String>,
    /// The vectors are these rows and nothing else.
    alone: bool,
}

impl Samples {
    /// Where the rows come from; `None` when there are none.
    pub(super) fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What the vectors are made of, for the report.
    pub(super) fn describe(&self, vectors: &TestVectors) -> String {
        let count = vectors.vectors.len();
        match &self.source {
            Some(source) if self.alone => format!("{count}: the rows of {source}"),
            Some(source) => format!("{count}: corners, samples of {source}, directed and random codes"),
            None => format!("{count}: corners, directed and random codes (no real samples: give them with --data)"),
        }
    }
}

/// The samples of `given`, or of the test data named in the model's training record when they
/// are found by name.
///
/// # Errors
/// When a file that was asked for cannot be read or has another number of features.
pub(super) fn load_samples(given: Option<&Path>, model: &LoadedModel) -> Result<Samples, CliError> {
    load(given, model, false)
}

/// The rows of a file that are to be the vectors themselves.
///
/// # Errors
/// As [`load_samples`]; also when the file has no rows.
pub(super) fn load_vectors(given: &Path, model: &LoadedModel) -> Result<Samples, CliError> {
    let samples = load(Some(given), model, true)?;
    if samples.rows.is_empty() {
        return Err(CliError::Usage(format!("`{}` has no rows: there is nothing to check with", given.display())));
    }
    Ok(samples)
}

fn load(given: Option<&Path>, model: &LoadedModel, alone: bool) -> Result<Samples, CliError> {
    let (rows, columns, source) = match given {
        // Features alone are enough here.
        Some(path) if path.extension().is_some_and(|extension| extension == "npy") => {
            let matrix = read_npy_matrix(path)?;
            (matrix.values, matrix.columns, path.display().to_string())
        }
        Some(path) => {
            let data = data::load(path, data::Split::Test, None)?;
            (data.features, data.columns, path.display().to_string())
        }
        None => match recorded_test_data(model) {
            Some(data) => (data.features, data.columns, data.name),
            None => return Ok(Samples { rows: Vec::new(), source: None, alone }),
        },
    };
    let features = model.network.features();
    if columns != features {
        return Err(CliError::Usage(format!(
            "`{source}` has {columns} features a row; the model `{}` takes {features}",
            model.network.name()
        )));
    }
    Ok(Samples { rows: rows.chunks(columns).map(<[f32]>::to_vec).collect(), source: Some(source), alone })
}

/// A data set that has another number of features by now is no longer the recorded one.
fn recorded_test_data(model: &LoadedModel) -> Option<Dataset> {
    let data = data::recorded(model.training.as_ref()?.get("test_data")?.as_str()?, None)?;
    (data.columns == model.network.features()).then_some(data)
}
