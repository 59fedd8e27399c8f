//! `.npz`: a zip archive of `.npy` arrays.

use std::path::Path;
use std::sync::Arc;

use npyz::{DType, NpyHeader, Order};

use crate::files::{FileError, check_npy_header};

use super::archive::Archive;
use super::tensor::{Dtype, Tensor, c_strides};

const EXPECTED: &str = ".npz archive";
const MAX_ARRAY: u64 = 4 << 30;

/// Reads every array of the archive, by name without `.npy`.
///
/// # Errors
/// [`FileError`] when the archive or an array in it is broken, or holds objects or text.
pub(super) fn read_npz(path: &Path, bytes: &[u8]) -> Result<Vec<(String, Tensor)>, FileError> {
    let mut archive = Archive::open(path, bytes, EXPECTED)?;
    let mut arrays = Vec::new();
    for name in archive.names().into_keys() {
        let Some(array) = name.strip_suffix(".npy") else { continue };
        let data = archive.read(&name, MAX_ARRAY)?;
        let tensor = read_array(data).map_err(|problem| FileError::Field {
            path: path.to_owned(),
            field: format!("array `{array}`"),
            problem,
        })?;
        arrays.push((array.to_owned(), tensor));
    }
    Ok(arrays)
}

/// One `.npy` array in memory.
pub(super) fn read_array(bytes: Vec<u8>) -> Result<Tensor, String> {
    check_npy_header(&bytes)?;
    let mut rest = bytes.as_slice();
    let header = NpyHeader::from_reader(&mut rest).map_err(|error| error.to_string())?;
    let start = bytes.len() - rest.len();
    let DType::Plain(kind) = header.dtype() else {
        return Err("it holds records; save plain arrays".into());
    };
    let kind = kind.to_string();
    let (dtype, big_endian) = element_type(&kind)
        .ok_or_else(|| format!("its type is `{kind}`; allowed are bool, integers and floats of 1 to 8 bytes"))?;
    let sides: Option<Vec<usize>> = header.shape().iter().map(|&side| usize::try_from(side).ok()).collect();
    let shape = sides.ok_or("its shape has more elements than memory")?;
    let overflow = || format!("its shape {shape:?} has more elements than memory");
    let strides = match header.order() {
        Order::C => c_strides(&shape).ok_or_else(overflow)?,
        Order::Fortran => {
            let reversed: Vec<usize> = shape.iter().rev().copied().collect();
            let mut strides = c_strides(&reversed).ok_or_else(overflow)?;
            strides.reverse();
            strides
        }
    };
    Tensor::new(dtype, shape.clone(), strides, start, Arc::new(bytes), big_endian)
}

/// A NumPy type string such as `<f4`, with its byte order.
fn element_type(kind: &str) -> Option<(Dtype, bool)> {
    let big_endian = kind.starts_with('>');
    let dtype = match kind.trim_start_matches(['<', '>', '|', '=']) {
        "b1" => Dtype::Bool,
        "u1" => Dtype::U8,
        "i1" => Dtype::I8,
        "i2" => Dtype::I16,
        "u2" => Dtype::U16,
        "i4" => Dtype::I32,
        "u4" => Dtype::U32,
        "i8" => Dtype::I64,
        "u8" => Dtype::U64,
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        _ => return None,
    };
    Some((dtype, big_endian))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        while (header.len() + 11) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn byte_order_and_axis_order_are_followed() {
        let big = read_array(npy(">i2", "False", "(2,)", &[1, 2, 3, 4])).unwrap();
        assert_eq!(big.i64s().unwrap(), [0x0102, 0x0304]);
        let fortran = read_array(npy("|u1", "True", "(2, 3)", &[1, 2, 3, 4, 5, 6])).unwrap();
        assert_eq!(fortran.i64s().unwrap(), [1, 3, 5, 2, 4, 6]);
        assert_eq!(read_array(npy("<f4", "False", "()", &1.5f32.to_le_bytes())).unwrap().f32s().unwrap(), [1.5]);
    }

    #[test]
    fn absurd_shapes_objects_and_truncations_are_refused() {
        let error = read_array(npy("<f4", "False", "(1099511627776, 1099511627776)", &[0; 8])).unwrap_err();
        assert!(error.contains("more elements than memory") || error.contains("beyond"), "{error}");
        let error = read_array(npy("<f4", "False", "(3,)", &[0; 8])).unwrap_err();
        assert!(error.contains("beyond"), "{error}");
        let error = read_array(npy("|O", "False", "(3,)", &[0; 8])).unwrap_err();
        assert!(error.contains("`|O`") || error.contains("invalid") || error.contains("type"), "{error}");
        let whole = npy("<f4", "False", "(2,)", &[0; 8]);
        for cut in 0..whole.len() {
            assert!(read_array(whole[..cut].to_vec()).is_err(), "cut at {cut}");
        }
        let mut long = b"\x93NUMPY\x02\x00".to_vec();
        long.extend(u32::MAX.to_le_bytes());
        assert!(read_array(long).unwrap_err().contains("longer than the array"));
    }
}
