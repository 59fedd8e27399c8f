//! A table of logits whose gradients are finite differences over the whole table, damped with
//! the distance and scaled.
//!
//! With `v_r = sigmoid(w_r)` and the row `a` that the bits `x_j >= 0.5` select:
//!
//! ```text
//! forward    out = v_a
//! table      d out / d w_a = gradient_scale * v_a * (1 - v_a), zero for every other row
//! inputs     d out / d x_j = gradient_scale * sum over rows k of s_j(k) * v_k / (h_j(a, k) + 1)
//!            s_j(k) = +1 if bit j of k is one, else -1
//!            h_j(a, k) = number of bits other than j in which a and k differ
//! ```
//!
//! as in DiffLUT's `DWNStableNode`. `gradient_scale` from 1e-6 to 1e6, 1.25 by default; there it
//! is a parameter without a gradient, here a setting. One block, `raw_luts` `(1, 2^n)`; n from 1
//! to 16. Own draw: N(0, 0.1^2). Residual draw: c where input 0 is one, -c where it is zero, plus
//! noise. Evaluation: `v_a >= 0.5` in float32.
//!
//! The sum over rows is computed as an integral: `1 / (h + 1)` is that of `t^h` from 0 to 1, under
//! which the sum is a product over inputs, and a Gauss quadrature of n/2 points is exact for its
//! degree n - 1. That takes 2^n * n^2 / 2 operations an input instead of 4^n.

use rand_chacha::ChaCha8Rng;

use super::finite_difference::{Term, addresses, slopes, slopes_of_nodes};
use super::logistic::{is_one, sigmoid, slope};
use super::{NodeKernel, NodeKind, NodeSpec, Relaxation, address};
use crate::components::describe::runtime;
use crate::components::initializer::{Block, Residual, normal};
use crate::components::ops::sigmoids;
use crate::config::NodeType;

/// The registry's line.
pub(in crate::components) static DWN_STABLE: NodeKind = NodeKind {
    node_type: NodeType::DwnStable,
    name: "dwn_stable",
    summary: "table of logits, trained by scaled finite differences",
    parameters: &[runtime("gradient_scale", "1e-6 to 1e6", "1.25", "factor of both gradients")],
    build: |spec| Ok(Box::new(DwnStable::new(spec))),
};

#[derive(Clone, Debug)]
struct DwnStable {
    fan_in: usize,
    gradient_scale: f32,
    /// Points and weights of the quadrature.
    quadrature: Vec<(f32, f32)>,
}

impl DwnStable {
    fn new(spec: NodeSpec<'_>) -> Self {
        let gradient_scale = spec.runtime.gradient_scale.unwrap_or(1.25);
        Self { fan_in: spec.fan_in, gradient_scale, quadrature: gauss(spec.fan_in.div_ceil(2)) }
    }

    /// `d out / d x_input` at every address.
    fn slopes(&self, table: &[f32], input: usize) -> Vec<f32> {
        let mut sum = vec![0.0; table.len()];
        for &(point, weight) in &self.quadrature {
            let term = slopes(table, self.fan_in, input, weight * self.gradient_scale, point);
            sum.iter_mut().zip(term).for_each(|(sum, term)| *sum += term);
        }
        sum
    }
}

/// Points and weights of the Gauss-Legendre quadrature on [0, 1], exact for polynomials of degree
/// `2 * points - 1`: the roots of the Legendre polynomial by Newton's method.
fn gauss(points: usize) -> Vec<(f32, f32)> {
    let root = |index: usize| {
        let n = points as f64;
        let mut x = (std::f64::consts::PI * (index as f64 + 0.75) / (n + 0.5)).cos();
        let mut derivative = 1.0;
        // Quadratic convergence from a good start: five steps suffice, the rest change nothing.
        for _ in 0..16 {
            let (mut before, mut value) = (1.0, x);
            for degree in 2..=points {
                let degree = degree as f64;
                (before, value) = (value, ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * before) / degree);
            }
            derivative = n * (x * value - before) / (x * x - 1.0);
            x -= value / derivative;
        }
        let weight = 2.0 / ((1.0 - x * x) * derivative * derivative);
        ((0.5 * (1.0 + x)) as f32, (0.5 * weight) as f32)
    };
    (0..points).map(root).collect()
}

impl NodeKernel for DwnStable {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("raw_luts", 1, 1 << self.fan_in)]
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|logit| *logit = 0.1 * normal(rng));
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        residual.table(rng, row);
    }

    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        let addresses = addresses(pins, out.len());
        let table = self.values(row);
        for (out, address) in out.iter_mut().zip(addresses) {
            *out = table[address as usize];
        }
    }

    fn backward(
        &self,
        row: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_row: &mut [f32],
        grad_pins: Option<&mut [f32]>,
    ) {
        let addresses = addresses(pins, grad_out.len());
        let table = self.values(row);
        for (&address, g) in addresses.iter().zip(grad_out) {
            grad_row[address as usize] += g * self.gradient_scale * slope(table[address as usize]);
        }
        let Some(grad_pins) = grad_pins else { return };
        for (input, grad_pin) in grad_pins.chunks_exact_mut(grad_out.len()).enumerate() {
            let slopes = self.slopes(&table, input);
            for ((grad, &address), g) in grad_pin.iter_mut().zip(&addresses).zip(grad_out) {
                *grad = g * slopes[address as usize];
            }
        }
    }

    fn relaxation(&self) -> Relaxation {
        Relaxation::Lookup
    }

    fn tables(&self, rows: &[f32], tables: &mut [f32]) {
        tables.copy_from_slice(rows);
        sigmoids(tables, 1.0);
    }

    fn tables_backward(&self, rows: &[f32], grad_tables: &[f32], grad_rows: &mut [f32]) {
        let mut values = rows.to_vec();
        sigmoids(&mut values, 1.0);
        for ((grad, g), value) in grad_rows.iter_mut().zip(grad_tables).zip(&values) {
            *grad += g * self.gradient_scale * slope(*value);
        }
    }

    fn slopes(&self, rows: &[f32], slopes: &mut [f32]) {
        let mut values = rows.to_vec();
        sigmoids(&mut values, 1.0);
        let term = |&(point, weight): &(f32, f32)| Term { factor: weight * self.gradient_scale, beta: point };
        let terms: Vec<Term> = self.quadrature.iter().map(term).collect();
        slopes_of_nodes(&values, self.fan_in, &terms, slopes);
    }

    fn values(&self, row: &[f32]) -> Vec<f32> {
        row.iter().map(|&logit| sigmoid(logit)).collect()
    }

    // Without the gradient scale: a penalty is not a signal through the network.
    fn values_backward(&self, row: &[f32], grad_values: &[f32], grad_row: &mut [f32]) {
        for ((grad, g), value) in grad_row.iter_mut().zip(grad_values).zip(self.values(row)) {
            *grad += g * slope(value);
        }
    }

    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool {
        is_one(row[address(pins)])
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::build;
    use super::*;
    use rand::{Rng, SeedableRng};

    /// The module's sum, term by term.
    fn literal(table: &[f64], scale: f64, a: usize, j: usize) -> f64 {
        let term = |k: usize| {
            let sign = if k >> j & 1 == 1 { 1.0 } else { -1.0 };
            sign * table[k] / (f64::from(((a ^ k) & !(1 << j)).count_ones()) + 1.0)
        };
        scale * (0..table.len()).map(term).sum::<f64>()
    }

    #[test]
    fn gradients_are_those_of_the_formula() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for (fan_in, scale) in [(1, 1.0), (2, 1.25), (3, 0.5), (5, 2.0), (8, 1.25)] {
            let kernel = build(&DWN_STABLE, fan_in, "{}", &format!("gradient_scale: {scale}"));
            let row: Vec<f32> = (0..1 << fan_in).map(|_| 2.0 * normal(&mut rng)).collect();
            let values: Vec<f64> = row.iter().map(|&w| 1.0 / (1.0 + (-f64::from(w)).exp())).collect();
            let batch = 30;
            let x: Vec<Vec<f32>> = (0..fan_in).map(|_| (0..batch).map(|_| rng.random()).collect()).collect();
            let pins: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
            let grad_out: Vec<f32> = (0..batch).map(|_| rng.random_range(-1.0..1.0)).collect();
            let (mut grad_row, mut grad_pins) = (vec![0.0; row.len()], vec![0.0; fan_in * batch]);
            kernel.backward(&row, &pins, &grad_out, &mut grad_row, Some(&mut grad_pins));
            let mut out = vec![0.0; batch];
            kernel.forward(&row, &pins, &mut out);
            let mut expected_row = vec![0.0f64; row.len()];
            for s in 0..batch {
                let a: usize = (0..fan_in).map(|j| usize::from(x[j][s] >= 0.5) << j).sum();
                assert!((f64::from(out[s]) - values[a]).abs() < 1e-6);
                let g = f64::from(grad_out[s]);
                expected_row[a] += g * scale * values[a] * (1.0 - values[a]);
                for j in 0..fan_in {
                    let expected = g * literal(&values, scale, a, j);
                    let found = f64::from(grad_pins[j * batch + s]);
                    assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
                }
            }
            for (found, expected) in grad_row.iter().zip(expected_row) {
                assert!((f64::from(*found) - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn the_quadrature_integrates_powers_exactly() {
        for points in 1..=8 {
            for power in 0..2 * points {
                let sum: f64 = gauss(points).iter().map(|&(t, w)| f64::from(w) * f64::from(t).powi(power as i32)).sum();
                assert!((sum - 1.0 / (power as f64 + 1.0)).abs() < 1e-6, "{points} points, power {power}: {sum}");
            }
        }
    }

    #[test]
    fn a_row_is_one_from_a_logit_of_zero() {
        let kernel = build(&DWN_STABLE, 1, "{}", "{}");
        assert_eq!(kernel.truth_table(&[0.0, -1e-3]).words(), [0b01]);
    }
}
