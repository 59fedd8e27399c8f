//! What yosys and nextpnr make of a design: measured figures to put beside the estimates.
//!
//! The Verilog that is synthesized is what the export prints in the style `primitive`, with the
//! primitives defined as yosys' own `$lut`: the tools see the same tables as in the style
//! `table`, may optimize them freely, and need a fraction of the time to read them. Who chooses
//! the style `primitive` gets the real primitives of AMD, which yosys leaves as they are.

mod family;
mod nextpnr;
mod yosys;

use std::path::Path;
use std::time::Duration;

use askama::Template;
use serde::Serialize;

use crate::emit::{
    self, Convolution, EmitOptions, EmitRequest, HdlOptions, Interface, LutStyle, Provenance, Registers, StreamRequest,
    TestVectors,
};
use crate::netlist::{Design, Netlist, StreamedDesign};
use crate::verify::{Run, RunOutput, ToolError};

pub use family::{FAMILIES, Family, family};
pub use yosys::Cells;

/// What is synthesized.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A design that takes all features at once.
    Unrolled {
        /// The design.
        design: &'a Design,
        /// The same as one netlist, as the export needs it.
        flat: &'a Netlist,
    },
    /// A design that takes a pixel at a time.
    Streamed(&'a StreamedDesign),
}

/// What is synthesized and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct SynthesisRequest<'a> {
    /// The design.
    pub subject: Subject<'a>,
    /// Registers are placed as these say.
    pub options: &'a EmitOptions,
    /// The longest that one run of a tool may take.
    pub limit: Duration,
}

/// What the tools made of a design for one family.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Synthesis {
    /// Name of the family.
    pub family: String,
    /// What the tools that ran say about their versions.
    pub tools: Vec<String>,
    /// The cells after synthesis.
    pub cells: Option<Cells>,
    /// The clock after placement and routing.
    pub routed: Option<Routed>,
    /// What was not done or went wrong, for people.
    pub remarks: Vec<String>,
}

/// A placed and routed design.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Routed {
    /// The device and package.
    pub device: String,
    /// The fastest clock in MHz, from registers in front of the inputs to registers behind the
    /// outputs.
    pub fmax_mhz: f64,
    /// Logic cells used, those registers included.
    pub cells_used: u64,
    /// Logic cells of the device.
    pub cells_available: u64,
}

/// One run of the tools, and the files to keep of it.
#[derive(Debug)]
pub struct SynthesisRun {
    /// The figures.
    pub result: Synthesis,
    /// Logs and scripts: name and contents.
    pub files: Vec<(String, Vec<u8>)>,
    /// The tool that failed, so that the program can say so when it ends.
    pub failure: Option<ToolError>,
}

#[derive(Template)]
#[template(path = "report/lut_models.v", escape = "none")]
struct LutModels {
    sizes: Vec<LutModel>,
}

struct LutModel {
    size: usize,
    rows: usize,
    pins: Vec<usize>,
}

/// Whether yosys is there.
///
/// # Errors
/// [`ToolError::Missing`].
pub fn require() -> Result<(), ToolError> {
    yosys::YOSYS.require("--synth").map(|_| ())
}

/// Synthesizes the design for `family`, and places and routes it where that is possible.
///
/// What goes wrong in the tools is in the result, so that one family does not cost the figures of
/// the others.
///
/// # Errors
/// [`ToolError::Missing`] when yosys is not installed, [`ToolError::Scratch`] when there is no
/// room for the files of the tools.
pub fn synthesize(request: &SynthesisRequest<'_>, family: &'static Family) -> Result<SynthesisRun, ToolError> {
    let yosys = yosys::YOSYS.require("--synth")?;
    let scratch = |source| ToolError::Scratch { path: std::env::temp_dir(), source };
    let folder = tempfile::Builder::new().prefix("difflut-synth-").tempdir().map_err(scratch)?;
    let place = folder.path();
    let mut result = Synthesis {
        family: family.name.to_owned(),
        tools: yosys::YOSYS.version().into_iter().collect(),
        cells: None,
        routed: None,
        remarks: Vec::new(),
    };
    let primitives = request.options.hdl.lut_style.is_primitive();
    let mut failure = None;
    match write_sources(request, place).and_then(|top| {
        let cells = yosys::synthesize(&yosys, place, &top, family, primitives, request.limit)?;
        Ok((top, cells))
    }) {
        Err(error) => failure = Some(error),
        Ok((top, cells)) => {
            result.cells = Some(cells);
            match nextpnr::route(&yosys, place, &top, family, request) {
                Ok(nextpnr::Outcome::Routed { tool, routed }) => {
                    result.tools.push(tool);
                    result.routed = Some(routed);
                }
                Ok(nextpnr::Outcome::Not { reason }) => result.remarks.push(reason),
                Err(error) => failure = Some(error),
            }
        }
    }
    result.remarks.extend(failure.iter().map(first_line));
    let mut files = Vec::new();
    for name in ["yosys.ys", "yosys.log", "stat.json", "harness.v", "harness.log", "nextpnr.log", "nextpnr.json"] {
        if let Ok(contents) = std::fs::read(place.join(name)) {
            files.push((name.to_owned(), contents));
        }
    }
    Ok(SynthesisRun { result, files, failure })
}

/// The sentence of an error without the output of the tool, which is in its log.
fn first_line(error: &ToolError) -> String {
    let text = error.to_string();
    let sentence = text.lines().next().unwrap_or_default();
    sentence.split_once("; the end of its output").map_or(sentence, |(sentence, _)| sentence).to_owned()
}

/// The options with bare ports, codes in and all results out, or with valid bits where pixels come
/// in: what surrounds the design in a measurement knows these.
fn plain(options: &EmitOptions) -> EmitOptions {
    let HdlOptions { mut pipeline, clock_mhz, device, interface, convolution, .. } = options.hdl;
    if interface != Interface::Comb {
        // What these interfaces do without being told.
        pipeline = pipeline.or(Some(Registers::Layers));
    }
    let interface = match convolution {
        Convolution::Streaming => Interface::Valid,
        Convolution::Unrolled => Interface::Comb,
    };
    let lut_style = match options.hdl.lut_style {
        LutStyle::Slice => LutStyle::Slice,
        LutStyle::Table | LutStyle::Primitive => LutStyle::Primitive,
    };
    let hdl = HdlOptions { pipeline, clock_mhz, device, lut_style, convolution, interface, ..HdlOptions::default() };
    EmitOptions { hdl, ..options.clone() }
}

/// Writes the Verilog and the models of its primitives; the name of the top module.
fn write_sources(request: &SynthesisRequest<'_>, folder: &Path) -> Result<String, ToolError> {
    let vectors = TestVectors::default();
    let provenance = Provenance {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        model_sha256: String::new(),
        input_values: String::new(),
        scale: 1.0,
        offset: 0.0,
        tau: None,
    };
    let options = plain(request.options);
    let (provenance, options, vectors) = (&provenance, &options, &vectors);
    let emitted = emit::target("verilog").map(|target| match request.subject {
        Subject::Unrolled { design, flat } => target.emit(&EmitRequest { design, flat, provenance, options, vectors }),
        Subject::Streamed(design) => target.emit_streamed(&StreamRequest { design, provenance, options, vectors }),
    });
    let top = emit::identifier(match request.subject {
        Subject::Unrolled { design, .. } => &design.name,
        Subject::Streamed(design) => &design.name,
    });
    let bench = format!("{top}_tb.v");
    // One file per module; the models of primitives are our own, and a bench is no hardware.
    let hardware = |name: &str| name.ends_with(".v") && name != bench && !name.contains('/');
    let mut contents = Vec::new();
    match emitted {
        Some(Ok(files)) => {
            files.into_iter().filter(|file| hardware(&file.name)).for_each(|file| contents.extend(file.contents));
        }
        Some(Err(error)) => return Err(unreadable(&error.to_string())),
        None => {}
    }
    if contents.is_empty() {
        return Err(unreadable("no design among the emitted files"));
    }
    write(folder, "design.v", &contents)?;
    let sizes = (1..=6).map(|size| LutModel { size, rows: 1 << size, pins: (0..size).rev().collect() }).collect();
    let models = LutModels { sizes }.render().map_err(|error| unreadable(&error.to_string()))?;
    write(folder, "primitives.v", models.as_bytes())?;
    Ok(top)
}

fn unreadable(problem: &str) -> ToolError {
    RunOutput { text: String::new() }.garbage("the Verilog export", problem)
}

fn write(folder: &Path, name: &str, contents: &[u8]) -> Result<(), ToolError> {
    let path = folder.join(name);
    std::fs::write(&path, contents).map_err(|source| ToolError::Scratch { path, source })
}

/// Runs yosys with the script `script`, which is written to the folder, into the log `log`.
fn run_yosys(
    program: &Path,
    folder: &Path,
    files: [&str; 2],
    script: &str,
    limit: Duration,
) -> Result<RunOutput, ToolError> {
    let [script_name, log] = files;
    write(folder, script_name, script.as_bytes())?;
    Run::new(program, folder, limit).arguments(["-Q", "-q", "-l", log, "-s", script_name]).run()
}

/// A number of a JSON report, at a path of keys.
fn number(report: &serde_json::Value, keys: &[&str]) -> Option<f64> {
    keys.iter().try_fold(report, |value, key| value.get(key))?.as_f64()
}

/// A JSON file that a tool wrote.
fn read_json(folder: &Path, name: &str, program: &str) -> Result<serde_json::Value, ToolError> {
    let path = folder.join(name);
    let bytes = std::fs::read(&path).map_err(|source| ToolError::Scratch { path, source })?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    serde_json::from_str(&text)
        .map_err(|error| RunOutput { text: text.clone() }.garbage(program, format!("`{name}` is no JSON: {error}")))
}
