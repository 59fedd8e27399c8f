//! `difflut export` and `difflut-export`: a model in, artefacts and their checks out.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use crate::binarized::Head;
use crate::emit::{self, EmitOptions, EmitRequest, EmittedFile, LutStyle, Provenance, TARGETS, Target, TestVectors};
use crate::files::{nearest, sha256_hex, write_atomically, write_folder};
use crate::lower::{flatten, lower};
use crate::netlist::Design;
use crate::passes::{PassReport, Pipeline, optimize};
use crate::report::DesignReport;
use crate::store::LoadedModel;
use crate::verify::{self, CHECKERS, CheckRequest, Checker, ToolError, VectorPlan, Verdict, test_vectors};

use super::CliError;
use super::samples::load_samples;

/// Arguments of the export.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A model file or the name of a pretrained model
    model: String,
    /// What to print: verilog, hls, c, blif, torch; several by commas or by repeating the option
    #[arg(long, short, value_delimiter = ',', default_value = "verilog", value_name = "TARGET")]
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
    /// Compare the netlist before and after every pass by simulation
    #[arg(long)]
    check_passes: bool,
    /// Print what every pass did
    #[arg(long, short)]
    verbose: bool,
    /// Verilog: a register after every N levels of logic; 0 is combinational
    #[arg(long, default_value_t = 0, value_name = "N")]
    registers_every: u32,
    /// Verilog: `table` prints indexed constants (portable), `primitive` prints LUT1 to LUT6 with INIT
    #[arg(long, default_value = "table", value_name = "STYLE")]
    lut_style: String,
    /// Run the artefact in these tools and compare with inference: icarus, verilator, gcc, g++,
    /// yosys, torch, or `all` that fit the targets
    #[arg(long, value_delimiter = ',', value_name = "CHECK")]
    check: Vec<String>,
    /// Test vectors for the test bench and the checks
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    vectors: u32,
    /// Seed of the random test vectors
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Real samples for the test vectors, .csv or .npy [default: the model's test data, if found]
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Seconds that one run of a tool may take
    #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    /// Also write the numbers of the report as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What is exported, before anything is written.
struct Plan {
    targets: Vec<&'static dyn Target>,
    checkers: Vec<&'static dyn Checker>,
    pipeline: Pipeline,
    options: EmitOptions,
}

pub(super) fn run(arguments: &ExportArgs) -> Result<(), CliError> {
    let plan = plan(arguments)?;
    for checker in &plan.checkers {
        // Before any work: a missing tool is known at once.
        checker.require()?;
    }
    let model = LoadedModel::load(&arguments.model)?;
    let samples = load_samples(arguments.data.as_deref(), &model)?;
    let mut design = lower(&model.network);
    if let Some(name) = &arguments.name {
        design.name.clone_from(name);
    }
    let passes = optimize(&mut design, &plan.pipeline)?;
    let flat = flatten(&design);
    let report = DesignReport::new(&design)?;
    let provenance = provenance(&model);
    let vector_plan = VectorPlan { count: arguments.vectors as usize, seed: arguments.seed };
    let vectors = test_vectors(&model.network, &samples.rows, &vector_plan);
    let request = EmitRequest {
        design: &design,
        flat: &flat,
        provenance: &provenance,
        options: &plan.options,
        vectors: &vectors,
    };
    let mut emitted: Vec<(&dyn Target, Vec<EmittedFile>)> = Vec::new();
    for &target in &plan.targets {
        emitted.push((target, target.emit(&request)?));
    }
    let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from("build").join(emit::identifier(&design.name)));
    let files = emitted.iter().flat_map(|(_, files)| files);
    write_folder(&folder, files.map(|file| (file.name.as_str(), file.contents.as_slice())))?;

    print_model(&model);
    say!("wrote {}", folder.display());
    let width = emitted.iter().flat_map(|(_, files)| files).map(|file| file.name.len()).max().unwrap_or(0);
    for file in emitted.iter().flat_map(|(_, files)| files) {
        say!("  {:<width$}  {}", file.name, file.purpose);
    }
    if arguments.verbose {
        print_passes(&passes);
    }
    say!("\n{report}");
    for (target, _) in &emitted {
        let latency = target.latency(&design, &plan.options);
        if latency > 0 {
            let unit = if latency == 1 { "cycle" } else { "cycles" };
            say!("{}: latency {latency} {unit}, a new input every cycle", target.name());
        } else if target.name() == "verilog" {
            say!("verilog: combinational, latency 0 cycles");
        }
    }
    if let Some(path) = &arguments.report {
        write_report(path, &model, &report, &emitted, |target| target.latency(&design, &plan.options))?;
    }
    say!("vectors: {}", samples.describe(&vectors));
    let mut different = Vec::new();
    for checker in &plan.checkers {
        different.extend(run_check(*checker, arguments, &plan, &design, &emitted, &vectors)?);
    }
    if different.is_empty() { Ok(()) } else { Err(CliError::Different(different.join("\n"))) }
}

/// Turns names into targets, checkers, passes and options, or says which name is wrong.
fn plan(arguments: &ExportArgs) -> Result<Plan, CliError> {
    let mut targets: Vec<&'static dyn Target> = Vec::new();
    for name in &arguments.target {
        let known = TARGETS.iter().map(|target| target.name());
        let target = emit::target(name).ok_or_else(|| unknown("target", name, known))?;
        if !targets.iter().any(|chosen| chosen.name() == target.name()) {
            targets.push(target);
        }
    }
    let chosen = |target: &str| targets.iter().any(|chosen| chosen.name() == target);
    let mut checkers: Vec<&'static dyn Checker> = Vec::new();
    for name in &arguments.check {
        if name == "all" {
            checkers.extend(CHECKERS.iter().filter(|checker| chosen(checker.target())));
            continue;
        }
        let known = CHECKERS.iter().map(|checker| checker.name()).chain(["all"]);
        let checker = verify::checker(name).ok_or_else(|| unknown("check", name, known))?;
        if !chosen(checker.target()) {
            return Err(CliError::Usage(format!(
                "the check `{name}` runs the target `{0}`, which is not exported; add `--target {0}`",
                checker.target()
            )));
        }
        checkers.push(checker);
    }
    let mut names = Vec::new();
    checkers.retain(|checker| {
        let new = !names.contains(&checker.name());
        names.push(checker.name());
        new
    });
    let pipeline = match &arguments.passes {
        Some(passes) => Pipeline::by_names(passes)?,
        None => Pipeline::level(&arguments.optimize)?,
    };
    let lut_style = match arguments.lut_style.as_str() {
        "table" => LutStyle::Table,
        "primitive" => LutStyle::Primitive,
        other => return Err(unknown("LUT style", other, ["table", "primitive"].into_iter())),
    };
    let registers_every = (arguments.registers_every > 0).then_some(arguments.registers_every);
    let options = EmitOptions { registers_every, lut_style };
    Ok(Plan { targets, checkers, pipeline: pipeline.check_function(arguments.check_passes), options })
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> CliError {
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

fn print_model(model: &LoadedModel) {
    let accuracy = match model.recorded_accuracy() {
        Some(share) => format!("accuracy {:.2} % recorded in the model", 100.0 * share),
        None => "no accuracy recorded in the model".to_owned(),
    };
    let network = &model.network;
    say!("{}: {} LUT nodes in {} layers, {accuracy}", network.name(), network.nodes(), network.layers().len());
}

fn print_passes(reports: &[PassReport]) {
    say!("\n{:<20} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9}", "pass", "round", "LUTs", "after", "pins", "after", "time");
    for report in reports {
        say!(
            "{:<20} {:>5} {:>9} {:>9} {:>9} {:>9} {:>7.1}ms",
            report.pass,
            report.round,
            report.before.luts,
            report.after.luts,
            report.before.pins,
            report.after.pins,
            1e3 * report.elapsed.as_secs_f64()
        );
    }
}

fn write_report(
    path: &Path,
    model: &LoadedModel,
    report: &DesignReport,
    emitted: &[(&dyn Target, Vec<EmittedFile>)],
    latency: impl Fn(&dyn Target) -> u32,
) -> Result<(), CliError> {
    let targets: Vec<serde_json::Value> = emitted
        .iter()
        .map(|(target, files)| {
            let files: Vec<_> = files
                .iter()
                .map(|file| serde_json::json!({ "name": file.name, "bytes": file.contents.len(), "sha256": sha256_hex(&file.contents) }))
                .collect();
            serde_json::json!({ "target": target.name(), "latency_cycles": latency(*target), "files": files })
        })
        .collect();
    let report = serde_json::json!({
        "model": model.network.name(),
        "model_sha256": model.sha256,
        "recorded_accuracy": model.recorded_accuracy(),
        "design": report,
        "targets": targets,
    });
    let text = serde_json::to_string_pretty(&report).unwrap_or_default() + "\n";
    Ok(write_atomically(path, text.as_bytes())?)
}

/// Runs one check and prints its line; returns what to say at the end when it found a difference.
fn run_check(
    checker: &dyn Checker,
    arguments: &ExportArgs,
    plan: &Plan,
    design: &Design,
    emitted: &[(&dyn Target, Vec<EmittedFile>)],
    vectors: &TestVectors,
) -> Result<Option<String>, CliError> {
    let Some((target, files)) = emitted.iter().find(|(target, _)| target.name() == checker.target()) else {
        return Ok(None);
    };
    let folder = tempfile::Builder::new()
        .prefix("difflut-check-")
        .tempdir()
        .map_err(|source| ToolError::Scratch { path: std::env::temp_dir(), source })?;
    let identifier = emit::identifier(&design.name);
    let latency = target.latency(design, &plan.options);
    let request = CheckRequest {
        design,
        files,
        identifier: &identifier,
        latency,
        vectors,
        folder: folder.path(),
        limit: Duration::from_secs(arguments.time_limit),
    };
    let started = Instant::now();
    let verdict = verify::check(checker, &request)?;
    let seconds = started.elapsed().as_secs_f64();
    let name = checker.name();
    Ok(match verdict {
        Verdict::Equal { vectors } => {
            let unit = if vectors == 1 { "vector" } else { "vectors" };
            say!("check {name:<10} equal on {vectors} {unit}  ({seconds:.1} s)");
            None
        }
        Verdict::Different { count, vectors, first } => {
            say!("check {name:<10} DIFFERENT on {count} of {vectors} vectors, first:\n{first}");
            Some(format!("check {name}: {count} of {vectors} vectors differ from inference"))
        }
        Verdict::TestBench { line } => {
            say!("check {name:<10} outputs equal, but the test bench says: {line}");
            Some(format!("check {name}: the test bench does not agree with inference"))
        }
    })
}
