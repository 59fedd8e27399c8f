//! How a model was made.

use serde::{Deserialize, Serialize};

use crate::config::TrainingConfig;

/// The training of a model, kept in its file. It holds no date and no thread count, so
/// that the same command gives the same file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRecord {
    /// The command line, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The training section.
    pub training: TrainingConfig,
    /// Name of the training data.
    pub train_data: String,
    /// Samples in it.
    pub train_samples: usize,
    /// Further samples of it that were only measured.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub validation_samples: usize,
    /// Name of the held-out data, where there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_data: Option<String>,
    /// Samples in it.
    #[serde(default)]
    pub test_samples: usize,
    /// The epoch whose weights these are, where it is not the last that was configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<usize>,
    /// Mean cross-entropy over the steps of that epoch.
    pub loss: f64,
    /// Accuracies after that epoch.
    pub accuracy: Accuracies,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Shares of correctly classified samples, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accuracies {
    /// By the training scores, on the training data.
    pub soft_train: f64,
    /// By the binarized network, on the training data.
    pub hard_train: f64,
    /// By the training scores, on the validation part of the training data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_validation: Option<f64>,
    /// By the binarized network, on the validation part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard_validation: Option<f64>,
    /// By the training scores, on held-out data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_test: Option<f64>,
    /// By the binarized network, on held-out data: the accuracy of the hardware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard_test: Option<f64>,
}
