//! Wiring that is trained: every pin chooses among all columns of the layer before.
//!
//! ```text
//! training     pin = softmax(W / tau) x        W is (width * n, columns), x (columns, batch)
//! evaluation   pin = x_c with c the column of the largest W, the lowest on ties
//! tau          max(tau_start * 10^(-step / tau_decay_iters), tau_min)
//! ```
//!
//! as in DiffLUT's `LearnableLayer`: row `node * n + input` of W belongs to one pin, its first
//! values are uniform within sqrt(6 / (width * n + columns)) (Glorot and Bengio 2010), and
//! tau falls with every step of the optimizer from `tau_start` (1 by default) by a factor of ten
//! in `tau_decay_iters` (1000) steps to `tau_min` (1e-4). The product is one operation for the
//! whole layer ([`ChooseOp`](crate::components::ops::ChooseOp)); behind it stands the fused layer
//! operation with pins in order. Nothing of it is left in hardware: the binarized layer is a wiring like any other.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Draw, LayerKind, LayerShape};
use crate::components::describe::runtime;
use crate::config::{InitFn, LayerType, RuntimeConfig};

/// The registry's line.
pub(in crate::components) static LEARNABLE: LayerKind = LayerKind {
    layer_type: LayerType::Learnable,
    name: "learnable",
    summary: "every input of a node is a trained choice among all columns",
    parameters: &[
        runtime("tau_start", "1e-6 to 1e6", "1", "temperature of the choice at the first step"),
        runtime("tau_min", "1e-6 to 1e6", "1e-4", "the temperature falls no further"),
        runtime("tau_decay_iters", "1 to 1e9", "1000", "steps in which the temperature falls to a tenth"),
    ],
    init: InitFn::Default,
    draw: Draw::Learned(draw),
};

fn draw(shape: LayerShape, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let pins = shape.width * shape.fan_in;
    let bound = (6.0 / (pins + shape.input_width) as f32).sqrt();
    (0..pins * shape.input_width).map(|_| bound * (2.0 * rng.random::<f32>() - 1.0)).collect()
}

/// The temperature at a step of the optimizer, counted from 0.
pub fn temperature(runtime: &RuntimeConfig, step: usize) -> f64 {
    let setting = |value: Option<f32>, default| value.map_or(default, f64::from);
    let (start, min) = (setting(runtime.tau_start, 1.0), setting(runtime.tau_min, 1e-4));
    (start * 10f64.powf(-(step as f64) / setting(runtime.tau_decay_iters, 1000.0))).max(min)
}

/// The columns that the pins choose in evaluation.
pub fn choose_hard(choices: &[f32], input_width: usize) -> Vec<u32> {
    let chosen = |row: &[f32]| (0..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best }) as u32;
    choices.chunks_exact(input_width.max(1)).map(chosen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_weight_is_chosen_and_the_lowest_column_on_ties() {
        assert_eq!(choose_hard(&[0.0, 2.0, 1.0, 3.0, 3.0, -1.0, -2.0, -1.0, -1.0], 3), [1, 0, 1]);
    }

    #[test]
    fn the_temperature_falls_to_its_floor() {
        let runtime: RuntimeConfig =
            serde_yaml::from_str("{tau_start: 2, tau_min: 0.05, tau_decay_iters: 10}").unwrap();
        let found: Vec<f64> = [0, 5, 10, 100].map(|step| temperature(&runtime, step)).to_vec();
        for (found, expected) in found.iter().zip([2.0, 2.0 / 10f64.sqrt(), 0.2, 0.05f32 as f64]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        assert_eq!(temperature(&RuntimeConfig::default(), 0), 1.0);
    }
}
