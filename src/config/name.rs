//! Names of components: closed lists in this crate, open to the crates that use it.
//!
//! A configuration must refuse unknown names with line and alternatives, and it is read before
//! anything is built. So the names that other crates add are known here, below everything else;
//! what stands behind them is known to the registries, which call [`admit`].

use std::sync::{PoisonError, RwLock};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// `model_type`.
    Model,
    /// `layer_type`.
    Layer,
    /// `node_type`.
    Node,
    /// The encoder's `name`.
    Encoder,
}

static ADMITTED: RwLock<Vec<(NameKind, &'static str)>> = RwLock::new(Vec::new());

/// Lets configurations use `name`; again is no error.
pub fn admit(kind: NameKind, name: &'static str) {
    let mut names = ADMITTED.write().unwrap_or_else(PoisonError::into_inner);
    if !names.contains(&(kind, name)) {
        names.push((kind, name));
    }
}

/// The admitted names of a kind, in the order of their admission.
pub fn admitted(kind: NameKind) -> Vec<&'static str> {
    let names = ADMITTED.read().unwrap_or_else(PoisonError::into_inner);
    names.iter().filter(|(of, _)| *of == kind).map(|(_, name)| *name).collect()
}

/// An enum of names with a variant `Custom` for admitted ones, written and read as its name.
macro_rules! names {
    ($(#[$meta:meta])* $type:ident of $kind:expr; $($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $($(#[$doc])* $variant,)*
            /// A name that another crate has registered.
            Custom(&'static str),
        }

        impl $type {
            /// The names of this crate, in the order of the variants.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name in the configuration.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Custom(name) => name,
                }
            }

            /// What a name stands for, when it is this crate's or was registered.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => $crate::config::name::admitted($kind).into_iter().find(|known| *known == name).map(Self::Custom),
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let found = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_name(&found).ok_or_else(|| {
                    let mut known = Self::NAMES.to_vec();
                    known.extend($crate::config::name::admitted($kind));
                    // The words of serde's own refusals, which `ConfigError` takes apart.
                    let known = known.join("`, `");
                    serde::de::Error::custom(format_args!("unknown variant `{found}`, expected one of `{known}`"))
                })
            }
        }
    };
}
pub(super) use names;
