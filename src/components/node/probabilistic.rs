//! A table of probabilities, trained by its expectation over independent Bernoulli inputs.
//!
//! With logits `w_r` and temperature `T`, row `r` has the value `v_r = sigmoid(w_r / T)` and the
//! training output is the multilinear extension of the table,
//!
//! ```text
//! f(x) = sum over r of v_r * product over j of (x_j if bit j of r else 1 - x_j)
//! ```
//!
//! as in DiffLUT's `ProbabilisticNode`, with the exact gradient. One block, `raw_weights`
//! `(2^n, 1)`; T from 1e-6 to 1e6, 1 by default; n from 1 to 16. Own draw: N(0, 1). Residual
//! draw: c where input 0 is one, -c where it is zero, plus noise.
//!
//! Evaluation: the bit is `v_r >= 0.5` in float32 at the addressed row. It is the same for every
//! `eval_mode`: at bits the expectation is `v_r` itself, `deterministic` and `threshold` are its
//! rounding, and of many samples of a Bernoulli variable with the mean `v_r` (`sampling`) most
//! have that bit. Hardware holds no randomness, so a single sample is never exported.

use rand_chacha::ChaCha8Rng;

use super::logistic::{is_one, sigmoid, slope};
use super::multilinear::Multilinear;
use super::{NodeKernel, NodeKind, NodeSpec, Relaxation, address};
use crate::components::ComponentError;
use crate::components::describe::runtime;
use crate::components::initializer::{Block, Residual, normal};
use crate::components::ops::sigmoids;
use crate::config::{EvalMode, NodeType};

/// The registry's line.
pub(in crate::components) static PROBABILISTIC: NodeKind = NodeKind {
    node_type: NodeType::Probabilistic,
    name: "probabilistic",
    summary: "table of probabilities, trained by the expectation over soft inputs",
    parameters: &[
        runtime("temperature", "1e-6 to 1e6", "1", "values are sigmoid(logit / temperature)"),
        runtime(
            "eval_mode",
            "expectation, deterministic, threshold, sampling",
            "expectation",
            "the same bit in every mode",
        ),
    ],
    build: |spec| Ok(Box::new(Probabilistic::new(spec)?)),
};

#[derive(Clone, Debug)]
struct Probabilistic {
    extension: Multilinear,
    temperature: f32,
}

impl Probabilistic {
    fn new(spec: NodeSpec<'_>) -> Result<Self, ComponentError> {
        use EvalMode::{Deterministic, Expectation, Sampling, Threshold};
        spec.eval_mode(&[Expectation, Deterministic, Threshold, Sampling])?;
        let temperature = spec.runtime.temperature.unwrap_or(1.0);
        Ok(Self { extension: Multilinear { fan_in: spec.fan_in }, temperature })
    }

    fn table(&self, logits: &[f32]) -> Vec<f32> {
        logits.iter().map(|&logit| sigmoid(logit / self.temperature)).collect()
    }
}

impl NodeKernel for Probabilistic {
    fn fan_in(&self) -> usize {
        self.extension.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("raw_weights", 1 << self.fan_in(), 1)]
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|logit| *logit = normal(rng));
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        residual.table(rng, row);
    }

    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        self.extension.forward(&self.table(row), pins, out);
    }

    fn backward(
        &self,
        row: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_row: &mut [f32],
        grad_pins: Option<&mut [f32]>,
    ) {
        let table = self.table(row);
        let sums = self.extension.backward(&table, pins, grad_out, grad_pins);
        for ((grad, sum), value) in grad_row.iter_mut().zip(&sums).zip(&table) {
            *grad += sum * slope(*value) / self.temperature;
        }
    }

    fn relaxation(&self) -> Relaxation {
        Relaxation::Multilinear { temperature: None }
    }

    fn tables(&self, rows: &[f32], tables: &mut [f32]) {
        tables.copy_from_slice(rows);
        sigmoids(tables, 1.0 / self.temperature);
    }

    fn tables_backward(&self, rows: &[f32], grad_tables: &[f32], grad_rows: &mut [f32]) {
        let mut values = rows.to_vec();
        sigmoids(&mut values, 1.0 / self.temperature);
        for ((grad, g), value) in grad_rows.iter_mut().zip(grad_tables).zip(&values) {
            *grad += g * slope(*value) / self.temperature;
        }
    }

    fn values(&self, row: &[f32]) -> Vec<f32> {
        self.table(row)
    }

    fn values_backward(&self, row: &[f32], grad_values: &[f32], grad_row: &mut [f32]) {
        for ((grad, g), value) in grad_row.iter_mut().zip(grad_values).zip(self.table(row)) {
            *grad += g * slope(value) / self.temperature;
        }
    }

    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool {
        is_one(row[address(pins)] / self.temperature)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::build;
    use super::*;
    use rand::{Rng, SeedableRng};

    fn kernel(fan_in: usize, temperature: f32) -> Box<dyn NodeKernel> {
        build(&PROBABILISTIC, fan_in, "{}", &format!("temperature: {temperature}"))
    }

    /// The sum of the module's formula, in float64.
    fn literal(temperature: f32, logits: &[f64], x: &[f64]) -> f64 {
        let value = |w: f64| 1.0 / (1.0 + (-w / f64::from(temperature)).exp());
        let weight = |row: usize| -> f64 {
            x.iter().enumerate().map(|(j, x)| if row >> j & 1 == 1 { *x } else { 1.0 - x }).product()
        };
        logits.iter().enumerate().map(|(row, &w)| value(w) * weight(row)).sum()
    }

    #[test]
    fn forward_and_gradients_are_those_of_the_formula() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (fan_in, batch, temperature) in [(1, 3, 1.0), (2, 8, 0.5), (4, 19, 2.0), (6, 9, 1.0)] {
            let kernel = kernel(fan_in, temperature);
            let mut logits = vec![0.0; kernel.parameters()];
            kernel.init(&mut rng, &mut logits);
            let x: Vec<Vec<f32>> = (0..fan_in).map(|_| (0..batch).map(|_| rng.random()).collect()).collect();
            let pins: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
            let grad_out: Vec<f32> = (0..batch).map(|_| normal(&mut rng)).collect();

            let mut out = vec![0.0; batch];
            kernel.forward(&logits, &pins, &mut out);
            let wide: Vec<f64> = logits.iter().map(|&w| f64::from(w)).collect();
            let sample = |s: usize| -> Vec<f64> { x.iter().map(|pin| f64::from(pin[s])).collect() };
            for (s, &out) in out.iter().enumerate() {
                assert!((f64::from(out) - literal(temperature, &wide, &sample(s))).abs() < 1e-6);
            }

            let (mut grad_logits, mut grad_pins) = (vec![0.0; logits.len()], vec![0.0; fan_in * batch]);
            kernel.backward(&logits, &pins, &grad_out, &mut grad_logits, Some(&mut grad_pins));
            const STEP: f64 = 1e-5;
            for row in 0..logits.len() {
                let shifted = |by: f64| {
                    let mut wide = wide.clone();
                    wide[row] += by;
                    let term = |s: usize| f64::from(grad_out[s]) * literal(temperature, &wide, &sample(s));
                    (0..batch).map(term).sum::<f64>()
                };
                let expected = (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP);
                assert!((f64::from(grad_logits[row]) - expected).abs() < 1e-5, "logit {row}");
            }
            for input in 0..fan_in {
                for s in 0..batch {
                    let shifted = |by: f64| {
                        let mut x = sample(s);
                        x[input] += by;
                        f64::from(grad_out[s]) * literal(temperature, &wide, &x)
                    };
                    let expected = (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP);
                    assert!((f64::from(grad_pins[input * batch + s]) - expected).abs() < 1e-5, "input {input}");
                }
            }
            let mut without_pins = vec![0.0; logits.len()];
            kernel.backward(&logits, &pins, &grad_out, &mut without_pins, None);
            assert_eq!(without_pins, grad_logits);
        }
    }

    #[test]
    fn input_zero_is_the_lowest_address_bit() {
        let kernel = kernel(2, 1.0);
        assert_eq!(kernel.truth_table(&[-1.0, 1.0, -1.0, -1.0]).words(), [0b0010]);
        let mut out = [0.0];
        kernel.forward(&[-50.0, 50.0, -50.0, -50.0], &[&[1.0], &[0.0]], &mut out);
        assert_eq!(out, [1.0]);
    }

    #[test]
    fn every_mode_gives_the_same_bits() {
        let logits = [0.3, -0.2, -1e-7, 0.0];
        for mode in ["expectation", "deterministic", "threshold", "sampling"] {
            let kernel = build(&PROBABILISTIC, 2, "{}", &format!("eval_mode: {mode}"));
            assert_eq!(kernel.truth_table(&logits).words(), [0b1101], "{mode}");
        }
        let runtime = serde_yaml::from_str("eval_mode: sign").unwrap();
        let spec = NodeSpec { fan_in: 2, params: &Default::default(), runtime: &runtime };
        let message = Probabilistic::new(spec).unwrap_err().to_string();
        let expected =
            "runtime.eval_mode is sign; this node type allows expectation, deterministic, threshold, sampling";
        assert_eq!(message, expected);
    }
}
