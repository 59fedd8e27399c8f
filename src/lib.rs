//! Trained LUT networks to hardware and firmware that compute the same function.
pub mod binarized;
pub mod config;
pub mod emit;
pub mod files;
pub mod import;
pub mod logic;
pub mod lower;
pub mod netlist;
