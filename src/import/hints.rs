//! What a training script's configuration says about the network.
//!
//! Training scripts save their settings beside the weights under names that are much alike
//! (`groupsum: {k, tau}` or `k` and `tau`; `encoder: {name, num_bits}`; `conv: {receptive_field,
//! stride, padding}`; `parametrization`; `input_shape`). What is recognized fills gaps of the
//! sidecar and is printed with it; what is not recognized is left alone.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Checkpoint;
use super::sidecar::{
    Activation, EncoderKind, EncoderSpec, EvalMode, HeadSpec, ModuleKind, ModuleSpec, Nested, NodeSpec, Order, Sidecar,
    Sides,
};

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
    let head = classes.filter(|k| *k >= 1.0 && k.fract() == 0.0).map(|classes| HeadSpec {
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
        encoder: get(&["encoder"]).and_then(encoder).or_else(|| bit_planes(config)),
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

/// The encoder of a script that compares all features with the same numbers, as a sentence:
/// `x > t for t in [4,8,12], plane-major (...)`, one plane of all features per number.
fn bit_planes(config: &Json) -> Option<EncoderSpec> {
    let (list, order) = config.get("input")?.as_str()?.strip_prefix("x > t for t in [")?.split_once(']')?;
    let thresholds: Option<Vec<f64>> = list.split(',').map(|number| number.trim().parse().ok()).collect();
    let thresholds = thresholds.filter(|thresholds| thresholds.iter().all(|threshold| threshold.is_finite()))?;
    let order = match order.trim_start_matches([',', ' ']) {
        order if order.starts_with("plane-major") => Order::BitMajor,
        order if order.starts_with("feature-major") => Order::FeatureMajor,
        _ => return None,
    };
    let width = config.get("sizes").and_then(|sizes| sizes.get(0)).and_then(Json::as_u64);
    let features = width.filter(|width| width.is_multiple_of(thresholds.len() as u64));
    Some(EncoderSpec {
        features: features.map(|width| width as usize / thresholds.len()),
        order,
        values: BTreeMap::from([("thresholds".into(), Nested::Row(thresholds))]),
        ..EncoderSpec::default()
    })
}

/// Settings of nodes: named at the top, or among the `extra` arguments of a layer. A layer that
/// lists its extra arguments leaves the others at the library's defaults.
fn nodes(config: &Json) -> NodeSpec {
    fn parsed<T: serde::de::DeserializeOwned>(value: Option<&Json>) -> Option<T> {
        value.and_then(|value| serde_json::from_value(value.clone()).ok())
    }
    let spec = |owner: &Json| NodeSpec {
        parametrization: parsed(owner.get("parametrization")),
        activation: parsed(owner.get("activation")),
        max_amplitude: parsed(owner.get("max_amplitude")),
        eval_mode: parsed(owner.get("eval_mode")),
    };
    let layers = config.get("layers").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    layers.iter().fold(spec(config), |known, layer| {
        let Some(extra) = layer.get("extra") else { return known };
        let defaults = match layer.get("node").and_then(Json::as_str) {
            Some("neurallut") => NodeSpec { activation: Some(Activation::Relu), ..NodeSpec::default() },
            Some("fourier") => NodeSpec { max_amplitude: Some(1.0), ..NodeSpec::default() },
            Some("difflogic") => NodeSpec { eval_mode: Some(EvalMode::Expectation), ..NodeSpec::default() },
            Some("warp") => NodeSpec { eval_mode: Some(EvalMode::Sign), ..NodeSpec::default() },
            _ => NodeSpec::default(),
        };
        known.or(spec(extra)).or(defaults)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_under_the_names_that_scripts_use() {
        let config = serde_json::json!({
            "peer": "difflut",
            "encoder": {"name": "gray", "num_bits": 4},
            "layers": [{"node": "fourier", "extra": {"max_amplitude": 0.5}}, {"node": "neurallut", "extra": {}}],
            "groupsum": {"k": 10, "tau": 2.5},
        });
        let sidecar = from_config(&config, None);
        assert_eq!(sidecar.library, Some(super::super::Library::Difflut));
        assert_eq!(sidecar.encoder.map(|encoder| (encoder.kind, encoder.num_bits)), Some((EncoderKind::Gray, Some(4))));
        assert_eq!(sidecar.head.map(|head| (head.classes, head.tau)), Some((Some(10), Some(2.5))));
        assert_eq!(sidecar.nodes.max_amplitude, Some(0.5));
        assert_eq!(sidecar.nodes.activation, Some(Activation::Relu));
        assert_eq!(from_config(&serde_json::json!([1, "x"]), None), Sidecar::default());
    }

    #[test]
    fn bit_planes_are_read_from_their_sentence_and_nothing_from_another() {
        let spec = |input: &str| from_config(&serde_json::json!({"input": input, "sizes": [192, 1000]}), None).encoder;
        let encoder = spec("x > t for t in [4, 8,12], plane-major (bit = plane*64 + pixel)").unwrap_or_default();
        assert_eq!((encoder.features, encoder.order), (Some(64), Order::BitMajor));
        assert_eq!(encoder.values["thresholds"], Nested::Row(vec![4.0, 8.0, 12.0]));
        for other in ["x >= t for t in [4]", "x > t for t in [4,a], plane-major", "x > t for t in [4]", "raw"] {
            assert_eq!(spec(other), None, "{other}");
        }
    }

    #[test]
    fn a_pooling_is_read_from_its_constructor() {
        let pool = pool_module(&"OrPooling2d(2,2,1)".into()).unwrap_or_default();
        assert_eq!((pool.kernel, pool.padding), (Some(Sides::All(2)), Some(Sides::All(1))));
        assert_eq!(pool_module(&"AvgPool".into()), None);
    }
}
