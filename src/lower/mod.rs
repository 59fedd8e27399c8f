//! BinarizedNetwork to Design, whole or streamed, and Design to one flat netlist of lookup tables.

mod code_bits;
mod flatten;
mod network;
mod streamed;

pub use code_bits::to_code_bits;
pub use flatten::{flatten, flatten_argmax, flatten_in_pieces, flatten_pixel};
pub use network::lower;
pub use streamed::lower_streamed;
