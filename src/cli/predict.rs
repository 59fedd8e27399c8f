//! `difflut predict`: float features in, classes, scores and layer bits out.
//!
//! Without files the class of every row is printed, of plain bits the bits, bit 0 first.

use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;

use crate::binarized::Outcome;
use crate::files::{read_npy_matrix, write_npy};
use crate::infer::Engine;
use crate::store::LoadedModel;

use super::CliError;

/// Arguments of `difflut predict`.
#[derive(Debug, Args)]
pub(super) struct PredictArgs {
    /// A model file or the name of a pretrained model
    model: String,
    /// Features as .npy, one row per sample (axes after the first are flattened)
    #[arg(long, value_name = "FILE.npy")]
    input: PathBuf,
    /// Write the class of every row, int32 [rows]
    #[arg(long, value_name = "FILE.npy")]
    classes: Option<PathBuf>,
    /// Write the integer score of every row and class, int32 [rows, classes]
    #[arg(long, value_name = "FILE.npy")]
    scores: Option<PathBuf>,
    /// Write the bits of the last layer of every row, uint8 [rows, width]: of a model that ends in
    /// plain bits its outputs
    #[arg(long, value_name = "FILE.npy")]
    bits: Option<PathBuf>,
    /// Write encoded.npy and layer0.npy, layer1.npy, ... into this folder, uint8 [rows, width]
    #[arg(long, value_name = "DIR")]
    layers: Option<PathBuf>,
}

pub(super) fn run(arguments: &PredictArgs) -> Result<(), CliError> {
    let model = LoadedModel::load(&arguments.model)?;
    let network = &model.network;
    let input = read_npy_matrix(&arguments.input)?;
    if input.columns != network.features() {
        return Err(CliError::Usage(format!(
            "`{}` has {} features a row; the model `{}` takes {}",
            arguments.input.display(),
            input.columns,
            network.name(),
            network.features(),
        )));
    }
    if network.head().classes() == 0 && (arguments.classes.is_some() || arguments.scores.is_some()) {
        return Err(CliError::Usage(format!(
            "the model `{}` ends in plain bits, so it has neither classes nor scores; use --bits",
            network.name()
        )));
    }
    let rows = (input.values.len() / input.columns.max(1)) as u64;
    let predictions = Engine::new(network).predict(&input.values, arguments.scores.is_some());
    if let Some(path) = &arguments.classes {
        let classes: Vec<i32> = predictions.classes.iter().map(|&class| class as i32).collect();
        write_npy(path, &[rows], &classes)?;
    }
    if let Some(path) = &arguments.scores {
        let scores: Vec<i32> = predictions.scores.iter().map(|&score| score as i32).collect();
        write_npy(path, &[rows, network.head().classes() as u64], &scores)?;
    }
    // Inner bits are only in the reference inference.
    let outcomes: Vec<Outcome> = match (&arguments.bits, &arguments.layers) {
        (None, None) => Vec::new(),
        _ => input.values.par_chunks(input.columns.max(1)).map(|row| network.predict(row)).collect(),
    };
    if let Some(path) = &arguments.bits {
        let bits: Vec<u8> =
            outcomes.iter().flat_map(|outcome| outcome.bits().iter().map(|&bit| u8::from(bit))).collect();
        write_npy(path, &[rows, network.output_width() as u64], &bits)?;
    }
    if let Some(folder) = &arguments.layers {
        write_layers(folder, network.layers().len(), &outcomes)?;
    }
    let files = [&arguments.classes, &arguments.scores, &arguments.bits, &arguments.layers];
    if files.iter().all(|file| file.is_none()) {
        for class in &predictions.classes {
            say!("{class}");
        }
        for bits in predictions.bits.chunks(network.output_width()) {
            say!("{}", bits.iter().map(|&bit| if bit { '1' } else { '0' }).collect::<String>());
        }
    }
    Ok(())
}

fn write_layers(folder: &std::path::Path, layers: usize, outcomes: &[Outcome]) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| crate::files::FileError::Write { path: folder.to_owned(), source })?;
    let write = |name: String, bits: &dyn Fn(&Outcome) -> &[bool]| {
        let width = outcomes.first().map_or(0, |outcome| bits(outcome).len());
        let values: Vec<u8> =
            outcomes.iter().flat_map(|outcome| bits(outcome).iter().map(|&bit| u8::from(bit))).collect();
        write_npy(&folder.join(name), &[outcomes.len() as u64, width as u64], &values)
    };
    write("encoded.npy".into(), &|outcome| &outcome.encoded)?;
    for layer in 0..layers {
        write(format!("layer{layer}.npy"), &|outcome| &outcome.layers[layer])?;
    }
    Ok(())
}
