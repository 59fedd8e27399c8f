//! Contiguous groups of columns, one per class, summed.
//!
//! Class `c` of `k` sums columns `[c*g, (c+1)*g)` with `g = ceil(width / k)`; columns beyond the
//! width count as zero. Scores are divided by tau.

use candle_core::{Result, Tensor};

/// Soft activations `(width, batch)` to scores `(batch, classes)`.
///
/// # Errors
/// candle's, when the tensor has another rank.
pub fn group_sum(activations: &Tensor, classes: usize, tau: f64) -> Result<Tensor> {
    let (width, batch) = activations.dims2()?;
    let group = width.div_ceil(classes);
    let padded = activations.pad_with_zeros(0, 0, group * classes - width)?;
    let sums = padded.reshape((classes, group, batch))?.sum(1)?;
    sums.affine(1.0 / tau, 0.0)?.t()?.contiguous()
}

/// The integer sums of the groups of bits.
pub fn group_sum_bits(bits: &[bool], classes: usize) -> Vec<u32> {
    let mut sums = vec![0; classes];
    let group = bits.len().div_ceil(classes).max(1);
    for (column, _) in bits.iter().enumerate().filter(|(_, bit)| **bit) {
        sums[column / group] += 1;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::Head;
    use candle_core::Device;

    #[test]
    fn groups_are_contiguous_and_padded_at_the_end() {
        let activations: Vec<f32> = (0..10).map(|column| column as f32).collect();
        let activations = Tensor::from_vec(activations, (10, 1), &Device::Cpu).unwrap();
        let scores = group_sum(&activations, 4, 2.0).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(scores, [[1.5, 6.0, 10.5, 4.5]]);
    }

    #[test]
    fn the_integer_sums_are_those_of_the_binarized_head() {
        for (width, classes) in [(10, 4), (5, 4), (12, 3), (7, 7)] {
            let bits: Vec<bool> = (0..width).map(|column| column % 3 != 1).collect();
            let head = Head::GroupSum { classes: classes as u32, tau: 1.0 };
            assert_eq!(group_sum_bits(&bits, classes), head.scores(&bits));
        }
    }
}
