//! Every component that the configuration can name, in the order of the help text.

use super::encoder::{EncoderKind, THERMOMETER};
use super::layer::{LayerKind, RANDOM};
use super::node::{DWN, NodeKind, PROBABILISTIC};
use crate::config::{EncoderConfig, LayerType, NodeType};

/// The node families.
pub static NODES: &[&NodeKind] = &[&PROBABILISTIC, &DWN];

/// The encoders.
pub static ENCODERS: &[&EncoderKind] = &[&THERMOMETER];

/// The wirings.
pub static LAYERS: &[&LayerKind] = &[&RANDOM];

/// The family of a configuration's `node_type`.
pub fn node_kind(node_type: NodeType) -> &'static NodeKind {
    match node_type {
        NodeType::Probabilistic => &PROBABILISTIC,
        NodeType::Dwn => &DWN,
    }
}

/// The encoder of a configuration's `encoder_config`.
pub fn encoder_kind(config: &EncoderConfig) -> &'static EncoderKind {
    match config {
        EncoderConfig::Thermometer(_) => &THERMOMETER,
    }
}

/// The wiring of a configuration's `layer_type`.
pub fn layer_kind(layer_type: LayerType) -> &'static LayerKind {
    match layer_type {
        LayerType::Random => &RANDOM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::node::NodeSpec;
    use crate::config::RuntimeConfig;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_lists_and_the_configuration_know_the_same_names() {
        for kind in NODES {
            assert_eq!(serde_json::to_value(kind.node_type).unwrap(), kind.name);
            assert_eq!(node_kind(kind.node_type).name, kind.name);
        }
        for kind in LAYERS {
            assert_eq!(serde_json::to_value(kind.layer_type).unwrap(), kind.name);
        }
        // serde lists every variant when it refuses a name.
        let listed = |refusal: serde_json::Error, names: Vec<&str>| {
            let message = refusal.to_string();
            let known = message.split('`').skip(3).step_by(2).collect::<Vec<_>>();
            assert_eq!(known, names, "{message}");
        };
        listed(serde_json::from_str::<NodeType>("\"?\"").unwrap_err(), NODES.iter().map(|k| k.name).collect());
        listed(serde_json::from_str::<LayerType>("\"?\"").unwrap_err(), LAYERS.iter().map(|k| k.name).collect());
        let refusal = serde_json::from_str::<EncoderConfig>(r#"{"name": "?"}"#).unwrap_err();
        listed(refusal, ENCODERS.iter().map(|k| k.name).collect());
    }

    /// Holds for every family: at inputs of 0 and 1 the evaluation, the truth table and the
    /// thresholded training output are the same function.
    #[test]
    fn truth_table_evaluation_and_training_output_agree_on_every_input() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        for kind in NODES {
            for fan_in in [1, 2, 4, 6, 8] {
                let kernel = (kind.build)(NodeSpec { fan_in, runtime: &RuntimeConfig::default() }).unwrap();
                let mut parameters = vec![0.0; kernel.parameters()];
                kernel.init(&mut rng, &mut parameters);
                let table = kernel.truth_table(&parameters);
                let rows = 1usize << fan_in;
                let pins: Vec<Vec<f32>> =
                    (0..fan_in).map(|j| (0..rows).map(|row| (row >> j & 1) as f32).collect()).collect();
                let mut out = vec![0.0; rows];
                kernel.forward(&parameters, &pins.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut out);
                for (row, &out) in out.iter().enumerate() {
                    let bits: Vec<bool> = (0..fan_in).map(|j| row >> j & 1 == 1).collect();
                    assert_eq!(kernel.evaluate(&parameters, &bits), table.row(row), "{} row {row}", kind.name);
                    assert_eq!(out >= 0.5, table.row(row), "{} row {row}: {out}", kind.name);
                }
            }
        }
    }

    #[test]
    fn a_residual_node_passes_its_first_input_on() {
        let runtime = RuntimeConfig { init_fn: Some(crate::config::InitFn::Residual), ..Default::default() };
        for kind in NODES {
            let kernel = (kind.build)(NodeSpec { fan_in: 3, runtime: &runtime }).unwrap();
            let mut parameters = vec![0.0; kernel.parameters()];
            kernel.init(&mut ChaCha8Rng::seed_from_u64(1), &mut parameters);
            assert_eq!(kernel.truth_table(&parameters).words(), [0b1010_1010], "{}", kind.name);
        }
    }
}
