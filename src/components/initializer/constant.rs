//! `zeros` and `ones`: every parameter is 0, or 1. `default`: the family's own draw, which every
//! node's documentation states.

use super::{Fill, InitializerKind};
use crate::config::InitFn;

/// The registry's line.
pub(in crate::components) static DEFAULT: InitializerKind = InitializerKind {
    init_fn: InitFn::Default,
    name: "default",
    summary: "the node type's own draw",
    parameters: &[],
    fill: Fill::Own,
};

/// The registry's line.
pub(in crate::components) static ZEROS: InitializerKind = InitializerKind {
    init_fn: InitFn::Zeros,
    name: "zeros",
    summary: "every parameter 0",
    parameters: &[],
    fill: Fill::Block(|_, _, _, values| values.fill(0.0)),
};

/// The registry's line.
pub(in crate::components) static ONES: InitializerKind = InitializerKind {
    init_fn: InitFn::Ones,
    name: "ones",
    summary: "every parameter 1",
    parameters: &[],
    fill: Fill::Block(|_, _, _, values| values.fill(1.0)),
};
