//! Both dialects, the documents' own examples, overrides and compatibility.

use super::*;
use serde_json::json;
use std::path::Path;

/// The text with node types that this build lacks replaced by one that it has.
fn known_nodes(text: &str) -> String {
    ["linear_lut", "dwn_stable", "polylut"].iter().fold(text.to_owned(), |text, name| {
        if NodeType::from_name(name).is_some() { text } else { text.replace(&format!(": {name}"), ": dwn") }
    })
}

fn parse(text: &str) -> Result<ModelConfig, ConfigError> {
    ModelConfig::parse(Path::new("model.yaml"), &known_nodes(text))
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let message = parse(text).unwrap_err().to_string();
    assert!(message.contains(expected), "`{expected}` is missing in: {message}");
}

/// "Model System - Usage Guide", Example Config.
const USAGE_GUIDE: &str = "model_type: feedforward
layer_type: random
node_type: probabilistic
encoder_config:
  name: thermometer
  num_bits: 4
  feature_wise: true
node_input_dim: 6
layer_widths: [1024, 1000]
num_classes: 10
input_size: 784
dataset: mnist
seed: 42
runtime:
  temperature: 1.0
  eval_mode: expectation
  use_cuda: true
  init_fn: xavier_uniform
  init_v_target: 0.25
  regularizers:
    entropy:
      weight: 0.001
    clarity:
      weight: 0.0001
  flip_probability: 0.0
  grad_stabilization: none
pretrained: true
pretrained_name: mnist_large
";

/// "Registry & Pipeline Guide", YAML Configuration Example.
const PER_LAYER: &str = "encoder:
  type: thermometer
  params:
    num_bits: 8
    flatten: true
layers:
  - name: layer1
    type: random
    node_type: linear_lut
    input_size: 512
    output_size: 256
    n: 4
    seed: 42
    node_params:
      input_dim: 4
      output_dim: 1
    layer_training:
      flip_probability: 0.1
      grad_stabilization: layerwise
      grad_target_std: 1.0
    node_init:
      initializer: kaiming_normal
      init_kwargs:
        a: 0.0
        mode: fan_in
        nonlinearity: relu

  - name: layer2
    type: random
    node_type: dwn_stable
    input_size: 256
    output_size: 128
    n: 6
    seed: 43
    node_params:
      input_dim: 6
      output_dim: 1
      use_cuda: true
      gradient_scale: 1.0
    layer_training:
      flip_probability: 0.05
      grad_stabilization: batchwise
    node_regularizers:
      - l2

  - name: output
    type: random
    node_type: linear_lut
    input_size: 128
    output_size: 10
    n: 4
    seed: 44
    node_params:
      input_dim: 4
      output_dim: 1

groupsum:
  k: 10
  tau: 1.0
  use_randperm: false
";

#[test]
fn the_usage_guides_example_loads() {
    let config = parse(USAGE_GUIDE).unwrap();
    assert_eq!((config.layer_widths.as_slice(), config.input_size), ([1024, 1000].as_slice(), Some(784)));
    assert_eq!(config.runtime.init_fn, Some(InitFn::XavierUniform));
    assert_eq!(config.runtime.regularizers.as_ref().unwrap().len(), 2);
    assert_eq!(config.notes(), ["runtime.use_cuda is ignored: training runs on the CPU"]);
}

#[test]
fn the_other_flat_examples_load_or_are_refused_with_the_reason() {
    let creating = USAGE_GUIDE.replace("eval_mode: expectation", "eval_mode: threshold");
    assert!(parse(&creating.replace("pretrained_name: mnist_large", "pretrained_name: null")).is_ok());
    let spelled = USAGE_GUIDE.replace("entropy:\n      weight: 0.001", "entropy: 0.001");
    assert_eq!(parse(&spelled).unwrap(), parse(USAGE_GUIDE).unwrap());
    // A model type that the guide registers itself.
    refused(
        &USAGE_GUIDE.replace("feedforward", "simple_feedforward"),
        "line 1: unknown name `simple_feedforward`, did you mean `feedforward`?",
    );
    // The pretrained README names it; no node, layer or exporter of the library has it.
    refused(&USAGE_GUIDE.replace("use_cuda: true", "dropout: 0.1"), "unknown key `dropout`");
}

#[test]
fn metadata_of_the_guides_is_kept() {
    let text = format!(
        "{USAGE_GUIDE}accuracy: 0.975\ntraining_time: 3600\ntraining_date: \"2025-01-15\"\nparameters_total: 1_234_567\n\
         training_device: \"GPU A100\"\nnotes: \"Trained with bit flip probability 0.05\"\nversion_notes: better\n"
    );
    let config = parse(&text).unwrap();
    assert_eq!(config.metadata.accuracy, Some(Note::Number(0.975)));
    assert_eq!(config.metadata.training_time, Some(Note::Integer(3600)));
    assert_eq!(config.metadata.entries().len(), 7);
    let again = ModelConfig::parse(Path::new("again.yaml"), &config.to_yaml().unwrap()).unwrap();
    assert_eq!(again, config);
}

#[test]
fn the_per_layer_example_becomes_layers_of_their_own() {
    let config = parse(PER_LAYER).unwrap();
    assert_eq!((config.input_size, config.num_classes, config.tau()), (Some(64), 10, 1.0));
    let plan = config.plan().unwrap().layers;
    let sizes: Vec<(usize, usize, Option<u64>)> =
        plan.iter().map(|layer| (layer.width, layer.node_input_dim, layer.seed)).collect();
    assert_eq!(sizes, [(256, 4, Some(42)), (128, 6, Some(43)), (10, 4, Some(44))]);
    assert_eq!(plan[0].runtime.flip_probability, Some(0.1));
    assert_eq!(plan[0].runtime.init_fn, Some(InitFn::KaimingNormal));
    assert_eq!(plan[0].runtime.init_kwargs.as_ref().unwrap().nonlinearity, Some(Nonlinearity::Relu));
    assert_eq!(plan[1].runtime.gradient_scale, Some(1.0));
    assert_eq!(plan[1].runtime.regularizers.as_ref().unwrap()[&RegularizerType::L2].weight, 1.0);
    assert_eq!(plan[2].runtime.flip_probability, None);
    assert_eq!(config.notes(), ["layers[1].node_params.use_cuda is ignored: training runs on the CPU"]);
    let again = ModelConfig::parse(Path::new("again.yaml"), &config.to_yaml().unwrap()).unwrap();
    assert_eq!(again, config);
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<ModelConfig>(&json).unwrap(), config);
}

#[test]
fn contradictions_of_the_per_layer_dialect_name_the_line() {
    let with = |from: &str, to: &str| {
        assert!(PER_LAYER.contains(from), "{from}");
        PER_LAYER.replacen(from, to, 1)
    };
    refused(
        &with("input_size: 256", "input_size: 255"),
        "model.yaml`, line 31: layers[1].input_size is 255; the layer before has output_size 256",
    );
    refused(
        &with("input_size: 512", "input_size: 513"),
        "line 10: layers[0].input_size is 513; the first layer reads encoded bits",
    );
    refused(&with("input_dim: 6", "input_dim: 5"), "layers[1].node_params.input_dim is 5; n is 6");
    refused(&with("output_dim: 1", "output_dim: 2"), "layers[0].node_params.output_dim is 2; a LUT has one output");
    refused(
        &with("gradient_scale", "gradient_scal"),
        "layers[1].node_params.gradient_scal is 1.0; there is no such parameter; did you mean `gradient_scale`?",
    );
    refused(
        &with("grad_stabilization: layerwise", "grad_stabilization: rowwise"),
        "layers[0].layer_training.grad_stabilization is \"rowwise\"; unknown variant",
    );
    refused(
        &with("flip_probability: 0.1", "flip_probability: 1.5"),
        "line 18: layers[0].layer_training.flip_probability is 1.5; allowed are 0 to 1",
    );
    refused(&with("kaiming_normal", "kaiming"), "layers[0].node_init.initializer is \"kaiming\"");
    refused(&with("      - l2", "      - l3"), "layers[1].node_regularizers");
    refused(&with("k: 10", "k: 11"), "num_classes is 11; the last layer has 10 nodes");
    refused(&with("  tau: 1.0", "  taw: 1.0"), "groupsum: unknown key `taw`, did you mean `tau`?");
    refused(
        &with("    output_size: 256", "    output_sizes: 256"),
        "layers[0]: unknown key `output_sizes`, did you mean `output_size`?",
    );
    refused(
        &with("layers:", "node_type: dwn\nlayers:"),
        "it belongs to the per-layer dialect and `node_type` to the flat one",
    );
    refused(&format!("{}\nlayer_widths: [1]\n", with("", "")), "encoder is set; it belongs to the per-layer dialect");
    refused(
        "encoder: {type: gray, params: {num_bits: 2}}\nlayers: []\ngroupsum: {k: 2}\n",
        "the number of layers is 0",
    );
    refused("layers: []\n", "encoder is missing; the per-layer dialect needs it");
    refused("model_type: feedforward\n", "layer_type is missing; the flat dialect needs it");
    refused("node_type: [1]\n", "node_type: invalid type");
}

#[test]
fn encoder_parameters_have_their_own_ranges() {
    let with = |encoder: &str| {
        let start = USAGE_GUIDE.find("encoder_config").unwrap();
        let end = USAGE_GUIDE.find("node_input_dim").unwrap();
        format!("{}encoder_config: {encoder}\n{}", &USAGE_GUIDE[..start], &USAGE_GUIDE[end..])
    };
    for name in EncoderType::NAMES {
        assert_eq!(parse(&with(&format!("{{name: {name}, num_bits: 4}}"))).unwrap().encoder_config.name.name(), *name);
    }
    refused(&with("{name: sign_magnitude, num_bits: 1}"), "line 4: encoder_config.num_bits is 1; allowed are 2 to 16");
    refused(&with("{name: gray, num_bits: 17}"), "allowed are 1 to 16");
    refused(&with("{name: onehot, num_bits: 64}"), "allowed are 1 to 63");
    refused(&with("{name: gray, num_bits: 4, base: 2}"), "encoder_config.base is 2; the encoder gray does not read it");
    refused(&with("{name: logarithmic, num_bits: 4, base: 1}"), "allowed are numbers above 1");
    refused(&with("{name: grey, num_bits: 4}"), "line 4, encoder_config: unknown name `grey`, did you mean `gray`?");
}

#[test]
fn only_runtime_parameters_can_be_overridden_under_weights() {
    let mut config = parse(USAGE_GUIDE).unwrap();
    let set = |key: &str, value: serde_json::Value| vec![(key.to_owned(), value)];
    config.override_runtime(&set("temperature", json!(0.5))).unwrap();
    config.override_runtime(&set("runtime.flip_probability", json!(0.01))).unwrap();
    assert_eq!((config.runtime.temperature, config.runtime.flip_probability), (Some(0.5), Some(0.01)));
    let before = config.clone();
    for key in STRUCTURAL {
        let message = config.override_runtime(&set(key, json!(3))).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{key} is 3; it is structural: the weights depend on it")), "{message}");
    }
    let message = config.override_runtime(&set("temprature", json!(3))).unwrap_err().to_string();
    assert!(message.contains("did you mean `temperature`?"), "{message}");
    assert!(config.override_runtime(&set("temperature", json!(-1))).is_err());
    assert_eq!(config, before);
}

#[test]
fn anything_can_be_overridden_without_weights() {
    let mut config = parse(USAGE_GUIDE).unwrap();
    let all = [("encoder_bits", json!(6)), ("node_input_dim", json!(4)), ("flip_probability", json!(0.05))];
    config.override_any(&all.map(|(key, value)| (key.to_owned(), value))).unwrap();
    assert_eq!((config.encoder_config.num_bits, config.node_input_dim), (6, 4));
    config.override_any(&[("encoder_config.name".into(), json!("gray"))]).unwrap();
    assert_eq!(config.encoder_config.name, EncoderType::Gray);
    let before = config.clone();
    for (key, value) in [
        ("encoder_bits", json!(0)),
        ("node_type", json!("nodes")),
        ("layer_widths", json!("wide")),
        ("seed.deep", json!(1)),
        ("encoder_config.bits", json!(1)),
        ("nonsense", json!(1)),
    ] {
        assert!(config.override_any(&[(key.to_owned(), value)]).is_err(), "{key}");
        assert_eq!(config, before);
    }
    let mut layered = parse(PER_LAYER).unwrap();
    let message = layered.override_any(&[("node_type".into(), json!("dwn"))]).unwrap_err().to_string();
    assert!(message.contains("describes each layer by itself"), "{message}");
}

#[test]
fn incompatible_weights_are_told_by_every_differing_parameter() {
    let config = parse(USAGE_GUIDE).unwrap();
    let mut other = config.clone();
    other.runtime.temperature = Some(3.0);
    other.seed = 7;
    assert_eq!(config.is_compatible_with_weights(&other), Ok(()));
    other.node_type = NodeType::Dwn;
    other.layer_widths = vec![512, 1000];
    let message = config.is_compatible_with_weights(&other).unwrap_err().to_string();
    assert_eq!(
        message,
        "the weights do not fit the configuration: layer_widths is [1024, 1000], the weights have [512, 1000]; \
         node_type is probabilistic, the weights have dwn"
    );
}
