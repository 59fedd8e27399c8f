//! The quantized logarithm, most significant bit first.
//!
//! `l = ln(x + offset + 1e-8) / ln(base)` with `offset = 1 - min` where `min < 0`, else 0; then
//! `q = trunc(clamp((l - min_log) / (max_log - min_log + 1e-8), 0, 1) * (2^bits - 1))`, in
//! float32, as in DiffLUT's `LogarithmicEncoder`. Where the logarithm does not exist all bits are
//! 0; there the Python library's bits are undefined. A base of at most 1 is refused. Fitted:
//! `offset`, `min_log`, `max_log` `[features]`.

use super::EncoderKind;
use super::fitted::{Formula, kind, range, take};
use crate::binarized::encodings::{Encoding, logarithm};
use crate::config::EncoderConfig;

/// The registry's line.
pub(in crate::components) static LOGARITHMIC: EncoderKind =
    kind!(Logarithmic, "num_bits of the logarithm quantized between the smallest and the largest");

static FORMULA: Formula = Formula {
    arrays: |_| vec![("offset", 1), ("min_log", 1), ("max_log", 1)],
    fit: |config, values| {
        let (min, max) = range(values);
        let offset = if min < 0.0 { -min + 1.0 } else { 0.0 };
        // The logarithm never falls, so its range is that of the ends.
        let log = |x: f32| logarithm(base(config), offset, x);
        vec![vec![offset], vec![log(min)], vec![log(max)]]
    },
    encoding: |config, arrays| {
        let [offset, min_log, max_log] = take(arrays);
        Encoding::Logarithmic { bits: config.num_bits, base: base(config), offset, min_log, max_log }
    },
};

fn base(config: &EncoderConfig) -> f32 {
    config.base.unwrap_or(2.0)
}
