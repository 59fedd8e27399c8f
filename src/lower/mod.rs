//! BinarizedNetwork to Design.

mod network;

pub use network::lower;
