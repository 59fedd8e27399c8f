//! `difflut train`: an experiment file to a model file.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::config::{ConfigError, Experiment};
use crate::data::{DataError, Dataset, load_csv};
use crate::model::{Model, ModelError, TrainingRecord};
use crate::train::{EpochReport, Progress, TrainError, fit};

/// Train a model as an experiment file describes it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct TrainArgs {
    /// The experiment: a YAML file with the sections model, training and data.
    pub config: PathBuf,
    /// The model file to write.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// Training data in place of the experiment's.
    #[arg(long, value_name = "CSV")]
    pub train_data: Option<PathBuf>,
    /// Held-out data in place of the experiment's.
    #[arg(long, value_name = "CSV")]
    pub test_data: Option<PathBuf>,
    /// Number of epochs in place of the experiment's.
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Seed of wiring, first weights and order of samples in place of the experiment's two.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

/// Why a training could not be done.
#[derive(Debug, thiserror::Error)]
pub enum TrainCliError {
    /// The experiment file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data are wrong.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model cannot be built or written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The folder of the model file does not exist.
    #[error("`{}` cannot be written: the folder `{}` does not exist; make it first", out.display(), folder.display())]
    Folder {
        /// The model file.
        out: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
}

/// Runs the subcommand.
///
/// # Errors
/// [`TrainCliError`]; nothing is written then.
pub(super) fn run(args: &TrainArgs) -> Result<(), TrainCliError> {
    // Found out now rather than after the training.
    if let Some(folder) = args.out.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Err(TrainCliError::Folder { out: args.out.clone(), folder: folder.to_owned() });
    }
    let mut experiment = Experiment::load(&args.config)?;
    if let Some(epochs) = args.epochs {
        experiment.training.epochs = epochs;
    }
    if let Some(seed) = args.seed {
        experiment.model.seed = seed;
        experiment.training.seed = seed;
    }
    experiment.training.check().map_err(TrainError::from)?;
    let data = experiment.data.relative_to(&args.config);
    let train = load_csv(args.train_data.as_ref().unwrap_or(&data.train))?;
    let test = args.test_data.as_ref().or(data.test.as_ref()).map(|path| load_csv(path)).transpose()?;

    let seed = experiment.model.seed;
    let mut model = Model::build(experiment.model, seed)?;
    let mut display = Display::new(args.quiet, experiment.training.epochs, train.rows);
    let record = fit(&mut model, &train, test.as_ref(), &experiment.training, &mut display);
    display.bar.finish_and_clear();
    let record = TrainingRecord { command: Some(command(args)), ..record? };
    model.set_record(record.clone());
    model.save(&args.out)?;
    if !args.quiet {
        eprintln!("{}", summary(&record, test.as_ref()));
        eprintln!("wrote {}", args.out.display());
    }
    Ok(())
}

/// The command line that makes the same model again, its options in a fixed order.
fn command(args: &TrainArgs) -> String {
    let mut words = vec!["difflut train".to_owned(), args.config.display().to_string()];
    let paths = [
        ("--out", Some(&args.out)),
        ("--train-data", args.train_data.as_ref()),
        ("--test-data", args.test_data.as_ref()),
    ];
    for (option, path) in paths {
        words.extend(path.map(|path| format!("{option} {}", path.display())));
    }
    words.extend(args.epochs.map(|epochs| format!("--epochs {epochs}")));
    words.extend(args.seed.map(|seed| format!("--seed {seed}")));
    words.join(" ")
}

fn summary(record: &TrainingRecord, test: Option<&Dataset>) -> String {
    let accuracy = &record.accuracy;
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let mut text =
        format!("binarized accuracy: {} of {} training samples", percent(accuracy.hard_train), record.train_samples);
    if let (Some(hard), Some(test)) = (accuracy.hard_test, test) {
        text += &format!(", {} of {} held-out samples", percent(hard), test.rows);
    }
    text
}

/// A bar on a terminal, one line per epoch elsewhere, nothing when quiet.
struct Display {
    bar: ProgressBar,
    lines: bool,
    epochs: usize,
}

impl Display {
    fn new(quiet: bool, epochs: usize, samples: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal && !quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some((epochs * samples) as u64), target);
        let template = "{prefix} [{bar:24}] {msg} | {per_sec} | {eta} left";
        // The template is fixed; a mistake in it would only cost the bar its look.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> ").with_key("per_sec", per_second));
        }
        bar.set_prefix(format!("epoch 1/{epochs}"));
        if terminal && !quiet {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, lines: !terminal && !quiet, epochs }
    }
}

fn per_second(state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write) {
    // A failed write shows as a shorter bar; there is nobody to tell.
    let _ = write!(out, "{:.0} samples/s", state.per_sec());
}

impl Progress for Display {
    fn step(&mut self, samples: usize, _loss: f64) {
        self.bar.inc(samples as u64);
    }

    fn epoch(&mut self, report: &EpochReport) {
        let line = describe(report);
        if self.lines {
            eprintln!("epoch {}/{}: {line}", report.epoch, self.epochs);
        }
        self.bar.set_message(line);
        self.bar.set_prefix(format!("epoch {}/{}", (report.epoch + 1).min(self.epochs), self.epochs));
    }
}

/// Loss, and the soft and hard accuracy of the held-out data, or of the training data.
fn describe(report: &EpochReport) -> String {
    let accuracy = &report.accuracy;
    let (data, soft, hard) = match (accuracy.soft_test, accuracy.hard_test) {
        (Some(soft), Some(hard)) => ("test", soft, hard),
        _ => ("train", accuracy.soft_train, accuracy.hard_train),
    };
    format!("loss {:.4}, {data} accuracy soft {:.2} % hard {:.2} %", report.loss, 100.0 * soft, 100.0 * hard)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Accuracies;
    use std::path::Path;

    #[test]
    fn the_recorded_command_has_the_options_that_were_given() {
        let args = TrainArgs {
            config: "a.yaml".into(),
            out: "m.safetensors".into(),
            train_data: None,
            test_data: Some("t.csv".into()),
            epochs: Some(3),
            seed: None,
            quiet: true,
        };
        assert_eq!(command(&args), "difflut train a.yaml --out m.safetensors --test-data t.csv --epochs 3");
    }

    #[test]
    fn a_missing_folder_is_found_before_the_training() {
        let args = TrainArgs {
            config: "missing.yaml".into(),
            out: "no/such/m.safetensors".into(),
            train_data: None,
            test_data: None,
            epochs: None,
            seed: None,
            quiet: true,
        };
        let message = run(&args).unwrap_err().to_string();
        assert_eq!(
            message,
            "`no/such/m.safetensors` cannot be written: the folder `no/such` does not exist; make it first"
        );
    }

    #[test]
    fn the_same_command_writes_the_same_file() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        let args = TrainArgs {
            config: root.join("pretrained/feedforward/digits.yaml"),
            out: folder.path().join("m.safetensors"),
            train_data: None,
            test_data: None,
            epochs: Some(2),
            seed: Some(3),
            quiet: true,
        };
        run(&args).unwrap();
        let first = std::fs::read(&args.out).unwrap();
        run(&args).unwrap();
        assert_eq!(first, std::fs::read(&args.out).unwrap());
        let record = Model::load(&args.out).unwrap().record().cloned().unwrap();
        assert_eq!((record.train_samples, record.test_samples), (1437, 360));
        assert!(record.command.unwrap().ends_with("m.safetensors --epochs 2 --seed 3"));
        assert!(record.accuracy.hard_test.unwrap() > 0.8);
    }

    #[test]
    fn an_epoch_shows_held_out_accuracy_where_there_is_one() {
        let accuracy = Accuracies { soft_train: 1.0, hard_train: 0.5, soft_test: None, hard_test: None };
        let report = EpochReport { epoch: 1, loss: 0.25, accuracy };
        assert_eq!(describe(&report), "loss 0.2500, train accuracy soft 100.00 % hard 50.00 %");
        let accuracy = Accuracies { soft_test: Some(0.75), hard_test: Some(0.7), ..accuracy };
        assert!(describe(&EpochReport { accuracy, ..report }).ends_with("test accuracy soft 75.00 % hard 70.00 %"));
    }
}
