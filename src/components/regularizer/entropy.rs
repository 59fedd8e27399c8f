//! `entropy`: the mean entropy of the values in nats,
//!
//! ```text
//! R = 2^-n * sum over z of -(v_z ln v_z + (1 - v_z) ln(1 - v_z))
//! ```
//!
//! largest, ln 2, where all values are one half. The name is that of DiffLUT's model files; its
//! code has no such penalty, so the definition is this project's. Values are taken at least 1e-6
//! away from 0 and 1, where the slope is infinite, and have no gradient beyond.

use super::RegularizerKind;
use crate::config::RegularizerType;

/// Values nearer to 0 or 1 count as this near.
const MARGIN: f32 = 1e-6;

/// The registry's line.
pub(in crate::components) static ENTROPY: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::Entropy,
    name: "entropy",
    summary: "mean entropy of the table values",
    penalty: |values, _, weight, grad| {
        let rows = values.len() as f32;
        let mut sum = 0.0;
        for (grad, &value) in grad.iter_mut().zip(values) {
            let v = value.clamp(MARGIN, 1.0 - MARGIN);
            sum -= f64::from(v * v.ln() + (1.0 - v) * (1.0 - v).ln());
            if v == value {
                *grad += weight * ((1.0 - v) / v).ln() / rows;
            }
        }
        sum / f64::from(rows)
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_largest_at_one_half_and_finite_at_the_ends() {
        let of = |values: &[f32]| (ENTROPY.penalty)(values, 2.0, 1.0, &mut vec![0.0; values.len()]);
        assert!((of(&[0.5, 0.5]) - std::f64::consts::LN_2).abs() < 1e-6);
        assert!(of(&[0.0, 1.0]) < 2e-5);
        let mut grad = [0.0; 2];
        (ENTROPY.penalty)(&[0.0, 1.0], 2.0, 1.0, &mut grad);
        assert_eq!(grad, [0.0; 2]);
    }
}
