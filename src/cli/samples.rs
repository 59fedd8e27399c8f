//! Real samples for test vectors.

use std::path::{Path, PathBuf};

use crate::data::{load_csv, locate};
use crate::emit::TestVectors;
use crate::files::read_npy_matrix;
use crate::store::LoadedModel;

use super::CliError;

/// Feature rows and where they come from.
pub(super) struct Samples {
    /// One row of features a sample.
    pub(super) rows: Vec<Vec<f32>>,
    source: Option<PathBuf>,
}

impl Samples {
    /// What the vectors are made of, for the report.
    pub(super) fn describe(&self, vectors: &TestVectors) -> String {
        let count = vectors.vectors.len();
        match &self.source {
            Some(path) => format!("{count}: corners, samples of {} and random codes", path.display()),
            None => format!("{count}: corners and random codes (no real samples: give them with --data)"),
        }
    }
}

/// The samples of `given`, or of the test data named in the model's training record when they
/// are found by name.
///
/// # Errors
/// When a file that was asked for cannot be read or has another number of features.
pub(super) fn load_samples(given: Option<&Path>, model: &LoadedModel) -> Result<Samples, CliError> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => match recorded_test_data(model) {
            Some(path) => path,
            None => return Ok(Samples { rows: Vec::new(), source: None }),
        },
    };
    let (values, columns) = match path.extension().and_then(|extension| extension.to_str()) {
        Some("npy") => {
            let matrix = read_npy_matrix(&path)?;
            (matrix.values, matrix.columns)
        }
        _ => {
            let data = load_csv(&path)?;
            (data.features, data.columns)
        }
    };
    let features = model.network.features();
    if columns != features {
        return Err(CliError::Usage(format!(
            "`{}` has {columns} features a row; the model `{}` takes {features}",
            path.display(),
            model.network.name()
        )));
    }
    Ok(Samples { rows: values.chunks(columns).map(<[f32]>::to_vec).collect(), source: Some(path) })
}

fn recorded_test_data(model: &LoadedModel) -> Option<PathBuf> {
    locate(model.training.as_ref()?.get("test_data")?.as_str()?)
}
