//! `variance_stabilized`, also called `probabilistic`: N(0, 4 v_target / (n + 1)) for a node of n
//! inputs and one output, so that logits stay where the sigmoid is steep (DiffLUT's
//! `variance_stabilized_init`; the fans are the node's, not those of its table).

use super::{Fill, FillBlock, InitializerKind, normal};
use crate::components::describe::{ParameterInfo, kwarg};
use crate::config::InitFn;

const PARAMETERS: &[ParameterInfo] = &[kwarg("v_target", "0 to 1e6", "1", "the variance aimed at")];

const FILL: FillBlock = |spec, _, rng, values| {
    let target = f64::from(spec.kwargs.v_target.unwrap_or(1.0));
    let std = (4.0 * target / (spec.fan_in as f64 + 1.0)).sqrt() as f32;
    values.iter_mut().for_each(|value| *value = std * normal(rng));
};

/// The registry's line.
pub(in crate::components) static VARIANCE_STABILIZED: InitializerKind = InitializerKind {
    init_fn: InitFn::VarianceStabilized,
    name: "variance_stabilized",
    summary: "normal draws with the variance 4 v_target / (n + 1)",
    parameters: PARAMETERS,
    fill: Fill::Block(FILL),
};

/// The registry's line.
pub(in crate::components) static PROBABILISTIC_INIT: InitializerKind = InitializerKind {
    init_fn: InitFn::Probabilistic,
    name: "probabilistic",
    summary: "another name of variance_stabilized",
    parameters: PARAMETERS,
    fill: Fill::Block(FILL),
};
