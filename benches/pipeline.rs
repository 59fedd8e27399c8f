//! From a network to an optimized design, and inference on the way: how the parts scale.
//!
//! `cargo bench --no-default-features --bench pipeline -- optimize` runs one group. Networks are
//! random (see `random_network`): 784 features, four layers of six-input tables, ten classes.
#![allow(missing_docs, reason = "the macros of divan write items without documentation")]
#![allow(clippy::expect_used, reason = "a benchmark of something broken may stop")]

use difflut::binarized::BinarizedNetwork;
use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::emit::{self, EmitOptions, EmitRequest, Provenance, TestVectors};
use difflut::lower::{flatten, lower};
use difflut::netlist::Design;
use difflut::passes::{Pipeline, optimize};
use divan::{Bencher, black_box};

/// Tables in all layers together.
const SIZES: &[usize] = &[1_000, 10_000, 100_000];

/// Samples of one simulation.
const SAMPLES: usize = 1_000;

fn main() {
    divan::main();
}

fn network(luts: usize) -> BinarizedNetwork {
    random_network(1, &NetworkShape::image(4, luts / 4))
}

fn optimized(luts: usize) -> Design {
    let mut design = lower(&network(luts));
    optimize(&mut design, &Pipeline::level("1").expect("a level")).expect("correct passes");
    design
}

/// Codes that use the whole range of eight bits.
fn samples(features: usize, count: usize) -> Vec<Vec<i64>> {
    let code = |sample: usize, feature: usize| ((sample * 7919 + feature * 104_729) % 256) as i64;
    (0..count).map(|sample| (0..features).map(|feature| code(sample, feature)).collect()).collect()
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn lowering(bencher: Bencher<'_, '_>, luts: usize) {
    let network = network(luts);
    bencher.bench_local(|| lower(black_box(&network)));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn optimizing(bencher: Bencher<'_, '_>, luts: usize) {
    let design = lower(&network(luts));
    let pipeline = Pipeline::level("1").expect("a level");
    bencher.with_inputs(|| design.clone()).bench_local_refs(|design| optimize(design, &pipeline));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn flattening(bencher: Bencher<'_, '_>, luts: usize) {
    let design = optimized(luts);
    bencher.bench_local(|| flatten(black_box(&design)));
}

/// The reference inference, one sample.
#[divan::bench(args = SIZES, sample_count = 20)]
fn predict_one_sample(bencher: Bencher<'_, '_>, luts: usize) {
    let network = network(luts);
    let codes = &samples(network.features(), 1)[0];
    bencher.bench_local(|| network.predict_codes(black_box(codes)));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn simulate_thousand_samples(bencher: Bencher<'_, '_>, luts: usize) {
    let design = optimized(luts);
    let samples = samples(design.input.features, SAMPLES);
    bencher.bench_local(|| design.simulate(black_box(&samples)));
}

fn emission(bencher: Bencher<'_, '_>, target: &str, luts: usize) {
    let design = optimized(luts);
    let flat = flatten(&design);
    let provenance = Provenance {
        tool_version: "bench".into(),
        model_sha256: "0".repeat(64),
        input_values: "value = code * 1 + 0".into(),
        scale: 1.0,
        offset: 0.0,
        tau: Some("1".into()),
    };
    let (options, vectors) = (EmitOptions::default(), TestVectors::default());
    let request =
        EmitRequest { design: &design, flat: &flat, provenance: &provenance, options: &options, vectors: &vectors };
    let target = emit::target(target).expect("a target");
    bencher.bench_local(|| target.emit(black_box(&request)).expect("an artefact"));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn emit_verilog(bencher: Bencher<'_, '_>, luts: usize) {
    emission(bencher, "verilog", luts);
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn emit_hls(bencher: Bencher<'_, '_>, luts: usize) {
    emission(bencher, "hls", luts);
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn emit_c(bencher: Bencher<'_, '_>, luts: usize) {
    emission(bencher, "c", luts);
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn emit_blif(bencher: Bencher<'_, '_>, luts: usize) {
    emission(bencher, "blif", luts);
}
