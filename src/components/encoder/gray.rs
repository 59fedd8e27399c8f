//! The Gray code of the quantized value, most significant bit first.
//!
//! `q ^ (q >> 1)` with the `q` of the binary encoder: neighbouring levels differ in one bit. As
//! DiffLUT's `GrayEncoder`. Fitted: `min_value` and `max_value` `[features]`.

use super::EncoderKind;
use super::fitted::{Formula, fit_range, kind, take};
use crate::binarized::encodings::Encoding;

/// The registry's line.
pub(in crate::components) static GRAY: EncoderKind =
    kind!(Gray, "Gray code in num_bits of the value quantized between the smallest and the largest");

static FORMULA: Formula = Formula {
    arrays: |_| vec![("min_value", 1), ("max_value", 1)],
    fit: fit_range,
    encoding: |config, arrays| {
        let [min, max] = take(arrays);
        Encoding::Gray { bits: config.num_bits, min, max }
    },
};
