//! What can be wrong with a configuration, and how serde's refusals become helpful ones.

use std::path::{Path, PathBuf};

use super::InputFormatError;
use crate::files::{FileError, nearest};

/// A parameter that is out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} is {found}; {allowed}")]
pub struct ParameterError {
    /// The parameter as the configuration spells it, for instance `encoder_config.num_bits`.
    pub parameter: String,
    /// Its value.
    pub found: String,
    /// The allowed values, as a sentence: "allowed are 1 to 256".
    pub allowed: String,
}

impl ParameterError {
    /// An error about `parameter`.
    pub fn new(parameter: impl Into<String>, found: impl ToString, allowed: impl Into<String>) -> Self {
        Self { parameter: parameter.into(), found: found.to_string(), allowed: allowed.into() }
    }

    /// The same about a parameter of the part `place`.
    pub(super) fn inside(self, place: &str) -> Self {
        Self { parameter: format!("{place}.{}", self.parameter), ..self }
    }

    /// The same about the parameter that the file calls `parameter`.
    pub(super) fn renamed(self, parameter: &str) -> Self {
        Self { parameter: parameter.to_owned(), ..self }
    }

    /// Refuses `found` unless it lies in `range`.
    pub(super) fn unless_in<T: PartialOrd + ToString + std::fmt::Display>(
        parameter: &str,
        found: T,
        range: std::ops::RangeInclusive<T>,
    ) -> Result<(), Self> {
        // NaN lies in no range.
        if range.contains(&found) {
            return Ok(());
        }
        Err(Self::new(parameter, found, format!("allowed are {} to {}", range.start(), range.end())))
    }
}

impl From<InputFormatError> for ParameterError {
    fn from(error: InputFormatError) -> Self {
        match error {
            InputFormatError::Bits(bits) => Self::new("input_format.bits", bits, "allowed are 1 to 32"),
            InputFormatError::Scale(scale) => {
                Self::new("input_format.scale", scale, "it must be finite and above zero")
            }
            InputFormatError::Offset(offset) => Self::new("input_format.offset", offset, "it must be finite"),
            InputFormatError::Range { code, value } => Self::new(
                "the value of an input_format code",
                format!("{value:e} at code {code}"),
                "float32 cannot hold it; reduce scale, offset or bits",
            ),
        }
    }
}

/// A configuration file that could not be read or makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not YAML, or a value has the wrong type.
    #[error("`{}`: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser met, with line and column where it knows them.
        reason: String,
    },
    /// A key or a name that does not exist.
    #[error("`{}`{place}: unknown {what} `{found}`{remedy}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// Where in the file: ", line 3, model.runtime", or nothing where the parser does not know.
        place: Box<str>,
        /// "key" or "name".
        what: &'static str,
        /// The key or name.
        found: Box<str>,
        /// The nearest one when one is close, and all that are allowed.
        remedy: Box<str>,
    },
    /// A parameter is out of range.
    #[error("`{}`{}: {source}", path.display(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Parameter {
        /// The file.
        path: PathBuf,
        /// The line, where the file states the parameter.
        line: Option<usize>,
        /// The parameter, its value and what is allowed.
        #[source]
        source: Box<ParameterError>,
    },
    /// The configuration has no YAML form; only values that were never checked can lack one.
    #[error("the configuration cannot be written as YAML: {reason}")]
    Unwritable {
        /// The serializer's reason.
        reason: String,
    },
}

impl ConfigError {
    /// The error for what serde refused in the file `path`.
    ///
    /// serde states unknown names in one fixed form, "unknown field `a`, expected one of `b`,
    /// `c`", with the line appended; this takes it apart to add the nearest name.
    pub(super) fn refused(path: &Path, error: &serde_yaml::Error) -> Self {
        let message = error.to_string();
        let line = error.location().map(|location| location.line());
        match unknown_name(&message) {
            Some((what, found, allowed)) => {
                let hint = nearest(&found, allowed.iter().map(String::as_str))
                    .map(|name| format!(", did you mean `{name}`?"))
                    .unwrap_or_default();
                let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
                let section = section(&message).map(|section| format!(", {section}")).unwrap_or_default();
                Self::Unknown {
                    path: path.to_owned(),
                    place: (line + &section).into(),
                    what,
                    found: found.into(),
                    remedy: format!("{hint}; allowed are {}", allowed.join(", ")).into(),
                }
            }
            None => Self::Syntax { path: path.to_owned(), reason: message },
        }
    }
}

/// The part of the file that serde puts in front of a refusal: `model.runtime` of
/// "model.runtime: unknown field ...".
fn section(message: &str) -> Option<&str> {
    let (section, _) = message.split_once(": ")?;
    section.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']')).then_some(section)
}

/// Takes "unknown field `a`, expected `b` or `c`" apart into ("key", a, [b, c]).
pub(super) fn unknown_name(message: &str) -> Option<(&'static str, String, Vec<String>)> {
    let (what, rest) = [("key", "unknown field `"), ("name", "unknown variant `")]
        .into_iter()
        .find_map(|(what, phrase)| message.split_once(phrase).map(|(_, rest)| (what, rest)))?;
    let (found, rest) = rest.split_once('`')?;
    let allowed = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Some((what, found.to_owned(), allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_serde_is_taken_apart() {
        let expected = vec!["a".to_owned(), "b".to_owned()];
        let taken = unknown_name("model: unknown field `x`, expected `a` or `b` at line 1 column 2");
        assert_eq!(taken, Some(("key", "x".to_owned(), expected.clone())));
        let taken = unknown_name("unknown variant `x`, expected one of `a`, `b`");
        assert_eq!(taken, Some(("name", "x".to_owned(), expected)));
        assert_eq!(unknown_name("invalid type: string"), None);
        assert_eq!(section("model.layers[0]: unknown field `x`"), Some("model.layers[0]"));
        assert_eq!(section("unknown field `x`: no"), None);
    }

    #[test]
    fn a_range_names_both_ends_and_refuses_nan() {
        let error = ParameterError::unless_in("learning_rate", f64::NAN, 0.0..=1.0).unwrap_err();
        assert_eq!(error.to_string(), "learning_rate is NaN; allowed are 0 to 1");
        assert_eq!(ParameterError::unless_in("n", 3, 1..=3), Ok(()));
    }
}
