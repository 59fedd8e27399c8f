//! From a configuration and samples to a network with its first weights.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::layer::Layer;
use super::steps::{NodeStep, Step, Wired, steps};
use super::{Fitted, Model, ModelError};
use crate::components::encoder::{Encoder, Samples};
use crate::components::initializer::Initializer;
use crate::components::layer::{Choices, Draw, LayerShape, wire_grouped};
use crate::components::node::NodeKernel;
use crate::components::registry;
use crate::config::{Forks, InputFormat, MAX_TABLE_ENTRIES, Mark, ModelConfig, ParameterError};

impl Model {
    /// A model of the given configuration without weights; `seed` decides its wiring and its
    /// first weights (a configuration's own is `config.seed`).
    ///
    /// # Errors
    /// [`ModelError::Parameter`] for a parameter that is out of range or that the node type
    /// would ignore.
    pub fn build(config: ModelConfig, seed: u64) -> Result<Self, ModelError> {
        config.check()?;
        let steps = steps(&config)?;
        let config = ModelConfig { seed, ..config };
        Ok(Self { config, steps, seed, fitted: None, record: None })
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
        check_image(&config, encoder.width())?;
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
        let last = self.config.layer_widths.len().saturating_sub(1);
        let mut before = encoder.width();
        let mut forks = Forks::default();
        let mut layers = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let step = match step {
                Step::Nodes(step) => step.as_ref(),
                Step::Pool(step) => {
                    before = step.pool.windows().width();
                    continue;
                }
                Step::Mark(mark) => {
                    before = joined_width(&mut forks, *mark, before)?;
                    continue;
                }
            };
            if let Some(seed) = step.seed {
                rng = ChaCha8Rng::seed_from_u64(seed);
            }
            let NodeStep { kernel, kind, width, .. } = step;
            let fan_in = kernel.kernel.fan_in();
            let shape = LayerShape { input_width: step.input_width(before), width: *width, fan_in };
            let source = match (step.wiring, kind.draw) {
                (Wired::InOrder, _) => Drawn::Fixed((0..(width * fan_in) as u32).collect()),
                (Wired::Grouped { channels, area }, _) => {
                    Drawn::Fixed(wire_grouped(channels, area, *width, fan_in, &mut rng))
                }
                (Wired::Drawn, Draw::Fixed(draw)) => {
                    let mut columns = draw(shape, &mut rng);
                    if step.plan == last && self.config.use_randperm {
                        // Which node adds to which class is the order of the nodes.
                        let mut nodes: Vec<&[u32]> = columns.chunks_exact(fan_in).collect();
                        nodes.shuffle(&mut rng);
                        columns = nodes.concat();
                    }
                    Drawn::Fixed(columns)
                }
                // The nodes of a learnable layer are all alike before training: their order is
                // random already.
                (Wired::Drawn, Draw::Learned(draw)) => {
                    check_choices(step.plan, shape, step.candidates)?;
                    let selection = kernel.runtime.selection.unwrap_or_default();
                    Drawn::Learned(draw(shape, step.candidates, selection, &mut rng))
                }
            };
            let initializer = Initializer::new(&kernel.runtime, step.init.clone(), fan_in)?;
            let node: &dyn NodeKernel = kernel.kernel.as_ref();
            let mut weights = vec![0.0; width * node.parameters()];
            weights.chunks_exact_mut(node.parameters()).for_each(|row| initializer.fill(node, &mut rng, row));
            layers.push(match source {
                Drawn::Fixed(columns) => Layer::fixed(kernel, shape.input_width, columns, weights)?,
                Drawn::Learned(choices) => Layer::learned(kernel, *width, shape.input_width, choices, weights)?,
            });
            before = step.output_width();
        }
        Ok(layers)
    }
}

/// The columns behind a mark when there are `before` in front of it.
pub(super) fn joined_width(forks: &mut Forks<usize>, mark: Mark, before: usize) -> Result<usize, ModelError> {
    forks.pass(mark, before, |width| *width, |_, ends| Ok(ends.into_iter().sum()))
}

/// What a layer kind has drawn.
enum Drawn {
    Fixed(Vec<u32>),
    Learned(Choices),
}

/// Layers over images need `num_bits` columns per feature, which another crate's encoder may not
/// give.
pub(super) fn check_image(config: &ModelConfig, columns: usize) -> Result<(), ModelError> {
    let Some(shape) = config.input_shape else { return Ok(()) };
    let expected = shape.iter().product::<usize>() * config.encoder_config.num_bits();
    if columns == expected {
        return Ok(());
    }
    let allowed = format!("an image of {shape:?} with num_bits of every feature has {expected}");
    Err(ModelError::Parameter(ParameterError::new("the number of the encoder's columns", columns, allowed)))
}

fn check_choices(layer: usize, shape: LayerShape, candidates: Option<usize>) -> Result<(), ModelError> {
    let columns = candidates.unwrap_or(shape.input_width).min(shape.input_width);
    let choices = shape.width as u64 * shape.fan_in as u64 * columns as u64;
    if choices <= MAX_TABLE_ENTRIES {
        return Ok(());
    }
    Err(ModelError::Parameter(ParameterError::new(
        format!("the number of choices of layer {layer} (width times node_input_dim times columns)"),
        choices,
        format!(
            "at most {MAX_TABLE_ENTRIES} can be trained; set node_params.candidates, reduce layer_widths or use random"
        ),
    )))
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
