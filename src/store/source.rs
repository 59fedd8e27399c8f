//! From whatever names a model to a model, and back into the store.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::save::today;
use super::{Publication, StoreError, find, lookup, reserve, search_path, zoo};
use crate::config::{ModelConfig, Note};
use crate::model::Model;

/// A model from a YAML file, a model file, the name of a stored model or of one of the zoo.
///
/// With `load_weights` the overrides may be runtime parameters only, and a zoo model is refused,
/// since it has no weights; without, only the configuration is taken and overrides may be
/// anything that [`ModelConfig::override_any`] knows.
///
/// # Errors
/// [`StoreError`], for an unknown name with the list of what exists.
pub fn build_model(what: &str, load_weights: bool, overrides: &[(String, Value)]) -> Result<Model, StoreError> {
    let path = Path::new(what);
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if is_yaml {
        return from_config(ModelConfig::load(path)?, overrides);
    }
    if load_weights {
        let mut model = Model::load(&find(what)?)?;
        model.apply_runtime_overrides(overrides)?;
        return Ok(model);
    }
    if path.is_file() {
        return from_config(Model::load(path)?.config().clone(), overrides);
    }
    if let Some(experiment) = zoo::get(what)? {
        return from_config(experiment.model, overrides);
    }
    let stored = lookup(what, &search_path())?;
    let config = match (&stored.config, &stored.path) {
        (Some(yaml), _) => ModelConfig::load(yaml)?,
        (None, Some(file)) => Model::load(file)?.config().clone(),
        (None, None) => return Err(StoreError::NoSuchFile { path: path.to_owned() }),
    };
    from_config(config, overrides)
}

fn from_config(mut config: ModelConfig, overrides: &[(String, Value)]) -> Result<Model, StoreError> {
    config.override_any(overrides)?;
    let seed = config.seed;
    Ok(Model::build(config, seed)?)
}

/// Publishes a model with weights below `folder`: its description with metadata, and its file.
///
/// Accuracy, number of parameters, training data and date are filled in where the publication
/// does not state them.
///
/// # Errors
/// [`StoreError`]; nothing is left behind then.
pub fn save_to_pretrained(
    model: &mut Model,
    folder: &Path,
    publication: &Publication,
) -> Result<(u32, PathBuf, PathBuf), StoreError> {
    // Found out before a version is taken.
    let counts = model.count_parameters()?;
    let model_type = model.config().model_type.name();
    let reservation = reserve(folder, model_type, &publication.name, publication.version.as_deref())?;
    let version = reservation.version();
    model.publish_as(&publication.name);
    let mut config = model.config().clone();
    let metadata = &mut config.metadata;
    metadata.version = Some(Note::Text(format!("v{version}")));
    metadata.parameters_total = Some(Note::Integer(counts.total as u64));
    metadata.parameters_trainable = Some(Note::Integer(counts.trainable as u64));
    metadata.training_date.get_or_insert_with(|| Note::Text(today()));
    if let Some(record) = model.record() {
        let accuracy = record.accuracy.hard_test.unwrap_or(record.accuracy.hard_train);
        metadata.accuracy = Some(Note::Number(accuracy));
        metadata.training_loss_final = Some(Note::Number(record.loss));
        metadata.training_dataset = Some(Note::Text(record.train_data.clone()));
        metadata.training_device.get_or_insert_with(|| Note::Text("CPU".into()));
    }
    for (key, note) in &publication.metadata {
        let entry = metadata.entry(key).ok_or_else(|| StoreError::BadName {
            what: "metadata entry",
            found: key.clone(),
            allowed: "see docs/configuration.md for the entries",
        })?;
        *entry = Some(note.clone());
    }
    let (yaml, file) = reservation.fill(&config, &model.to_file()?)?;
    Ok((version, yaml, file))
}
