//! NumPy's `.npy`, as far as features and bits need it.

use std::path::Path;

use npyz::{DType, NpyFile, Order, TypeStr, WriterBuilder};

use super::{FileError, write_atomically};

/// A matrix of numbers, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct NpyMatrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// `rows * columns` values.
    pub values: Vec<f32>,
}

/// Reads a two-dimensional array of floats, integers or booleans; axes after the first are
/// flattened in C order, and a one-dimensional array is one row.
///
/// # Errors
/// [`FileError`] when the file is missing, not `.npy`, has a type other than bool, (u)int8..64,
/// float32 or float64, or holds NaN or infinity, or a number that float32 cannot hold.
pub fn read_npy_matrix(path: &Path) -> Result<NpyMatrix, FileError> {
    let bytes = std::fs::read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    npy_matrix(path, &bytes)
}

/// The same for the bytes of an array; `path` is for messages.
pub(super) fn npy_matrix(path: &Path, bytes: &[u8]) -> Result<NpyMatrix, FileError> {
    let refused = |reason: String| FileError::Format { path: path.to_owned(), expected: ".npy array", reason };
    check_npy_header(bytes).map_err(refused)?;
    let array = NpyFile::new(bytes).map_err(|error| refused(error.to_string()))?;
    let shape: Vec<u64> = array.shape().to_vec();
    let fortran = array.order() == Order::Fortran;
    let type_string = match array.dtype() {
        DType::Plain(type_string) => type_string,
        DType::Array(..) | DType::Record(_) => return Err(refused("it holds records; save a plain array".into())),
    };
    // The header's shape is only believed once it matches the bytes that are there.
    let cells = shape.iter().try_fold(1u64, |product, &side| product.checked_mul(side));
    let bytes_per_cell = type_string.num_bytes().unwrap_or(1).max(1) as u64;
    if cells.and_then(|cells| cells.checked_mul(bytes_per_cell)).is_none_or(|size| size > bytes.len() as u64) {
        return Err(refused(format!(
            "its header states the shape {shape:?}, more than the {} bytes of the file",
            bytes.len()
        )));
    }
    let (rows, columns) = match shape.as_slice() {
        [] => (1, 1),
        [columns] => (1, *columns as usize),
        [rows, rest @ ..] => (*rows as usize, rest.iter().product::<u64>() as usize),
    };
    let mut values = read_numbers(array, &type_string).map_err(refused)?;
    if fortran && shape.len() > 1 && values.len() == rows * columns {
        values = c_order(&shape, &values);
    }
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(FileError::Field {
            path: path.to_owned(),
            field: format!("row {}, column {}", index / columns, index % columns),
            problem: format!("found {}, features must be finite float32 numbers", values[index]),
        });
    }
    Ok(NpyMatrix { rows, columns, values })
}

/// Checks the length that a header states against the bytes that are there: version 2 has room
/// for four gigabytes, and a reader takes memory for what is stated.
///
/// # Errors
/// A sentence.
pub fn check_npy_header(bytes: &[u8]) -> Result<(), String> {
    let length = match bytes.get(6) {
        Some(1) => bytes.get(8..10).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])) + 10),
        _ => bytes.get(8..12).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize + 12),
    };
    if length.is_none_or(|length| length > bytes.len() || length > 1 << 16) {
        return Err("its header is longer than the array".into());
    }
    Ok(())
}

/// Values in Fortran order (the first axis runs fastest) in C order (the last one does).
fn c_order(shape: &[u64], values: &[f32]) -> Vec<f32> {
    let place = |index: usize| {
        let (mut rest, mut stride, mut place) = (index, values.len(), 0);
        for &side in shape.iter().rev() {
            let side = side as usize;
            stride /= side;
            place += rest % side * stride;
            rest /= side;
        }
        place
    };
    (0..values.len()).map(|index| values[place(index)]).collect()
}

fn read_numbers(array: NpyFile<&[u8]>, type_string: &TypeStr) -> Result<Vec<f32>, String> {
    fn cells<T: npyz::Deserialize>(array: NpyFile<&[u8]>, convert: impl Fn(T) -> f32) -> Result<Vec<f32>, String> {
        let cells = array.data::<T>().map_err(|error| error.to_string())?;
        cells.map(|cell| cell.map(&convert).map_err(|error| format!("its data end early: {error}"))).collect()
    }
    match type_string.to_string().trim_start_matches(['<', '>', '|', '=']) {
        "f4" => cells::<f32>(array, |x| x),
        "f8" => cells::<f64>(array, |x| x as f32),
        "b1" => cells::<bool>(array, |x| f32::from(u8::from(x))),
        "u1" => cells::<u8>(array, f32::from),
        "i1" => cells::<i8>(array, f32::from),
        "u2" => cells::<u16>(array, f32::from),
        "i2" => cells::<i16>(array, f32::from),
        "u4" => cells::<u32>(array, |x| x as f32),
        "i4" => cells::<i32>(array, |x| x as f32),
        "u8" => cells::<u64>(array, |x| x as f32),
        "i8" => cells::<i64>(array, |x| x as f32),
        other => Err(format!("its type is `{other}`; allowed are bool, (u)int8 to (u)int64, float32 and float64")),
    }
}

/// Writes `values` as a C-ordered array of the given shape, whole or not at all.
///
/// # Errors
/// [`FileError::Write`] when the file cannot be written.
pub fn write_npy<T>(path: &Path, shape: &[u64], values: &[T]) -> Result<(), FileError>
where
    T: npyz::AutoSerialize + Copy,
{
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(shape).writer(&mut bytes).begin_nd().map_err(failed)?;
    writer.extend(values.iter().copied()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    write_atomically(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_integers_are_read_back_as_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        write_npy(&path, &[2, 3], &[1i32, -2, 3, 4, 5, 6]).unwrap();
        let matrix = read_npy_matrix(&path).unwrap();
        assert_eq!(matrix, NpyMatrix { rows: 2, columns: 3, values: vec![1.0, -2.0, 3.0, 4.0, 5.0, 6.0] });
    }

    #[test]
    fn fortran_order_is_turned_into_c_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        // Cell (i, j, k) of the shape (2, 3, 2) holds 100 i + 10 j + k.
        let cells = (0..12).map(|at| (at % 2 * 100 + at / 2 % 3 * 10 + at / 6) as f32);
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::new().default_dtype().shape(&[2, 3, 2]).order(Order::Fortran);
        let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
        writer.extend(cells).unwrap();
        writer.finish().unwrap();
        std::fs::write(&path, bytes).unwrap();
        let matrix = read_npy_matrix(&path).unwrap();
        assert_eq!((matrix.rows, matrix.columns), (2, 6));
        assert_eq!(matrix.values, [0.0, 1.0, 10.0, 11.0, 20.0, 21.0, 100.0, 101.0, 110.0, 111.0, 120.0, 121.0]);
    }

    #[test]
    fn a_header_longer_than_the_file_is_refused_before_memory_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
        bytes.extend(u32::MAX.to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        let message = read_npy_matrix(&path).unwrap_err().to_string();
        assert!(message.contains("header is longer than the array"), "{message}");
    }

    #[test]
    fn nan_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        write_npy(&path, &[2, 2], &[1.0f32, 2.0, f32::NAN, 4.0]).unwrap();
        let message = read_npy_matrix(&path).unwrap_err().to_string();
        assert!(message.contains("row 1, column 0") && message.contains("NaN"), "{message}");
    }

    #[test]
    fn truncated_and_foreign_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        write_npy(&path, &[2, 2], &[1.0f32, 2.0, 3.0, 4.0]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 5, 20, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            read_npy_matrix(&path).unwrap_err();
        }
    }
}
