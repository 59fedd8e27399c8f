//! Penalties on the tables of a layer, added to the loss.
//!
//! A penalty is a function of a node's values `v` at the 2^n assignments of its inputs
//! ([`NodeKernel::values`](super::node::NodeKernel::values)); the loss gets the sum over all nodes
//! of all layers, times the weight, as DiffLUT's `regularization()` does.

mod clarity;
mod entropy;
mod sensitivity;
mod spectral;

pub(super) use clarity::CLARITY;
pub(super) use entropy::ENTROPY;
pub(super) use sensitivity::{FUNCTIONAL, L, L1, L2};
pub(super) use spectral::{FOURIER_PENALTY, SPECTRAL, WALSH};

use crate::config::RegularizerType;

/// Gives the penalty of one table and adds `weight` times its gradient to `grad`; the exponent is
/// that of the configuration.
pub type Penalty = fn(values: &[f32], exponent: f32, weight: f32, grad: &mut [f32]) -> f64;

/// One line of the registry.
#[derive(Debug)]
pub struct RegularizerKind {
    /// The variant of the configuration.
    pub regularizer_type: RegularizerType,
    /// The name in the configuration.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The penalty of one table.
    pub penalty: Penalty,
}

#[cfg(test)]
mod tests {
    use crate::components::registry::REGULARIZERS;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for kind in REGULARIZERS {
            for (fan_in, exponent) in [(1, 2.0), (2, 3.5), (4, 2.0)] {
                let values: Vec<f32> = (0..1 << fan_in).map(|_| rng.random_range(0.05..0.95)).collect();
                let mut grad = vec![1.0; values.len()];
                (kind.penalty)(&values, exponent, 0.5, &mut grad);
                for row in 0..values.len() {
                    const STEP: f32 = 1e-3;
                    let at = |by: f32| {
                        let mut values = values.clone();
                        values[row] += by;
                        (kind.penalty)(&values, exponent, 1.0, &mut vec![0.0; values.len()])
                    };
                    let expected = 1.0 + 0.5 * (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
                    assert!((f64::from(grad[row]) - expected).abs() < 1e-3, "{} row {row}: {expected}", kind.name);
                }
            }
        }
    }
}
