//! A table of logits that is looked up forward and interpolated backward.
//!
//! With `v_r = sigmoid(w_r)`, the row `a` that the bits `x_j >= 0.5` select, and the multilinear
//! extension `f` of the table `v`:
//!
//! ```text
//! forward    out = v_a
//! table      d out / d w_r = df/dv_r(x) * v_r * (1 - v_r)
//!            df/dv_r(x) = product over j of (x_j if bit j of r else 1 - x_j)
//! inputs     d out / d x_j = df/dx_j(x)
//! ```
//!
//! as in DiffLUT's `HybridNode`, which writes `df/dx_j` as a quotient with `x_j (1 - x_j) + 1e-8`
//! below the line; that is zero at inputs of exactly 0 and 1, where this is the exact slope. One
//! block, `raw_luts` `(1, 2^n)`; n from 1 to 16. Own draw: N(0, 0.1^2). Residual draw: c where
//! input 0 is one, -c where it is zero, plus noise. Evaluation: `v_a >= 0.5` in float32.

use rand_chacha::ChaCha8Rng;

use super::finite_difference::addresses;
use super::logistic::{is_one, sigmoid, slope};
use super::multilinear::Multilinear;
use super::{NodeKernel, NodeKind, Relaxation, address};
use crate::components::initializer::{Block, Residual, normal};
use crate::components::ops::sigmoids;
use crate::config::NodeType;

/// The registry's line.
pub(in crate::components) static HYBRID: NodeKind = NodeKind {
    node_type: NodeType::Hybrid,
    name: "hybrid",
    summary: "table of logits, looked up forward and interpolated backward",
    parameters: &[],
    build: |spec| Ok(Box::new(Hybrid { extension: Multilinear { fan_in: spec.fan_in } })),
};

#[derive(Clone, Debug)]
struct Hybrid {
    extension: Multilinear,
}

impl NodeKernel for Hybrid {
    fn fan_in(&self) -> usize {
        self.extension.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("raw_luts", 1, 1 << self.fan_in())]
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
        let table = self.values(row);
        let sums = self.extension.backward(&table, pins, grad_out, grad_pins);
        for ((grad, sum), value) in grad_row.iter_mut().zip(&sums).zip(&table) {
            *grad += sum * slope(*value);
        }
    }

    fn relaxation(&self) -> Relaxation {
        Relaxation::Interpolated
    }

    fn tables(&self, rows: &[f32], tables: &mut [f32]) {
        tables.copy_from_slice(rows);
        sigmoids(tables, 1.0);
    }

    fn tables_backward(&self, rows: &[f32], grad_tables: &[f32], grad_rows: &mut [f32]) {
        let mut values = rows.to_vec();
        sigmoids(&mut values, 1.0);
        for ((grad, g), value) in grad_rows.iter_mut().zip(grad_tables).zip(&values) {
            *grad += g * slope(*value);
        }
    }

    fn values(&self, row: &[f32]) -> Vec<f32> {
        row.iter().map(|&logit| sigmoid(logit)).collect()
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

    #[test]
    fn forward_looks_up_and_gradients_are_those_of_the_expectation() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        for fan_in in [1, 3, 6] {
            let kernel = build(&HYBRID, fan_in, "{}", "{}");
            let row: Vec<f32> = (0..1 << fan_in).map(|_| normal(&mut rng)).collect();
            let values: Vec<f64> = row.iter().map(|&w| 1.0 / (1.0 + (-f64::from(w)).exp())).collect();
            let (x, g): (Vec<f32>, f32) = ((0..fan_in).map(|_| rng.random()).collect(), 1.5);
            let pins: Vec<&[f32]> = x.iter().map(std::slice::from_ref).collect();
            let mut out = [0.0];
            kernel.forward(&row, &pins, &mut out);
            let a: usize = x.iter().enumerate().map(|(j, &x)| usize::from(x >= 0.5) << j).sum();
            assert!((f64::from(out[0]) - values[a]).abs() < 1e-6);

            let (mut grad_row, mut grad_pins) = (vec![0.0; row.len()], vec![0.0; fan_in]);
            kernel.backward(&row, &pins, &[g], &mut grad_row, Some(&mut grad_pins));
            let factor = |r: usize, j: usize| {
                let x = f64::from(x[j]);
                if r >> j & 1 == 1 { x } else { 1.0 - x }
            };
            for r in 0..row.len() {
                let weight: f64 = (0..fan_in).map(|j| factor(r, j)).product();
                let expected = f64::from(g) * weight * values[r] * (1.0 - values[r]);
                assert!((f64::from(grad_row[r]) - expected).abs() < 1e-6);
            }
            for (j, found) in grad_pins.iter().enumerate() {
                let term = |r: usize| {
                    let others: f64 = (0..fan_in).filter(|&i| i != j).map(|i| factor(r, i)).product();
                    values[r] * others * if r >> j & 1 == 1 { 1.0 } else { -1.0 }
                };
                let expected = f64::from(g) * (0..row.len()).map(term).sum::<f64>();
                assert!((f64::from(*found) - expected).abs() < 1e-6);
            }
        }
    }
}
