//! Fits a model's weights to labelled samples.
//!
//! Mini-batches are shuffled by the seed of the training section; every sum is computed in a
//! fixed order, so the same data, configuration and seed give the same weights to the last bit
//! on any number of threads, and a training that was interrupted goes on to the same weights.
//! Nothing here prints: the caller hears of progress by [`Progress`].

mod augment;
mod checkpoint;
mod curve;
mod encoded_set;
mod error;
mod fit;
mod loss;
mod metrics;
mod optimizer;
mod run_folder;
mod split;

pub use checkpoint::{CHECKPOINT_FORMAT, CHECKPOINT_VERSION};
pub use curve::curve;
pub use error::TrainError;
pub use fit::{Progress, fit, fit_in, fit_on};
pub use metrics::{EpochReport, Part, check_dataset, json_lines, share};
pub use optimizer::{AdamParameters, Optimizer, global_norm};
pub use run_folder::RunFolder;
pub use split::stratified_split;

#[cfg(test)]
mod tests;
