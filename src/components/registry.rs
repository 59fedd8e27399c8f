//! Every component that the configuration can name: this crate's, in the order of the help text,
//! and behind them what other crates have registered.
//!
//! A crate registers its own component once, before it reads a configuration that names it:
//!
//! ```no_run
//! # use difflut::components::{node::NodeKind, registry::NODES};
//! # fn example(kind: &'static NodeKind) -> Result<(), difflut::components::ComponentError> {
//! NODES.register(kind)?;
//! # Ok(())
//! # }
//! ```
//!
//! From then on `node_type: <its name>` is a configuration's right like any other.

use std::sync::{PoisonError, RwLock};

use super::ComponentError;
use super::describe::{ParameterInfo, runtime};
use super::encoder::{
    BINARY, DISTRIBUTIVE_THERMOMETER, EncoderKind, GAUSSIAN_THERMOMETER, GRAY, LOGARITHMIC, ONEHOT, SIGN_MAGNITUDE,
    THERMOMETER,
};
use super::initializer::{
    DEFAULT, InitializerKind, KAIMING_NORMAL, KAIMING_UNIFORM, NORMAL, ONES, PROBABILISTIC_INIT, RESIDUAL, UNIFORM,
    VARIANCE_STABILIZED, XAVIER_NORMAL, XAVIER_UNIFORM, ZEROS,
};
use super::layer::{LEARNABLE, LayerKind, RANDOM, RESIDUAL_LAYER};
use super::node::{
    DIFFLOGIC, DWN, DWN_STABLE, FOURIER, HYBRID, LINEAR_LUT, NEURALLUT, NodeKind, POLYLUT, PROBABILISTIC, WARP,
};
use super::regularizer::{CLARITY, ENTROPY, FOURIER_PENALTY, FUNCTIONAL, L, L1, L2, RegularizerKind, SPECTRAL, WALSH};
use crate::config::name::{NameKind, admit};
use crate::config::{EncoderType, InitFn, LayerType, NodeType, RegularizerType};
use crate::files::nearest;

/// The node families.
pub static NODES: Registry<NodeKind> = Registry::new(&[
    &PROBABILISTIC,
    &DWN,
    &DWN_STABLE,
    &HYBRID,
    &LINEAR_LUT,
    &POLYLUT,
    &NEURALLUT,
    &FOURIER,
    &DIFFLOGIC,
    &WARP,
]);

/// The encoders.
pub static ENCODERS: Registry<EncoderKind> = Registry::new(&[
    &THERMOMETER,
    &GAUSSIAN_THERMOMETER,
    &DISTRIBUTIVE_THERMOMETER,
    &GRAY,
    &ONEHOT,
    &BINARY,
    &SIGN_MAGNITUDE,
    &LOGARITHMIC,
]);

/// The wirings.
pub static LAYERS: Registry<LayerKind> = Registry::new(&[&RANDOM, &LEARNABLE, &RESIDUAL_LAYER]);

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
    runtime("init_fn", "an initializer", "the layer's", "how the numbers of a node are drawn"),
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

/// Something that is registered under a name.
pub trait Registered: Sync + 'static {
    /// What it is, for messages.
    const WHAT: &'static str;
    /// What its names are.
    const KIND: NameKind;

    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// Whether it calls itself a component of another crate.
    fn is_custom(&self) -> bool;
}

impl Registered for NodeKind {
    const WHAT: &'static str = "node type";
    const KIND: NameKind = NameKind::Node;

    fn name(&self) -> &'static str {
        self.node_type.name()
    }

    fn is_custom(&self) -> bool {
        matches!(self.node_type, NodeType::Custom(_))
    }
}

impl Registered for EncoderKind {
    const WHAT: &'static str = "encoder";
    const KIND: NameKind = NameKind::Encoder;

    fn name(&self) -> &'static str {
        self.encoder_type.name()
    }

    fn is_custom(&self) -> bool {
        matches!(self.encoder_type, EncoderType::Custom(_))
    }
}

impl Registered for LayerKind {
    const WHAT: &'static str = "layer type";
    const KIND: NameKind = NameKind::Layer;

    fn name(&self) -> &'static str {
        self.layer_type.name()
    }

    fn is_custom(&self) -> bool {
        matches!(self.layer_type, LayerType::Custom(_))
    }
}

/// Names to components of one kind.
#[derive(Debug)]
pub struct Registry<T: 'static> {
    own: &'static [&'static T],
    added: RwLock<Vec<&'static T>>,
}

impl<T: Registered> Registry<T> {
    /// A registry of this crate's components.
    pub(crate) const fn new(own: &'static [&'static T]) -> Self {
        Self { own, added: RwLock::new(Vec::new()) }
    }

    /// Every component, this crate's first.
    pub fn all(&self) -> Vec<&'static T> {
        let added = self.added.read().unwrap_or_else(PoisonError::into_inner);
        self.own.iter().chain(added.iter()).copied().collect()
    }

    /// The names of all components.
    pub fn names(&self) -> Vec<&'static str> {
        self.all().into_iter().map(T::name).collect()
    }

    /// The component of a name.
    ///
    /// # Errors
    /// [`ComponentError::Unregistered`] with the nearest name and all that there are.
    pub fn get(&self, name: &str) -> Result<&'static T, ComponentError> {
        let found = self.all().into_iter().find(|component| component.name() == name);
        found.ok_or_else(|| {
            let names = self.names();
            let hint = nearest(name, names.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            ComponentError::Unregistered {
                what: T::WHAT,
                name: name.to_owned(),
                hint: hint.unwrap_or_default(),
                known: names.join(", "),
            }
        })
    }

    /// Adds another crate's component; the same one again changes nothing.
    ///
    /// # Errors
    /// [`ComponentError::Registration`] for a name that is taken or that is no word of
    /// lower-case letters, digits and underscores, and for a type that is not `Custom`.
    pub fn register(&self, component: &'static T) -> Result<(), ComponentError> {
        let name = component.name();
        let refused =
            |reason: &'static str| Err(ComponentError::Registration { what: T::WHAT, name: name.to_owned(), reason });
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !component.is_custom() {
            return refused("its type must be `Custom` with the name");
        }
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(word) {
            return refused("a name is a lower-case letter, then such letters, digits and underscores");
        }
        let mut added = self.added.write().unwrap_or_else(PoisonError::into_inner);
        if added.iter().any(|known| std::ptr::eq(*known, component)) {
            return Ok(());
        }
        if self.own.iter().chain(added.iter()).any(|known| known.name() == name) {
            return refused("the name is taken");
        }
        added.push(component);
        admit(T::KIND, name);
        Ok(())
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
        let own = |names: Vec<&'static str>, count: usize| names[..count].to_vec();
        assert_eq!(own(NODES.names(), NODES.own.len()), NodeType::NAMES);
        assert_eq!(own(LAYERS.names(), LAYERS.own.len()), LayerType::NAMES);
        assert_eq!(own(ENCODERS.names(), ENCODERS.own.len()), EncoderType::NAMES);
        for kind in NODES.all() {
            assert_eq!(NodeType::from_name(kind.name), Some(kind.node_type));
        }
        for kind in LAYERS.all() {
            assert_eq!(LayerType::from_name(kind.name), Some(kind.layer_type));
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
        listed(serde_json::from_str::<InitFn>("\"?\"").unwrap_err(), INITIALIZERS.iter().map(|k| k.name).collect());
        let refusal = serde_json::from_str::<RegularizerType>("\"?\"").unwrap_err();
        listed(refusal, REGULARIZERS.iter().map(|k| k.name).collect());
    }

    #[test]
    fn another_crates_component_is_found_by_name_and_read_from_a_configuration() {
        static OWN: NodeKind = NodeKind { node_type: NodeType::Custom("registry_test"), name: "registry_test", ..DWN };
        assert!(serde_json::from_str::<NodeType>("\"registry_test\"").is_err());
        NODES.register(&OWN).unwrap();
        NODES.register(&OWN).unwrap();
        assert_eq!(serde_json::from_str::<NodeType>("\"registry_test\"").unwrap(), OWN.node_type);
        assert!(std::ptr::eq(NODES.get("registry_test").unwrap(), &OWN));
        static TWICE: NodeKind = NodeKind { node_type: NodeType::Custom("dwn"), ..DWN };
        let message = NODES.register(&TWICE).unwrap_err().to_string();
        assert_eq!(message, "node type `dwn` cannot be registered: the name is taken");
        assert!(NODES.register(&DWN).unwrap_err().to_string().contains("must be `Custom`"));
        static ODD: NodeKind = NodeKind { node_type: NodeType::Custom("Two words"), ..DWN };
        assert!(NODES.register(&ODD).unwrap_err().to_string().contains("lower-case"));
        let message = NODES.get("dwm").unwrap_err().to_string();
        assert!(
            message.starts_with("no node type is registered as `dwm`; did you mean `dwn`?; there are"),
            "{message}"
        );
    }

    /// Holds for every family: at inputs of 0 and 1 the evaluation, the truth table and the
    /// thresholded training output are the same function.
    #[test]
    fn truth_table_evaluation_and_training_output_agree_on_every_input() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        for kind in NODES.all() {
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
            for kind in NODES.all() {
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
        for kind in NODES.all() {
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
