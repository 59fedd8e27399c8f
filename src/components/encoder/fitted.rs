//! What the eight encoders share: fitting feature by feature, and a fitted state that is an
//! [`Encoding`].

use super::{Encoder, FittedTensor, Samples};
use crate::binarized;
use crate::binarized::encodings::{Encoding, EncodingError};
use crate::components::ComponentError;
use crate::config::EncoderConfig;

/// One of the eight encoders as a formula.
pub(super) struct Formula {
    /// Name of every fitted array, and how many values a feature has in it.
    pub(super) arrays: fn(&EncoderConfig) -> Vec<(&'static str, usize)>,
    /// The values of every array for one feature, given its samples in their order.
    pub(super) fit: fn(&EncoderConfig, &[f32]) -> Vec<Vec<f32>>,
    /// The encoding of fitted arrays.
    pub(super) encoding: fn(&EncoderConfig, Vec<Vec<f32>>) -> Encoding,
}

impl Formula {
    /// Fits to every feature by itself, or once to all values together.
    pub(super) fn fit(&self, config: &EncoderConfig, samples: Samples<'_>) -> Result<Box<dyn Encoder>, ComponentError> {
        let mut arrays = vec![Vec::new(); (self.arrays)(config).len()];
        let mut append = |values: &[Vec<f32>]| {
            for (array, values) in arrays.iter_mut().zip(values) {
                array.extend_from_slice(values);
            }
        };
        if config.feature_wise {
            let mut column = Vec::new();
            for feature in 0..samples.columns {
                column.clear();
                column.extend(samples.values.iter().skip(feature).step_by(samples.columns));
                append(&(self.fit)(config, &column));
            }
        } else {
            let all = (self.fit)(config, samples.values);
            (0..samples.columns).for_each(|_| append(&all));
        }
        for (array, (_, per_feature)) in arrays.iter().zip((self.arrays)(config)) {
            // A range that overflows float32 leaves no finite threshold inside it.
            if let Some(at) = array.iter().position(|value| !value.is_finite()) {
                let (feature, found) = (at / per_feature, array[at].to_string());
                return Err(EncodingError::NotFinite { encoder: config.name.name(), feature, found }.into());
            }
        }
        self.restore(config, samples.columns, arrays)
    }

    /// The tensors of the model file.
    pub(super) fn tensors(&self, config: &EncoderConfig, features: usize) -> Vec<FittedTensor> {
        let shape = |count: usize| if count == 1 { vec![features] } else { vec![features, count] };
        (self.arrays)(config)
            .into_iter()
            // Thermometers of one bit keep the second dimension, as in the Python library.
            .map(|(name, count)| match name {
                "thresholds" => FittedTensor { name, shape: vec![features, count] },
                _ => FittedTensor { name, shape: shape(count) },
            })
            .collect()
    }

    /// The fitted encoder of given arrays.
    pub(super) fn restore(
        &self,
        config: &EncoderConfig,
        features: usize,
        arrays: Vec<Vec<f32>>,
    ) -> Result<Box<dyn Encoder>, ComponentError> {
        let encoding = (self.encoding)(config, arrays.clone());
        let bits = encoding.encoder()?;
        Ok(Box::new(Fitted { features, arrays, encoding, bits }))
    }
}

/// A fitted encoder.
#[derive(Clone, Debug)]
struct Fitted {
    features: usize,
    arrays: Vec<Vec<f32>>,
    encoding: Encoding,
    bits: binarized::Encoder,
}

impl Encoder for Fitted {
    fn features(&self) -> usize {
        self.features
    }

    fn width(&self) -> usize {
        self.bits.width()
    }

    /// By the formula in float32; [`binarize`](Self::binarize) gives toggles instead, and tests
    /// hold the two together.
    fn encode(&self, features: &[f32], bits: &mut [bool]) {
        let per_feature = self.encoding.num_bits();
        for (feature, (&x, bits)) in features.iter().zip(bits.chunks_exact_mut(per_feature)).enumerate() {
            if let Encoding::Thermometer { thresholds, .. } = &self.encoding {
                // The most frequent encoder, without the vector that `word` makes.
                for (bit, &threshold) in bits.iter_mut().zip(&thresholds[feature * per_feature..]) {
                    *bit = x > threshold;
                }
            } else {
                bits.copy_from_slice(&self.encoding.word(feature, x));
            }
        }
    }

    fn binarize(&self) -> binarized::Encoder {
        self.bits.clone()
    }

    fn fitted(&self) -> Vec<&[f32]> {
        self.arrays.iter().map(Vec::as_slice).collect()
    }
}

/// The smallest and the largest of the values.
pub(super) fn range(values: &[f32]) -> (f32, f32) {
    values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), &x| (min.min(x), max.max(x)))
}

/// The fitted arrays of encoders over a range.
pub(super) fn fit_range(_: &EncoderConfig, values: &[f32]) -> Vec<Vec<f32>> {
    let (min, max) = range(values);
    vec![vec![min], vec![max]]
}

/// One line of the registry for a [`Formula`] called `FORMULA`.
macro_rules! kind {
    ($type:ident, $summary:literal) => {
        $crate::components::encoder::EncoderKind {
            encoder_type: $crate::config::EncoderType::$type,
            summary: $summary,
            fit: |config, samples| FORMULA.fit(config, samples),
            tensors: |config, features| FORMULA.tensors(config, features),
            restore: |config, features, tensors| FORMULA.restore(config, features, tensors),
        }
    };
}
pub(super) use kind;

/// Takes fitted arrays out of their list by position.
pub(super) fn take<const N: usize>(arrays: Vec<Vec<f32>>) -> [Vec<f32>; N] {
    let mut arrays = arrays.into_iter();
    std::array::from_fn(|_| arrays.next().unwrap_or_default())
}
