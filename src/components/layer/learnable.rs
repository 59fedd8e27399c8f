//! Wiring that is trained: every pin chooses among the columns of the layer before.
//!
//! ```text
//! soft               pin = softmax(W / tau) x        W is (width * n, columns), x (columns, batch)
//!                    tau = max(tau_start * 10^(-step / tau_decay_iters), tau_min)
//! straight through   pin = x_c with c the column of the largest W, the lowest on ties
//!                    dW = g (2 x - 1)^T, dx = softmax(W / tau)^T g
//! evaluation         pin = x_c of the largest W in both
//! ```
//!
//! The soft choice is that of DiffLUT's `LearnableLayer`: row `node * n + input` of W belongs to
//! one pin, its first values are uniform within sqrt(6 / (width * n + columns)) (Glorot and Bengio
//! 2010), and tau falls with every step of the optimizer from `tau_start` (1 by default) by a
//! factor of ten in `tau_decay_iters` (1000) steps to `tau_min` (1e-4).
//!
//! The other is that of torch-dwn's `LearnableMapping` (Bacellar et al., ICML 2024): training sees
//! the columns that hardware will have, W starts uniform in [0, 0.01) (there in [0, 1)), and the
//! softmax, with tau 0.001 unless `tau_start` says otherwise, serves the gradient of the inputs
//! alone, which a first layer has not.
//!
//! With `candidates` a pin knows only that many columns, dealt by the seed as the wiring `random`
//! deals them, so that every column is some pin's candidate as soon as there are enough pins; W
//! is then `(width * n, candidates)` and costs no more for a wide input. Nothing of it is left in
//! hardware: the binarized layer is a wiring like any other.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Choices, Draw, LayerKind, LayerShape, random};
use crate::components::describe::{node, runtime};
use crate::components::initializer::InitDefault;
use crate::components::ops::places_of_largest;
use crate::config::{InitFn, InitKwargs, LayerType, NodeType, RuntimeConfig, Selection};

/// The registry's line.
pub(in crate::components) static LEARNABLE: LayerKind = LayerKind {
    layer_type: LayerType::Learnable,
    name: "learnable",
    summary: "every input of a node is a trained choice among columns",
    parameters: &[
        runtime("selection", "soft, straight_through", "soft", "what a pin is in training: a mixture or its choice"),
        node("candidates", "1 to 65536", "all columns", "how many columns an input of a node chooses among"),
        runtime("tau_start", "1e-6 to 1e6", "1; 0.001", "temperature of the choice at the first step"),
        runtime("tau_min", "1e-6 to 1e6", "1e-4; 0.001", "the temperature falls no further"),
        runtime("tau_decay_iters", "1 to 1e9", "1000", "steps in which the temperature falls to a tenth"),
    ],
    init: first_weights,
    draw: Draw::Learned(draw),
};

/// Pins whose choices one thread looks for at a time.
const PINS: usize = 64;

/// The largest first weight. torch-dwn's is 1, from where steps of 0.01 take long to reach another
/// column; from here the first gradients decide (MNIST, 600 and 400 nodes, 128 candidates: 95.7 %
/// of the validation part instead of 95.2 % after two epochs).
const STRAIGHT_THROUGH_START: f32 = 0.01;

/// The temperature of torch-dwn.
const STRAIGHT_THROUGH_TAU: f64 = 0.001;

/// Behind soft choices the own draws of these families stay where they are nowhere near bits, so
/// that binarizing loses most of what was learned; docs/training.md has the numbers. DiffLUT knows
/// no such rule; `init_fn: default` is its draw.
fn first_weights(node_type: NodeType) -> InitDefault {
    match node_type {
        NodeType::LinearLut | NodeType::Polylut => InitFn::Normal.into(),
        NodeType::Fourier => {
            let init_kwargs = InitKwargs { a: Some(0.0), b: Some(1.0), ..InitKwargs::default() };
            InitDefault { init_fn: InitFn::Uniform, init_kwargs }
        }
        _ => InitFn::Default.into(),
    }
}

fn draw(shape: LayerShape, candidates: Option<usize>, selection: Selection, rng: &mut ChaCha8Rng) -> Choices {
    let pins = shape.width * shape.fan_in;
    let count = candidates.unwrap_or(shape.input_width).min(shape.input_width);
    let bound = (6.0 / (pins + count) as f32).sqrt();
    let weights = (0..pins * count).map(|_| match selection {
        Selection::Soft => bound * (2.0 * rng.random::<f32>() - 1.0),
        Selection::StraightThrough => STRAIGHT_THROUGH_START * rng.random::<f32>(),
    });
    let weights = weights.collect();
    let list = candidates.map(|_| {
        let mut list = random::wire(LayerShape { width: pins, fan_in: count, ..shape }, rng);
        // The lowest column wins ties, here as without candidates.
        list.chunks_exact_mut(count).for_each(<[u32]>::sort_unstable);
        list
    });
    Choices { weights, candidates: list }
}

/// The temperature at a step of the optimizer, counted from 0.
pub fn temperature(runtime: &RuntimeConfig, step: usize) -> f64 {
    let setting = |value: Option<f32>, default| value.map_or(default, f64::from);
    let (start, min) = match runtime.selection.unwrap_or_default() {
        Selection::Soft => (1.0, 1e-4),
        Selection::StraightThrough => (STRAIGHT_THROUGH_TAU, STRAIGHT_THROUGH_TAU),
    };
    let (start, min) = (setting(runtime.tau_start, start), setting(runtime.tau_min, min));
    (start * 10f64.powf(-(step as f64) / setting(runtime.tau_decay_iters, 1000.0))).max(min)
}

/// The columns that the pins choose in evaluation; `candidates` has those of `choices`, without
/// it every column is one.
pub fn choose_hard(choices: &[f32], count: usize, candidates: Option<&[u32]>) -> Vec<u32> {
    let count = count.max(1);
    let mut columns = vec![0u32; choices.len() / count];
    columns.par_chunks_mut(PINS).zip(choices.par_chunks(PINS * count)).enumerate().for_each(
        |(chunk, (columns, rows))| {
            places_of_largest(rows, count, columns);
            let Some(candidates) = candidates else { return };
            for (column, candidates) in columns.iter_mut().zip(candidates[chunk * PINS * count..].chunks(count)) {
                *column = candidates[*column as usize];
            }
        },
    );
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_largest_weight_is_chosen_and_the_lowest_column_on_ties() {
        let weights = [0.0, 2.0, 1.0, 3.0, 3.0, -1.0, -2.0, -1.0, -1.0];
        assert_eq!(choose_hard(&weights, 3, None), [1, 0, 1]);
        assert_eq!(choose_hard(&weights, 3, Some(&[4, 5, 6, 0, 7, 8, 1, 2, 9])), [5, 0, 2]);
    }

    #[test]
    fn candidates_cover_every_column_and_repeat_none_in_a_pin() {
        let shape = LayerShape { input_width: 50, width: 20, fan_in: 3 };
        let draw = |seed| draw(shape, Some(4), Selection::StraightThrough, &mut ChaCha8Rng::seed_from_u64(seed));
        let choices = draw(1);
        let list = choices.candidates.clone().unwrap();
        assert_eq!((choices.weights.len(), list.len()), (240, 240));
        assert!(list.chunks(4).all(|pin| pin.windows(2).all(|pair| pair[0] < pair[1])));
        assert_eq!(list.iter().collect::<std::collections::BTreeSet<_>>().len(), 50);
        assert!(choices.weights.iter().all(|w| (0.0..1.0).contains(w)));
        assert_eq!(draw(1).candidates, choices.candidates);
        assert_ne!(draw(2).candidates, choices.candidates);
        let all = super::draw(shape, Some(99), Selection::Soft, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(all.candidates.unwrap()[..50], Vec::from_iter(0..50));
    }

    #[test]
    fn families_that_need_it_begin_with_wider_weights() {
        let own: InitDefault = InitFn::Default.into();
        for name in NodeType::NAMES {
            let first = first_weights(NodeType::from_name(name).unwrap());
            assert_eq!(first == own, !["linear_lut", "polylut", "fourier"].contains(name), "{name}");
        }
        let fourier = first_weights(NodeType::Fourier);
        assert_eq!((fourier.init_fn, fourier.init_kwargs.a), (InitFn::Uniform, Some(0.0)));
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
        let dwn = RuntimeConfig { selection: Some(Selection::StraightThrough), ..Default::default() };
        assert_eq!((temperature(&dwn, 0), temperature(&dwn, 5000)), (0.001, 0.001));
    }
}
