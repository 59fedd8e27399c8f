//! The training section: how the weights are found.

use serde::{Deserialize, Serialize};

use super::ParameterError;

/// The optimizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerType {
    /// Adam (Kingma and Ba 2015) with beta1 0.9, beta2 0.999, epsilon 1e-8, no weight decay.
    #[default]
    Adam,
}

/// How the learning rate changes over training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same for every step.
    #[default]
    Constant,
    /// Half a cosine from `learning_rate` at the first step down to zero behind the last.
    Cosine,
}

impl Schedule {
    /// The learning rate of step `step` of `steps` for the peak rate `peak`.
    pub fn rate(self, peak: f64, step: usize, steps: usize) -> f64 {
        match self {
            Self::Constant => peak,
            Self::Cosine => {
                let progress = step as f64 / steps.max(1) as f64;
                peak * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

/// How the weights are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training data, 1 to 1000000.
    pub epochs: usize,
    /// Samples per step, 1 to 1000000; the last step of an epoch may have fewer.
    pub batch_size: usize,
    /// Step size, above 0 and at most 10.
    pub learning_rate: f64,
    /// The optimizer.
    #[serde(default)]
    pub optimizer: OptimizerType,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// Seed of the order of the samples.
    #[serde(default = "default_seed")]
    pub seed: u64,
}

fn default_seed() -> u64 {
    42
}

impl TrainingConfig {
    /// Checks every parameter.
    ///
    /// # Errors
    /// The first parameter that is out of range, with its value and what is allowed.
    pub fn check(&self) -> Result<(), ParameterError> {
        ParameterError::unless_in("training.epochs", self.epochs, 1..=1_000_000)?;
        ParameterError::unless_in("training.batch_size", self.batch_size, 1..=1_000_000)?;
        if !(self.learning_rate > 0.0 && self.learning_rate <= 10.0) {
            return Err(ParameterError::new(
                "training.learning_rate",
                self.learning_rate,
                "allowed are numbers above 0 up to 10",
            ));
        }
        Ok(())
    }
}
