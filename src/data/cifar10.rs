//! CIFAR-10's binary version: records of one label byte and 3072 pixel bytes.
//!
//! Pixels are three planes (red, green, blue) of 32 rows of 32
//! (<https://www.cs.toronto.edu/~kriz/cifar.html>, "Binary version").

use std::path::{Path, PathBuf};

use super::{DataError, Dataset, Split};

const PIXELS: usize = 3 * 32 * 32;

/// The files of a split in `folder` or in `cifar-10-batches-bin` below it; empty when one lacks.
pub(super) fn cifar10_files(folder: &Path, split: Split) -> Vec<PathBuf> {
    let names: Vec<String> = match split {
        Split::Train => (1..=5).map(|batch| format!("data_batch_{batch}.bin")).collect(),
        Split::Test => vec!["test_batch.bin".into()],
    };
    let in_folder = |folder: PathBuf| names.iter().map(|name| folder.join(name)).collect::<Vec<_>>();
    let candidates = [folder.to_owned(), folder.join("cifar-10-batches-bin")].map(in_folder);
    candidates.into_iter().find(|files| files.iter().all(|file| file.is_file())).unwrap_or_default()
}

/// Reads binary batches one behind the other.
pub(super) fn load_cifar10(files: &[PathBuf], limit: usize) -> Result<Dataset, DataError> {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for path in files {
        let bytes =
            std::fs::read(path).map_err(|error| DataError::Read { path: path.clone(), reason: error.to_string() })?;
        let wrong = |problem: String| DataError::Format { path: path.clone(), problem };
        if bytes.is_empty() || bytes.len() % (PIXELS + 1) != 0 {
            return Err(wrong(format!("has {} bytes; expected a multiple of {}", bytes.len(), PIXELS + 1)));
        }
        for (row, record) in bytes.chunks_exact(PIXELS + 1).enumerate().take(limit - labels.len()) {
            if record[0] > 9 {
                return Err(wrong(format!("record {row} has the label {}; allowed are 0 to 9", record[0])));
            }
            labels.push(u32::from(record[0]));
            features.extend(record[1..].iter().map(|&pixel| f32::from(pixel)));
        }
    }
    let name = files.first().map(|path| super::stem(path)).unwrap_or_default();
    Ok(Dataset { name, features, rows: labels.len(), columns: PIXELS, labels, classes: 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_labels_and_planes() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("cifar-10-batches-bin");
        std::fs::create_dir(&below).unwrap();
        let mut bytes = vec![7u8; 1 + PIXELS];
        bytes.extend(vec![3u8; 1 + PIXELS]);
        bytes[1] = 200;
        std::fs::write(below.join("test_batch.bin"), &bytes).unwrap();
        let files = cifar10_files(folder.path(), Split::Test);
        assert!(cifar10_files(folder.path(), Split::Train).is_empty());
        let data = load_cifar10(&files, usize::MAX).unwrap();
        assert_eq!((data.rows, data.columns, data.labels.as_slice()), (2, 3072, [7, 3].as_slice()));
        assert_eq!(data.row(0)[..2], [200.0, 7.0]);
        assert_eq!(load_cifar10(&files, 1).unwrap().rows, 1);
        bytes[0] = 10;
        std::fs::write(&files[0], &bytes).unwrap();
        assert!(load_cifar10(&files, 9).unwrap_err().to_string().contains("record 0 has the label 10"));
        std::fs::write(&files[0], &bytes[1..]).unwrap();
        assert!(
            load_cifar10(&files, 9).unwrap_err().to_string().contains("has 6145 bytes; expected a multiple of 3073")
        );
    }
}
