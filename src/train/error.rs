//! What can go wrong in training.

use crate::config::ParameterError;
use crate::model::ModelError;

/// A training that cannot start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A parameter of the training section is out of range.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The model refused something.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A data set has no samples.
    #[error("data set `{name}` has no samples")]
    Empty {
        /// The data set.
        name: String,
    },
    /// The parts of a data set made in memory do not belong together.
    #[error(
        "data set `{name}` states {rows} samples of {columns} features, but has {values} values and {labels} labels"
    )]
    Shape {
        /// The data set.
        name: String,
        /// Samples that it states.
        rows: usize,
        /// Features that it states.
        columns: usize,
        /// Feature values that it has.
        values: usize,
        /// Labels that it has.
        labels: usize,
    },
    /// Every sample has the same label, so there is nothing to tell apart.
    #[error("all {rows} samples of data set `{name}` have the label {label}; training needs at least two classes")]
    OneClass {
        /// The data set.
        name: String,
        /// Number of samples.
        rows: usize,
        /// The only label.
        label: u32,
    },
    /// A label that the model has no class for.
    #[error(
        "sample {row} of data set `{name}` has the label {label}, but the model has {classes} classes; allowed are 0 to {}; \
         raise num_classes or correct the data",
        classes - 1
    )]
    Label {
        /// The data set.
        name: String,
        /// The sample, counted from 0.
        row: usize,
        /// Its label.
        label: u32,
        /// Classes of the model.
        classes: usize,
    },
    /// A data set has another number of features than the model.
    #[error("data set `{name}` has {found} features, the model reads {expected} (input_size)")]
    Features {
        /// The data set.
        name: String,
        /// Its features.
        found: usize,
        /// The model's.
        expected: usize,
    },
    /// The loss or a weight is no finite number.
    #[error(
        "{what} became {value} in epoch {epoch}, step {step}; try a smaller learning_rate (it is {learning_rate}) or a \
         larger runtime.output_tau"
    )]
    NotFinite {
        /// "the loss" or "a weight".
        what: &'static str,
        /// Its value.
        value: f32,
        /// The epoch, counted from 1.
        epoch: usize,
        /// The step in the epoch, counted from 1.
        step: usize,
        /// The configured learning rate.
        learning_rate: f64,
    },
    /// Saved numbers of an optimizer that belong to another model.
    #[error("the optimizer's state `{name}` has {found} numbers, the model's weight has {expected}")]
    State {
        /// The array.
        name: String,
        /// Its length.
        found: usize,
        /// That of the weight.
        expected: usize,
    },
    /// candle refused an operation.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
