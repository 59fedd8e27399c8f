//! `difflut export` and `difflut-export`: a model in, artefacts and their checks out.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::binarized::{BinarizedNetwork, Head};
use crate::emit::{
    self, Convolution, EmitError, EmitOptions, EmitRequest, EmittedFile, LutStyle, Provenance, TARGETS, Target,
    TestVectors, Vector,
};
use crate::files::{nearest, write_atomically, write_folder};
use crate::lower::{flatten, flatten_in_pieces, lower};
use crate::netlist::{Design, Netlist};
use crate::passes::{MapGoal, PassOptions, PassReport, Pipeline, optimize};
use crate::prove::{self, Proof, ProofOptions};
use crate::report::DesignReport;
use crate::store::LoadedModel;
use crate::verify::{CHECKERS, CheckRecord, Checker, MutationPlan, coverage, mutate, render_svg};

use super::CliError;
use super::checks::{CheckArgs, Chosen, Subject, available, run_checks};
use super::hardware::{Hardware, LutSizes, expands, hardware};
use super::lossy::{self, Lossy, LossyArgs};
use super::report::{self, Place, ReportInput, ReportOptions, Written, optimization};
use super::samples::{Samples, load_samples, load_vectors};

mod output;
mod streaming;

pub(super) use output::print_passes;
use output::{artefacts, print_latency, print_model};

/// Arguments of the export.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A model file or the name of a pretrained model
    model: String,
    /// What to print: verilog, vhdl, hls, c, c-lib, rust, blif, dot, torch; several by commas or by repeating the option
    /// [default: verilog; for `verify` the targets of the checks]
    #[arg(long, short, value_delimiter = ',', value_name = "TARGET")]
    target: Vec<String>,
    /// Folder for the files [default: build/NAME]
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Name of the top module, header and functions [default: the model's name]
    #[arg(long)]
    name: Option<String>,
    /// Optimization level 0 to 3, each exact: see `difflut list`
    #[arg(long, short = 'O', default_value = "2", value_name = "LEVEL", conflicts_with = "passes")]
    optimize: String,
    /// Run just these passes, in this order, to a fixed point (see `difflut list`)
    #[arg(long, value_delimiter = ',', value_name = "PASS")]
    passes: Option<Vec<String>>,
    /// Inputs of the LUTs to map to, from level 2: 4 (iCE40, ECP5) or 6 (Xilinx)
    /// [default: 6; with -O3 --lut-style slice 5 or 6, whichever takes fewer LUTs]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(2..=6))]
    lut_size: Option<u8>,
    /// What mapping minimizes first: area (LUTs) or depth (levels)
    #[arg(long, default_value = "area", value_name = "GOAL")]
    map_goal: String,
    /// Compare the netlist before and after every pass by simulation
    #[arg(long)]
    check_passes: bool,
    /// Prove that the optimized hardware computes what the network means, for every input
    #[arg(long)]
    prove: bool,
    #[command(flatten)]
    lossy: LossyArgs,
    /// Print what every pass did
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    options: EmitOptions,
    #[command(flatten)]
    checks: CheckArgs,
    /// Also write the report: a folder for report.json and report.html, or one file that ends in
    /// .json or .html
    #[arg(long, value_name = "DIR|FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    report_options: ReportOptions,
}

impl ExportArgs {
    /// The options of the checks.
    pub(super) fn checks(&self) -> &CheckArgs {
        &self.checks
    }

    /// Whether pixels are to pass one after the other.
    fn is_streaming(&self) -> bool {
        self.options.hdl.convolution == Convolution::Streaming
    }

    /// The model.
    pub(super) fn model(&self) -> &str {
        &self.model
    }
}

/// What is exported, before anything is written.
struct Plan {
    targets: Vec<&'static dyn Target>,
    /// Whether somebody asked for just these targets; else they are those of the checks.
    targets_named: bool,
    checkers: Vec<&'static dyn Checker>,
    /// Checks that were left out for want of a tool.
    skipped: Vec<CheckRecord>,
    pipeline: Pipeline,
}

/// A model on its way through the compiler.
struct Work {
    model: LoadedModel,
    samples: Samples,
    lossy: Vec<Lossy>,
    /// The design whose comparators are words.
    words: Variant,
    /// The design over single code bits, where the pipeline makes one.
    bits: Option<Variant>,
    reference: Design,
    /// The hardware as one netlist.
    flat: Netlist,
    report: DesignReport,
    sizes: Option<LutSizes>,
    emitted: Vec<(&'static dyn Target, Vec<EmittedFile>)>,
    /// Targets that nobody asked for by name and that cannot express the design.
    refused: Vec<(&'static str, EmitError)>,
    folder: PathBuf,
}

/// A design with what belongs to it: the vectors on its input bus, and its passes.
struct Variant {
    design: Design,
    vectors: TestVectors,
    provenance: Provenance,
    passes: Vec<PassReport>,
}

impl Work {
    /// The design that a target prints.
    fn variant(&self, target: &str) -> &Variant {
        match &self.bits {
            Some(bits) if PRINTS_TABLES.contains(&target) => bits,
            _ => &self.words,
        }
    }

    fn latency(&self, target: &dyn Target, options: &EmitOptions) -> u32 {
        target.latency(&self.variant(target.name()).design, options)
    }
}

/// `difflut export`: writes the files, then checks them.
pub(super) fn run(arguments: &ExportArgs) -> Result<(), CliError> {
    let plan = plan(arguments, arguments.checks.chosen()?, Some("verilog"))?;
    let families = arguments.report_options.families()?;
    if arguments.report.is_none() && !families.is_empty() {
        return Err(CliError::Usage("--synth measures for the report; add `--report DIR`".to_owned()));
    }
    if arguments.is_streaming() {
        return streaming::run(arguments, plan, &families);
    }
    let work = prepare(arguments, &plan)?;
    one_writer_each(&work.emitted)?;
    let files = work.emitted.iter().flat_map(|(_, files)| files);
    write_folder(&work.folder, files.map(|file| (file.name.as_str(), file.contents.as_slice())))?;

    print_model(&work.model);
    work.lossy.iter().for_each(|change| say!("{change}"));
    say!("wrote {}", work.folder.display());
    let width = work.emitted.iter().flat_map(|(_, files)| files).map(|file| file.name.len()).max().unwrap_or(0);
    for file in work.emitted.iter().flat_map(|(_, files)| files) {
        say!("  {:<width$}  {}", file.name, file.purpose);
    }
    if work.emitted.iter().any(|(target, _)| target.name() == "dot") {
        let name = emit::identifier(&work.words.design.name);
        match render_svg(&work.folder, &name, Duration::from_secs(arguments.checks.time_limit))? {
            Some(file) => say!("  {file:<width$}  the drawing, laid out by graphviz"),
            None => say!("no {name}.svg: graphviz is not installed (Debian: `apt-get install graphviz`)"),
        }
    }
    if arguments.verbose {
        print_passes(&work.bits.as_ref().unwrap_or(&work.words).passes);
    }
    say!("\n{}", work.report);
    if let Some(sizes) = work.sizes {
        say!("{sizes}");
    }
    print_latency(arguments, &work);
    let mut written = None;
    if let Some(path) = &arguments.report {
        let hardware = work.bits.as_ref().unwrap_or(&work.words);
        let input = ReportInput {
            model: &work.model,
            optimization: optimization(&arguments.optimize, arguments.passes.as_deref(), work.sizes),
            emit_options: &arguments.options,
            samples: &work.samples,
            families: &families,
            limit: arguments.checks.limit(),
            targets: artefacts(&work.emitted, |target| work.latency(target, &arguments.options)),
            changes: work.lossy.iter().map(|change| serde_json::json!(change)).collect(),
        };
        let place = Place::new(path);
        written = Some(report::write(&arguments.report_options, &place, input, &hardware.design, &hardware.passes)?);
    }
    check(arguments, plan, &work)?;
    written.map_or(Ok(()), Written::end)
}

/// How many mutants are made, and of each kind judged in the tools of the checks.
#[derive(Clone, Copy)]
pub(super) struct Mutants {
    /// All of them.
    pub(super) count: u32,
    /// Of each kind.
    pub(super) in_tools: u32,
}

/// `difflut verify`: prints into memory, checks that, and writes nothing but what was asked for.
pub(super) fn verify(arguments: &ExportArgs, mutants: Option<Mutants>) -> Result<(), CliError> {
    let mut chosen = arguments.checks.chosen()?;
    if let Some(mutants) = mutants {
        if arguments.is_streaming() {
            return Err(CliError::Usage(
                "--mutate puts faults into unrolled designs; leave out --convolution streaming".to_owned(),
            ));
        }
        if chosen.is_empty() {
            let formal = CHECKERS.iter().copied().find(|checker| checker.name() == "formal");
            chosen.extend(formal.map(|checker| Chosen { checker, required: true }));
        }
        return verify_mutants(arguments, chosen, mutants);
    }
    if arguments.checks.check.is_empty() {
        let fits = |checker: &&dyn Checker| {
            let named = chosen.iter().any(|chosen| chosen.checker.name() == checker.name());
            let target = arguments.target.is_empty() || arguments.target.iter().any(|name| name == checker.target());
            !named && target && checker.by_default()
        };
        let default: Vec<Chosen> =
            CHECKERS.iter().copied().filter(fits).map(|checker| Chosen { checker, required: false }).collect();
        chosen.extend(default);
    }
    let mut plan = plan(arguments, chosen, None)?;
    if arguments.is_streaming() {
        return streaming::verify(arguments, plan);
    }
    let work = prepare(arguments, &plan)?;
    let named = |checker: &dyn Checker| {
        arguments.checks.check.iter().chain(&arguments.checks.require).any(|name| name == checker.name())
    };
    for (target, error) in &work.refused {
        let (without, rest): (Vec<_>, Vec<_>) =
            plan.checkers.iter().copied().partition(|checker| checker.target() == *target);
        if rest.is_empty() || without.iter().any(|checker| named(*checker)) {
            // Nothing checked is not the same as nothing wrong.
            return Err(CliError::Usage(error.to_string()));
        }
        plan.skipped.extend(without.into_iter().map(|checker| CheckRecord::skipped(checker, error)));
        plan.checkers = rest;
    }
    print_model(&work.model);
    work.lossy.iter().for_each(|change| say!("{change}"));
    print_latency(arguments, &work);
    let codes = work.words.vectors.vectors.iter().map(|vector| vector.codes.as_slice());
    say!("coverage: {}", coverage(&work.model.network, codes));
    check(arguments, plan, &work)
}

/// The share of mutants that simulation has to find, of those that are faults.
const ENOUGH_CAUGHT: f64 = 0.99;

/// `difflut verify --mutate`: puts faults into what is printed and counts who finds them.
fn verify_mutants(arguments: &ExportArgs, chosen: Vec<Chosen>, mutants: Mutants) -> Result<(), CliError> {
    let plan = plan(arguments, chosen, None)?;
    let mut targets: Vec<&str> = plan.checkers.iter().map(|checker| checker.target()).collect();
    targets.sort_unstable();
    targets.dedup();
    let [target] = plan.targets.as_slice() else {
        return Err(CliError::Usage(format!(
            "mutants are made of one target; the checks are for {}: choose with --check or --target",
            targets.join(", ")
        )));
    };
    let work = prepare(arguments, &plan)?;
    print_model(&work.model);
    print_latency(arguments, &work);
    let Variant { design, vectors, provenance, .. } = work.variant(target.name());
    say!("vectors: {}", work.samples.describe(vectors));
    let emit = |design: &Design| {
        let flat = flatten(design);
        let request = EmitRequest { design, flat: &flat, provenance, options: &arguments.options, vectors };
        target.emit(&request)
    };
    let report = mutate(
        &MutationPlan {
            reference: &work.reference,
            design,
            emit: &emit,
            is_hardware: target.is_hardware(),
            latency: target.latency(design, &arguments.options),
            options: &arguments.options,
            vectors,
            count: mutants.count as usize,
            in_tools: mutants.in_tools as usize,
            seed: arguments.checks.seed,
            limit: Duration::from_secs(arguments.checks.time_limit),
        },
        &plan.checkers,
    )?;
    say!("\n{report}");
    for (check, mutant) in &report.missed {
        say!("not found by {check}: {mutant}");
    }
    for (check, mutant, error) in &report.not_done {
        say!("not done by {check}: {mutant}: {error}");
    }
    if let Some(path) = &arguments.checks.json {
        write_atomically(path, report.to_json().as_bytes())?;
    }
    if let Some((check, mutant, _)) = report.not_done.first() {
        return Err(CliError::Checks(format!("check {check} could not judge a mutant: {mutant}")));
    }
    let short: Vec<String> = (0..report.columns.len())
        .filter(|&column| {
            let tally = report.total(column);
            // A proof has no excuse; vectors cannot show everything.
            tally.missed > 0
                && (matches!(report.columns[column].as_str(), "formal" | "proof") || tally.share() < ENOUGH_CAUGHT)
        })
        .map(|column| format!("{} found {:.1} %", report.columns[column], 100.0 * report.total(column).share()))
        .collect();
    if short.is_empty() {
        Ok(())
    } else {
        Err(CliError::Different(format!("mutants got through: {}", short.join(", "))))
    }
}

/// Loads, optimizes and prints into memory.
fn prepare(arguments: &ExportArgs, plan: &Plan) -> Result<Work, CliError> {
    let mut model = LoadedModel::load(&arguments.model)?;
    let lossy = lossy::apply(&arguments.lossy, arguments.checks.data.as_deref(), &mut model)?;
    let samples = match &arguments.checks.vectors_from {
        Some(path) => load_vectors(path, &model)?,
        None => load_samples(arguments.checks.data.as_deref(), &model)?,
    };
    let mut design = lower(&model.network);
    if let Some(name) = &arguments.name {
        design.name.clone_from(name);
    }
    let reference = design.clone();
    let passes = optimize(&mut design, &plan.pipeline)?;
    if arguments.options.hdl.lut_style == LutStyle::Slice {
        design.use_slices();
    }
    let vectors = arguments.checks.stimulus(&model, &samples);
    let words = Variant { design, vectors, provenance: provenance(&model), passes };
    let mut sizes = None;
    let mut bits = None;
    if expands(&plan.pipeline, &arguments.options.hdl) {
        let chooses = arguments.lut_size.is_none();
        let made = hardware(&reference, &words.design, &plan.pipeline, &arguments.options.hdl, chooses)?;
        sizes = made.sizes;
        bits = Some(over_code_bits(&words, made));
    }
    let hardware = &bits.as_ref().unwrap_or(&words).design;
    let (flat, report) = (flatten(hardware), DesignReport::new(hardware)?);
    let folder =
        arguments.out.clone().unwrap_or_else(|| PathBuf::from("build").join(emit::identifier(&words.design.name)));
    let mut work = Work {
        model,
        samples,
        lossy,
        words,
        bits,
        reference,
        flat,
        report,
        sizes,
        emitted: Vec::new(),
        refused: Vec::new(),
        folder,
    };
    let mut emitted: Vec<(&'static dyn Target, Vec<EmittedFile>)> = Vec::new();
    let mut refused = Vec::new();
    for &target in &plan.targets {
        let Variant { design, vectors, provenance, .. } = work.variant(target.name());
        let request = EmitRequest { design, flat: &work.flat, provenance, options: &arguments.options, vectors };
        match target.emit(&request) {
            Ok(files) => emitted.push((target, files)),
            Err(error @ EmitError::Unsupported { .. }) if !plan.targets_named => refused.push((target.name(), error)),
            Err(error) => return Err(error.into()),
        }
    }
    work.emitted = emitted;
    work.refused = refused;
    Ok(work)
}

/// No file is written by two targets, of which one would be lost.
fn one_writer_each(emitted: &[(&'static dyn Target, Vec<EmittedFile>)]) -> Result<(), CliError> {
    for (number, (target, files)) in emitted.iter().enumerate() {
        for (other, others) in &emitted[..number] {
            if let Some(file) = files.iter().find(|file| others.iter().any(|known| known.name == file.name)) {
                return Err(CliError::Usage(format!(
                    "the targets `{}` and `{}` both write `{}`; export them one at a time into two folders (--out)",
                    other.name(),
                    target.name(),
                    file.name
                )));
            }
        }
    }
    Ok(())
}

/// Runs the checks of `plan` on what was printed.
fn check(arguments: &ExportArgs, plan: Plan, work: &Work) -> Result<(), CliError> {
    if arguments.prove {
        prove(&work.model.network, &work.bits.as_ref().unwrap_or(&work.words).design)?;
    }
    say!("vectors: {}", work.samples.describe(&work.words.vectors));
    let latency = |target: &dyn Target| work.latency(target, &arguments.options);
    let printed = |target: &str| {
        let Variant { design, vectors, .. } = work.variant(target);
        (design, vectors)
    };
    let candidates = || {
        let variants = [Some(&work.words), work.bits.as_ref()].into_iter().flatten();
        Ok(variants.map(|variant| variant.design.clone()).collect())
    };
    let subject = Subject {
        printed: &printed,
        reference: &work.reference,
        emitted: &work.emitted,
        latency: &latency,
        options: &arguments.options,
        candidates: &candidates,
        frame: None,
        foreign: false,
        failures: &work.folder.join("failures"),
    };
    run_checks(&arguments.checks, &work.model, &plan.checkers, plan.skipped, &subject)
}

/// Targets that print every table on its own, so that comparators may be tables too.
const PRINTS_TABLES: &[&str] = &["verilog", "vhdl", "blif"];

/// The variant that tables are printed of, beside the one with comparators.
fn over_code_bits(words: &Variant, made: Hardware) -> Variant {
    let mut passes = words.passes.clone();
    match made.sizes {
        // These begin at the beginning.
        Some(sizes) if sizes.takes_five() => passes = made.passes,
        _ => passes.extend(made.passes),
    }
    let bits = words.design.input.bits;
    let single = |codes: &[i64]| codes.iter().flat_map(|code| (0..bits).map(move |bit| code >> bit & 1)).collect();
    let vectors = words.vectors.vectors.iter();
    let vectors = vectors.map(|vector| Vector { codes: single(&vector.codes), ..vector.clone() }).collect();
    let input_values =
        format!("bit b of feature f of the model is feature f * {bits} + b here; {}", words.provenance.input_values);
    let provenance = Provenance { input_values, ..words.provenance.clone() };
    Variant { design: made.design, vectors: TestVectors { vectors }, provenance, passes }
}

/// Proves the design equal to the network and prints the line on it; an error says when it is not or
/// remains open.
fn prove(network: &BinarizedNetwork, design: &Design) -> Result<(), CliError> {
    let started = Instant::now();
    let proof = prove::prove_design(network, &flatten_in_pieces(design), &ProofOptions::default());
    let seconds = started.elapsed().as_secs_f64();
    match proof {
        Proof::Equal(answered) => {
            say!(
                "proof: equal to the network for every input  ({} steps by enumeration, {} by SAT, {seconds:.1} s)",
                answered.by_enumeration,
                answered.by_solver
            );
            Ok(())
        }
        Proof::Different { output, sample } => {
            let codes = prove::codes(network, &sample);
            let expected = network.predict_codes(&codes);
            say!("proof: DIFFERENT at output bit {output}  ({seconds:.1} s). Features that are not at code 0:");
            for (feature, &code) in codes.iter().enumerate().filter(|(_, code)| **code != 0) {
                say!("  feature {feature} = {} (code {code})", network.input().value(code));
            }
            match expected.class {
                Some(class) => say!("there the network has class {class}, scores {:?}", expected.scores),
                None => say!("there the network has bit {output} = {}", u8::from(expected.bits()[output])),
            }
            Err(CliError::Different(format!("proof: output bit {output} differs from the network")))
        }
        Proof::Open { outputs } => {
            let count = outputs.len();
            say!("proof: OPEN, {count} output bits were too hard, the first is {}  ({seconds:.1} s)", outputs[0]);
            Err(CliError::Checks(format!("proof: {count} output bits could be neither proved nor refuted")))
        }
    }
}

/// Turns names into targets, checkers, passes and options, or says which name is wrong. Without
/// targets it is `default`, or those of the checks. Looks for the tools of the checks.
fn plan(arguments: &ExportArgs, chosen: Vec<Chosen>, default: Option<&str>) -> Result<Plan, CliError> {
    let mut targets: Vec<&'static dyn Target> = Vec::new();
    let given = arguments.target.iter().map(String::as_str);
    for name in given.chain(default.filter(|_| arguments.target.is_empty())) {
        let known = TARGETS.iter().map(|target| target.name());
        let target = emit::target(name).ok_or_else(|| unknown("target", name, known))?;
        if !targets.iter().any(|chosen| chosen.name() == target.name()) {
            targets.push(target);
        }
    }
    let pipeline = match &arguments.passes {
        Some(passes) => Pipeline::by_names(passes)?,
        None => Pipeline::level(&arguments.optimize)?,
    };
    let goal = match arguments.map_goal.as_str() {
        "area" => MapGoal::Area,
        "depth" => MapGoal::Depth,
        other => return Err(unknown("mapping goal", other, ["area", "depth"].into_iter())),
    };
    let lut_inputs = arguments.lut_size.map_or(PassOptions::default().lut_inputs, usize::from);
    let pass_options = PassOptions { lut_inputs, goal };
    let pipeline = pipeline.options(pass_options).check_function(arguments.check_passes);
    let chosen_target = |name: &str| targets.iter().any(|target| target.name() == name);
    let mut wanted = Vec::new();
    for chosen in chosen {
        let target = chosen.checker.target();
        let accepted = match arguments.is_streaming() && target != "verilog" {
            true => Err("runs a target without the form of --convolution streaming; only verilog has it"),
            false => chosen.checker.accepts(&arguments.options),
        };
        match accepted {
            Ok(()) => {}
            Err(_) if !chosen.required => continue,
            Err(reason) => {
                return Err(CliError::Usage(format!("the check `{}` {reason}", chosen.checker.name())));
            }
        }
        if targets.is_empty() || chosen_target(target) {
            wanted.push(chosen);
        } else if chosen.required {
            return Err(CliError::Usage(format!(
                "the check `{}` runs the target `{target}`, which is not exported; add `--target {target}`",
                chosen.checker.name(),
            )));
        }
    }
    let (checkers, skipped) = available(&wanted)?;
    let targets_named = !targets.is_empty();
    if !targets_named {
        targets = TARGETS
            .iter()
            .copied()
            .filter(|target| checkers.iter().any(|checker| checker.target() == target.name()))
            .collect();
    }
    Ok(Plan { targets, targets_named, checkers, skipped, pipeline })
}

/// A sentence on a name that does not exist, with the nearest that does.
pub(super) fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> CliError {
    let known: Vec<&str> = known.collect();
    let hint = nearest(name, known.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    CliError::Usage(format!("there is no {kind} `{name}`{hint} (there are: {})", known.join(", ")))
}

fn provenance(model: &LoadedModel) -> Provenance {
    let format = model.network.input();
    Provenance {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        model_sha256: model.sha256.clone(),
        input_values: format!("value = code * {} + {}", format.scale, format.offset),
        scale: format.scale,
        offset: format.offset,
        tau: match model.network.head() {
            Head::Bits => None,
            Head::GroupSum { tau, .. } => Some(tau.to_string()),
        },
    }
}
