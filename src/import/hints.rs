//! What a training script's configuration says about the network.
//!
//! Training scripts save their settings beside the weights under names that are much alike
//! (`groupsum: {k, tau}` or `k` and `tau`; `encoder: {name, num_bits}`; `conv: {receptive_field,
//! stride, padding}`; `parametrization`; `input_shape`). What is recognized fills gaps of the
//! sidecar and is printed with it; what is not recognized is left alone.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Checkpoint;
use super::sidecar::{EncoderKind, EncoderSpec, HeadSpec, ModuleKind, ModuleSpec, NodeSpec, Sidecar, Sides};

/// The part of a configuration that is recognized.
pub(super) fn from_config(config: &Json, checkpoint: Option<&Checkpoint>) -> Sidecar {
    let get = |path: &[&str]| path.iter().try_fold(config, |value, key| value.get(key));
    let number = |path: &[&str]| get(path).and_then(Json::as_f64);
    let library = match get(&["peer"]).and_then(Json::as_str) {
        Some("torch_dwn") => Some(super::Library::TorchDwn),
        Some(name) => serde_json::from_value(Json::from(name)).ok(),
        None => None,
    };
    let classes = number(&["groupsum", "k"]).or(number(&["k"]));
    let head = classes.map(|classes| HeadSpec {
        classes: Some(classes as u32),
        tau: number(&["groupsum", "tau"]).or(number(&["tau"])),
        beta: number(&["beta"]),
        permutation: None,
    });
    let mut modules = BTreeMap::new();
    let conv = get(&["conv"]).map(conv_module);
    if let (Some(conv), Some(checkpoint)) = (conv, checkpoint) {
        let names: Vec<String> = conv_names(checkpoint);
        // One convolution is what such a configuration describes.
        if let [name] = names.as_slice() {
            if let (Some(pool), Ok(index)) = (get(&["pool"]).and_then(pool_module), name.parse::<usize>()) {
                modules.insert((index + 1).to_string(), pool);
            }
            modules.insert(name.clone(), conv);
        }
    }
    let sides = |value: &Json| value.as_array()?.iter().map(|side| side.as_u64().map(|side| side as usize)).collect();
    Sidecar {
        library,
        encoder: get(&["encoder"]).and_then(encoder),
        image: get(&["input_shape"]).and_then(sides),
        modules,
        nodes: nodes(config),
        head,
        ..Sidecar::default()
    }
}

fn encoder(value: &Json) -> Option<EncoderSpec> {
    // torch-dwn's scripts write `distributive 3`; its encoders are all thermometers.
    let (name, object) = match value {
        Json::String(text) => (text.split_whitespace().next()?.to_owned(), None),
        _ => (value.get("name")?.as_str()?.to_owned(), Some(value)),
    };
    let kind = match name.as_str() {
        "distributive" => EncoderKind::DistributiveThermometer,
        "gaussian" => EncoderKind::GaussianThermometer,
        "uniform" => EncoderKind::Thermometer,
        name => serde_json::from_value(Json::from(name)).ok()?,
    };
    let field = |key: &str| object.and_then(|object| object.get(key));
    Some(EncoderSpec {
        kind,
        num_bits: field("num_bits").and_then(Json::as_u64).map(|bits| bits as usize),
        base: field("base").and_then(Json::as_f64),
        ..EncoderSpec::default()
    })
}

/// Settings of nodes: named at the top, or the `extra` arguments of the first layer.
fn nodes(config: &Json) -> NodeSpec {
    let extra = config.get("layers").and_then(|layers| layers.get(0)).and_then(|layer| layer.get("extra"));
    let field = |key: &str| config.get(key).or_else(|| extra.and_then(|extra| extra.get(key))).cloned();
    fn parsed<T: serde::de::DeserializeOwned>(value: Option<Json>) -> Option<T> {
        value.and_then(|value| serde_json::from_value(value).ok())
    }
    NodeSpec {
        parametrization: parsed(field("parametrization")),
        activation: parsed(field("activation")),
        max_amplitude: parsed(field("max_amplitude")),
        eval_mode: parsed(field("eval_mode")),
    }
}

fn conv_module(value: &Json) -> ModuleSpec {
    let sides = |key: &str| value.get(key).cloned().and_then(|value| serde_json::from_value::<Sides>(value).ok());
    ModuleSpec {
        receptive_field: sides("receptive_field").or(sides("receptive_field_size")),
        stride: sides("stride"),
        padding: sides("padding"),
        ..ModuleSpec::default()
    }
}

/// `OrPooling2d(2,2)` or `OrPooling2d(2,2,1)`: kernel, stride and padding.
fn pool_module(value: &Json) -> Option<ModuleSpec> {
    let (_, rest) = value.as_str()?.split_once('(')?;
    let numbers: Option<Vec<usize>> = rest.trim_end_matches(')').split(',').map(|n| n.trim().parse().ok()).collect();
    let (kernel, stride, padding) = match numbers?[..] {
        [kernel, stride] => (kernel, stride, 0),
        [kernel, stride, padding] => (kernel, stride, padding),
        _ => return None,
    };
    let side = |side| Some(Sides::All(side));
    let (kernel, stride, padding) = (side(kernel), side(stride), side(padding));
    Some(ModuleSpec { kind: Some(ModuleKind::OrPool), kernel, stride, padding, ..ModuleSpec::default() })
}

/// Names of the convolutions of a checkpoint.
fn conv_names(checkpoint: &Checkpoint) -> Vec<String> {
    let mut names: Vec<String> = checkpoint
        .names()
        .iter()
        .filter_map(|name| {
            name.split_once(".first_layer_chunks.")
                .or_else(|| name.split_once(".tree_weights."))
                .map(|(conv, _)| conv.to_owned())
        })
        .collect();
    names.dedup();
    names
}
