//! A report is made and written, with what the synthesis tools printed beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::cli::CliError;
use crate::cli::hardware::StreamedHardware;
use crate::cli::samples::Samples;
use crate::emit::{self, EmitOptions, Interface, Registers};
use crate::files::{FileError, write_atomically, write_folder};
use crate::lower::flatten;
use crate::netlist::Design;
use crate::passes::PassReport;
use crate::report::synthesis::{self, Family, Subject, Synthesis, SynthesisRequest};
use crate::report::{
    ModelSource, Pipelining, Report, ReportRequest, ScoreSamples, StreamedReport, StreamedRequest, page, streamed_page,
};
use crate::store::{LoadedModel, ModelKind};
use crate::verify::ToolError;

use super::ReportOptions;

/// Samples whose scores are looked at, at most.
const MOST_SAMPLES: usize = 10_000;

/// Random samples where there are no real ones, and their seed.
const RANDOM_SAMPLES: usize = 1000;
const SEED: u64 = 1;

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Place {
    json: Option<PathBuf>,
    html: Option<PathBuf>,
    /// What the synthesis tools printed.
    synthesis: PathBuf,
}

impl Place {
    /// A file when `path` ends in `.json` or `.html`, else a folder.
    pub(in crate::cli) fn new(path: &Path) -> Self {
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

impl Place {
    /// Writes the two files, or the one that is wanted.
    fn write(&self, json: &str, html: &str) -> Result<(), CliError> {
        for (path, text) in [(&self.json, json), (&self.html, html)] {
            let Some(path) = path else { continue };
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|source| FileError::Write { path: path.clone(), source })?;
            }
            write_atomically(path, text.as_bytes())?;
            say!("wrote {}", path.display());
        }
        Ok(())
    }
}

/// What a report of either form is made of, beside the options and the design.
pub(in crate::cli) struct ReportInput<'a> {
    pub(in crate::cli) model: &'a LoadedModel,
    pub(in crate::cli) optimization: String,
    pub(in crate::cli) emit_options: &'a EmitOptions,
    pub(in crate::cli) samples: &'a Samples,
    pub(in crate::cli) families: &'a [&'static Family],
    pub(in crate::cli) limit: Duration,
    /// Files of an export.
    pub(in crate::cli) targets: Vec<serde_json::Value>,
    /// What the user let change the function.
    pub(in crate::cli) changes: Vec<serde_json::Value>,
}

/// A report that is on the disk.
pub(in crate::cli) struct Written<R> {
    pub(in crate::cli) report: R,
    failures: Vec<ToolError>,
}

impl<R> Written<R> {
    /// The failure of a synthesis tool, now that everything else is done.
    pub(in crate::cli) fn end(self) -> Result<(), CliError> {
        self.failures.into_iter().next().map_or(Ok(()), |error| Err(error.into()))
    }
}

/// Makes the report on a design that takes all features at once, and writes it.
pub(in crate::cli) fn write(
    options: &ReportOptions,
    place: &Place,
    input: ReportInput<'_>,
    design: &Design,
    passes: &[PassReport],
) -> Result<Written<Report>, CliError> {
    check_image(options, input.model)?;
    let mut report = Report::new(&ReportRequest {
        network: &input.model.network,
        source: &source(input.model),
        design,
        optimization: &input.optimization,
        passes,
        pipelining: &pipelining(design, input.emit_options),
        image: options.image,
        samples: &score_samples(input.model, input.samples),
    })?;
    if options.times {
        report.times_ms = times(passes);
    }
    let flat = if input.families.is_empty() { None } else { Some(flatten(design)) };
    let subject = flat.as_ref().map(|flat| Subject::Unrolled { design, flat });
    let (synthesis, failures) = measure(subject, place, &input)?;
    (report.synthesis, report.targets, report.changes_of_function) = (synthesis, input.targets, input.changes);
    place.write(&report.to_json(), &page(&report))?;
    Ok(Written { report, failures })
}

/// Makes the report on a design that takes a pixel at a time, and writes it.
pub(in crate::cli) fn write_streamed(
    options: &ReportOptions,
    place: &Place,
    input: ReportInput<'_>,
    hardware: &StreamedHardware,
) -> Result<Written<StreamedReport>, CliError> {
    check_image(options, input.model)?;
    let hdl = &input.emit_options.hdl;
    let mut report = StreamedReport::new(&StreamedRequest {
        network: &input.model.network,
        source: &source(input.model),
        design: &hardware.design,
        parts: &hardware.sizes,
        not_streamed: hardware.parts.stopped.as_deref(),
        optimization: &input.optimization,
        timing: hardware.facts.timing,
        interface: if hdl.interface == Interface::Axis { "axis" } else { "valid" },
        pipeline: &registers(hdl.pipeline, true),
        samples: &score_samples(input.model, input.samples),
    });
    if options.times {
        report.times_ms = hardware.passes.iter().map(|passes| times(passes)).collect();
    }
    let (synthesis, failures) = measure(Some(Subject::Streamed(&hardware.design)), place, &input)?;
    (report.synthesis, report.targets, report.changes_of_function) = (synthesis, input.targets, input.changes);
    place.write(&report.to_json(), &streamed_page(&report))?;
    Ok(Written { report, failures })
}

/// Refuses an image that does not have the pixels of the model.
fn check_image(options: &ReportOptions, model: &LoadedModel) -> Result<(), CliError> {
    let features = model.network.features();
    let Some([channels, height, width]) = options.image else { return Ok(()) };
    let pixels = channels * height * width;
    if pixels == features {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "--image: {channels} x {height} x {width} are {pixels} pixels; the model `{}` has {features} features",
        model.network.name()
    )))
}

fn source(model: &LoadedModel) -> ModelSource {
    ModelSource {
        sha256: model.sha256.clone(),
        kind: match model.kind {
            ModelKind::Trained => "trained model with float weights".to_owned(),
            ModelKind::Binarized => "binarized network, truth tables only".to_owned(),
        },
        recorded_accuracy: model.recorded_accuracy(),
        config: model.config.clone(),
        training: model.training.clone(),
    }
}

fn times(passes: &[PassReport]) -> Vec<f64> {
    passes.iter().map(|pass| 1e3 * pass.elapsed.as_secs_f64()).collect()
}

/// What the synthesis tools make of `subject`, and those that failed.
fn measure(
    subject: Option<Subject<'_>>,
    place: &Place,
    input: &ReportInput<'_>,
) -> Result<(Vec<Synthesis>, Vec<ToolError>), CliError> {
    let (mut results, mut failures) = (Vec::new(), Vec::new());
    for family in input.families {
        let Some(subject) = subject else { continue };
        say!("synthesizing for {}", family.title);
        let request = SynthesisRequest { subject, options: input.emit_options, limit: input.limit };
        let run = synthesis::synthesize(&request, family)?;
        let files = run.files.iter().map(|(name, contents)| (name.as_str(), contents.as_slice()));
        write_folder(&place.synthesis.join(family.name), files)?;
        results.push(run.result);
        failures.extend(run.failure);
    }
    Ok((results, failures))
}

/// Latency and registers of the Verilog with these options.
fn pipelining(design: &Design, options: &EmitOptions) -> Pipelining {
    let verilog = emit::target("verilog");
    let latency = verilog.map_or(0, |target| target.latency(design, options));
    Pipelining {
        pipeline: registers(options.hdl.pipeline, latency > 0),
        latency,
        registers: verilog.map_or(0, |target| target.registers(design, options)),
    }
}

/// Where registers stand, for people; `clocked` says whether there are any when nothing was said.
fn registers(chosen: Option<Registers>, clocked: bool) -> String {
    match chosen {
        Some(Registers::Levels(levels)) => format!("every {levels} levels"),
        Some(chosen) => chosen.to_string(),
        None if clocked => "layers".to_owned(),
        None => "none".to_owned(),
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
