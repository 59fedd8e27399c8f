//! `difflut verify`: is this artefact the same function as that model?

use clap::Args;

use super::CliError;
use super::export::{self, ExportArgs};

/// Arguments of `difflut verify`.
#[derive(Debug, Args)]
#[command(after_help = "Without --check, every check that fits the targets and is installed runs.")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    export: ExportArgs,
}

pub(super) fn run(arguments: &VerifyArgs) -> Result<(), CliError> {
    export::verify(&arguments.export)
}
