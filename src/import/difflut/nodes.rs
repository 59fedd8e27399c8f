//! DiffLUT's nodes: parameters of one node to the truth tables of its outputs.
//!
//! Every node is evaluated at its corners in float32, as `forward_eval` does, sums from the
//! first term to the last. Two facts of PyTorch's float32 decide the boundary:
//! `sigmoid(z) >= 0.5` holds down to [`SIGMOID_HALF`], and a sign at exactly zero is one half,
//! which the export rule `value > 0.5` of `BaseNode.export_bitstream` makes a zero.

use std::collections::BTreeSet;

use crate::import::sidecar::{Activation, EvalMode, NodeSpec};
use crate::import::torch_dwn::argmax;
use crate::import::{Evaluation, ImportError, job::Job};
use crate::logic::TruthTable;

/// The smallest z with `1 / (1 + exp(-z)) >= 0.5` in float32, bits `0xb43ffffe`.
pub(super) const SIGMOID_HALF: f32 = -1.788_139e-7;

/// Kinds of nodes, told apart by the names of their tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    Linear,
    Probabilistic,
    Dwn,
    /// `dwn_stable` and `hybrid`: logits per row.
    Logits,
    Poly,
    Neural,
    Fourier,
    Warp,
    DiffLogic,
}

impl NodeKind {
    /// The kind whose parameters these are.
    pub(super) fn of(params: &BTreeSet<&str>) -> Option<Self> {
        let has = |name| params.contains(name);
        Some(match () {
            () if has("raw_weights") => Self::Probabilistic,
            () if has("raw_luts") => Self::Logits,
            () if has("luts") => Self::Dwn,
            () if has("exponent_matrix") => Self::Poly,
            () if has("frequencies") => Self::Fourier,
            () if has("coefficients") => Self::Warp,
            () if has("layers.0.weight") => Self::Neural,
            () if has("truth_tables") && has("weights") => Self::DiffLogic,
            () if has("weights") && has("bias") => Self::Linear,
            () => return None,
        })
    }

    /// Parameters that only training uses.
    pub(super) fn training_only(self) -> &'static [&'static str] {
        match self {
            Self::Probabilistic => &["binary_combinations"],
            Self::Logits => &["binary_combinations", "gradient_scale"],
            Self::Dwn => &["alpha", "beta"],
            Self::Neural => &["lut_table"],
            Self::Warp => &["temperature"],
            Self::Linear | Self::Poly | Self::Fourier | Self::DiffLogic => &[],
        }
    }

    /// Whether evaluation returns bits, or values that import rounds.
    pub(super) fn evaluation(self, spec: NodeSpec) -> Evaluation {
        match self {
            Self::Fourier => Evaluation::TruthTable,
            Self::Warp if spec.eval_mode != Some(EvalMode::Threshold) => Evaluation::TruthTable,
            Self::DiffLogic if spec.eval_mode == Some(EvalMode::Deterministic) => Evaluation::Deterministic,
            Self::DiffLogic => Evaluation::TruthTable,
            _ => Evaluation::Binary,
        }
    }

    /// Asks for settings that change the tables and that no tensor shows.
    pub(super) fn ask(self, job: &mut Job<'_>, layer: &str, deep: bool) {
        let spec = job.nodes(layer);
        match self {
            Self::Neural if deep && spec.activation.is_none() => {
                job.ask("nodes: {activation: relu | leakyrelu | sigmoid} - the function between the layers of the neurallut nodes (the library's default is relu)");
            }
            Self::Fourier if spec.max_amplitude.is_none() => {
                job.ask(
                    "nodes: {max_amplitude: X} - the max_amplitude of the fourier nodes (the library's default is 1.0)",
                );
            }
            Self::DiffLogic if spec.eval_mode.is_none() => {
                job.ask("nodes: {eval_mode: expectation | deterministic} - how the difflogic nodes evaluate (the library's default is expectation)");
            }
            _ => {}
        }
    }
}

/// One node: its place in the checkpoint and its size.
pub(super) struct Node<'a, 'b> {
    pub(super) job: &'a mut Job<'b>,
    /// Up to and with the dot before the parameters' names.
    pub(super) prefix: String,
    pub(super) n: usize,
    pub(super) spec: NodeSpec,
    /// Names of the node's parameters.
    pub(super) params: BTreeSet<&'a str>,
}

impl Node<'_, '_> {
    /// The tables of the node's outputs, input 0 in address bit 0.
    pub(super) fn tables(&mut self, kind: NodeKind) -> Result<Vec<TruthTable>, ImportError> {
        for name in kind.training_only() {
            self.job.mark_used(&format!("{}{name}", self.prefix));
        }
        match kind {
            NodeKind::Linear => self.linear(),
            NodeKind::Probabilistic => self.probabilistic(),
            NodeKind::Dwn => self.rows_first("luts", |value| value >= 0.5),
            NodeKind::Logits => self.rows_first("raw_luts", |logit| logit >= SIGMOID_HALF),
            NodeKind::Poly => self.poly(),
            NodeKind::Neural => self.neural(),
            NodeKind::Fourier => self.fourier(),
            NodeKind::Warp => self.warp(),
            NodeKind::DiffLogic => self.difflogic(),
        }
    }

    fn rows(&self) -> usize {
        1 << self.n
    }

    fn shape(&self, name: &str) -> Result<Vec<usize>, ImportError> {
        Ok(self.job.checkpoint.tensor(&format!("{}{name}", self.prefix))?.shape().to_vec())
    }

    fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ImportError> {
        let full = format!("{}{name}", self.prefix);
        self.job.mark_used(&full);
        self.job.checkpoint.floats(&full, shape)
    }

    /// A matrix with a known number of rows.
    fn matrix(&mut self, name: &str, rows: usize) -> Result<(Vec<f32>, usize), ImportError> {
        let outputs = self.shape(name)?.get(1).copied().unwrap_or(0);
        if outputs == 0 {
            let full = format!("{}{name}", self.prefix);
            let found = format!("{:?}", self.shape(name)?);
            return Err(self.job.checkpoint.tensor_error(&full, found, format!("expected [{rows}, outputs]")));
        }
        Ok((self.floats(name, &[rows, outputs])?, outputs))
    }

    fn table(&self, bit: impl Fn(usize) -> bool) -> TruthTable {
        TruthTable::from_fn(self.n, bit)
    }

    /// z = x w + b; bit = sigmoid(z) >= 0.5.
    fn linear(&mut self) -> Result<Vec<TruthTable>, ImportError> {
        let (weights, outputs) = self.matrix("weights", self.n)?;
        let bias = self.floats("bias", &[outputs])?;
        let z = |row: usize, o: usize| {
            let sum = (0..self.n).filter(|p| row >> p & 1 == 1).fold(0f32, |sum, p| sum + weights[p * outputs + o]);
            sum + bias[o]
        };
        Ok((0..outputs).map(|o| self.table(|row| z(row, o) >= SIGMOID_HALF)).collect())
    }

    /// bit = sigmoid(raw / max(temperature, 1e-6)) >= 0.5.
    fn probabilistic(&mut self) -> Result<Vec<TruthTable>, ImportError> {
        let (raw, outputs) = self.matrix("raw_weights", self.rows())?;
        let temperature = self.floats("temperature", &[])?.first().copied().unwrap_or(1.0).max(1e-6);
        let bit = |row: usize, o: usize| raw[row * outputs + o] / temperature >= SIGMOID_HALF;
        Ok((0..outputs).map(|o| self.table(|row| bit(row, o))).collect())
    }

    /// One value per row, stored output after output.
    fn rows_first(&mut self, name: &str, bit: impl Fn(f32) -> bool) -> Result<Vec<TruthTable>, ImportError> {
        let rows = self.rows();
        let outputs = self.shape(name)?.first().copied().unwrap_or(0);
        let values = self.floats(name, &[outputs, rows])?;
        Ok(values.chunks_exact(rows).map(|values| self.table(|row| bit(values[row]))).collect())
    }

    /// z = sum of w over the monomials whose inputs are all one; bit = sigmoid(z) >= 0.5.
    fn poly(&mut self) -> Result<Vec<TruthTable>, ImportError> {
        let monomials = self.shape("exponent_matrix")?.first().copied().unwrap_or(0);
        let exponents = self.floats("exponent_matrix", &[monomials, self.n])?;
        let (weights, outputs) = self.matrix("weights", monomials)?;
        // At a corner a power is its base, and an exponent of zero leaves the input out.
        let needs: Vec<usize> = exponents
            .chunks_exact(self.n)
            .map(|row| row.iter().enumerate().filter(|(_, exponent)| **exponent > 0.0).map(|(p, _)| 1 << p).sum())
            .collect();
        let z = |row: usize, o: usize| {
            let present = needs.iter().enumerate().filter(|(_, need)| row & **need == **need);
            present.fold(0f32, |sum, (m, _)| sum + weights[m * outputs + o])
        };
        Ok((0..outputs).map(|o| self.table(|row| z(row, o) >= SIGMOID_HALF)).collect())
    }

    /// A small perceptron, its skips from the node's input added before the activation.
    fn neural(&mut self) -> Result<Vec<TruthTable>, ImportError> {
        let mut layers = Vec::new();
        let mut width = self.n;
        while self.params.contains(format!("layers.{}.weight", layers.len()).as_str()) {
            let index = layers.len();
            let weight = format!("layers.{index}.weight");
            let out = self.shape(&weight)?.first().copied().unwrap_or(0);
            let mut layer = vec![(
                self.floats(&weight, &[out, width])?,
                self.floats(&format!("layers.{index}.bias"), &[out])?,
                width,
            )];
            let skip = format!("skip_layers.{index}.weight");
            if self.params.contains(skip.as_str()) {
                let n = self.n;
                layer.push((
                    self.floats(&skip, &[out, n])?,
                    self.floats(&format!("skip_layers.{index}.bias"), &[out])?,
                    n,
                ));
            }
            width = out;
            layers.push(layer);
        }
        let activation = self.spec.activation.unwrap_or(Activation::Relu);
        let activate = |z: f32| match activation {
            Activation::Relu => z.max(0.0),
            Activation::Leakyrelu => {
                if z > 0.0 {
                    z
                } else {
                    0.01 * z
                }
            }
            Activation::Sigmoid => 1.0 / (1.0 + (f64::from(-z).exp() as f32)),
        };
        let affine = |(weights, bias, width): &(Vec<f32>, Vec<f32>, usize), x: &[f32]| -> Vec<f32> {
            let rows = weights.chunks_exact((*width).max(1));
            rows.zip(bias).map(|(row, bias)| row.iter().zip(x).fold(0f32, |sum, (w, x)| sum + w * x) + bias).collect()
        };
        let logits = |row: usize| {
            let x: Vec<f32> = (0..self.n).map(|p| (row >> p & 1) as f32).collect();
            let mut h = x.clone();
            for (index, layer) in layers.iter().enumerate() {
                let mut z = affine(&layer[0], &h);
                if let Some(skip) = layer.get(1) {
                    z = z.iter().zip(affine(skip, &x)).map(|(z, skip)| z + skip).collect();
                }
                h = if index + 1 < layers.len() { z.into_iter().map(activate).collect() } else { z };
            }
            h
        };
        let corners: Vec<Vec<f32>> = (0..self.rows()).map(logits).collect();
        Ok((0..width).map(|o| self.table(|row| corners[row][o] >= SIGMOID_HALF)).collect())
    }

    /// value = clamp(bias + sum of a cos(2 pi k.x + phase), 0, 1), a = amplitudes normalized by
    /// their signed sum; the value stays real in the library, bit = value > 0.5.
    fn fourier(&mut self) -> Result<Vec<TruthTable>, ImportError> {
        let count = self.shape("frequencies")?.first().copied().unwrap_or(0);
        let frequencies = self.floats("frequencies", &[count, self.n])?;
        let (amplitudes, outputs) = self.matrix("amplitudes", count)?;
        let phases = self.floats("phases", &[count, outputs])?;
        let bias = self.floats("bias", &[outputs])?;
        let largest = self.spec.max_amplitude.unwrap_or(1.0) as f32;
        let value = |row: usize, o: usize| {
            let total = (0..count).fold(0f32, |sum, f| sum + amplitudes[f * outputs + o]) + 1e-8;
            let sum = (0..count).fold(0f32, |sum, f| {
                let k = &frequencies[f * self.n..][..self.n];
                let dot = (0..self.n).filter(|p| row >> p & 1 == 1).fold(0f32, |sum, p| sum + k[p]);
                let angle = std::f32::consts::TAU * dot + phases[f * outputs + o];
                let amplitude = amplitudes[f * outputs + o] / total * largest;
                sum + f64::from(angle).cos() as f32 * amplitude
            });
            sum + bias[o]
        };
        Ok((0..outputs).map(|o| self.table(|row| value(row, o) > 0.5)).collect())
    }

    /// logit = sum over subsets S of c_S prod of (2x - 1); bit = logit > 0 in both modes.
    fn warp(&mut self) -> Result<Vec<TruthTable>, ImportError> {
        let rows = self.rows();
        let (coefficients, outputs) = self.matrix("coefficients", rows)?;
        // The product is -1 for every input of the subset that is zero.
        let sign = |row: usize, subset: usize| if (subset & !row).count_ones() % 2 == 1 { -1f32 } else { 1.0 };
        let logit =
            |row: usize, o: usize| (0..rows).fold(0f32, |sum, s| sum + coefficients[s * outputs + o] * sign(row, s));
        Ok((0..outputs).map(|o| self.table(|row| logit(row, o) > 0.0)).collect())
    }

    /// Sixteen gates over two of the inputs; gate f of the pair (a, b) is bit 2a + b of f.
    fn difflogic(&mut self) -> Result<Vec<TruthTable>, ImportError> {
        let outputs = self.shape("weights")?.first().copied().unwrap_or(0);
        let weights = self.floats("weights", &[outputs, 16])?;
        let gates = self.floats("truth_tables", &[16, 4])?;
        let name = format!("{}indices", self.prefix);
        self.job.mark_used(&name);
        let pins = self.job.checkpoint.indices(&name, &[outputs, 2], self.n)?;
        let deterministic = self.spec.eval_mode == Some(EvalMode::Deterministic);
        let table = |o: usize| {
            let logits = &weights[o * 16..][..16];
            let value: Vec<f32> = if deterministic {
                gates[argmax(logits.iter().copied()) as usize * 4..][..4].to_vec()
            } else {
                // Softmax as PyTorch: shifted by the largest, then the sum over the gates in order.
                let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let powers: Vec<f32> = logits.iter().map(|logit| f64::from(logit - largest).exp() as f32).collect();
                let total = powers.iter().fold(0f32, |sum, power| sum + power);
                let gate_sum = |ab: usize| (0..16).fold(0f32, |sum, f| sum + powers[f] / total * gates[f * 4 + ab]);
                (0..4).map(gate_sum).collect()
            };
            let (a, b) = (pins[2 * o], pins[2 * o + 1]);
            self.table(|row| value[2 * (row >> a & 1) + (row >> b & 1)] > 0.5)
        };
        Ok((0..outputs).map(table).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sigmoid_boundary_is_the_documented_float() {
        assert_eq!(SIGMOID_HALF.to_bits(), 0xb43f_fffe);
        let sigmoid = |z: f32| 1.0 / (1.0 + (f64::from(-z).exp() as f32));
        assert!(sigmoid(SIGMOID_HALF) >= 0.5);
        assert!(sigmoid(SIGMOID_HALF.next_down()) < 0.5);
    }
}
