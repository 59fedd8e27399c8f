//! One bit per bin of the range; exactly one of them is 1.
//!
//! The bins' edges are `linspace(min, max, bits + 1)` in float32: from both ends towards the
//! middle with the step `(max - min) / bits`, as torch counts. Bit `b` is 1 when
//! `edge[b] < x <= edge[b + 1]`; below the range the first, above it the last. As DiffLUT's
//! `OneHotEncoder`. Fitted: `bin_edges` `[features, bits + 1]`.

use super::EncoderKind;
use super::fitted::{Formula, kind, range, take};
use crate::binarized::encodings::Encoding;

/// The registry's line.
pub(in crate::components) static ONEHOT: EncoderKind =
    kind!(Onehot, "one of num_bits bins between the smallest and the largest value");

static FORMULA: Formula = Formula {
    arrays: |config| vec![("bin_edges", config.num_bits + 1)],
    fit: |config, values| {
        let (min, max) = range(values);
        let steps = config.num_bits + 1;
        let step = (max - min) / config.num_bits as f32;
        let edge = |i: usize| {
            if i < steps / 2 { min + step * i as f32 } else { max - step * (steps - 1 - i) as f32 }
        };
        vec![(0..steps).map(edge).collect()]
    },
    encoding: |config, arrays| {
        let [edges] = take(arrays);
        Encoding::OneHot { bits: config.num_bits, edges }
    },
};
