//! Sections of optional parameters, one parameter at a time and one section over another.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::unknown_name;
use super::{NodeParams, ParameterError, RuntimeConfig};
use crate::files::nearest;

/// A section all of whose parameters are optional.
pub trait Section: Serialize + DeserializeOwned {
    /// Its key in the configuration.
    const NAME: &'static str;

    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter that is out of range.
    fn check_section(&self) -> Result<(), ParameterError>;

    /// The names of all parameters.
    fn known() -> Vec<String> {
        // serde lists them when it refuses one.
        let refused = serde_json::from_value::<Self>(Map::from_iter([("?".to_owned(), Value::Null)]).into());
        let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
        unknown_name(&message).map(|(_, _, known)| known).unwrap_or_default()
    }

    /// The one parameter `key` with a value.
    ///
    /// # Errors
    /// [`ParameterError`] for a key that does not exist, with the nearest one, and for a value of
    /// the wrong type or out of range.
    fn from_pair(key: &str, value: Value) -> Result<Self, ParameterError> {
        let (name, shown) = (format!("{}.{key}", Self::NAME), value.to_string());
        let known = Self::known();
        if !known.iter().any(|known| known == key) {
            let hint = nearest(key, known.iter().map(String::as_str));
            let hint = hint.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
            let allowed = format!("there is no such parameter; {hint}allowed are {}", known.join(", "));
            return Err(ParameterError::new(name, shown, allowed));
        }
        let pair = Map::from_iter([(key.to_owned(), value)]);
        let section: Self = serde_json::from_value(pair.into())
            .map_err(|error| ParameterError::new(&name, shown, error.to_string()))?;
        section.check_section()?;
        Ok(section)
    }

    /// The parameters that are set, by name.
    fn to_map(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }

    /// These parameters, and those of `defaults` where they are not set.
    ///
    /// # Errors
    /// serde's, which the types rule out.
    fn over(&self, defaults: &Self) -> Result<Self, ParameterError> {
        let mut merged = defaults.to_map();
        merged.extend(self.to_map());
        serde_json::from_value(merged.into())
            .map_err(|error| ParameterError::new(Self::NAME, "not mergeable", error.to_string()))
    }
}

impl Section for RuntimeConfig {
    const NAME: &'static str = "runtime";

    fn check_section(&self) -> Result<(), ParameterError> {
        self.check()
    }
}

impl Section for NodeParams {
    const NAME: &'static str = "node_params";

    fn check_section(&self) -> Result<(), ParameterError> {
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pair_is_checked_by_name_type_and_range() {
        let runtime = RuntimeConfig::from_pair("temperature", json!(0.5)).unwrap();
        assert_eq!(runtime.temperature, Some(0.5));
        let message = |key: &str, value: Value| RuntimeConfig::from_pair(key, value).unwrap_err().to_string();
        assert!(
            message("temperatur", json!(1))
                .starts_with("runtime.temperatur is 1; there is no such parameter; did you mean `temperature`?")
        );
        assert!(message("temperature", json!("hot")).starts_with("runtime.temperature is \"hot\"; invalid type"));
        assert_eq!(message("beta", json!(2)), "runtime.beta is 2; allowed are 0 to 1");
    }

    #[test]
    fn own_parameters_stand_over_the_defaults() {
        let own = RuntimeConfig { beta: Some(0.25), ..RuntimeConfig::default() };
        let defaults = RuntimeConfig { beta: Some(0.5), alpha: Some(2.0), ..RuntimeConfig::default() };
        let merged = own.over(&defaults).unwrap();
        assert_eq!((merged.beta, merged.alpha), (Some(0.25), Some(2.0)));
    }
}
