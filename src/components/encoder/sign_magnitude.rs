//! A sign bit, then the quantized absolute value, most significant bit first.
//!
//! Bit 0 is `x < 0`; then `q = trunc(clamp(|x| / (max_abs + 1e-8), 0, 1) * (2^(bits-1) - 1))` in
//! float32, as in DiffLUT's `SignMagnitudeEncoder`. Two bits at least. Fitted: `max_abs_value`
//! `[features]`.

use super::EncoderKind;
use super::fitted::{Formula, kind, take};
use crate::binarized::encodings::Encoding;

/// The registry's line.
pub(in crate::components) static SIGN_MAGNITUDE: EncoderKind =
    kind!(SignMagnitude, "a sign bit and num_bits - 1 of the absolute value quantized below the largest");

static FORMULA: Formula = Formula {
    arrays: |_| vec![("max_abs_value", 1)],
    fit: |_, values| vec![vec![values.iter().fold(0.0, |max: f32, x| max.max(x.abs()))]],
    encoding: |config, arrays| {
        let [max_abs] = take(arrays);
        Encoding::SignMagnitude { bits: config.num_bits, max_abs }
    },
};
