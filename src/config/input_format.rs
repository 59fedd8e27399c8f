//! The integers that the hardware receives for a real-valued feature.

use serde::{Deserialize, Serialize};

/// How a feature value is represented as an integer code: `value = code * scale + offset`.
///
/// Codes are unsigned (`0 ..= 2^bits - 1`) or two's complement (`-2^(bits-1) ..= 2^(bits-1) - 1`).
/// The value of a code is computed in float64 and rounded once to float32, the type in which
/// features are compared with thresholds; it never decreases as the code grows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFormat {
    /// Width of a code in bits, 1 to 32.
    pub bits: u32,
    /// Two's complement instead of unsigned.
    #[serde(default)]
    pub signed: bool,
    /// Value of one step; finite and above zero.
    #[serde(default = "one")]
    pub scale: f64,
    /// Value of code 0; finite.
    #[serde(default)]
    pub offset: f64,
}

fn one() -> f64 {
    1.0
}

/// An input format that describes no integers.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InputFormatError {
    /// The width is out of range.
    #[error("input_format.bits is {0}; allowed are 1 to 32")]
    Bits(u32),
    /// The scale is not a positive number.
    #[error("input_format.scale is {0}; it must be finite and above zero")]
    Scale(f64),
    /// The offset is not a number.
    #[error("input_format.offset is {0}; it must be finite")]
    Offset(f64),
    /// The largest or smallest code lies beyond float32.
    #[error("input_format: code {code} stands for {value:e}, which float32 cannot hold; reduce scale, offset or bits")]
    Range {
        /// The code at the end of the range.
        code: i64,
        /// Its value in float64.
        value: f64,
    },
}

impl InputFormat {
    /// Unsigned codes that are the values themselves.
    pub fn unsigned(bits: u32) -> Self {
        Self { bits, signed: false, scale: 1.0, offset: 0.0 }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`InputFormatError`] with the field, what it is and what is allowed.
    pub fn check(&self) -> Result<(), InputFormatError> {
        if !(1..=32).contains(&self.bits) {
            return Err(InputFormatError::Bits(self.bits));
        }
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return Err(InputFormatError::Scale(self.scale));
        }
        if !self.offset.is_finite() {
            return Err(InputFormatError::Offset(self.offset));
        }
        for code in [self.min_code(), self.max_code()] {
            let value = code as f64 * self.scale + self.offset;
            if !(value as f32).is_finite() {
                return Err(InputFormatError::Range { code, value });
            }
        }
        Ok(())
    }

    /// The smallest code.
    pub fn min_code(&self) -> i64 {
        if self.signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    /// The largest code.
    pub fn max_code(&self) -> i64 {
        if self.signed { (1 << (self.bits - 1)) - 1 } else { (1 << self.bits) - 1 }
    }

    /// The float32 value that `code` stands for.
    pub fn value(&self, code: i64) -> f32 {
        (code as f64 * self.scale + self.offset) as f32
    }

    /// The code whose value is nearest to `value`, clamped to the range; halves round away
    /// from zero.
    pub fn nearest_code(&self, value: f32) -> i64 {
        let code = ((f64::from(value) - self.offset) / self.scale).round();
        (code as i64).clamp(self.min_code(), self.max_code())
    }

    /// The smallest code whose value is at least `bound`, or `None` when no code reaches it.
    pub fn first_code_at_least(&self, bound: f32) -> Option<i64> {
        let (mut low, mut high) = (self.min_code(), self.max_code());
        if self.value(high) < bound {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.value(middle) >= bound { high = middle } else { low = middle + 1 }
        }
        Some(low)
    }

    /// The two's complement bits of `code`, which must be in range.
    pub fn to_bits(&self, code: i64) -> u64 {
        code as u64 & ((1 << self.bits) - 1)
    }

    /// The code of the lowest `bits` bits of `word`.
    pub fn from_bits(&self, word: u64) -> i64 {
        let unused = 64 - self.bits;
        if self.signed { (word << unused) as i64 >> unused } else { (word << unused >> unused) as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn formats() -> impl Strategy<Value = InputFormat> {
        (1u32..=12, any::<bool>(), 1e-3f64..1e3, -1e3f64..1e3).prop_map(|(bits, signed, scale, offset)| InputFormat {
            bits,
            signed,
            scale,
            offset,
        })
    }

    #[test]
    fn signed_and_unsigned_ranges() {
        let signed = InputFormat { bits: 8, signed: true, scale: 1.0, offset: 0.0 };
        assert_eq!((signed.min_code(), signed.max_code()), (-128, 127));
        assert_eq!(InputFormat::unsigned(32).max_code(), 4_294_967_295);
        assert_eq!(signed.to_bits(-1), 255);
        assert_eq!(signed.from_bits(0x80), -128);
    }

    #[test]
    fn every_bad_field_is_named() {
        let good = InputFormat::unsigned(8);
        assert_eq!(InputFormat { bits: 0, ..good }.check(), Err(InputFormatError::Bits(0)));
        assert_eq!(InputFormat { bits: 33, ..good }.check(), Err(InputFormatError::Bits(33)));
        assert_eq!(InputFormat { scale: 0.0, ..good }.check(), Err(InputFormatError::Scale(0.0)));
        assert!(matches!(InputFormat { scale: 1e37, ..good }.check(), Err(InputFormatError::Range { code: 255, .. })));
        assert!(matches!(InputFormat { offset: f64::NAN, ..good }.check(), Err(InputFormatError::Offset(_))));
    }

    proptest! {
        #[test]
        fn the_first_code_is_exact_over_the_whole_range(format in formats(), bound in -2e3f32..2e3) {
            let first = format.first_code_at_least(bound);
            for code in format.min_code()..=format.max_code() {
                prop_assert_eq!(format.value(code) >= bound, first.is_some_and(|first| code >= first));
            }
        }

        #[test]
        fn codes_survive_their_bits_and_their_values(format in formats(), seed in any::<u64>()) {
            let span = (format.max_code() - format.min_code() + 1) as u64;
            let code = format.min_code() + (seed % span) as i64;
            prop_assert_eq!(format.from_bits(format.to_bits(code)), code);
            // Neighbouring codes may share a float32 value; the nearest code then has that value.
            prop_assert_eq!(format.value(format.nearest_code(format.value(code))), format.value(code));
        }
    }
}
