//! The folder of a training: checkpoints, metrics, the picture of its curve.

use std::fs;
use std::path::{Path, PathBuf};

use super::curve::curve;
use super::{EpochReport, TrainError, json_lines};
use crate::files::{FileError, write_atomically};

/// Where a training leaves what it can be resumed from and what it measured: `epoch-NNNNNN.safetensors`,
/// `metrics.jsonl` and `curve.svg`. Every file appears whole or not at all.
#[derive(Clone, Debug)]
pub struct RunFolder {
    /// The folder; made when missing.
    pub path: PathBuf,
    /// How many checkpoints are kept, the newest ones; at least 1.
    pub keep: usize,
    /// A checkpoint is written after this many epochs, and after the last; at least 1.
    pub every: usize,
    /// Whether the newest checkpoint, where there is one, is gone on from.
    pub resume: bool,
}

impl RunFolder {
    /// Makes the folder, and gives the checkpoint to go on from.
    ///
    /// # Errors
    /// [`TrainError::Occupied`] for checkpoints that are not to be gone on from.
    pub(super) fn open(&self) -> Result<Option<PathBuf>, TrainError> {
        fs::create_dir_all(&self.path).map_err(|source| FileError::Write { path: self.path.clone(), source })?;
        let newest = self.checkpoints()?.pop();
        match newest {
            Some(newest) if !self.resume => Err(TrainError::Occupied {
                folder: self.path.clone(),
                newest: newest.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            }),
            newest => Ok(newest),
        }
    }

    /// Where the checkpoint of an epoch lies.
    pub(super) fn checkpoint(&self, epoch: usize) -> PathBuf {
        self.path.join(format!("epoch-{epoch:06}.safetensors"))
    }

    /// Writes metrics and picture, and removes old checkpoints.
    pub(super) fn update(&self, reports: &[EpochReport]) -> Result<(), TrainError> {
        write_atomically(&self.path.join("metrics.jsonl"), json_lines(reports).as_bytes())?;
        write_atomically(&self.path.join("curve.svg"), curve(reports)?.as_bytes())?;
        let checkpoints = self.checkpoints()?;
        let surplus = checkpoints.len().saturating_sub(self.keep.max(1));
        for path in checkpoints.into_iter().take(surplus) {
            fs::remove_file(&path).map_err(|source| FileError::Write { path, source })?;
        }
        Ok(())
    }

    /// The checkpoints, oldest first.
    fn checkpoints(&self) -> Result<Vec<PathBuf>, FileError> {
        let failed = |source| FileError::Read { path: self.path.clone(), source };
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            found.extend(epoch_of(&path).map(|epoch| (epoch, path)));
        }
        found.sort();
        Ok(found.into_iter().map(|(_, path)| path).collect())
    }
}

/// The epoch of a checkpoint's file name.
fn epoch_of(path: &Path) -> Option<usize> {
    path.file_name()?.to_str()?.strip_prefix("epoch-")?.strip_suffix(".safetensors")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_checkpoints_are_kept_and_other_files_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder { path: folder.path().join("run"), keep: 2, every: 1, resume: true };
        assert_eq!(run.open().unwrap(), None);
        for epoch in [9, 10, 11] {
            fs::write(run.checkpoint(epoch), b"").unwrap();
        }
        fs::write(run.path.join("epoch-x.safetensors"), b"").unwrap();
        assert_eq!(run.open().unwrap(), Some(run.checkpoint(11)));
        run.update(&[]).unwrap();
        assert_eq!(run.checkpoints().unwrap(), [run.checkpoint(10), run.checkpoint(11)]);
        assert!(run.path.join("epoch-x.safetensors").exists());
        let message = RunFolder { resume: false, ..run }.open().unwrap_err().to_string();
        assert!(message.contains("the newest is `epoch-000011.safetensors`") && message.contains("--resume"));
    }
}
