//! `difflut verify --verilog`: files that were not printed in this run.

use std::path::{Path, PathBuf};

use crate::emit::{EmitOptions, EmittedFile, HdlOptions, LutStyle, Target, target};
use crate::lower::lower;
use crate::netlist::Design;
use crate::passes::{PassError, Pipeline, optimize};
use crate::store::LoadedModel;
use crate::verify::{CHECKERS, Checker, ForeignError, PortMap, coverage, wrapper};

use super::CliError;
use super::checks::{Chosen, Subject, available, run_checks};
use super::export::ExportArgs;
use super::hardware::hardware;
use super::samples::{load_samples, load_vectors};

/// The top module that the checks drive.
const WRAPPER: &str = "difflut_check";

/// Checks that need nothing but the design's Verilog.
const CHECKS: [&str; 6] = ["icarus", "verilator", "formal", "gates-xilinx", "gates-ice40", "gates-ecp5"];

/// Checks that run when none is named.
const DEFAULT: [&str; 3] = ["icarus", "verilator", "formal"];

/// Files from elsewhere.
pub(super) struct Foreign<'a> {
    /// The Verilog files.
    pub(super) files: &'a [PathBuf],
    /// The top module.
    pub(super) top: Option<&'a str>,
    /// The port map.
    pub(super) ports: Option<&'a Path>,
    /// Clock cycles from an input to its outputs.
    pub(super) latency: u32,
}

pub(super) fn verify(arguments: &ExportArgs, foreign: &Foreign<'_>) -> Result<(), CliError> {
    let checks = arguments.checks();
    let mut chosen = checks.chosen()?;
    if let Some(other) = chosen.iter().find(|chosen| chosen.required && !CHECKS.contains(&chosen.checker.name())) {
        return Err(CliError::Usage(format!(
            "the check `{}` does not run Verilog files; those that do: {}",
            other.checker.name(),
            CHECKS.join(", ")
        )));
    }
    chosen.retain(|chosen| CHECKS.contains(&chosen.checker.name()));
    if chosen.is_empty() {
        let fits = |checker: &&dyn Checker| DEFAULT.contains(&checker.name());
        chosen = CHECKERS.iter().copied().filter(fits).map(|checker| Chosen { checker, required: false }).collect();
    }
    let model = LoadedModel::load(arguments.model())?;
    let design = lower(&model.network);
    let sources = read_sources(foreign.files)?;
    let ports = match foreign.ports {
        None => PortMap::default(),
        Some(path) => PortMap::parse(path, &read(path)?).map_err(usage)?,
    };
    let own_name = crate::emit::identifier(&design.name);
    let top = foreign.top.unwrap_or(&own_name);
    let wrapper = wrapper(&design, WRAPPER, &sources, top, &ports, foreign.latency).map_err(usage)?;
    let (checkers, skipped) = available(&chosen)?;
    let samples = match &checks.vectors_from {
        Some(path) => load_vectors(path, &model)?,
        None => load_samples(checks.data.as_deref(), &model)?,
    };
    let vectors = checks.stimulus(&model, &samples);
    let mut files: Vec<EmittedFile> = sources
        .into_iter()
        .map(|(name, text)| EmittedFile { name, purpose: "the artefact", contents: text.into_bytes() })
        .collect();
    files.push(EmittedFile {
        name: format!("{WRAPPER}.v"),
        purpose: "a wrapper with the ports of the model",
        contents: wrapper.into_bytes(),
    });
    let verilog: &'static dyn Target =
        target("verilog").ok_or_else(|| CliError::Usage("there is no Verilog target".to_owned()))?;
    say!("{}: module `{top}` of {}", model.network.name(), file_names(foreign.files));
    let codes = vectors.vectors.iter().map(|vector| vector.codes.as_slice());
    say!("coverage: {}", coverage(&model.network, codes));
    say!("vectors: {}", samples.describe(&vectors));
    let mut named = design.clone();
    named.name = WRAPPER.to_owned();
    let latency = |_: &dyn Target| foreign.latency;
    // Which level it was exported at is not known; the wires will tell.
    let candidates = || candidates(&design);
    let printed = |_: &str| (&named, &vectors);
    let subject = Subject {
        candidates: &candidates,
        printed: &printed,
        reference: &design,
        emitted: &[(verilog, files)],
        latency: &latency,
        options: &EmitOptions::default(),
        frame: None,
        foreign: true,
        failures: &PathBuf::from("build").join(&own_name).join("failures"),
    };
    run_checks(checks, &model, &checkers, skipped, &subject)
}

/// What `lowered` is printed from at every level and in every style.
fn candidates(lowered: &Design) -> Result<Vec<Design>, PassError> {
    let mut candidates = vec![lowered.clone()];
    for level in ["1", "2", "3"] {
        let pipeline = Pipeline::level(level)?;
        let mut words = lowered.clone();
        optimize(&mut words, &pipeline)?;
        for lut_style in [LutStyle::Primitive, LutStyle::Slice] {
            let options = HdlOptions { lut_style, ..HdlOptions::default() };
            let mut words = words.clone();
            if lut_style == LutStyle::Slice {
                words.use_slices();
            }
            candidates.push(hardware(lowered, &words, &pipeline, &options, true)?.design);
        }
        candidates.push(words);
    }
    Ok(candidates)
}

fn usage(error: ForeignError) -> CliError {
    CliError::Usage(error.to_string())
}

fn file_names(files: &[PathBuf]) -> String {
    files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|error| CliError::Usage(format!("`{}`: {error}", path.display())))
}

/// The files under names that end in `.v` and are not those of the checks.
fn read_sources(files: &[PathBuf]) -> Result<Vec<(String, String)>, CliError> {
    let mut sources: Vec<(String, String)> = Vec::new();
    for path in files {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = format!("given{}_{}.v", sources.len(), crate::emit::identifier(&stem));
        sources.push((name, read(path)?));
    }
    Ok(sources)
}
