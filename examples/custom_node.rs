//! A crate's own node, encoder and model type: registered, trained, saved and exported.
//!
//!     cargo run --release --example custom_node
//!
//! The node is a threshold gate with trained weights, the encoder one bit per feature at its
//! median, the model type a first layer of tables behind which threshold gates follow. None of
//! them is known to the library; a configuration names them like any other.

use std::error::Error;
use std::path::Path;

use clap::Parser;
use difflut::binarized::{EncodedBit, Encoder as BinarizedEncoder};
use difflut::cli::ExportCli;
use difflut::components::ComponentError;
use difflut::components::encoder::{Encoder, EncoderKind, FittedTensor, Samples};
use difflut::components::initializer::{Block, Residual};
use difflut::components::node::{NodeKernel, NodeKind};
use difflut::components::registry::{ENCODERS, NODES};
use difflut::config::{EncoderType, Experiment, LayerConfig, ModelType, NodeType};
use difflut::data::load_section;
use difflut::model::{MODELS, Model, ModelKind};
use difflut::train::fit;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// `out = sigmoid(4 z)`, `z = b + sum_j w_j (2 x_j - 1)`; the bit is `z >= 0`. Parameters: the
/// weights, then the bias.
#[derive(Debug)]
struct ThresholdGate {
    fan_in: usize,
}

impl ThresholdGate {
    fn sum(&self, parameters: &[f32], input: impl Fn(usize) -> f32) -> f32 {
        (0..self.fan_in).fold(parameters[self.fan_in], |sum, j| sum + parameters[j] * (2.0 * input(j) - 1.0))
    }
}

impl NodeKernel for ThresholdGate {
    fn fan_in(&self) -> usize {
        self.fan_in
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block::matrix("weights", self.fan_in, 1), Block::vector("bias", 1)]
    }

    fn init(&self, rng: &mut ChaCha8Rng, parameters: &mut [f32]) {
        parameters.iter_mut().for_each(|parameter| *parameter = rng.random_range(-0.5..0.5));
    }

    fn residual(&self, residual: Residual, rng: &mut ChaCha8Rng, parameters: &mut [f32]) {
        parameters.iter_mut().for_each(|parameter| *parameter = residual.noise(rng));
        parameters[0] = residual.clarity;
    }

    fn forward(&self, parameters: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        for (sample, out) in out.iter_mut().enumerate() {
            *out = 1.0 / (1.0 + (-4.0 * self.sum(parameters, |j| pins[j][sample])).exp());
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
        let batch = grad_out.len();
        let mut out = vec![0.0; batch];
        self.forward(parameters, pins, &mut out);
        for sample in 0..batch {
            let slope = grad_out[sample] * 4.0 * out[sample] * (1.0 - out[sample]);
            grad_parameters[self.fan_in] += slope;
            for j in 0..self.fan_in {
                grad_parameters[j] += slope * (2.0 * pins[j][sample] - 1.0);
                if let Some(grad_pins) = grad_pins.as_deref_mut() {
                    grad_pins[j * batch + sample] = slope * 2.0 * parameters[j];
                }
            }
        }
    }

    fn evaluate(&self, parameters: &[f32], pins: &[bool]) -> bool {
        self.sum(parameters, |j| f32::from(u8::from(pins[j]))) >= 0.0
    }
}

static THRESHOLD_GATE: NodeKind = NodeKind {
    node_type: NodeType::Custom("threshold_gate"),
    name: "threshold_gate",
    summary: "sign of a trained weighted sum",
    parameters: &[],
    build: |spec| Ok(Box::new(ThresholdGate { fan_in: spec.fan_in })),
};

/// One bit per feature: `x > median`.
#[derive(Debug)]
struct Median {
    medians: Vec<f32>,
}

impl Encoder for Median {
    fn features(&self) -> usize {
        self.medians.len()
    }

    fn width(&self) -> usize {
        self.medians.len()
    }

    fn encode(&self, features: &[f32], bits: &mut [bool]) {
        for ((bit, x), median) in bits.iter_mut().zip(features).zip(&self.medians) {
            *bit = x > median;
        }
    }

    fn binarize(&self) -> BinarizedEncoder {
        let bits = self.medians.iter().enumerate().map(|(feature, &median)| EncodedBit::above(feature as u32, median));
        BinarizedEncoder { features: self.medians.len(), bits: bits.collect() }
    }

    fn fitted(&self) -> Vec<&[f32]> {
        vec![&self.medians]
    }
}

static MEDIAN: EncoderKind = EncoderKind {
    encoder_type: EncoderType::Custom("median"),
    summary: "one bit per feature, whether it is above its median",
    fit: |_, samples: Samples<'_>| {
        let median = |feature: usize| {
            let mut column: Vec<f32> = samples.values.iter().skip(feature).step_by(samples.columns).copied().collect();
            column.sort_by(f32::total_cmp);
            column[column.len() / 2]
        };
        Ok::<Box<dyn Encoder>, ComponentError>(Box::new(Median { medians: (0..samples.columns).map(median).collect() }))
    },
    tensors: |_, features| vec![FittedTensor { name: "medians", shape: vec![features] }],
    restore: |_, _, tensors| Ok(Box::new(Median { medians: tensors.into_iter().next().unwrap_or_default() })),
};

/// The layers of the configuration, the first one of tables.
static TABLES_FIRST: ModelKind = ModelKind {
    model_type: ModelType::Custom("tables_first"),
    summary: "tables in the first layer, the configured nodes in the others",
    plan: |config| {
        let mut plan = config.plan()?;
        if let Some(first) = plan.layers.first_mut() {
            *first = LayerConfig { node_type: NodeType::Probabilistic, ..first.clone() };
        }
        Ok(plan)
    },
};

const EXPERIMENT: &str = "
model:
  model_type: tables_first
  layer_type: random
  node_type: threshold_gate
  encoder_config: {name: median, num_bits: 1}
  node_input_dim: 6
  layer_widths: [300, 200]
  num_classes: 10
  dataset: digits
  runtime: {output_tau: 3}
training: {epochs: 4, batch_size: 32, learning_rate: 0.03}
data: {name: digits}
";

/// Trains, saves, loads and exports in `folder`; the share of held-out samples that are right.
///
/// # Errors
/// Whatever goes wrong on the way.
pub fn run(folder: &Path) -> Result<f64, Box<dyn Error>> {
    NODES.register(&THRESHOLD_GATE)?;
    ENCODERS.register(&MEDIAN)?;
    MODELS.register(&TABLES_FIRST)?;

    let experiment = Experiment::parse(Path::new("custom_node.yaml"), EXPERIMENT)?;
    let (train, test) = load_section(&experiment.data)?;
    let seed = experiment.model.seed;
    let mut model = Model::build(experiment.model, seed)?;
    let record = fit(&mut model, &train, test.as_ref(), &experiment.training, &mut ())?;

    let path = folder.join("custom.safetensors");
    model.save(&path)?;
    let network = Model::load(&path)?.binarize()?;
    if network != model.binarize()? {
        return Err("the loaded model is another one".into());
    }
    // Truth tables need no registration any more: every tool of the library reads this file.
    let tables = folder.join("custom_tables.safetensors");
    network.to_file().write(&tables)?;
    let out = folder.join("hardware");
    let texts =
        [tables.as_os_str(), "--target=verilog,c".as_ref(), "--vectors=50".as_ref(), "--out".as_ref(), out.as_os_str()];
    ExportCli::parse_from(std::iter::once("difflut-export".as_ref()).chain(texts)).run();
    Ok(record.accuracy.hard_test.unwrap_or(0.0))
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join("difflut_custom_node");
    std::fs::create_dir_all(&folder)?;
    let accuracy = run(&folder)?;
    let mut out = std::io::stdout();
    std::io::Write::write_fmt(
        &mut out,
        format_args!("{:.2} % of the held-out digits, files in {}\n", 100.0 * accuracy, folder.display()),
    )?;
    Ok(())
}
