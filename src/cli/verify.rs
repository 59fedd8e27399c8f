//! `difflut verify`: is this artefact the same function as that model?

use std::path::PathBuf;

use clap::Args;

use super::CliError;
use super::export::{self, ExportArgs, Mutants};
use super::foreign::{self, Foreign};

/// Arguments of `difflut verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --check, every check that fits the targets and is installed runs, but for those that synthesize (gates-...) or emulate a microcontroller (arm, avr, ...)."
)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    export: ExportArgs,
    /// Make N small faults, one at a time, and count which of them the vectors, a proof and the checks find
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), conflicts_with = "verilog")]
    mutate: Option<u32>,
    /// Of each kind of fault, how many mutants also go through the tools of the checks
    #[arg(long, value_name = "N", default_value_t = 2, requires = "mutate")]
    mutate_tools: u32,
    /// Check these Verilog files instead of printing any: an older or hand-edited export
    #[arg(long, value_delimiter = ',', value_name = "FILE")]
    verilog: Vec<PathBuf>,
    /// The top module of the Verilog files [default: the model's name]
    #[arg(long, value_name = "MODULE", requires = "verilog")]
    top: Option<String>,
    /// A YAML file that says how the ports of that module are called
    #[arg(long, value_name = "FILE", requires = "verilog")]
    ports: Option<PathBuf>,
    /// Clock cycles from an input of the Verilog files to its outputs; 0 for no clock
    #[arg(long, default_value_t = 0, value_name = "N", requires = "verilog")]
    latency: u32,
}

pub(super) fn run(arguments: &VerifyArgs) -> Result<(), CliError> {
    if arguments.verilog.is_empty() {
        let mutants = arguments.mutate.map(|count| Mutants { count, in_tools: arguments.mutate_tools });
        return export::verify(&arguments.export, mutants);
    }
    let foreign = Foreign {
        files: &arguments.verilog,
        top: arguments.top.as_deref(),
        ports: arguments.ports.as_deref(),
        latency: arguments.latency,
    };
    foreign::verify(&arguments.export, &foreign)
}
