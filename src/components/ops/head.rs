//! Group sums of a tile and their gradient.
//!
//! The groups are those of [`group_sum`](crate::components::head): class `c` of `k` sums the rows
//! `[c*g, (c+1)*g)` with `g = ceil(width / k)`.

use pulp::{Arch, Simd, WithSimd};

use super::Rows;

/// The scores `(tile, classes)` of `width` rows: group sums divided by tau.
pub fn sum_groups(rows: Rows<'_>, width: usize, tile: usize, tau: f32, scores: &mut [f32]) {
    Arch::new().dispatch(SumGroups { rows, width, tile, tau, scores });
}

struct SumGroups<'a> {
    rows: Rows<'a>,
    width: usize,
    tile: usize,
    tau: f32,
    scores: &'a mut [f32],
}

impl WithSimd for SumGroups<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { rows, width, tile, tau, scores } = self;
        let classes = scores.len() / tile;
        let group = width.div_ceil(classes);
        let mut sums = vec![0.0f32; tile];
        for class in 0..classes {
            sums.fill(0.0);
            let (first, last) = ((class * group).min(width), ((class + 1) * group).min(width));
            match rows {
                Rows::Floats(rows) => {
                    for row in rows[first * tile..last * tile].chunks_exact(tile) {
                        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
                    }
                }
                Rows::Bytes(rows) => {
                    for row in rows[first * tile..last * tile].chunks_exact(tile) {
                        sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f32::from(x));
                    }
                }
            }
            for (sum, scores) in sums.iter().zip(scores.chunks_exact_mut(classes)) {
                scores[class] = sum / tau;
            }
        }
    }
}

/// The gradient of every row, given that of the scores `(tile, classes)`.
pub fn sum_groups_backward(grad_scores: &[f32], classes: usize, tau: f32, tile: usize, grad_rows: &mut [f32]) {
    let width = grad_rows.len() / tile;
    let group = width.div_ceil(classes);
    for (class, rows) in grad_rows.chunks_mut(group * tile).enumerate() {
        let (first, others) = rows.split_at_mut(tile);
        for (grad, scores) in first.iter_mut().zip(grad_scores.chunks_exact(classes)) {
            *grad = scores[class] / tau;
        }
        others.chunks_exact_mut(tile).for_each(|row| row.copy_from_slice(first));
    }
}

/// The scores `(tile, width)` of plain bits: every activation less one half, divided by tau.
pub fn bit_scores(rows: Rows<'_>, width: usize, tile: usize, tau: f32, scores: &mut [f32]) {
    let mut floats = vec![0.0f32; width * tile];
    match rows {
        Rows::Bytes(rows) => Rows::Bytes(&rows[..width * tile]).to_floats(&mut floats),
        Rows::Floats(rows) => Rows::Floats(&rows[..width * tile]).to_floats(&mut floats),
    }
    for (bit, row) in floats.chunks_exact(tile).enumerate() {
        for (a, scores) in row.iter().zip(scores.chunks_exact_mut(width)) {
            scores[bit] = (a - 0.5) / tau;
        }
    }
}

/// The gradient of every row, given that of those scores.
pub fn bit_scores_backward(grad_scores: &[f32], tau: f32, tile: usize, grad_rows: &mut [f32]) {
    let width = grad_rows.len() / tile;
    for (bit, row) in grad_rows.chunks_exact_mut(tile).enumerate() {
        for (grad, scores) in row.iter_mut().zip(grad_scores.chunks_exact(width)) {
            *grad = scores[bit] / tau;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_sums_of_contiguous_groups_and_gradients_spread_over_them() {
        // Five rows in two groups of three and two, sixteen samples.
        let bytes: Vec<u8> = (0..5 * 16).map(|i| u8::from((i / 16) % 2 == 0)).collect();
        let floats: Vec<f32> = bytes.iter().map(|&b| f32::from(b)).collect();
        for rows in [Rows::Bytes(&bytes), Rows::Floats(&floats)] {
            let mut scores = vec![9.0; 32];
            sum_groups(rows, 5, 16, 2.0, &mut scores);
            assert_eq!(scores, [1.0, 0.5].repeat(16));
        }
        let grad: Vec<f32> = (0..32).map(|i| i as f32).collect();
        let mut rows = vec![0.0; 80];
        sum_groups_backward(&grad, 2, 2.0, 16, &mut rows);
        for (row, class) in [0, 0, 0, 1, 1].into_iter().enumerate() {
            assert_eq!(rows[row * 16 + 3], grad[3 * 2 + class] / 2.0);
        }
    }

    #[test]
    fn plain_bits_are_scores_about_one_half() {
        let rows: Vec<f32> = (0..2 * 16).map(|i| i as f32 / 32.0).collect();
        let mut scores = vec![9.0; 32];
        bit_scores(Rows::Floats(&rows), 2, 16, 0.5, &mut scores);
        assert_eq!((scores[6], scores[7]), (2.0 * (3.0 / 32.0 - 0.5), 2.0 * (19.0 / 32.0 - 0.5)));
        let mut grad = vec![0.0; 32];
        bit_scores_backward(&scores, 0.5, 16, &mut grad);
        assert_eq!((grad[3], grad[19]), (2.0 * scores[6], 2.0 * scores[7]));
    }
}
