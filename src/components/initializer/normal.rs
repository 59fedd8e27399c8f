//! `normal`: independent draws of N(mean, std^2), by default N(0, 1).

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Fill, InitializerKind};
use crate::components::describe::kwarg;
use crate::config::InitFn;

/// The registry's line.
pub(in crate::components) static NORMAL: InitializerKind = InitializerKind {
    init_fn: InitFn::Normal,
    name: "normal",
    summary: "normal draws with mean and std",
    parameters: &[
        kwarg("mean", "-1e6 to 1e6", "0", "the mean"),
        kwarg("std", "0 to 1e6", "1", "the standard deviation"),
    ],
    fill: Fill::Block(|spec, _, rng, values| {
        let (mean, std) = (spec.kwargs.mean.unwrap_or(0.0), spec.kwargs.std.unwrap_or(1.0));
        values.iter_mut().for_each(|value| *value = mean + std * normal(rng));
    }),
};

/// A draw from the standard normal distribution (Box and Muller 1958).
pub fn normal(rng: &mut ChaCha8Rng) -> f32 {
    // 1 - u lies in (0, 1], where the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    (radius * angle.cos()) as f32
}
