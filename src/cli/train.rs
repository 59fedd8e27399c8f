//! `difflut train`: an experiment file to a model file.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::components::accelerator::{self, AcceleratorError};
use crate::config::{ConfigError, DataConfig, Experiment, Metadata, Note};
use crate::data::{self, DataError, Dataset, Split, load_section};
use crate::model::{Model, ModelError, TrainingRecord};
use crate::store::{Publication, StoreError, save_to_pretrained, zoo};
use crate::train::{EpochReport, Progress, RunFolder, TrainError, fit_on};

/// Train a model as an experiment file describes it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct TrainArgs {
    /// The experiment: a YAML file with the sections model, training and data, or the name of a
    /// model of the zoo.
    pub config: PathBuf,
    /// The model file to write.
    #[arg(short, long, value_name = "FILE", required_unless_present = "save_as")]
    pub out: Option<PathBuf>,
    /// Publish the model under this name: pretrained/TYPE/NAME/vN, the next version.
    #[arg(long, value_name = "NAME")]
    pub save_as: Option<String>,
    /// Publish it as this version, for instance v3; a version is never overwritten.
    #[arg(long, value_name = "vN", requires = "save_as")]
    pub model_version: Option<String>,
    /// The folder to publish in.
    #[arg(long, value_name = "DIR", default_value = "pretrained", requires = "save_as")]
    pub pretrained_dir: PathBuf,
    /// Text for the published description's `notes`.
    #[arg(long, value_name = "TEXT", requires = "save_as")]
    pub notes: Option<String>,
    /// A parameter of the model or the training in place of the experiment's, for instance
    /// encoder_bits=6, runtime.flip_probability=0.05 or training.schedule=cosine; may be given
    /// several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
    /// Training data in place of the experiment's: a file, a folder or a name.
    #[arg(long, value_name = "DATA", visible_alias = "data")]
    pub train_data: Option<PathBuf>,
    /// Held-out data in place of the experiment's: a file, a folder or a name.
    #[arg(long, value_name = "DATA")]
    pub test_data: Option<PathBuf>,
    /// Only the first samples for training.
    #[arg(long, value_name = "SAMPLES")]
    pub limit: Option<usize>,
    /// Number of epochs in place of the experiment's.
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Samples per step in place of the experiment's.
    #[arg(long, value_name = "SAMPLES")]
    pub batch_size: Option<usize>,
    /// Learning rate in place of the experiment's.
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,
    /// A folder for checkpoints, the metrics of every epoch (metrics.jsonl) and the training
    /// curve (curve.svg).
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// Go on from the newest checkpoint in the run's folder, if there is one, to the same model
    /// as without the break.
    #[arg(long, requires = "run_dir")]
    pub resume: bool,
    /// Checkpoints that are kept, the newest ones.
    #[arg(long, value_name = "N", default_value_t = 2, requires = "run_dir", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_checkpoints: u32,
    /// Epochs from one checkpoint to the next.
    #[arg(long, value_name = "EPOCHS", default_value_t = 1, requires = "run_dir", value_parser = clap::value_parser!(u32).range(1..))]
    pub checkpoint_every: u32,
    /// Seed of wiring, first weights and order of samples in place of the experiment's two.
    #[arg(long)]
    pub seed: Option<u64>,
    /// What the passes of a step run on: the processor, or the first CUDA device (in programs built
    /// with the cargo feature `cuda`).
    #[arg(long, value_enum, default_value_t)]
    pub device: Device,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

/// What trains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The first CUDA device.
    Cuda,
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
    /// The device is not there.
    #[error(transparent)]
    Device(#[from] AcceleratorError),
    /// The model cannot be published.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An override that is not a key and a value.
    #[error("`{text}` is no override; expected KEY=VALUE, for instance encoder_bits=6")]
    Override {
        /// What was given.
        text: String,
    },
    /// A model where an experiment is expected.
    #[error("`{}` is a model, and training starts from an experiment (.yaml) or a name of the zoo; imported and binarized models hold truth tables only and cannot be trained further, their float weights stay in the library or the model that they came from", path.display())]
    IsModel {
        /// The file.
        path: PathBuf,
    },
    /// Neither a file nor a model of the zoo.
    #[error("there is no experiment file `{name}` and no such model in the zoo{hint}; there are: {known}")]
    NoExperiment {
        /// What was given.
        name: String,
        /// The nearest name, as a question.
        hint: String,
        /// The zoo's names.
        known: String,
    },
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
    let out_folder = args.out.as_deref().and_then(|out| Some((out, out.parent()?)));
    if let Some((out, folder)) = out_folder.filter(|(_, folder)| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Err(TrainCliError::Folder { out: out.to_owned(), folder: folder.to_owned() });
    }
    let accelerator = match args.device {
        Device::Cpu => None,
        Device::Cuda => Some(accelerator::cuda()?),
    };
    let mut experiment = load_experiment(&args.config)?;
    let (training, model): (Vec<_>, Vec<_>) =
        parse_overrides(&args.overrides)?.into_iter().partition(|(key, _)| key.starts_with("training."));
    experiment.model.override_any(&model).map_err(ModelError::from)?;
    let training = training.iter().map(|(key, value)| (key.trim_start_matches("training."), value));
    experiment.training.set(training).map_err(TrainError::from)?;
    experiment.training.epochs = args.epochs.unwrap_or(experiment.training.epochs);
    experiment.training.batch_size = args.batch_size.unwrap_or(experiment.training.batch_size);
    experiment.training.learning_rate = args.learning_rate.unwrap_or(experiment.training.learning_rate);
    if let Some(seed) = args.seed {
        experiment.model.seed = seed;
        experiment.training.seed = seed;
    }
    experiment.training.check().map_err(TrainError::from)?;
    // They describe the published result: in the file they would have to be known before it is made.
    experiment.model.metadata = Metadata::default();
    let notes = experiment.model.notes();
    let (train, test) = load_data(args, experiment.data.relative_to(&args.config))?;

    let seed = experiment.model.seed;
    let mut model = Model::build(experiment.model, seed)?;
    if !args.quiet {
        notes.iter().for_each(|note| eprintln!("note: {note}"));
        accelerator.iter().for_each(|device| eprintln!("note: training on {}", device.name()));
    }
    let mut display = Display::new(args.quiet, experiment.training.epochs, train.rows);
    let folder = args.run_dir.as_ref().map(|path| RunFolder {
        path: path.clone(),
        keep: args.keep_checkpoints as usize,
        every: args.checkpoint_every as usize,
        resume: args.resume,
    });
    let (test_data, folder) = (test.as_ref(), folder.as_ref());
    let record = fit_on(&mut model, &train, test_data, &experiment.training, folder, accelerator, &mut display);
    display.bar.finish_and_clear();
    let record = TrainingRecord { command: Some(command(args)), ..record? };
    model.set_record(record.clone());
    if !args.quiet {
        eprintln!("{}", summary(&record, test.as_ref()));
    }
    let mut written = Vec::new();
    if let Some(name) = &args.save_as {
        let metadata = args.notes.iter().map(|notes| ("notes".to_owned(), Note::Text(notes.clone()))).collect();
        let publication = Publication { name: name.clone(), version: args.model_version.clone(), metadata };
        let (_, yaml, file) = save_to_pretrained(&mut model, &args.pretrained_dir, &publication)?;
        written.extend([yaml, file]);
    }
    if let Some(out) = &args.out {
        model.save(out)?;
        written.push(out.clone());
    }
    if !args.quiet {
        written.iter().for_each(|path| eprintln!("wrote {}", path.display()));
    }
    Ok(())
}

/// The experiment of a file, or of the zoo when no file has that name.
fn load_experiment(config: &Path) -> Result<Experiment, TrainCliError> {
    let name = config.to_str().filter(|_| !config.exists() && config.extension().is_none());
    if config.extension().is_some_and(|extension| extension == "safetensors") {
        return Err(TrainCliError::IsModel { path: config.to_owned() });
    }
    let Some(name) = name else { return Ok(Experiment::load(config)?) };
    zoo::get(name)?.ok_or_else(|| {
        let hint = zoo::nearest_name(name).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        TrainCliError::NoExperiment { name: name.to_owned(), hint, known: zoo::names().join(", ") }
    })
}

/// `key=value` with the value read as YAML.
pub(super) fn parse_overrides(texts: &[String]) -> Result<Vec<(String, serde_json::Value)>, TrainCliError> {
    let pair = |text: &String| {
        let wrong = || TrainCliError::Override { text: text.clone() };
        let (key, value) = text.split_once('=').ok_or_else(wrong)?;
        Ok((key.trim().to_owned(), serde_yaml::from_str(value).map_err(|_| wrong())?))
    };
    texts.iter().map(pair).collect()
}

/// Training and held-out samples of the section, or of the options over it.
fn load_data(args: &TrainArgs, section: DataConfig) -> Result<(Dataset, Option<Dataset>), TrainCliError> {
    let mut section = DataConfig { limit: args.limit.or(section.limit), ..section };
    if let Some(train) = &args.train_data {
        section = DataConfig { train: Some(train.clone()), name: None, path: None, ..section };
        if !train.exists() {
            // A name, which stands for both splits.
            let name = train.to_str().map(str::to_owned);
            section = DataConfig { train: None, name, test: None, ..section };
        }
    }
    section.check().map_err(ModelError::from)?;
    let (train, test) = load_section(&section)?;
    match &args.test_data {
        Some(test) => Ok((train, Some(data::load(test, Split::Test, section.test_limit)?))),
        None => Ok((train, test)),
    }
}

/// The command line that makes the same model again, its options in a fixed order.
fn command(args: &TrainArgs) -> String {
    let mut words = vec!["difflut train".to_owned(), args.config.display().to_string()];
    let paths = [
        ("--out", args.out.as_ref()),
        ("--train-data", args.train_data.as_ref()),
        ("--test-data", args.test_data.as_ref()),
    ];
    for (option, path) in paths {
        words.extend(path.map(|path| format!("{option} {}", path.display())));
    }
    words.extend(args.save_as.iter().map(|name| format!("--save-as {name}")));
    words.extend(args.overrides.iter().map(|pair| format!("--set {pair}")));
    words.extend(args.limit.map(|limit| format!("--limit {limit}")));
    words.extend(args.epochs.map(|epochs| format!("--epochs {epochs}")));
    words.extend(args.batch_size.map(|samples| format!("--batch-size {samples}")));
    words.extend(args.learning_rate.map(|rate| format!("--learning-rate {rate}")));
    words.extend(args.seed.map(|seed| format!("--seed {seed}")));
    words.extend((args.device == Device::Cuda).then(|| "--device cuda".to_owned()));
    words.join(" ")
}

fn summary(record: &TrainingRecord, test: Option<&Dataset>) -> String {
    let accuracy = &record.accuracy;
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let mut text = match record.epoch {
        Some(epoch) => format!("weights of epoch {epoch}; "),
        None => String::new(),
    };
    text +=
        &format!("binarized accuracy: {} of {} training samples", percent(accuracy.hard_train), record.train_samples);
    if let Some(hard) = accuracy.hard_validation {
        text += &format!(", {} of {} validation samples", percent(hard), record.validation_samples);
    }
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
    fn start(&mut self, epochs: usize, samples: usize) {
        // What a validation part leaves, and without what was done before a break.
        self.bar.set_length(((self.epochs - epochs) * samples) as u64);
        self.bar.set_prefix(format!("epoch {}/{}", (epochs + 1).min(self.epochs), self.epochs));
        if epochs > 0 && self.lines {
            eprintln!("going on after epoch {epochs}");
        }
    }

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

/// Loss, and the soft and hard accuracy of what was measured.
fn describe(report: &EpochReport) -> String {
    let part = report.measured_on.name();
    let (soft, hard) = (100.0 * report.soft_accuracy, 100.0 * report.hard_accuracy);
    format!("loss {:.4}, {part} accuracy soft {soft:.2} % hard {hard:.2} %", report.loss)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Part;

    fn args(config: impl Into<PathBuf>, out: impl Into<PathBuf>) -> TrainArgs {
        TrainArgs {
            config: config.into(),
            out: Some(out.into()),
            save_as: None,
            model_version: None,
            pretrained_dir: "pretrained".into(),
            notes: None,
            overrides: Vec::new(),
            train_data: None,
            test_data: None,
            limit: None,
            epochs: None,
            batch_size: None,
            learning_rate: None,
            run_dir: None,
            resume: false,
            keep_checkpoints: 2,
            checkpoint_every: 1,
            seed: None,
            device: Device::Cpu,
            quiet: true,
        }
    }

    #[test]
    fn the_recorded_command_has_the_options_that_were_given() {
        let args = TrainArgs { test_data: Some("t.csv".into()), epochs: Some(3), ..args("a.yaml", "m.safetensors") };
        assert_eq!(command(&args), "difflut train a.yaml --out m.safetensors --test-data t.csv --epochs 3");
    }

    #[test]
    fn a_missing_folder_is_found_before_the_training() {
        let args = args("missing.yaml", "no/such/m.safetensors");
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
        let out = folder.path().join("m.safetensors");
        let args = TrainArgs {
            epochs: Some(2),
            seed: Some(3),
            ..args(root.join("pretrained/feedforward/digits.yaml"), out.clone())
        };
        run(&args).unwrap();
        let first = std::fs::read(&out).unwrap();
        run(&args).unwrap();
        assert_eq!(first, std::fs::read(&out).unwrap());
        let record = Model::load(&out).unwrap().record().cloned().unwrap();
        assert_eq!((record.train_samples, record.test_samples), (1437, 360));
        assert!(record.command.unwrap().ends_with("m.safetensors --epochs 2 --seed 3"));
        assert!(record.accuracy.hard_test.unwrap() > 0.8);
    }

    #[test]
    fn an_epoch_shows_what_was_measured() {
        let report = EpochReport {
            epoch: 1,
            loss: 0.25,
            train_accuracy: 0.5,
            measured_on: Part::Train,
            soft_accuracy: 1.0,
            hard_accuracy: 0.5,
            gap: 0.5,
            learning_rate: 0.1,
            output_tau: 1.0,
            seconds: 1.0,
            samples_per_second: 10.0,
        };
        assert_eq!(describe(&report), "loss 0.2500, train accuracy soft 100.00 % hard 50.00 %");
        let report = EpochReport { measured_on: Part::Test, soft_accuracy: 0.75, hard_accuracy: 0.7, ..report };
        assert!(describe(&report).ends_with("test accuracy soft 75.00 % hard 70.00 %"));
    }
}
