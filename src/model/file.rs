//! A model as one safetensors file.
//!
//! | tensor | type, shape | meaning |
//! |---|---|---|
//! | `encoder.<name>` | F32, the encoder's | what was fitted, `thresholds` `[features, bits]` |
//! | `layers.<i>.wiring` | U32 `[width, fan_in]` | columns of the part before |
//! | `layers.<i>.choices` | F32 `[width * fan_in, columns]` | in place of it in a learnable layer |
//! | `layers.<i>.candidates` | U32, as `choices` | the columns of the choices, where `candidates` is set |
//! | `layers.<i>.weights` | F32 `[width, numbers]` | the trained numbers of every node, then its constants |
//!
//! A convolution has one such layer per level of its trees, leaves first, whose wiring counts the
//! elements of a window and then the nodes below; pooling has none. Layers in branches count on
//! through all branches, and each counts the columns that its branch has there. Geometry and
//! branches are in `config`.
//!
//! The metadata hold `format`, `version`, `config` (the model section as JSON) and, for a
//! trained model, `training` (its record as JSON).

use std::path::Path;

use super::build::{check_image, joined_width};
use super::layer::{Layer, Learned, Source};
use super::steps::{Step, steps};
use super::{Fitted, Model, ModelError, TrainingRecord, weights_of};
use crate::binarized::BINARIZED_FORMAT;
use crate::components::layer::Choices;
use crate::components::node::NodeKernel;
use crate::components::registry;
use crate::config::{Forks, ModelConfig};
use crate::files::{FileError, TensorFile, TensorFileWriter};

/// The `format` entry of a model's metadata.
pub const MODEL_FORMAT: &str = "difflut-model";
/// The `version` entry that this program reads and writes.
pub const MODEL_VERSION: &str = "1";

impl Model {
    /// Collects the model into a file.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and candle's.
    pub fn to_file(&self) -> Result<TensorFileWriter, ModelError> {
        let fitted = self.fitted()?;
        let mut file = TensorFileWriter::new(MODEL_FORMAT, MODEL_VERSION);
        file.metadata("config", json(&self.config)?);
        if let Some(record) = &self.record {
            file.metadata("training", json(record)?);
        }
        let encoder = &self.config.encoder_config;
        let tensors = (registry::ENCODERS.get(encoder.name.name())?.tensors)(encoder, fitted.encoder.features());
        for (tensor, values) in tensors.iter().zip(fitted.encoder.fitted()) {
            file.floats(&format!("encoder.{}", tensor.name), &tensor.shape, values);
        }
        for (index, layer) in fitted.layers.iter().enumerate() {
            match &layer.source {
                Source::Learned(Learned { choices, candidates, .. }) => {
                    let (pins, columns) = choices.dims2()?;
                    file.floats(&format!("layers.{index}.choices"), &[pins, columns], &weights_of(choices)?);
                    if let Some(candidates) = candidates {
                        file.indices(&format!("layers.{index}.candidates"), &[pins, columns], candidates);
                    }
                }
                Source::Fixed(wiring) => {
                    let name = format!("layers.{index}.wiring");
                    file.indices(&name, &[wiring.width(), wiring.fan_in()], wiring.columns());
                }
            }
            let name = format!("layers.{index}.weights");
            file.floats(&name, &[layer.width(), layer.kind.kernel.parameters()], &weights_of(&layer.weights)?);
        }
        Ok(file)
    }

    /// Writes the model, whole or not at all.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`] and [`FileError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        Ok(self.to_file()?.write(path)?)
    }

    /// Reads a model and checks everything in it.
    ///
    /// # Errors
    /// [`ModelError::File`] with the file, the field, what was found and what is allowed.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        Self::from_file(&TensorFile::open(path)?)
    }

    /// The same for a file already in memory.
    ///
    /// # Errors
    /// The same.
    pub fn from_file(file: &TensorFile) -> Result<Self, ModelError> {
        let format = file.format()?;
        if format == BINARIZED_FORMAT {
            let problem = "it holds truth tables only; it cannot be trained further, its float weights stay in the library or the model that it came from";
            return Err(file.field_error("metadata entry `format`", format!("found `{format}`: {problem}")).into());
        }
        if format != MODEL_FORMAT {
            let problem = format!("found `{format}`, expected `{MODEL_FORMAT}`");
            return Err(file.field_error("metadata entry `format`", problem).into());
        }
        file.check_version(MODEL_VERSION)?;
        let config: ModelConfig = file.json("config")?;
        let record: Option<TrainingRecord> = file.metadata("training").map(|_| file.json("training")).transpose()?;
        let in_config = |problem: String| file.field_error("metadata entry `config`", problem);
        config.check().map_err(|error| in_config(error.to_string()))?;
        let steps = steps(&config).map_err(|error| in_config(error.to_string()))?;
        let features = config.input_size.ok_or_else(|| in_config("`input_size` is missing".into()))?;
        if config.input_format.is_none() {
            return Err(in_config("`input_format` is missing".into()).into());
        }

        let kind = registry::ENCODERS.get(config.encoder_config.name.name())?;
        let mut expected = Vec::new();
        let mut fitted_values = Vec::new();
        for tensor in (kind.tensors)(&config.encoder_config, features) {
            let name = format!("encoder.{}", tensor.name);
            fitted_values.push(read(file, &name, &tensor.shape, |shape| file.floats(&name, shape))?);
            expected.push(name);
        }
        let encoder = (kind.restore)(&config.encoder_config, features, fitted_values)
            .map_err(|error| file.field_error("tensors of the encoder", error))?;
        check_image(&config, encoder.width())?;
        let mut before = encoder.width();
        let mut forks = Forks::default();
        let mut layers = Vec::new();
        for step in &steps {
            let step = match step {
                Step::Nodes(step) => step,
                Step::Pool(step) => {
                    before = step.pool.windows().width();
                    continue;
                }
                Step::Mark(mark) => {
                    before = joined_width(&mut forks, *mark, before)?;
                    continue;
                }
            };
            let (index, kind, input_width) = (layers.len(), &step.kernel, step.input_width(before));
            let (width, fan_in, kernel) = (step.width, kind.kernel.fan_in(), &kind.kernel);
            let (source, weights) = match step.is_learned() {
                false => {
                    let name = format!("layers.{index}.wiring");
                    let columns = read(file, &name, &[width, fan_in], |shape| file.indices(&name, shape, input_width))?;
                    let (weights, rows) = rows(file, index, width, kernel.as_ref())?;
                    layers.push(Layer::fixed(kind, input_width, columns, rows)?);
                    (name, weights)
                }
                true => {
                    let name = format!("layers.{index}.choices");
                    let columns = step.candidates.unwrap_or(input_width).min(input_width);
                    let shape = [width * fan_in, columns];
                    let values = read(file, &name, &shape, |shape| file.floats(&name, shape))?;
                    let mut candidates = None;
                    if step.candidates.is_some() {
                        let name = format!("layers.{index}.candidates");
                        candidates = Some(read(file, &name, &shape, |shape| file.indices(&name, shape, input_width))?);
                        expected.push(name);
                    }
                    let choices = Choices { weights: values, candidates };
                    let (weights, rows) = rows(file, index, width, kernel.as_ref())?;
                    layers.push(Layer::learned(kind, width, input_width, choices, rows)?);
                    (name, weights)
                }
            };
            expected.extend([source, weights]);
            before = step.output_width();
        }
        if let Some(name) = file.names().into_iter().find(|name| !expected.contains(name)) {
            let problem = format!(
                "not part of the model that the configuration describes ({} layers: {:?}); expected only {}",
                config.layer_widths.len(),
                config.layer_widths,
                expected.join(", ")
            );
            return Err(file.field_error(&format!("tensor `{name}`"), problem).into());
        }
        let seed = config.seed;
        Ok(Self { config, steps, seed, fitted: Some(Fitted { encoder, layers }), record })
    }
}

/// Reads the numbers of a layer's nodes; gives the tensor's name beside them.
fn rows(
    file: &TensorFile,
    layer: usize,
    width: usize,
    kernel: &dyn NodeKernel,
) -> Result<(String, Vec<f32>), FileError> {
    let name = format!("layers.{layer}.weights");
    let rows = read(file, &name, &[width, kernel.parameters()], |shape| file.floats(&name, shape))?;
    for (node, row) in rows.chunks_exact(kernel.parameters()).enumerate() {
        let wrong = |problem| file.field_error(&format!("tensor `{name}`"), format!("node {node}: {problem}"));
        kernel.check(row).map_err(wrong)?;
    }
    Ok((name, rows))
}

/// Reads a tensor after comparing its shape with the configuration's, to name both.
fn read<T>(
    file: &TensorFile,
    name: &str,
    shape: &[usize],
    values: impl FnOnce(&[usize]) -> Result<T, FileError>,
) -> Result<T, FileError> {
    let found = file.shape(name)?;
    if found != shape {
        let problem = format!("has shape {found:?}, but the file's configuration describes {shape:?}");
        return Err(file.field_error(&format!("tensor `{name}`"), problem));
    }
    values(shape)
}

fn json(value: &impl serde::Serialize) -> Result<String, ModelError> {
    serde_json::to_string(value).map_err(|error| ModelError::Tensor(candle_core::Error::Msg(error.to_string())))
}
