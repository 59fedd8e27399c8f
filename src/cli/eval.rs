//! `difflut eval`: the accuracy of a model on labelled data.

use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;

use crate::binarized::Outcome;
use crate::data::{Dataset, Split, load};
use crate::store::LoadedModel;
#[cfg(feature = "train")]
use crate::store::ModelKind;

use super::CliError;

/// Arguments of `difflut eval`.
#[derive(Clone, Debug, Args)]
pub(super) struct EvalArgs {
    /// A model file or the name of a pretrained model
    model: String,
    /// Labelled samples: a .csv file with a column named label, .npy, .npz, IDX images, CIFAR-10
    /// batches, a folder of any of them or of images per class, or a name such as mnist
    #[arg(long, value_name = "DATA")]
    data: PathBuf,
    /// Measure on the training samples of data that have splits
    #[arg(long)]
    train_split: bool,
    /// Only the first samples
    #[arg(long, value_name = "SAMPLES")]
    limit: Option<usize>,
}

pub(super) fn run(arguments: &EvalArgs) -> Result<(), CliError> {
    let model = LoadedModel::load(&arguments.model)?;
    let split = if arguments.train_split { Split::Train } else { Split::Test };
    let data = load(&arguments.data, split, arguments.limit)?;
    let network = &model.network;
    if data.columns != network.features() {
        return Err(CliError::Usage(format!(
            "`{}` has {} features a row; the model `{}` takes {}",
            arguments.data.display(),
            data.columns,
            network.name(),
            network.features(),
        )));
    }
    let classes = network.head().classes();
    if classes == 0 {
        return Err(CliError::Usage(format!("the model `{}` ends in plain bits and has no classes", network.name())));
    }
    if data.classes > classes {
        return Err(CliError::Usage(format!(
            "`{}` has the label {}; the model `{}` has the classes 0 to {}",
            arguments.data.display(),
            data.classes - 1,
            network.name(),
            classes - 1
        )));
    }
    let outcomes: Vec<Outcome> = (0..data.rows).into_par_iter().map(|row| network.predict(data.row(row))).collect();
    #[cfg(feature = "train")]
    if model.kind == ModelKind::Trained {
        check_against_float_model(&model, &data, &outcomes)?;
    }
    let correct = count(&outcomes, &data);
    say!("accuracy {:.2} % ({correct} of {} samples)", percent(correct, data.rows), data.rows);
    let coded: Vec<Outcome> = (0..data.rows)
        .into_par_iter()
        .map(|row| {
            let codes: Vec<i64> = data.row(row).iter().map(|&value| network.input().nearest_code(value)).collect();
            network.predict_codes(&codes)
        })
        .collect();
    let coded_correct = count(&coded, &data);
    if coded_correct != correct {
        say!(
            "accuracy {:.2} % ({coded_correct} of {} samples) on features rounded to the {}-bit integers of the hardware",
            percent(coded_correct, data.rows),
            data.rows,
            network.input().bits
        );
    }
    Ok(())
}

fn count(outcomes: &[Outcome], data: &Dataset) -> usize {
    outcomes.iter().zip(&data.labels).filter(|(outcome, label)| outcome.class == Some(**label as usize)).count()
}

fn percent(correct: usize, samples: usize) -> f64 {
    100.0 * correct as f64 / samples.max(1) as f64
}

/// The float model by its own evaluation rules must say the same as its truth tables.
#[cfg(feature = "train")]
fn check_against_float_model(model: &LoadedModel, data: &Dataset, outcomes: &[Outcome]) -> Result<(), CliError> {
    let float = crate::model::Model::load(&model.path).map_err(crate::store::StoreError::from)?;
    let evaluated = float.evaluate(&data.features).map_err(crate::store::StoreError::from)?;
    match outcomes.iter().zip(&evaluated).position(|(table, float)| table != float) {
        None => Ok(()),
        Some(sample) => Err(CliError::Different(format!(
            "sample {sample}: the trained model and its truth tables disagree; please report this with the model file"
        ))),
    }
}
