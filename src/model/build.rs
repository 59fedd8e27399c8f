//! From a configuration and samples to a network with its first weights.

use std::sync::Arc;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::kinds::plan;
use super::layer::{Layer, LayerKernel};
use super::{Fitted, Model, ModelError};
use crate::components::encoder::{Encoder, Samples};
use crate::components::initializer::Initializer;
use crate::components::layer::{Draw, LayerKind, LayerShape};
use crate::components::node::{NodeKernel, NodeKind, NodeSpec};
use crate::components::registry;
use crate::config::{InputFormat, LayerConfig, MAX_TABLE_ENTRIES, ModelConfig, ParameterError};

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
            let kind = registry::LAYERS.get(config.layer_type.name())?;
            let shape = LayerShape { input_width, width, fan_in };
            let source = match kind.draw {
                Draw::Fixed(draw) => {
                    let mut columns = draw(shape, &mut rng);
                    if index == last && self.config.use_randperm {
                        // Which node adds to which class is the order of the nodes.
                        let mut nodes: Vec<&[u32]> = columns.chunks_exact(fan_in).collect();
                        nodes.shuffle(&mut rng);
                        columns = nodes.concat();
                    }
                    Drawn::Fixed(columns)
                }
                // The nodes of a learnable layer are all alike before training: their order is
                // random already.
                Draw::Learned(draw) => {
                    check_choices(index, shape)?;
                    Drawn::Learned(draw(shape, &mut rng))
                }
            };
            let initializer = Initializer::new(&config.runtime, kind.init, fan_in)?;
            let node: &dyn NodeKernel = kernel.kernel.as_ref();
            let mut weights = vec![0.0; width * node.parameters()];
            weights.chunks_exact_mut(node.parameters()).for_each(|row| initializer.fill(node, &mut rng, row));
            layers.push(match source {
                Drawn::Fixed(columns) => Layer::fixed(kernel, input_width, columns, weights)?,
                Drawn::Learned(choices) => Layer::learned(kernel, input_width, choices, weights)?,
            });
            input_width = width;
        }
        Ok(layers)
    }
}

/// What a layer kind has drawn.
enum Drawn {
    Fixed(Vec<u32>),
    Learned(Vec<f32>),
}

fn check_choices(layer: usize, shape: LayerShape) -> Result<(), ModelError> {
    let choices = shape.width as u64 * shape.fan_in as u64 * shape.input_width as u64;
    if choices <= MAX_TABLE_ENTRIES {
        return Ok(());
    }
    Err(ModelError::Parameter(ParameterError::new(
        format!("the number of choices of layer {layer} (width times node_input_dim times columns)"),
        choices,
        format!("at most {MAX_TABLE_ENTRIES} can be trained; reduce layer_widths or use random"),
    )))
}

/// The node family and the layer kind of one layer.
type Kinds = (&'static NodeKind, &'static LayerKind);

/// What every layer of a checked configuration is.
pub(super) fn kernels(config: &ModelConfig) -> Result<Vec<LayerKernel>, ModelError> {
    let plan = plan(config)?;
    let mut kinds: Vec<Kinds> = Vec::with_capacity(plan.len());
    for layer in &plan {
        kinds.push((registry::NODES.get(layer.node_type.name())?, registry::LAYERS.get(layer.layer_type.name())?));
    }
    // A parameter without effect is a misunderstanding that would otherwise stay unseen. The
    // model's own must be read by some layer, a layer's own by that layer.
    check_read(&kinds, "runtime", config.runtime.keys(), "runtime")?;
    check_read(&kinds, "node_params", config.node_params.keys(), "node_params")?;
    for (index, (layer, kinds)) in config.layers.iter().zip(&kinds).enumerate() {
        // The per-layer dialect writes both into one section.
        let place = format!("layers[{index}].node_params");
        check_read(std::slice::from_ref(kinds), "runtime", layer.runtime.keys(), &place)?;
        check_read(std::slice::from_ref(kinds), "node_params", layer.node_params.keys(), &place)?;
    }
    let mut kernels = Vec::with_capacity(plan.len());
    let mut numbers = 0u64;
    for (layer, (node, kind)) in plan.into_iter().zip(kinds) {
        Initializer::new(&layer.runtime, kind.init, layer.node_input_dim)?;
        let spec = NodeSpec { fan_in: layer.node_input_dim, params: &layer.node_params, runtime: &layer.runtime };
        let kernel: Arc<dyn NodeKernel> = (node.build)(spec)?.into();
        numbers += layer.width as u64 * kernel.parameters() as u64;
        kernels.push(LayerKernel { kernel, runtime: layer.runtime });
    }
    if numbers > MAX_TABLE_ENTRIES {
        return Err(ModelError::Parameter(ParameterError::new(
            "the number of trained numbers (sum of layer_widths times the numbers of a node)",
            numbers,
            format!("at most {MAX_TABLE_ENTRIES} can be trained; reduce node_params, node_input_dim or layer_widths"),
        )));
    }
    Ok(kernels)
}

/// An error for the first key that none of the layers reads.
fn check_read(kinds: &[Kinds], section: &str, keys: Vec<&'static str>, place: &str) -> Result<(), ModelError> {
    let common = |key: &str| section == "runtime" && registry::COMMON_PARAMETERS.iter().any(|p| p.key == key);
    let own = |(node, layer): &Kinds| {
        let parameters = node.parameters.iter().chain(layer.parameters);
        parameters.filter(|p| p.section == section).map(|p| p.key).collect::<Vec<_>>()
    };
    let read = |key: &&str| common(key) || kinds.iter().any(|kinds| own(kinds).contains(key));
    let Some(key) = keys.into_iter().find(|key| !read(key)) else { return Ok(()) };
    let mut readers: Vec<String> = Vec::new();
    for kinds in kinds {
        let who = format!("node_type {} with layer_type {}", kinds.0.node_type.name(), kinds.1.layer_type.name());
        let reads = match own(kinds).as_slice() {
            [] => format!("{who} reads no such parameter"),
            reads => format!("{who} reads here only {} and what every model reads", reads.join(", ")),
        };
        if !readers.contains(&reads) {
            readers.push(reads);
        }
    }
    let allowed = format!("{}; remove it", readers.join("; "));
    Err(ModelError::Parameter(ParameterError::new(format!("{place}.{key}"), "set", allowed)))
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
        let expected = "runtime.temperature is set; node_type dwn with layer_type random reads here only alpha, beta and \
                        what every model reads; remove it";
        assert_eq!(message, expected);
        let mut config = super::super::tests::config(NodeType::Hybrid);
        config.node_params.degree = Some(2);
        let message = Model::build(config, 1).unwrap_err().to_string();
        let expected = "node_params.degree is set; node_type hybrid with layer_type random reads no such parameter; \
                        remove it";
        assert_eq!(message, expected);
    }

    #[test]
    fn nodes_and_choices_that_fill_the_memory_are_refused() {
        let mut large = config(NodeType::Neurallut);
        large.layer_widths = vec![2000];
        large.node_params = serde_yaml::from_str("{hidden_width: 256, depth: 16}").unwrap();
        let message = Model::build(large, 1).unwrap_err().to_string();
        assert!(message.starts_with("the number of trained numbers"), "{message}");
        assert!(message.contains("at most 134217728 can be trained"), "{message}");
        let mut wide = config(NodeType::Difflogic);
        wide.layer_type = crate::config::LayerType::Learnable;
        wide.layer_widths = vec![40_000, 40_000];
        let message = Model::build(wide, 1).unwrap().fit_encoder(&[0.0, 1.0], 1).unwrap_err().to_string();
        assert!(message.starts_with("the number of choices of layer 1 "), "{message}");
    }

    #[test]
    fn samples_of_another_width_are_refused() {
        let mut config = config(NodeType::Dwn);
        config.input_size = Some(4);
        let message = Model::build(config, 1).unwrap().fit_encoder(&[0.0; 6], 3).unwrap_err().to_string();
        assert_eq!(message, "the data have 3 features, the model needs 4");
    }
}
