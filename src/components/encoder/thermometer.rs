//! Evenly spaced thresholds between the smallest and the largest value.
//!
//! Threshold `i` of 1..=bits is `min + i * ((max - min) / (bits + 1))`, every operation rounded
//! to float32 in this order, as in DiffLUT's `ThermometerEncoder`; bit `i` is `x > threshold`,
//! strictly. A constant feature has equal thresholds and its bits are 0 on what it was fitted to.
//! Fitted: `thresholds` `[features, bits]`.

use super::EncoderKind;
use super::fitted::{Formula, kind, range, take};
use crate::binarized::encodings::Encoding;
use crate::config::EncoderConfig;

/// The registry's line.
pub(in crate::components) static THERMOMETER: EncoderKind =
    kind!(Thermometer, "num_bits evenly spaced thresholds between the smallest and the largest value");

static FORMULA: Formula = Formula {
    arrays: |config| vec![("thresholds", config.num_bits)],
    fit: |config, values| {
        let (min, max) = range(values);
        let step = (max - min) / (config.num_bits as f32 + 1.0);
        vec![(1..=config.num_bits).map(|i| min + i as f32 * step).collect()]
    },
    encoding,
};

/// Shared by the three thermometers, which differ in where their thresholds stand.
pub(super) fn encoding(config: &EncoderConfig, arrays: Vec<Vec<f32>>) -> Encoding {
    let [thresholds] = take(arrays);
    Encoding::Thermometer { bits: config.num_bits, thresholds }
}
