//! The command line: one file per subcommand. Only this folder prints.

/// Prints a line on standard output. A reader that has gone away (`| head`) is no error.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($argument)*);
    }};
}

mod binarize;
mod checks;
#[cfg(feature = "train")]
mod describe;
mod doctor;
mod error;
mod eval;
mod export;
mod foreign;
mod hardware;
mod import;
mod info;
mod list;
mod lossy;
mod predict;
mod report;
mod samples;
#[cfg(feature = "train")]
mod sweep;
#[cfg(feature = "train")]
mod train;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::CliError;
pub use export::ExportArgs;

/// Train LUT networks and compile them to hardware and firmware that compute the same function.
#[derive(Debug, Parser)]
#[command(name = "difflut", version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Print a trained LUT network as Verilog, HLS C++, C or BLIF, and check the result in real tools.
#[derive(Debug, Parser)]
#[command(name = "difflut-export", version, after_help = EXIT_CODES)]
pub struct ExportCli {
    #[command(flatten)]
    arguments: ExportArgs,
}

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 a check found a difference, 2 bad usage or input, 3 an external tool is missing or failed.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model from an experiment file
    #[cfg(feature = "train")]
    Train(train::TrainArgs),
    /// Train every combination of a grid of parameters
    #[cfg(feature = "train")]
    Sweep(sweep::SweepArgs),
    /// Measure the accuracy of a model on labelled data
    Eval(eval::EvalArgs),
    /// Show what is in a model file
    Info(info::InfoArgs),
    /// Classify the rows of a .npy file
    Predict(predict::PredictArgs),
    /// Make a model of a PyTorch checkpoint or a BLIF file
    Import(import::ImportArgs),
    /// Print a model as hardware or firmware
    Export(ExportArgs),
    /// Check that an artefact is the same function as a model
    Verify(verify::VerifyArgs),
    /// List the external tools, whether they work and how to install them
    Doctor(doctor::DoctorArgs),
    /// Write a report on a model as hardware: area, depth, timing, pictures
    Report(report::ReportArgs),
    /// Write the truth tables of a model, without its float weights
    Binarize(binarize::BinarizeArgs),
    /// Describe a component and its parameters
    #[cfg(feature = "train")]
    Describe(describe::DescribeArgs),
    /// List pretrained models, targets, checks and passes
    List(list::ListArgs),
}

impl Cli {
    /// Runs the command; errors are one sentence on standard error.
    pub fn run(&self) -> ExitCode {
        finish(match &self.command {
            #[cfg(feature = "train")]
            Command::Train(arguments) => train::run(arguments).map_err(CliError::from),
            #[cfg(feature = "train")]
            Command::Sweep(arguments) => sweep::run(arguments).map_err(CliError::from),
            Command::Eval(arguments) => eval::run(arguments),
            Command::Info(arguments) => info::run(arguments),
            Command::Predict(arguments) => predict::run(arguments),
            Command::Import(arguments) => import::run(arguments).map_err(CliError::from),
            Command::Export(arguments) => export::run(arguments),
            Command::Verify(arguments) => verify::run(arguments),
            Command::Doctor(arguments) => doctor::run(arguments),
            Command::Report(arguments) => report::run(arguments),
            Command::Binarize(arguments) => binarize::run(arguments),
            #[cfg(feature = "train")]
            Command::Describe(arguments) => describe::run(arguments),
            Command::List(arguments) => list::run(arguments),
        })
    }
}

impl ExportCli {
    /// Runs the export; errors are one sentence on standard error.
    pub fn run(&self) -> ExitCode {
        finish(export::run(&self.arguments))
    }
}

fn finish(result: Result<(), CliError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A reader that has gone away is no reason to panic.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
