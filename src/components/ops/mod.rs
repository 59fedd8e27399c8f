//! Operations with hand-written gradients.

mod lut_layer;

pub use lut_layer::LutLayerOp;
