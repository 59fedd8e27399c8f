//! A sum of cosines.
//!
//! ```text
//! a_f = A_f / (sum over f of A_f + 1e-8) * max_amplitude
//! u(x) = sum over f of a_f * cos(2 pi <k_f, x> + phase_f) + bias
//! forward    out = u clamped to [0, 1]
//! gradient   exact; zero where u lies outside [0, 1]
//! ```
//!
//! as in DiffLUT's `FourierNode`. The frequency vectors `k_f` have entries 0 and 0.5 and are
//! constants of the node, drawn at random, or with `use_all_frequencies` every one of the 2^n
//! once; `num_frequencies` from 1 to 65536, by default the smaller of 2^n and 32. Amplitudes may
//! become negative; their sum is signed. n from 1 to 16. Blocks `amplitudes` `(F, 1)`, `phases`
//! `(F, 1)`, `bias` `(1)`; constants `frequencies` `(F, n)`. Own draw: amplitudes uniform in
//! [0, 1), phases uniform in [-pi, pi), bias 0.5. DiffLUT draws amplitudes in [0, 0.1), which is the
//! same function, since only their ratios matter, but from there a step of an optimizer changes
//! their signs. Residual draw: frequency 0 is 0.5 for input 0
//! and 0 for the others, with the phase pi (with zero, as in DiffLUT, the node would pass on the
//! inverse) and the amplitude c; the other amplitudes are the absolute value of noise. DiffLUT's
//! penalty of 0.01 on the absolute amplitudes is not added by itself.
//!
//! Evaluation: `u > 0.5`. DiffLUT's evaluation is not binary: it reads its inputs against 0.5 and
//! gives the real number `out`, so its scores sum real numbers and no hardware of tables computes
//! them. Its own bitstream export takes `out > 0.5`, which is what a following layer of DiffLUT
//! sees of it, and which is what is evaluated and exported here.

use std::f32::consts::{PI, TAU};

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{NodeKernel, NodeKind, NodeSpec};
use crate::components::ComponentError;
use crate::components::describe::node;
use crate::components::initializer::{Block, Residual};
use crate::config::{NodeType, ParameterError};

/// The registry's line.
pub(in crate::components) static FOURIER: NodeKind = NodeKind {
    node_type: NodeType::Fourier,
    name: "fourier",
    summary: "sum of cosines with fixed frequencies",
    parameters: &[
        node("num_frequencies", "1 to 65536", "the smaller of 2^n and 32", "number of frequency vectors"),
        node("use_all_frequencies", "true, false", "false", "every frequency vector once, none at random"),
        node("max_amplitude", "1e-6 to 1e6", "1", "what the amplitudes sum to"),
    ],
    build: |spec| Ok(Box::new(Fourier::new(spec)?)),
};

#[derive(Clone, Debug)]
struct Fourier {
    fan_in: usize,
    frequencies: usize,
    all: bool,
    max_amplitude: f32,
}

/// A node's row, taken apart.
struct Parts<'a> {
    phases: &'a [f32],
    bias: f32,
    vectors: &'a [f32],
    /// The normalised amplitudes.
    amplitudes: Vec<f32>,
    /// What one unit of amplitude becomes by the normalisation.
    unit: f32,
}

impl Fourier {
    fn new(spec: NodeSpec<'_>) -> Result<Self, ComponentError> {
        let (rows, all) = (1usize << spec.fan_in, spec.params.use_all_frequencies.unwrap_or(false));
        let frequencies = match spec.params.num_frequencies {
            Some(count) if all && count != rows => {
                let allowed = format!("use_all_frequencies makes it {rows}; remove one of the two");
                return Err(ParameterError::new("node_params.num_frequencies", count, allowed).into());
            }
            Some(count) => count,
            None if all => rows,
            None => rows.min(32),
        };
        Ok(Self { fan_in: spec.fan_in, frequencies, all, max_amplitude: spec.params.max_amplitude.unwrap_or(1.0) })
    }

    fn parts<'a>(&self, row: &'a [f32]) -> Parts<'a> {
        let (amplitudes, rest) = row.split_at(self.frequencies);
        let (phases, rest) = rest.split_at(self.frequencies);
        let unit = self.max_amplitude / (amplitudes.iter().sum::<f32>() + 1e-8);
        let amplitudes = amplitudes.iter().map(|amplitude| amplitude * unit).collect();
        Parts { phases, bias: rest[0], vectors: &rest[1..], amplitudes, unit }
    }

    /// The angles of all samples for one frequency.
    fn angles(&self, parts: &Parts<'_>, frequency: usize, pins: &[&[f32]], angles: &mut [f32]) {
        angles.fill(0.0);
        for (k, pin) in parts.vectors[frequency * self.fan_in..].iter().zip(pins) {
            for (angle, x) in angles.iter_mut().zip(*pin) {
                *angle += k * x;
            }
        }
        angles.iter_mut().for_each(|angle| *angle = TAU * *angle + parts.phases[frequency]);
    }

    /// `u` of every sample.
    fn sums(&self, parts: &Parts<'_>, pins: &[&[f32]], out: &mut [f32]) {
        let mut angles = vec![0.0; out.len()];
        out.fill(0.0);
        for (frequency, amplitude) in parts.amplitudes.iter().enumerate() {
            self.angles(parts, frequency, pins, &mut angles);
            out.iter_mut().zip(&angles).for_each(|(out, angle)| *out += amplitude * angle.cos());
        }
        out.iter_mut().for_each(|out| *out += parts.bias);
    }
}

impl NodeKernel for Fourier {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn constants(&self) -> usize {
        self.frequencies * self.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![
            Block::matrix("amplitudes", self.frequencies, 1),
            Block::matrix("phases", self.frequencies, 1),
            Block::vector("bias", 1),
        ]
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        let (amplitudes, rest) = row.split_at_mut(self.frequencies);
        let (phases, rest) = rest.split_at_mut(self.frequencies);
        amplitudes.iter_mut().for_each(|amplitude| *amplitude = rng.random::<f32>());
        phases.iter_mut().for_each(|phase| *phase = PI * (2.0 * rng.random::<f32>() - 1.0));
        rest[0] = 0.5;
        for (frequency, vector) in rest[1..].chunks_exact_mut(self.fan_in).enumerate() {
            for (input, k) in vector.iter_mut().enumerate() {
                // DiffLUT lists the vectors with input 0 as the highest bit.
                let one = if self.all { frequency >> (self.fan_in - 1 - input) & 1 == 1 } else { rng.random() };
                *k = if one { 0.5 } else { 0.0 };
            }
        }
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        row[..self.frequencies].iter_mut().for_each(|amplitude| *amplitude = residual.noise(rng).abs());
        // All vectors are there once already; otherwise the first becomes that of input 0.
        let first = if self.all { 1 << (self.fan_in - 1) } else { 0 };
        let vector = 2 * self.frequencies + 1 + first * self.fan_in;
        row[vector..vector + self.fan_in].fill(0.0);
        row[vector] = 0.5;
        row[first] = residual.clarity;
        row[self.frequencies + first] = PI;
        row[2 * self.frequencies] = 0.5;
    }

    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        self.sums(&self.parts(row), pins, out);
        out.iter_mut().for_each(|out| *out = out.clamp(0.0, 1.0));
    }

    fn backward(
        &self,
        row: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        grad_row: &mut [f32],
        mut grad_pins: Option<&mut [f32]>,
    ) {
        let (parts, batch) = (self.parts(row), grad_out.len());
        let mut grad = vec![0.0; batch];
        self.sums(&parts, pins, &mut grad);
        for (u, g) in grad.iter_mut().zip(grad_out) {
            *u = if (0.0..=1.0).contains(u) { *g } else { 0.0 };
        }
        grad_row[2 * self.frequencies] += grad.iter().sum::<f32>();
        if let Some(grad_pins) = grad_pins.as_deref_mut() {
            grad_pins.fill(0.0);
        }
        let mut angles = vec![0.0; batch];
        // Of the normalised amplitudes first.
        let mut grad_amplitudes = vec![0.0; self.frequencies];
        for (frequency, amplitude) in parts.amplitudes.iter().enumerate() {
            self.angles(&parts, frequency, pins, &mut angles);
            let (mut cosines, mut sines) = (0.0, 0.0);
            for (angle, g) in angles.iter_mut().zip(&grad) {
                let (sin, cos) = angle.sin_cos();
                cosines += g * cos;
                // The gradient of the angle.
                *angle = -g * amplitude * sin;
                sines += *angle;
            }
            grad_amplitudes[frequency] = cosines;
            grad_row[self.frequencies + frequency] += sines;
            let Some(grad_pins) = grad_pins.as_deref_mut() else { continue };
            let vector = &parts.vectors[frequency * self.fan_in..][..self.fan_in];
            for (k, grad_pin) in vector.iter().zip(grad_pins.chunks_exact_mut(batch)) {
                grad_pin.iter_mut().zip(&angles).for_each(|(grad, angle)| *grad += TAU * k * angle);
            }
        }
        // a_f = unit * A_f, and the unit falls with the sum of all A.
        let pull: f32 = grad_amplitudes.iter().zip(&parts.amplitudes).map(|(g, a)| g * a).sum();
        let pull = pull * parts.unit / self.max_amplitude;
        for (grad, g) in grad_row.iter_mut().zip(&grad_amplitudes) {
            *grad += g * parts.unit - pull;
        }
    }

    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool {
        let x: Vec<[f32; 1]> = pins.iter().map(|&pin| [if pin { 1.0 } else { 0.0 }]).collect();
        let mut u = [0.0];
        self.sums(&self.parts(row), &x.iter().map(<[f32; 1]>::as_slice).collect::<Vec<_>>(), &mut u);
        u[0] > 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, check_gradients};
    use super::*;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for (fan_in, params) in
            [(1, "{}"), (2, "{use_all_frequencies: true}"), (4, "{num_frequencies: 7, max_amplitude: 0.4}"), (6, "{}")]
        {
            check_gradients(build(&FOURIER, fan_in, params, "{}").as_ref(), 4);
        }
    }

    #[test]
    fn the_output_is_the_clamped_sum() {
        let kernel = build(&FOURIER, 2, "{num_frequencies: 2, max_amplitude: 0.8}", "{}");
        // Amplitudes 3 and 1, phases 0 and pi/2, bias 0.5, frequencies (0.5, 0) and (0.5, 0.5).
        let row = [3.0, 1.0, 0.0, PI / 2.0, 0.5, 0.5, 0.0, 0.5, 0.5];
        let mut out = [0.0; 4];
        let x = [[0.0, 1.0, 0.25, 0.5], [0.0, 0.0, 0.5, 0.0]];
        kernel.forward(&row, &[&x[0], &x[1]], &mut out);
        let literal = |x: f64, y: f64| {
            let sum = 0.6 * (std::f64::consts::PI * x).cos() - 0.2 * (std::f64::consts::PI * (x + y)).sin();
            (sum + 0.5).clamp(0.0, 1.0)
        };
        for (sample, out) in out.iter().enumerate() {
            let expected = literal(f64::from(x[0][sample]), f64::from(x[1][sample]));
            assert!((f64::from(*out) - expected).abs() < 1e-6, "{out} {expected}");
        }
        assert_eq!(kernel.truth_table(&row).words(), [0b0101]);
    }

    #[test]
    fn frequencies_are_constants_of_the_node() {
        use rand::SeedableRng;
        let kernel = build(&FOURIER, 2, "use_all_frequencies: true", "{}");
        assert_eq!((kernel.parameters(), kernel.constants()), (4 + 4 + 1 + 8, 8));
        let mut row = vec![0.0; 17];
        kernel.init(&mut ChaCha8Rng::seed_from_u64(1), &mut row);
        assert_eq!(row[9..], [0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.5, 0.5]);
        let params = serde_yaml::from_str("{use_all_frequencies: true, num_frequencies: 3}").unwrap();
        let spec = NodeSpec { fan_in: 2, params: &params, runtime: &Default::default() };
        let message = Fourier::new(spec).unwrap_err().to_string();
        let expected = "node_params.num_frequencies is 3; use_all_frequencies makes it 4; remove one of the two";
        assert_eq!(message, expected);
    }
}
