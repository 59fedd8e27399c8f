//! From whatever names a model to a model, and back into the store.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::date::today;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EncoderConfig, EncoderType, NodeType, RuntimeConfig};

    fn trained() -> Model {
        let config = ModelConfig {
            runtime: RuntimeConfig { output_tau: Some(2.0), ..RuntimeConfig::default() },
            ..ModelConfig::feedforward(NodeType::Probabilistic, 3, vec![9], EncoderConfig::new(EncoderType::Gray, 2), 3)
        };
        let mut model = Model::build(config, 1).unwrap();
        model.fit_encoder(&[0.0, 3.0, 2.0, 1.0], 2).unwrap();
        model
    }

    #[test]
    fn a_published_model_is_described_found_and_loaded_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut model = trained();
        let metadata = vec![("notes".to_owned(), Note::Text("first".into()))];
        let publication = Publication { name: "tiny".into(), version: None, metadata };
        let (version, yaml, file) = save_to_pretrained(&mut model, folder.path(), &publication).unwrap();
        assert_eq!(version, 1);
        assert_eq!(Model::load(&file).unwrap().binarize().unwrap(), model.binarize().unwrap());
        let config = ModelConfig::load(&yaml).unwrap();
        assert!(config.pretrained && config.pretrained_name.as_deref() == Some("tiny"));
        assert_eq!(config.metadata.notes, Some(Note::Text("first".into())));
        assert_eq!(config.metadata.parameters_trainable, Some(Note::Integer(72)));
        assert_eq!(config.metadata.training_date.as_ref().map(|date| date.to_string().len()), Some(10));
        assert_eq!(config.is_compatible_with_weights(model.config()), Ok(()));
        let (version, _, second) = save_to_pretrained(&mut model, folder.path(), &publication).unwrap();
        assert_eq!(version, 2);
        assert_eq!(lookup("tiny", &[folder.path().to_owned()]).unwrap().path, Some(second));

        let wrong = Publication { metadata: vec![("nots".into(), Note::Integer(1))], ..publication };
        assert!(save_to_pretrained(&mut model, folder.path(), &wrong).unwrap_err().to_string().contains("`nots`"));
        assert!(!folder.path().join("feedforward/tiny/v3").exists());
        let mut unfitted = Model::build(model.config().clone(), 1).unwrap();
        let message = save_to_pretrained(&mut unfitted, folder.path(), &wrong).unwrap_err().to_string();
        assert_eq!(message, "the encoder is not fitted; train the model or fit it to data first");
    }

    #[test]
    fn overrides_at_build_time_depend_on_whether_there_are_weights() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        trained().save(&path).unwrap();
        let what = path.to_str().unwrap();
        let set = |key: &str, value: Value| vec![(key.to_owned(), value)];
        let model = build_model(what, true, &set("temperature", 0.5.into())).unwrap();
        assert_eq!(model.config().runtime.temperature, Some(0.5));
        let message = build_model(what, true, &set("encoder_bits", 3.into())).unwrap_err().to_string();
        assert!(message.contains("encoder_bits is 3; it is structural"), "{message}");
        let model = build_model(what, false, &set("encoder_bits", 3.into())).unwrap();
        assert!(model.features().is_err() && model.config().encoder_config.num_bits == 3);
        let message = build_model("digts", true, &[]).unwrap_err().to_string();
        assert!(message.contains("there is no pretrained model `digts`; did you mean `digits`?"), "{message}");
    }
}
