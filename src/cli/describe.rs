//! `difflut describe`: a component and its parameters.

use clap::Args;

use crate::components::describe::ParameterInfo;
use crate::components::registry::{COMMON_PARAMETERS, ENCODERS, INITIALIZERS, LAYERS, NODES, REGULARIZERS};
use crate::files::nearest;
use crate::model::MODELS;

use super::CliError;

/// Arguments of `difflut describe`.
#[derive(Debug, Args)]
pub(super) struct DescribeArgs {
    /// The name of a node, layer, encoder, initializer, regularizer or model type; `runtime` for the
    /// parameters that every node reads
    name: String,
}

/// One thing that the configuration can name.
struct Entry {
    /// Where the configuration names it.
    place: &'static str,
    name: &'static str,
    summary: &'static str,
    parameters: Vec<ParameterInfo>,
}

pub(super) fn run(arguments: &DescribeArgs) -> Result<(), CliError> {
    let entries = entries();
    // The same word may name an initializer and a regularizer.
    let found: Vec<&Entry> = entries.iter().filter(|entry| entry.name == arguments.name).collect();
    if found.is_empty() {
        let names = entries.iter().map(|entry| entry.name);
        let hint = nearest(&arguments.name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(CliError::Usage(format!(
            "nothing is registered as `{}`{hint} (`difflut list` shows all names)",
            arguments.name
        )));
    }
    for entry in found {
        say!("{} ({})\n  {}", entry.name, entry.place, entry.summary);
        for parameter in &entry.parameters {
            let default = match parameter.default {
                "required" => "required".to_owned(),
                default => format!("default {default}"),
            };
            let key = format!("{}.{}", parameter.section, parameter.key);
            say!("  {key:<32} {}; {default}: {}", parameter.allowed, parameter.about);
        }
    }
    Ok(())
}

fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |place, name, summary, parameters: &[ParameterInfo]| {
        entries.push(Entry { place, name, summary, parameters: parameters.to_vec() });
    };
    for kind in MODELS.all() {
        add("model_type", kind.model_type.name(), kind.summary, &[]);
    }
    for kind in NODES.all() {
        add("node_type", kind.name, kind.summary, kind.parameters);
    }
    for kind in LAYERS.all() {
        add("layer_type", kind.layer_type.name(), kind.summary, kind.parameters);
    }
    for kind in ENCODERS.all() {
        add("encoder_config.name", kind.encoder_type.name(), kind.summary, &ENCODER);
    }
    for kind in INITIALIZERS {
        add("runtime.init_fn", kind.name, kind.summary, kind.parameters);
    }
    for kind in REGULARIZERS {
        add("runtime.regularizers", kind.name, kind.summary, &PENALTY);
    }
    add("every model", "runtime", "what every node type and layer type reads", COMMON_PARAMETERS);
    entries
}

const fn info(
    section: &'static str,
    key: &'static str,
    allowed: &'static str,
    default: &'static str,
    about: &'static str,
) -> ParameterInfo {
    ParameterInfo { section, key, allowed, default, about }
}

/// What every encoder reads.
static ENCODER: [ParameterInfo; 4] = [
    info("encoder_config", "num_bits", "1 to 256, less where a code is formed", "required", "bits per feature"),
    info("encoder_config", "feature_wise", "true, false", "true", "whether every feature is fitted by itself"),
    info("encoder_config", "flatten", "true, false", "true", "read from DiffLUT's files; columns are always flat"),
    info("encoder_config", "base", "above 1 to 1e6", "2", "of logarithmic only"),
];

/// What every regularizer reads.
static PENALTY: [ParameterInfo; 2] = [
    info("regularizers", "weight", "0 to 1e6", "required", "factor of the penalty in the loss; may stand alone"),
    info("regularizers", "p", "1 to 16", "2", "exponent, of l and functional only"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registered_name_is_described() {
        let entries = entries();
        for name in NODES.names().into_iter().chain(LAYERS.names()).chain(ENCODERS.names()) {
            assert!(entries.iter().any(|entry| entry.name == name && !entry.summary.is_empty()), "{name}");
        }
        let polylut = entries.iter().find(|entry| entry.name == "polylut").unwrap();
        assert!(polylut.parameters.iter().any(|parameter| parameter.key == "degree"));
    }
}
