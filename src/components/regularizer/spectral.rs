//! `spectral`, also called `walsh` and `fourier`: the energy of the Walsh spectrum,
//!
//! ```text
//! R = sum over subsets S of (2^-n * sum over assignments z of v_z * product over i in S of (2 z_i - 1))^2
//!   = 2^-n * sum over z of v_z^2
//! ```
//!
//! by Parseval's theorem, so that no transform is needed. DiffLUT's `spectral_regularizer` takes
//! the raw parameter of families whose tensor has `lut` in its name (for dwn the values, for
//! dwn_stable and hybrid the logits) and zero for the others; here it is the values for all.

use super::{Penalty, RegularizerKind};
use crate::config::RegularizerType;

/// The registry's line.
pub(in crate::components) static SPECTRAL: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::Spectral,
    name: "spectral",
    summary: "energy of the Walsh spectrum",
    penalty: ENERGY,
};

/// The registry's line.
pub(in crate::components) static WALSH: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::Walsh,
    name: "walsh",
    summary: "another name of spectral",
    penalty: ENERGY,
};

/// The registry's line.
pub(in crate::components) static FOURIER_PENALTY: RegularizerKind = RegularizerKind {
    regularizer_type: RegularizerType::Fourier,
    name: "fourier",
    summary: "another name of spectral",
    penalty: ENERGY,
};

const ENERGY: Penalty = |values, _, weight, grad| {
    let rows = values.len() as f32;
    for (grad, value) in grad.iter_mut().zip(values) {
        *grad += weight * 2.0 * value / rows;
    }
    values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / f64::from(rows)
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_energy_of_the_transform() {
        let values: [f32; 8] = [0.1, 0.9, 0.4, 0.3, 0.8, 0.0, 1.0, 0.6];
        let sign = |s: usize, z: usize| -> f64 {
            (0..3).filter(|i| s >> i & 1 == 1).map(|i| if z >> i & 1 == 1 { 1.0 } else { -1.0 }).product()
        };
        let coefficient = |s: usize| (0..8).map(|z| f64::from(values[z]) * sign(s, z)).sum::<f64>() / 8.0;
        let expected: f64 = (0..8).map(|s| coefficient(s).powi(2)).sum();
        assert!((ENERGY(&values, 2.0, 1.0, &mut [0.0; 8]) - expected).abs() < 1e-7);
    }
}
