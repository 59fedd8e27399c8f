//! Thresholds at the quantiles of the samples, so that every bit splits them evenly.
//!
//! Threshold `i` of 1..=bits is the sorted samples' value at row `floor(N * i / (bits + 1))`, as
//! in DiffLUT's `DistributiveThermometerEncoder`; bit `i` is `x > threshold`, strictly. Fitted:
//! `thresholds` `[features, bits]`.

use super::EncoderKind;
use super::fitted::{Formula, kind};
use super::thermometer::encoding;

/// The registry's line.
pub(in crate::components) static DISTRIBUTIVE_THERMOMETER: EncoderKind =
    kind!(DistributiveThermometer, "num_bits thresholds at the quantiles of the samples");

static FORMULA: Formula = Formula {
    arrays: |config| vec![("thresholds", config.num_bits)],
    fit: |config, values| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f32::total_cmp);
        vec![(1..=config.num_bits).map(|i| sorted[sorted.len() * i / (config.num_bits + 1)]).collect()]
    },
    encoding,
};
