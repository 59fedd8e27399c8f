//! The trained network as pure logic: encoder bits, wiring, truth tables, head.
//!
//! This is the waist of the crate. Whatever was trained or imported becomes a
//! [`BinarizedNetwork`]; everything behind it (netlist, optimizer, emitters, checks) is compared
//! with [`BinarizedNetwork::predict_codes`], the shortest and most obviously right inference here.

mod calibrate;
mod encoder;
mod file;
mod head;
mod layer;
mod network;
mod requantize;
mod spatial;
mod streamed;

pub use encoder::{EncodedBit, Encoder, IntegerBit};
pub use file::{BINARIZED_FORMAT, BINARIZED_VERSION};
pub use head::Head;
pub use layer::LutLayer;
pub use network::{BinarizedError, BinarizedNetwork, Outcome};
pub use spatial::{Spatial, SpatialStep};
pub use streamed::{NotStreamable, PixelBit, Streamed, StreamedStep};

pub mod arbitrary;
pub mod encodings;
