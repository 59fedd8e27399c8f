//! Publishing models under versions that never overwrite each other.

use std::path::{Path, PathBuf};

use super::{StoreError, entries, parse_version, text};
use crate::config::{ModelConfig, Note};
use crate::files::{FileError, TensorFileWriter, write_atomically};

/// What is published beside the weights.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// The name.
    pub name: String,
    /// A certain version; the next free one when it is not given.
    pub version: Option<String>,
    /// Metadata for the description, over what the model itself knows.
    pub metadata: Vec<(String, Note)>,
}

/// A version that belongs to the caller alone.
///
/// The folder is made exclusively by the file system, which is the lock: of any number of
/// programs that save at the same time, each gets its own. It is removed again unless
/// [`fill`](Self::fill) succeeds.
#[derive(Debug)]
pub struct Reservation {
    folder: PathBuf,
    name: String,
    version: u32,
    filled: bool,
}

/// Reserves a version of the model `<folder>/<model_type>/<name>`.
///
/// A model that lies there without a version becomes version 1 first.
///
/// # Errors
/// [`StoreError::BadName`], [`StoreError::VersionExists`], and [`StoreError::File`].
pub fn reserve(folder: &Path, model_type: &str, name: &str, version: Option<&str>) -> Result<Reservation, StoreError> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || !name.chars().all(word) || parse_version(name).is_some() {
        let allowed = "allowed are letters, digits, `_` and `-`, and not `v` with a number, which is a version";
        return Err(StoreError::BadName { what: "name", found: name.to_owned(), allowed });
    }
    let version = match version {
        None => None,
        Some(text) => Some(parse_version(text).ok_or_else(|| StoreError::BadName {
            what: "version",
            found: text.to_owned(),
            allowed: "allowed are v1, v2, v3 and so on",
        })?),
    };
    let type_folder = folder.join(model_type);
    let versions = type_folder.join(name);
    std::fs::create_dir_all(&versions).map_err(|source| FileError::Write { path: versions.clone(), source })?;
    migrate(&type_folder, &versions, name)?;
    let latest = entries(&versions).iter().filter_map(|path| parse_version(&text(path.file_name()))).max();
    let mut next = version.unwrap_or(latest.unwrap_or(0).saturating_add(1));
    loop {
        let folder = versions.join(format!("v{next}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(Reservation { folder, name: name.to_owned(), version: next, filled: false }),
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(FileError::Write { path: folder, source: error }.into());
            }
            Err(_) if version.is_some() => {
                return Err(StoreError::VersionExists { name: name.to_owned(), version: next, folder });
            }
            Err(_) => next = next.saturating_add(1),
        }
    }
}

/// Moves a model without a version into `v1`, unless there is a `v1`.
fn migrate(type_folder: &Path, versions: &Path, name: &str) -> Result<(), StoreError> {
    let files = ["yaml", "safetensors"].map(|extension| format!("{name}.{extension}"));
    if !files.iter().any(|file| type_folder.join(file).is_file()) {
        return Ok(());
    }
    let first = versions.join("v1");
    match std::fs::create_dir(&first) {
        // Another program migrates, or v1 is another model: then the old one stays where it is.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        made => made.map_err(|source| FileError::Write { path: first.clone(), source })?,
    }
    for file in files {
        let from = type_folder.join(&file);
        if from.is_file() {
            let to = first.join(&file);
            std::fs::rename(&from, &to).map_err(|source| FileError::Write { path: to, source })?;
        }
    }
    Ok(())
}

impl Reservation {
    /// The version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Writes weights, then the description, and returns their paths.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is left behind then.
    pub fn fill(mut self, config: &ModelConfig, weights: &TensorFileWriter) -> Result<(PathBuf, PathBuf), StoreError> {
        let (yaml, file) = ["yaml", "safetensors"].map(|kind| self.folder.join(format!("{}.{kind}", self.name))).into();
        weights.write(&file)?;
        write_atomically(&yaml, config.to_yaml()?.as_bytes())?;
        self.filled = true;
        Ok((yaml, file))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.filled {
            // Nothing refers to it; if it cannot be removed, an empty version stays and is skipped.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EncoderConfig, EncoderType, NodeType};
    use std::fs;

    fn config() -> ModelConfig {
        ModelConfig::feedforward(NodeType::Dwn, 4, vec![20], EncoderConfig::new(EncoderType::Thermometer, 2), 10)
    }

    fn weights(mark: u8) -> TensorFileWriter {
        let mut file = TensorFileWriter::new("test", "1");
        file.bytes("mark", &[1], &[mark]);
        file
    }

    #[test]
    fn versions_count_up_and_are_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let save = |version: Option<&str>| {
            let reservation = reserve(folder.path(), "feedforward", "net", version)?;
            let number = reservation.version();
            reservation.fill(&config(), &weights(0)).map(|_| number)
        };
        assert_eq!(save(None).unwrap(), 1);
        assert_eq!(save(None).unwrap(), 2);
        assert_eq!(save(Some("v7")).unwrap(), 7);
        assert_eq!(save(None).unwrap(), 8);
        let message = save(Some("v7")).unwrap_err().to_string();
        assert!(message.starts_with("version v7 of `net` exists already in `"), "{message}");
        let message = save(Some("7")).unwrap_err().to_string();
        assert_eq!(message, "`7` is no version; allowed are v1, v2, v3 and so on");
        for name in ["", "../x", "v2", "a b"] {
            assert!(reserve(folder.path(), "feedforward", name, None).is_err(), "{name}");
        }
        let yaml = folder.path().join("feedforward/net/v2/net.yaml");
        assert_eq!(ModelConfig::load(&yaml).unwrap(), config());
    }

    #[test]
    fn a_model_without_a_version_becomes_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let types = folder.path().join("feedforward");
        fs::create_dir(&types).unwrap();
        fs::write(types.join("net.safetensors"), b"old").unwrap();
        fs::write(types.join("net.yaml"), b"old").unwrap();
        let reservation = reserve(folder.path(), "feedforward", "net", None).unwrap();
        assert_eq!(reservation.version(), 2);
        assert_eq!(fs::read(types.join("net/v1/net.safetensors")).unwrap(), b"old");
        assert!(types.join("net/v1/net.yaml").is_file() && !types.join("net.yaml").exists());
    }

    #[test]
    fn concurrent_saves_get_versions_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("feedforward")).unwrap();
        fs::write(folder.path().join("feedforward/net.safetensors"), b"old").unwrap();
        let save = |thread: u8| {
            let reservation = reserve(folder.path(), "feedforward", "net", None).unwrap();
            let version = reservation.version();
            reservation.fill(&config(), &weights(thread)).unwrap();
            (version, thread)
        };
        let mut saved: Vec<(u32, u8)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|thread| scope.spawn(move || save(thread))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        saved.sort_unstable();
        assert_eq!(saved.iter().map(|(version, _)| *version).collect::<Vec<_>>(), (2..18).collect::<Vec<_>>());
        for (version, thread) in saved {
            let path = folder.path().join(format!("feedforward/net/v{version}/net.safetensors"));
            assert_eq!(fs::read(path).unwrap(), weights(thread).to_bytes().unwrap());
        }
        assert_eq!(fs::read(folder.path().join("feedforward/net/v1/net.safetensors")).unwrap(), b"old");
    }

    #[test]
    fn an_unused_reservation_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(reserve(folder.path(), "feedforward", "net", None).unwrap());
        assert_eq!(reserve(folder.path(), "feedforward", "net", None).unwrap().version(), 1);
    }
}
