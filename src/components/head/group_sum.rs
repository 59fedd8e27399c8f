//! Contiguous groups of columns, one per class, summed; in training by
//! [`sum_groups`](crate::components::ops::sum_groups).
//!
//! Class `c` of `k` sums columns `[c*g, (c+1)*g)` with `g = ceil(width / k)`; columns beyond the
//! width count as zero. Scores are divided by tau.

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

    #[test]
    fn the_integer_sums_are_those_of_the_binarized_head() {
        for (width, classes) in [(10, 4), (5, 4), (12, 3), (7, 7)] {
            let bits: Vec<bool> = (0..width).map(|column| column % 3 != 1).collect();
            let head = Head::GroupSum { classes: classes as u32, tau: 1.0 };
            assert_eq!(group_sum_bits(&bits, classes), head.scores(&bits));
        }
    }
}
