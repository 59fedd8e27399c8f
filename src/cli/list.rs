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
        let Some(path) = &stored.path else {
            say!("  {:<20} description without weights", stored.label());
            continue;
        };
        let summary = match LoadedModel::open(path) {
            Ok(model) => {
                let accuracy = model.recorded_accuracy();
                let accuracy = accuracy.map(|share| format!(", accuracy {:.2} %", 100.0 * share)).unwrap_or_default();
                format!("{} LUT nodes{accuracy}", model.network.nodes())
            }
            Err(error) => format!("cannot be read: {error}"),
        };
        say!("  {:<20} {}  ({})", stored.label(), summary, path.display());
    }
    say!("\nzoo, architectures without weights (difflut train NAME)");
    for name in store::zoo::names() {
        say!("  {name:<30} {}", store::zoo::summary(name));
    }
    #[cfg(feature = "train")]
    components();
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

#[cfg(feature = "train")]
fn components() {
    use crate::components::registry::{ENCODERS, INITIALIZERS, LAYERS, NODES, REGULARIZERS};
    say!("\nencoders (encoder_config.name)");
    for kind in ENCODERS.all() {
        say!("  {:<24} {}", kind.encoder_type.name(), kind.summary);
    }
    say!("\nlayers (layer_type)");
    for kind in LAYERS.all() {
        say!("  {:<24} {}", kind.layer_type.name(), kind.summary);
    }
    say!("\nlayers over images (layers: [{{type: ...}}])");
    for (name, summary) in crate::config::SpatialConfig::NAMES {
        say!("  {name:<24} {summary}");
    }
    say!("\nheads (head)\n  groupsum, bits, onehot");
    say!("\nnodes (node_type)");
    for kind in NODES.all() {
        say!("  {:<24} {}", kind.name, kind.summary);
    }
    say!("\ninitializers (runtime.init_fn)");
    for kind in INITIALIZERS {
        say!("  {:<24} {}", kind.name, kind.summary);
    }
    say!("\nregularizers (runtime.regularizers)");
    for kind in REGULARIZERS {
        say!("  {:<24} {}", kind.name, kind.summary);
    }
}
