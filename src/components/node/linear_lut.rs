//! A neuron: the sigmoid of an affine function of the inputs.
//!
//! ```text
//! forward    out = sigmoid(z),  z = sum over j of w_j * x_j + b
//! gradient   exact
//! ```
//!
//! as in DiffLUT's `LinearLUTNode`. Blocks `weights` `(n, 1)` and `bias` `(1)`; n from 1 to 16.
//! Own draw: weights N(0, 0.1^2), bias 0. Residual draw: w_0 = 2c, b = -c, the other weights
//! noise. Evaluation: `sigmoid(z) >= 0.5` in float32, the sum taken in the order of the inputs;
//! the table is that of a linear threshold function.

use rand_chacha::ChaCha8Rng;

use super::logistic::{is_one, sigmoid, slope};
use super::{NodeKernel, NodeKind, Relaxation};
use crate::components::initializer::{Block, Residual, normal};
use crate::config::NodeType;

/// The registry's line.
pub(in crate::components) static LINEAR_LUT: NodeKind = NodeKind {
    node_type: NodeType::LinearLut,
    name: "linear_lut",
    summary: "sigmoid of an affine function of the inputs",
    parameters: &[],
    build: |spec| Ok(Box::new(LinearLut { fan_in: spec.fan_in })),
};

#[derive(Clone, Debug)]
struct LinearLut {
    fan_in: usize,
}

impl NodeKernel for LinearLut {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("weights", self.fan_in, 1), Block::vector("bias", 1)]
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|weight| *weight = 0.1 * normal(rng));
        row[self.fan_in] = 0.0;
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|weight| *weight = residual.noise(rng));
        row[0] = 2.0 * residual.clarity;
        row[self.fan_in] = -residual.clarity;
    }

    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        out.fill(0.0);
        for (weight, pin) in row.iter().zip(pins) {
            for (z, x) in out.iter_mut().zip(*pin) {
                *z += weight * x;
            }
        }
        out.iter_mut().for_each(|z| *z = sigmoid(*z + row[self.fan_in]));
    }

    fn backward(
        &self,
        row: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_row: &mut [f32],
        grad_pins: Option<&mut [f32]>,
    ) {
        let mut grad_z = vec![0.0; grad_out.len()];
        self.forward(row, pins, &mut grad_z);
        grad_z.iter_mut().zip(grad_out).for_each(|(z, g)| *z = g * slope(*z));
        for (grad, pin) in grad_row.iter_mut().zip(pins) {
            *grad += grad_z.iter().zip(*pin).map(|(g, x)| g * x).sum::<f32>();
        }
        grad_row[self.fan_in] += grad_z.iter().sum::<f32>();
        let Some(grad_pins) = grad_pins else { return };
        for (grad_pin, weight) in grad_pins.chunks_exact_mut(grad_z.len()).zip(row) {
            grad_pin.iter_mut().zip(&grad_z).for_each(|(grad, g)| *grad = g * weight);
        }
    }

    fn relaxation(&self) -> Relaxation {
        Relaxation::Affine
    }

    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool {
        let terms = row.iter().zip(pins).map(|(weight, &pin)| if pin { *weight } else { 0.0 });
        is_one(terms.fold(0.0, |z, term| z + term) + row[self.fan_in])
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, check_gradients};
    use super::*;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for fan_in in [1, 2, 5, 8] {
            check_gradients(build(&LINEAR_LUT, fan_in, "{}", "{}").as_ref(), fan_in as u64);
        }
    }

    #[test]
    fn the_table_is_that_of_a_threshold_function() {
        let kernel = build(&LINEAR_LUT, 3, "{}", "{}");
        // Majority of three, then the conjunction of inputs 0 and 2.
        assert_eq!(kernel.truth_table(&[2.0, 2.0, 2.0, -3.0]).words(), [0b1110_1000]);
        assert_eq!(kernel.truth_table(&[1.0, 0.0, 1.0, -1.5]).words(), [0b1010_0000]);
        let mut out = [0.0];
        kernel.forward(&[1.0, 2.0, -4.0, 0.5], &[&[1.0], &[0.5], &[0.25]], &mut out);
        assert!((out[0] - 1.0 / (1.0 + (-1.5f32).exp())).abs() < 1e-6);
    }
}
