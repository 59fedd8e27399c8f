//! Named tensors of a checkpoint: a typed, strided window on bytes that were read once.

use std::sync::Arc;

/// Elements of a tensor that may be materialized when a view repeats elements of its storage.
const MAX_REPEATED: usize = 1 << 26;

/// Element types of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// Eight-bit truth values.
    Bool,
    /// Unsigned bytes.
    U8,
    /// Signed bytes.
    I8,
    /// 16-bit integers.
    I16,
    /// Unsigned 16-bit integers.
    U16,
    /// 32-bit integers.
    I32,
    /// Unsigned 32-bit integers.
    U32,
    /// 64-bit integers.
    I64,
    /// Unsigned 64-bit integers.
    U64,
    /// Half precision.
    F16,
    /// Brain floats.
    Bf16,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl Dtype {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::I16 | Self::U16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The type's name in PyTorch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::U16 => "uint16",
            Self::I32 => "int32",
            Self::U32 => "uint32",
            Self::I64 => "int64",
            Self::U64 => "uint64",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

/// A view of a storage.
///
/// Invariant: made by [`Tensor::new`], so every element lies inside the storage and the number
/// of elements is one that may be materialized.
#[derive(Clone, Debug)]
pub struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    strides: Vec<usize>,
    /// Byte of the first element.
    start: usize,
    storage: Arc<Vec<u8>>,
    big_endian: bool,
}

impl Tensor {
    /// A view of `storage`: the first element at byte `start`, strides in elements.
    ///
    /// Views may share and overlap storages, as PyTorch's do; they may not leave them.
    ///
    /// # Errors
    /// A clause that says what is wrong with the view.
    pub fn new(
        dtype: Dtype,
        shape: Vec<usize>,
        strides: Vec<usize>,
        start: usize,
        storage: Arc<Vec<u8>>,
        big_endian: bool,
    ) -> Result<Self, String> {
        check_view(&shape, &strides, start, dtype, storage.len())?;
        Ok(Self { dtype, shape, strides, start, storage, big_endian })
    }

    /// A view in C order.
    ///
    /// # Errors
    /// A clause that says what is wrong with the view.
    pub fn contiguous(dtype: Dtype, shape: Vec<usize>, start: usize, storage: Arc<Vec<u8>>) -> Result<Self, String> {
        let strides = c_strides(&shape).ok_or_else(|| format!("its shape {shape:?} has more elements than memory"))?;
        Self::new(dtype, shape, strides, start, storage, false)
    }

    /// The element type.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `float32 [3, 4]`, for messages.
    pub fn describe(&self) -> String {
        format!("{} {:?}", self.dtype.name(), self.shape)
    }

    /// The elements as float32 in C order, if the type is float32.
    pub fn f32s(&self) -> Option<Vec<f32>> {
        (self.dtype == Dtype::F32).then(|| self.elements(|bytes: [u8; 4]| f32::from_le_bytes(bytes)))
    }

    /// The elements as float64 in C order, exact; any type but 64-bit integers.
    pub fn f64s(&self) -> Option<Vec<f64>> {
        match self.dtype {
            Dtype::F64 => Some(self.elements(f64::from_le_bytes)),
            Dtype::F32 => Some(self.elements(|bytes| f64::from(f32::from_le_bytes(bytes)))),
            Dtype::F16 => Some(self.elements(|bytes| half(u16::from_le_bytes(bytes)))),
            Dtype::Bf16 => {
                Some(self.elements(|bytes| f64::from(f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16))))
            }
            Dtype::Bool | Dtype::U8 | Dtype::I8 | Dtype::I16 | Dtype::U16 | Dtype::I32 | Dtype::U32 => {
                Some(self.i64s()?.into_iter().map(|value| value as f64).collect())
            }
            Dtype::I64 | Dtype::U64 => {
                let values = self.i64s()?;
                values.iter().all(|value| value.unsigned_abs() <= 1 << 53).then(|| values.iter().map(|&v| v as f64).collect())
            }
        }
    }

    /// The elements as integers in C order, if the type is an integer or bool.
    pub fn i64s(&self) -> Option<Vec<i64>> {
        match self.dtype {
            Dtype::Bool | Dtype::U8 => Some(self.elements(|[byte]: [u8; 1]| i64::from(byte))),
            Dtype::I8 => Some(self.elements(|bytes| i64::from(i8::from_le_bytes(bytes)))),
            Dtype::I16 => Some(self.elements(|bytes| i64::from(i16::from_le_bytes(bytes)))),
            Dtype::U16 => Some(self.elements(|bytes| i64::from(u16::from_le_bytes(bytes)))),
            Dtype::I32 => Some(self.elements(|bytes| i64::from(i32::from_le_bytes(bytes)))),
            Dtype::U32 => Some(self.elements(|bytes| i64::from(u32::from_le_bytes(bytes)))),
            Dtype::I64 => Some(self.elements(i64::from_le_bytes)),
            Dtype::U64 => {
                let values = self.elements(u64::from_le_bytes);
                values.into_iter().map(|value| i64::try_from(value).ok()).collect()
            }
            Dtype::F16 | Dtype::Bf16 | Dtype::F32 | Dtype::F64 => None,
        }
    }

    fn elements<const N: usize, T>(&self, convert: impl Fn([u8; N]) -> T) -> Vec<T> {
        let mut values = Vec::with_capacity(self.len());
        let mut index = vec![0usize; self.shape.len()];
        if self.is_empty() {
            return values;
        }
        let mut offset = 0usize;
        loop {
            let start = self.start + offset * N;
            let mut bytes: [u8; N] =
                self.storage.get(start..start + N).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; N]);
            if self.big_endian {
                bytes.reverse();
            }
            values.push(convert(bytes));
            // Counts up the index, last axis fastest.
            let mut axis = self.shape.len();
            loop {
                if axis == 0 {
                    return values;
                }
                axis -= 1;
                index[axis] += 1;
                offset += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                offset -= self.strides[axis] * self.shape[axis];
                index[axis] = 0;
            }
        }
    }
}

/// Strides of a C-ordered array, unless its size overflows.
pub(super) fn c_strides(shape: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![1usize; shape.len()];
    let mut step = 1usize;
    for (stride, &side) in strides.iter_mut().zip(shape).rev() {
        *stride = step;
        step = step.checked_mul(side.max(1))?;
    }
    Some(strides)
}

fn check_view(shape: &[usize], strides: &[usize], start: usize, dtype: Dtype, bytes: usize) -> Result<(), String> {
    if shape.len() != strides.len() || shape.len() > 16 {
        return Err(format!("it has {} sides and {} strides; at most 16 of each, and as many", shape.len(), strides.len()));
    }
    let absurd = || format!("its shape {shape:?} with strides {strides:?} reaches beyond the {bytes} bytes of its storage");
    if shape.contains(&0) {
        // Nothing is read; but a product of the other sides must not overflow either.
        return c_strides(shape).map(drop).ok_or_else(absurd);
    }
    let cells = shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side)).ok_or_else(absurd)?;
    let last = shape
        .iter()
        .zip(strides)
        .try_fold(0usize, |sum, (&side, &stride)| sum.checked_add(stride.checked_mul(side - 1)?))
        .and_then(|last| last.checked_add(1)?.checked_mul(dtype.size())?.checked_add(start))
        .ok_or_else(absurd)?;
    if last > bytes {
        return Err(absurd());
    }
    if cells > bytes / dtype.size() && cells > MAX_REPEATED {
        return Err(format!("its shape {shape:?} repeats {bytes} bytes to {cells} elements; save `tensor.contiguous()`"));
    }
    Ok(())
}

/// IEEE half precision to double, exact.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(values: &[f32]) -> Arc<Vec<u8>> {
        Arc::new(values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    #[test]
    fn a_transposed_view_is_read_in_c_order() {
        let storage = bytes(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let view = Tensor::new(Dtype::F32, vec![3, 2], vec![1, 3], 0, storage, false).unwrap();
        assert_eq!(view.f32s().unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(view.describe(), "float32 [3, 2]");
    }

    #[test]
    fn views_may_overlap_but_not_leave_their_storage() {
        let storage = bytes(&[1.0, 2.0, 3.0]);
        let overlapping = Tensor::new(Dtype::F32, vec![2, 2], vec![1, 1], 0, storage.clone(), false).unwrap();
        assert_eq!(overlapping.f32s().unwrap(), [1.0, 2.0, 2.0, 3.0]);
        for (shape, strides, start) in [
            (vec![4], vec![1], 0),
            (vec![3], vec![1], 4),
            (vec![2, 2], vec![2, 1], 0),
            (vec![usize::MAX, 2], vec![1, 1], 0),
            (vec![2], vec![usize::MAX], 0),
            (vec![1], vec![1], usize::MAX),
            (vec![0, usize::MAX, usize::MAX], vec![1, 1, 1], 0),
        ] {
            let error = Tensor::new(Dtype::F32, shape, strides, start, storage.clone(), false).unwrap_err();
            assert!(error.contains("beyond the 12 bytes"), "{error}");
        }
        let error = Tensor::new(Dtype::F32, vec![1 << 40], vec![0], 0, storage, false).unwrap_err();
        assert!(error.contains("repeats 12 bytes to 1099511627776 elements"), "{error}");
    }

    #[test]
    fn big_endian_halves_and_integers_are_exact() {
        let storage = Arc::new(vec![0x01, 0x02, 0xff, 0xff]);
        let view = Tensor::new(Dtype::I16, vec![2], vec![1], 0, storage, true).unwrap();
        assert_eq!(view.i64s().unwrap(), [0x0102, -1]);
        assert_eq!(half(0x3c00), 1.0);
        assert_eq!(half(0xc000), -2.0);
        assert_eq!(half(0x0001), 2f64.powi(-24));
    }
}
