//! Features and labels in NumPy's files.
//!
//! A `.npy` file of features has its labels in a second one: `<stem>_labels.npy`, or `y...` where
//! the stem begins with `x`. A `.npz` archive has them as `x_train` and `y_train` (`x_test`,
//! `y_test`), or as `x` and `y`, in any case; `features`/`images` and `labels` are known too.

use std::path::{Path, PathBuf};

use super::{DataError, Dataset, MAX_LABEL, Split};
use crate::files::{NpyMatrix, read_npy_matrix, read_npz};

/// Reads a `.npy` file and the labels beside it.
pub(super) fn load_npy(path: &Path, limit: usize) -> Result<Dataset, DataError> {
    let stem = super::stem(path);
    let y = stem.strip_prefix('x').map(|rest| format!("y{rest}.npy"));
    let y = y.or_else(|| stem.strip_prefix('X').map(|rest| format!("Y{rest}.npy")));
    let candidates: Vec<PathBuf> =
        std::iter::once(format!("{stem}_labels.npy")).chain(y).map(|name| path.with_file_name(name)).collect();
    let Some(labels) = candidates.iter().find(|path| path.is_file()) else {
        let names: Vec<String> = candidates.iter().map(|path| format!("`{}`", path.display())).collect();
        let problem = format!("has no labels; expected them in {}", names.join(" or "));
        return Err(DataError::Format { path: path.to_owned(), problem });
    };
    join(path, read_npy_matrix(path)?, labels, &read_npy_matrix(labels)?, limit)
}

/// Reads a `.npz` archive; `None` when it has no samples of the split.
pub(super) fn load_npz(path: &Path, split: Split, limit: usize) -> Result<Option<Dataset>, DataError> {
    let mut arrays = read_npz(path)?;
    let suffix = match split {
        Split::Train => "_train",
        Split::Test => "_test",
    };
    let mut find = |names: &[&str]| {
        let at = arrays.iter().position(|(name, _)| names.contains(&name.to_lowercase().as_str()));
        at.map(|at| arrays.swap_remove(at).1)
    };
    let with_split = |names: &[&str]| names.iter().map(|name| format!("{name}{suffix}")).collect::<Vec<_>>();
    let (features, labels) = (["x", "features", "images"], ["y", "labels"]);
    let (split_features, split_labels) = (with_split(&features), with_split(&labels));
    let texts = |names: &[String]| find(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut texts = texts;
    if let (Some(x), Some(y)) = (texts(&split_features), texts(&split_labels)) {
        return join(path, x, path, &y, limit).map(Some);
    }
    match (find(&features), find(&labels)) {
        (Some(x), Some(y)) => join(path, x, path, &y, limit).map(Some),
        // Only the other split is there.
        _ if split == Split::Test => Ok(None),
        _ => {
            let names: Vec<String> = read_npz(path)?.into_iter().map(|(name, _)| name).collect();
            let problem = format!("has the arrays {}; expected x_train and y_train, or x and y", names.join(", "));
            Err(DataError::Format { path: path.to_owned(), problem })
        }
    }
}

fn join(path: &Path, x: NpyMatrix, labels_path: &Path, y: &NpyMatrix, limit: usize) -> Result<Dataset, DataError> {
    let wrong = |problem: String| DataError::Format { path: labels_path.to_owned(), problem };
    if y.values.len() != x.rows {
        return Err(wrong(format!("has {} labels; `{}` has {} samples", y.values.len(), path.display(), x.rows)));
    }
    let rows = x.rows.min(limit);
    let mut labels = Vec::with_capacity(rows);
    for (row, &value) in y.values.iter().take(rows).enumerate() {
        if !(value >= 0.0 && value.fract() == 0.0 && value <= MAX_LABEL as f32) {
            return Err(wrong(format!("label {row} is {value}; allowed are the integers 0 to {MAX_LABEL}")));
        }
        labels.push(value as u32);
    }
    let classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
    let mut features = x.values;
    features.truncate(rows * x.columns);
    Ok(Dataset { name: super::stem(path), features, rows, columns: x.columns, labels, classes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_npy;

    #[test]
    fn labels_stand_beside_the_features() {
        let folder = tempfile::tempdir().unwrap();
        let x = folder.path().join("x_test.npy");
        write_npy(&x, &[3, 2], &[1.5f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let message = load_npy(&x, 9).unwrap_err().to_string();
        assert!(message.contains("x_test_labels.npy` or `") && message.contains("y_test.npy`"), "{message}");
        let y = folder.path().join("y_test.npy");
        write_npy(&y, &[3], &[0i64, 2, 1]).unwrap();
        let data = load_npy(&x, 2).unwrap();
        assert_eq!((data.rows, data.columns, data.classes, data.labels.as_slice()), (2, 2, 3, [0, 2].as_slice()));
        assert_eq!(data.features, [1.5, 2.0, 3.0, 4.0]);
        write_npy(&y, &[2], &[0i64, 2]).unwrap();
        assert!(load_npy(&x, 9).unwrap_err().to_string().contains("has 2 labels; "));
        write_npy(&y, &[3], &[0f32, 0.5, 1.0]).unwrap();
        assert!(load_npy(&x, 9).unwrap_err().to_string().contains("label 1 is 0.5; allowed are the integers 0 to"));
    }
}
