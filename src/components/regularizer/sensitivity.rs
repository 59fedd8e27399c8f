//! `l`, `functional`, `l1`, `l2`: how much one flipped input changes the value,
//!
//! ```text
//! R = mean over assignments z of (1/n) * sum over inputs i of |v_z - v_(z with input i flipped)|^p
//! ```
//!
//! with p = 2 for `l2`, 1 for `l1`, and `p` from 1 to 16, 2 by default, for `l` and `functional`.
//! DiffLUT's `l_regularizer` estimates the mean from samples (without a gradient where they are
//! random) and divides by n once more; this is the formula of its documentation over all
//! assignments, with the exact gradient. With p = 1 it is zero where two values are equal.

use super::{Penalty, RegularizerKind};
use crate::config::RegularizerType;

/// The registry's line.
pub(in crate::components) static L: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::L,
    name: "l",
    summary: "sensitivity to one flipped input, to the power p",
    penalty: POWER,
};

/// The registry's line.
pub(in crate::components) static FUNCTIONAL: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::Functional,
    name: "functional",
    summary: "another name of l",
    penalty: POWER,
};

/// The registry's line.
pub(in crate::components) static L1: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::L1,
    name: "l1",
    summary: "sensitivity to one flipped input, absolute",
    penalty: |values, _, weight, grad| POWER(values, 1.0, weight, grad),
};

/// The registry's line.
pub(in crate::components) static L2: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::L2,
    name: "l2",
    summary: "sensitivity to one flipped input, squared",
    penalty: |values, _, weight, grad| POWER(values, 2.0, weight, grad),
};

const POWER: Penalty = |values, exponent, weight, grad| {
    let inputs = values.len().trailing_zeros();
    // Every pair of neighbours is met from both sides.
    let share = 2.0 / (values.len() as f64 * f64::from(inputs));
    let mut sum = 0.0;
    for stride in (0..inputs).map(|input| 1usize << input) {
        for row in (0..values.len()).filter(|row| row & stride == 0) {
            let difference = values[row + stride] - values[row];
            sum += f64::from(difference.abs().powf(exponent));
            if difference != 0.0 {
                let slope = exponent * difference.abs().powf(exponent - 1.0) * difference.signum();
                let slope = weight * share as f32 * slope;
                grad[row + stride] += slope;
                grad[row] -= slope;
            }
        }
    }
    sum * share
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_the_inputs_that_matter() {
        let of = |values: &[f32], p| POWER(values, p, 1.0, &mut vec![0.0; values.len()]);
        assert_eq!(of(&[0.0, 1.0, 1.0, 0.0], 2.0), 1.0);
        assert_eq!(of(&[0.0, 1.0, 0.0, 1.0], 2.0), 0.5);
        assert_eq!(of(&[0.0, 0.5, 0.0, 0.5], 1.0), 0.25);
        assert_eq!(of(&[0.7; 8], 1.0), 0.0);
    }
}
