//! A folder of images: one folder per class, `train/` and `test/` above them where there are
//! splits.
//!
//! Classes are numbered in the order of their folders' names. PNG, JPEG, BMP, PGM and PPM of one
//! size; gray images give one plane, coloured ones three (red, green, blue), each row by row, with
//! values of 0 to 255.

use std::path::{Path, PathBuf};

use super::{DataError, Dataset, Split};

const EXTENSIONS: &[&str] = &["png", "jpg", "jpeg", "bmp", "pgm", "ppm", "pnm"];

/// The folder of a split: `train` or `test` below `folder`, or `folder` itself for training when
/// it has neither.
pub(super) fn image_folder(folder: &Path, split: Split) -> Option<PathBuf> {
    let (train, test) = (folder.join("train"), folder.join("test"));
    match split {
        Split::Test => Some(test).filter(|test| test.is_dir()),
        Split::Train if train.is_dir() => Some(train),
        Split::Train => Some(folder.to_owned()),
    }
}

/// Reads at most `limit` images, taking from every class in turn.
pub(super) fn load_images(folder: &Path, limit: usize) -> Result<Dataset, DataError> {
    let classes: Vec<Vec<PathBuf>> = super::entries(folder)
        .into_iter()
        .filter(|path| path.is_dir())
        .map(|class| super::entries(&class).into_iter().filter(|path| is_image(path)).collect())
        .collect();
    let wrong = |problem: String| DataError::Format { path: folder.to_owned(), problem };
    if classes.iter().all(Vec::is_empty) {
        let kinds = EXTENSIONS.join(", ");
        return Err(wrong(format!(
            "holds no known data set; for images expected a folder per class with {kinds} files"
        )));
    }
    let longest = classes.iter().map(Vec::len).max().unwrap_or(0);
    let turns = (0..longest).flat_map(|turn| {
        classes.iter().enumerate().filter_map(move |(class, files)| Some((class as u32, files.get(turn)?)))
    });
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    let mut first: Option<([u32; 3], &Path)> = None;
    for (label, path) in turns.take(limit) {
        let (shape, values) = read(path)?;
        let (expected, like) = *first.get_or_insert((shape, path));
        if shape != expected {
            let problem = format!("has planes, rows, columns {shape:?}; `{}` has {expected:?}", like.display());
            return Err(DataError::Format { path: path.clone(), problem });
        }
        features.extend(values);
        labels.push(label);
    }
    let columns = features.len() / labels.len().max(1);
    Ok(Dataset { name: super::stem(folder), features, rows: labels.len(), columns, labels, classes: classes.len() })
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    EXTENSIONS.contains(&extension.as_str())
}

fn read(path: &Path) -> Result<([u32; 3], Vec<f32>), DataError> {
    let image =
        image::open(path).map_err(|error| DataError::Read { path: path.to_owned(), reason: error.to_string() })?;
    let (height, width) = (image.height(), image.width());
    if !image.color().has_color() {
        return Ok(([1, height, width], image.to_luma8().into_raw().into_iter().map(f32::from).collect()));
    }
    let pixels = image.to_rgb8();
    let plane = |channel: usize| pixels.pixels().map(move |pixel| f32::from(pixel.0[channel]));
    Ok(([3, height, width], (0..3).flat_map(plane).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_classes_and_colours_are_planes() {
        let folder = tempfile::tempdir().unwrap();
        let (cats, dogs) = (folder.path().join("train/cats"), folder.path().join("train/dogs"));
        std::fs::create_dir_all(&cats).unwrap();
        std::fs::create_dir_all(&dogs).unwrap();
        image::RgbImage::from_raw(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap().save(cats.join("a.png")).unwrap();
        image::RgbImage::from_raw(2, 1, vec![7; 6]).unwrap().save(cats.join("b.bmp")).unwrap();
        image::RgbImage::from_raw(2, 1, vec![9; 6]).unwrap().save(dogs.join("a.ppm")).unwrap();
        let train = image_folder(folder.path(), Split::Train).unwrap();
        assert_eq!(image_folder(folder.path(), Split::Test), None);
        let data = load_images(&train, 9).unwrap();
        assert_eq!((data.labels.as_slice(), data.columns, data.classes), ([0, 1, 0].as_slice(), 6, 2));
        assert_eq!(data.row(0), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        image::GrayImage::from_raw(2, 1, vec![7; 2]).unwrap().save(dogs.join("b.png")).unwrap();
        let message = load_images(&train, 9).unwrap_err().to_string();
        assert!(message.contains("b.png` has planes, rows, columns [1, 1, 2]; `"), "{message}");
        std::fs::write(dogs.join("b.png"), b"no image").unwrap();
        assert!(load_images(&train, 9).unwrap_err().to_string().contains("cannot read `"));
        assert!(load_images(&dogs, 9).unwrap_err().to_string().contains("expected a folder per class"));
    }
}
