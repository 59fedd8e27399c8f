//! Tables that are looked up at thresholded inputs, and sums over their rows that stand in for
//! the derivative.

/// The row that every sample selects, with `x_j >= 0.5` as bit j.
pub(super) fn addresses(pins: &[&[f32]], batch: usize) -> Vec<u32> {
    let mut addresses = vec![0u32; batch];
    for (input, pin) in pins.iter().enumerate() {
        for (address, &x) in addresses.iter_mut().zip(*pin) {
            *address |= u32::from(x >= 0.5) << input;
        }
    }
    addresses
}

/// `alpha * sum over rows k of s_j(k) * v_k * beta^h_j(a, k)` for every row `a` and one input `j`,
/// where `s_j(k)` is +1 if bit j of k is one, else -1, and `h_j(a, k)` is the number of bits
/// other than j in which a and k differ.
///
/// The sum over all rows is a product over inputs: the difference along `input`, then along every
/// other input each row plus beta times its neighbour, 2^n * n operations in all instead of 4^n.
pub(super) fn slopes(table: &[f32], fan_in: usize, input: usize, alpha: f32, beta: f32) -> Vec<f32> {
    let mut slopes = table.to_vec();
    let stride = 1 << input;
    for row in (0..slopes.len()).filter(|row| row & stride == 0) {
        let difference = alpha * (slopes[row + stride] - slopes[row]);
        slopes[row] = difference;
        slopes[row + stride] = difference;
    }
    for other in (0..fan_in).filter(|&other| other != input) {
        let stride = 1 << other;
        for row in (0..slopes.len()).filter(|row| row & stride == 0) {
            let (low, high) = (slopes[row], slopes[row + stride]);
            slopes[row] = low + beta * high;
            slopes[row + stride] = high + beta * low;
        }
    }
    slopes
}
