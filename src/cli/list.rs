//! `difflut list`: what names the command line knows.

use clap::Args;

use crate::emit::TARGETS;
use crate::passes::{LEVELS, PASSES};
use crate::store::{self, LoadedModel};
use crate::verify::CHECKERS;

use super::CliError;

/// Arguments of `difflut list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {}

pub(super) fn run(_: &ListArgs) -> Result<(), CliError> {
    say!("pretrained models");
    let models = store::list(&store::search_path());
    if models.is_empty() {
        say!("  none found; set {} to a folder of models", store::SEARCH_PATH_VARIABLE);
    }
    for stored in models {
        let summary = match LoadedModel::open(&stored.path) {
            Ok(model) => {
                let accuracy = model.recorded_accuracy();
                let accuracy = accuracy.map(|share| format!(", accuracy {:.2} %", 100.0 * share)).unwrap_or_default();
                format!("{} LUT nodes{accuracy}", model.network.nodes())
            }
            Err(error) => format!("cannot be read: {error}"),
        };
        say!("  {:<12} {}  ({})", stored.name, summary, stored.path.display());
    }
    say!("\ntargets (--target)");
    for target in TARGETS {
        say!("  {:<12} {}", target.name(), target.description());
    }
    say!("\nchecks (--check)");
    for checker in CHECKERS {
        say!("  {:<12} {}; target {}", checker.name(), checker.description(), checker.target());
    }
    say!("\noptimization levels (-O)");
    for level in LEVELS {
        say!("  {:<12} {}", level.name, level.description);
    }
    say!("\npasses (--passes)");
    for pass in PASSES {
        say!("  {:<20} {}", pass.name(), pass.description());
    }
    Ok(())
}
