//! YAML files: a model by itself, or a whole experiment.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::locate::line_of;
use super::{ConfigError, DataConfig, ModelConfig, ModelFile, ParameterError, TrainingConfig};
use crate::files::{FileError, write_atomically};

/// A model, how it is trained and on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The network.
    pub model: ModelConfig,
    /// The training.
    pub training: TrainingConfig,
    /// The data.
    pub data: DataConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExperimentFile {
    model: ModelFile,
    training: TrainingConfig,
    data: DataConfig,
}

impl Experiment {
    /// Reads and checks an experiment.
    ///
    /// Data paths stay as they are written; [`DataConfig::relative_to`] resolves them.
    ///
    /// # Errors
    /// [`ConfigError`] with the file, the key or parameter, and what is allowed.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &text(path)?)
    }

    /// The same for a text; `path` is for messages.
    ///
    /// # Errors
    /// The same.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let file: ExperimentFile = parse(path, text)?;
        let wrong = |source| wrong(path, text, source);
        let model = ModelConfig::try_from(file.model).map_err(wrong)?;
        model.check().map_err(wrong)?;
        file.training.check().map_err(wrong)?;
        file.data.check().map_err(wrong)?;
        Ok(Self { model, training: file.training, data: file.data })
    }

    /// Writes the experiment as YAML.
    ///
    /// # Errors
    /// [`ConfigError::File`].
    pub fn save(&self, path: &Path) -> Result<(), ConfigError> {
        write(self, path)
    }
}

impl ModelConfig {
    /// Reads and checks a file that holds a model section alone, or the model section of an
    /// experiment.
    ///
    /// # Errors
    /// [`ConfigError`] with the file, the key or parameter, and what is allowed.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &text(path)?)
    }

    /// The same for a text; `path` is for messages.
    ///
    /// # Errors
    /// The same.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        // An experiment is told by the section's key; a model section has no such key.
        if text.lines().any(|line| line.starts_with("model:")) {
            return Experiment::parse(path, text).map(|experiment| experiment.model);
        }
        let file: ModelFile = parse(path, text)?;
        let config = Self::try_from(file).map_err(|source| wrong(path, text, source))?;
        config.check().map_err(|source| wrong(path, text, source))?;
        Ok(config)
    }

    /// The model section as YAML.
    ///
    /// # Errors
    /// [`ConfigError::Unwritable`].
    pub fn to_yaml(&self) -> Result<String, ConfigError> {
        yaml(self)
    }

    /// Writes the model section as YAML.
    ///
    /// # Errors
    /// [`ConfigError::File`].
    pub fn save(&self, path: &Path) -> Result<(), ConfigError> {
        write(self, path)
    }
}

fn text(path: &Path) -> Result<String, ConfigError> {
    Ok(std::fs::read_to_string(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?)
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    serde_yaml::from_str(text).map_err(|error| ConfigError::refused(path, &error))
}

fn wrong(path: &Path, text: &str, source: ParameterError) -> ConfigError {
    ConfigError::Parameter { path: path.to_owned(), line: line_of(text, &source.parameter), source: source.into() }
}

fn yaml<T: Serialize>(value: &T) -> Result<String, ConfigError> {
    serde_yaml::to_string(value).map_err(|error| ConfigError::Unwritable { reason: error.to_string() })
}

fn write<T: Serialize>(value: &T, path: &Path) -> Result<(), ConfigError> {
    Ok(write_atomically(path, yaml(value)?.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "model:
  model_type: feedforward
  layer_type: random
  node_type: dwn
  encoder_config:
    name: thermometer
    num_bits: 3
    feature_wise: true
  node_input_dim: 4
  layer_widths: [30, 20]
  num_classes: 10
  input_size: 64
  dataset: digits
  seed: 7
  input_format: {bits: 5}
  runtime:
    output_tau: 2.0
training:
  epochs: 3
  batch_size: 32
  learning_rate: 0.01
data:
  train: data/train.csv
";

    /// Saves `GOOD` with `from` replaced by `to` and loads it.
    fn load(from: &str, to: &str) -> Result<Experiment, ConfigError> {
        assert!(GOOD.contains(from), "{from}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.yaml");
        std::fs::write(&path, GOOD.replacen(from, to, 1)).unwrap();
        Experiment::load(&path)
    }

    #[track_caller]
    fn refused(from: &str, to: &str, parts: &[&str]) {
        let message = load(from, to).unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "`{part}` is missing in: {message}");
        }
    }

    #[test]
    fn a_saved_experiment_is_the_one_that_was_loaded() {
        let experiment = load("", "").unwrap();
        let data = experiment.data.relative_to(Path::new("some/folder/e.yaml"));
        assert_eq!(data, DataConfig { train: Some("some/folder/data/train.csv".into()), ..DataConfig::default() });
        assert_eq!(experiment.model.tau(), 2.0);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("saved.yaml");
        experiment.save(&path).unwrap();
        assert_eq!(Experiment::load(&path).unwrap(), experiment);
        let path = folder.path().join("model.yaml");
        experiment.model.save(&path).unwrap();
        assert_eq!(ModelConfig::load(&path).unwrap(), experiment.model);
    }

    #[test]
    fn unknown_keys_name_file_line_nearest_and_allowed() {
        refused(
            "  layer_widths",
            "  layer_width",
            &["e.yaml", "line 10", "`layer_width`", "did you mean `layer_widths`?"],
        );
        refused("    num_bits", "    num_bit", &["e.yaml", "`num_bit`", "did you mean `num_bits`?", "feature_wise"]);
        refused(
            "    output_tau",
            "    output_ta",
            &["line 17, model.runtime: unknown key `output_ta`, did you mean `output_tau`?"],
        );
        refused("epochs", "epoch", &["unknown key `epoch`", "did you mean `epochs`?"]);
        refused("train:", "trian:", &["unknown key `trian`", "did you mean `train`?"]);
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        refused("dwn", "dwm", &["unknown name `dwm`, did you mean `dwn`?; allowed are probabilistic, dwn"]);
        refused("thermometer", "thermo", &["unknown name `thermo`, did you mean `thermometer`?"]);
    }

    #[test]
    fn parameters_out_of_range_name_value_and_range() {
        refused("num_bits: 3", "num_bits: 0", &["e.yaml", "encoder_config.num_bits is 0; allowed are 1 to 256"]);
        refused("node_input_dim: 4", "node_input_dim: 17", &["node_input_dim is 17; allowed are 1 to 16"]);
        refused("[30, 20]", "[30, 0]", &["line 10: layer_widths[1] is 0"]);
        refused("[30, 20]", "[]", &["the number of layer_widths is 0; allowed are 1 to 64"]);
        refused("[30, 20]", "[30, 9]", &["num_classes is 10; the last layer has 9 nodes"]);
        refused("num_classes: 10", "num_classes: 1", &["num_classes is 1; allowed are 2 to 65536"]);
        refused("bits: 5", "bits: 50", &["yaml`, line 15: input_format.bits is 50; allowed are 1 to 32"]);
        refused("2.0", ".nan", &["runtime.output_tau is NaN"]);
        refused("0.01", "0", &["training.learning_rate is 0; allowed are numbers above 0 up to 10"]);
        refused("epochs: 3", "epochs: 0", &["training.epochs is 0"]);
        refused("batch_size: 32", "batch_size: -1", &["e.yaml", "line 20"]);
    }

    #[test]
    fn tables_that_no_memory_holds_are_refused() {
        let huge = load("node_input_dim: 4\n  layer_widths: [30, 20]", "node_input_dim: 16\n  layer_widths: [4194304]");
        assert!(huge.unwrap_err().to_string().contains("at most 134217728 can be trained"));
    }
}
