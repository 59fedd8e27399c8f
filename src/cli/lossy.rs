//! `export --input-bits` and `--calibrate`: smaller hardware that is another function, with the
//! accuracy measured again.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::binarized::BinarizedNetwork;
use crate::data::{self, Dataset, Split};
use crate::files::read_npy_matrix;
use crate::infer::Engine;
use crate::store::LoadedModel;

use super::CliError;

/// Options of `export` that change the function.
#[derive(Debug, Args)]
pub(super) struct LossyArgs {
    /// Changes the function: integer inputs of N bits a feature instead of the model's, or `auto`
    /// for the fewest bits within --max-loss; the accuracy is measured again on --data
    #[arg(long, value_name = "N|auto")]
    input_bits: Option<String>,
    /// Accuracy in percent that `--input-bits auto` may lose
    #[arg(long, default_value_t = 0.5, value_name = "PERCENT")]
    max_loss: f64,
    /// Changes the function: tables forget inputs that never decide on these samples (.csv or
    /// .npy); the accuracy is measured again on --data
    #[arg(long, value_name = "FILE")]
    calibrate: Option<PathBuf>,
}

impl LossyArgs {
    /// Whether tables are to forget what samples never show.
    pub(super) fn calibrates(&self) -> bool {
        self.calibrate.is_some()
    }
}

/// A change of the function and what it did to the accuracy.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Lossy {
    /// What was changed.
    change: String,
    /// Share of the samples that were classified correctly before and after.
    accuracy_before: f64,
    accuracy_after: f64,
    /// Where the samples come from and how many they are.
    data: String,
    samples: usize,
}

impl std::fmt::Display for Lossy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "another function than the model's: {}\naccuracy {:.2} % -> {:.2} % on {} samples of {}",
            self.change,
            100.0 * self.accuracy_before,
            100.0 * self.accuracy_after,
            self.samples,
            self.data
        )
    }
}

/// Makes the changes that were asked for; `model.network` is then the changed network, which
/// everything else is exact about.
pub(super) fn apply(
    arguments: &LossyArgs,
    data: Option<&Path>,
    model: &mut LoadedModel,
) -> Result<Vec<Lossy>, CliError> {
    if arguments.input_bits.is_none() && arguments.calibrate.is_none() {
        return Ok(Vec::new());
    }
    let data = labelled(data, model)?;
    let before = accuracy(&model.network, &data)?;
    let mut changes = Vec::new();
    let mut record = |change: String, network: &BinarizedNetwork| -> Result<(), CliError> {
        let (data_name, samples) = (data.name.clone(), data.rows);
        let after = accuracy(network, &data)?;
        changes.push(Lossy { change, accuracy_before: before, accuracy_after: after, data: data_name, samples });
        Ok(())
    };
    if let Some(bits) = &arguments.input_bits {
        let old = model.network.input().bits;
        let narrow = match bits.as_str() {
            "auto" => fewest_bits(&model.network, &data, before - arguments.max_loss / 100.0)?,
            bits => with_bits(&model.network, bits, &data)?,
        };
        let network = narrow.unwrap_or_else(|| model.network.clone());
        let new = *network.input();
        record(
            format!("input codes of {} instead of {old} bits, value = code * {} + {}", new.bits, new.scale, new.offset),
            &network,
        )?;
        model.network = network;
    }
    if let Some(path) = &arguments.calibrate {
        let values = calibration(path, model)?;
        let samples = values.len() / model.network.features();
        let (network, removed) =
            model.network.calibrated(&values).map_err(|error| CliError::Usage(error.to_string()))?;
        let change =
            format!("{removed} table inputs gone that never decide on {samples} samples of {}", path.display());
        record(change, &network)?;
        model.network = network;
    }
    Ok(changes)
}

fn with_bits(network: &BinarizedNetwork, bits: &str, data: &Dataset) -> Result<Option<BinarizedNetwork>, CliError> {
    let old = network.input().bits;
    let refuse = || {
        CliError::Usage(format!(
            "--input-bits is `{bits}`; allowed are `auto` and 1 to {old}, the bits of the model's inputs"
        ))
    };
    let bits: u32 = bits.parse().map_err(|_| refuse())?;
    if bits == 0 || bits > old {
        return Err(refuse());
    }
    Ok(best_of(network, bits, data)?.map(|(network, _)| network))
}

/// The network of the fewest input bits whose accuracy is at least `least`, if there is one.
fn fewest_bits(network: &BinarizedNetwork, data: &Dataset, least: f64) -> Result<Option<BinarizedNetwork>, CliError> {
    for bits in 1..network.input().bits {
        if let Some((narrow, accuracy)) = best_of(network, bits, data)?
            && accuracy >= least
        {
            return Ok(Some(narrow));
        }
    }
    Ok(None)
}

/// The network for codes of `bits` bits with the step and offset of the best accuracy, the largest
/// step where several are best; `None` when the codes have no more bits already.
fn best_of(network: &BinarizedNetwork, bits: u32, data: &Dataset) -> Result<Option<(BinarizedNetwork, f64)>, CliError> {
    let mut best: Option<(BinarizedNetwork, f64)> = None;
    for doublings in (0..=network.input().bits.saturating_sub(bits)).rev() {
        for middle in [false, true] {
            let narrow = network.with_input_bits(bits, doublings, middle);
            let Some(narrow) = narrow.map_err(|error| CliError::Usage(error.to_string()))? else { continue };
            let accuracy = accuracy(&narrow, data)?;
            if best.as_ref().is_none_or(|(_, most)| accuracy > *most) {
                best = Some((narrow, accuracy));
            }
        }
    }
    Ok(best)
}

/// Values rounded to the integers of the hardware.
fn rounded(network: &BinarizedNetwork, values: &[f32]) -> Vec<f32> {
    let format = network.input();
    values.iter().map(|&value| format.value(format.nearest_code(value))).collect()
}

fn accuracy(network: &BinarizedNetwork, data: &Dataset) -> Result<f64, CliError> {
    let predictions = Engine::new(network).predict(&rounded(network, &data.features), false);
    let correct = predictions.classes.iter().zip(&data.labels).filter(|(class, label)| class == label).count();
    Ok(correct as f64 / data.rows.max(1) as f64)
}

/// The labelled samples of `--data` or of the model's training record.
fn labelled(given: Option<&Path>, model: &LoadedModel) -> Result<Dataset, CliError> {
    let network = &model.network;
    let need = "--input-bits and --calibrate change the function, so the accuracy has to be measured again";
    if network.head().classes() == 0 {
        return Err(CliError::Usage(format!(
            "{need}; the model `{}` ends in plain bits and has no classes",
            network.name()
        )));
    }
    let recorded = || data::recorded(model.training.as_ref()?.get("test_data")?.as_str()?, None);
    let data = match given {
        Some(path) => data::load(path, Split::Test, None)?,
        None => recorded()
            .filter(|data| data.columns == network.features())
            .ok_or_else(|| CliError::Usage(format!("{need}; give labelled samples with --data FILE.csv")))?,
    };
    if data.columns != network.features() {
        return Err(CliError::Usage(format!(
            "`{}` has {} features a row; the model `{}` takes {}",
            data.name,
            data.columns,
            network.name(),
            network.features()
        )));
    }
    Ok(data)
}

fn calibration(path: &Path, model: &LoadedModel) -> Result<Vec<f32>, CliError> {
    let (values, columns) = if path.extension().is_some_and(|extension| extension == "npy") {
        let matrix = read_npy_matrix(path)?;
        (matrix.values, matrix.columns)
    } else {
        let data = data::load(path, Split::Train, None)?;
        (data.features, data.columns)
    };
    let features = model.network.features();
    if columns != features {
        return Err(CliError::Usage(format!(
            "`{}` has {columns} features a row; the model `{}` takes {features}",
            path.display(),
            model.network.name()
        )));
    }
    Ok(rounded(&model.network, &values))
}
