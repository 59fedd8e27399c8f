//! The fitted state of the eight encoders, turned into exact float32 toggles.
//!
//! Every encoder is a piecewise constant function of one feature. An [`Encoding`] holds what
//! fitting found (thresholds, ranges); [`Encoding::encoder`] finds every float32 at which the
//! encoded word changes, so that the [`Encoder`] equals the float computation for every input
//! and not only for those that somebody tried. [`Encoding::word`] is that float computation, in
//! the order of operations of DiffLUT's encoders (aplesner/difflut, `difflut/encoder`).

mod quantized;
mod segments;

pub use quantized::logarithm;

use super::{EncodedBit, Encoder};
use quantized::{logarithm_level, sign_magnitude_segments, uniform_level};
use segments::{Segment, bits_of, levels};

/// More bits than this per feature are refused: a quantizing encoder has `2^bits` segments.
pub const MAX_BITS: usize = 16;

/// Levels of all features together; 784 features of 16 bits stay below.
pub const MAX_SEGMENTS: usize = 1 << 26;

/// A fitted encoder: `features` features of [`num_bits`](Self::num_bits) bits each.
///
/// Bit `b` of feature `f` is column `f * num_bits + b` of the encoded word. Everything is
/// float32; the constants `1e-8` guard divisions as in the source.
#[derive(Clone, Debug, PartialEq)]
pub enum Encoding {
    /// bit `b` = `x > thresholds[f, b]`, strictly. The plain, the Gaussian and the distributive
    /// thermometer differ in how they were fitted only.
    Thermometer {
        /// Bits per feature.
        bits: usize,
        /// `features x bits`, row-major.
        thresholds: Vec<f32>,
    },
    /// bit `b` = `edges[f, b] < x <= edges[f, b + 1]`; the outermost edges are not looked at.
    OneHot {
        /// Bins per feature.
        bits: usize,
        /// `features x (bits + 1)`, row-major, not descending.
        edges: Vec<f32>,
    },
    /// `q = trunc(clamp((x - min) / (max - min + 1e-8), 0, 1) * (2^bits - 1))`, most
    /// significant bit first.
    Binary {
        /// Bits per feature.
        bits: usize,
        /// Smallest value per feature.
        min: Vec<f32>,
        /// Largest value per feature.
        max: Vec<f32>,
    },
    /// `q ^ (q >> 1)` of the same `q`, most significant bit first.
    Gray {
        /// Bits per feature.
        bits: usize,
        /// Smallest value per feature.
        min: Vec<f32>,
        /// Largest value per feature.
        max: Vec<f32>,
    },
    /// bit 0 = `x < 0`; then `trunc(clamp(|x| / (max_abs + 1e-8), 0, 1) * (2^(bits-1) - 1))`,
    /// most significant bit first.
    SignMagnitude {
        /// Bits per feature, the sign among them; at least two.
        bits: usize,
        /// Largest absolute value per feature.
        max_abs: Vec<f32>,
    },
    /// `l = ln(x + offset + 1e-8) / ln(base)`, then as [`Binary`](Self::Binary) over
    /// `min_log..max_log`. Where the logarithm is undefined all bits are zero.
    Logarithmic {
        /// Bits per feature.
        bits: usize,
        /// Base of the logarithm; cancels out but for rounding.
        base: f32,
        /// Added to the feature.
        offset: Vec<f32>,
        /// Smallest logarithm per feature.
        min_log: Vec<f32>,
        /// Largest logarithm per feature.
        max_log: Vec<f32>,
    },
}

/// A fitted state that describes no encoder.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EncodingError {
    /// Too few or too many bits per feature.
    #[error("{encoder} of {found} bits per feature; allowed are {least} to {MAX_BITS}")]
    Bits {
        /// Name of the encoder.
        encoder: &'static str,
        /// Bits per feature.
        found: usize,
        /// The fewest that make sense.
        least: usize,
    },
    /// Arrays of different or no length.
    #[error("{encoder}: `{array}` has {found} values; expected {expected}")]
    Length {
        /// Name of the encoder.
        encoder: &'static str,
        /// The array.
        array: &'static str,
        /// Its length.
        found: usize,
        /// The length that fits the others.
        expected: String,
    },
    /// A value that is not a finite number, or a range that float32 cannot hold.
    #[error(
        "{encoder}: feature {feature} has {found}; it must be finite, fit the encoder again without NaN and infinities"
    )]
    NotFinite {
        /// Name of the encoder.
        encoder: &'static str,
        /// The feature.
        feature: usize,
        /// The value that is not finite.
        found: String,
    },
    /// Bin edges that descend.
    #[error("onehot: the edges of feature {feature} descend; they must be in ascending order")]
    Edges {
        /// The feature.
        feature: usize,
    },
    /// More segments than are worth any memory.
    #[error(
        "{encoder}: {features} features of {bits} bits have more than {MAX_SEGMENTS} levels in all; use fewer bits"
    )]
    Segments {
        /// Name of the encoder.
        encoder: &'static str,
        /// Number of features.
        features: usize,
        /// Bits per feature.
        bits: usize,
    },
    /// A base whose logarithm does not rise.
    #[error("logarithmic: the base is {0}; it must be above one")]
    Base(f32),
}

impl Encoding {
    /// The encoder's name in configurations.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Thermometer { .. } => "thermometer",
            Self::OneHot { .. } => "onehot",
            Self::Binary { .. } => "binary",
            Self::Gray { .. } => "gray",
            Self::SignMagnitude { .. } => "sign_magnitude",
            Self::Logarithmic { .. } => "logarithmic",
        }
    }

    /// Bits per feature.
    pub fn num_bits(&self) -> usize {
        match *self {
            Self::Thermometer { bits, .. }
            | Self::OneHot { bits, .. }
            | Self::Binary { bits, .. }
            | Self::Gray { bits, .. }
            | Self::SignMagnitude { bits, .. }
            | Self::Logarithmic { bits, .. } => bits,
        }
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        match self {
            Self::Thermometer { bits, thresholds } => thresholds.len().checked_div(*bits).unwrap_or(0),
            Self::OneHot { bits, edges } => edges.len() / (bits + 1),
            Self::Binary { min, .. } | Self::Gray { min, .. } => min.len(),
            Self::SignMagnitude { max_abs, .. } => max_abs.len(),
            Self::Logarithmic { offset, .. } => offset.len(),
        }
    }

    /// The encoder with every toggle at its exact float32.
    ///
    /// # Errors
    /// [`EncodingError`] when the state is not that of a fitted encoder.
    pub fn encoder(&self) -> Result<Encoder, EncodingError> {
        self.check()?;
        let features = self.features();
        let bits = (0..features).flat_map(|feature| self.feature_bits(feature)).collect();
        Ok(Encoder { features, bits })
    }

    /// The bits of `feature` for the value `x`, computed directly: the definition that
    /// [`encoder`](Self::encoder) agrees with for every `x` but NaN.
    ///
    /// # Panics
    /// When `feature` is not below [`features`](Self::features) or the state was not accepted
    /// by [`encoder`](Self::encoder).
    pub fn word(&self, feature: usize, x: f32) -> Vec<bool> {
        let spread = |q: u64, bits: usize| (0..bits).rev().map(move |i| q >> i & 1 == 1);
        match self {
            Self::Thermometer { bits, thresholds } => {
                thresholds[feature * bits..][..*bits].iter().map(|&threshold| x > threshold).collect()
            }
            Self::OneHot { bits, edges } => {
                let inner = &edges[feature * (bits + 1)..][1..*bits];
                let bin = inner.iter().filter(|&&edge| edge < x).count();
                (0..*bits).map(|bit| bit == bin).collect()
            }
            Self::Binary { bits, min, max } => {
                spread(uniform_level(*bits, min[feature], max[feature], x), *bits).collect()
            }
            Self::Gray { bits, min, max } => {
                let q = uniform_level(*bits, min[feature], max[feature], x);
                spread(q ^ q >> 1, *bits).collect()
            }
            Self::SignMagnitude { bits, max_abs } => {
                let magnitude = quantized::magnitude_level(*bits, max_abs[feature], x);
                std::iter::once(x < 0.0).chain(spread(magnitude, bits - 1)).collect()
            }
            Self::Logarithmic { bits, base, offset, min_log, max_log } => {
                let range = (min_log[feature], max_log[feature]);
                spread(logarithm_level(*bits, *base, offset[feature], range, x), *bits).collect()
            }
        }
    }

    fn feature_bits(&self, feature: usize) -> Vec<EncodedBit> {
        let bits = self.num_bits();
        let segments: Vec<Segment> = match self {
            Self::Thermometer { thresholds, .. } => {
                return thresholds[feature * bits..][..bits]
                    .iter()
                    .map(|&threshold| EncodedBit::above(feature as u32, threshold))
                    .collect();
            }
            Self::OneHot { edges, .. } => {
                // The bin rises just above every inner edge; output bit 0 is the lowest bin.
                let inner = &edges[feature * (bits + 1)..][1..bits];
                let rises = inner.iter().enumerate().map(|(i, edge)| (edge.next_up(), 1 << (bits - 2 - i)));
                std::iter::once((f32::NEG_INFINITY, 1 << (bits - 1))).chain(rises).collect()
            }
            Self::Binary { min, max, .. } => levels(|x| uniform_level(bits, min[feature], max[feature], x)),
            Self::Gray { min, max, .. } => levels(|x| uniform_level(bits, min[feature], max[feature], x))
                .into_iter()
                .map(|(start, q)| (start, q ^ q >> 1))
                .collect(),
            Self::SignMagnitude { max_abs, .. } => sign_magnitude_segments(bits, max_abs[feature]),
            Self::Logarithmic { base, offset, min_log, max_log, .. } => {
                let range = (min_log[feature], max_log[feature]);
                levels(|x| logarithm_level(bits, *base, offset[feature], range, x))
            }
        };
        bits_of(feature as u32, bits, &segments)
    }

    fn check(&self) -> Result<(), EncodingError> {
        let encoder = self.name();
        let least = if matches!(self, Self::SignMagnitude { .. }) { 2 } else { 1 };
        let bits = self.num_bits();
        // A thermometer has as many bits as thresholds; only quantizers grow with 2^bits.
        let most = if matches!(self, Self::Thermometer { .. } | Self::OneHot { .. }) { 1 << 16 } else { MAX_BITS };
        if matches!(self, Self::OneHot { bits, .. } if *bits > 63) || bits < least || bits > most {
            return Err(EncodingError::Bits { encoder, found: bits, least });
        }
        let features = self.features();
        if !matches!(self, Self::Thermometer { .. } | Self::OneHot { .. })
            && features > MAX_SEGMENTS >> bits.min(MAX_BITS)
        {
            return Err(EncodingError::Segments { encoder, features, bits });
        }
        let equal = |array: &'static str, values: &[f32], expected: usize| {
            if values.len() == expected && expected > 0 {
                return Ok(());
            }
            let expected = if expected == 0 { "at least one".into() } else { expected.to_string() };
            Err(EncodingError::Length { encoder, array, found: values.len(), expected })
        };
        let finite = |values: &[f32], per_feature: usize| match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(EncodingError::NotFinite {
                encoder,
                feature: index / per_feature,
                found: values[index].to_string(),
            }),
            None => Ok(()),
        };
        let range = |low: &[f32], high: &[f32]| match (0..low.len()).find(|&f| !(high[f] - low[f] + 1e-8).is_finite()) {
            Some(feature) => Err(EncodingError::NotFinite {
                encoder,
                feature,
                found: format!("a range from {:e} to {:e}", low[feature], high[feature]),
            }),
            None => Ok(()),
        };
        match self {
            Self::Thermometer { thresholds, .. } => {
                equal("thresholds", thresholds, self.features() * bits)?;
                match thresholds.iter().position(|threshold| threshold.is_nan()) {
                    Some(index) => Err(EncodingError::NotFinite {
                        encoder,
                        feature: index / bits,
                        found: "the threshold NaN".into(),
                    }),
                    None => Ok(()),
                }
            }
            Self::OneHot { edges, .. } => {
                equal("bin_edges", edges, self.features() * (bits + 1))?;
                finite(edges, bits + 1)?;
                match edges.chunks_exact(bits + 1).position(|row| row.windows(2).any(|pair| pair[0] > pair[1])) {
                    Some(feature) => Err(EncodingError::Edges { feature }),
                    None => Ok(()),
                }
            }
            Self::Binary { min, max, .. } | Self::Gray { min, max, .. } => {
                equal("min_value", min, min.len())?;
                equal("max_value", max, min.len())?;
                finite(min, 1)?;
                finite(max, 1)?;
                range(min, max)
            }
            Self::SignMagnitude { max_abs, .. } => {
                equal("max_abs_value", max_abs, max_abs.len())?;
                finite(max_abs, 1)
            }
            Self::Logarithmic { base, offset, min_log, max_log, .. } => {
                // A base below one turns the levels around; nobody has been seen to use one.
                if !(base.is_finite() && *base > 1.0) {
                    return Err(EncodingError::Base(*base));
                }
                equal("offset", offset, offset.len())?;
                equal("min_log", min_log, offset.len())?;
                equal("max_log", max_log, offset.len())?;
                finite(offset, 1)?;
                finite(min_log, 1)?;
                finite(max_log, 1)?;
                range(min_log, max_log)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Random values, and around every toggle the float32 below, on and above it.
    #[track_caller]
    fn agrees(encoding: &Encoding, values: &[f32]) {
        let encoder = encoding.encoder().unwrap();
        let bits = encoding.num_bits();
        for feature in 0..encoding.features() {
            let own = &encoder.bits[feature * bits..][..bits];
            let toggles = own.iter().flat_map(|bit| bit.toggles.iter().copied());
            let near = toggles.flat_map(|t| [t.next_down(), t, t.next_up()]);
            for x in near.chain(values.iter().copied()).chain([0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE]) {
                let found: Vec<bool> = own.iter().map(|bit| bit.value(x)).collect();
                assert_eq!(found, encoding.word(feature, x), "{encoding:?}, feature {feature}, x = {x:e}");
            }
        }
    }

    fn numbers() -> impl Strategy<Value = f32> {
        prop_oneof![-100f32..100.0, -1e-3f32..1e-3, any::<f32>().prop_filter("finite", |x| x.is_finite())]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn toggles_are_the_direct_evaluation(
            bits in 1usize..=7, a in -50f32..50.0, width in prop_oneof![Just(0f32), 1e-6f32..100.0], values in prop::collection::vec(numbers(), 40),
        ) {
            let (min, max) = (vec![a, 0.0], vec![a + width, width]);
            agrees(&Encoding::Binary { bits, min: min.clone(), max: max.clone() }, &values);
            agrees(&Encoding::Gray { bits, min: min.clone(), max: max.clone() }, &values);
            agrees(&Encoding::SignMagnitude { bits: bits + 1, max_abs: vec![a.abs(), width] }, &values);
            agrees(&Encoding::Logarithmic { bits, base: 2.0, offset: vec![1.0 - a, 0.0], min_log: vec![0.0, -3.0], max_log: vec![width, 5.0] }, &values);
            let edges = (0..=bits).map(|i| a + width * i as f32 / bits as f32).collect();
            agrees(&Encoding::OneHot { bits, edges }, &values);
            agrees(&Encoding::Thermometer { bits, thresholds: values[..bits].to_vec() }, &values);
        }
    }

    #[test]
    fn a_gray_code_changes_one_bit_at_each_step() {
        let encoding = Encoding::Gray { bits: 3, min: vec![0.0], max: vec![7.0] };
        let words: Vec<Vec<bool>> = (0..8).map(|x| encoding.word(0, x as f32)).collect();
        assert_eq!(words[0], [false, false, false]);
        assert_eq!(words[1], [false, false, true]);
        assert_eq!(words[7], [true, false, false]);
        assert!(words.windows(2).all(|pair| pair[0].iter().zip(&pair[1]).filter(|(a, b)| a != b).count() == 1));
    }

    #[test]
    fn a_state_that_is_no_encoder_is_refused_by_name() {
        let error = Encoding::Binary { bits: 17, min: vec![0.0], max: vec![1.0] }.encoder().unwrap_err();
        assert_eq!(error.to_string(), "binary of 17 bits per feature; allowed are 1 to 16");
        let error = Encoding::Binary { bits: 2, min: vec![0.0, 1.0], max: vec![1.0] }.encoder().unwrap_err();
        assert_eq!(error.to_string(), "binary: `max_value` has 1 values; expected 2");
        let error = Encoding::Thermometer { bits: 1, thresholds: vec![0.0, f32::NAN] }.encoder().unwrap_err();
        assert!(error.to_string().contains("feature 1 has the threshold NaN"), "{error}");
        let error = Encoding::OneHot { bits: 2, edges: vec![0.0, 2.0, 1.0] }.encoder().unwrap_err();
        assert!(error.to_string().contains("edges of feature 0 descend"), "{error}");
        let error = Encoding::Gray { bits: 2, min: vec![-3e38], max: vec![3e38] }.encoder().unwrap_err();
        assert!(error.to_string().contains("a range from -3e38 to 3e38"), "{error}");
        assert!(Encoding::Thermometer { bits: 0, thresholds: vec![] }.encoder().is_err());
    }
}
