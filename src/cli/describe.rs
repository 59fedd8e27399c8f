//! `difflut describe`: a component and its parameters.

use clap::Args;

use crate::components::describe::ParameterInfo;
use crate::components::registry::{COMMON_PARAMETERS, ENCODERS, INITIALIZERS, LAYERS, NODES, REGULARIZERS};
use crate::config::{HeadType, SpatialConfig};
use crate::files::nearest;
use crate::model::MODELS;

use super::CliError;

/// Arguments of `difflut describe`.
#[derive(Debug, Args)]
pub(super) struct DescribeArgs {
    /// The name of a node, layer, encoder, head, initializer, regularizer or model type; `runtime`
    /// for the parameters that every node reads
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
    for (name, summary) in SpatialConfig::NAMES {
        let parameters: &[ParameterInfo] = if name == "convolutional" { &CONVOLUTIONAL } else { &MAX_POOL };
        add("type in layers", name, summary, parameters);
    }
    add("key in layers", "branches", "rows of layers beside each other that read the same bits", &BRANCHES);
    for head in [HeadType::GroupSum, HeadType::Bits, HeadType::Onehot] {
        let (summary, parameters): (_, &[ParameterInfo]) = match head {
            HeadType::GroupSum => ("every class sums its group of bits, the largest sum is the class", &GROUPSUM),
            HeadType::Bits => ("bit b is digit b of the label in binary, by itself", &[]),
            HeadType::Onehot => ("bit b is one for the label b alone, by itself", &[]),
        };
        add("head", head.name(), summary, parameters);
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

/// What a convolution reads beside the keys of every layer of nodes.
static CONVOLUTIONAL: [ParameterInfo; 7] = [
    info("layers[]", "out_channels", "1 to 4194304", "required", "number of trees of nodes"),
    info("layers[]", "receptive_field", "1 to 65536, or [rows, columns]", "required", "window"),
    info("layers[]", "stride", "1 to 65536, or [rows, columns]", "1", "distance of windows"),
    info("layers[]", "padding", "less than the window", "0", "zeros on either side"),
    info("layers[]", "tree_depth", "0 to 22", "1", "levels above the leaves"),
    info("layers[]", "grouped_connections", "true, false", "false", "every leaf reads one channel only"),
    info("layers[]", "wiring", "a layer_type", "random", "how the leaves are wired"),
];

/// What pooling reads.
static MAX_POOL: [ParameterInfo; 2] = [
    info("layers[]", "size", "1 to 65536, or [rows, columns]", "required", "window"),
    info("layers[]", "stride", "1 to 65536, or [rows, columns]", "size", "distance of windows"),
];

/// What a branch has.
static BRANCHES: [ParameterInfo; 2] = [
    info("branches[]", "name", "text", "none", "for people"),
    info("branches[]", "layers", "a list of layers", "required", "an empty list passes on what is read"),
];

/// What a group sum reads.
static GROUPSUM: [ParameterInfo; 3] = [
    info("groupsum", "k", "2 to 65536", "required", "number of classes; num_classes in the flat dialect"),
    info("groupsum", "tau", "1e-6 to 1e6", "1", "scores are sums divided by this; runtime.output_tau"),
    info("groupsum", "use_randperm", "true, false", "false", "whether the last layer's nodes are shuffled"),
];

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
