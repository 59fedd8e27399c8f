//! `uniform`: independent draws from [a, b), by default [-1, 1).

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Fill, InitializerKind};
use crate::components::describe::kwarg;
use crate::config::{InitFn, InitKwargs};

/// The registry's line.
pub(in crate::components) static UNIFORM: InitializerKind = InitializerKind {
    init_fn: InitFn::Uniform,
    name: "uniform",
    summary: "uniform draws between a and b",
    parameters: &[kwarg("a", "-1e6 to 1e6", "-1", "the lower end"), kwarg("b", "a to 1e6", "1", "the upper end")],
    fill: Fill::Block(|spec, _, rng, values| {
        let (a, b) = ends(&spec.kwargs);
        fill(rng, a, b, values);
    }),
};

/// The two ends.
pub(super) fn ends(kwargs: &InitKwargs) -> (f32, f32) {
    (kwargs.a.unwrap_or(-1.0), kwargs.b.unwrap_or(1.0))
}

/// Draws from [a, b).
pub(super) fn fill(rng: &mut ChaCha8Rng, a: f32, b: f32, values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = a + (b - a) * rng.random::<f32>());
}
