//! Evenly spaced thresholds between the smallest and the largest value.
//!
//! Threshold `i` of 1..=bits is `min + i * ((max - min) / (bits + 1))`, every operation rounded
//! to float32 in this order, as in DiffLUT's `ThermometerEncoder`; bit `i` is `x > threshold`,
//! strictly. A constant feature has equal thresholds and its bits are 0 on what it was fitted to.

use super::{Encoder, EncoderKind, FittedTensor, Samples};
use crate::binarized;
use crate::components::ComponentError;
use crate::config::{EncoderConfig, ThermometerConfig};

/// The registry's line.
pub(in crate::components) static THERMOMETER: EncoderKind = EncoderKind {
    name: "thermometer",
    summary: "num_bits evenly spaced thresholds between the smallest and the largest value",
    fit: |config, samples| {
        let EncoderConfig::Thermometer(config) = config;
        Ok(Box::new(Thermometer::fit(config, samples)?))
    },
    tensors: |config, features| vec![FittedTensor { name: "thresholds", shape: vec![features, config.num_bits()] }],
    restore: |config, features, tensors| {
        let thresholds = tensors.into_iter().next().unwrap_or_default();
        Box::new(Thermometer { features, bits: config.num_bits(), thresholds })
    },
};

/// A fitted thermometer.
#[derive(Clone, Debug)]
struct Thermometer {
    features: usize,
    bits: usize,
    /// `features x bits`, row-major.
    thresholds: Vec<f32>,
}

impl Thermometer {
    fn fit(config: &ThermometerConfig, samples: Samples<'_>) -> Result<Self, ComponentError> {
        let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); samples.columns];
        for row in samples.values.chunks_exact(samples.columns) {
            for (range, &x) in ranges.iter_mut().zip(row) {
                *range = (range.0.min(x), range.1.max(x));
            }
        }
        if !config.feature_wise {
            let whole = ranges.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |a, b| (a.0.min(b.0), a.1.max(b.1)));
            ranges.fill(whole);
        }
        let mut thresholds = Vec::with_capacity(samples.columns * config.num_bits);
        for (column, (min, max)) in ranges.into_iter().enumerate() {
            let step = (max - min) / (config.num_bits as f32 + 1.0);
            if !step.is_finite() {
                // The range itself overflows float32; no threshold inside it would be finite.
                return Err(ComponentError::NotFinite { row: 0, column, value: max - min });
            }
            thresholds.extend((1..=config.num_bits).map(|i| min + i as f32 * step));
        }
        Ok(Self { features: samples.columns, bits: config.num_bits, thresholds })
    }
}

impl Encoder for Thermometer {
    fn features(&self) -> usize {
        self.features
    }

    fn width(&self) -> usize {
        self.thresholds.len()
    }

    fn encode(&self, features: &[f32], bits: &mut [bool]) {
        let rows = self.thresholds.chunks_exact(self.bits).zip(bits.chunks_exact_mut(self.bits));
        for (&x, (thresholds, bits)) in features.iter().zip(rows) {
            for (bit, &threshold) in bits.iter_mut().zip(thresholds) {
                *bit = x > threshold;
            }
        }
    }

    fn binarize(&self) -> binarized::Encoder {
        binarized::Encoder::from_thresholds(self.features, &self.thresholds)
    }

    fn fitted(&self) -> Vec<&[f32]> {
        vec![&self.thresholds]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(num_bits: usize, feature_wise: bool, values: &[f32], columns: usize) -> Thermometer {
        let samples = Samples::new(values, columns).unwrap();
        Thermometer::fit(&ThermometerConfig { num_bits, feature_wise }, samples).unwrap()
    }

    #[test]
    fn thresholds_split_the_range_of_each_feature_or_of_all() {
        let values = [0.0, -8.0, 16.0, 8.0];
        assert_eq!(fit(3, true, &values, 2).thresholds, [4.0, 8.0, 12.0, -4.0, 0.0, 4.0]);
        assert_eq!(fit(2, false, &values, 2).thresholds, [0.0, 8.0, 0.0, 8.0]);
    }

    #[test]
    fn the_step_is_rounded_before_it_is_multiplied() {
        // 3 * (1 / 7) and (3 * 1) / 7 differ in the last bit of float32.
        let thresholds = fit(6, true, &[0.0, 1.0], 1).thresholds;
        assert_eq!(thresholds[2], 3.0 * (1.0f32 / 7.0));
        assert_eq!(thresholds[2].to_bits(), 0x3edb_6db8);
    }

    #[test]
    fn a_bit_is_strictly_above_its_threshold_and_feature_major() {
        let encoder = fit(3, true, &[0.0, -8.0, 16.0, 8.0], 2);
        let mut bits = vec![false; 6];
        encoder.encode(&[8.0, 0.1], &mut bits);
        assert_eq!(bits, [true, false, false, true, true, false]);
        assert_eq!(bits, encoder.binarize().encode(&[8.0, 0.1]));
    }

    #[test]
    fn values_that_are_no_numbers_are_refused_with_their_place() {
        let message = Samples::new(&[0.0, 1.0, f32::NAN, 1.0], 2).unwrap_err().to_string();
        assert_eq!(message, "sample 1, feature 0 is NaN; features must be finite numbers");
        assert!(matches!(Samples::new(&[], 2), Err(ComponentError::NothingToFit { rows: 0, columns: 2 })));
        assert!(matches!(Samples::new(&[], 0), Err(ComponentError::NothingToFit { .. })));
        let config = ThermometerConfig { num_bits: 1, feature_wise: true };
        assert!(Thermometer::fit(&config, Samples::new(&[-3e38, 3e38], 1).unwrap()).is_err());
    }
}
