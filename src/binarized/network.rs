//! The whole network and its reference inference.

use crate::config::{InputFormat, InputFormatError};

use super::{Encoder, Head, LutLayer, Spatial};

/// A network of lookup tables without floats behind its encoder.
///
/// Invariant: a value of this type passed [`BinarizedNetwork::new`], so every index in it is in
/// range and [`predict`](Self::predict) cannot fail on features of the right number.
#[derive(Clone, Debug, PartialEq)]
pub struct BinarizedNetwork {
    name: String,
    input: InputFormat,
    encoder: Encoder,
    layers: Vec<LutLayer>,
    head: Head,
    spatial: Option<Spatial>,
}

/// A description that is not a network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BinarizedError {
    /// A part that must have elements has none.
    #[error("{0}")]
    Empty(&'static str),
    /// The input format is out of range.
    #[error(transparent)]
    Input(#[from] InputFormatError),
    /// An encoded bit reads a feature that does not exist.
    #[error("encoder column {column} reads feature {feature}; allowed are 0 to {}", features - 1)]
    Feature {
        /// The encoded column.
        column: usize,
        /// What it reads.
        feature: u32,
        /// How many features there are.
        features: usize,
    },
    /// The toggles of an encoded bit are not ascending numbers.
    #[error("encoder column {column}: its toggles must be strictly ascending and not NaN")]
    Toggles {
        /// The encoded column.
        column: usize,
    },
    /// A layer states another input width than the one before it provides.
    #[error("layer {layer} reads {stated} bits, but the part before it has {found}")]
    LayerInput {
        /// The layer, counted from 0.
        layer: usize,
        /// The width that it states.
        stated: usize,
        /// The width that it gets.
        found: usize,
    },
    /// A fan-in that truth tables cannot have.
    #[error("layer {layer} has nodes of {fan_in} inputs; allowed are 1 to 16")]
    FanIn {
        /// The layer, counted from 0.
        layer: usize,
        /// Its fan-in.
        fan_in: usize,
    },
    /// Too few or too many wiring entries.
    #[error("layer {layer} has {found} wiring entries; its nodes need {expected}")]
    WiringSize {
        /// The layer, counted from 0.
        layer: usize,
        /// Entries found.
        found: usize,
        /// Entries needed.
        expected: usize,
    },
    /// A pin is wired to a column that does not exist.
    #[error("layer {layer}, node {node}, input {pin} is wired to column {column}; allowed are 0 to {}", input_width - 1)]
    Wiring {
        /// The layer, counted from 0.
        layer: usize,
        /// The node in the layer.
        node: usize,
        /// The input of the node.
        pin: usize,
        /// The column that it names.
        column: u32,
        /// The width of the layer's input.
        input_width: usize,
    },
    /// A truth table of the wrong size.
    #[error("layer {layer}, node {node} has a table of {found} inputs; the layer's fan-in is {expected}")]
    Table {
        /// The layer, counted from 0.
        layer: usize,
        /// The node in the layer.
        node: usize,
        /// Inputs of its table.
        found: usize,
        /// Fan-in of the layer.
        expected: usize,
    },
    /// A group sum temperature that is not a positive number.
    #[error("head: tau is {0}; it must be finite and above zero")]
    Tau(f32),
    /// A description of layers over images that does not fit the layers.
    #[error("the description of layers over images, step {step}: {problem}")]
    Spatial {
        /// The step, counted from 0.
        step: usize,
        /// What does not fit.
        problem: String,
    },
    /// More wires than 32-bit indices can name.
    #[error("the network has {0} wires; at most 2^31 are supported")]
    TooLarge(u64),
}

/// Everything that inference computes for one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The encoded bits.
    pub encoded: Vec<bool>,
    /// The output bits of every layer.
    pub layers: Vec<Vec<bool>>,
    /// The integer score of every class; empty for plain bits.
    pub scores: Vec<u32>,
    /// The class; `None` for plain bits.
    pub class: Option<usize>,
}

impl Outcome {
    /// The bits of the last layer, or the encoded bits of a network without layers.
    pub fn bits(&self) -> &[bool] {
        self.layers.last().unwrap_or(&self.encoded)
    }
}

impl BinarizedNetwork {
    /// Checks every index, shape and number and makes the network.
    ///
    /// `name` is free text; targets turn it into an identifier of their language.
    ///
    /// # Errors
    /// [`BinarizedError`], the first thing that is wrong.
    pub fn new(
        name: impl Into<String>,
        input: InputFormat,
        encoder: Encoder,
        layers: Vec<LutLayer>,
        head: Head,
    ) -> Result<Self, BinarizedError> {
        input.check()?;
        encoder.check()?;
        let mut width = encoder.width();
        let mut wires = encoder.width() as u64 + encoder.features as u64;
        for (index, layer) in layers.iter().enumerate() {
            layer.check(index, width)?;
            width = layer.width();
            wires += width as u64;
        }
        if wires > 1 << 31 {
            return Err(BinarizedError::TooLarge(wires));
        }
        head.check()?;
        Ok(Self { name: name.into(), input, encoder, layers, head, spatial: None })
    }

    /// The network with a description of its layers over images, which changes nothing of what it
    /// computes.
    ///
    /// # Errors
    /// [`BinarizedError::Spatial`] when the sizes do not fit the layers.
    pub fn with_spatial(mut self, spatial: Option<Spatial>) -> Result<Self, BinarizedError> {
        spatial.iter().try_for_each(|spatial| self.check_spatial(spatial))?;
        self.spatial = spatial.filter(|spatial| !spatial.steps.is_empty());
        Ok(self)
    }

    /// Whether a description of layers over images fits the layers in its sizes.
    ///
    /// # Errors
    /// [`BinarizedError::Spatial`] when it does not.
    pub fn check_spatial(&self, spatial: &Spatial) -> Result<(), BinarizedError> {
        spatial.check(self.encoder.width(), &self.layers)
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The integers that the hardware receives.
    pub fn input(&self) -> &InputFormat {
        &self.input
    }

    /// The encoder.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[LutLayer] {
        &self.layers
    }

    /// The head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What is known of its layers over images.
    pub fn spatial(&self) -> Option<&Spatial> {
        self.spatial.as_ref()
    }

    /// Number of input features.
    pub fn features(&self) -> usize {
        self.encoder.features
    }

    /// Width of the last layer (or of the encoder when there is no layer).
    pub fn output_width(&self) -> usize {
        self.layers.last().map_or(self.encoder.width(), LutLayer::width)
    }

    /// Number of lookup tables.
    pub fn nodes(&self) -> usize {
        self.layers.iter().map(LutLayer::width).sum()
    }

    /// Inference on float features, `features()` of them, as the trained model sees them.
    pub fn predict(&self, features: &[f32]) -> Outcome {
        self.run(self.encoder.encode(features))
    }

    /// Inference on integer codes, `features()` of them, as the hardware sees them: the
    /// reference that every artefact is compared with.
    pub fn predict_codes(&self, codes: &[i64]) -> Outcome {
        let values: Vec<f32> = codes.iter().map(|&code| self.input.value(code)).collect();
        self.predict(&values)
    }

    fn run(&self, encoded: Vec<bool>) -> Outcome {
        let mut layers: Vec<Vec<bool>> = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let bits = layer.forward(layers.last().unwrap_or(&encoded));
            layers.push(bits);
        }
        let scores = self.head.scores(layers.last().unwrap_or(&encoded));
        let class = Head::class(&scores);
        Outcome { encoded, layers, scores, class }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::TruthTable;

    fn xor_network() -> Result<BinarizedNetwork, BinarizedError> {
        let layer = LutLayer {
            input_width: 2,
            fan_in: 2,
            wiring: vec![0, 1, 1, 0],
            tables: vec![TruthTable::from_words(2, vec![0b0110]), TruthTable::from_words(2, vec![0b1000])],
        };
        let encoder = Encoder::from_thresholds(2, &[0.5, 1.5]);
        BinarizedNetwork::new(
            "xor",
            InputFormat::unsigned(2),
            encoder,
            vec![layer],
            Head::GroupSum { classes: 2, tau: 1.0 },
        )
    }

    #[test]
    fn inference_follows_thresholds_tables_and_ties() {
        let network = xor_network().unwrap();
        let outcome = network.predict_codes(&[1, 1]);
        assert_eq!(outcome.encoded, [true, false]);
        assert_eq!(outcome.layers, [[true, false]]);
        assert_eq!((outcome.scores, outcome.class), (vec![1, 0], Some(0)));
        assert_eq!(network.predict_codes(&[1, 2]).class, Some(1));
        assert_eq!(network.predict_codes(&[0, 0]).class, Some(0), "a tie goes to the lowest class");
    }

    #[test]
    fn wiring_out_of_range_is_refused_with_its_place() {
        let good = xor_network().unwrap();
        let mut layer = good.layers()[0].clone();
        layer.wiring[3] = 2;
        let error =
            BinarizedNetwork::new("x", *good.input(), good.encoder().clone(), vec![layer], *good.head()).unwrap_err();
        assert_eq!(error.to_string(), "layer 0, node 1, input 1 is wired to column 2; allowed are 0 to 1");
    }
}
