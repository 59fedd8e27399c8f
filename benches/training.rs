//! Seconds of a training step, of an epoch, and memory, for the four networks of the benchmark
//! page.
//!
//!     cargo bench --bench training -- [a] [b] [c] [d] ... [--threads N] [--steps N]
//!
//! Data are random bits of 60,000 samples like MNIST's 28 x 28 pixels; time does not depend on
//! their values. A step is the forward and backward pass, Adam and the constraint on the weights.
//! Printed are the processor time of a step (of all threads, which a busy machine changes little)
//! and the median and the least of the wall clock. Peak memory is that of the process, so that one
//! network should be run at a time where it matters (`scripts/train-bench` does).

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a benchmark")]

use std::time::Instant;

use difflut::config::ModelConfig;
use difflut::model::{Model, TrainingStep};
use difflut::train::{AdamParameters, Optimizer};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

struct Network {
    name: &'static str,
    about: &'static str,
    batch: usize,
    config: &'static str,
}

const NETWORKS: &[Network] = &[
    Network {
        name: "a",
        about: "thermometer 4 bits -> 1024 -> 1000, n = 6, probabilistic",
        batch: 128,
        config: "model_type: feedforward
layer_type: random
node_type: probabilistic
encoder_config: {name: thermometer, num_bits: 4, feature_wise: true}
node_input_dim: 6
layer_widths: [1024, 1000]
num_classes: 10
runtime: {output_tau: 10}
",
    },
    Network {
        name: "b",
        about: "thermometer 4 bits -> 1024 -> 1000, n = 6, dwn",
        batch: 128,
        config: "model_type: feedforward
layer_type: random
node_type: dwn
encoder_config: {name: thermometer, num_bits: 4, feature_wise: true}
node_input_dim: 6
layer_widths: [1024, 1000]
num_classes: 10
runtime: {output_tau: 10}
",
    },
    Network {
        name: "c",
        about: "784 bits -> 6 x 8000, n = 2, difflogic",
        batch: 128,
        config: "model_type: feedforward
layer_type: random
node_type: difflogic
encoder_config: {name: thermometer, num_bits: 1, feature_wise: true}
node_input_dim: 2
layer_widths: [8000, 8000, 8000, 8000, 8000, 8000]
num_classes: 10
runtime: {output_tau: 10}
",
    },
    Network {
        name: "d",
        about: "distributive thermometer 3 bits -> learnable 2000 -> 1000, n = 6, dwn (DWN's recipe)",
        batch: 32,
        config: "encoder: {type: distributive_thermometer, params: {num_bits: 3}}
layers:
  - {node_type: dwn, output_size: 2000, n: 6, type: learnable, layer_training: {selection: straight_through}}
  - {node_type: dwn, output_size: 1000, n: 6}
groupsum: {k: 10, tau: 3.3333}
",
    },
    Network {
        name: "d32",
        about: "as d, every pin with 32 candidates",
        batch: 32,
        config: "encoder: {type: distributive_thermometer, params: {num_bits: 3}}
layers:
  - node_type: dwn
    output_size: 2000
    n: 6
    type: learnable
    node_params: {candidates: 32}
    layer_training: {selection: straight_through}
  - {node_type: dwn, output_size: 1000, n: 6}
groupsum: {k: 10, tau: 3.3333}
",
    },
    Network {
        name: "linear",
        about: "thermometer 4 bits -> 1024 -> 1000, n = 6, linear_lut",
        batch: 128,
        config: "model_type: feedforward
layer_type: random
node_type: linear_lut
encoder_config: {name: thermometer, num_bits: 4, feature_wise: true}
node_input_dim: 6
layer_widths: [1024, 1000]
num_classes: 10
runtime: {output_tau: 10}
",
    },
    Network {
        name: "warp",
        about: "256 bits -> 1024 -> 1000, n = 6, warp",
        batch: 128,
        config: "model_type: feedforward
layer_type: random
node_type: warp
encoder_config: {name: thermometer, num_bits: 1, feature_wise: true}
node_input_dim: 6
layer_widths: [1024, 1000]
num_classes: 10
input_size: 256
runtime: {output_tau: 10}
",
    },
];

const SAMPLES: usize = 60_000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut names, mut threads, mut steps) = (Vec::new(), 1, 100);
    while let Some(argument) = arguments.next() {
        let number = |next: Option<String>| next.and_then(|n| n.parse().ok()).expect("a number behind the option");
        match argument.as_str() {
            "--threads" => threads = number(arguments.next()),
            "--steps" => steps = number(arguments.next()),
            _ => names.push(argument),
        }
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    for network in NETWORKS.iter().filter(|n| names.is_empty() || names.iter().any(|name| name == n.name)) {
        pool.install(|| run(network, threads, steps));
    }
}

fn run(network: &Network, threads: usize, steps: usize) {
    let config = ModelConfig::parse(std::path::Path::new("bench.yaml"), network.config).unwrap();
    let features = config.input_size.unwrap_or(784);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    // The encoder is fitted to some, and all are encoded from those.
    let few: Vec<f32> = (0..500 * features).map(|_| rng.random_range(0..256) as f32).collect();
    let labels: Vec<u32> = (0..SAMPLES).map(|_| rng.random_range(0..10)).collect();
    let mut model = Model::build(config, 1).unwrap();
    model.fit_encoder(&few, features).unwrap();
    let encoding = Instant::now();
    let row = |sample: usize| &few[sample % 500 * features..][..features];
    let samples = model.encode_rows(SAMPLES, |sample, features| features.copy_from_slice(row(sample))).unwrap();
    let encoding = encoding.elapsed().as_secs_f64();
    let mut optimizer = Optimizer::new(model.trainable().unwrap(), AdamParameters::default());
    let (mut pass, mut at) = (model.training_pass().unwrap(), TrainingStep::first(1));
    let mut parts: Vec<[f64; 3]> = Vec::new();
    let mut losses = 0.0;
    let mut processor = [0.0; 3];
    for step in 0..steps + 3 {
        if step == 3 {
            processor = [0.0; 3];
        }
        let batch: Vec<usize> = (0..network.batch).map(|_| rng.random_range(0..SAMPLES)).collect();
        let loss = |sample: usize, scores: &[f32], gradient: &mut [f32]| {
            cross_entropy(scores, labels[batch[sample]] as usize, gradient)
        };
        let (begun, cpu) = (Instant::now(), processor_seconds());
        losses += pass.step(&samples, &batch, &mut at, &loss).unwrap().loss;
        let (passed, cpu_passed) = (begun.elapsed().as_secs_f64(), processor_seconds());
        optimizer.step(pass.gradients(), 1e-3, 1.0).unwrap();
        let optimized = begun.elapsed().as_secs_f64();
        let cpu_optimized = processor_seconds();
        model.constrain().unwrap();
        parts.push([passed, optimized - passed, begun.elapsed().as_secs_f64()]);
        for (sum, part) in
            processor.iter_mut().zip([cpu_passed - cpu, cpu_optimized - cpu_passed, processor_seconds() - cpu])
        {
            *sum += part;
        }
    }
    assert!(losses.is_finite());
    let mut wall: Vec<f64> = parts[3..].iter().map(|times| 1e3 * times[2]).collect();
    wall.sort_by(f64::total_cmp);
    let [passes, update, all] = processor.map(|sum| 1e3 * sum / steps as f64);
    println!(
        "{} threads {threads} batch {}: cpu {all:.3} ms a step (passes {passes:.3}, optimizer {update:.3}), wall median \
         {:.3} least {:.3}, epoch {:.2} s, encoding {encoding:.2} s, peak {} MiB | {}",
        network.name,
        network.batch,
        wall[wall.len() / 2],
        wall[0],
        1e-3 * wall[wall.len() / 2] * (SAMPLES as f64 / network.batch as f64),
        peak_mib(),
        network.about
    );
}

/// Processor time of all threads so far, 0 where the system does not say.
fn processor_seconds() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    nanoseconds.sum::<u64>() as f64 * 1e-9
}

fn cross_entropy(scores: &[f32], label: usize, gradient: &mut [f32]) -> f64 {
    let largest = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = scores.iter().map(|score| (score - largest).exp()).sum();
    for (gradient, score) in gradient.iter_mut().zip(scores) {
        *gradient = (score - largest).exp() / sum;
    }
    gradient[label] -= 1.0;
    f64::from(sum.ln() + largest - scores[label])
}

/// The most memory that the process has held, 0 where the system does not say.
fn peak_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok()).unwrap_or(0) / 1024
}
