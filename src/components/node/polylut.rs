//! The sigmoid of a polynomial of the inputs (Andronic and Constantinides, "PolyLUT: Learning
//! piecewise polynomials for ultra-low latency FPGA LUT-based inference", FPT 2023).
//!
//! ```text
//! forward    out = sigmoid(z),  z = sum over m of w_m * product over j of x_j^e_mj
//! gradient   exact
//! ```
//!
//! over all monomials of total degree at most `degree` (1 to 16, 3 by default), C(n + degree,
//! degree) of them, at most 65536; n from 1 to 16. They are ordered by total degree and within
//! one degree by the exponents of input 0, 1, ..., ascending, as in DiffLUT's `PolyLUTNode`. One
//! block, `weights` `(monomials, 1)`. Own draw: N(0, 0.1^2). Residual draw: 2c for `x_0`, -c for
//! the constant, noise for the others.
//!
//! Evaluation: `sigmoid(z) >= 0.5` in float32, the sum taken in the order of the monomials. At
//! bits powers are the bits themselves, so degrees above n add parameters but no function.

use rand_chacha::ChaCha8Rng;

use super::lanes::{LANES, Lanes, load, of_bits, store};
use super::logistic::{is_one, sigmoid, slope};
use super::{NodeKernel, NodeKind, NodeSpec};
use crate::components::ComponentError;
use crate::components::describe::node;
use crate::components::initializer::{Block, Residual, normal};
use crate::config::{NodeType, ParameterError};

/// The registry's line.
pub(in crate::components) static POLYLUT: NodeKind = NodeKind {
    node_type: NodeType::Polylut,
    name: "polylut",
    summary: "sigmoid of a polynomial of the inputs",
    parameters: &[node("degree", "1 to 16", "3", "largest total degree of a monomial")],
    build: |spec| Ok(Box::new(Polylut::new(spec)?)),
};

/// With more a node would be larger than the largest table.
const MAX_MONOMIALS: usize = 1 << 16;

#[derive(Clone, Debug)]
struct Polylut {
    fan_in: usize,
    /// Every monomial but the constant as an earlier one times an input.
    products: Vec<(usize, usize)>,
    /// The place of `x_0`.
    first_input: usize,
}

impl Polylut {
    fn new(spec: NodeSpec<'_>) -> Result<Self, ComponentError> {
        let (fan_in, degree) = (spec.fan_in, spec.params.degree.unwrap_or(3));
        let count = (1..=degree as u64).fold(1u64, |count, d| count * (fan_in as u64 + d) / d);
        if count > MAX_MONOMIALS as u64 {
            let allowed = format!(
                "with node_input_dim {fan_in} that makes {count} monomials; at most {MAX_MONOMIALS} can be trained"
            );
            return Err(ParameterError::new("node_params.degree", degree, allowed).into());
        }
        let mut monomials: Vec<Vec<u8>> = Vec::new();
        let mut places = std::collections::HashMap::new();
        let mut products = Vec::new();
        for total in 0..=degree {
            for exponents in compositions(fan_in, total) {
                // Lowering the first exponent above zero leads to a monomial of lower degree,
                // which is there already.
                if let Some(input) = exponents.iter().position(|&exponent| exponent > 0) {
                    let mut parent = exponents.clone();
                    parent[input] -= 1;
                    products.push((places[&parent], input));
                }
                places.insert(exponents.clone(), monomials.len());
                monomials.push(exponents);
            }
        }
        let mut first = vec![0; fan_in];
        first[0] = 1;
        Ok(Self { fan_in, products, first_input: places[&first] })
    }

    /// The values of all monomials.
    fn monomials(&self, x: &[Lanes], monomials: &mut [Lanes]) {
        monomials[0] = [1.0; LANES];
        for (place, &(parent, input)) in self.products.iter().enumerate() {
            for lane in 0..LANES {
                monomials[place + 1][lane] = monomials[parent][lane] * x[input][lane];
            }
        }
    }

    fn sum(row: &[f32], monomials: &[Lanes]) -> Lanes {
        let mut z = [0.0; LANES];
        for (weight, monomial) in row.iter().zip(monomials) {
            for (z, monomial) in z.iter_mut().zip(monomial) {
                *z += weight * monomial;
            }
        }
        z
    }
}

/// All exponents of `inputs` inputs that sum to `total`, in ascending order.
fn compositions(inputs: usize, total: usize) -> Vec<Vec<u8>> {
    if inputs == 1 {
        return vec![vec![total as u8]];
    }
    let mut all = Vec::new();
    for first in 0..=total {
        for rest in compositions(inputs - 1, total - first) {
            let mut exponents = vec![first as u8];
            exponents.extend(rest);
            all.push(exponents);
        }
    }
    all
}

impl NodeKernel for Polylut {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("weights", self.products.len() + 1, 1)]
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|weight| *weight = 0.1 * normal(rng));
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row.iter_mut().for_each(|weight| *weight = residual.noise(rng));
        row[0] = -residual.clarity;
        row[self.first_input] = 2.0 * residual.clarity;
    }

    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        let mut monomials = vec![[0.0; LANES]; row.len()];
        for start in (0..out.len()).step_by(LANES) {
            let x: Vec<Lanes> = pins.iter().map(|pin| load(pin, start)).collect();
            self.monomials(&x, &mut monomials);
            store(&Self::sum(row, &monomials).map(sigmoid), out, start);
        }
    }

    fn backward(
        &self,
        row: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_row: &mut [f32],
        mut grad_pins: Option<&mut [f32]>,
    ) {
        let batch = grad_out.len();
        let mut monomials = vec![[0.0; LANES]; row.len()];
        let mut grad = vec![[0.0; LANES]; row.len()];
        for start in (0..batch).step_by(LANES) {
            let x: Vec<Lanes> = pins.iter().map(|pin| load(pin, start)).collect();
            self.monomials(&x, &mut monomials);
            // Lanes behind the last sample get a zero gradient and so add nothing.
            let mut grad_z = load(grad_out, start);
            for (g, z) in grad_z.iter_mut().zip(Self::sum(row, &monomials)) {
                *g *= slope(sigmoid(z));
            }
            for (sum, monomial) in grad_row.iter_mut().zip(&monomials) {
                *sum += grad_z.iter().zip(monomial).map(|(g, monomial)| g * monomial).sum::<f32>();
            }
            let Some(grad_pins) = grad_pins.as_deref_mut() else { continue };
            for (grad, weight) in grad.iter_mut().zip(row) {
                *grad = grad_z.map(|g| g * weight);
            }
            let mut slopes = vec![[0.0; LANES]; self.fan_in];
            for (place, &(parent, input)) in self.products.iter().enumerate().rev() {
                let own = grad[place + 1];
                for lane in 0..LANES {
                    grad[parent][lane] += own[lane] * x[input][lane];
                    slopes[input][lane] += own[lane] * monomials[parent][lane];
                }
            }
            for (slopes, grad_pin) in slopes.iter().zip(grad_pins.chunks_exact_mut(batch)) {
                store(slopes, grad_pin, start);
            }
        }
    }

    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool {
        let mut monomials = vec![[0.0; LANES]; row.len()];
        self.monomials(&of_bits(pins), &mut monomials);
        is_one(Self::sum(row, &monomials)[0])
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, check_gradients};
    use super::*;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for (fan_in, degree) in [(1, 3), (2, 1), (3, 4), (6, 2)] {
            let kernel = build(&POLYLUT, fan_in, &format!("degree: {degree}"), "{}");
            check_gradients(kernel.as_ref(), degree);
        }
    }

    #[test]
    fn monomials_are_in_the_order_of_the_reference() {
        let kernel = build(&POLYLUT, 2, "degree: 2", "{}");
        let mut found = Vec::new();
        for place in 0..6 {
            let (mut row, mut out) = ([0.0; 6], [0.0]);
            row[place] = 1.0;
            kernel.forward(&row, &[&[2.0], &[3.0]], &mut out);
            found.push((out[0] / (1.0 - out[0])).ln().round());
        }
        // 1, y, x, y^2, xy, x^2 at x = 2 and y = 3.
        assert_eq!(found, [1.0, 3.0, 2.0, 9.0, 6.0, 4.0]);
        assert_eq!(build(&POLYLUT, 6, "{}", "{}").parameters(), 84);
        // The exclusive or: x + y - 2xy against one half.
        assert_eq!(kernel.truth_table(&[-0.5, 1.0, 1.0, 0.0, -2.0, 0.0]).words(), [0b0110]);
    }

    #[test]
    fn too_many_monomials_are_refused() {
        let params = serde_yaml::from_str("degree: 9").unwrap();
        let spec = NodeSpec { fan_in: 16, params: &params, runtime: &Default::default() };
        let message = Polylut::new(spec).unwrap_err().to_string();
        assert_eq!(
            message,
            "node_params.degree is 9; with node_input_dim 16 that makes 2042975 monomials; at most 65536 can be trained"
        );
    }
}
