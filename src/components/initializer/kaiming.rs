//! `kaiming_uniform` and `kaiming_normal` (He et al., "Delving deep into rectifiers", ICCV 2015):
//!
//! ```text
//! std = gain / sqrt(fan)      fan is fan_in or fan_out, as `mode` says
//! gain                        linear, sigmoid 1; tanh 5/3; relu sqrt(2); leaky_relu sqrt(2 / (1 + a^2))
//! kaiming_normal              N(0, std^2)
//! kaiming_uniform             uniform between -sqrt(3) std and sqrt(3) std
//! ```
//!
//! Fans are those of the block ([`Block`](super::Block)).

use super::{Block, Fill, InitSpec, InitializerKind, normal, uniform};
use crate::components::describe::{ParameterInfo, kwarg};
use crate::config::{FanMode, InitFn, Nonlinearity};

const PARAMETERS: &[ParameterInfo] = &[
    kwarg("a", "-1e6 to 1e6", "0", "slope below zero of leaky_relu"),
    kwarg("mode", "fan_in, fan_out", "fan_in", "the side counted"),
    kwarg("nonlinearity", "linear, sigmoid, tanh, relu, leaky_relu", "leaky_relu", "decides the gain"),
];

/// The registry's line.
pub(in crate::components) static KAIMING_UNIFORM: InitializerKind = InitializerKind {
    init_fn: InitFn::KaimingUniform,
    name: "kaiming_uniform",
    summary: "uniform draws with the variance gain^2 / fan",
    parameters: PARAMETERS,
    fill: Fill::Block(|spec, block, rng, values| {
        let end = 3f32.sqrt() * std(spec, block);
        uniform::fill(rng, -end, end, values);
    }),
};

/// The registry's line.
pub(in crate::components) static KAIMING_NORMAL: InitializerKind = InitializerKind {
    init_fn: InitFn::KaimingNormal,
    name: "kaiming_normal",
    summary: "normal draws with the variance gain^2 / fan",
    parameters: PARAMETERS,
    fill: Fill::Block(|spec, block, rng, values| {
        let std = std(spec, block);
        values.iter_mut().for_each(|value| *value = std * normal(rng));
    }),
};

fn std(spec: &InitSpec, block: Block) -> f32 {
    let a = f64::from(spec.kwargs.a.unwrap_or(0.0));
    let gain = match spec.kwargs.nonlinearity.unwrap_or_default() {
        Nonlinearity::Linear | Nonlinearity::Sigmoid => 1.0,
        Nonlinearity::Tanh => 5.0 / 3.0,
        Nonlinearity::Relu => 2f64.sqrt(),
        Nonlinearity::LeakyRelu => (2.0 / (1.0 + a * a)).sqrt(),
    };
    let fan = match spec.kwargs.mode.unwrap_or_default() {
        FanMode::FanIn => block.fan_in(),
        FanMode::FanOut => block.fan_out(),
    };
    (gain / fan.sqrt()) as f32
}
