//! `xavier_uniform` and `xavier_normal` (Glorot and Bengio, "Understanding the difficulty of
//! training deep feedforward neural networks", AISTATS 2010):
//!
//! ```text
//! std = gain * sqrt(2 / (fan_in + fan_out))
//! xavier_normal    N(0, std^2)
//! xavier_uniform   uniform between -sqrt(3) std and sqrt(3) std
//! ```
//!
//! Fans are those of the block ([`Block`](super::Block)).

use super::{Block, Fill, InitSpec, InitializerKind, normal, uniform};
use crate::components::describe::{ParameterInfo, kwarg};
use crate::config::InitFn;

const PARAMETERS: &[ParameterInfo] = &[kwarg("gain", "0 to 1e6", "1", "factor of the standard deviation")];

/// The registry's line.
pub(in crate::components) static XAVIER_UNIFORM: InitializerKind = InitializerKind {
    init_fn: InitFn::XavierUniform,
    name: "xavier_uniform",
    summary: "uniform draws with the variance 2 gain^2 / (fan_in + fan_out)",
    parameters: PARAMETERS,
    fill: Fill::Block(|spec, block, rng, values| {
        let end = 3f32.sqrt() * std(spec, block);
        uniform::fill(rng, -end, end, values);
    }),
};

/// The registry's line.
pub(in crate::components) static XAVIER_NORMAL: InitializerKind = InitializerKind {
    init_fn: InitFn::XavierNormal,
    name: "xavier_normal",
    summary: "normal draws with the variance 2 gain^2 / (fan_in + fan_out)",
    parameters: PARAMETERS,
    fill: Fill::Block(|spec, block, rng, values| {
        let std = std(spec, block);
        values.iter_mut().for_each(|value| *value = std * normal(rng));
    }),
};

fn std(spec: &InitSpec, block: Block) -> f32 {
    spec.kwargs.gain.unwrap_or(1.0) * (2.0 / (block.fan_in() + block.fan_out())).sqrt() as f32
}
