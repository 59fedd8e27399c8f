//! Changing a configuration by names and values.
//!
//! Runtime parameters may change at any time, since weights stay what they are. Structural ones
//! may only change while there are no weights.

use serde_json::Value;

use super::{ModelConfig, ModelFile, ParameterError, RuntimeConfig, Section};
use crate::files::nearest;

/// Parameters that decide the shape of the weights or what they mean.
pub const STRUCTURAL: &[&str] = &[
    "model_type",
    "layer_type",
    "node_type",
    "encoder_config",
    "encoder",
    "encoder_bits",
    "node_input_dim",
    "layer_widths",
    "layers",
    "node_params",
    "groupsum",
    "head",
    "num_classes",
    "input_size",
    "input_shape",
    "input_format",
    "seed",
    "use_randperm",
];

/// Sets the part of `file` at a dotted path; keys of a section may be new, elements of a list
/// must exist. The error is the path of what has no such part.
fn set(file: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    let mut place = file;
    let mut done = Vec::new();
    for part in path.split('.') {
        let inner = match place {
            Value::Object(section) => Some(section.entry(part).or_insert(Value::Null)),
            Value::Array(list) => part.parse().ok().and_then(|index: usize| list.get_mut(index)),
            _ => None,
        };
        place = inner.ok_or_else(|| done.join("."))?;
        done.push(part);
    }
    *place = value.clone();
    Ok(())
}

/// The structural parameter that an unknown name is nearest to, if it is to one of them.
fn misspelt(root: &str) -> Option<&'static str> {
    let runtime = RuntimeConfig::known();
    let names = STRUCTURAL.iter().copied().chain(runtime.iter().map(String::as_str));
    if root == "runtime" || runtime.iter().any(|known| known == root) {
        return None;
    }
    let near = nearest(root, names)?;
    STRUCTURAL.iter().copied().find(|name| *name == near)
}

impl ModelConfig {
    /// Sets runtime parameters, `key` with or without `runtime.` in front, for every layer that
    /// does not set its own.
    ///
    /// # Errors
    /// [`ParameterError`] for a structural parameter, for one that does not exist and for a value
    /// out of range; nothing is changed then.
    pub fn override_runtime(&mut self, overrides: &[(String, Value)]) -> Result<(), ParameterError> {
        let mut runtime = self.runtime.clone();
        for (key, value) in overrides {
            let name = key.strip_prefix("runtime.").unwrap_or(key);
            if STRUCTURAL.contains(&name.split('.').next().unwrap_or(name)) {
                return Err(ParameterError::new(
                    name,
                    value,
                    "it is structural: the weights depend on it, so it cannot be overridden; only runtime parameters can, \
                     build and train a new model for another value",
                ));
            }
            runtime = RuntimeConfig::from_pair(name, value.clone())?.over(&runtime)?;
        }
        self.runtime = runtime;
        Ok(())
    }

    /// Sets any parameters of a configuration that has no weights yet: top-level keys of the
    /// flat dialect, `encoder_bits` for `encoder_config.num_bits`, dotted paths such as
    /// `encoder_config.name`, and runtime parameters.
    ///
    /// # Errors
    /// [`ParameterError`] for what does not exist and for values of the wrong type or out of
    /// range; nothing is changed then.
    pub fn override_any(&mut self, overrides: &[(String, Value)]) -> Result<(), ParameterError> {
        let wrong =
            |key: &str, value: &Value, error: serde_json::Error| ParameterError::new(key, value, error.to_string());
        let mut config = self.clone();
        for (key, value) in overrides {
            let key = match key.as_str() {
                "encoder_bits" => "encoder_config.num_bits",
                key => key,
            };
            let root = key.split('.').next().unwrap_or(key);
            if root == "runtime" || !STRUCTURAL.contains(&root) && !["dataset", "pretrained_name"].contains(&root) {
                if let Some(near) = misspelt(root) {
                    let allowed = format!("there is no such parameter; did you mean `{near}`?");
                    return Err(ParameterError::new(key, value, allowed));
                }
                config.override_runtime(&[(key.to_owned(), value.clone())])?;
                continue;
            }
            if !config.layers.is_empty()
                && ["layer_type", "node_type", "node_input_dim", "layer_widths"].contains(&root)
            {
                let allowed = "the configuration describes each layer by itself; change its `layers`";
                return Err(ParameterError::new(key, value, allowed));
            }
            let layered = !config.layers.is_empty();
            let mut file = serde_json::to_value(ModelFile::from(config)).map_err(|error| wrong(key, value, error))?;
            // The same parameters have other places in the per-layer dialect.
            let path = match key.strip_prefix("encoder_config.") {
                Some("name" | "type") if layered => "encoder.type".to_owned(),
                Some(inner) if layered => format!("encoder.params.{inner}"),
                _ if layered && key == "num_classes" => "groupsum.k".to_owned(),
                _ if layered && key == "use_randperm" => "groupsum.use_randperm".to_owned(),
                _ => key.to_owned(),
            };
            // A head of plain bits has none of what the group sum has.
            if path == "head"
                && value != "groupsum"
                && let Value::Object(sections) = &mut file
            {
                ["num_classes", "groupsum", "use_randperm"].into_iter().for_each(|key| drop(sections.remove(key)));
            }
            set(&mut file, &path, value)
                .map_err(|part| ParameterError::new(key, value, format!("`{part}` has no such part")))?;
            config = serde_json::from_value(file).map_err(|error| wrong(key, value, error))?;
        }
        config.check()?;
        *self = config;
        Ok(())
    }
}
