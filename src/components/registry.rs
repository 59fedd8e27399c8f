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
use super::encoder::{
    BINARY, DISTRIBUTIVE_THERMOMETER, EncoderKind, GAUSSIAN_THERMOMETER, GRAY, LOGARITHMIC, ONEHOT, SIGN_MAGNITUDE,
    THERMOMETER,
};
use super::layer::{LayerKind, RANDOM};
use super::node::{DWN, NodeKind, PROBABILISTIC};
use crate::config::name::{NameKind, admit};
use crate::config::{EncoderType, LayerType, NodeType};
use crate::files::nearest;

/// The node families.
pub static NODES: Registry<NodeKind> = Registry::new(&[&PROBABILISTIC, &DWN]);

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
pub static LAYERS: Registry<LayerKind> = Registry::new(&[&RANDOM]);

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
    use crate::components::node::NodeSpec;
    use crate::config::RuntimeConfig;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_lists_and_the_configuration_know_the_same_names() {
        let own = |names: Vec<&'static str>, count: usize| names[..count].to_vec();
        assert_eq!(own(NODES.names(), NODES.own.len()), NodeType::NAMES);
        assert_eq!(own(LAYERS.names(), LAYERS.own.len()), LayerType::NAMES);
        assert_eq!(own(ENCODERS.names(), ENCODERS.own.len()), EncoderType::NAMES);
        for kind in NODES.all() {
            assert_eq!(NodeType::from_name(kind.name), Some(kind.node_type));
        }
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
        for kind in NODES.all() {
            let kernel = (kind.build)(NodeSpec { fan_in: 3, runtime: &runtime }).unwrap();
            let mut parameters = vec![0.0; kernel.parameters()];
            kernel.init(&mut ChaCha8Rng::seed_from_u64(1), &mut parameters);
            assert_eq!(kernel.truth_table(&parameters).words(), [0b1010_1010], "{}", kind.name);
        }
    }
}
