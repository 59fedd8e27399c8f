//! A network with its weights: built from a configuration, trained in place, evaluated, saved,
//! loaded and binarized.
//!
//! Nothing here knows where samples come from, what an optimizer is, or of hardware.

mod build;
mod encoded;
mod error;
mod evaluate;
mod file;
mod head;
mod kinds;
mod layer;
mod pass;
mod record;
mod spatial;
mod steps;
mod training;

pub use encoded::EncodedSamples;
pub use error::ModelError;
pub use file::{MODEL_FORMAT, MODEL_VERSION};
pub use kinds::{MODELS, ModelKind};
pub use pass::{SampleLoss, StepLoss, TrainingPass};
pub use record::{Accuracies, TrainingRecord};
pub use training::TrainingStep;

use candle_core::{CpuStorage, InplaceOp1, Layout, Var};
use rayon::prelude::*;

use layer::Layer;
use steps::Step;

use crate::binarized::{BinarizedNetwork, LutLayer};
use crate::components::encoder::Encoder;
use crate::components::layer::{Pool, lut_layer, or_layers, parallel};
use crate::components::node::NodeKernel;
use crate::config::{ForkConfig, Forks, LayerConfig, Mark, ModelConfig};

/// Numbers of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterCount {
    /// Trained numbers and what the encoder was fitted to.
    pub total: usize,
    /// Trained numbers.
    pub trainable: usize,
}

/// A tensor that an optimizer changes.
#[derive(Clone, Debug)]
pub struct Trainable {
    /// Its name in a model file, such as `layers.0.weights`.
    pub name: String,
    /// The numbers, two-dimensional, float32.
    pub values: Var,
    /// Numbers of a row.
    pub row: usize,
    /// How many numbers at the front of a row are trained; the constants behind them have a
    /// gradient of zero.
    pub trained: usize,
}

/// A step with its weights.
enum Stage<'a> {
    Nodes(&'a Layer),
    Pool(&'a std::sync::Arc<Pool>),
    Mark(Mark),
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
    /// What runs, step by step.
    steps: Vec<Step>,
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

    /// The same with names and constants, in the same order.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`].
    pub fn trainable(&self) -> Result<Vec<Trainable>, ModelError> {
        let mut found = Vec::new();
        for (index, layer) in self.fitted()?.layers.iter().enumerate() {
            let kernel = &layer.kind.kernel;
            let row = kernel.parameters();
            found.push(Trainable {
                name: format!("layers.{index}.weights"),
                values: layer.weights.clone(),
                row,
                trained: row - kernel.constants(),
            });
            if let Some(choices) = layer.choices() {
                let (name, (_, row)) = (format!("layers.{index}.choices"), choices.dims2()?);
                found.push(Trainable { name, values: choices.clone(), row, trained: row });
            }
        }
        Ok(found)
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
        let mut topology: Vec<LayerTopology> =
            plan.layers.into_iter().map(|config| LayerTopology { config, input_width: 0, parameters: 0 }).collect();
        let mut layers = self.fitted()?.layers.iter();
        for step in &self.steps {
            let (plan, input_width, parameters) = match step {
                Step::Mark(_) => continue,
                Step::Pool(step) => (step.plan, step.pool.windows().input_width(), 0),
                Step::Nodes(step) => {
                    let Some(layer) = layers.next() else { continue };
                    let input_width = match &layer.kind.unroll {
                        Some(unroll) => unroll.input_width(),
                        None => layer.input_width(),
                    };
                    (step.plan, input_width, layer.parameters())
                }
            };
            let Some(entry) = topology.get_mut(plan) else { continue };
            // The first level of a convolution says what the whole reads.
            if entry.input_width == 0 {
                entry.input_width = input_width;
            }
            entry.parameters += parameters;
        }
        Ok(topology)
    }

    /// Which layers of the topology stand in branches.
    ///
    /// # Errors
    /// [`ModelError`] for a configuration that cannot be planned, which no model has.
    pub fn forks(&self) -> Result<Vec<ForkConfig>, ModelError> {
        Ok(kinds::plan(&self.config)?.forks)
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
        let steps = steps::steps(&config)?;
        if let Some(fitted) = &mut self.fitted {
            let nodes = steps.iter().filter_map(|step| match step {
                Step::Nodes(step) => Some(&step.kernel),
                Step::Pool(_) | Step::Mark(_) => None,
            });
            for (layer, kernel) in fitted.layers.iter_mut().zip(nodes) {
                layer.kind = kernel.clone();
            }
        }
        (self.config, self.steps) = (config, steps);
        Ok(())
    }

    /// Brings the weights back into their range after a step of the optimizer.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and candle's.
    pub fn constrain(&self) -> Result<(), ModelError> {
        for layer in &self.fitted()?.layers {
            layer.weights.inplace_op1(&Constrain(layer.kind.kernel.as_ref()))?;
        }
        Ok(())
    }

    /// The truth tables, wiring, thresholds and head: the network that becomes hardware.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and [`ModelError::Binarized`] for weights that make no network.
    pub fn binarize(&self) -> Result<BinarizedNetwork, ModelError> {
        let fitted = self.fitted()?;
        // The bits that a row reads, and its layers.
        let mut row: (usize, Vec<LutLayer>) = (fitted.encoder.width(), Vec::new());
        let end = |row: &(usize, Vec<LutLayer>)| row.1.last().map_or(row.0, LutLayer::width);
        let mut forks = Forks::default();
        for stage in self.stages()? {
            match stage {
                Stage::Nodes(layer) => {
                    let weights = weights_of(&layer.weights)?;
                    let kernel = &layer.kind.kernel;
                    let nodes = weights.chunks_exact(kernel.parameters());
                    let tables = nodes.map(|node| kernel.truth_table(node)).collect();
                    let wiring = layer.wiring()?;
                    row.1.push(lut_layer(tables, &wiring, layer.kind.unroll.as_deref()));
                }
                Stage::Pool(pool) => row.1.extend(or_layers(pool)),
                Stage::Mark(mark) => {
                    row = forks.pass(
                        mark,
                        row,
                        |row| (end(row), Vec::new()),
                        |mut read, ends| {
                            let branches = ends.into_iter().map(|(_, layers)| layers).collect();
                            read.1.extend(parallel(end(&read), branches));
                            Ok::<_, ModelError>(read)
                        },
                    )?;
                }
            }
        }
        let head = self.binarized_head();
        let input = self.config.input_format.ok_or(ModelError::NotFitted)?;
        let network = BinarizedNetwork::new(self.name(), input, fitted.encoder.binarize(), row.1, head)?;
        Ok(network.with_spatial(spatial::spatial(&self.config, &self.steps)?)?)
    }

    /// The steps with their weights.
    fn stages(&self) -> Result<Vec<Stage<'_>>, ModelError> {
        let mut layers = self.fitted()?.layers.iter();
        let stages = self.steps.iter().filter_map(|step| match step {
            Step::Nodes(_) => layers.next().map(Stage::Nodes),
            Step::Pool(step) => Some(Stage::Pool(&step.pool)),
            Step::Mark(mark) => Some(Stage::Mark(*mark)),
        });
        Ok(stages.collect())
    }

    fn fitted(&self) -> Result<&Fitted, ModelError> {
        self.fitted.as_ref().ok_or(ModelError::NotFitted)
    }
}

/// [`NodeKernel::constrain_nodes`] where the numbers are.
struct Constrain<'a>(&'a dyn NodeKernel);

impl InplaceOp1 for Constrain<'_> {
    fn name(&self) -> &'static str {
        "constrain"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        if let (CpuStorage::F32(numbers), Some((start, end))) = (storage, layout.contiguous_offsets()) {
            let nodes = numbers[start..end].par_chunks_mut(64 * self.0.parameters());
            nodes.for_each(|nodes| self.0.constrain_nodes(nodes));
        }
        Ok(())
    }
}

/// The values of a layer's weights, row-major.
fn weights_of(weights: &Var) -> Result<Vec<f32>, ModelError> {
    Ok(weights.as_tensor().flatten_all()?.to_vec1()?)
}

#[cfg(test)]
mod branch_tests;
#[cfg(test)]
mod convolution_tests;
#[cfg(test)]
mod random_configs;
#[cfg(test)]
mod tests;
