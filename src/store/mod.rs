//! Models by path or by name.
//!
//! A name is looked up in the search path: the folders of the environment variable
//! `DIFFLUT_PRETRAINED` (separated like `PATH`), `pretrained` in the working directory, the
//! user's data folder, and the folder that ships with the source of this program. In each of
//! them a model lies at `<type>/<name>.safetensors`, or with versions at
//! `<type>/<name>/v<N>/<name>.safetensors`; a `.yaml` of the same name beside it describes it.

#[cfg(feature = "train")]
mod date;
mod loaded;
mod save;
#[cfg(feature = "train")]
mod source;
pub mod zoo;

use std::path::{Path, PathBuf};

use crate::files::nearest;

pub use loaded::{LoadedModel, ModelKind, StoreError};
pub use save::{Publication, Reservation, reserve};
#[cfg(feature = "train")]
pub use source::{build_model, save_to_pretrained};

/// The environment variable that puts folders in front of the search path.
pub const SEARCH_PATH_VARIABLE: &str = "DIFFLUT_PRETRAINED";

/// A model that a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredModel {
    /// Its name on the command line, without its version.
    pub name: String,
    /// Its version, where it has versions.
    pub version: Option<u32>,
    /// The folder below the search path that it lies in, its model type.
    pub model_type: String,
    /// Its weights or tables; `None` when there is a description only.
    pub path: Option<PathBuf>,
    /// Its description.
    pub config: Option<PathBuf>,
}

impl StoredModel {
    /// `name` or `name/vN`.
    pub fn label(&self) -> String {
        match self.version {
            Some(version) => format!("{}/v{version}", self.name),
            None => self.name.clone(),
        }
    }

    fn in_folder(folder: &Path, model_type: &str, name: &str, version: Option<u32>) -> Option<Self> {
        let file = |extension: &str| Some(folder.join(format!("{name}.{extension}"))).filter(|path| path.is_file());
        let (path, config) = (file("safetensors"), file("yaml"));
        let (name, model_type) = (name.to_owned(), model_type.to_owned());
        (path.is_some() || config.is_some()).then_some(Self { name, version, model_type, path, config })
    }
}

/// The folders in which names are looked up, first match wins.
pub fn search_path() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Some(variable) = std::env::var_os(SEARCH_PATH_VARIABLE) {
        folders.extend(std::env::split_paths(&variable).filter(|folder| !folder.as_os_str().is_empty()));
    }
    folders.push("pretrained".into());
    let data_home = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share")));
    folders.extend(data_home.map(|folder| folder.join("difflut/pretrained")));
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("pretrained"));
    folders
}

/// Every model of the given folders, sorted by name and version; of two with the same name those
/// of the earlier folder. Folders that do not exist are passed over.
pub fn list(folders: &[PathBuf]) -> Vec<StoredModel> {
    let mut models: Vec<StoredModel> = Vec::new();
    for folder in folders {
        let mut found = Vec::new();
        for type_folder in entries(folder).into_iter().filter(|path| path.is_dir()) {
            found.extend(of_type(&type_folder));
        }
        let known =
            |new: &StoredModel| models.iter().any(|known| known.name == new.name && known.model_type == new.model_type);
        found.retain(|new| !known(new));
        models.extend(found);
    }
    models.sort();
    models
}

fn of_type(type_folder: &Path) -> Vec<StoredModel> {
    let model_type = text(type_folder.file_name());
    let mut found: Vec<StoredModel> = Vec::new();
    for path in entries(type_folder) {
        if path.is_dir() {
            let name = text(path.file_name());
            let version = |folder: PathBuf| {
                let version = parse_version(&text(folder.file_name()))?;
                StoredModel::in_folder(&folder, &model_type, &name, Some(version))
            };
            found.extend(entries(&path).into_iter().filter_map(version));
        } else if path.extension().is_some_and(|extension| extension == "safetensors" || extension == "yaml") {
            found.extend(StoredModel::in_folder(type_folder, &model_type, &text(path.file_stem()), None));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The number of `v3`.
fn parse_version(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('v')?;
    digits.parse().ok().filter(|&version: &u32| version >= 1 && digits == version.to_string())
}

/// The model that a name stands for: `name` or `type/name` for the latest version, with `/vN` for
/// a certain one.
///
/// # Errors
/// [`StoreError::NoSuchModel`] with the list of what exists, [`StoreError::NoSuchVersion`].
pub fn lookup(name: &str, folders: &[PathBuf]) -> Result<StoredModel, StoreError> {
    let (base, version) = match name.rsplit_once('/').map(|(base, last)| (base, parse_version(last))) {
        Some((base, Some(version))) => (base, Some(version)),
        _ => (name, None),
    };
    let models = list(folders);
    let named = |stored: &&StoredModel| stored.name == base || format!("{}/{}", stored.model_type, stored.name) == base;
    // Two model types may have the same name; the first type then has it.
    let model_type = models.iter().find(named).map(|stored| stored.model_type.clone());
    let versions: Vec<&StoredModel> =
        models.iter().filter(named).filter(|stored| Some(&stored.model_type) == model_type.as_ref()).collect();
    let wanted = match version {
        Some(version) => versions.iter().find(|stored| stored.version == Some(version)),
        // Weights first, so that a description alone does not hide an older trained version.
        None => versions.iter().max_by_key(|stored| (stored.path.is_some(), stored.version)),
    };
    match (wanted, version) {
        (Some(stored), _) => Ok((*stored).clone()),
        (None, Some(version)) if !versions.is_empty() => Err(StoreError::NoSuchVersion {
            name: base.to_owned(),
            version,
            versions: versions.iter().map(|stored| stored.label()).collect(),
        }),
        _ => {
            let mut names: Vec<String> = models.iter().map(|stored| stored.name.clone()).collect();
            names.dedup();
            let suggestion = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
            let names = models.iter().map(StoredModel::label).collect();
            Err(StoreError::NoSuchModel { name: name.to_owned(), suggestion, names })
        }
    }
}

/// The file that `model` stands for: a path when it exists or has an extension, else a name.
///
/// # Errors
/// [`StoreError::NoSuchFile`] for a path, [`StoreError::NoSuchModel`] with the list of what
/// exists for a name, [`StoreError::NoWeights`] for a description without weights.
pub fn find(model: &str) -> Result<PathBuf, StoreError> {
    find_in(model, &search_path())
}

fn find_in(model: &str, folders: &[PathBuf]) -> Result<PathBuf, StoreError> {
    let path = Path::new(model);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    match lookup(model, folders) {
        Ok(stored) => {
            let description = stored.config.unwrap_or_default();
            stored.path.ok_or_else(|| StoreError::NoWeights { name: model.to_owned(), description })
        }
        Err(_) if path.extension().is_some() || path.is_dir() || path.is_absolute() => {
            Err(StoreError::NoSuchFile { path: path.to_owned() })
        }
        Err(error) => Err(error),
    }
}

fn text(part: Option<&std::ffi::OsStr>) -> String {
    part.unwrap_or_default().to_string_lossy().into_owned()
}

/// The entries of a folder, sorted; none when it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn store(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("feedforward")).unwrap();
        for name in names {
            fs::write(folder.path().join(format!("feedforward/{name}.safetensors")), b"").unwrap();
        }
        folder
    }

    #[test]
    fn the_first_folder_of_the_search_path_wins() {
        let (first, second) = (store(&["digits"]), store(&["digits", "other"]));
        let folders = [first.path().to_owned(), second.path().to_owned()];
        assert_eq!(find_in("digits", &folders).unwrap(), first.path().join("feedforward/digits.safetensors"));
        assert_eq!(
            find_in("feedforward/other", &folders).unwrap(),
            second.path().join("feedforward/other.safetensors")
        );
        assert_eq!(list(&folders).len(), 2);
    }

    #[test]
    fn the_latest_version_is_the_default_and_ten_is_later_than_nine() {
        let folder = store(&["plain"]);
        for version in [1, 9, 10] {
            let at = folder.path().join(format!("feedforward/net/v{version}"));
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join("net.safetensors"), b"").unwrap();
        }
        // A reserved version, and one with a description only.
        fs::create_dir_all(folder.path().join("feedforward/net/v11")).unwrap();
        fs::create_dir_all(folder.path().join("feedforward/net/v12")).unwrap();
        fs::write(folder.path().join("feedforward/net/v12/net.yaml"), b"").unwrap();
        let folders = [folder.path().to_owned()];
        let version = |name: &str| lookup(name, &folders).map(|stored| stored.version);
        assert_eq!(version("net").unwrap(), Some(10));
        assert_eq!(version("feedforward/net").unwrap(), Some(10));
        assert_eq!(version("feedforward/net/v9").unwrap(), Some(9));
        assert_eq!(version("plain").unwrap(), None);
        let message = version("net/v3").unwrap_err().to_string();
        assert_eq!(message, "`net` has no version v3; there are: net/v1, net/v9, net/v10, net/v12");
        let message = find_in("net/v12", &folders).unwrap_err().to_string();
        assert!(message.contains("`net/v12` has no weights, only a description: `"), "{message}");
        let labels: Vec<String> = list(&folders).iter().map(StoredModel::label).collect();
        assert_eq!(labels, ["net/v1", "net/v9", "net/v10", "net/v12", "plain"]);
    }

    #[test]
    fn an_unknown_name_lists_what_exists_and_suggests_the_nearest() {
        let folder = store(&["digits", "mnist_small"]);
        let message = find_in("digit", &[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(message.contains("did you mean `digits`?") && message.contains("mnist_small"), "{message}");
        let message = find_in("model.safetensors", &[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(message.contains("no file `model.safetensors`"), "{message}");
    }
}
