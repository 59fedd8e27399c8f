//! A small neural network inside a table (Andronic and Constantinides, "NeuraLUT: Hiding neural
//! network density in Boolean synthesizable functions", FPL 2024).
//!
//! ```text
//! h_0 = x
//! h_(l+1) = act(W_l h_l + b_l + [S_l x + s_l])     l = 0 .. depth - 1, no act behind the last
//! forward    out = sigmoid(h_depth)
//! gradient   exact
//! ```
//!
//! Layers in between have `hidden_width` units (1 to 256, 8 by default), the last has one; `depth`
//! from 1 to 16, 2 by default. The term in brackets, a skip connection from the node's inputs,
//! stands in layers `l > 0` that `skip_interval` divides (0 for none, to 16; 2 by default).
//! `activation` is relu (the default), leakyrelu with the slope 0.01, or sigmoid. n from 1 to 16.
//! Blocks: `layers.weight` `(out, in)` and `layers.bias` `(out)` for every layer, then
//! `skip_layers.weight` and `skip_layers.bias` for every skip connection.
//!
//! The network is that of DiffLUT's `NeuralLUTNode`. There training adds logistic noise to the
//! logit and divides it by a falling temperature; here the output is the plain sigmoid. Own draw:
//! uniform within 1 / sqrt(in), weights and biases. Residual draw: unit 0 of every layer carries
//! input 0, so that the logit is c or -c; the weights of the last layer from other units and of
//! the skip connections are noise, what leads to other units is the own draw.
//!
//! Evaluation: `sigmoid(h_depth) >= 0.5` in float32, sums in the order of their terms.

use rand_chacha::ChaCha8Rng;

use super::lanes::{LANES, Lanes, load, of_bits, store};
use super::logistic::{is_one, sigmoid, slope};
use super::{NodeKernel, NodeKind, NodeSpec};
use crate::components::describe::node;
use crate::components::initializer::{Block, Residual};
use crate::config::{Activation, NodeType};
use rand::Rng;

/// The registry's line.
pub(in crate::components) static NEURALLUT: NodeKind = NodeKind {
    node_type: NodeType::Neurallut,
    name: "neurallut",
    summary: "sigmoid of a small neural network",
    parameters: &[
        node("hidden_width", "1 to 256", "8", "units of a hidden layer"),
        node("depth", "1 to 16", "2", "number of affine layers"),
        node("activation", "relu, leakyrelu, sigmoid", "relu", "the nonlinearity between layers"),
        node("skip_interval", "0 to 16", "2", "every so many layers the inputs are added again; 0 for never"),
    ],
    build: |spec| Ok(Box::new(Neurallut::new(spec))),
};

/// `W h + b`: where its numbers stand in the row, and its shape.
#[derive(Clone, Copy, Debug)]
struct Affine {
    weight: usize,
    bias: usize,
    inputs: usize,
    outputs: usize,
}

impl Affine {
    fn at(place: &mut usize, inputs: usize, outputs: usize) -> Self {
        let affine = Self { weight: *place, bias: *place + inputs * outputs, inputs, outputs };
        *place = affine.bias + outputs;
        affine
    }

    fn weights(self, row: &[f32], output: usize) -> &[f32] {
        &row[self.weight + output * self.inputs..][..self.inputs]
    }

    /// Adds `W h + b` to `out`.
    fn add(self, row: &[f32], h: &[Lanes], out: &mut [Lanes]) {
        for (output, out) in out.iter_mut().enumerate() {
            for (weight, h) in self.weights(row, output).iter().zip(h) {
                for (out, h) in out.iter_mut().zip(h) {
                    *out += weight * h;
                }
            }
            out.iter_mut().for_each(|out| *out += row[self.bias + output]);
        }
    }

    /// Adds the gradients of the numbers and of `h`, given that of the output.
    fn backward(self, row: &[f32], h: &[Lanes], grad: &[Lanes], grad_row: &mut [f32], grad_h: &mut [Lanes]) {
        for (output, grad) in grad.iter().enumerate() {
            let weights = self.weight + output * self.inputs;
            for (input, (h, grad_h)) in h.iter().zip(grad_h.iter_mut()).enumerate() {
                grad_row[weights + input] += grad.iter().zip(h).map(|(g, h)| g * h).sum::<f32>();
                for (grad_h, g) in grad_h.iter_mut().zip(grad) {
                    *grad_h += g * row[weights + input];
                }
            }
            grad_row[self.bias + output] += grad.iter().sum::<f32>();
        }
    }
}

#[derive(Clone, Debug)]
struct Neurallut {
    fan_in: usize,
    activation: Activation,
    layers: Vec<(Affine, Option<Affine>)>,
}

impl Neurallut {
    fn new(spec: NodeSpec<'_>) -> Self {
        let (width, depth) = (spec.params.hidden_width.unwrap_or(8), spec.params.depth.unwrap_or(2));
        let interval = spec.params.skip_interval.unwrap_or(2);
        let outputs = |layer: usize| if layer + 1 == depth { 1 } else { width };
        let mut place = 0;
        let mut layers: Vec<(Affine, Option<Affine>)> = (0..depth)
            .map(|layer| {
                let inputs = if layer == 0 { spec.fan_in } else { width };
                (Affine::at(&mut place, inputs, outputs(layer)), None)
            })
            .collect();
        for (layer, (_, skip)) in layers.iter_mut().enumerate() {
            if layer > 0 && interval > 0 && layer % interval == 0 {
                *skip = Some(Affine::at(&mut place, spec.fan_in, outputs(layer)));
            }
        }
        Self { fan_in: spec.fan_in, activation: spec.params.activation.unwrap_or_default(), layers }
    }

    /// Every affine map, in the order of the row.
    fn maps(&self) -> impl Iterator<Item = (Affine, bool)> {
        let layers = self.layers.iter().map(|(affine, _)| (*affine, false));
        layers.chain(self.layers.iter().filter_map(|(_, skip)| skip.map(|affine| (affine, true))))
    }

    fn activate(&self, x: f32) -> f32 {
        match self.activation {
            Activation::Relu => x.max(0.0),
            Activation::LeakyRelu => x.max(0.0) + 0.01 * x.min(0.0),
            Activation::Sigmoid => sigmoid(x),
        }
    }

    /// The derivative of the activation from its value.
    fn activation_slope(&self, value: f32) -> f32 {
        match self.activation {
            Activation::Relu if value > 0.0 => 1.0,
            Activation::Relu => 0.0,
            Activation::LeakyRelu if value > 0.0 => 1.0,
            Activation::LeakyRelu => 0.01,
            Activation::Sigmoid => slope(value),
        }
    }

    /// The values of every layer; the last is the logit.
    fn layers(&self, row: &[f32], x: &[Lanes]) -> Vec<Vec<Lanes>> {
        let mut values: Vec<Vec<Lanes>> = Vec::with_capacity(self.layers.len());
        for (index, (affine, skip)) in self.layers.iter().enumerate() {
            let mut out = vec![[0.0; LANES]; affine.outputs];
            affine.add(row, values.last().map_or(x, Vec::as_slice), &mut out);
            if let Some(skip) = skip {
                skip.add(row, x, &mut out);
            }
            if index + 1 < self.layers.len() {
                out.iter_mut().flatten().for_each(|value| *value = self.activate(*value));
            }
            values.push(out);
        }
        values
    }

    fn logit(&self, row: &[f32], x: &[Lanes]) -> Lanes {
        self.layers(row, x).last().map_or([0.0; LANES], |last| last[0])
    }
}

impl NodeKernel for Neurallut {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        let blocks = self.maps().flat_map(|(affine, skip)| {
            let names =
                if skip { ["skip_layers.weight", "skip_layers.bias"] } else { ["layers.weight", "layers.bias"] };
            [Block::matrix(names[0], affine.outputs, affine.inputs), Block::vector(names[1], affine.outputs)]
        });
        blocks.collect()
    }

    fn init(&self, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        for (affine, _) in self.maps() {
            let bound = 1.0 / (affine.inputs as f32).sqrt();
            for value in &mut row[affine.weight..affine.bias + affine.outputs] {
                *value = bound * (2.0 * rng.random::<f32>() - 1.0);
            }
        }
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        let (c, last) = (residual.clarity, self.layers.len() - 1);
        for (index, &(affine, skip)) in self.layers.iter().enumerate() {
            // What unit 0 is multiplied by and shifted by: for relu the value 2c x_0 travels
            // unchanged and the last bias centres it; sigmoids are centred one by one.
            let (factor, shift) = match self.activation {
                Activation::Sigmoid => (2.0 * c, -c),
                _ => (if index == 0 { 2.0 * c } else { 1.0 }, if index == last { -c } else { 0.0 }),
            };
            for weight in &mut row[affine.weight..][..affine.inputs] {
                *weight = if index == last { residual.noise(rng) } else { 0.0 };
            }
            row[affine.weight] = factor;
            row[affine.bias] = shift;
            if let Some(skip) = skip {
                // Noise disturbs the logit only; unit 0 of a hidden layer hears nothing.
                for value in &mut row[skip.weight..][..skip.inputs] {
                    *value = if index == last { residual.noise(rng) } else { 0.0 };
                }
                row[skip.bias] = 0.0;
            }
        }
    }

    fn forward(&self, row: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        for start in (0..out.len()).step_by(LANES) {
            let x: Vec<Lanes> = pins.iter().map(|pin| load(pin, start)).collect();
            store(&self.logit(row, &x).map(sigmoid), out, start);
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
        for start in (0..batch).step_by(LANES) {
            let x: Vec<Lanes> = pins.iter().map(|pin| load(pin, start)).collect();
            let values = self.layers(row, &x);
            let mut grad_x = vec![[0.0; LANES]; self.fan_in];
            // Lanes behind the last sample get a zero gradient and so add nothing.
            let mut grad = vec![load(grad_out, start)];
            for (index, (affine, skip)) in self.layers.iter().enumerate().rev() {
                let last = index + 1 == self.layers.len();
                for (grad, value) in grad.iter_mut().flatten().zip(values[index].iter().flatten()) {
                    *grad *= if last { slope(sigmoid(*value)) } else { self.activation_slope(*value) };
                }
                if let Some(skip) = skip {
                    skip.backward(row, &x, &grad, grad_row, &mut grad_x);
                }
                if index == 0 {
                    affine.backward(row, &x, &grad, grad_row, &mut grad_x);
                } else {
                    let mut below = vec![[0.0; LANES]; affine.inputs];
                    affine.backward(row, &values[index - 1], &grad, grad_row, &mut below);
                    grad = below;
                }
            }
            let Some(grad_pins) = grad_pins.as_deref_mut() else { continue };
            for (grad, grad_pin) in grad_x.iter().zip(grad_pins.chunks_exact_mut(batch)) {
                store(grad, grad_pin, start);
            }
        }
    }

    fn evaluate(&self, row: &[f32], pins: &[bool]) -> bool {
        is_one(self.logit(row, &of_bits(pins))[0])
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, check_gradients};
    use super::*;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for (fan_in, params) in [
            (1, "{}"),
            (4, "{depth: 1}"),
            (3, "{depth: 3, hidden_width: 4, activation: leakyrelu}"),
            (5, "{depth: 5, hidden_width: 3, activation: sigmoid}"),
            (3, "{depth: 4, hidden_width: 5, activation: sigmoid, skip_interval: 1}"),
            (4, "{depth: 3, hidden_width: 5, skip_interval: 0}"),
        ] {
            check_gradients(build(&NEURALLUT, fan_in, params, "{}").as_ref(), 3);
        }
    }

    #[test]
    fn skip_connections_stand_where_the_interval_divides() {
        let count = |params: &str| build(&NEURALLUT, 3, params, "{}").parameters();
        assert_eq!(count("{}"), (3 * 8 + 8) + (8 + 1));
        assert_eq!(count("{depth: 3}"), (3 * 8 + 8) + (8 * 8 + 8) + (8 + 1) + (3 + 1));
        assert_eq!(count("{depth: 3, skip_interval: 0}"), (3 * 8 + 8) + (8 * 8 + 8) + (8 + 1));
        assert_eq!(count("{depth: 1}"), 3 + 1);
    }

    #[test]
    fn the_output_is_that_of_a_network_worked_by_hand() {
        let kernel = build(&NEURALLUT, 2, "{hidden_width: 2}", "{}");
        // Hidden units relu(x + y - 0.5) and relu(x + y - 1.5), logit h_0 - 3 h_1 - 0.25.
        let row = [1.0, 1.0, 1.0, 1.0, -0.5, -1.5, 1.0, -3.0, -0.25];
        assert_eq!(kernel.truth_table(&row).words(), [0b0110]);
        let mut out = [0.0];
        kernel.forward(&row, &[&[1.0], &[1.0]], &mut out);
        assert!((out[0] - 1.0 / (1.0 + 0.25f32.exp())).abs() < 1e-6);
    }

    #[test]
    fn a_residual_node_is_a_wire_at_every_depth() {
        use rand::SeedableRng;
        for params in ["{depth: 1}", "{depth: 2}", "{depth: 5, skip_interval: 1}", "{depth: 4, activation: sigmoid}"] {
            let kernel = build(&NEURALLUT, 3, params, "{}");
            let (mut rng, mut row) = (ChaCha8Rng::seed_from_u64(1), vec![0.0; kernel.parameters()]);
            kernel.init(&mut rng, &mut row);
            kernel.residual(Residual { clarity: 3.0, noise: 0.0 }, &mut rng, &mut row);
            assert_eq!(kernel.truth_table(&row).words(), [0b1010_1010], "{params}");
        }
    }
}
