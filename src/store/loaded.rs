//! A model file of either kind, as far as everything behind training needs it.

use std::path::{Path, PathBuf};

use crate::binarized::{BINARIZED_FORMAT, BinarizedNetwork};
use crate::config::HeadType;
use crate::files::{FileError, TensorFile};

/// What a model file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// Float weights and the configuration to train on.
    Trained,
    /// Truth tables only.
    Binarized,
}

/// A model file, read and binarized.
#[derive(Clone, Debug)]
pub struct LoadedModel {
    /// Where it was read from.
    pub path: PathBuf,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// What the file holds.
    pub kind: ModelKind,
    /// The network of lookup tables.
    pub network: BinarizedNetwork,
    /// The configuration in the file's metadata, as JSON; binarized networks have none.
    pub config: Option<serde_json::Value>,
    /// The record of its training, where there is one.
    pub training: Option<serde_json::Value>,
}

/// A model that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A path that names no file.
    #[error("there is no file `{}`", path.display())]
    NoSuchFile {
        /// The path.
        path: PathBuf,
    },
    /// A name that no model has.
    #[error("there is no pretrained model `{name}`{}; {}", suggest(suggestion), inventory(names))]
    NoSuchModel {
        /// The name.
        name: String,
        /// The nearest name that exists.
        suggestion: Option<String>,
        /// Every name that exists.
        names: Vec<String>,
    },
    /// A version that a model does not have.
    #[error("`{name}` has no version v{version}; there are: {}", versions.join(", "))]
    NoSuchVersion {
        /// The model.
        name: String,
        /// The version asked for.
        version: u32,
        /// Those that exist.
        versions: Vec<String>,
    },
    /// A model that nobody has trained yet.
    #[error("`{name}` has no weights, only a description: `{}`; train it first", description.display())]
    NoWeights {
        /// The model.
        name: String,
        /// Its file.
        description: PathBuf,
    },
    /// A version that exists already.
    #[error("version v{version} of `{name}` exists already in `{}`; versions are never overwritten, take another or none", folder.display())]
    VersionExists {
        /// The model.
        name: String,
        /// The version.
        version: u32,
        /// Its folder.
        folder: PathBuf,
    },
    /// A name or version that cannot be one.
    #[error("`{found}` is no {what}; {allowed}")]
    BadName {
        /// "name" or "version".
        what: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The description of a model is wrong.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// An override is refused.
    #[error(transparent)]
    Parameter(#[from] crate::config::ParameterError),
    /// The file cannot be read or believed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds float weights and this build cannot read them.
    #[error("`{}` holds float weights, which this build of difflut cannot read; build with the feature `train`, or binarize the model first", path.display())]
    NeedsTrain {
        /// The file.
        path: PathBuf,
    },
    /// The float model in the file is wrong.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Model(#[from] crate::model::ModelError),
}

fn suggest(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn inventory(names: &[String]) -> String {
    match names {
        [] => format!("none were found, set {} to a folder of models", super::SEARCH_PATH_VARIABLE),
        names => format!("there are: {}", names.join(", ")),
    }
}

impl LoadedModel {
    /// Reads the model that `model`, a path or a name, stands for.
    ///
    /// # Errors
    /// [`StoreError`] with the file, the field, what was found and what is allowed.
    pub fn load(model: &str) -> Result<Self, StoreError> {
        Self::open(&super::find(model)?)
    }

    /// Reads the model file at `path`.
    ///
    /// # Errors
    /// The same.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = TensorFile::open(path)?;
        let (kind, network) = match file.format()? {
            BINARIZED_FORMAT => (ModelKind::Binarized, BinarizedNetwork::from_file(&file)?),
            #[cfg(feature = "train")]
            crate::model::MODEL_FORMAT => (ModelKind::Trained, crate::model::Model::from_file(&file)?.binarize()?),
            #[cfg(not(feature = "train"))]
            "difflut-model" => return Err(StoreError::NeedsTrain { path: path.to_owned() }),
            other => {
                let problem = format!("found `{other}`; allowed are `difflut-model` and `{BINARIZED_FORMAT}`");
                return Err(file.field_error("metadata entry `format`", problem).into());
            }
        };
        let entry = |key: &str| file.metadata(key).map(|_| file.json(key)).transpose();
        let (config, training) = (entry("config")?, entry("training")?);
        Ok(Self { path: path.to_owned(), sha256: file.sha256(), kind, network, config, training })
    }

    /// The head that the configuration states; `None` for networks without a configuration.
    pub fn head(&self) -> Option<HeadType> {
        match self.config.as_ref()?.get("head") {
            None => Some(HeadType::GroupSum),
            Some(head) => serde_json::from_value(head.clone()).ok(),
        }
    }

    /// The share of test samples that the binarized network classified correctly when it was
    /// trained, 0 to 1.
    pub fn recorded_accuracy(&self) -> Option<f64> {
        self.training.as_ref()?.get("accuracy")?.get("hard_test")?.as_f64()
    }
}
