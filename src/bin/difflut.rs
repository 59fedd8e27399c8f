//! The `difflut` command.

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(version, about)]
enum Command {
    #[cfg(feature = "train")]
    Train(difflut::cli::train::TrainArgs),
    #[cfg(feature = "train")]
    Eval(difflut::cli::eval::EvalArgs),
}

fn main() -> ExitCode {
    let result: Result<(), Box<dyn std::error::Error>> = match Command::parse() {
        #[cfg(feature = "train")]
        Command::Train(args) => difflut::cli::train::run(&args).map_err(Into::into),
        #[cfg(feature = "train")]
        Command::Eval(args) => difflut::cli::eval::run(&args).map_err(Into::into),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
