//! Models by path or by name.
//!
//! A name is looked up in the search path: the folders of the environment variable
//! `DIFFLUT_PRETRAINED` (separated like `PATH`), `pretrained` in the working directory, the
//! user's data folder, and the folder that ships with the source of this program. In each of
//! them a model lies at `<type>/<name>.safetensors`.

mod loaded;

use std::path::{Path, PathBuf};

use crate::files::nearest;

pub use loaded::{LoadedModel, ModelKind, StoreError};

/// The environment variable that puts folders in front of the search path.
pub const SEARCH_PATH_VARIABLE: &str = "DIFFLUT_PRETRAINED";

/// A model that a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredModel {
    /// Its name on the command line.
    pub name: String,
    /// The folder below the search path that it lies in, its model type.
    pub model_type: String,
    /// Its file.
    pub path: PathBuf,
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

/// Every model of the given folders, sorted by name; of two with the same name the one of the
/// earlier folder. Folders that do not exist are passed over.
pub fn list(folders: &[PathBuf]) -> Vec<StoredModel> {
    let mut models: Vec<StoredModel> = Vec::new();
    for folder in folders {
        let mut found = Vec::new();
        for type_folder in entries(folder).into_iter().filter(|path| path.is_dir()) {
            for path in entries(&type_folder) {
                if path.extension().is_some_and(|extension| extension == "safetensors") {
                    let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
                    found.push(StoredModel {
                        name: text(path.file_stem()),
                        model_type: text(type_folder.file_name()),
                        path,
                    });
                }
            }
        }
        found.retain(|new| !models.iter().any(|known| known.name == new.name));
        models.extend(found);
    }
    models.sort();
    models
}

/// The file that `model` stands for: a path when it has a separator or an extension, or exists;
/// else a name, with or without its type in front.
///
/// # Errors
/// [`StoreError::NoSuchFile`] for a path, [`StoreError::NoSuchModel`] with the list of what
/// exists for a name.
pub fn find(model: &str) -> Result<PathBuf, StoreError> {
    find_in(model, &search_path())
}

fn find_in(model: &str, folders: &[PathBuf]) -> Result<PathBuf, StoreError> {
    let path = Path::new(model);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let models = list(folders);
    let matches =
        |stored: &&StoredModel| stored.name == model || format!("{}/{}", stored.model_type, stored.name) == model;
    if let Some(stored) = models.iter().find(matches) {
        return Ok(stored.path.clone());
    }
    if path.extension().is_some() || path.is_dir() || path.is_absolute() {
        return Err(StoreError::NoSuchFile { path: path.to_owned() });
    }
    let names: Vec<String> = models.into_iter().map(|stored| stored.name).collect();
    let suggestion = nearest(model, names.iter().map(String::as_str)).map(str::to_owned);
    Err(StoreError::NoSuchModel { name: model.to_owned(), suggestion, names })
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
    fn an_unknown_name_lists_what_exists_and_suggests_the_nearest() {
        let folder = store(&["digits", "mnist_small"]);
        let message = find_in("digit", &[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(message.contains("did you mean `digits`?") && message.contains("mnist_small"), "{message}");
        let message = find_in("model.safetensors", &[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(message.contains("no file `model.safetensors`"), "{message}");
    }
}
