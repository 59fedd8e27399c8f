//! The same network for integers of fewer bits: another function, asked for by name.

use crate::config::InputFormat;

use super::{BinarizedError, BinarizedNetwork};

impl BinarizedNetwork {
    /// The network for input codes of `bits` bits whose steps are `2^doublings` of the present
    /// ones; values beyond the new range saturate.
    ///
    /// `scale' = scale * 2^doublings`, and `offset' = offset`, or with `middle` the middle of the
    /// present values that share a code when the low bits are cut off,
    /// `offset + scale * (2^doublings - 1) / 2`. The encoder compares the new values with the same
    /// thresholds, so thresholds between the same two codes become equal. `None` when the codes
    /// have no more than `bits` bits already, or `bits` is zero.
    ///
    /// # Errors
    /// [`BinarizedError`] when the new numbers are out of range.
    pub fn with_input_bits(&self, bits: u32, doublings: u32, middle: bool) -> Result<Option<Self>, BinarizedError> {
        let old = *self.input();
        if bits == 0 || bits >= old.bits {
            return Ok(None);
        }
        let step = f64::from(1u32 << doublings.min(31));
        let shift = if middle { old.scale * (step - 1.0) / 2.0 } else { 0.0 };
        let input = InputFormat { bits, signed: old.signed, scale: old.scale * step, offset: old.offset + shift };
        let network = Self::new(self.name(), input, self.encoder().clone(), self.layers().to_vec(), *self.head())?;
        network.with_spatial(self.spatial().cloned()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use crate::binarized::{BinarizedNetwork, Encoder, Head};
    use crate::config::InputFormat;

    #[test]
    fn a_code_stands_for_the_middle_of_those_it_replaces() {
        let encoder = Encoder::from_thresholds(1, &[3.5, 7.5, 9.0, 9.4]);
        let network = BinarizedNetwork::new("x", InputFormat::unsigned(4), encoder, vec![], Head::Bits).unwrap();
        let narrow = network.with_input_bits(2, 2, true).unwrap().unwrap();
        assert_eq!((narrow.input().scale, narrow.input().offset), (4.0, 1.5));
        // Values 1.5, 5.5, 9.5 and 13.5; the last two thresholds have become one.
        let bits = |code| narrow.predict_codes(&[code]).bits().to_vec();
        assert_eq!(bits(0), [false, false, false, false]);
        assert_eq!(bits(1), [true, false, false, false]);
        assert_eq!(bits(2), [true, true, true, true]);
        assert_eq!(narrow.input().nearest_code(7.0), 1);
        assert_eq!(narrow.input().nearest_code(8.0), 2);
        assert_eq!(network.with_input_bits(4, 0, false).unwrap(), None);
        assert_eq!(network.with_input_bits(0, 4, false).unwrap(), None);
    }

    #[test]
    fn smaller_steps_saturate() {
        let encoder = Encoder::from_thresholds(1, &[2.5]);
        let network = BinarizedNetwork::new("x", InputFormat::unsigned(4), encoder, vec![], Head::Bits).unwrap();
        let narrow = network.with_input_bits(2, 0, false).unwrap().unwrap();
        assert_eq!([0.0, 2.0, 3.0, 15.0].map(|value| narrow.input().nearest_code(value)), [0, 2, 3, 3]);
        assert!(narrow.predict_codes(&[3]).bits()[0] && !narrow.predict_codes(&[2]).bits()[0]);
    }

    #[test]
    fn signed_codes_keep_their_order() {
        let input = InputFormat { bits: 3, signed: true, scale: 1.0, offset: 0.0 };
        let encoder = Encoder::from_thresholds(1, &[-1.0]);
        let network = BinarizedNetwork::new("x", input, encoder, vec![], Head::Bits).unwrap();
        let narrow = network.with_input_bits(1, 2, true).unwrap().unwrap();
        // -4 to -1 become code -1, 0 to 3 code 0.
        assert_eq!([-3.0, -1.0, 0.0, 3.0].map(|value| narrow.input().nearest_code(value)), [-1, -1, 0, 0]);
        assert!(!narrow.predict_codes(&[-1]).bits()[0] && narrow.predict_codes(&[0]).bits()[0]);
    }
}
