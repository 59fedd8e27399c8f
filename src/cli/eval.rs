//! `difflut eval`: the accuracy of a model on labelled data.

use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;

use crate::binarized::{Head, Outcome};
use crate::config::HeadType;
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
    /// What the bits of a model that ends in plain bits say; models trained here know it
    #[arg(long, value_enum, value_name = "MEANING")]
    bits: Option<Bits>,
    /// Only the first samples
    #[arg(long, value_name = "SAMPLES")]
    limit: Option<usize>,
}

/// What plain bits say of the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Bits {
    /// Bit b is digit b of the label written in binary, the lowest first
    Binary,
    /// Bit b is one for the label b and no other
    Onehot,
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
    let head = head(&model, arguments.bits)?;
    let labels = match head {
        HeadType::GroupSum => network.head().classes(),
        head => head.labels(network.output_width()),
    };
    if data.classes > labels {
        return Err(CliError::Usage(format!(
            "`{}` has the label {}; the model `{}` has the classes 0 to {}",
            arguments.data.display(),
            data.classes - 1,
            network.name(),
            labels.saturating_sub(1)
        )));
    }
    let outcomes: Vec<Outcome> = (0..data.rows).into_par_iter().map(|row| network.predict(data.row(row))).collect();
    #[cfg(feature = "train")]
    if model.kind == ModelKind::Trained {
        check_against_float_model(&model, &data, &outcomes)?;
    }
    let correct = count(head, &outcomes, &data);
    match head {
        HeadType::GroupSum => {
            say!("accuracy {:.2} % ({correct} of {} samples)", percent(correct, data.rows), data.rows)
        }
        head => print_bits(head, correct, &outcomes, &data),
    }
    let coded: Vec<Outcome> = (0..data.rows)
        .into_par_iter()
        .map(|row| {
            let codes: Vec<i64> = data.row(row).iter().map(|&value| network.input().nearest_code(value)).collect();
            network.predict_codes(&codes)
        })
        .collect();
    let coded_correct = count(head, &coded, &data);
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

/// What the model's outputs mean: classes, or plain bits as its configuration or the option says.
fn head(model: &LoadedModel, stated: Option<Bits>) -> Result<HeadType, CliError> {
    let name = model.network.name();
    match (model.network.head(), stated, model.head()) {
        (Head::GroupSum { .. }, None, _) => Ok(HeadType::GroupSum),
        (Head::GroupSum { .. }, Some(_), _) => {
            Err(CliError::Usage(format!("the model `{name}` has classes and no plain bits; remove --bits")))
        }
        (Head::Bits, Some(Bits::Binary), _) => Ok(HeadType::Bits),
        (Head::Bits, Some(Bits::Onehot), _) => Ok(HeadType::Onehot),
        (Head::Bits, None, Some(head @ (HeadType::Bits | HeadType::Onehot))) => Ok(head),
        (Head::Bits, None, _) => Err(CliError::Usage(format!(
            "the model `{name}` ends in plain bits and has no classes; say with `--bits binary` (bit b is digit b of the \
             label) or `--bits onehot` (bit b is one for the label b alone) what they should be"
        ))),
    }
}

/// Accuracies of plain bits: all bits of a sample, all bits, every bit by itself.
fn print_bits(head: HeadType, correct: usize, outcomes: &[Outcome], data: &Dataset) {
    let width = outcomes.first().map_or(0, |outcome| outcome.bits().len());
    say!("accuracy {:.2} % ({correct} of {} samples with all bits right)", percent(correct, data.rows), data.rows);
    let mut right = vec![0usize; width];
    let mut ones = vec![0usize; width];
    for (outcome, &label) in outcomes.iter().zip(&data.labels) {
        for (bit, &found) in outcome.bits().iter().enumerate() {
            let target = head.target(label, bit);
            right[bit] += usize::from(found == target);
            ones[bit] += usize::from(target);
        }
    }
    let all: usize = right.iter().sum();
    say!("bits     {:.2} % ({all} of {})", percent(all, width * data.rows), width * data.rows);
    for (bit, (right, ones)) in right.iter().zip(ones).enumerate() {
        say!("  bit {bit:<4} {:.2} % ({right} of {}; one in {ones})", percent(*right, data.rows), data.rows);
    }
}

/// Samples whose label the outcome is; of plain bits all of them must be right.
fn count(head: HeadType, outcomes: &[Outcome], data: &Dataset) -> usize {
    let right = |outcome: &Outcome, label: u32| match head {
        HeadType::GroupSum => outcome.class == Some(label as usize),
        head => head.label(outcome.bits().iter().copied()) == label,
    };
    outcomes.iter().zip(&data.labels).filter(|(outcome, label)| right(outcome, **label)).count()
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
