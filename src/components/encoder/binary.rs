//! The value quantized to a whole number, most significant bit first.
//!
//! `v = clamp((x - min) / (max - min + 1e-8), 0, 1)` and `q = trunc(v * (2^bits - 1))` in float32,
//! as in DiffLUT's `BinaryEncoder`. Fitted: `min_value` and `max_value` `[features]`.

use super::EncoderKind;
use super::fitted::{Formula, fit_range, kind, take};
use crate::binarized::encodings::Encoding;

/// The registry's line.
pub(in crate::components) static BINARY: EncoderKind =
    kind!(Binary, "num_bits of the value quantized between the smallest and the largest");

static FORMULA: Formula = Formula {
    arrays: |_| vec![("min_value", 1), ("max_value", 1)],
    fit: fit_range,
    encoding: |config, arrays| {
        let [min, max] = take(arrays);
        Encoding::Binary { bits: config.num_bits, min, max }
    },
};
