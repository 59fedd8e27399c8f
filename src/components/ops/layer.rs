//! A layer of nodes in training: what is made of its numbers once a step, and its passes over a
//! tile.

use std::sync::Arc;

use rayon::prelude::*;

use super::multilinear::{from_monomial_gradient, to_monomials};
use super::{Rows, SignalsMut, affine, gate, general, lookup, multilinear};
use crate::components::node::{NodeKernel, Relaxation};

/// Nodes that one thread prepares or finishes at a time.
const CHUNK: usize = 64;

/// What the nodes of a layer read in a tile.
#[derive(Clone, Copy, Debug)]
pub struct LayerInput<'a> {
    /// The signals; behind the last column stands a row of zeros.
    pub inputs: Rows<'a>,
    /// The row of every pin, `(nodes, positions, pins)`.
    pub read: &'a [u32],
    /// Samples of the tile.
    pub tile: usize,
}

/// The same with the sizes of the layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nodes<'a> {
    pub(super) inputs: Rows<'a>,
    floats: &'a [f32],
    pub(super) read: &'a [u32],
    pub(super) fan_in: usize,
    pub(super) positions: usize,
    pub(super) tile: usize,
}

impl Nodes<'_> {
    /// The numbers of a row, for forms that read numbers.
    #[inline(always)]
    pub(super) fn row(&self, source: u32) -> &[f32] {
        &self.floats[source as usize * self.tile..][..self.tile]
    }
}

/// Where the gradients of pins go.
#[derive(Debug)]
pub struct Target<'a> {
    /// The row of every pin.
    pub write: &'a [u32],
    /// The rows, to which gradients are added.
    pub grad: &'a mut [f32],
}

impl Target<'_> {
    /// The row of a pin, counted over all nodes and positions.
    #[inline(always)]
    pub(super) fn row(&mut self, pin: usize, tile: usize) -> &mut [f32] {
        &mut self.grad[self.write[pin] as usize * tile..][..tile]
    }
}

/// How a layer is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// A table at bits, whose entries get the gradients of their samples.
    Lookup { slopes: bool },
    /// The multilinear extension; with a temperature under a sigmoid; forward a table at bits
    /// where `hard`.
    Multilinear { temperature: Option<f32>, hard: bool },
    /// A gate of two inputs.
    Gate,
    /// The sigmoid of an affine function.
    Affine,
    /// By the kernel itself.
    General,
}

/// How a whole batch goes through a layer outside of this folder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BatchForm {
    /// The entry of [`Prepared::tables`] at bits.
    Lookup {
        /// Whether its outputs are 0 and 1: whether the entry is at least one half.
        binary: bool,
        /// Whether gradients of inputs are asked for, those of [`Prepared::slopes`].
        slopes: bool,
    },
    /// The polynomial of [`Prepared::coefficients`].
    Multilinear {
        /// The `T` of a sigmoid of the value divided by `T` behind it.
        temperature: Option<f32>,
        /// Whether the forward pass takes the entry of [`Prepared::tables`] at bits.
        hard: bool,
    },
}

/// What a step makes of a layer's numbers before any sample is seen.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// Outputs at all assignments.
    tables: Vec<f32>,
    /// Coefficients of monomials.
    coefficients: Vec<f32>,
    /// Slopes of the tables along every input.
    slopes: Vec<f32>,
}

impl Prepared {
    /// Outputs at all assignments, `(nodes, 2^inputs)`, where the form has them.
    pub fn tables(&self) -> &[f32] {
        &self.tables
    }

    /// Coefficients of monomials, likewise.
    pub fn coefficients(&self) -> &[f32] {
        &self.coefficients
    }

    /// Slopes of the tables, `(nodes, inputs, 2^inputs)`, likewise.
    pub fn slopes(&self) -> &[f32] {
        &self.slopes
    }
}

/// A layer of nodes in training.
#[derive(Clone, Debug)]
pub struct NodeLayer {
    kernel: Arc<dyn NodeKernel>,
    form: Form,
    width: usize,
    positions: usize,
    pins: usize,
}

impl NodeLayer {
    /// A layer of `width` nodes, each at `positions` places. `bits` says that its inputs are 0
    /// and 1 exactly, `input_gradient` that their gradient is asked for.
    pub fn new(kernel: Arc<dyn NodeKernel>, width: usize, positions: usize, bits: bool, input_gradient: bool) -> Self {
        let fan_in = kernel.fan_in();
        let relaxation = kernel.relaxation();
        let pins = if relaxation == Relaxation::Gate { 2 } else { fan_in };
        let small = pins <= lookup::MOST_INPUTS;
        let form = match relaxation {
            Relaxation::Lookup if small => Form::Lookup { slopes: input_gradient },
            // At bits every family is its table; gradients of its numbers follow from those of
            // the table's entries.
            _ if bits && !input_gradient && small => Form::Lookup { slopes: false },
            Relaxation::Multilinear { temperature } if fan_in <= multilinear::MOST_INPUTS => {
                Form::Multilinear { temperature, hard: false }
            }
            Relaxation::Interpolated if fan_in <= multilinear::MOST_INPUTS => {
                Form::Multilinear { temperature: None, hard: true }
            }
            Relaxation::Gate => Form::Gate,
            Relaxation::Affine => Form::Affine,
            _ => Form::General,
        };
        Self { kernel, form, width, positions, pins }
    }

    /// Whether its inputs must be floats, even where they are bits.
    pub fn needs_floats(&self) -> bool {
        !matches!(self.form, Form::Lookup { .. })
    }

    /// Whether it can write bytes, since its outputs are 0 and 1.
    pub fn makes_bits(&self) -> bool {
        matches!(self.form, Form::Lookup { .. }) && self.kernel.is_binary()
    }

    /// Pins that a node reads.
    pub fn inputs(&self) -> usize {
        self.pins
    }

    /// How a batch goes through it, where that is by tables or polynomials.
    pub fn batch_form(&self) -> Option<BatchForm> {
        match self.form {
            Form::Lookup { slopes } => Some(BatchForm::Lookup { binary: self.makes_bits(), slopes }),
            Form::Multilinear { temperature, hard } => Some(BatchForm::Multilinear { temperature, hard }),
            Form::Gate => Some(BatchForm::Multilinear { temperature: None, hard: false }),
            Form::Affine | Form::General => None,
        }
    }

    /// The pins that a node of the numbers `row` reads, in the order in which `read` and `write`
    /// must have them.
    pub fn pins(&self, row: &[f32]) -> Vec<usize> {
        match self.kernel.relaxation() {
            // The second input is the lower bit of a gate's address.
            Relaxation::Gate => self.kernel.gate_inputs(row).into_iter().rev().collect(),
            _ => (0..self.pins).collect(),
        }
    }

    /// Length of what [`backward`](Self::backward) sums up.
    pub fn sums(&self) -> usize {
        self.width * self.sums_of_node()
    }

    fn sums_of_node(&self) -> usize {
        match self.form {
            Form::Lookup { .. } | Form::Multilinear { .. } | Form::Gate => 1 << self.pins,
            Form::Affine | Form::General => self.kernel.parameters(),
        }
    }

    /// Makes tables, coefficients and slopes of the numbers of all nodes, in parallel over nodes.
    pub fn prepare(&self, rows: &[f32], prepared: &mut Prepared) {
        let (parameters, entries) = (self.kernel.parameters(), 1usize << self.pins);
        let chunk = CHUNK * parameters;
        let entries_of = |form: Form| match form {
            Form::Lookup { .. } | Form::Multilinear { hard: true, .. } => (self.width * entries, 0),
            Form::Multilinear { hard: false, .. } | Form::Gate => (0, self.width * entries),
            Form::Affine | Form::General => (0, 0),
        };
        let (tables, coefficients) = entries_of(self.form);
        prepared.tables.resize(tables, 0.0);
        let hard = matches!(self.form, Form::Multilinear { hard: true, .. });
        prepared.coefficients.resize(if hard { tables } else { coefficients }, 0.0);
        if let Form::Lookup { .. } = self.form {
            prepared.tables.par_chunks_mut(CHUNK * entries).zip(rows.par_chunks(chunk)).for_each(|(tables, rows)| {
                self.kernel.tables(rows, tables);
                if let Relaxation::Multilinear { temperature: Some(temperature) } = self.kernel.relaxation() {
                    super::sigmoids(tables, 1.0 / temperature);
                }
            });
        }
        if hard {
            let tables = prepared.tables.par_chunks_mut(CHUNK * entries);
            tables.zip(rows.par_chunks(chunk)).for_each(|(tables, rows)| self.kernel.tables(rows, tables));
            prepared.coefficients.copy_from_slice(&prepared.tables);
            prepared.coefficients.par_chunks_mut(entries).for_each(to_monomials);
        } else {
            let all = prepared.coefficients.par_chunks_mut(CHUNK * entries).zip(rows.par_chunks(chunk));
            all.for_each(|(coefficients, rows)| {
                self.kernel.tables(rows, coefficients);
                coefficients.chunks_exact_mut(entries).for_each(to_monomials);
            });
        }
        if self.form == (Form::Lookup { slopes: true }) {
            prepared.slopes.resize(self.width * self.pins * entries, 0.0);
            let slopes = prepared.slopes.par_chunks_mut(CHUNK * self.pins * entries);
            slopes.zip(rows.par_chunks(chunk)).for_each(|(slopes, rows)| self.kernel.slopes(rows, slopes));
        }
    }

    fn nodes<'a>(&self, input: LayerInput<'a>) -> Nodes<'a> {
        let floats = match input.inputs {
            Rows::Floats(floats) => floats,
            Rows::Bytes(_) => &[],
        };
        let LayerInput { inputs, read, tile } = input;
        Nodes { inputs, floats, read, fan_in: self.pins, positions: self.positions, tile }
    }

    /// The outputs in a tile, `(width, positions, tile)`; bytes only where
    /// [`makes_bits`](Self::makes_bits). `rows` are the numbers that `prepared` was made of.
    pub fn forward(&self, prepared: &Prepared, rows: &[f32], input: LayerInput<'_>, out: SignalsMut<'_>) {
        let nodes = self.nodes(input);
        match (self.form, out) {
            (Form::Lookup { .. } | Form::Multilinear { hard: true, .. }, out) => {
                lookup::forward(&nodes, &prepared.tables, out);
            }
            (Form::Multilinear { temperature, .. }, SignalsMut::Floats(out)) => {
                multilinear::forward(&nodes, &prepared.coefficients, temperature, out);
            }
            (Form::Gate, SignalsMut::Floats(out)) => gate::forward(&nodes, &prepared.coefficients, out),
            (Form::Affine, SignalsMut::Floats(out)) => affine::forward(&nodes, rows, out),
            (Form::General, SignalsMut::Floats(out)) => general::forward(self.kernel.as_ref(), &nodes, rows, out),
            (_, SignalsMut::Bytes(_)) => {}
        }
    }

    /// Adds to `sums` ([`sums`](Self::sums) numbers) what [`finish`](Self::finish) makes the
    /// gradient of the numbers of, and to `target` the gradients of the pins, given those of the
    /// outputs.
    pub fn backward(
        &self,
        prepared: &Prepared,
        rows: &[f32],
        input: LayerInput<'_>,
        grad_out: &[f32],
        sums: &mut [f32],
        target: Option<Target<'_>>,
    ) {
        let nodes = self.nodes(input);
        match self.form {
            Form::Lookup { slopes } => {
                lookup::backward(&nodes, &prepared.slopes, grad_out, sums, target.filter(|_| slopes));
            }
            Form::Multilinear { temperature, .. } => {
                multilinear::backward(&nodes, &prepared.coefficients, temperature, grad_out, sums, target);
            }
            Form::Gate => gate::backward(&nodes, &prepared.coefficients, grad_out, sums, target),
            Form::Affine => affine::backward(&nodes, rows, grad_out, sums, target),
            Form::General => general::backward(self.kernel.as_ref(), &nodes, rows, grad_out, sums, target),
        }
    }

    /// Adds the gradient of the numbers of all nodes to `grad_rows`; `sums` are those of all
    /// tiles, and lost. In parallel over nodes.
    pub fn finish(&self, prepared: &Prepared, rows: &[f32], sums: &mut [f32], grad_rows: &mut [f32]) {
        let (parameters, of_node) = (self.kernel.parameters(), self.sums_of_node());
        let chunks = grad_rows.par_chunks_mut(CHUNK * parameters).zip(rows.par_chunks(CHUNK * parameters));
        chunks.zip(sums.par_chunks_mut(CHUNK * of_node)).enumerate().for_each(|(index, ((grad, rows), sums))| {
            match self.form {
                Form::Affine | Form::General => {
                    grad.iter_mut().zip(sums.iter()).for_each(|(grad, sum)| *grad += sum);
                    return;
                }
                Form::Lookup { .. } => {
                    if let Relaxation::Multilinear { temperature: Some(temperature) } = self.kernel.relaxation() {
                        let values = &prepared.tables[index * CHUNK * of_node..][..sums.len()];
                        for (sum, value) in sums.iter_mut().zip(values) {
                            *sum *= value * (1.0 - value) / temperature;
                        }
                    }
                }
                Form::Multilinear { .. } | Form::Gate => {
                    sums.chunks_exact_mut(of_node).for_each(from_monomial_gradient);
                }
            }
            self.kernel.tables_backward(rows, sums, grad);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::node::NodeSpec;
    use crate::components::ops::{LANES, Signals};
    use crate::components::registry::NODES;
    use crate::config::RuntimeConfig;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const TILE: usize = 2 * LANES;
    const COLUMNS: usize = 11;

    /// Outputs, gradient of the rows and gradient of the inputs, by the layer or node by node.
    type Passes = (Vec<f32>, Vec<f32>, Vec<f32>);

    struct Case {
        kernel: Arc<dyn NodeKernel>,
        rows: Vec<f32>,
        x: Vec<f32>,
        grad_out: Vec<f32>,
        /// What pins read, `(node, position, pin)`.
        read: Vec<u32>,
        width: usize,
        positions: usize,
    }

    impl Case {
        fn new(kernel: Arc<dyn NodeKernel>, bits: bool, seed: u64) -> Self {
            let (width, positions, fan_in) = (5, 3, kernel.fan_in());
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut rows = vec![0.0; width * kernel.parameters()];
            rows.chunks_exact_mut(kernel.parameters()).for_each(|row| kernel.init(&mut rng, row));
            let draw = |rng: &mut ChaCha8Rng| if bits { f32::from(rng.random::<bool>()) } else { rng.random() };
            let mut x: Vec<f32> = (0..COLUMNS * TILE).map(|_| draw(&mut rng)).collect();
            x.extend([0.0; TILE]);
            let grad_out = (0..width * positions * TILE).map(|_| rng.random_range(-1.0..1.0)).collect();
            let read = (0..width * positions * fan_in).map(|_| rng.random_range(0..=COLUMNS as u32)).collect();
            Self { kernel, rows, x, grad_out, read, width, positions }
        }

        fn node_by_node(&self) -> Passes {
            let (numbers, fan_in) = (self.kernel.parameters(), self.kernel.fan_in());
            let (mut out, mut grad_rows) = (vec![0.0; self.grad_out.len()], vec![0.0; self.rows.len()]);
            let mut grad_x = vec![0.0f32; self.x.len()];
            let mut grad_pins = vec![0.0; fan_in * TILE];
            for (index, sources) in self.read.chunks_exact(fan_in).enumerate() {
                let node = index / self.positions;
                let row = &self.rows[node * numbers..][..numbers];
                let pins: Vec<&[f32]> = sources.iter().map(|&s| &self.x[s as usize * TILE..][..TILE]).collect();
                self.kernel.forward(row, &pins, &mut out[index * TILE..][..TILE]);
                let grad_row = &mut grad_rows[node * numbers..][..numbers];
                let grad_out = &self.grad_out[index * TILE..][..TILE];
                self.kernel.backward(row, &pins, grad_out, grad_row, Some(&mut grad_pins));
                for (&source, found) in sources.iter().zip(grad_pins.chunks_exact(TILE)) {
                    let grad = &mut grad_x[source as usize * TILE..][..TILE];
                    grad.iter_mut().zip(found).for_each(|(grad, g)| *grad += g);
                }
            }
            (out, grad_rows, grad_x)
        }

        fn by_the_layer(&self, bits: bool, input_gradient: bool) -> Passes {
            let (kernel, numbers) = (&self.kernel, self.kernel.parameters());
            let layer = NodeLayer::new(kernel.clone(), self.width, self.positions, bits, input_gradient);
            let mut read = Vec::new();
            for (index, sources) in self.read.chunks_exact(kernel.fan_in()).enumerate() {
                let row = &self.rows[index / self.positions * numbers..][..numbers];
                read.extend(layer.pins(row).into_iter().map(|pin| sources[pin]));
            }
            let inputs = match bits && !layer.needs_floats() {
                true => Signals::Bytes(self.x.iter().map(|&x| x as u8).collect()),
                false => Signals::Floats(self.x.clone()),
            };
            let input = LayerInput { inputs: inputs.rows(), read: &read, tile: TILE };
            let mut prepared = Prepared::default();
            layer.prepare(&self.rows, &mut prepared);
            let mut out = Signals::zeros(layer.makes_bits(), self.grad_out.len());
            layer.forward(&prepared, &self.rows, input, out.part_mut(0, self.grad_out.len()));
            let mut floats = vec![0.0; self.grad_out.len()];
            out.rows().to_floats(&mut floats);
            let (mut sums, mut grad_rows) = (vec![0.0; layer.sums()], vec![0.0; self.rows.len()]);
            let mut grad_x = vec![0.0; self.x.len()];
            let target = input_gradient.then_some(Target { write: &read, grad: &mut grad_x });
            layer.backward(&prepared, &self.rows, input, &self.grad_out, &mut sums, target);
            layer.finish(&prepared, &self.rows, &mut sums, &mut grad_rows);
            (floats, grad_rows, grad_x)
        }
    }

    #[track_caller]
    fn close(found: &[f32], expected: &[f32], what: &str) {
        assert_eq!(found.len(), expected.len());
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            let error = (found - expected).abs();
            assert!(error < 3e-4 * (1.0 + expected.abs()), "{what} {index}: {found} {expected}");
        }
    }

    #[test]
    fn every_family_is_the_same_as_its_kernel_node_by_node() {
        for kind in NODES.all() {
            for fan_in in [1, 2, 3, 4, 5, 6, 7, 9] {
                for bits in [false, true] {
                    let runtime = RuntimeConfig::default();
                    let spec = NodeSpec { fan_in, params: &Default::default(), runtime: &runtime };
                    let case = Case::new((kind.build)(spec).unwrap().into(), bits, fan_in as u64);
                    let expected = case.node_by_node();
                    for input_gradient in [true, false] {
                        let found = case.by_the_layer(bits, input_gradient);
                        let what = format!("{} of {fan_in}, bits {bits}", kind.name);
                        close(&found.0, &expected.0, &format!("{what}: output"));
                        close(&found.1, &expected.1, &format!("{what}: gradient of number"));
                        if input_gradient {
                            close(&found.2, &expected.2, &format!("{what}: gradient of input"));
                        }
                    }
                }
            }
        }
    }
}
