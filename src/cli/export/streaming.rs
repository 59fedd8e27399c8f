//! `--convolution streaming`: the same as the export of unrolled designs for one through which
//! pixels pass one after the other.

use std::path::PathBuf;
use std::time::Instant;

use crate::binarized::{BinarizedNetwork, Streamed};
use crate::cli::CliError;
use crate::cli::checks::{Subject, run_checks};
use crate::cli::lossy::{self, Lossy};
use crate::cli::samples::{Samples, load_samples, load_vectors};
use crate::emit::{self, EmittedFile, FrameTiming, LutStyle, StreamRequest, Target, TestVectors};
use crate::files::write_folder;
use crate::lower::{flatten_in_pieces, lower, lower_streamed};
use crate::netlist::{Design, NetlistStats, StreamedDesign, paired_lut6};
use crate::passes::{PassReport, optimize};
use crate::prove::{self, Proof, ProofOptions};
use crate::report::DesignReport;
use crate::store::LoadedModel;

use super::{ExportArgs, Plan, print_model, print_passes, provenance};

/// A model on its way through the compiler.
struct Work {
    model: LoadedModel,
    samples: Samples,
    lossy: Vec<Lossy>,
    parts: Streamed,
    design: StreamedDesign,
    vectors: TestVectors,
    /// What every part went through, the kernels first.
    passes: Vec<Vec<PassReport>>,
    emitted: Vec<(&'static dyn Target, Vec<EmittedFile>)>,
    timing: FrameTiming,
    folder: PathBuf,
}

/// Writes the files, then checks them.
pub(super) fn run(arguments: &ExportArgs, plan: Plan) -> Result<(), CliError> {
    if arguments.report.is_some() {
        return Err(CliError::Usage(
            "--report describes unrolled designs; leave it out with --convolution streaming".to_owned(),
        ));
    }
    let work = prepare(arguments, &plan)?;
    let files = work.emitted.iter().flat_map(|(_, files)| files);
    write_folder(&work.folder, files.map(|file| (file.name.as_str(), file.contents.as_slice())))?;
    print_model(&work.model);
    work.lossy.iter().for_each(|change| say!("{change}"));
    say!("wrote {}", work.folder.display());
    let width = work.emitted.iter().flat_map(|(_, files)| files).map(|file| file.name.len()).max().unwrap_or(0);
    for file in work.emitted.iter().flat_map(|(_, files)| files) {
        say!("  {:<width$}  {}", file.name, file.purpose);
    }
    if arguments.verbose {
        work.passes.iter().for_each(|reports| print_passes(reports));
    }
    print_sizes(&work);
    check(arguments, plan, &work)
}

/// Prints into memory and checks that.
pub(super) fn verify(arguments: &ExportArgs, plan: Plan) -> Result<(), CliError> {
    let work = prepare(arguments, &plan)?;
    print_model(&work.model);
    work.lossy.iter().for_each(|change| say!("{change}"));
    print_sizes(&work);
    check(arguments, plan, &work)
}

/// Loads, takes apart, optimizes and prints into memory.
fn prepare(arguments: &ExportArgs, plan: &Plan) -> Result<Work, CliError> {
    if arguments.lossy.calibrates() {
        return Err(CliError::Usage(
            "--calibrate makes every position of a convolution another function, and --convolution streaming has one \
             for all; leave one of them out"
                .to_owned(),
        ));
    }
    let mut model = LoadedModel::load(&arguments.model)?;
    let lossy = lossy::apply(&arguments.lossy, arguments.checks.data.as_deref(), &mut model)?;
    let samples = match &arguments.checks.vectors_from {
        Some(path) => load_vectors(path, &model)?,
        None => load_samples(arguments.checks.data.as_deref(), &model)?,
    };
    let (parts, mut design) = lower_streamed(&model.network)
        .map_err(|error| CliError::Usage(format!("--convolution streaming of `{}`: {error}", model.network.name())))?;
    if let Some(name) = &arguments.name {
        design.name.clone_from(name);
    }
    let passes = design.designs_mut().map(|part| optimize(part, &plan.pipeline)).collect::<Result<_, _>>()?;
    if arguments.options.hdl.lut_style == LutStyle::Slice {
        design.designs_mut().for_each(Design::use_slices);
    }
    let vectors = arguments.checks.stimulus(&model, &samples);
    let (options, provenance) = (&arguments.options, provenance(&model));
    let request = StreamRequest { design: &design, provenance: &provenance, options, vectors: &vectors };
    let mut emitted = Vec::new();
    let mut timing = None;
    for &target in &plan.targets {
        emitted.push((target, target.emit_streamed(&request)?));
        timing = Some(target.frame_timing(&design, options)?);
    }
    let Some(timing) = timing else {
        return Err(CliError::Usage("--convolution streaming prints verilog; add `--target verilog`".to_owned()));
    };
    let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from("build").join(emit::identifier(&design.name)));
    Ok(Work { model, samples, lossy, parts, design, vectors, passes, emitted, timing, folder })
}

/// The parts with their sizes, and the timing.
fn print_sizes(work: &Work) {
    let luts = |design: &Design| match work.design.rest.slices {
        true => paired_lut6(&design.core),
        false => NetlistStats::new(&design.core).lut6(|_| true),
    };
    say!("\n{:<8} {:<42} {:>7} {:>8}", "part", "", "LUT6", "levels");
    let mut total = 0;
    for (index, step) in work.design.steps.iter().enumerate() {
        let (window, made) = (step.window, step.window.made);
        let shape = format!(
            "{} x {} over {} x {} x {} to {} x {} x {}",
            window.size[0],
            window.size[1],
            window.image[0],
            window.image[1],
            window.image[2],
            made[0],
            made[1],
            made[2]
        );
        let own = luts(&step.kernel);
        total += own;
        say!("{:<8} {shape:<42} {own:>7} {:>8}", format!("kernel {index}"), step.kernel.core.depth());
    }
    let rest = &work.design.rest;
    let whole = DesignReport::unoptimized(rest).0.total;
    say!(
        "{:<8} {:<42} {whole:>7} {:>8}",
        "dense",
        format!("{} bits, head included", rest.input.features),
        rest.depth()
    );
    say!("{:<8} {:<42} {:>7}", "total", "comparisons and counters not counted", total + whole);
    if let Some(reason) = &work.parts.stopped {
        say!("not streamed, but unrolled in front of the dense layers: {reason}");
    }
    let FrameTiming { interval, latency, .. } = work.timing;
    let behind = work.timing.behind_last_pixel();
    say!(
        "verilog: a pixel every cycle, a frame every {interval}; latency {latency} cycles from its first pixel, {behind} from its last"
    );
}

/// Runs the checks of `plan` on what was printed.
fn check(arguments: &ExportArgs, plan: Plan, work: &Work) -> Result<(), CliError> {
    if arguments.prove {
        prove(work)?;
    }
    say!("vectors: {}", work.samples.describe(&work.vectors));
    let mut reference = lower(&work.model.network);
    reference.name.clone_from(&work.design.name);
    let subject = Subject {
        printed: &|_| (&reference, &work.vectors),
        reference: &reference,
        emitted: &work.emitted,
        latency: &|_| work.timing.latency as u32,
        options: &arguments.options,
        candidates: &|| Ok(Vec::new()),
        frame: Some(work.design.frame),
        foreign: false,
        failures: &work.folder.join("failures"),
    };
    run_checks(&arguments.checks, &work.model, &plan.checkers, plan.skipped, &subject)
}

/// Proves every part equal to the part of the network that it is.
fn prove(work: &Work) -> Result<(), CliError> {
    let started = Instant::now();
    let networks = work.parts.steps.iter().map(|step| &step.kernel).chain([&work.parts.rest]);
    let designs = work.design.steps.iter().map(|step| &step.kernel).chain([&work.design.rest]);
    for (network, design) in networks.zip(designs) {
        prove_part(network, design)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    say!("proof: every kernel and what stands behind them equal to the network's for every input  ({seconds:.1} s)");
    Ok(())
}

fn prove_part(network: &BinarizedNetwork, design: &Design) -> Result<(), CliError> {
    let name = network.name();
    match prove::prove_design(network, &flatten_in_pieces(design), &ProofOptions::default()) {
        Proof::Equal(_) => Ok(()),
        Proof::Different { output, .. } => {
            Err(CliError::Different(format!("proof: output bit {output} of `{name}` differs from the network")))
        }
        Proof::Open { outputs } => Err(CliError::Checks(format!(
            "proof: {} output bits of `{name}` could be neither proved nor refuted",
            outputs.len()
        ))),
    }
}
