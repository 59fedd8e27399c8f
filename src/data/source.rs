//! Data by path or by name, whatever their format.

use std::path::{Path, PathBuf};

use super::cifar10::{cifar10_files, load_cifar10};
use super::idx_file::{idx_pair, labels_beside, load_idx};
use super::images::{image_folder, load_images};
use super::numpy::{load_npy, load_npz};
use super::{DATA_PATH_VARIABLE, DataError, Dataset, load_csv, locate};
use crate::config::DataConfig;

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The samples that weights are fitted to.
    Train,
    /// Held-out samples.
    Test,
}

impl Split {
    fn suffix(self) -> &'static str {
        match self {
            Self::Train => "_train",
            Self::Test => "_test",
        }
    }
}

/// Data sets of folders that a name stands for, and where they come from.
const KNOWN: &[(&str, &str)] = &[
    (
        "mnist",
        "the four idx3/idx1 files of http://yann.lecun.com/exdb/mnist/ (mirror: \
     https://storage.googleapis.com/cvdf-datasets/mnist/), plain or gzipped",
    ),
    ("fashion_mnist", "the four idx3/idx1 files of https://github.com/zalandoresearch/fashion-mnist, plain or gzipped"),
    ("cifar10", "the binary version of https://www.cs.toronto.edu/~kriz/cifar.html, unpacked"),
];

/// The samples that `given` stands for: a file or folder when it exists, else a name. Of data
/// that have splits the one asked for; at most `limit` samples.
///
/// | path | format |
/// |---|---|
/// | `.csv` | [`load_csv`] |
/// | `.npy` | features; labels in `<stem>_labels.npy` or `y...npy` beside `x...npy` |
/// | `.npz` | arrays `x_train`, `y_train`, `x_test`, `y_test`, or `x`, `y` |
/// | `...-images-idx3-ubyte`, also `.gz` | IDX images; the label file is found beside it |
/// | `.bin` | CIFAR-10 records |
/// | a folder | IDX files, CIFAR-10 batches, or a folder of images per class |
///
/// # Errors
/// [`DataError`]; [`DataError::NotFound`] says where a data set of that name can be had.
pub fn load(given: &Path, split: Split, limit: Option<usize>) -> Result<Dataset, DataError> {
    let limit = limit.unwrap_or(usize::MAX);
    if given.exists() {
        return load_path(given, split, limit)?
            .ok_or_else(|| DataError::Format { path: given.to_owned(), problem: "has no held-out samples".into() });
    }
    match given
        .to_str()
        .filter(|name| given.components().count() == 1 && given.extension().is_none() && !name.is_empty())
    {
        Some(name) => load_named(name, None, split, limit),
        None => Err(DataError::Read { path: given.to_owned(), reason: "there is no such file or folder".into() }),
    }
}

/// The training and the held-out samples of a data section whose paths are seen from here.
///
/// # Errors
/// [`DataError`].
pub fn load_section(data: &DataConfig) -> Result<(Dataset, Option<Dataset>), DataError> {
    let limit = data.limit.unwrap_or(usize::MAX);
    let test_limit = data.test_limit.unwrap_or(usize::MAX);
    match (&data.name, &data.train) {
        (Some(name), _) => {
            let path = data.path.as_deref();
            let test = load_named(name, path, Split::Test, test_limit)?;
            Ok((load_named(name, path, Split::Train, limit)?, Some(test)))
        }
        (None, Some(train)) => {
            let test = data.test.as_ref().map(|test| load(test, Split::Test, data.test_limit)).transpose()?;
            // A folder or archive brings its own held-out samples.
            let whole = train.is_dir() || train.extension().is_some_and(|extension| extension == "npz");
            let test = match test {
                None if whole => load_path(train, Split::Test, test_limit)?,
                test => test,
            };
            Ok((load(train, Split::Train, data.limit)?, test))
        }
        (None, None) => Err(DataError::NotFound {
            name: String::new(),
            remedy: "the data section names neither `train` nor `name`".into(),
        }),
    }
}

/// The data set that a model's record names, when it is still found: `<name>.csv`, or
/// `<known>_train` and `<known>_test`.
pub fn recorded(name: &str, limit: Option<usize>) -> Option<Dataset> {
    if let Some(path) = locate(name) {
        return load_csv(&path).ok().map(|data| data.first(limit.unwrap_or(usize::MAX)));
    }
    [Split::Test, Split::Train].into_iter().find_map(|split| {
        let base = name.strip_suffix(split.suffix())?;
        KNOWN.iter().find(|(known, _)| *known == base)?;
        load_named(base, None, split, limit.unwrap_or(usize::MAX)).ok()
    })
}

fn load_named(name: &str, folder: Option<&Path>, split: Split, limit: usize) -> Result<Dataset, DataError> {
    let named = |data: Dataset| Dataset { name: format!("{name}{}", split.suffix()), ..data };
    if let Some(folder) = folder {
        let data = load_path(folder, split, limit)?;
        let none = || DataError::Format { path: folder.to_owned(), problem: "has no held-out samples".into() };
        return Ok(named(data.ok_or_else(none)?));
    }
    if let Some(path) = locate(&format!("{name}{}", split.suffix())).or_else(|| locate(name)) {
        return Ok(load_csv(&path)?.first(limit));
    }
    for folder in super::locate::folders() {
        let candidates = match super::locate::is_plain(name) {
            true => vec![folder.join(name), folder.join(name.replace('_', "-"))],
            false => Vec::new(),
        };
        for folder in candidates.into_iter().filter(|folder| folder.is_dir()) {
            if let Some(data) = load_path(&folder, split, limit)? {
                return Ok(named(data));
            }
        }
    }
    let remedy = match KNOWN.iter().find(|(known, _)| *known == name) {
        Some((_, origin)) => {
            format!("put {origin} into a folder `{name}` and set {DATA_PATH_VARIABLE} to the folder above it")
        }
        None => {
            let known: Vec<&str> = KNOWN.iter().map(|(known, _)| *known).collect();
            let near = crate::files::nearest(name, known.iter().copied());
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            format!(
                "{near}known are {}; for other data give a path, or put `{name}{}.csv` into a folder of {DATA_PATH_VARIABLE}",
                known.join(", "),
                split.suffix()
            )
        }
    };
    Err(DataError::NotFound { name: name.to_owned(), remedy })
}

/// `None` when there are samples of the other split only.
fn load_path(path: &Path, split: Split, limit: usize) -> Result<Option<Dataset>, DataError> {
    if path.is_dir() {
        return load_folder(path, split, limit);
    }
    let name = super::file_name(path).to_lowercase();
    let extension = name.trim_end_matches(".gz").rsplit('.').next().unwrap_or_default();
    match extension {
        "npy" => load_npy(path, limit).map(Some),
        "npz" => load_npz(path, split, limit),
        "bin" => load_cifar10(&[path.to_owned()], limit).map(Some),
        _ if name.contains("idx3") || name.contains("images") && name.contains("ubyte") => {
            let labels = labels_beside(path).ok_or_else(|| DataError::Format {
                path: path.to_owned(),
                problem: "has no label file beside it; expected the same name with `labels-idx1`".into(),
            })?;
            load_idx(path, &labels, limit).map(Some)
        }
        _ => Ok(Some(load_csv(path)?.first(limit))),
    }
}

fn load_folder(folder: &Path, split: Split, limit: usize) -> Result<Option<Dataset>, DataError> {
    let other = match split {
        Split::Train => Split::Test,
        Split::Test => Split::Train,
    };
    if let Some((images, labels)) = idx_pair(folder, split) {
        return load_idx(&images, &labels, limit).map(Some);
    }
    let files: Vec<PathBuf> = cifar10_files(folder, split);
    if !files.is_empty() {
        return load_cifar10(&files, limit).map(Some);
    }
    if idx_pair(folder, other).is_some() || !cifar10_files(folder, other).is_empty() {
        return Ok(None);
    }
    image_folder(folder, split).map(|folder| load_images(&folder, limit)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nobody_has_say_where_to_get_them() {
        let message = load(Path::new("fashion_mnst"), Split::Train, None).unwrap_err().to_string();
        assert!(
            message.contains("did you mean `fashion_mnist`?") && message.contains("fashion_mnst_train.csv"),
            "{message}"
        );
        let message = load_named("cifar10", Some(Path::new("/nonexistent")), Split::Train, 1).unwrap_err().to_string();
        assert!(message.contains("/nonexistent"), "{message}");
        let message = load(Path::new("no/such.csv"), Split::Train, None).unwrap_err().to_string();
        assert_eq!(message, "cannot read `no/such.csv`: there is no such file or folder");
    }

    #[test]
    fn a_section_by_name_is_both_splits() {
        let section = DataConfig { name: Some("digits".into()), limit: Some(20), ..DataConfig::default() };
        let (train, test) = load_section(&section).unwrap();
        assert_eq!((train.rows, train.name.as_str()), (20, "digits_train"));
        assert_eq!(test.map(|test| (test.rows, test.columns)), Some((360, 64)));
        assert_eq!(recorded("digits_test", Some(3)).unwrap().rows, 3);
        assert!(recorded("../digits_test", None).is_none());
    }

    #[test]
    fn real_mnist_is_read_from_its_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mnist");
        if !folder.is_dir() {
            return crate::testing::skipped(
                "real_mnist_is_read_from_its_folder",
                &format!("{} is not there", folder.display()),
            );
        }
        let section = DataConfig {
            name: Some("mnist".into()),
            path: Some(folder),
            limit: Some(2000),
            test_limit: Some(100),
            ..DataConfig::default()
        };
        let (train, test) = load_section(&section).unwrap();
        assert_eq!((train.rows, train.columns, train.classes), (2000, 784, 10));
        assert_eq!(train.labels[..6], [5, 0, 4, 1, 9, 2]);
        assert_eq!(test.unwrap().labels[..6], [7, 2, 1, 0, 4, 1]);
        assert_eq!(train.name, "mnist_train");
        assert_eq!(train.features.iter().fold(0.0f32, |a, &x| a.max(x)), 255.0);
    }
}
