//! NumPy's `.npz`: a zip archive of `.npy` files.

use std::io::Read;
use std::path::Path;

use super::FileError;
use super::npy::{NpyMatrix, npy_matrix};

/// No array of this many bytes is read; an archive may state any size.
const MAX_BYTES: u64 = 1 << 32;

/// The names, without `.npy`, and the arrays of an archive, in its order.
///
/// # Errors
/// [`FileError`] when the file is missing or no archive, and as for a `.npy` file.
pub fn read_npz(path: &Path) -> Result<Vec<(String, NpyMatrix)>, FileError> {
    let unreadable = |source| FileError::Read { path: path.to_owned(), source };
    let refused = |reason: String| FileError::Format { path: path.to_owned(), expected: ".npz archive", reason };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| refused(error.to_string()))?;
    let mut arrays = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| refused(error.to_string()))?;
        let name = entry.name().map_err(|error| refused(error.to_string()))?.into_owned();
        let Some(stem) = name.strip_suffix(".npy") else { continue };
        let mut bytes = Vec::new();
        entry.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| refused(format!("`{name}`: {error}")))?;
        arrays.push((stem.to_owned(), npy_matrix(&path.join(&name), &bytes)?));
    }
    Ok(arrays)
}
