//! Feature values to bits.

use crate::config::InputFormat;

use super::BinarizedError;

/// One encoded bit: a function of one feature that changes value at each of its toggles.
///
/// `bit(x) = initial XOR parity of the number of toggles t with x >= t`. A thermometer bit
/// `x > threshold` is `initial = false` with the single toggle `threshold.next_up()`, the next
/// float32 above the threshold; every other encoder (one-hot, Gray, binary, ...) is a bit with
/// more toggles. NaN reaches no toggle.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedBit {
    /// Index of the feature that is read.
    pub feature: u32,
    /// Value below the first toggle.
    pub initial: bool,
    /// Strictly ascending; never NaN.
    pub toggles: Vec<f32>,
}

impl EncodedBit {
    /// The bit `x > threshold` of feature `feature`.
    pub fn above(feature: u32, threshold: f32) -> Self {
        Self { feature, initial: false, toggles: vec![threshold.next_up()] }
    }

    /// The bit for the feature value `x`.
    pub fn value(&self, x: f32) -> bool {
        let crossed = self.toggles.iter().filter(|&&toggle| x >= toggle).count();
        self.initial ^ (crossed % 2 == 1)
    }

    /// The same function of the integer code, exact for every code of `format`.
    pub fn to_integer(&self, format: &InputFormat) -> IntegerBit {
        let mut initial = self.initial;
        let mut toggles: Vec<i64> = Vec::new();
        for &toggle in &self.toggles {
            match format.first_code_at_least(toggle) {
                // Every code is at or above it.
                Some(code) if code == format.min_code() => initial = !initial,
                // Two toggles between neighbouring codes cancel out.
                Some(code) if toggles.last() == Some(&code) => {
                    toggles.pop();
                }
                Some(code) => toggles.push(code),
                None => {}
            }
        }
        IntegerBit { feature: self.feature, initial, toggles }
    }
}

/// An [`EncodedBit`] over integer codes: `initial XOR parity of toggles t with code >= t`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerBit {
    /// Index of the feature that is read.
    pub feature: u32,
    /// Value at the smallest code.
    pub initial: bool,
    /// Strictly ascending, each above the smallest code and at most the largest.
    pub toggles: Vec<i64>,
}

impl IntegerBit {
    /// The bit for the integer code.
    pub fn value(&self, code: i64) -> bool {
        let crossed = self.toggles.iter().filter(|&&toggle| code >= toggle).count();
        self.initial ^ (crossed % 2 == 1)
    }
}

/// The bits that the first layer reads, in column order.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    /// Number of input features.
    pub features: usize,
    /// Column `c` of the encoded input; usually feature-major, `c = feature * num_bits + bit`.
    pub bits: Vec<EncodedBit>,
}

impl Encoder {
    /// The encoder of `thresholds` (`features x bits`, row-major): bit = `x > threshold`.
    pub fn from_thresholds(features: usize, thresholds: &[f32]) -> Self {
        let num_bits = thresholds.len().checked_div(features).unwrap_or(0);
        let bits = thresholds
            .iter()
            .enumerate()
            .map(|(column, &threshold)| EncodedBit::above((column / num_bits) as u32, threshold))
            .collect();
        Self { features, bits }
    }

    /// Number of encoded bits.
    pub fn width(&self) -> usize {
        self.bits.len()
    }

    /// The encoded bits of one sample.
    pub fn encode(&self, features: &[f32]) -> Vec<bool> {
        self.bits.iter().map(|bit| bit.value(features[bit.feature as usize])).collect()
    }

    /// The same encoder over integer codes.
    pub fn to_integer(&self, format: &InputFormat) -> Vec<IntegerBit> {
        self.bits.iter().map(|bit| bit.to_integer(format)).collect()
    }

    pub(super) fn check(&self) -> Result<(), BinarizedError> {
        if self.features == 0 {
            return Err(BinarizedError::Empty("encoder: the network has no input features"));
        }
        if self.bits.is_empty() {
            return Err(BinarizedError::Empty("encoder: there are no encoded bits"));
        }
        for (column, bit) in self.bits.iter().enumerate() {
            if bit.feature as usize >= self.features {
                return Err(BinarizedError::Feature { column, feature: bit.feature, features: self.features });
            }
            let ascending = bit.toggles.windows(2).all(|pair| pair[0] < pair[1]);
            if !ascending || bit.toggles.iter().any(|toggle| toggle.is_nan()) {
                return Err(BinarizedError::Toggles { column });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thermometer_bit_is_strictly_above_its_threshold() {
        let bit = EncodedBit::above(0, 3.0);
        assert!(!bit.value(3.0));
        assert!(bit.value(3.0f32.next_up()));
        // Zero of either sign is not above zero.
        assert!(!EncodedBit::above(0, -0.0).value(0.0));
        assert!(EncodedBit::above(0, -0.0).value(f32::from_bits(1)));
    }

    #[test]
    fn a_threshold_between_codes_becomes_the_next_code() {
        let format = InputFormat::unsigned(4);
        assert_eq!(EncodedBit::above(0, 3.0).to_integer(&format).toggles, [4]);
        assert_eq!(EncodedBit::above(0, 3.5).to_integer(&format).toggles, [4]);
        assert_eq!(EncodedBit::above(0, 15.0).to_integer(&format).toggles, [0i64; 0]);
        let always = EncodedBit::above(0, -0.5).to_integer(&format);
        assert!(always.initial && always.toggles.is_empty());
    }

    proptest! {
        #[test]
        fn the_integer_bit_is_the_float_bit_for_every_code(
            bits in 1u32..=10, signed in any::<bool>(), scale in 1e-2f64..10.0, offset in -50f64..50.0,
            initial in any::<bool>(), toggles in prop::collection::btree_set(-4000i32..4000, 0..12),
        ) {
            let format = InputFormat { bits, signed, scale, offset };
            let toggles = toggles.into_iter().map(|t| t as f32 / 7.0).collect();
            let bit = EncodedBit { feature: 0, initial, toggles };
            let integer = bit.to_integer(&format);
            prop_assert!(integer.toggles.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(integer.toggles.iter().all(|&t| t > format.min_code() && t <= format.max_code()));
            for code in format.min_code()..=format.max_code() {
                prop_assert_eq!(integer.value(code), bit.value(format.value(code)));
            }
        }
    }
}
