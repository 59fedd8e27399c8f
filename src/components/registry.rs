//! Every component that the configuration can name, in the order of the help text.

use super::describe::{ParameterInfo, runtime};
use super::encoder::{EncoderKind, THERMOMETER};
use super::initializer::{
    DEFAULT, InitializerKind, KAIMING_NORMAL, KAIMING_UNIFORM, NORMAL, ONES, PROBABILISTIC_INIT, RESIDUAL, UNIFORM,
    VARIANCE_STABILIZED, XAVIER_NORMAL, XAVIER_UNIFORM, ZEROS,
};
use super::layer::{LEARNABLE, LayerKind, RANDOM, RESIDUAL_LAYER};
use super::node::{
    DIFFLOGIC, DWN, DWN_STABLE, FOURIER, HYBRID, LINEAR_LUT, NEURALLUT, NodeKind, POLYLUT, PROBABILISTIC, WARP,
};
use super::regularizer::{CLARITY, ENTROPY, FOURIER_PENALTY, FUNCTIONAL, L, L1, L2, RegularizerKind, SPECTRAL, WALSH};
use crate::config::{EncoderConfig, InitFn, LayerType, NodeType, RegularizerType};

/// The node families.
pub static NODES: &[&NodeKind] =
    &[&PROBABILISTIC, &DWN, &DWN_STABLE, &HYBRID, &LINEAR_LUT, &POLYLUT, &NEURALLUT, &FOURIER, &DIFFLOGIC, &WARP];

/// The encoders.
pub static ENCODERS: &[&EncoderKind] = &[&THERMOMETER];

/// The wirings.
pub static LAYERS: &[&LayerKind] = &[&RANDOM, &LEARNABLE, &RESIDUAL_LAYER];

/// The initializers.
pub static INITIALIZERS: &[&InitializerKind] = &[
    &DEFAULT,
    &ZEROS,
    &ONES,
    &NORMAL,
    &UNIFORM,
    &XAVIER_UNIFORM,
    &XAVIER_NORMAL,
    &KAIMING_UNIFORM,
    &KAIMING_NORMAL,
    &VARIANCE_STABILIZED,
    &PROBABILISTIC_INIT,
    &RESIDUAL,
];

/// The regularizers.
pub static REGULARIZERS: &[&RegularizerKind] =
    &[&L, &L1, &L2, &SPECTRAL, &WALSH, &FOURIER_PENALTY, &FUNCTIONAL, &ENTROPY, &CLARITY];

/// The keys of the runtime section that every node type and layer type reads.
pub static COMMON_PARAMETERS: &[ParameterInfo] = &[
    runtime("output_tau", "1e-6 to 1e6", "1", "scores are group sums divided by this"),
    runtime("init_fn", "an initializer", "default", "how the numbers of a node are drawn"),
    runtime("init_kwargs", "a section", "empty", "parameters of init_fn"),
    runtime("init_v_target", "0 to 1e6", "1", "v_target of variance_stabilized"),
    runtime("logit_clarity", "0 to 100", "5", "logit_clarity of residual"),
    runtime("noise_factor", "0 to 100", "0", "noise_factor of residual"),
    runtime("regularizers", "a section of weights", "empty", "penalties added to the loss"),
    runtime("flip_probability", "0 to 1", "0", "share of a layer's inputs that training inverts"),
    runtime("grad_stabilization", "none, layerwise, batchwise", "none", "rescaling of the gradients of outputs"),
    runtime("grad_target_std", "1e-12 to 1e6", "1", "mean square of rescaled gradients"),
    runtime("grad_subtract_mean", "true, false", "false", "whether their mean is taken off first"),
    runtime("grad_epsilon", "1e-30 to 1", "1e-8", "added to their mean square before the division"),
    runtime("use_cuda", "true, false", "false", "read from DiffLUT's files, without effect"),
];

/// The family of a configuration's `node_type`.
pub fn node_kind(node_type: NodeType) -> &'static NodeKind {
    match node_type {
        NodeType::Probabilistic => &PROBABILISTIC,
        NodeType::Dwn => &DWN,
        NodeType::DwnStable => &DWN_STABLE,
        NodeType::Hybrid => &HYBRID,
        NodeType::LinearLut => &LINEAR_LUT,
        NodeType::Polylut => &POLYLUT,
        NodeType::Neurallut => &NEURALLUT,
        NodeType::Fourier => &FOURIER,
        NodeType::Difflogic => &DIFFLOGIC,
        NodeType::Warp => &WARP,
    }
}

/// The initializer of a configuration's `init_fn`.
pub fn initializer_kind(init_fn: InitFn) -> &'static InitializerKind {
    match init_fn {
        InitFn::Default => &DEFAULT,
        InitFn::Zeros => &ZEROS,
        InitFn::Ones => &ONES,
        InitFn::Normal => &NORMAL,
        InitFn::Uniform => &UNIFORM,
        InitFn::XavierUniform => &XAVIER_UNIFORM,
        InitFn::XavierNormal => &XAVIER_NORMAL,
        InitFn::KaimingUniform => &KAIMING_UNIFORM,
        InitFn::KaimingNormal => &KAIMING_NORMAL,
        InitFn::VarianceStabilized => &VARIANCE_STABILIZED,
        InitFn::Probabilistic => &PROBABILISTIC_INIT,
        InitFn::Residual => &RESIDUAL,
    }
}

/// The penalty of a configuration's entry in `regularizers`.
pub fn regularizer_kind(regularizer_type: RegularizerType) -> &'static RegularizerKind {
    match regularizer_type {
        RegularizerType::L => &L,
        RegularizerType::L1 => &L1,
        RegularizerType::L2 => &L2,
        RegularizerType::Spectral => &SPECTRAL,
        RegularizerType::Walsh => &WALSH,
        RegularizerType::Fourier => &FOURIER_PENALTY,
        RegularizerType::Functional => &FUNCTIONAL,
        RegularizerType::Entropy => &ENTROPY,
        RegularizerType::Clarity => &CLARITY,
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
        LayerType::Learnable => &LEARNABLE,
        LayerType::Residual => &RESIDUAL_LAYER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::initializer::Initializer;
    use crate::components::node::{Corners, NodeKernel, NodeSpec};
    use crate::config::{NodeParams, RuntimeConfig};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn kernel(kind: &NodeKind, fan_in: usize, runtime: &RuntimeConfig) -> Box<dyn NodeKernel> {
        (kind.build)(NodeSpec { fan_in, params: &NodeParams::default(), runtime }).unwrap()
    }

    #[test]
    fn the_lists_and_the_configuration_know_the_same_names() {
        for kind in NODES {
            assert_eq!(serde_json::to_value(kind.node_type).unwrap(), kind.name);
            assert_eq!(node_kind(kind.node_type).name, kind.name);
        }
        for kind in LAYERS {
            assert_eq!(serde_json::to_value(kind.layer_type).unwrap(), kind.name);
            assert_eq!(layer_kind(kind.layer_type).name, kind.name);
        }
        for kind in INITIALIZERS {
            assert_eq!(serde_json::to_value(kind.init_fn).unwrap(), kind.name);
            assert_eq!(initializer_kind(kind.init_fn).name, kind.name);
        }
        for kind in REGULARIZERS {
            assert_eq!(serde_json::to_value(kind.regularizer_type).unwrap(), kind.name);
            assert_eq!(regularizer_kind(kind.regularizer_type).name, kind.name);
            assert_eq!(kind.regularizer_type.name(), kind.name);
        }
        // serde lists every variant when it refuses a name.
        let listed = |refusal: serde_json::Error, names: Vec<&str>| {
            let message = refusal.to_string();
            let known = message.split('`').skip(3).step_by(2).collect::<Vec<_>>();
            assert_eq!(known, names, "{message}");
        };
        listed(serde_json::from_str::<NodeType>("\"?\"").unwrap_err(), NODES.iter().map(|k| k.name).collect());
        listed(serde_json::from_str::<LayerType>("\"?\"").unwrap_err(), LAYERS.iter().map(|k| k.name).collect());
        listed(serde_json::from_str::<InitFn>("\"?\"").unwrap_err(), INITIALIZERS.iter().map(|k| k.name).collect());
        let refusal = serde_json::from_str::<RegularizerType>("\"?\"").unwrap_err();
        listed(refusal, REGULARIZERS.iter().map(|k| k.name).collect());
        let refusal = serde_json::from_str::<EncoderConfig>(r#"{"name": "?"}"#).unwrap_err();
        listed(refusal, ENCODERS.iter().map(|k| k.name).collect());
    }

    /// Holds for every family: at inputs of 0 and 1 the evaluation, the truth table and the
    /// thresholded training output are the same function.
    #[test]
    fn truth_table_evaluation_and_training_output_agree_on_every_input() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        for kind in NODES {
            for fan_in in 1..=8 {
                let kernel = kernel(kind, fan_in, &RuntimeConfig::default());
                let mut row = vec![0.0; kernel.parameters()];
                kernel.init(&mut rng, &mut row);
                kernel.check(&row).unwrap();
                let table = kernel.truth_table(&row);
                let mut out = vec![0.0; 1 << fan_in];
                kernel.forward(&row, &Corners::new(fan_in).pins(), &mut out);
                let values = kernel.values(&row);
                for (address, &out) in out.iter().enumerate() {
                    let bits: Vec<bool> = (0..fan_in).map(|j| address >> j & 1 == 1).collect();
                    let expected = table.row(address);
                    assert_eq!(kernel.evaluate(&row, &bits), expected, "{} row {address}", kind.name);
                    assert_eq!(out >= 0.5, expected, "{} row {address}: {out}", kind.name);
                    assert_eq!(values[address] >= 0.5, expected, "{} row {address}", kind.name);
                }
            }
        }
    }

    #[test]
    fn a_residual_node_passes_its_first_input_on() {
        for noise in [0.0, 0.1] {
            let runtime = RuntimeConfig { noise_factor: Some(noise), ..Default::default() };
            for kind in NODES {
                for (fan_in, expected) in [(1, 0b10), (3, 0b1010_1010)] {
                    let kernel = kernel(kind, fan_in, &RuntimeConfig::default());
                    let initializer = Initializer::new(&runtime, InitFn::Residual, fan_in).unwrap();
                    let mut row = vec![0.0; kernel.parameters()];
                    initializer.fill(kernel.as_ref(), &mut ChaCha8Rng::seed_from_u64(1), &mut row);
                    assert_eq!(kernel.truth_table(&row).words(), [expected], "{} of {fan_in}", kind.name);
                }
            }
        }
    }

    #[test]
    fn initializers_leave_the_constants_of_a_node_alone() {
        let runtime = RuntimeConfig { init_fn: Some(InitFn::Ones), ..Default::default() };
        for kind in NODES {
            let kernel = kernel(kind, 4, &runtime);
            let initializer = Initializer::new(&runtime, InitFn::Default, 4).unwrap();
            let (mut drawn, mut filled) = (vec![0.0; kernel.parameters()], vec![0.0; kernel.parameters()]);
            kernel.init(&mut ChaCha8Rng::seed_from_u64(1), &mut drawn);
            initializer.fill(kernel.as_ref(), &mut ChaCha8Rng::seed_from_u64(1), &mut filled);
            let trained = kernel.parameters() - kernel.constants();
            assert!(filled[..trained].iter().all(|&value| value == 1.0), "{}", kind.name);
            assert_eq!(filled[trained..], drawn[trained..], "{}", kind.name);
        }
    }
}
