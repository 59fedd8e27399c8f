//! Checks of data sets against a model, accuracies, and what is reported of an epoch.

use serde::{Deserialize, Serialize};

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

/// The samples that an accuracy was measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Those that the weights are fitted to, as they are without augmentation.
    Train,
    /// Those set aside by `validation_fraction`.
    Validation,
    /// The held-out data; nothing in a training depends on them.
    Test,
}

impl Part {
    /// Its name in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// What an epoch reached; a line of the metrics file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochReport {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Mean cross-entropy over its steps.
    pub loss: f64,
    /// Share of samples that the training scores got right, step by step.
    pub train_accuracy: f64,
    /// What `soft_accuracy` and `hard_accuracy` were measured on.
    pub measured_on: Part,
    /// By the training scores, after the epoch.
    pub soft_accuracy: f64,
    /// By the binarized network, after the epoch.
    pub hard_accuracy: f64,
    /// How much is lost by binarizing: soft less hard accuracy.
    pub gap: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// What the scores were divided by.
    pub output_tau: f64,
    /// Seconds that the epoch took, measuring included.
    pub seconds: f64,
    /// Samples per second in its steps.
    pub samples_per_second: f64,
}

/// One line of JSON per epoch.
pub fn json_lines(reports: &[EpochReport]) -> String {
    let line = |report| serde_json::to_string(report).map(|line| line + "\n").unwrap_or_default();
    reports.iter().map(line).collect()
}
