//! Fits a model's weights to labelled samples.
//!
//! Mini-batches are shuffled by the seed of the training section; every sum is computed in a
//! fixed order, so the same data, configuration and seed give the same weights to the last bit
//! on any number of threads. Nothing here prints: the caller hears of progress by [`Progress`].

mod error;
mod fit;
mod metrics;
mod optimizer;

pub use error::TrainError;
pub use fit::{EpochReport, Progress, fit};
pub use metrics::{check_dataset, share};
pub use optimizer::{AdamParameters, Optimizer, global_norm};
