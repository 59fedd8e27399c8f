//! The estimates of the report against yosys and nextpnr.
//!
//!     cargo bench --bench estimates -- [FAMILY ...]
//!
//! Prints one line per network, registers and family, as the table in docs/report.md has them.
//! It takes minutes, most of them in ABC. `digits` needs the feature `train`; without it, a model
//! that `difflut binarize` made can be named by `MODEL=FILE`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark")]

use std::time::Duration;

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::binarized::{BinarizedNetwork, Head};
use difflut::config::InputFormat;
use difflut::emit::{self, EmitOptions, HdlOptions, Registers};
use difflut::lower::{flatten, lower};
use difflut::passes::{Pipeline, optimize};
use difflut::report::synthesis::{FAMILIES, Subject, SynthesisRequest, synthesize};
use difflut::report::{ModelSource, Pipelining, Report, ReportRequest, ScoreSamples};
use difflut::store::LoadedModel;

/// 64 features of 8 bits, 4 thresholds each, random tables, ten classes.
fn random(fan_in: usize, widths: &[usize]) -> BinarizedNetwork {
    let layers = widths.iter().map(|&width| (fan_in, width)).collect();
    let head = Head::GroupSum { classes: 10, tau: 1.0 };
    let shape = NetworkShape { features: 64, input: InputFormat::unsigned(8), bits_per_feature: 4, layers, head };
    random_network(1, &shape)
}

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let mut networks = Vec::new();
    match LoadedModel::load(std::env::var("MODEL").as_deref().unwrap_or("digits")) {
        Ok(model) => networks.push((model.network.name().to_owned(), model.network)),
        Err(error) => println!("left out: {error}"),
    }
    for (fan_in, widths) in [(6, vec![100, 50]), (4, vec![200, 100]), (2, vec![400, 400, 200])] {
        networks.push((format!("random, {fan_in} inputs, {widths:?}"), random(fan_in, &widths)));
    }
    println!(
        "| network | registers | family | LUTs by rule | yosys | error | FF by rule | yosys | carries | Fmax MHz |"
    );
    for (name, network) in &networks {
        for every in [None, Some(4)] {
            let mut design = lower(network);
            optimize(&mut design, &Pipeline::level("2").unwrap()).unwrap();
            let hdl = HdlOptions { pipeline: every.map(Registers::Levels), ..HdlOptions::default() };
            let options = EmitOptions { hdl, ..EmitOptions::default() };
            let verilog = emit::target("verilog").unwrap();
            let pipelining = Pipelining {
                pipeline: every.map_or("none".to_owned(), |every| every.to_string()),
                latency: verilog.latency(&design, &options),
                registers: verilog.registers(&design, &options),
            };
            let report = Report::new(&ReportRequest {
                network,
                source: &ModelSource::default(),
                design: &design,
                optimization: "-O2",
                passes: &[],
                pipelining: &pipelining,
                image: None,
                samples: &ScoreSamples::default(),
            })
            .unwrap();
            let flat = flatten(&design);
            for (family, estimate) in FAMILIES.iter().zip(&report.estimates) {
                if !chosen.is_empty() && !chosen.iter().any(|name| name == family.name) {
                    continue;
                }
                let limit = Duration::from_secs(3600);
                let subject = Subject::Unrolled { design: &design, flat: &flat };
                let request = SynthesisRequest { subject, options: &options, limit };
                let result = synthesize(&request, family).unwrap().result;
                let Some(cells) = result.cells else {
                    println!("{name} {}: {}", family.name, result.remarks.join("; "));
                    continue;
                };
                println!(
                    "| {name} | {} | {} | {} | {} | {:+.1} % | {} | {} | {} | {} |",
                    pipelining.pipeline,
                    family.name,
                    estimate.luts,
                    cells.luts,
                    100.0 * (estimate.luts as f64 / cells.luts as f64 - 1.0),
                    estimate.flip_flops,
                    cells.flip_flops,
                    cells.carries,
                    result.routed.map_or("-".to_owned(), |routed| format!("{:.1}", routed.fmax_mhz)),
                );
            }
        }
    }
}
