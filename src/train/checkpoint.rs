//! The state of a training between two epochs, as one safetensors file.
//!
//! | tensor | meaning |
//! |---|---|
//! | `weights.<name>` | the weights, under the names of the model file |
//! | `optimizer.<name>.first`, `.second` | the moments of Adam |
//! | `best.<name>` | the weights of the best epoch, where that is asked for |
//! | `losses` | U64, the bits of every epoch's loss: JSON numbers may lose their last bit |
//!
//! The metadata hold `format`, `version`, `identity` (model, training and data that it belongs
//! to) and `state` (counters, random numbers drawn, reports). Wiring and encoder are not stored:
//! they follow from the identity.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{EpochReport, Optimizer, TrainError};
use crate::config::{ModelConfig, TrainingConfig};
use crate::data::Dataset;
use crate::files::{TensorFile, TensorFileWriter};
use crate::model::Trainable;

/// The `format` entry of a checkpoint's metadata.
pub const CHECKPOINT_FORMAT: &str = "difflut-checkpoint";
/// The `version` entry that this program reads and writes.
pub const CHECKPOINT_VERSION: &str = "1";

/// What a checkpoint belongs to. Two trainings of the same identity are the same to the bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    model: Value,
    training: Value,
    data: Value,
}

impl Identity {
    pub(super) fn new(model: &ModelConfig, training: &TrainingConfig, data: &Dataset) -> Result<Self, TrainError> {
        let json = |value: serde_json::Result<Value>| value.map_err(|error| candle_core::Error::Msg(error.to_string()));
        let mut hash = Sha256::new();
        hash.update(bytemuck::cast_slice(&data.features));
        hash.update(bytemuck::cast_slice(&data.labels));
        let sha256: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let data =
            serde_json::json!({"name": data.name, "samples": data.rows, "features": data.columns, "sha256": sha256});
        Ok(Self { model: json(serde_json::to_value(model))?, training: json(serde_json::to_value(training))?, data })
    }

    /// Every field in which a checkpoint's identity differs from this, with both values.
    fn differences(&self, found: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (name, found, ours) in [
            ("model", &found.model, &self.model),
            ("training", &found.training, &self.training),
            ("data", &found.data, &self.data),
        ] {
            compare(name, Some(found), Some(ours), &mut differences);
        }
        differences
    }
}

fn compare(path: &str, found: Option<&Value>, ours: Option<&Value>, differences: &mut Vec<String>) {
    if let (Some(Value::Object(found)), Some(Value::Object(ours))) = (found, ours) {
        let mut keys: Vec<&String> = found.keys().chain(ours.keys().filter(|key| !found.contains_key(*key))).collect();
        keys.sort();
        for key in keys {
            compare(&format!("{path}.{key}"), found.get(key), ours.get(key), differences);
        }
    } else if found != ours {
        let text = |value: Option<&Value>| value.map_or("not set".into(), Value::to_string);
        differences.push(format!("{path} is {} there and {} here", text(found), text(ours)));
    }
}

/// The best epoch so far.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub(super) epoch: usize,
    /// Its binarized accuracy on the validation part.
    pub(super) accuracy: f64,
    /// The weights; empty where only the number is needed.
    pub(super) weights: Vec<Vec<f32>>,
}

/// Everything that the next epoch depends on.
#[derive(Debug)]
pub(super) struct State {
    /// One per epoch that is done.
    pub(super) reports: Vec<EpochReport>,
    /// Of the noise: steps, and random words drawn.
    pub(super) position: (usize, u128),
    pub(super) best: Option<Best>,
}

/// The part of the state that goes into the metadata.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counters {
    reports: Vec<EpochReport>,
    step: usize,
    /// As text, since JSON numbers have no 128 bits.
    drawn: String,
    optimizer_steps: u64,
    /// Epoch and the bits of its accuracy.
    best: Option<(usize, u64)>,
}

pub(super) fn write(
    path: &Path,
    identity: &Identity,
    state: &State,
    weights: &[Trainable],
    optimizer: &Optimizer,
) -> Result<(), TrainError> {
    let json = |value: serde_json::Result<String>| value.map_err(|error| candle_core::Error::Msg(error.to_string()));
    let mut file = TensorFileWriter::new(CHECKPOINT_FORMAT, CHECKPOINT_VERSION);
    let counters = Counters {
        reports: state.reports.clone(),
        step: state.position.0,
        drawn: state.position.1.to_string(),
        optimizer_steps: optimizer.steps(),
        best: state.best.as_ref().map(|best| (best.epoch, best.accuracy.to_bits())),
    };
    file.metadata("identity", json(serde_json::to_string(identity))?);
    file.metadata("state", json(serde_json::to_string(&counters))?);
    for weight in weights {
        file.floats(&format!("weights.{}", weight.name), weight.values.dims(), &values(weight)?);
    }
    for (name, array) in optimizer.state() {
        file.floats(&format!("optimizer.{name}"), &[array.len()], array);
    }
    for (weight, values) in weights.iter().zip(state.best.iter().flat_map(|best| &best.weights)) {
        file.floats(&format!("best.{}", weight.name), weight.values.dims(), values);
    }
    let losses: Vec<u64> = state.reports.iter().map(|report| report.loss.to_bits()).collect();
    file.words("losses", &[losses.len()], &losses);
    Ok(file.write(path)?)
}

/// Reads a checkpoint and puts it into the weights and the optimizer.
///
/// # Errors
/// [`TrainError::OtherTraining`] and [`TrainError::File`]; the weights may have changed then.
pub(super) fn read(
    path: &Path,
    identity: &Identity,
    weights: &[Trainable],
    optimizer: &mut Optimizer,
) -> Result<State, TrainError> {
    let file = TensorFile::open(path)?;
    let format = file.format()?;
    if format != CHECKPOINT_FORMAT {
        let problem = format!("found `{format}`, expected `{CHECKPOINT_FORMAT}`");
        return Err(file.field_error("metadata entry `format`", problem).into());
    }
    file.check_version(CHECKPOINT_VERSION)?;
    let differences = identity.differences(&file.json("identity")?);
    if !differences.is_empty() {
        return Err(TrainError::OtherTraining { path: path.to_owned(), differences });
    }
    let mut counters: Counters = file.json("state")?;
    let losses = file.words("losses", &[counters.reports.len()])?;
    for (report, bits) in counters.reports.iter_mut().zip(losses) {
        report.loss = f64::from_bits(bits);
    }
    let in_state = |problem: String| file.field_error("metadata entry `state`", problem);
    let drawn = counters.drawn.parse().map_err(|_| in_state(format!("`drawn` is `{}`, no number", counters.drawn)))?;
    for weight in weights {
        let name = format!("weights.{}", weight.name);
        super::fit::set(weight, file.floats(&name, weight.values.dims())?)?;
    }
    optimizer.restore(counters.optimizer_steps, |name| {
        let name = format!("optimizer.{name}");
        let shape = file.shape(&name)?;
        Ok::<_, TrainError>(file.floats(&name, &shape)?)
    })?;
    let best = match counters.best {
        None => None,
        Some((epoch, accuracy)) => {
            let stored = |weight: &&Trainable| file.names().contains(&format!("best.{}", weight.name));
            let read = |weight: &Trainable| file.floats(&format!("best.{}", weight.name), weight.values.dims());
            let weights = weights.iter().filter(stored).map(read).collect::<Result<_, _>>()?;
            Some(Best { epoch, accuracy: f64::from_bits(accuracy), weights })
        }
    };
    Ok(State { reports: counters.reports, position: (counters.step, drawn), best })
}

/// The numbers of a weight, row-major.
pub(super) fn values(weight: &Trainable) -> Result<Vec<f32>, TrainError> {
    Ok(weight.values.flatten_all()?.to_vec1()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_fields_are_named_with_both_values() {
        let value = |text: &str| serde_json::from_str(text).unwrap();
        let identity = |model: &str, training: &str| Identity {
            model: value(model),
            training: value(training),
            data: Value::Null,
        };
        let there = identity(r#"{"widths":[4,2],"runtime":{"beta":0.5}}"#, r#"{"epochs":3,"seed":1}"#);
        let here = identity(r#"{"widths":[4,3],"runtime":{}}"#, r#"{"epochs":3,"seed":2}"#);
        assert_eq!(
            here.differences(&there),
            [
                "model.runtime.beta is 0.5 there and not set here",
                "model.widths is [4,2] there and [4,3] here",
                "training.seed is 1 there and 2 here",
            ]
        );
        assert!(here.differences(&here).is_empty());
    }
}
