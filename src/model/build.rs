//! From a configuration and samples to a network with its first weights.

use std::sync::Arc;

use candle_core::{Device, Var};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::kinds::plan;
use super::{Fitted, Layer, Model, ModelError};
use crate::components::encoder::{Encoder, Samples};
use crate::components::layer::{LayerShape, Wiring};
use crate::components::node::{NodeKernel, NodeKind, NodeSpec};
use crate::components::registry;
use crate::config::{InputFormat, LayerConfig, ModelConfig, ParameterError};

impl Model {
    /// A model of the given configuration without weights; `seed` decides its wiring and its
    /// first weights (a configuration's own is `config.seed`).
    ///
    /// # Errors
    /// [`ModelError::Parameter`] for a parameter that is out of range or that the node type
    /// would ignore.
    pub fn build(config: ModelConfig, seed: u64) -> Result<Self, ModelError> {
        config.check()?;
        let kernels = kernels(&config)?;
        let config = ModelConfig { seed, ..config };
        Ok(Self { config, kernels, seed, fitted: None, record: None })
    }

    /// Fits the encoder to samples (row-major, `columns` features each), fills `input_size` and
    /// `input_format` of the configuration in, and draws wiring and first weights.
    ///
    /// # Errors
    /// [`ModelError`] for samples of another number of features than `input_size`, for values
    /// that are no finite numbers, and for fractional features without an `input_format`.
    pub fn fit_encoder(&mut self, values: &[f32], columns: usize) -> Result<(), ModelError> {
        if let Some(expected) = self.config.input_size.filter(|&expected| expected != columns) {
            return Err(ModelError::Features { found: columns, expected });
        }
        let samples = Samples::new(values, columns)?;
        let format = match self.config.input_format {
            Some(format) => format,
            None => whole_number_format(samples)?,
        };
        let config = ModelConfig { input_size: Some(columns), input_format: Some(format), ..self.config.clone() };
        config.check()?;
        let encoder =
            (registry::ENCODERS.get(config.encoder_config.name.name())?.fit)(&config.encoder_config, samples)?;
        let layers = self.draw_layers(encoder.as_ref())?;
        self.config = config;
        self.fitted = Some(Fitted { encoder, layers });
        self.record = None;
        Ok(())
    }

    /// Fits the encoder to several batches of samples together, in their order; the same as
    /// fitting it to all of them at once.
    ///
    /// # Errors
    /// As [`fit_encoder`](Self::fit_encoder).
    pub fn fit_encoder_to_batches<'a>(
        &mut self,
        batches: impl IntoIterator<Item = &'a [f32]>,
        columns: usize,
    ) -> Result<(), ModelError> {
        let values: Vec<f32> = batches.into_iter().flatten().copied().collect();
        self.fit_encoder(&values, columns)
    }

    /// Draws wiring and first weights, layer after layer from one generator; a layer with a seed
    /// of its own starts a new one.
    fn draw_layers(&self, encoder: &dyn Encoder) -> Result<Vec<Layer>, ModelError> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let plan = plan(&self.config)?;
        let last = plan.len().saturating_sub(1);
        let mut input_width = encoder.width();
        let mut layers = Vec::with_capacity(plan.len());
        for (index, (config, kernel)) in plan.iter().zip(&self.kernels).enumerate() {
            if let Some(seed) = config.seed {
                rng = ChaCha8Rng::seed_from_u64(seed);
            }
            let LayerConfig { width, node_input_dim: fan_in, .. } = *config;
            let wire = registry::LAYERS.get(config.layer_type.name())?.wire;
            let mut columns = wire(LayerShape { input_width, width, fan_in }, &mut rng);
            if index == last && self.config.use_randperm {
                // Which node adds to which class is the order of the nodes.
                let mut nodes: Vec<&[u32]> = columns.chunks_exact(fan_in).collect();
                nodes.shuffle(&mut rng);
                columns = nodes.concat();
            }
            let parameters = kernel.parameters();
            let mut weights = vec![0.0; width * parameters];
            weights.chunks_exact_mut(parameters).for_each(|node| kernel.init(&mut rng, node));
            layers.push(layer(kernel, input_width, columns, weights)?);
            input_width = width;
        }
        Ok(layers)
    }
}

/// The kernels of a checked configuration, one per layer.
pub(super) fn kernels(config: &ModelConfig) -> Result<Vec<Arc<dyn NodeKernel>>, ModelError> {
    let plan = plan(config)?;
    let mut kinds = Vec::with_capacity(plan.len());
    for layer in &plan {
        kinds.push(registry::NODES.get(layer.node_type.name())?);
    }
    // A parameter without effect is a misunderstanding that would otherwise stay unseen. The
    // model's own must be read by some layer, a layer's own by that layer.
    let unread = |kinds: &[&'static NodeKind], keys: Vec<&'static str>, place: &str| {
        let read = |key: &&str| {
            ["output_tau", "use_cuda"].contains(key) || kinds.iter().any(|kind| kind.runtime_keys.contains(key))
        };
        let Some(key) = keys.into_iter().find(|key| !read(key)) else { return Ok(()) };
        let mut readers: Vec<String> = Vec::new();
        for kind in kinds {
            let reads = kind.runtime_keys.join(", ");
            let reads = format!("node_type {} reads only output_tau, {reads}", kind.name);
            if !readers.contains(&reads) {
                readers.push(reads);
            }
        }
        let allowed = format!("{}; remove it", readers.join("; "));
        Err(ModelError::Parameter(ParameterError::new(format!("{place}.{key}"), "set", allowed)))
    };
    unread(&kinds, config.runtime.keys(), "runtime")?;
    for (index, (layer, kind)) in config.layers.iter().zip(&kinds).enumerate() {
        unread(&[*kind], layer.runtime.keys(), &format!("layers[{index}].node_params"))?;
    }
    let kernel = |(layer, kind): (&LayerConfig, &&'static NodeKind)| {
        Ok((kind.build)(NodeSpec { fan_in: layer.node_input_dim, runtime: &layer.runtime })?.into())
    };
    plan.iter().zip(&kinds).map(kernel).collect()
}

/// A layer of checked wiring and weights.
pub(super) fn layer(
    kernel: &Arc<dyn NodeKernel>,
    input_width: usize,
    columns: Vec<u32>,
    weights: Vec<f32>,
) -> Result<Layer, ModelError> {
    let wiring = Wiring::new(input_width, kernel.fan_in(), columns)
        .ok_or_else(|| candle_core::Error::Msg("a wiring names a column that does not exist".into()))?;
    let shape = (wiring.width(), weights.len() / wiring.width().max(1));
    let weights = Var::from_vec(weights, shape, &Device::Cpu)?;
    Ok(Layer { kernel: kernel.clone(), wiring: Arc::new(wiring), weights })
}

/// The narrowest integers that hold every value.
fn whole_number_format(samples: Samples<'_>) -> Result<InputFormat, ModelError> {
    let largest = samples.values.iter().fold(0.0f32, |a, x| a.max(x.abs()));
    let signed = samples.values.iter().any(|&x| x < 0.0);
    // Float32 holds every integer up to 2^24; wider codes would not all be features.
    let fraction = samples.values.iter().position(|x| x.fract() != 0.0 || x.abs() > 16_777_216.0);
    if let Some(at) = fraction {
        let steps = if signed { 2047.0 } else { 4095.0 };
        return Err(ModelError::NoInputFormat {
            row: at / samples.columns,
            column: at % samples.columns,
            value: samples.values[at],
            signed,
            scale: f64::from(largest) / steps,
        });
    }
    let fits = |format: &InputFormat| {
        samples.values.iter().all(|&x| (x as i64) >= format.min_code() && (x as i64) <= format.max_code())
    };
    let mut format = InputFormat { bits: 1, signed, scale: 1.0, offset: 0.0 };
    while !fits(&format) {
        format.bits += 1;
    }
    Ok(format)
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;
    use super::*;
    use crate::config::NodeType;

    fn format(values: &[f32]) -> InputFormat {
        whole_number_format(Samples::new(values, 1).unwrap()).unwrap()
    }

    #[test]
    fn whole_numbers_get_the_narrowest_format() {
        assert_eq!(format(&[0.0, 16.0]), InputFormat::unsigned(5));
        assert_eq!(format(&[0.0, 15.0]), InputFormat::unsigned(4));
        assert_eq!(format(&[0.0]), InputFormat::unsigned(1));
        let signed = format(&[-8.0, 7.0]);
        assert!(signed.signed && signed.bits == 4);
    }

    #[test]
    fn fractions_need_a_format_and_get_a_proposal() {
        let mut model = Model::build(config(NodeType::Dwn), 1).unwrap();
        let message = model.fit_encoder(&[0.0, 1.0, 0.5, 2.0, 1.0, 1.0], 3).unwrap_err().to_string();
        assert!(message.starts_with("feature 2 of sample 0 is 0.5, not a whole number"), "{message}");
        assert!(message.contains("`input_format: {bits: 12, signed: false, scale: 4.884004884004884e-4, offset: 0}`"));
    }

    #[test]
    fn parameters_that_the_node_type_ignores_are_refused() {
        let mut config = config(NodeType::Dwn);
        config.runtime.temperature = Some(2.0);
        let message = Model::build(config, 1).unwrap_err().to_string();
        assert!(message.starts_with("runtime.temperature is set; node_type dwn reads only output_tau, alpha"));
    }

    #[test]
    fn samples_of_another_width_are_refused() {
        let mut config = config(NodeType::Dwn);
        config.input_size = Some(4);
        let message = Model::build(config, 1).unwrap().fit_encoder(&[0.0; 6], 3).unwrap_err().to_string();
        assert_eq!(message, "the data have 3 features, the model needs 4");
    }
}
