//! Functions of many numbers in vector registers.

use pulp::{Arch, Simd, WithSimd};

/// `e^x` within two units in the last place, 0 below -87 and capped above 88.
///
/// Written without branches and library calls, so that loops of it become vector instructions:
/// `x = k ln 2 + r` with `|r| <= ln 2 / 2`, a polynomial of degree 6 for `e^r`, and `k` into the
/// exponent.
#[inline(always)]
pub(in crate::components) fn exp(x: f32) -> f32 {
    // Adding and taking off 1.5 * 2^23 rounds to whole numbers.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.3, 88.3);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    // ln 2 in two parts, the first exact in few bits.
    let r = (x - k * 0.693_359_4) + k * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        p = p * r + c;
    }
    let power = p * r * r + r + 1.0;
    power * f32::from_bits(((rounded.to_bits() << 23) as i32).wrapping_add(0x3f80_0000) as u32)
}

/// Replaces every `z` by `1 / (1 + exp(-z * factor))`.
pub(in crate::components) fn sigmoids(values: &mut [f32], factor: f32) {
    struct Sigmoids<'a>(&'a mut [f32], f32);
    impl WithSimd for Sigmoids<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            for z in self.0 {
                *z = 1.0 / (1.0 + exp(-(*z * self.1)));
            }
        }
    }
    Arch::new().dispatch(Sigmoids(values, factor));
}

/// The largest number, which no `NaN` is, and `f32::MIN` of none.
#[inline(always)]
pub(super) fn largest<S: Simd>(simd: S, row: &[f32]) -> f32 {
    let (head, tail) = S::as_simd_f32s(row);
    let mut found = [simd.splat_f32s(f32::MIN); 4];
    for vectors in head.chunks(4) {
        found.iter_mut().zip(vectors).for_each(|(found, &x)| *found = simd.max_f32s(x, *found));
    }
    let [a, b, c, d] = found;
    let found = simd.reduce_max_f32s(simd.max_f32s(simd.max_f32s(a, b), simd.max_f32s(c, d)));
    tail.iter().fold(found, |a, &x| if x > a { x } else { a })
}

/// The sum, lane by lane and then over the lanes.
#[inline(always)]
pub(super) fn sum<S: Simd>(simd: S, row: &[f32]) -> f32 {
    let (head, tail) = S::as_simd_f32s(row);
    let mut found = [simd.splat_f32s(0.0); 4];
    for vectors in head.chunks(4) {
        found.iter_mut().zip(vectors).for_each(|(found, &x)| *found = simd.add_f32s(x, *found));
    }
    let [a, b, c, d] = found;
    simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d))) + tail.iter().sum::<f32>()
}

/// The place of the largest number of every row of `width` numbers, the first on ties.
pub(in crate::components) fn places_of_largest(rows: &[f32], width: usize, places: &mut [u32]) {
    struct Places<'a>(&'a [f32], usize, &'a mut [u32]);
    impl WithSimd for Places<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self(rows, width, places) = self;
            for (row, place) in rows.chunks_exact(width).zip(places) {
                let largest = largest(simd, row);
                // Sixteen at a time without leaving early, which is one comparison of a vector.
                let (blocks, _) = row.as_chunks::<16>();
                let has = |block: &[f32; 16]| block.iter().fold(false, |found, x| found | (*x == largest));
                let first = blocks.iter().position(has).unwrap_or(blocks.len()) * 16;
                let within = row[first..].iter().position(|x| *x == largest);
                *place = within.map_or(0, |within| first + within) as u32;
            }
        }
    }
    Arch::new().dispatch(Places(rows, width, places));
}

/// Adds the vectors of `values` to those of `sum`.
#[inline(always)]
pub(super) fn add<S: Simd>(simd: S, sum: &mut [f32], values: S::f32s, at: usize) {
    let sums = S::as_mut_simd_f32s(sum).0;
    sums[at] = simd.add_f32s(sums[at], values);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_that_of_the_library() {
        let mut worst = 0.0f64;
        for step in -87_000..88_000 {
            let x = step as f32 * 1e-3;
            let (found, expected) = (f64::from(exp(x)), f64::from(x).exp());
            worst = worst.max((found - expected).abs() / expected);
        }
        assert!(worst < 2.5e-7, "{worst}");
        assert!(exp(-1e30) < 1.3e-38 && exp(f32::MAX).is_finite() && exp(f32::NAN).is_nan());
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn the_first_of_the_largest_numbers_is_found() {
        for width in [1, 15, 16, 17, 40, 100] {
            let mut rows: Vec<f32> = (0..3 * width).map(|i| -(((i * 31) % 17) as f32)).collect();
            rows[width..2 * width].fill(-2.0);
            rows[3 * width - 1] = 5.0;
            let mut places = [9; 3];
            places_of_largest(&rows, width, &mut places);
            let first = (0..width).fold(0, |best, i| if rows[i] > rows[best] { i } else { best });
            assert_eq!(places, [first as u32, 0, width as u32 - 1]);
        }
        let mut places = [9];
        places_of_largest(&[f32::NEG_INFINITY; 3], 3, &mut places);
        assert_eq!(places, [0]);
    }

    #[test]
    fn sigmoids_are_those_of_the_formula() {
        let mut values: Vec<f32> = (-50..51).map(|i| i as f32).collect();
        sigmoids(&mut values, 0.5);
        for (i, found) in (-50..51).zip(values) {
            let expected = 1.0 / (1.0 + (-0.5 * f64::from(i)).exp());
            assert!((f64::from(found) - expected).abs() < 2e-7);
        }
    }
}
