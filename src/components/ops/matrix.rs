//! A matrix product whose inner dimension is the batch.

use pulp::{Arch, Simd, WithSimd};

/// Rows of the result that are worked on side by side.
pub(super) const ROWS: usize = 4;

/// `out[r][c] = sum over s of left[r][s] * right[s][c]` for up to [`ROWS`] rows; `right` is
/// `(samples, columns)` with a stride that is a multiple of 16, `out` has the same stride.
pub(super) fn product(left: &[&[f32]], right: &[f32], stride: usize, out: &mut [f32]) {
    Arch::new().dispatch(Product { left, right, stride, out });
}

struct Product<'a> {
    left: &'a [&'a [f32]],
    right: &'a [f32],
    stride: usize,
    out: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, right, stride, out } = self;
        // A missing row is the first again, whose sums are dropped.
        let rows: [&[f32]; ROWS] = std::array::from_fn(|r| *left.get(r).unwrap_or(&left[0]));
        let samples = rows[0].len();
        let vectors = stride / S::F32_LANES;
        // Two vectors a row keep eight sums in registers, which hides the latency of the additions.
        for first in (0..vectors).step_by(2) {
            let second = (first + 1).min(vectors - 1);
            let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
            for sample in 0..samples {
                let right = S::as_simd_f32s(&right[sample * stride..][..stride]).0;
                let pair = [right[first], right[second]];
                for (sums, row) in sums.iter_mut().zip(rows) {
                    let left = simd.splat_f32s(row[sample]);
                    sums[0] = simd.mul_add_e_f32s(left, pair[0], sums[0]);
                    sums[1] = simd.mul_add_e_f32s(left, pair[1], sums[1]);
                }
            }
            for (out, sums) in out.chunks_exact_mut(stride).zip(sums) {
                let out = S::as_mut_simd_f32s(out).0;
                (out[first], out[second]) = (sums[0], sums[if second == first { 0 } else { 1 }]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_over_samples() {
        let (samples, stride) = (5, 48);
        let left: Vec<Vec<f32>> = (0..3).map(|r| (0..samples).map(|s| (r * 7 + s) as f32).collect()).collect();
        let right: Vec<f32> = (0..samples * stride).map(|i| ((i * 13) % 11) as f32).collect();
        let rows: Vec<&[f32]> = left.iter().map(Vec::as_slice).collect();
        let mut out = vec![9.0; 3 * stride];
        product(&rows, &right, stride, &mut out);
        for (r, row) in left.iter().enumerate() {
            for c in 0..stride {
                let expected: f32 = (0..samples).map(|s| row[s] * right[s * stride + c]).sum();
                assert_eq!(out[r * stride + c], expected);
            }
        }
    }
}
