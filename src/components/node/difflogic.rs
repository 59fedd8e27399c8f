//! A distribution over the sixteen functions of two inputs (Petersen et al., "Deep differentiable
//! logic gate networks", NeurIPS 2022).
//!
//! ```text
//! p = softmax(w)
//! t_i = sum over gates f of p_f * (bit i of f)        i = 2 a + b
//! forward    out = multilinear extension of t at the inputs a and b
//! gradient   exact
//! ```
//!
//! as in DiffLUT's `DiffLogicNode`: gate `f` gives the bit `2a + b` of the number `f`, so 12 is
//! the wire of `a` and 6 the exclusive or (the ids of the authors' library are bit-reversed). Of
//! its n inputs a node reads two different ones, drawn at random; they are constants of the node.
//! DiffLUT refuses n = 1, where here both are the same input. n from 1 to 16. One block,
//! `weights` `(1, 16)`; constants `indices` `(2)`. Own draw: N(0, 1). Residual draw: a is input
//! 0, the weight of gate 12 is c, the others are noise.
//!
//! Evaluation: with `eval_mode` expectation, the default, `t_i > 0.5`; DiffLUT's evaluation is
//! then not binary, it gives `t_i` itself to the next layer and to the scores, while its own
//! bitstream export rounds as here. With deterministic, bit i of the gate with the largest
//! weight, the lowest on ties.

use pulp::{Arch, Simd, WithSimd};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{NodeKernel, NodeKind, NodeSpec, Relaxation};
use crate::components::ComponentError;
use crate::components::describe::runtime;
use crate::components::initializer::{Block, Residual, normal};
use crate::components::ops::exp;
use crate::config::{EvalMode, NodeType};

/// The registry's line.
pub(in crate::components) static DIFFLOGIC: NodeKind = NodeKind {
    node_type: NodeType::Difflogic,
    name: "difflogic",
    summary: "distribution over the sixteen gates of two of the inputs",
    parameters: &[runtime("eval_mode", "expectation, deterministic", "expectation", "what is rounded to a table")],
    build: |spec| Ok(Box::new(Difflogic::new(spec)?)),
};

const GATES: usize = 16;
/// The gate that passes `a` on.
const WIRE: usize = 12;

#[derive(Clone, Debug)]
struct Difflogic {
    fan_in: usize,
    mode: EvalMode,
}

impl Difflogic {
    fn new(spec: NodeSpec<'_>) -> Result<Self, ComponentError> {
        let mode = spec.eval_mode(&[EvalMode::Expectation, EvalMode::Deterministic])?;
        Ok(Self { fan_in: spec.fan_in, mode })
    }

    /// The inputs `a` and `b`.
    fn inputs(row: &[f32]) -> [usize; 2] {
        [row[GATES] as usize, row[GATES + 1] as usize]
    }

    fn softmax(row: &[f32]) -> [f32; GATES] {
        let largest = row[..GATES].iter().fold(f32::MIN, |a, &w| a.max(w));
        let mut p = [0.0; GATES];
        p.iter_mut().zip(row).for_each(|(p, w)| *p = (w - largest).exp());
        let sum: f32 = p.iter().sum();
        p.map(|p| p / sum)
    }

    fn table(p: &[f32; GATES]) -> [f32; 4] {
        std::array::from_fn(|i| p.iter().enumerate().filter(|(f, _)| f >> i & 1 == 1).map(|(_, p)| p).sum())
    }
}

impl NodeKernel for Difflogic {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn constants(&self) -> usize {
        2
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("weights", 1, GATES)]
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row[..GATES].iter_mut().for_each(|weight| *weight = normal(rng));
        let a = rng.random_range(0..self.fan_in);
        // Any but a: the numbers from a on are one higher.
        let b = if self.fan_in > 1 { rng.random_range(0..self.fan_in - 1) } else { 0 };
        row[GATES] = a as f32;
        row[GATES + 1] = (b + usize::from(self.fan_in > 1 && b >= a)) as f32;
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row[..GATES].iter_mut().for_each(|weight| *weight = residual.noise(rng));
        row[WIRE] = residual.clarity;
        if row[GATES + 1] == 0.0 {
            row.swap(GATES, GATES + 1);
        }
        row[GATES] = 0.0;
    }

    fn check(&self, row: &[f32]) -> Result<(), String> {
        for (name, value) in ["a", "b"].into_iter().zip(&row[GATES..]) {
            if value.fract() != 0.0 || *value < 0.0 || *value >= self.fan_in as f32 {
                let largest = self.fan_in - 1;
                return Err(format!("input {name} of a gate is {value}; allowed are the whole numbers 0 to {largest}"));
            }
        }
        Ok(())
    }

    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        let ([a, b], t) = (Self::inputs(row), Self::table(&Self::softmax(row)));
        for (out, (a, b)) in out.iter_mut().zip(pins[a].iter().zip(pins[b])) {
            let (low, high) = (t[0] + b * (t[1] - t[0]), t[2] + b * (t[3] - t[2]));
            *out = low + a * (high - low);
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
        let (inputs, batch) = (Self::inputs(row), grad_out.len());
        let p = Self::softmax(row);
        let t = Self::table(&p);
        let [a, b] = inputs.map(|input| pins[input]);
        let mut grad_table = [0.0; 4];
        for ((a, b), g) in a.iter().zip(b).zip(grad_out) {
            let (low, high) = (g * (1.0 - a), g * a);
            grad_table[0] += low * (1.0 - b);
            grad_table[1] += low * b;
            grad_table[2] += high * (1.0 - b);
            grad_table[3] += high * b;
        }
        let grad_p: [f32; GATES] = std::array::from_fn(|f| {
            grad_table.iter().enumerate().filter(|(i, _)| f >> i & 1 == 1).map(|(_, g)| g).sum()
        });
        let mean: f32 = grad_p.iter().zip(&p).map(|(g, p)| g * p).sum();
        for ((grad, g), p) in grad_row.iter_mut().zip(&grad_p).zip(&p) {
            *grad += p * (g - mean);
        }
        let Some(grad_pins) = grad_pins else { return };
        grad_pins.fill(0.0);
        for (sample, g) in grad_out.iter().enumerate() {
            let (a, b) = (a[sample], b[sample]);
            let slope_a = (1.0 - b) * (t[2] - t[0]) + b * (t[3] - t[1]);
            let slope_b = (1.0 - a) * (t[1] - t[0]) + a * (t[3] - t[2]);
            grad_pins[inputs[0] * batch + sample] += g * slope_a;
            grad_pins[inputs[1] * batch + sample] += g * slope_b;
        }
    }

    fn relaxation(&self) -> Relaxation {
        Relaxation::Gate
    }

    fn gate_inputs(&self, row: &[f32]) -> [usize; 2] {
        Self::inputs(row)
    }

    fn tables(&self, rows: &[f32], tables: &mut [f32]) {
        Arch::new().dispatch(Tables { rows, tables });
    }

    fn tables_backward(&self, rows: &[f32], grad_tables: &[f32], grad_rows: &mut [f32]) {
        Arch::new().dispatch(TablesBackward { rows, grad_tables, grad_rows });
    }

    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool {
        let [a, b] = Self::inputs(row).map(|input| usize::from(pins[input]));
        let i = 2 * a + b;
        if self.mode == EvalMode::Deterministic {
            let larger = |best: usize, f: usize| if row[f] > row[best] { f } else { best };
            return (0..GATES).fold(0, larger) >> i & 1 == 1;
        }
        Self::table(&Self::softmax(row))[i] > 0.5
    }
}

/// Gates that are worked on side by side.
const BLOCK: usize = 16;

/// The softmax of up to [`BLOCK`] gates, `p[f][gate]`.
#[inline(always)]
fn shares(rows: &[f32]) -> [[f32; BLOCK]; GATES] {
    let mut p = [[0.0f32; BLOCK]; GATES];
    for (gate, row) in rows.chunks_exact(GATES + 2).enumerate() {
        p.iter_mut().zip(row).for_each(|(p, w)| p[gate] = *w);
    }
    let (mut largest, mut sum) = (p[0], [0.0f32; BLOCK]);
    for p in &p {
        largest.iter_mut().zip(p).for_each(|(largest, w)| *largest = if w > largest { *w } else { *largest });
    }
    for p in &mut p {
        for gate in 0..BLOCK {
            p[gate] = exp(p[gate] - largest[gate]);
            sum[gate] += p[gate];
        }
    }
    p.iter_mut().for_each(|p| p.iter_mut().zip(&sum).for_each(|(p, sum)| *p /= sum));
    p
}

struct Tables<'a> {
    rows: &'a [f32],
    tables: &'a mut [f32],
}

impl WithSimd for Tables<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (rows, tables) in self.rows.chunks(BLOCK * (GATES + 2)).zip(self.tables.chunks_mut(BLOCK * 4)) {
            let p = shares(rows);
            let mut t = [[0.0f32; BLOCK]; 4];
            for (f, p) in p.iter().enumerate() {
                for (_, t) in t.iter_mut().enumerate().filter(|(i, _)| f >> i & 1 == 1) {
                    t.iter_mut().zip(p).for_each(|(t, p)| *t += p);
                }
            }
            for (gate, table) in tables.chunks_exact_mut(4).enumerate() {
                table.iter_mut().zip(&t).for_each(|(entry, t)| *entry = t[gate]);
            }
        }
    }
}

struct TablesBackward<'a> {
    rows: &'a [f32],
    grad_tables: &'a [f32],
    grad_rows: &'a mut [f32],
}

impl WithSimd for TablesBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let blocks = self.rows.chunks(BLOCK * (GATES + 2)).zip(self.grad_tables.chunks(BLOCK * 4));
        for ((rows, grad_tables), grad_rows) in blocks.zip(self.grad_rows.chunks_mut(BLOCK * (GATES + 2))) {
            let p = shares(rows);
            let mut grad_t = [[0.0f32; BLOCK]; 4];
            for (gate, grad) in grad_tables.chunks_exact(4).enumerate() {
                grad_t.iter_mut().zip(grad).for_each(|(t, g)| t[gate] = *g);
            }
            let (mut grad_p, mut mean) = ([[0.0f32; BLOCK]; GATES], [0.0f32; BLOCK]);
            for (f, (grad, p)) in grad_p.iter_mut().zip(&p).enumerate() {
                for (_, t) in grad_t.iter().enumerate().filter(|(i, _)| f >> i & 1 == 1) {
                    grad.iter_mut().zip(t).for_each(|(grad, g)| *grad += g);
                }
                for gate in 0..BLOCK {
                    mean[gate] += p[gate] * grad[gate];
                }
            }
            for (grad, p) in grad_p.iter_mut().zip(&p) {
                for gate in 0..BLOCK {
                    grad[gate] = p[gate] * (grad[gate] - mean[gate]);
                }
            }
            for (gate, grad_row) in grad_rows.chunks_exact_mut(GATES + 2).enumerate() {
                grad_row.iter_mut().zip(&grad_p).for_each(|(grad, g)| *grad += g[gate]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, check_gradients};
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for fan_in in [1, 2, 3, 8] {
            check_gradients(build(&DIFFLOGIC, fan_in, "{}", "{}").as_ref(), 2);
        }
    }

    /// A node of inputs a = 2 and b = 0 that is sure of one gate.
    fn sure(gate: usize) -> [f32; 18] {
        let mut row = [0.0; 18];
        row[gate] = 40.0;
        row[16] = 2.0;
        row
    }

    #[test]
    fn gates_are_numbered_as_in_the_reference() {
        for mode in ["expectation", "deterministic"] {
            let kernel = build(&DIFFLOGIC, 3, "{}", &format!("eval_mode: {mode}"));
            assert_eq!(kernel.truth_table(&sure(12)).words(), [0b1111_0000], "the wire of a");
            assert_eq!(kernel.truth_table(&sure(10)).words(), [0b1010_1010], "the wire of b");
            assert_eq!(kernel.truth_table(&sure(6)).words(), [0b0101_1010], "exclusive or");
            assert_eq!(kernel.truth_table(&sure(2)).words(), [0b0000_1010], "b and not a");
        }
    }

    #[test]
    fn the_two_modes_differ_where_no_gate_has_the_majority() {
        // Gate 1 is the likeliest, but most of the probability has bit 3 set.
        let mut row = sure(1);
        row[1] = 1.0;
        for gate in [8, 9, 10, 12] {
            row[gate] = 0.9;
        }
        let bit = |mode| build(&DIFFLOGIC, 3, "{}", &format!("eval_mode: {mode}")).evaluate(&row, &[true; 3]);
        assert!(bit("expectation") && !bit("deterministic"));
    }

    #[test]
    fn a_node_reads_two_different_inputs() {
        let kernel = build(&DIFFLOGIC, 3, "{}", "{}");
        let (mut rng, mut row) = (ChaCha8Rng::seed_from_u64(1), vec![0.0; 18]);
        let mut pairs = std::collections::BTreeSet::new();
        for _ in 0..200 {
            kernel.init(&mut rng, &mut row);
            assert_eq!(kernel.check(&row), Ok(()));
            pairs.insert((row[16] as u32, row[17] as u32));
        }
        assert_eq!(Vec::from_iter(pairs), [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]);
        row[17] = 3.0;
        let expected = "input b of a gate is 3; allowed are the whole numbers 0 to 2";
        assert_eq!(kernel.check(&row), Err(expected.to_owned()));
    }
}
