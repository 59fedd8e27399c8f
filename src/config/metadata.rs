//! What people want to know about a published model; no program depends on it.

use serde::{Deserialize, Serialize};

/// A number or a text, kept as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Note {
    /// A whole number.
    Integer(u64),
    /// Another number.
    Number(f64),
    /// A text.
    Text(String),
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

macro_rules! metadata {
    ($($(#[$doc:meta])* $key:ident,)*) => {
        /// Metadata of a published model, at the end of its YAML file.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Metadata {
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $key: Option<Note>,)*
        }

        impl Metadata {
            /// The names of all entries.
            pub const KEYS: &'static [&'static str] = &[$(stringify!($key)),*];

            /// The entry of a name in [`KEYS`](Self::KEYS).
            pub fn entry(&mut self, key: &str) -> Option<&mut Option<Note>> {
                match key {
                    $(stringify!($key) => Some(&mut self.$key),)*
                    _ => None,
                }
            }

            /// The entries that are set, in their order.
            pub fn entries(&self) -> Vec<(&'static str, &Note)> {
                let all = [$((stringify!($key), self.$key.as_ref())),*];
                all.into_iter().filter_map(|(key, note)| Some((key, note?))).collect()
            }
        }
    };
}

metadata! {
    /// Accuracy, 0 to 1.
    accuracy,
    /// Accuracy on held-out samples, 0 to 1.
    test_accuracy,
    /// Loss of the last epoch.
    training_loss_final,
    /// Name of the training data.
    training_dataset,
    /// Day of the training.
    training_date,
    /// Day of the validation.
    validation_date,
    /// Machine that trained it.
    training_device,
    /// Seconds of training.
    training_time,
    /// Hours of training.
    training_time_hours,
    /// Number of numbers in the model.
    parameters_total,
    /// Number of trained numbers.
    parameters_trainable,
    /// Version of the published model.
    version,
    /// What else should be known.
    notes,
    /// What this version changed.
    version_notes,
}
