//! Random configurations, good and bad: whatever they say, there is a model or an error.

use std::path::Path;

use proptest::prelude::*;

use super::Model;
use crate::config::ModelConfig;

/// One of the spellings of a value, most of them allowed.
fn value(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(of)
}

const TYPES: &[&str] = &["dwn", "probabilistic", "dwn", "linear_lut", "polylut", "warp", "nothing", "1"];
const NUMBERS: &[&str] =
    &["1", "2", "3", "4", "1", "2", "6", "0", "-1", "17", "1e30", ".nan", "18446744073709551616", "x"];
const WIDTHS: &[&str] =
    &["[12, 8]", "[9]", "[20, 4, 6]", "[3]", "[]", "[0]", "[4194304]", "[99999999999]", "7", "[2, -1]"];
const ENCODERS: &[&str] = &[
    "thermometer",
    "gray",
    "onehot",
    "binary",
    "sign_magnitude",
    "logarithmic",
    "gaussian_thermometer",
    "distributive_thermometer",
    "none",
];
const RUNTIMES: &[&str] = &[
    "{}",
    "{output_tau: 2}",
    "{temperature: 0.5}",
    "{beta: 0.5}",
    "{alpha: -1}",
    "{output_tau: 0}",
    "{unknown: 1}",
    "{init_fn: residual, logit_clarity: 3}",
    "[]",
    "~",
];

fn flat() -> impl Strategy<Value = String> {
    (value(TYPES), value(ENCODERS), value(NUMBERS), value(NUMBERS), value(WIDTHS), value(NUMBERS), value(RUNTIMES)).prop_map(
        |(node, encoder, bits, fan_in, widths, classes, runtime)| {
            format!(
                "model_type: feedforward\nlayer_type: random\nnode_type: {node}\nencoder_config: {{name: {encoder}, \
                 num_bits: {bits}}}\nnode_input_dim: {fan_in}\nlayer_widths: {widths}\nnum_classes: {classes}\nruntime: {runtime}\n"
            )
        },
    )
}

fn per_layer() -> impl Strategy<Value = String> {
    let layer = (value(TYPES), value(NUMBERS), value(NUMBERS), value(RUNTIMES));
    let layer = layer.prop_map(|(node, width, fan_in, parameters)| {
        format!("  - {{node_type: {node}, output_size: {width}, n: {fan_in}, seed: 1, node_params: {parameters}}}\n")
    });
    // Two branches, the first of which may be empty, in front of the layers.
    let branches = (prop::collection::vec(layer.clone(), 0..3), layer.clone()).prop_map(|(first, second)| {
        let indented = |layers: String| layers.replace("  - {", "          - {");
        let first = if first.is_empty() { " []\n".to_owned() } else { format!("\n{}", indented(first.concat())) };
        format!("  - branches:\n      - layers:{first}      - name: b\n        layers:\n{}", indented(second))
    });
    let parts = prop_oneof![2 => Just(String::new()), 1 => branches];
    let head = prop_oneof![
        3 => value(NUMBERS).prop_map(|classes| format!("groupsum: {{k: {classes}}}\n")),
        1 => value(&["head: bits\n", "head: onehot\n", "head: none\n"]).prop_map(str::to_owned),
    ];
    (value(ENCODERS), value(NUMBERS), parts, prop::collection::vec(layer, 0..3), head).prop_map(
        |(encoder, bits, branches, layers, head)| {
            let layers = branches + &layers.concat();
            format!("encoder: {{type: {encoder}, params: {{num_bits: {bits}}}}}\nlayers:\n{layers}{head}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn a_random_configuration_is_a_model_or_an_error(
        text in prop_oneof![flat(), per_layer(), "[a-z_:{}\\[\\] \n0-9-]{0,80}"], samples in prop::collection::vec(-9i8..9, 6),
    ) {
        let Ok(config) = ModelConfig::parse(Path::new("random.yaml"), &text) else { return Ok(()) };
        prop_assert_eq!(&ModelConfig::parse(Path::new("again.yaml"), &config.to_yaml().unwrap()).unwrap(), &config);
        let Ok(mut model) = Model::build(config, 3) else { return Ok(()) };
        let size: usize = model.config().plan().unwrap().layers.iter().map(|layer| layer.width << layer.node_input_dim).sum();
        if size > 1 << 14 {
            return Ok(());
        }
        let samples: Vec<f32> = samples.into_iter().map(f32::from).collect();
        if model.fit_encoder(&samples, 2).is_ok() {
            let network = model.binarize().unwrap();
            prop_assert_eq!(&model.evaluate(&samples).unwrap()[0], &network.predict(&samples[..2]));
        }
    }
}
