//! What is added to the loss, in both spellings: `l2: 0.001` and `l2: {weight: 0.001}`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::ParameterError;

/// The penalty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegularizerType {
    /// Sensitivity to one flipped input, to the power `p`.
    L,
    /// Sensitivity to one flipped input, absolute.
    L1,
    /// Sensitivity to one flipped input, squared.
    L2,
    /// Energy of the Walsh spectrum.
    Spectral,
    /// Another name of `spectral`.
    Walsh,
    /// Another name of `spectral`.
    Fourier,
    /// Another name of `l`.
    Functional,
    /// Entropy of the table values.
    Entropy,
    /// Distance of the table values from zero and one.
    Clarity,
}

impl RegularizerType {
    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::L => "l",
            Self::L1 => "l1",
            Self::L2 => "l2",
            Self::Spectral => "spectral",
            Self::Walsh => "walsh",
            Self::Fourier => "fourier",
            Self::Functional => "functional",
            Self::Entropy => "entropy",
            Self::Clarity => "clarity",
        }
    }
}

/// The parameters of a penalty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RegularizerConfig {
    /// Factor in the loss; 0 to 1e6.
    pub weight: f32,
    /// The exponent of `l` and `functional`; 1 to 16, default 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f32>,
}

impl RegularizerConfig {
    pub(super) fn check(&self, kind: RegularizerType) -> Result<(), ParameterError> {
        let key = |key: &str| format!("runtime.regularizers.{}.{key}", kind.name());
        ParameterError::unless_in(&key("weight"), self.weight, 0.0..=1e6)?;
        let Some(p) = self.p else { return Ok(()) };
        if !matches!(kind, RegularizerType::L | RegularizerType::Functional) {
            return Err(ParameterError::new(key("p"), p, "only l and functional have an exponent; remove it"));
        }
        ParameterError::unless_in(&key("p"), p, 1.0..=16.0)
    }
}

/// The long spelling.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    weight: f32,
    #[serde(default)]
    p: Option<f32>,
}

impl<'de> Deserialize<'de> for RegularizerConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Spellings;

        // serde's untagged enums say only that nothing matched; this keeps the real reason.
        impl<'de> Visitor<'de> for Spellings {
            type Value = RegularizerConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a weight, or a section with the keys weight and p")
            }

            fn visit_f64<E: Error>(self, weight: f64) -> Result<Self::Value, E> {
                Ok(RegularizerConfig { weight: weight as f32, p: None })
            }

            fn visit_u64<E: Error>(self, weight: u64) -> Result<Self::Value, E> {
                self.visit_f64(weight as f64)
            }

            fn visit_i64<E: Error>(self, weight: i64) -> Result<Self::Value, E> {
                self.visit_f64(weight as f64)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let Section { weight, p } = Section::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RegularizerConfig { weight, p })
            }
        }

        deserializer.deserialize_any(Spellings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RuntimeConfig;

    fn parse(text: &str) -> Result<RuntimeConfig, String> {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn both_spellings_are_the_same_penalty() {
        let short = parse("regularizers: {l2: 0.001, entropy: 1}").unwrap();
        let long = parse("regularizers:\n  l2:\n    weight: 0.001\n  entropy:\n    weight: 1.0\n").unwrap();
        assert_eq!(short, long);
        assert_eq!(short.regularizers.unwrap()[&RegularizerType::L2].weight, 0.001);
        let again = serde_yaml::to_string(&long).unwrap();
        assert_eq!(parse(&again).unwrap(), long);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = parse("regularizers: {l2: {wieght: 1}}").unwrap_err();
        assert!(message.contains("unknown field `wieght`, expected `weight` or `p`"), "{message}");
        let message = parse("regularizers: {l2: strong}").unwrap_err();
        assert!(message.contains("expected a weight, or a section with the keys weight and p"), "{message}");
        let message = parse("regularizers: {l3: 1}").unwrap_err();
        assert!(message.contains("unknown variant `l3`"), "{message}");
        let refused = |text: &str| parse(text).unwrap().check().unwrap_err().to_string();
        assert_eq!(
            refused("regularizers: {clarity: -1}"),
            "runtime.regularizers.clarity.weight is -1; allowed are 0 to 1000000"
        );
        let message = refused("regularizers: {l2: {weight: 1, p: 3}}");
        assert_eq!(message, "runtime.regularizers.l2.p is 3; only l and functional have an exponent; remove it");
    }
}
