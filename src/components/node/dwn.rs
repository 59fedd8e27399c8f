//! The node of differentiable weightless networks: a table trained by extended finite
//! differences (Bacellar et al., "Differentiable Weightless Neural Networks", ICML 2024).
//!
//! The table `v` holds numbers in [0, 1] without a squashing function. Inputs are read as
//! bits, `x_j >= 0.5`, which select row `a`:
//!
//! ```text
//! forward    out = 1 if v_a >= 0.5 else 0
//! table      d out / d v_a = 1, zero for every other row    (straight through the threshold)
//! inputs     d out / d x_j = alpha * sum over rows k of s_j(k) * v_k * beta^h_j(a, k)
//!            s_j(k) = +1 if bit j of k is one, else -1
//!            h_j(a, k) = number of bits other than j in which a and k differ
//! defaults   alpha = 0.5 * 0.75^(n-1),  beta = 0.25 / 0.75
//! ```
//!
//! The gradient and its defaults are those of DiffLUT's `DWNNode`, whose training output is the
//! number `v_a` and whose table may leave [0, 1]. Two things differ here on purpose: the output
//! is the bit, so that training sees what the hardware computes, and after every step of the
//! optimizer the table is clamped to [0, 1], so that no row drifts away from its threshold.
//!
//! One block, `luts` `(1, 2^n)`; n from 1 to 16. Own draw: uniform in [0, 1). Residual draw: c
//! where input 0 is one, -c where it is zero, plus noise, clamped. Evaluation: `v_a >= 0.5`.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::finite_difference::{Term, addresses, slopes, slopes_of_nodes};
use super::{NodeKernel, NodeKind, NodeSpec, Relaxation, address};
use crate::components::describe::runtime;
use crate::components::initializer::{Block, Residual};
use crate::config::NodeType;

/// The registry's line.
pub(in crate::components) static DWN: NodeKind = NodeKind {
    node_type: NodeType::Dwn,
    name: "dwn",
    summary: "table of numbers, trained by extended finite differences",
    parameters: &[
        runtime("alpha", "1e-6 to 1e6", "0.5 * 0.75^(n-1)", "factor of the input gradient"),
        runtime("beta", "0 to 1", "1/3", "weight of a row per input that differs"),
    ],
    build: |spec| Ok(Box::new(Dwn::new(spec))),
};

#[derive(Clone, Debug)]
struct Dwn {
    fan_in: usize,
    alpha: f32,
    beta: f32,
}

impl Dwn {
    fn new(spec: NodeSpec<'_>) -> Self {
        Self {
            fan_in: spec.fan_in,
            alpha: spec.runtime.alpha.unwrap_or(0.5 * 0.75f32.powi(spec.fan_in as i32 - 1)),
            beta: spec.runtime.beta.unwrap_or(0.25 / 0.75),
        }
    }
}

impl NodeKernel for Dwn {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("luts", 1, 1 << self.fan_in)]
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|value| *value = rng.random());
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        residual.table(rng, row);
    }

    fn forward(&self, parameters: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        let addresses = addresses(pins, out.len());
        for (out, address) in out.iter_mut().zip(addresses) {
            *out = if parameters[address as usize] >= 0.5 { 1.0 } else { 0.0 };
        }
    }

    fn backward(
        &self,
        parameters: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_parameters: &mut [f32],
        grad_pins: Option<&mut [f32]>,
    ) {
        let addresses = addresses(pins, grad_out.len());
        for (&address, g) in addresses.iter().zip(grad_out) {
            grad_parameters[address as usize] += g;
        }
        let Some(grad_pins) = grad_pins else { return };
        for (input, grad_pin) in grad_pins.chunks_exact_mut(grad_out.len()).enumerate() {
            let slopes = slopes(parameters, self.fan_in, input, self.alpha, self.beta);
            for ((grad, &address), g) in grad_pin.iter_mut().zip(&addresses).zip(grad_out) {
                *grad = g * slopes[address as usize];
            }
        }
    }

    fn relaxation(&self) -> Relaxation {
        Relaxation::Lookup
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn tables(&self, rows: &[f32], tables: &mut [f32]) {
        tables.iter_mut().zip(rows).for_each(|(bit, &v)| *bit = if v >= 0.5 { 1.0 } else { 0.0 });
    }

    fn tables_backward(&self, _rows: &[f32], grad_tables: &[f32], grad_rows: &mut [f32]) {
        grad_rows.iter_mut().zip(grad_tables).for_each(|(grad, g)| *grad += g);
    }

    fn slopes(&self, rows: &[f32], slopes: &mut [f32]) {
        slopes_of_nodes(rows, self.fan_in, &[Term { factor: self.alpha, beta: self.beta }], slopes);
    }

    fn constrain(&self, parameters: &mut [f32]) {
        parameters.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    }

    // The table itself, which unlike the bits has a gradient.
    fn values(&self, parameters: &[f32]) -> Vec<f32> {
        parameters.to_vec()
    }

    fn values_backward(&self, _parameters: &[f32], grad_values: &[f32], grad_parameters: &mut [f32]) {
        grad_parameters.iter_mut().zip(grad_values).for_each(|(grad, g)| *grad += g);
    }

    fn evaluate(&self, parameters: &[f32], pins: &[bool]) -> bool {
        parameters[address(pins)] >= 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RuntimeConfig;
    use rand::SeedableRng;

    fn kernel(fan_in: usize, alpha: Option<f32>, beta: Option<f32>) -> Dwn {
        let runtime = RuntimeConfig { alpha, beta, ..Default::default() };
        Dwn::new(NodeSpec { fan_in, params: &Default::default(), runtime: &runtime })
    }

    /// The module's sum, term by term.
    fn literal(kernel: &Dwn, table: &[f32], a: usize, j: usize) -> f64 {
        let term = |k: usize| {
            let sign = if k >> j & 1 == 1 { 1.0 } else { -1.0 };
            let distance = ((a ^ k) & !(1 << j)).count_ones();
            sign * f64::from(table[k]) * f64::from(kernel.beta).powi(distance as i32)
        };
        f64::from(kernel.alpha) * (0..table.len()).map(term).sum::<f64>()
    }

    #[test]
    fn gradients_are_those_of_the_formula() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for (fan_in, alpha, beta) in [(1, None, None), (2, Some(0.7), Some(0.0)), (4, None, Some(1.0)), (6, None, None)]
        {
            let kernel = kernel(fan_in, alpha, beta);
            let mut table = vec![0.0; 1 << fan_in];
            kernel.init(&mut rng, &mut table);
            let batch = 40;
            let x: Vec<Vec<f32>> = (0..fan_in).map(|_| (0..batch).map(|_| rng.random()).collect()).collect();
            let pins: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
            let grad_out: Vec<f32> = (0..batch).map(|_| rng.random_range(-1.0..1.0)).collect();
            let (mut grad_table, mut grad_pins) = (vec![0.0; table.len()], vec![0.0; fan_in * batch]);
            kernel.backward(&table, &pins, &grad_out, &mut grad_table, Some(&mut grad_pins));
            let mut expected_table = vec![0.0f32; table.len()];
            for s in 0..batch {
                let a: usize = (0..fan_in).map(|j| usize::from(x[j][s] >= 0.5) << j).sum();
                expected_table[a] += grad_out[s];
                for j in 0..fan_in {
                    let expected = f64::from(grad_out[s]) * literal(&kernel, &table, a, j);
                    assert!((f64::from(grad_pins[j * batch + s]) - expected).abs() < 1e-5);
                }
            }
            assert_eq!(grad_table, expected_table);
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_paper() {
        let kernel = kernel(6, None, None);
        assert_eq!((kernel.alpha, kernel.beta), (0.5 * 0.75f32.powi(5), 1.0 / 3.0));
    }

    #[test]
    fn the_output_is_the_bit_of_the_selected_row() {
        let kernel = kernel(2, None, None);
        let mut out = [9.0; 4];
        kernel.forward(&[0.1, 0.5, 0.49, 0.9], &[&[0.0, 0.5, 0.0, 1.0], &[0.0, 0.0, 1.0, 1.0]], &mut out);
        assert_eq!(out, [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(kernel.truth_table(&[0.1, 0.5, 0.49, 0.9]).words(), [0b1010]);
    }

    #[test]
    fn tables_stay_between_zero_and_one() {
        let mut table = [-0.5, 0.25, 1.5, 0.5];
        kernel(2, None, None).constrain(&mut table);
        assert_eq!(table, [0.0, 0.25, 1.0, 0.5]);
    }
}
