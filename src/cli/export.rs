//! `difflut export` and `difflut-export`: a model in, artefacts and their checks out.

use std::path::PathBuf;

use clap::Args;

use crate::emit::{Convolution, EmitOptions};

use super::checks::CheckArgs;
use super::lossy::LossyArgs;
use super::report::ReportOptions;

mod mutants;
mod output;
mod plan;
mod prove;
mod streaming;
mod verify;
mod work;
mod write;

pub(super) use mutants::Mutants;
pub(super) use output::print_passes;
pub(super) use plan::unknown;
pub(super) use verify::verify;
pub(super) use write::run;

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
