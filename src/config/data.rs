//! The data section: where the samples are.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ParameterError;

/// Where the data are: files, or a data set by name.
///
/// Paths are relative to the folder of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The samples that the weights are fitted to: a file or a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<PathBuf>,
    /// Held-out samples: a file or a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// A data set by name, in place of `train` and `test`: mnist, fashion_mnist, cifar10, or a
    /// pair `<name>_train.csv` and `<name>_test.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The folder of the data set `name`; searched for when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Only the first samples for training, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Only the first held-out samples, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_limit: Option<usize>,
}

impl DataConfig {
    /// The paths as seen from the working directory, for a configuration in `file`.
    pub fn relative_to(&self, file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(""));
        let seen = |path: &Option<PathBuf>| path.as_ref().map(|path| folder.join(path));
        Self { train: seen(&self.train), test: seen(&self.test), path: seen(&self.path), ..self.clone() }
    }

    /// Checks that the section names training data in one way.
    ///
    /// # Errors
    /// The parameter that is missing, superfluous or out of range.
    pub fn check(&self) -> Result<(), ParameterError> {
        match (&self.train, &self.name) {
            (None, None) => {
                return Err(ParameterError::new("data.train", "missing", "give `train` (a path) or `name`"));
            }
            (Some(train), Some(name)) => {
                let allowed = format!("`name: {name}` is given too; keep one of them");
                return Err(ParameterError::new("data.train", train.display(), allowed));
            }
            _ => {}
        }
        if let (Some(test), Some(name)) = (&self.test, &self.name) {
            let allowed = format!("`name: {name}` brings its own held-out samples; remove one of them");
            return Err(ParameterError::new("data.test", test.display(), allowed));
        }
        if let (Some(path), None) = (&self.path, &self.name) {
            let allowed = "it is the folder of a data set that `name` names; give `name` or remove it";
            return Err(ParameterError::new("data.path", path.display(), allowed));
        }
        for (key, limit) in [("data.limit", self.limit), ("data.test_limit", self.test_limit)] {
            if let Some(limit) = limit {
                ParameterError::unless_in(key, limit, 1..=usize::MAX)?;
            }
        }
        Ok(())
    }
}
