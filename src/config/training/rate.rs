//! Numbers that change over a training: the learning rate, tau, the temperature.

use serde::{Deserialize, Serialize};

use super::{ParameterError, TrainingConfig};

/// How the learning rate changes over training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same for every step.
    #[default]
    Constant,
    /// Times `step_factor` after every `step_epochs` epochs.
    Step,
    /// Half a cosine from `learning_rate` at the first step down to `learning_rate_end` behind
    /// the last.
    Cosine,
}

/// A number that moves from one value to another over the epochs, by the same factor from each
/// epoch to the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anneal {
    /// In the first epoch; 1e-6 to 1e6.
    pub from: f64,
    /// In the last epoch, and in the trained model; 1e-6 to 1e6.
    pub to: f64,
}

impl Anneal {
    pub(super) fn check(&self, name: &str) -> Result<(), ParameterError> {
        ParameterError::unless_in(&format!("{name}.from"), self.from, 1e-6..=1e6)?;
        ParameterError::unless_in(&format!("{name}.to"), self.to, 1e-6..=1e6)
    }

    /// The value in `epoch`, counted from 1, of `epochs`.
    pub fn at(&self, epoch: usize, epochs: usize) -> f64 {
        if epoch >= epochs {
            return self.to;
        }
        let progress = epoch.saturating_sub(1) as f64 / (epochs - 1) as f64;
        self.from * (self.to / self.from).powf(progress)
    }
}

impl TrainingConfig {
    /// The learning rate of step `step`, counted from 0 over the whole training, where an epoch
    /// has `steps` of them.
    ///
    /// During the warm-up of `w` steps it is `(step + 1) / w` of what the schedule says.
    pub fn rate(&self, step: usize, steps: usize) -> f64 {
        let peak = self.learning_rate;
        let scheduled = match self.schedule {
            Schedule::Constant => peak,
            Schedule::Step => {
                let done = step / steps.max(1) / self.step_epochs.unwrap_or(1).max(1);
                peak * self.step_factor.unwrap_or(0.1).powi(done.min(1_000_000) as i32)
            }
            Schedule::Cosine => {
                let progress = step as f64 / (steps * self.epochs).max(1) as f64;
                let end = self.learning_rate_end.unwrap_or(0.0);
                end + (peak - end) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        };
        let warmup = self.warmup_epochs * steps as f64;
        scheduled * if warmup > 0.0 { ((step + 1) as f64 / warmup).min(1.0) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(config: &TrainingConfig, steps: &[usize]) -> Vec<f64> {
        steps.iter().map(|&step| (config.rate(step, 10) * 1e9).round() / 1e9).collect()
    }

    #[test]
    fn schedules_have_the_rates_of_their_formulas() {
        let constant = TrainingConfig::new(4, 1, 0.2);
        assert_eq!(rates(&constant, &[0, 39]), [0.2, 0.2]);
        let step = TrainingConfig { schedule: Schedule::Step, step_epochs: Some(2), ..constant.clone() };
        assert_eq!(rates(&step, &[0, 19, 20, 39]), [0.2, 0.2, 0.02, 0.02]);
        let half = TrainingConfig { step_factor: Some(0.5), step_epochs: Some(1), ..step };
        assert_eq!(rates(&half, &[9, 10, 20, 30]), [0.2, 0.1, 0.05, 0.025]);
        let cosine = TrainingConfig { schedule: Schedule::Cosine, ..constant };
        assert_eq!(rates(&cosine, &[0, 20, 40]), [0.2, 0.1, 0.0]);
        let floored = TrainingConfig { learning_rate_end: Some(0.1), ..cosine };
        assert_eq!(rates(&floored, &[0, 20, 40]), [0.2, 0.15, 0.1]);
    }

    #[test]
    fn the_warm_up_rises_in_even_steps() {
        let config = TrainingConfig { warmup_epochs: 0.5, ..TrainingConfig::new(4, 1, 0.5) };
        assert_eq!(rates(&config, &[0, 1, 4, 5]), [0.1, 0.2, 0.5, 0.5]);
    }

    #[test]
    fn annealing_ends_where_it_says() {
        let anneal = Anneal { from: 8.0, to: 2.0 };
        let found: Vec<f64> = (1..=3).map(|epoch| anneal.at(epoch, 3)).collect();
        assert_eq!((found[0], found[2], anneal.at(1, 1)), (8.0, 2.0, 2.0));
        assert!((found[1] - 4.0).abs() < 1e-12);
    }
}
