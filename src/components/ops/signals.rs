//! The signals of a tile: one row per column of a layer, bits as bytes or numbers.

/// Samples of a tile come in multiples of this, the widest vector register there is.
pub const LANES: usize = 16;

use pulp::{Arch, Simd, WithSimd};

/// Rows of signals that a tile owns, `rows * tile` entries.
#[derive(Clone, Debug)]
pub enum Signals {
    /// 0 and 1.
    Bytes(Vec<u8>),
    /// Numbers in [0, 1].
    Floats(Vec<f32>),
}

/// The same, lent.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// 0 and 1.
    Bytes(&'a [u8]),
    /// Numbers in [0, 1].
    Floats(&'a [f32]),
}

/// The same, to be written.
#[derive(Debug)]
pub enum SignalsMut<'a> {
    /// 0 and 1.
    Bytes(&'a mut [u8]),
    /// Numbers in [0, 1].
    Floats(&'a mut [f32]),
}

impl Signals {
    /// `length` zeros, as bytes or as floats.
    pub fn zeros(bits: bool, length: usize) -> Self {
        match bits {
            true => Self::Bytes(vec![0; length]),
            false => Self::Floats(vec![0.0; length]),
        }
    }

    /// Lends the rows.
    pub fn rows(&self) -> Rows<'_> {
        match self {
            Self::Bytes(bytes) => Rows::Bytes(bytes),
            Self::Floats(floats) => Rows::Floats(floats),
        }
    }

    /// Lends `length` entries from `start` on, to be written.
    pub fn part_mut(&mut self, start: usize, length: usize) -> SignalsMut<'_> {
        match self {
            Self::Bytes(bytes) => SignalsMut::Bytes(&mut bytes[start..start + length]),
            Self::Floats(floats) => SignalsMut::Floats(&mut floats[start..start + length]),
        }
    }
}

impl Rows<'_> {
    /// Copies everything to floats of the same length.
    pub fn to_floats(self, out: &mut [f32]) {
        match self {
            Self::Bytes(bytes) => out.iter_mut().zip(bytes).for_each(|(out, &bit)| *out = f32::from(bit)),
            Self::Floats(floats) => out.copy_from_slice(floats),
        }
    }
}

/// Bits to bytes: bit `s` of the word of a column becomes entry `s` of its row, for up to 64
/// samples a tile.
pub fn expand_bits(columns: &[u64], tile: usize, out: &mut [u8]) {
    Arch::new().dispatch(ExpandBits { columns, tile, out });
}

struct ExpandBits<'a> {
    columns: &'a [u64],
    tile: usize,
    out: &'a mut [u8],
}

impl WithSimd for ExpandBits<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (word, row) in self.columns.iter().zip(self.out.chunks_exact_mut(self.tile)) {
            for (sample, bit) in row.iter_mut().enumerate() {
                *bit = (word >> sample) as u8 & 1;
            }
        }
    }
}
