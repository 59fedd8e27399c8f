//! A network with its weights: built from a configuration, trained in place, evaluated, saved,
//! loaded and binarized.
//!
//! Nothing here knows where samples come from, what an optimizer is, or of hardware.

mod build;
mod encoded;
mod error;
mod evaluate;
mod file;
mod kinds;
mod layer;
mod record;
mod training;

pub use encoded::EncodedSamples;
pub use error::ModelError;
pub use file::{MODEL_FORMAT, MODEL_VERSION};
pub use kinds::{MODELS, ModelKind};
pub use record::{Accuracies, TrainingRecord};
pub use training::TrainingStep;

use candle_core::{Device, Tensor, Var};

use layer::{Layer, LayerKernel};

use crate::binarized::{BinarizedNetwork, Head, LutLayer};
use crate::components::encoder::Encoder;
use crate::components::head::group_sum;
use crate::components::ops::LutLayerOp;
use crate::config::{LayerConfig, ModelConfig};

/// Numbers of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterCount {
    /// Trained numbers and what the encoder was fitted to.
    pub total: usize,
    /// Trained numbers.
    pub trainable: usize,
}

/// One layer as it was built.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTopology {
    /// Its choices.
    pub config: LayerConfig,
    /// Bits that it reads.
    pub input_width: usize,
    /// Trained numbers.
    pub parameters: usize,
}

/// What a fitted encoder fixes: the sizes of everything behind it.
#[derive(Debug)]
struct Fitted {
    encoder: Box<dyn Encoder>,
    layers: Vec<Layer>,
}

/// A network with its weights.
///
/// A new model has a configuration only. Fitting the encoder fixes the number of encoded bits
/// and with it the wiring of the first layer; from then on the model can be used.
#[derive(Debug)]
pub struct Model {
    config: ModelConfig,
    /// What every layer is.
    kernels: Vec<LayerKernel>,
    seed: u64,
    fitted: Option<Fitted>,
    record: Option<TrainingRecord>,
}

impl Model {
    /// The configuration, with `input_size` and `input_format` filled in once the encoder is
    /// fitted.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// How the model was trained, if it was.
    pub fn record(&self) -> Option<&TrainingRecord> {
        self.record.as_ref()
    }

    /// Sets the record of the training.
    pub fn set_record(&mut self, record: TrainingRecord) {
        self.record = Some(record);
    }

    /// The name: `pretrained_name`, else the name of the data set, else `model`.
    pub fn name(&self) -> &str {
        let name = self.config.pretrained_name.as_deref().or(self.config.dataset.as_deref());
        name.filter(|name| !name.is_empty()).unwrap_or("model")
    }

    /// Number of features of a sample.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`].
    pub fn features(&self) -> Result<usize, ModelError> {
        Ok(self.fitted()?.encoder.features())
    }

    /// What an optimizer trains: of every layer the rows of its nodes, `(width, numbers of a
    /// node)`, whose constants have a gradient of zero, and behind them the choices of a
    /// learnable layer, `(width * node_input_dim, columns)`.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`].
    pub fn weights(&self) -> Result<Vec<Var>, ModelError> {
        let layers = self.fitted()?.layers.iter();
        Ok(layers.flat_map(|layer| std::iter::once(&layer.weights).chain(layer.choices())).cloned().collect())
    }

    /// Number of trained parameters.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`].
    pub fn parameters(&self) -> Result<usize, ModelError> {
        Ok(self.fitted()?.layers.iter().map(Layer::parameters).sum())
    }

    /// Numbers of parameters, trained and all.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`].
    pub fn count_parameters(&self) -> Result<ParameterCount, ModelError> {
        let trainable = self.parameters()?;
        let fitted: usize = self.fitted()?.encoder.fitted().iter().map(|values| values.len()).sum();
        Ok(ParameterCount { total: trainable + fitted, trainable })
    }

    /// Every layer, first layer first.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`].
    pub fn layer_topology(&self) -> Result<Vec<LayerTopology>, ModelError> {
        let plan = kinds::plan(&self.config)?;
        let layers = plan.into_iter().zip(&self.fitted()?.layers);
        layers
            .map(|(config, layer)| {
                Ok(LayerTopology { input_width: layer.input_width()?, parameters: layer.parameters(), config })
            })
            .collect()
    }

    /// Sets the name under which the model is published.
    pub fn publish_as(&mut self, name: &str) {
        self.config.pretrained = true;
        self.config.pretrained_name = Some(name.to_owned());
    }

    /// Sets runtime parameters of a model that may have weights.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] for structural parameters, for unknown ones and for those that no
    /// node of the model reads; nothing is changed then.
    pub fn apply_runtime_overrides(&mut self, overrides: &[(String, serde_json::Value)]) -> Result<(), ModelError> {
        let mut config = self.config.clone();
        config.override_runtime(overrides)?;
        config.check()?;
        let kernels = build::kernels(&config)?;
        if let Some(fitted) = &mut self.fitted {
            for (layer, kernel) in fitted.layers.iter_mut().zip(&kernels) {
                layer.kind = kernel.clone();
            }
        }
        (self.config, self.kernels) = (config, kernels);
        Ok(())
    }

    /// Scores `(batch, classes)` of the training relaxation for encoded bits `(columns, batch)`
    /// of 0 and 1: without noise, and with the columns that learnable layers choose.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and candle's for a tensor of another shape.
    pub fn forward(&self, encoded: &Tensor) -> Result<Tensor, ModelError> {
        let mut activations = encoded.clone();
        for (index, layer) in self.fitted()?.layers.iter().enumerate() {
            let op =
                LutLayerOp { kernel: layer.kind.kernel.clone(), wiring: layer.wiring()?, input_gradient: index > 0 };
            activations = activations.apply_op2(layer.weights.as_tensor(), op)?;
        }
        Ok(group_sum(&activations, self.config.num_classes, f64::from(self.config.tau()))?)
    }

    /// Brings the weights back into their range after a step of the optimizer.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and candle's.
    pub fn constrain(&self) -> Result<(), ModelError> {
        for layer in &self.fitted()?.layers {
            let mut weights = weights_of(&layer.weights)?;
            let before = weights.clone();
            let kernel = &layer.kind.kernel;
            weights.chunks_exact_mut(kernel.parameters()).for_each(|node| kernel.constrain(node));
            if weights != before {
                layer.weights.set(&Tensor::from_vec(weights, layer.weights.shape(), &Device::Cpu)?)?;
            }
        }
        Ok(())
    }

    /// The truth tables, wiring, thresholds and head: the network that becomes hardware.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and [`ModelError::Binarized`] for weights that make no network.
    pub fn binarize(&self) -> Result<BinarizedNetwork, ModelError> {
        let fitted = self.fitted()?;
        let layers = fitted.layers.iter().map(|layer| {
            let weights = weights_of(&layer.weights)?;
            let kernel = &layer.kind.kernel;
            let nodes = weights.chunks_exact(kernel.parameters());
            let tables = nodes.map(|node| kernel.truth_table(node)).collect();
            let wiring = layer.wiring()?;
            Ok(LutLayer {
                input_width: wiring.input_width(),
                fan_in: wiring.fan_in(),
                wiring: wiring.columns().to_vec(),
                tables,
            })
        });
        let layers = layers.collect::<Result<Vec<_>, ModelError>>()?;
        let head = Head::GroupSum { classes: self.config.num_classes as u32, tau: self.config.tau() };
        let input = self.config.input_format.ok_or(ModelError::NotFitted)?;
        Ok(BinarizedNetwork::new(self.name(), input, fitted.encoder.binarize(), layers, head)?)
    }

    fn fitted(&self) -> Result<&Fitted, ModelError> {
        self.fitted.as_ref().ok_or(ModelError::NotFitted)
    }
}

/// The values of a layer's weights, row-major.
fn weights_of(weights: &Var) -> Result<Vec<f32>, ModelError> {
    Ok(weights.as_tensor().flatten_all()?.to_vec1()?)
}

#[cfg(test)]
mod random_configs;
#[cfg(test)]
mod tests;
