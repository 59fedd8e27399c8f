//! `--convolution streaming`: the same as the export of unrolled designs for one through which
//! pixels pass one after the other.

use std::path::PathBuf;
use std::time::Instant;

use crate::binarized::BinarizedNetwork;
use crate::cli::CliError;
use crate::cli::checks::{Subject, run_checks};
use crate::cli::hardware::{StreamedHardware, streamed_hardware};
use crate::cli::lossy::{self, Lossy};
use crate::cli::report::{self, Place, ReportInput, Written, optimization, print_parts};
use crate::cli::samples::{Samples, load_samples, load_vectors};
use crate::emit::{self, EmitError, EmittedFile, StreamRequest, Target, TestVectors};
use crate::files::write_folder;
use crate::lower::{flatten_in_pieces, lower};
use crate::netlist::Design;
use crate::prove::{self, Proof, ProofOptions};
use crate::report::synthesis::Family;
use crate::store::LoadedModel;

use super::ExportArgs;
use super::output::{artefacts, print_files, print_model, print_passes};
use super::plan::Plan;
use super::work::provenance;

/// A model on its way through the compiler.
struct Work {
    model: LoadedModel,
    samples: Samples,
    lossy: Vec<Lossy>,
    hardware: StreamedHardware,
    vectors: TestVectors,
    emitted: Vec<(&'static dyn Target, Vec<EmittedFile>)>,
    folder: PathBuf,
}

/// Writes the files, then checks them.
pub(super) fn run(arguments: &ExportArgs, plan: Plan, families: &[&'static Family]) -> Result<(), CliError> {
    let work = prepare(arguments, &plan)?;
    let files = work.emitted.iter().flat_map(|(_, files)| files);
    write_folder(&work.folder, files.map(|file| (file.name.as_str(), file.contents.as_slice())))?;
    print_model(&work.model);
    work.lossy.iter().for_each(|change| say!("{change}"));
    print_files(&work.folder, &work.emitted);
    if arguments.verbose {
        work.hardware.passes.iter().for_each(|reports| print_passes(reports));
    }
    print_parts(&work.hardware);
    let mut written = None;
    if let Some(path) = &arguments.report {
        let input = ReportInput {
            model: &work.model,
            optimization: optimization(&arguments.optimize, arguments.passes.as_deref(), None),
            emit_options: &arguments.options,
            samples: &work.samples,
            families,
            limit: arguments.checks.limit(),
            targets: artefacts(&work.emitted, |_| work.hardware.facts.timing.latency as u32),
            changes: work.lossy.iter().map(|change| serde_json::json!(change)).collect(),
        };
        let place = Place::new(path);
        written = Some(report::write_streamed(&arguments.report_options, &place, input, &work.hardware)?);
    }
    check(arguments, plan, &work)?;
    written.map_or(Ok(()), Written::end)
}

/// Prints into memory and checks that.
pub(super) fn verify(arguments: &ExportArgs, plan: Plan) -> Result<(), CliError> {
    let work = prepare(arguments, &plan)?;
    print_model(&work.model);
    work.lossy.iter().for_each(|change| say!("{change}"));
    print_parts(&work.hardware);
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
    if plan.targets.is_empty() {
        return Err(CliError::Usage("--convolution streaming prints verilog; add `--target verilog`".to_owned()));
    }
    let options = &arguments.options;
    let hardware = streamed_hardware(&model.network, arguments.name.as_deref(), &plan.pipeline, options)?;
    let vectors = arguments.checks.stimulus(&model, &samples);
    let (design, provenance) = (&hardware.design, provenance(&model));
    let request = StreamRequest { design, provenance: &provenance, options, vectors: &vectors };
    let emit = |&target: &&'static dyn Target| Ok((target, target.emit_streamed(&request)?));
    let emitted = plan.targets.iter().map(emit).collect::<Result<_, EmitError>>()?;
    let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from("build").join(emit::identifier(&design.name)));
    Ok(Work { model, samples, lossy, hardware, vectors, emitted, folder })
}

/// Runs the checks of `plan` on what was printed.
fn check(arguments: &ExportArgs, plan: Plan, work: &Work) -> Result<(), CliError> {
    if arguments.prove {
        prove(work)?;
    }
    say!("vectors: {}", work.samples.describe(&work.vectors));
    let mut reference = lower(&work.model.network);
    reference.name.clone_from(&work.hardware.design.name);
    let subject = Subject {
        printed: &|_| (&reference, &work.vectors),
        reference: &reference,
        emitted: &work.emitted,
        latency: &|_| work.hardware.facts.timing.latency as u32,
        options: &arguments.options,
        candidates: &|| Ok(Vec::new()),
        frame: Some(work.hardware.design.frame),
        foreign: false,
        failures: &work.folder.join("failures"),
    };
    run_checks(&arguments.checks, &work.model, &plan.checkers, plan.skipped, &subject)
}

/// Proves every part equal to the part of the network that it is.
fn prove(work: &Work) -> Result<(), CliError> {
    let started = Instant::now();
    let networks = work.hardware.parts.steps.iter().map(|step| &step.kernel).chain([&work.hardware.parts.rest]);
    let designs = work.hardware.design.steps.iter().map(|step| &step.kernel).chain([&work.hardware.design.rest]);
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
