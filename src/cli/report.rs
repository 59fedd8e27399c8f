//! `difflut report`, and the report of an export.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::config::ImageShape;
use crate::emit::{self, Convolution, EmitOptions, FrameTiming, LutStyle};
use crate::lower::lower;
use crate::passes::{Pipeline, optimize};
use crate::report::synthesis::{self, FAMILIES, Family, Synthesis};
use crate::report::{Estimate, StreamedPart};
use crate::store::LoadedModel;

use super::CliError;
use super::export::{print_passes, unknown};
use super::hardware::{LutSizes, StreamedHardware, expands, hardware, streamed_hardware};
use super::samples::load_samples;

mod write;

pub(super) use write::{Place, ReportInput, Written, write, write_streamed};

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

pub(super) fn run(arguments: &ReportArgs) -> Result<(), CliError> {
    let pipeline = match &arguments.passes {
        Some(passes) => Pipeline::by_names(passes)?,
        None => Pipeline::level(&arguments.optimize)?,
    };
    let families = arguments.options.families()?;
    let model = LoadedModel::load(&arguments.model)?;
    let samples = load_samples(arguments.data.as_deref(), &model)?;
    let folder = || PathBuf::from("build").join(emit::identifier(model.network.name()));
    let place = Place::new(&arguments.out.clone().unwrap_or_else(folder));
    let mut input = ReportInput {
        model: &model,
        optimization: optimization(&arguments.optimize, arguments.passes.as_deref(), None),
        emit_options: &arguments.emit,
        samples: &samples,
        families: &families,
        limit: Duration::from_secs(arguments.time_limit),
        targets: Vec::new(),
        changes: Vec::new(),
    };
    if arguments.emit.hdl.convolution == Convolution::Streaming {
        let hardware = streamed_hardware(&model.network, None, &pipeline, &arguments.emit)?;
        let written = write_streamed(&arguments.options, &place, input, &hardware)?;
        if arguments.verbose {
            hardware.passes.iter().for_each(|passes| print_passes(passes));
        }
        print_parts(&hardware);
        print_resources(&written.report.estimates, &written.report.synthesis);
        return written.end();
    }
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
    input.optimization = optimization(&arguments.optimize, arguments.passes.as_deref(), sizes);
    let written = write(&arguments.options, &place, input, &design, &passes)?;
    if arguments.verbose {
        print_passes(&passes);
        say!("");
    }
    say!("{}", written.report.after);
    print_resources(&written.report.estimates, &written.report.synthesis);
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

/// Estimates and measured figures, a line per family.
pub(super) fn print_resources(estimates: &[Estimate], measured: &[Synthesis]) {
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
    for estimate in estimates {
        let synthesis = measured.iter().find(|synthesis| synthesis.family == estimate.family);
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
    for remark in measured.iter().flat_map(|synthesis| &synthesis.remarks) {
        say!("{remark}");
    }
}

/// The parts of a streamed design with their sizes, and its timing.
pub(super) fn print_parts(hardware: &StreamedHardware) {
    let what = |part: &StreamedPart| part.what.chars().count();
    let width = hardware.sizes.iter().map(what).max().unwrap_or(0);
    let line = |part: &str, what: &str, [luts, registers, memory]: [usize; 3], levels: String| {
        say!("{part:<9} {what:<width$} {luts:>7} {levels:>7} {registers:>10} {memory:>12}");
    };
    say!("\n{:<9} {:<width$} {:>7} {:>7} {:>10} {:>12}", "part", "", "LUT6", "levels", "registers", "line buffers");
    let mut total = [0; 3];
    for part in &hardware.sizes {
        let own = [part.luts_after, part.registers, part.memory_bits];
        line(&part.part, &part.what, own, part.levels.map_or_else(String::new, |levels| levels.to_string()));
        total.iter_mut().zip(own).for_each(|(total, own)| *total += own);
    }
    line("total", "", total, String::new());
    if let Some(reason) = &hardware.parts.stopped {
        say!("not streamed, but unrolled in front of the dense layers: {reason}");
    }
    let FrameTiming { interval, latency, .. } = hardware.facts.timing;
    let behind = hardware.facts.timing.behind_last_pixel();
    say!(
        "verilog: a pixel every cycle, a frame every {interval}; latency {latency} cycles from its first pixel, {behind} from its last"
    );
}
