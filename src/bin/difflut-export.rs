//! The `difflut-export` command: `difflut export` by itself.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    difflut::cli::ExportCli::parse().run()
}
