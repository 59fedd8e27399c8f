//! `difflut eval`: the accuracy of a model on labelled data.

use std::path::PathBuf;

use crate::data::{DataError, load_csv};
use crate::model::{Model, ModelError};
use crate::train::{TrainError, check_dataset, share};

/// Measure the accuracy of a model on labelled data.
#[derive(Clone, Debug, clap::Args)]
pub struct EvalArgs {
    /// The model file.
    pub model: PathBuf,
    /// Labelled samples: a CSV file with a header and a column named label.
    #[arg(long, value_name = "CSV")]
    pub data: PathBuf,
}

/// Why a model could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum EvalCliError {
    /// The model is wrong.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The data are wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The data do not fit the model.
    #[error(transparent)]
    Fit(#[from] TrainError),
    /// The trained model and its binarized form disagree, which is a mistake of this program.
    #[error("sample {sample}: the trained model and its truth tables disagree; please report this with the model file")]
    Disagree {
        /// The sample, counted from 0.
        sample: usize,
    },
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Number of samples.
    pub samples: usize,
    /// Share of them classified correctly by the binarized network on the features as they are.
    pub accuracy: f64,
    /// The same on features rounded to the codes that the hardware receives.
    pub code_accuracy: f64,
}

/// Runs the subcommand: prints one line.
///
/// # Errors
/// [`EvalCliError`].
#[allow(clippy::print_stdout, reason = "the result of the command")]
pub fn run(args: &EvalArgs) -> Result<(), EvalCliError> {
    let evaluation = evaluate(args)?;
    let Evaluation { samples, accuracy, code_accuracy } = evaluation;
    let correct = |share: f64| (share * samples as f64).round();
    println!("accuracy {:.2} % ({} of {samples} samples)", 100.0 * accuracy, correct(accuracy));
    if code_accuracy != accuracy {
        println!(
            "accuracy {:.2} % ({} of {samples} samples) on features rounded to the integers of the input format",
            100.0 * code_accuracy,
            correct(code_accuracy)
        );
    }
    Ok(())
}

/// Measures the model by its evaluation rules and compares every sample with the truth tables.
///
/// # Errors
/// [`EvalCliError`].
pub fn evaluate(args: &EvalArgs) -> Result<Evaluation, EvalCliError> {
    let model = Model::load(&args.model)?;
    let data = load_csv(&args.data)?;
    check_dataset(&data, model.features()?, model.config().num_classes)?;
    let network = model.binarize()?;
    let (mut classes, mut code_classes) = (Vec::new(), Vec::new());
    for (sample, outcome) in model.evaluate(&data.features)?.into_iter().enumerate() {
        let row = data.row(sample);
        if network.predict(row) != outcome {
            return Err(EvalCliError::Disagree { sample });
        }
        classes.push(outcome.class.unwrap_or(0) as u32);
        let codes: Vec<i64> = row.iter().map(|&x| network.input().nearest_code(x)).collect();
        code_classes.push(network.predict_codes(&codes).class.unwrap_or(0) as u32);
    }
    Ok(Evaluation {
        samples: data.rows,
        accuracy: share(&classes, &data.labels),
        code_accuracy: share(&code_classes, &data.labels),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_shipped_digits_model_reaches_its_recorded_accuracy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let args = EvalArgs {
            model: root.join("pretrained/feedforward/digits.safetensors"),
            data: root.join("examples/data/digits_test.csv"),
        };
        let evaluation = evaluate(&args).unwrap();
        assert_eq!(evaluation, Evaluation { samples: 360, accuracy: 351.0 / 360.0, code_accuracy: 351.0 / 360.0 });
        let model = Model::load(&args.model).unwrap();
        assert_eq!(model.record().unwrap().accuracy.hard_test, Some(evaluation.accuracy));
        assert_eq!(model.name(), "digits");
    }

    #[test]
    fn data_of_another_width_are_refused() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("narrow.csv");
        std::fs::write(&data, "a,label\n1,0\n").unwrap();
        let model = root.join("pretrained/feedforward/digits.safetensors");
        let message = evaluate(&EvalArgs { model, data }).unwrap_err().to_string();
        assert_eq!(message, "data set `narrow` has 1 features, the model reads 64 (input_size)");
    }
}
