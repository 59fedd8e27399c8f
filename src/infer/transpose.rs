//! Samples as bytes to words of one sample per bit.
#![allow(clippy::needless_range_loop, reason = "indices are lanes, words and squares of several arrays")]

/// Samples and bytes of a square.
pub(super) const SIDE: usize = 64;

/// Samples whose bits share a byte.
pub(super) const EIGHT: usize = 8;

/// A byte, zero or one, of 64 columns.
pub(super) type Row = [u8; SIDE];

/// 64 samples of 64 columns: byte `c` of number `i` has the bits of samples `8 i` to `8 i + 7`.
pub(super) type Square = [[u64; 8]; SIDE / EIGHT];

/// Eight samples of 64 columns: bit `s` of byte `c` is byte `c` of `row(s)`.
#[inline(always)]
pub(super) fn gather(row: impl Fn(usize) -> Row) -> [u64; 8] {
    let mut sums = [0u64; 8];
    for sample in 0..EIGHT {
        let row = row(sample);
        for (sum, bytes) in sums.iter_mut().zip(row.as_chunks::<8>().0) {
            *sum |= u64::from_le_bytes(*bytes) << sample;
        }
    }
    sums
}

/// Turns a square: number `c / 8` of row `c % 8` is then column `c`, one sample per bit.
#[inline(always)]
pub(super) fn turn(square: &mut Square) {
    // Eight squares of eight bytes, each transposed in three steps.
    for (distance, shift, mask) in
        [(4, 32, 0x0000_0000_ffff_ffffu64), (2, 16, 0x0000_ffff_0000_ffff), (1, 8, 0x00ff_00ff_00ff_00ff)]
    {
        for row in 0..8 {
            if row & distance == 0 {
                for eight in 0..8 {
                    let swapped = ((square[row][eight] >> shift) ^ square[row + distance][eight]) & mask;
                    square[row + distance][eight] ^= swapped;
                    square[row][eight] ^= swapped << shift;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_samples_become_bits_of_columns() {
        let bit = |sample: usize, column: usize| (sample * sample + 3 * column + sample / (column + 1)) % 7 < 3;
        let row = |sample: usize| std::array::from_fn(|column| u8::from(bit(sample, column)));
        let mut square: Square = std::array::from_fn(|eight| gather(|sample| row(EIGHT * eight + sample)));
        turn(&mut square);
        for column in 0..SIDE {
            for sample in 0..SIDE {
                assert_eq!(square[column % 8][column / 8] >> sample & 1 == 1, bit(sample, column), "{column} {sample}");
            }
        }
    }
}
