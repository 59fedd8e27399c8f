//! The `difflut` command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    difflut::cli::Cli::parse().run()
}
