//! A table of probabilities, trained by its expectation over independent Bernoulli inputs.
//!
//! With logits `w_r` and temperature `T`, row `r` has the value `v_r = sigmoid(w_r / max(T, 1e-6))`
//! and the training output is the multilinear extension of the table,
//!
//! ```text
//! f(x) = sum over r of v_r * product over j of (x_j if bit j of r else 1 - x_j)
//! ```
//!
//! as in DiffLUT's `ProbabilisticNode`. It is computed by folding one input at a time
//! (`low + x * (high - low)`, 2^n - 1 of them a sample), and its exact gradient by the reverse
//! of that. Evaluation: the bit is `v_r >= 0.5` in float32 at the addressed row.

use rand_chacha::ChaCha8Rng;

use super::init::{Residual, normal};
use super::{NodeKernel, NodeKind, NodeSpec, address};
use crate::config::NodeType;

/// The registry's line.
pub(in crate::components) static PROBABILISTIC: NodeKind = NodeKind {
    node_type: NodeType::Probabilistic,
    name: "probabilistic",
    summary: "table of probabilities, trained by the expectation over soft inputs",
    runtime_keys: &["temperature", "init_fn", "logit_clarity", "noise_factor"],
    build: |spec| Ok(Box::new(Probabilistic::new(spec))),
};

/// Samples that are folded side by side; a fixed number so that the compiler uses vector
/// registers.
const LANES: usize = 8;
type Lanes = [f32; LANES];

/// The smallest float32 `z` whose float32 sigmoid, `1 / (1 + exp(-z))` with each step rounded,
/// is at least 0.5. It is slightly below zero: `1 + exp(1.79e-7)` still rounds to 2.
const HALF: f32 = f32::from_bits(0xb43f_fffe);

#[derive(Clone, Debug)]
struct Probabilistic {
    fan_in: usize,
    temperature: f32,
    residual: Option<Residual>,
}

impl Probabilistic {
    fn new(spec: NodeSpec<'_>) -> Self {
        let temperature = spec.runtime.temperature.unwrap_or(1.0).max(1e-6);
        Self { fan_in: spec.fan_in, temperature, residual: Residual::requested(spec.runtime) }
    }

    fn value(&self, logit: f32) -> f32 {
        1.0 / (1.0 + (-(logit / self.temperature)).exp())
    }

    fn values(&self, logits: &[f32]) -> Vec<f32> {
        logits.iter().map(|&logit| self.value(logit)).collect()
    }

    /// The values of `LANES` samples from `start`, zero behind the last.
    fn load(source: &[f32], start: usize) -> Lanes {
        let mut lanes = [0.0; LANES];
        let end = source.len().min(start + LANES);
        lanes[..end - start].copy_from_slice(&source[start..end]);
        lanes
    }

    /// Folds the table over the inputs, highest first. `tree` is a heap: the 2^j values that are
    /// left when inputs j and above are folded stand at `2^j ..`, so the result is `tree[1]`.
    fn fold(&self, values: &[f32], pins: &[Lanes], tree: &mut [Lanes]) {
        for input in (0..self.fan_in).rev() {
            let (half, x) = (1 << input, &pins[input]);
            if input + 1 == self.fan_in {
                for r in 0..half {
                    let (low, step) = (values[r], values[r + half] - values[r]);
                    for (out, x) in tree[half + r].iter_mut().zip(x) {
                        *out = low + x * step;
                    }
                }
                continue;
            }
            let (left, right) = tree.split_at_mut(2 * half);
            for r in 0..half {
                let (low, high) = (&right[r], &right[r + half]);
                for lane in 0..LANES {
                    left[half + r][lane] = low[lane] + x[lane] * (high[lane] - low[lane]);
                }
            }
        }
    }
}

impl NodeKernel for Probabilistic {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn parameters(&self) -> usize {
        1 << self.fan_in
    }

    fn init(&self, rng: &mut ChaCha8Rng, parameters: &mut [f32]) {
        match self.residual {
            Some(residual) => residual.fill(rng, parameters),
            None => parameters.iter_mut().for_each(|logit| *logit = normal(rng)),
        }
    }

    fn forward(&self, parameters: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        let values = self.values(parameters);
        let mut tree = vec![[0.0; LANES]; 1 << self.fan_in];
        let mut x = vec![[0.0; LANES]; self.fan_in];
        for (block, out) in out.chunks_mut(LANES).enumerate() {
            for (x, pin) in x.iter_mut().zip(pins) {
                *x = Self::load(pin, block * LANES);
            }
            self.fold(&values, &x, &mut tree);
            out.copy_from_slice(&tree[1][..out.len()]);
        }
    }

    fn backward(
        &self,
        parameters: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_parameters: &mut [f32],
        mut grad_pins: Option<&mut [f32]>,
    ) {
        let values = self.values(parameters);
        let (rows, batch) = (1usize << self.fan_in, grad_out.len());
        let mut tree = vec![[0.0; LANES]; rows];
        // The gradient of `tree`, with the table itself behind it.
        let mut grad = vec![[0.0; LANES]; 2 * rows];
        let mut sums = vec![[0.0; LANES]; rows];
        let mut x = vec![[0.0; LANES]; self.fan_in];
        for start in (0..batch).step_by(LANES) {
            for (x, pin) in x.iter_mut().zip(pins) {
                *x = Self::load(pin, start);
            }
            // Lanes behind the last sample get a zero gradient and so add nothing.
            grad[1] = Self::load(grad_out, start);
            if grad_pins.is_some() {
                self.fold(&values, &x, &mut tree);
            }
            for input in 0..self.fan_in {
                let (half, x) = (1usize << input, x[input]);
                let (above, below) = grad.split_at_mut(2 * half);
                let mut slope = [0.0; LANES];
                for r in 0..half {
                    let g = above[half + r];
                    for lane in 0..LANES {
                        let high = g[lane] * x[lane];
                        below[r + half][lane] = high;
                        below[r][lane] = g[lane] - high;
                    }
                    if grad_pins.is_none() {
                        continue;
                    }
                    if input + 1 == self.fan_in {
                        let step = values[r + half] - values[r];
                        for lane in 0..LANES {
                            slope[lane] += g[lane] * step;
                        }
                    } else {
                        let (low, high) = (tree[2 * half + r], tree[3 * half + r]);
                        for lane in 0..LANES {
                            slope[lane] += g[lane] * (high[lane] - low[lane]);
                        }
                    }
                }
                if let Some(grad_pins) = grad_pins.as_deref_mut() {
                    let end = batch.min(start + LANES);
                    grad_pins[input * batch..][start..end].copy_from_slice(&slope[..end - start]);
                }
            }
            for (sum, g) in sums.iter_mut().zip(&grad[rows..]) {
                for (sum, g) in sum.iter_mut().zip(g) {
                    *sum += g;
                }
            }
        }
        for ((grad, sum), value) in grad_parameters.iter_mut().zip(&sums).zip(&values) {
            *grad += sum.iter().sum::<f32>() * value * (1.0 - value) / self.temperature;
        }
    }

    fn evaluate(&self, parameters: &[f32], pins: &[bool]) -> bool {
        parameters[address(pins)] / self.temperature >= HALF
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RuntimeConfig;
    use rand::{Rng, SeedableRng};

    fn kernel(fan_in: usize, temperature: f32) -> Probabilistic {
        let runtime = RuntimeConfig { temperature: Some(temperature), ..Default::default() };
        Probabilistic::new(NodeSpec { fan_in, runtime: &runtime })
    }

    /// The sum of the module's formula, in float64.
    fn literal(kernel: &Probabilistic, logits: &[f64], x: &[f64]) -> f64 {
        let value = |w: f64| 1.0 / (1.0 + (-w / f64::from(kernel.temperature)).exp());
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
                assert!((f64::from(out) - literal(&kernel, &wide, &sample(s))).abs() < 1e-6);
            }

            let (mut grad_logits, mut grad_pins) = (vec![0.0; logits.len()], vec![0.0; fan_in * batch]);
            kernel.backward(&logits, &pins, &grad_out, &mut grad_logits, Some(&mut grad_pins));
            const STEP: f64 = 1e-5;
            for row in 0..logits.len() {
                let shifted = |by: f64| {
                    let mut wide = wide.clone();
                    wide[row] += by;
                    (0..batch).map(|s| f64::from(grad_out[s]) * literal(&kernel, &wide, &sample(s))).sum::<f64>()
                };
                let expected = (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP);
                assert!((f64::from(grad_logits[row]) - expected).abs() < 1e-5, "logit {row}");
            }
            for input in 0..fan_in {
                for s in 0..batch {
                    let shifted = |by: f64| {
                        let mut x = sample(s);
                        x[input] += by;
                        f64::from(grad_out[s]) * literal(&kernel, &wide, &x)
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
    fn a_bit_is_one_exactly_where_the_float32_sigmoid_is_at_least_half() {
        let kernel = kernel(1, 1.0);
        for bits in 0xb43f_ff00u32..0xb440_0100 {
            let z = f32::from_bits(bits);
            assert_eq!(kernel.evaluate(&[z, 0.0], &[false]), kernel.value(z) >= 0.5, "{z:e}");
        }
        assert!(kernel.evaluate(&[-1.7e-7, 0.0], &[false]));
        assert!(!kernel.evaluate(&[-1.8e-7, 0.0], &[false]));
        assert!(!kernel.evaluate(&[f32::NAN, 0.0], &[false]));
    }

    #[test]
    fn input_zero_is_the_lowest_address_bit() {
        let kernel = kernel(2, 1.0);
        assert_eq!(kernel.truth_table(&[-1.0, 1.0, -1.0, -1.0]).words(), [0b0010]);
        let mut out = [0.0];
        kernel.forward(&[-50.0, 50.0, -50.0, -50.0], &[&[1.0], &[0.0]], &mut out);
        assert_eq!(out, [1.0]);
    }
}
