//! The training section: how the weights are found.

mod augmentation;
mod rate;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use augmentation::{Augmentation, Interpolation};
pub use rate::{Anneal, Schedule};

use super::ParameterError;

/// The optimizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerType {
    /// Adam (Kingma and Ba 2015) with beta1 0.9, beta2 0.999, epsilon 1e-8, no weight decay.
    #[default]
    Adam,
    /// AdamW (Loshchilov and Hutter 2019): the same, and every step takes `learning_rate *
    /// weight_decay` times the weight off it.
    Adamw,
}

/// Which weights a training ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those of the last epoch.
    #[default]
    Last,
    /// Those of the epoch with the best binarized accuracy on the validation part, the first of
    /// several.
    Best,
}

/// How the weights are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training data, 1 to 1000000.
    pub epochs: usize,
    /// Samples per step, 1 to 1000000; the last step of an epoch may have fewer.
    pub batch_size: usize,
    /// The largest step size, above 0 and at most 10.
    pub learning_rate: f64,
    /// The optimizer.
    #[serde(default)]
    pub optimizer: OptimizerType,
    /// Decay of the weights, 0 to 1; AdamW only, 0.01 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// Epochs after which the step schedule reduces the learning rate, each time; at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_epochs: Option<usize>,
    /// What it is multiplied by then, above 0 and at most 1; 0.1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_factor: Option<f64>,
    /// Where the cosine ends, 0 to `learning_rate`; 0 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate_end: Option<f64>,
    /// Epochs, not necessarily whole, in which the learning rate rises in even steps from zero
    /// to what the schedule says; 0 to `epochs`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub warmup_epochs: f64,
    /// Gradients of a larger Euclidean norm over all weights are scaled down to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_clip: Option<f64>,
    /// Share of the target that is spread evenly over all classes, 0 to below 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub label_smoothing: f64,
    /// `runtime.output_tau` over the epochs, in place of the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tau: Option<Anneal>,
    /// `runtime.temperature` over the epochs, in place of the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Anneal>,
    /// Share of the training samples of every class that is only measured, 0 to below 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub validation_fraction: f64,
    /// Which weights the training ends with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub keep: Keep,
    /// Epochs without a better binarized accuracy on the validation part after which the training
    /// ends; at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<usize>,
    /// Random changes of the training images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<Augmentation>,
    /// Seed of the order of the samples, the validation part and all noise.
    #[serde(default = "default_seed")]
    pub seed: u64,
}

fn default_seed() -> u64 {
    42
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl TrainingConfig {
    /// A training with everything else at its default.
    pub fn new(epochs: usize, batch_size: usize, learning_rate: f64) -> Self {
        Self {
            epochs,
            batch_size,
            learning_rate,
            optimizer: OptimizerType::default(),
            weight_decay: None,
            schedule: Schedule::default(),
            step_epochs: None,
            step_factor: None,
            learning_rate_end: None,
            warmup_epochs: 0.0,
            gradient_clip: None,
            label_smoothing: 0.0,
            output_tau: None,
            temperature: None,
            validation_fraction: 0.0,
            keep: Keep::default(),
            early_stopping: None,
            augmentation: None,
            seed: default_seed(),
        }
    }

    /// Checks every parameter, and that none is set that the others leave without effect.
    ///
    /// # Errors
    /// The first parameter that is out of range, with its value and what is allowed.
    pub fn check(&self) -> Result<(), ParameterError> {
        ParameterError::unless_in("training.epochs", self.epochs, 1..=1_000_000)?;
        ParameterError::unless_in("training.batch_size", self.batch_size, 1..=1_000_000)?;
        above_zero("training.learning_rate", Some(self.learning_rate), 10.0)?;
        if let Some(decay) = self.weight_decay {
            only("training.weight_decay", decay, self.optimizer == OptimizerType::Adamw, "`optimizer: adamw`")?;
            ParameterError::unless_in("training.weight_decay", decay, 0.0..=1.0)?;
        }
        if let Some(epochs) = self.step_epochs {
            only("training.step_epochs", epochs, self.schedule == Schedule::Step, "`schedule: step`")?;
            ParameterError::unless_in("training.step_epochs", epochs, 1..=1_000_000)?;
        } else if self.schedule == Schedule::Step {
            let allowed = "`schedule: step` needs the epochs between two reductions, for instance `step_epochs: 10`";
            return Err(ParameterError::new("training.step_epochs", "missing", allowed));
        }
        if let Some(factor) = self.step_factor {
            only("training.step_factor", factor, self.schedule == Schedule::Step, "`schedule: step`")?;
            above_zero("training.step_factor", Some(factor), 1.0)?;
        }
        if let Some(end) = self.learning_rate_end {
            only("training.learning_rate_end", end, self.schedule == Schedule::Cosine, "`schedule: cosine`")?;
            ParameterError::unless_in("training.learning_rate_end", end, 0.0..=self.learning_rate)?;
        }
        ParameterError::unless_in("training.warmup_epochs", self.warmup_epochs, 0.0..=self.epochs as f64)?;
        above_zero("training.gradient_clip", self.gradient_clip, 1e9)?;
        for (name, share) in [
            ("training.label_smoothing", self.label_smoothing),
            ("training.validation_fraction", self.validation_fraction),
        ] {
            if !(0.0..1.0).contains(&share) {
                return Err(ParameterError::new(name, share, "allowed are 0 to below 1"));
            }
        }
        for (name, anneal) in [("training.output_tau", &self.output_tau), ("training.temperature", &self.temperature)] {
            anneal.iter().try_for_each(|anneal| anneal.check(name))?;
        }
        let validated = self.validation_fraction > 0.0;
        let part = "a validation part (`validation_fraction: 0.1`), since the test samples must not decide";
        if self.keep == Keep::Best {
            only("training.keep", "best", validated, part)?;
        }
        if let Some(patience) = self.early_stopping {
            only("training.early_stopping", patience, validated, part)?;
            ParameterError::unless_in("training.early_stopping", patience, 1..=1_000_000)?;
        }
        self.augmentation.as_ref().map_or(Ok(()), Augmentation::check)
    }

    /// Sets parameters by name (without `training.`; dots lead into sections), all at once, so
    /// that the combination counts and not the way there.
    ///
    /// # Errors
    /// [`ParameterError`] for what does not exist and for values of the wrong type or out of
    /// range; nothing is changed then.
    pub fn set<'a>(&mut self, values: impl IntoIterator<Item = (&'a str, &'a Value)>) -> Result<(), ParameterError> {
        let mut changed = self.clone();
        for (key, value) in values {
            let name = format!("training.{key}");
            let wrong = |error: serde_json::Error| ParameterError::new(&name, value, error.to_string());
            let mut section = serde_json::to_value(&changed).map_err(wrong)?;
            let mut place = &mut section;
            for part in key.split('.') {
                if place.is_null() {
                    *place = Value::Object(serde_json::Map::new());
                }
                let Value::Object(inner) = place else {
                    return Err(ParameterError::new(&name, value, "there is no such parameter"));
                };
                place = inner.entry(part).or_insert(Value::Null);
            }
            *place = value.clone();
            changed = serde_json::from_value(section).map_err(wrong)?;
        }
        changed.check()?;
        *self = changed;
        Ok(())
    }
}

/// Refuses a parameter that has no effect here.
fn only(name: &str, found: impl ToString, holds: bool, needed: &str) -> Result<(), ParameterError> {
    if holds {
        return Ok(());
    }
    Err(ParameterError::new(name, found, format!("it takes effect only with {needed}; add that or remove this")))
}

fn above_zero(name: &str, found: Option<f64>, most: f64) -> Result<(), ParameterError> {
    match found {
        Some(found) if !(found > 0.0 && found <= most) => {
            Err(ParameterError::new(name, found, format!("allowed are numbers above 0 up to {most}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(extra: &str) -> Result<TrainingConfig, String> {
        let text = format!("{{epochs: 10, batch_size: 4, learning_rate: 0.1, {extra}}}");
        let config: TrainingConfig = serde_yaml::from_str(&text).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn a_short_section_has_the_defaults_and_is_written_short() {
        let config = parse("").unwrap();
        assert_eq!(config, TrainingConfig::new(10, 4, 0.1));
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(
            text,
            r#"{"epochs":10,"batch_size":4,"learning_rate":0.1,"optimizer":"adam","schedule":"constant","seed":42}"#
        );
    }

    #[test]
    fn parameters_out_of_range_and_without_effect_are_refused() {
        for (extra, expected) in [
            ("weight_decay: 0.1", "training.weight_decay is 0.1; it takes effect only with `optimizer: adamw`"),
            ("optimizer: adamw, weight_decay: 2", "training.weight_decay is 2; allowed are 0 to 1"),
            ("schedule: step", "training.step_epochs is missing; `schedule: step` needs"),
            ("schedule: step, step_epochs: 0", "training.step_epochs is 0; allowed are 1 to 1000000"),
            ("step_epochs: 3", "training.step_epochs is 3; it takes effect only with `schedule: step`"),
            ("schedule: cosine, learning_rate_end: 0.2", "training.learning_rate_end is 0.2; allowed are 0 to 0.1"),
            ("warmup_epochs: 11", "training.warmup_epochs is 11; allowed are 0 to 10"),
            ("gradient_clip: 0", "training.gradient_clip is 0; allowed are numbers above 0"),
            ("label_smoothing: 1", "training.label_smoothing is 1; allowed are 0 to below 1"),
            ("validation_fraction: .nan", "training.validation_fraction is NaN; allowed are 0 to below 1"),
            ("keep: best", "training.keep is best; it takes effect only with a validation part"),
            ("early_stopping: 3", "training.early_stopping is 3; it takes effect only with a validation part"),
            ("output_tau: {from: 0, to: 1}", "training.output_tau.from is 0; allowed are 0.000001 to 1000000"),
            ("augmentation: {shift: -1}", "training.augmentation.shift is -1; allowed are 0 to 64"),
            ("augmentation: {}", "training.augmentation is empty; it changes nothing"),
            ("augmentation: {interpolation: bilinear}", "training.augmentation is empty; it changes nothing"),
        ] {
            let message = parse(extra).unwrap_err();
            assert!(message.starts_with(expected), "{extra}: {message}");
        }
    }

    #[test]
    fn parameters_are_set_by_name_and_together() {
        let mut config = TrainingConfig::new(10, 4, 0.1);
        let step = Value::from("step");
        config.set([("schedule", &step), ("step_epochs", &3.into()), ("augmentation.shift", &2.into())]).unwrap();
        assert_eq!((config.schedule, config.augmentation.unwrap().shift), (Schedule::Step, 2.0));
        let before = config.clone();
        let message = config.set([("epoch", &3.into())]).unwrap_err().to_string();
        assert!(message.contains("training.epoch is 3; unknown field `epoch`"), "{message}");
        assert!(config.set([("epochs.x", &3.into())]).unwrap_err().to_string().contains("no such parameter"));
        assert!(config.set([("epochs", &0.into())]).is_err());
        assert_eq!(config, before);
    }
}
