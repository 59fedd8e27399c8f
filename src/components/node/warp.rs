//! The sigmoid of a Walsh polynomial (Gerlach et al., "WARP-LUTs: Walsh-assisted relaxation for
//! probabilistic look-up tables", 2025).
//!
//! ```text
//! l(x) = sum over subsets S of the inputs of c_S * product over j in S of (2 x_j - 1)
//! forward    out = sigmoid(l(x) / T)
//! gradient   exact
//! ```
//!
//! as in DiffLUT's `WARPNode`; input j is in S where bit j of the number of S is one. The
//! temperature T from 1e-6 to 1e6, 1 by default, is of no matter for the evaluation. n from 1 to
//! 16. One block, `coefficients` `(2^n, 1)`. Own draw: N(0, 0.1^2). Residual draw: c for the set
//! of input 0, 0 for the empty set, noise for the others.
//!
//! A polynomial that is linear in every input is the multilinear extension of its values at bits,
//! which a Walsh-Hadamard transform of 2^n * n additions gives.
//!
//! Evaluation: `l > 0` in both modes. In the mode sign DiffLUT's value is one half where l is
//! exactly zero, which its own bitstream export rounds down.

use rand_chacha::ChaCha8Rng;

use super::logistic::{sigmoid, slope};
use super::multilinear::Multilinear;
use super::{NodeKernel, NodeKind, NodeSpec, Relaxation};
use crate::components::ComponentError;
use crate::components::describe::runtime;
use crate::components::initializer::{Block, Residual, normal};
use crate::config::{EvalMode, NodeType};
use crate::logic::TruthTable;

/// The registry's line.
pub(in crate::components) static WARP: NodeKind = NodeKind {
    node_type: NodeType::Warp,
    name: "warp",
    summary: "sigmoid of a Walsh polynomial of the inputs",
    parameters: &[
        runtime("temperature", "1e-6 to 1e6", "1", "the training output is sigmoid(logit / temperature)"),
        runtime("eval_mode", "sign, threshold", "sign", "the same bit in both modes"),
    ],
    build: |spec| Ok(Box::new(Warp::new(spec)?)),
};

#[derive(Clone, Debug)]
struct Warp {
    extension: Multilinear,
    temperature: f32,
}

impl Warp {
    fn new(spec: NodeSpec<'_>) -> Result<Self, ComponentError> {
        spec.eval_mode(&[EvalMode::Sign, EvalMode::Threshold])?;
        let temperature = spec.runtime.temperature.unwrap_or(1.0);
        Ok(Self { extension: Multilinear { fan_in: spec.fan_in }, temperature })
    }

    /// `l` at every assignment.
    fn logits(&self, coefficients: &[f32]) -> Vec<f32> {
        self.transform(coefficients, |low, high| (low - high, low + high))
    }

    /// Replaces the two values along every input, the highest input first.
    fn transform(&self, values: &[f32], pair: impl Fn(f32, f32) -> (f32, f32)) -> Vec<f32> {
        let mut values = values.to_vec();
        self.transform_in_place(&mut values, pair);
        values
    }

    fn transform_in_place(&self, values: &mut [f32], pair: impl Fn(f32, f32) -> (f32, f32)) {
        for input in (0..self.extension.fan_in).rev() {
            let stride = 1 << input;
            for row in (0..values.len()).filter(|row| row & stride == 0) {
                (values[row], values[row + stride]) = pair(values[row], values[row + stride]);
            }
        }
    }

    fn scaled_sigmoid(&self, logit: f32) -> f32 {
        sigmoid(logit / self.temperature)
    }
}

impl NodeKernel for Warp {
    fn fan_in(&self) -> usize {
        self.extension.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("coefficients", 1 << self.fan_in(), 1)]
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|coefficient| *coefficient = 0.1 * normal(rng));
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|coefficient| *coefficient = residual.noise(rng));
        row[0] = 0.0;
        row[1] = residual.clarity;
    }

    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        self.extension.forward(&self.logits(row), pins, out);
        out.iter_mut().for_each(|logit| *logit = self.scaled_sigmoid(*logit));
    }

    fn backward(
        &self,
        row: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_row: &mut [f32],
        grad_pins: Option<&mut [f32]>,
    ) {
        let logits = self.logits(row);
        let mut grad = vec![0.0; grad_out.len()];
        self.extension.forward(&logits, pins, &mut grad);
        for (logit, g) in grad.iter_mut().zip(grad_out) {
            *logit = g * slope(self.scaled_sigmoid(*logit)) / self.temperature;
        }
        let grad_logits = self.extension.backward(&logits, pins, &grad, grad_pins);
        let sums = self.transform(&grad_logits, |low, high| (low + high, high - low));
        grad_row.iter_mut().zip(sums).for_each(|(grad, sum)| *grad += sum);
    }

    fn relaxation(&self) -> Relaxation {
        Relaxation::Multilinear { temperature: Some(self.temperature) }
    }

    fn tables(&self, rows: &[f32], tables: &mut [f32]) {
        tables.copy_from_slice(rows);
        for table in tables.chunks_exact_mut(1 << self.fan_in()) {
            self.transform_in_place(table, |low, high| (low - high, low + high));
        }
    }

    fn tables_backward(&self, _rows: &[f32], grad_tables: &[f32], grad_rows: &mut [f32]) {
        let entries = 1 << self.fan_in();
        for (grad_row, grad) in grad_rows.chunks_exact_mut(entries).zip(grad_tables.chunks_exact(entries)) {
            let sums = self.transform(grad, |low, high| (low + high, high - low));
            grad_row.iter_mut().zip(sums).for_each(|(grad, sum)| *grad += sum);
        }
    }

    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool {
        // The additions of the transform that lead to this assignment, so that both agree to the
        // last bit.
        let mut values = row.to_vec();
        for (input, pin) in pins.iter().enumerate().rev() {
            let (low, high) = values.split_at(1 << input);
            let pairs = low.iter().zip(high);
            values = if *pin { pairs.map(|(l, h)| l + h).collect() } else { pairs.map(|(l, h)| l - h).collect() };
        }
        values[0] > 0.0
    }

    fn truth_table(&self, row: &[f32]) -> TruthTable {
        let logits = self.logits(row);
        TruthTable::from_fn(self.fan_in(), |address| logits[address] > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, check_gradients};
    use super::*;
    use rand::{Rng, SeedableRng};

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for (fan_in, temperature) in [(1, 1.0), (2, 0.5), (4, 2.0), (6, 1.0)] {
            let kernel = build(&WARP, fan_in, "{}", &format!("temperature: {temperature}"));
            check_gradients(kernel.as_ref(), 6);
        }
    }

    #[test]
    fn the_output_is_that_of_the_sum_over_subsets() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let kernel = build(&WARP, 3, "{}", "{}");
        let row: Vec<f32> = (0..8).map(|_| normal(&mut rng)).collect();
        let literal = |x: &[f64]| -> f64 {
            let product = |s: usize| -> f64 { (0..3).filter(|j| s >> j & 1 == 1).map(|j| 2.0 * x[j] - 1.0).product() };
            row.iter().enumerate().map(|(s, &c)| f64::from(c) * product(s)).sum()
        };
        for _ in 0..20 {
            let (x, mut out): ([f32; 3], _) = (rng.random(), [0.0]);
            kernel.forward(&row, &[&x[..1], &x[1..2], &x[2..]], &mut out);
            let expected = 1.0 / (1.0 + (-literal(&x.map(f64::from))).exp());
            assert!((f64::from(out[0]) - expected).abs() < 1e-6);
        }
        for address in 0..8 {
            let bits: Vec<f64> = (0..3).map(|j| f64::from((address >> j & 1) as u32)).collect();
            assert_eq!(kernel.truth_table(&row).row(address as usize), literal(&bits) > 0.0);
        }
    }

    #[test]
    fn a_logit_of_zero_is_a_zero() {
        for mode in ["sign", "threshold"] {
            let kernel = build(&WARP, 1, "{}", &format!("eval_mode: {mode}"));
            assert_eq!(kernel.truth_table(&[1.0, 1.0]).words(), [0b10], "{mode}");
        }
    }
}
