//! `difflut report`, and the report of an export.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::config::ImageShape;
use crate::emit::{self, EmitOptions, LutStyle, Registers};
use crate::files::{write_atomically, write_folder};
use crate::lower::{flatten, lower};
use crate::netlist::Design;
use crate::passes::{PassReport, Pipeline, optimize};
use crate::report::synthesis::{self, FAMILIES, Family, SynthesisRequest};
use crate::report::{ModelSource, Pipelining, Report, ReportRequest, ScoreSamples, page};
use crate::store::{LoadedModel, ModelKind};
use crate::verify::ToolError;

use super::CliError;
use super::export::{print_passes, unknown};
use super::hardware::{LutSizes, expands, hardware};
use super::samples::{Samples, load_samples};

/// Samples whose scores are looked at, at most.
const MOST_SAMPLES: usize = 10_000;

/// Random samples where there are no real ones, and their seed.
const RANDOM_SAMPLES: usize = 1000;
const SEED: u64 = 1;

/// Arguments of `difflut report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// A model file or the name of a pretrained model
    model: String,
    /// A folder for report.json and report.html, or one file that ends in .json or .html
    /// [default: build/NAME]
    #[arg(long, short, value_name = "DIR|FILE")]
    out: Option<PathBuf>,
    /// Optimization level 0 to 3, each exact: see `difflut list`
    #[arg(long, short = 'O', default_value = "2", value_name = "LEVEL", conflicts_with = "passes")]
    optimize: String,
    /// Run just these passes, in this order, to a fixed point (see `difflut list`)
    #[arg(long, value_delimiter = ',', value_name = "PASS")]
    passes: Option<Vec<String>>,
    /// Print what every pass did and how long it took
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    emit: EmitOptions,
    /// Real samples for the score ranges, .csv or .npy [default: the model's test data, if found]
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Seconds that one run of a tool may take
    #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: u64,
    #[command(flatten)]
    options: ReportOptions,
}

/// What the report of `difflut report` and that of an export have in common.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ReportOptions {
    /// Report: synthesize with yosys, place and route with nextpnr where it is installed; for
    /// xilinx, ice40 and ecp5, or just for these [default when given: all]
    #[arg(long, value_delimiter = ',', num_args = 0..=1, require_equals = true, default_missing_value = "all", value_name = "FAMILY")]
    synth: Vec<String>,
    /// Report: the features are pixels of an image of HxW or CxHxW [default: what the model says]
    #[arg(long, value_name = "CxHxW", value_parser = image_shape)]
    image: Option<ImageShape>,
    /// Report: also write the time of every pass to report.json, which then differs every time
    #[arg(long)]
    times: bool,
}

fn image_shape(text: &str) -> Result<ImageShape, String> {
    let sides: Result<Vec<usize>, _> = text.split('x').map(str::parse).collect();
    match sides.as_deref() {
        Ok(&[height, width]) if height > 0 && width > 0 => Ok([1, height, width]),
        Ok(&[channels, height, width]) if channels > 0 && height > 0 && width > 0 => Ok([channels, height, width]),
        _ => Err("expected HEIGHTxWIDTH or CHANNELSxHEIGHTxWIDTH, as in 28x28 or 3x32x32".to_owned()),
    }
}

impl ReportOptions {
    /// The families to synthesize for.
    ///
    /// # Errors
    /// A name that is none; yosys missing, so that this is known before any work.
    pub(super) fn families(&self) -> Result<Vec<&'static Family>, CliError> {
        let mut families: Vec<&'static Family> = Vec::new();
        for name in &self.synth {
            let known = FAMILIES.iter().map(|family| family.name).chain(["all"]);
            match (name.as_str(), synthesis::family(name)) {
                ("all", _) => families.extend(FAMILIES),
                (_, Some(family)) => families.push(family),
                (_, None) => return Err(unknown("family", name, known)),
            }
        }
        let mut seen = Vec::new();
        families.retain(|family| {
            let new = !seen.contains(&family.name);
            seen.push(family.name);
            new
        });
        if !families.is_empty() {
            synthesis::require()?;
        }
        Ok(families)
    }
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    json: Option<PathBuf>,
    html: Option<PathBuf>,
    /// What the synthesis tools printed.
    synthesis: PathBuf,
}

impl Place {
    /// A file when `path` ends in `.json` or `.html`, else a folder.
    pub(super) fn new(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Self { json: Some(path.to_owned()), html: None, synthesis: path.with_extension("synth") },
            Some("html") => Self { json: None, html: Some(path.to_owned()), synthesis: path.with_extension("synth") },
            _ => Self {
                json: Some(path.join("report.json")),
                html: Some(path.join("report.html")),
                synthesis: path.join("synth"),
            },
        }
    }
}

/// What a report is made of, beside the options.
pub(super) struct ReportInput<'a> {
    pub(super) model: &'a LoadedModel,
    pub(super) design: &'a Design,
    pub(super) optimization: &'a str,
    pub(super) passes: &'a [PassReport],
    pub(super) emit_options: &'a EmitOptions,
    pub(super) samples: &'a Samples,
    pub(super) families: &'a [&'static Family],
    pub(super) limit: Duration,
    /// Files of an export.
    pub(super) targets: Vec<serde_json::Value>,
    /// What the user let change the function.
    pub(super) changes: Vec<serde_json::Value>,
}

pub(super) fn run(arguments: &ReportArgs) -> Result<(), CliError> {
    let pipeline = match &arguments.passes {
        Some(passes) => Pipeline::by_names(passes)?,
        None => Pipeline::level(&arguments.optimize)?,
    };
    let families = arguments.options.families()?;
    let model = LoadedModel::load(&arguments.model)?;
    let samples = load_samples(arguments.data.as_deref(), &model)?;
    let mut design = lower(&model.network);
    let lowered = design.clone();
    let mut passes = optimize(&mut design, &pipeline)?;
    if arguments.emit.hdl.lut_style == LutStyle::Slice {
        design.use_slices();
    }
    let mut sizes = None;
    if expands(&pipeline, &arguments.emit.hdl) {
        let made = hardware(&lowered, &design, &pipeline, &arguments.emit.hdl, true)?;
        design = made.design;
        sizes = made.sizes;
        if sizes.is_some_and(LutSizes::takes_five) {
            passes.clear();
        }
        passes.extend(made.passes);
    }
    let folder = || PathBuf::from("build").join(emit::identifier(&design.name));
    let place = Place::new(&arguments.out.clone().unwrap_or_else(folder));
    let input = ReportInput {
        model: &model,
        design: &design,
        optimization: &optimization(&arguments.optimize, arguments.passes.as_deref(), sizes),
        passes: &passes,
        emit_options: &arguments.emit,
        samples: &samples,
        families: &families,
        limit: Duration::from_secs(arguments.time_limit),
        targets: Vec::new(),
        changes: Vec::new(),
    };
    let written = write(&arguments.options, &place, input)?;
    if arguments.verbose {
        print_passes(&passes);
        say!("");
    }
    say!("{}", written.report.after);
    print_resources(&written.report);
    written.end()
}

/// How the design was optimized, as on the command line.
pub(super) fn optimization(level: &str, passes: Option<&[String]>, sizes: Option<LutSizes>) -> String {
    match (passes, sizes) {
        (Some(passes), _) => format!("--passes {}", passes.join(",")),
        (None, Some(sizes)) if sizes.takes_five() => format!("-O{level} --lut-size 5"),
        (None, _) => format!("-O{level}"),
    }
}

/// A report that is on the disk.
pub(super) struct Written {
    pub(super) report: Report,
    failures: Vec<ToolError>,
}

impl Written {
    /// The failure of a synthesis tool, now that everything else is done.
    pub(super) fn end(self) -> Result<(), CliError> {
        self.failures.into_iter().next().map_or(Ok(()), |error| Err(error.into()))
    }
}

/// Makes the report and writes it, with what the synthesis tools printed beside it.
pub(super) fn write(options: &ReportOptions, place: &Place, input: ReportInput<'_>) -> Result<Written, CliError> {
    let ReportInput { model, design, emit_options, .. } = input;
    let features = model.network.features();
    if let Some(shape) = options.image.filter(|shape| shape.iter().product::<usize>() != features) {
        let [channels, height, width] = shape;
        return Err(CliError::Usage(format!(
            "--image: {channels} x {height} x {width} are {} pixels; the model `{}` has {features} features",
            channels * height * width,
            model.network.name()
        )));
    }
    let source = ModelSource {
        sha256: model.sha256.clone(),
        kind: match model.kind {
            ModelKind::Trained => "trained model with float weights".to_owned(),
            ModelKind::Binarized => "binarized network, truth tables only".to_owned(),
        },
        recorded_accuracy: model.recorded_accuracy(),
        config: model.config.clone(),
        training: model.training.clone(),
    };
    let mut report = Report::new(&ReportRequest {
        network: &model.network,
        source: &source,
        design,
        optimization: input.optimization,
        passes: input.passes,
        pipelining: &pipelining(design, emit_options),
        image: options.image,
        samples: &score_samples(model, input.samples),
    })?;
    report.targets = input.targets;
    report.changes_of_function = input.changes;
    if options.times {
        report.times_ms = input.passes.iter().map(|pass| 1e3 * pass.elapsed.as_secs_f64()).collect();
    }
    let mut failures = Vec::new();
    let flat = if input.families.is_empty() { None } else { Some(flatten(design)) };
    for (family, flat) in input.families.iter().zip(std::iter::repeat(flat.as_ref())) {
        let Some(flat) = flat else { continue };
        say!("synthesizing for {}", family.title);
        let request = SynthesisRequest { design, flat, options: emit_options, limit: input.limit };
        let run = synthesis::synthesize(&request, family)?;
        let files = run.files.iter().map(|(name, contents)| (name.as_str(), contents.as_slice()));
        write_folder(&place.synthesis.join(family.name), files)?;
        report.synthesis.push(run.result);
        failures.extend(run.failure);
    }
    for (path, text) in [(&place.json, report.to_json()), (&place.html, page(&report))] {
        let Some(path) = path else { continue };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|source| crate::files::FileError::Write { path: path.clone(), source })?;
        }
        write_atomically(path, text.as_bytes())?;
        say!("wrote {}", path.display());
    }
    Ok(Written { report, failures })
}

/// Latency and registers of the Verilog with these options.
fn pipelining(design: &Design, options: &EmitOptions) -> Pipelining {
    let verilog = emit::target("verilog");
    let latency = verilog.map_or(0, |target| target.latency(design, options));
    Pipelining {
        pipeline: match options.hdl.pipeline {
            Some(Registers::Levels(levels)) => format!("every {levels} levels"),
            Some(chosen) => chosen.to_string(),
            None if latency > 0 => "layers".to_owned(),
            None => "none".to_owned(),
        },
        latency,
        registers: verilog.map_or(0, |target| target.registers(design, options)),
    }
}

/// Real samples as codes, or random codes where there are none.
fn score_samples(model: &LoadedModel, samples: &Samples) -> ScoreSamples {
    let format = model.network.input();
    if let Some(source) = samples.source().filter(|_| !samples.rows.is_empty()) {
        let rows = samples.rows.iter().take(MOST_SAMPLES);
        let codes = rows.map(|row| row.iter().map(|&value| format.nearest_code(value)).collect()).collect();
        // The name alone: a path would differ from machine to machine.
        let name = Path::new(source).file_name().map_or(source.into(), |name| name.to_string_lossy());
        return ScoreSamples { codes, source: name.into_owned() };
    }
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut row =
        || (0..model.network.features()).map(|_| rng.random_range(format.min_code()..=format.max_code())).collect();
    ScoreSamples {
        codes: (0..RANDOM_SAMPLES).map(|_| row()).collect(),
        source: "uniformly random codes, for want of real samples".to_owned(),
    }
}

/// Estimates and measured figures, a line per family.
pub(super) fn print_resources(report: &Report) {
    say!(
        "\n{:<8} {:<5} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "family",
        "LUT",
        "by rule",
        "measured",
        "FF",
        "measured",
        "Fmax MHz"
    );
    for estimate in &report.estimates {
        let synthesis = report.synthesis.iter().find(|synthesis| synthesis.family == estimate.family);
        let cells = synthesis.and_then(|synthesis| synthesis.cells.as_ref());
        let shown = |value: Option<usize>| value.map_or("-".to_owned(), |value| value.to_string());
        let routed = synthesis.and_then(|synthesis| synthesis.routed.as_ref());
        say!(
            "{:<8} {:<5} {:>9} {:>9} {:>9} {:>9} {:>9}",
            estimate.family,
            estimate.lut,
            estimate.luts,
            shown(cells.map(|cells| cells.luts)),
            estimate.flip_flops,
            shown(cells.map(|cells| cells.flip_flops)),
            routed.map_or("-".to_owned(), |routed| format!("{:.1}", routed.fmax_mhz))
        );
    }
    for remark in report.synthesis.iter().flat_map(|synthesis| &synthesis.remarks) {
        say!("{remark}");
    }
}
