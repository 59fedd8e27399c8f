//! `clarity`: how far the values are from being bits,
//!
//! ```text
//! R = 2^-n * sum over z of 4 v_z (1 - v_z)
//! ```
//!
//! one where all values are one half, zero where all are 0 or 1. The name is that of DiffLUT's
//! model files; its code has no such penalty, so the definition is this project's.

use super::RegularizerKind;
use crate::config::RegularizerType;

/// The registry's line.
pub(in crate::components) static CLARITY: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::Clarity,
    name: "clarity",
    summary: "distance of the table values from zero and one",
    penalty: |values, _, weight, grad| {
        let rows = values.len() as f32;
        for (grad, value) in grad.iter_mut().zip(values) {
            *grad += weight * 4.0 * (1.0 - 2.0 * value) / rows;
        }
        values.iter().map(|&v| f64::from(4.0 * v * (1.0 - v))).sum::<f64>() / f64::from(rows)
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_zero_for_bits_and_one_for_halves() {
        let of = |values: &[f32]| (CLARITY.penalty)(values, 2.0, 1.0, &mut vec![0.0; values.len()]);
        assert_eq!((of(&[0.0, 1.0]), of(&[0.5, 0.5]), of(&[0.5, 0.0])), (0.0, 1.0, 0.5));
    }
}
