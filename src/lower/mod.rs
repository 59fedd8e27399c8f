//! BinarizedNetwork to Design, and Design to one flat netlist of lookup tables.

mod code_bits;
mod flatten;
mod network;

pub use code_bits::to_code_bits;
pub use flatten::flatten;
pub use network::lower;
