//! BinarizedNetwork to Design, and Design to one flat netlist of lookup tables.

mod flatten;
mod network;

pub use flatten::flatten;
pub use network::lower;
