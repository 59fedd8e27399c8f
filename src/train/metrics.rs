//! Checks of data sets against a model, and accuracies.

use super::TrainError;
use crate::data::Dataset;

/// Refuses a data set without samples, whose sizes contradict each other, with another number of features or with a label that the
/// model has no class for.
///
/// # Errors
/// [`TrainError`] with the data set, what was found and what is allowed.
pub fn check_dataset(data: &Dataset, features: usize, classes: usize) -> Result<(), TrainError> {
    if data.rows == 0 {
        return Err(TrainError::Empty { name: data.name.clone() });
    }
    if data.labels.len() != data.rows || data.rows.checked_mul(data.columns) != Some(data.features.len()) {
        return Err(TrainError::Shape {
            name: data.name.clone(),
            rows: data.rows,
            columns: data.columns,
            values: data.features.len(),
            labels: data.labels.len(),
        });
    }
    if data.columns != features {
        return Err(TrainError::Features { name: data.name.clone(), found: data.columns, expected: features });
    }
    match data.labels.iter().position(|&label| label as usize >= classes) {
        Some(row) => Err(TrainError::Label { name: data.name.clone(), row, label: data.labels[row], classes }),
        None => Ok(()),
    }
}

/// The share of entries that are equal, 0 for no entries.
pub fn share(found: &[u32], expected: &[u32]) -> f64 {
    let equal = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    if expected.is_empty() { 0.0 } else { equal as f64 / expected.len() as f64 }
}
