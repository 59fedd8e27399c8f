//! The IDX files of MNIST and Fashion-MNIST, plain or gzipped.
//!
//! Two zero bytes, the type (8: unsigned bytes), the number of axes, each axis as a big-endian
//! u32, then the bytes. Images have three axes, labels one
//! (<http://yann.lecun.com/exdb/mnist/>, section "FILE FORMATS").

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{DataError, Dataset, Split};

/// No image file of this size exists; a hostile gzip stream ends here.
const MAX_BYTES: u64 = 1 << 31;

/// The image and the label file of a split in `folder`, when both are there.
pub(super) fn idx_pair(folder: &Path, split: Split) -> Option<(PathBuf, PathBuf)> {
    let stem = match split {
        Split::Train => "train",
        Split::Test => "t10k",
    };
    let file = |what: &str| {
        let names = [format!("{stem}-{what}-ubyte"), format!("{stem}-{what}-ubyte").replace("-idx", ".idx")];
        let names = names.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]);
        names.map(|name| folder.join(name)).find(|path| path.is_file())
    };
    Some((file("images-idx3")?, file("labels-idx1")?))
}

/// The label file that belongs to an image file, by its name.
pub(super) fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?.replace("images", "labels").replace("idx3", "idx1");
    let plain = name.trim_end_matches(".gz");
    let names = [name.clone(), plain.to_owned(), format!("{plain}.gz")];
    names.iter().map(|name| images.with_file_name(name)).find(|path| path.is_file() && path != images)
}

/// Reads images of any number of axes and their labels; every pixel is a feature of 0 to 255.
pub(super) fn load_idx(images: &Path, labels: &Path, limit: usize) -> Result<Dataset, DataError> {
    let (label_axes, label_bytes) = read(labels)?;
    let (axes, pixels) = read(images)?;
    let (rows, columns) = (axes[0], axes[1..].iter().product::<usize>());
    if label_axes != [rows] {
        let problem = format!("has the axes {label_axes:?}; `{}` has {rows} images", images.display());
        return Err(DataError::Format { path: labels.to_owned(), problem });
    }
    if columns == 0 || rows == 0 {
        return Err(DataError::Format { path: images.to_owned(), problem: format!("has the axes {axes:?}, no pixel") });
    }
    let rows = rows.min(limit);
    let labels: Vec<u32> = label_bytes.into_iter().take(rows).map(u32::from).collect();
    let features = pixels.into_iter().take(rows * columns).map(f32::from).collect();
    let classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
    Ok(Dataset { name: super::stem(images), features, rows, columns, labels, classes })
}

/// The axes and the bytes of one file.
fn read(path: &Path) -> Result<(Vec<usize>, Vec<u8>), DataError> {
    let wrong = |problem: String| DataError::Format { path: path.to_owned(), problem };
    let bytes = bytes(path)?;
    let (Some(head), Some(&axes)) = (bytes.get(..3), bytes.get(3)) else {
        return Err(wrong("is too short to be an IDX file".into()));
    };
    if head != [0, 0, 8] {
        return Err(wrong(format!("begins with {head:?}; an IDX file of unsigned bytes begins with [0, 0, 8]")));
    }
    let data = 4 + 4 * usize::from(axes);
    let sizes = bytes.get(4..data).ok_or_else(|| wrong("ends inside its header".into()))?;
    let sizes: Vec<usize> =
        sizes.chunks_exact(4).map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize).collect();
    let expected = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    if sizes.is_empty() || expected != Some(bytes.len() - data) {
        return Err(wrong(format!(
            "states the axes {sizes:?} and holds {} bytes behind its header",
            bytes.len() - data
        )));
    }
    Ok((sizes, bytes[data..].to_vec()))
}

/// The bytes of a file, unpacked when they are gzipped.
fn bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let unreadable = |error: std::io::Error| DataError::Read { path: path.to_owned(), reason: error.to_string() };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice())
        .take(MAX_BYTES)
        .read_to_end(&mut unpacked)
        .map_err(unreadable)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn idx(axes: &[u32], data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, axes.len() as u8];
        axes.iter().for_each(|axis| bytes.extend(axis.to_be_bytes()));
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn plain_and_gzipped_files_are_read_alike() {
        let folder = tempfile::tempdir().unwrap();
        let images = folder.path().join("t10k-images-idx3-ubyte");
        std::fs::write(&images, idx(&[2, 1, 2], &[1, 2, 3, 255])).unwrap();
        let file = std::fs::File::create(folder.path().join("t10k-labels-idx1-ubyte.gz")).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(&idx(&[2], &[9, 0])).unwrap();
        gzip.finish().unwrap();
        let (found, labels) = idx_pair(folder.path(), Split::Test).unwrap();
        assert_eq!(labels_beside(&images).as_ref(), Some(&labels));
        let data = load_idx(&found, &labels, 10).unwrap();
        assert_eq!((data.rows, data.columns, data.classes), (2, 2, 10));
        assert_eq!(
            (data.features.as_slice(), data.labels.as_slice()),
            ([1.0, 2.0, 3.0, 255.0].as_slice(), [9, 0].as_slice())
        );
        assert_eq!(load_idx(&found, &labels, 1).unwrap().features, [1.0, 2.0]);
        assert_eq!(idx_pair(folder.path(), Split::Train), None);
    }

    #[test]
    fn files_that_are_not_what_they_say_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let refused = |bytes: &[u8], expected: &str| {
            std::fs::write(&path, bytes).unwrap();
            let message = read(&path).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        };
        refused(&[0, 0], "too short");
        refused(b"GIF89a", "begins with [71, 73, 70]");
        refused(&idx(&[2, 3], &[1; 5]), "states the axes [2, 3] and holds 5 bytes");
        refused(&idx(&[u32::MAX, u32::MAX, u32::MAX], &[]), "states the axes");
        refused(&[0, 0, 8, 3, 0], "ends inside its header");
    }
}
