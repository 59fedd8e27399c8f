//! Trained LUT networks to hardware and firmware that compute the same function.
pub mod binarized;
pub mod cli;
#[cfg(feature = "train")]
pub mod components;
pub mod config;
pub mod data;
pub mod files;
pub mod logic;
#[cfg(feature = "train")]
pub mod model;
#[cfg(feature = "train")]
pub mod train;
