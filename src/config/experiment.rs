//! YAML files: a model by itself, or a whole experiment.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ConfigError, ModelConfig, ParameterError, TrainingConfig};
use crate::files::{FileError, write_atomically};

/// Where the data are; paths are relative to the folder of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The samples that the weights are fitted to.
    pub train: PathBuf,
    /// Held-out samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
}

impl DataConfig {
    /// The paths as seen from the working directory, for a configuration in `file`.
    pub fn relative_to(&self, file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(""));
        Self { train: folder.join(&self.train), test: self.test.as_ref().map(|test| folder.join(test)) }
    }
}

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

impl Experiment {
    /// Reads and checks an experiment.
    ///
    /// Data paths stay as they are written; [`DataConfig::relative_to`] resolves them.
    ///
    /// # Errors
    /// [`ConfigError`] with the file, the key or parameter, and what is allowed.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let experiment: Self = read(path)?;
        let wrong = |source| ConfigError::Parameter { path: path.to_owned(), source };
        experiment.model.check().map_err(wrong)?;
        experiment.training.check().map_err(wrong)?;
        Ok(experiment)
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
    /// Reads and checks a file that holds a model section alone.
    ///
    /// # Errors
    /// [`ConfigError`] with the file, the key or parameter, and what is allowed.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let config: Self = read(path)?;
        config.check().map_err(|source: ParameterError| ConfigError::Parameter { path: path.to_owned(), source })?;
        Ok(config)
    }

    /// Writes the model section as YAML.
    ///
    /// # Errors
    /// [`ConfigError::File`].
    pub fn save(&self, path: &Path) -> Result<(), ConfigError> {
        write(self, path)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    parse(path, &text)
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    serde_yaml::from_str(text).map_err(|error| ConfigError::refused(path, &error))
}

fn write<T: Serialize>(value: &T, path: &Path) -> Result<(), ConfigError> {
    let text = serde_yaml::to_string(value).map_err(|error| ConfigError::Unwritable { reason: error.to_string() })?;
    Ok(write_atomically(path, text.as_bytes())?)
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
        assert_eq!(data, DataConfig { train: "some/folder/data/train.csv".into(), test: None });
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
        refused("    output_tau", "    use_gpu", &["unknown key `use_gpu`", "output_tau"]);
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
        refused("[30, 20]", "[30, 0]", &["layer_widths[1] is 0"]);
        refused("[30, 20]", "[]", &["the number of layer_widths is 0; allowed are 1 to 64"]);
        refused("[30, 20]", "[30, 9]", &["num_classes is 10; the last layer has 9 nodes"]);
        refused("num_classes: 10", "num_classes: 1", &["num_classes is 1; allowed are 2 to 65536"]);
        refused("bits: 5", "bits: 50", &["yaml`: input_format.bits is 50; allowed are 1 to 32"]);
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
