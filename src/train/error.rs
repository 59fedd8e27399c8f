//! What can go wrong in training.

use std::path::PathBuf;

use crate::config::{ImageShape, ParameterError};
use crate::files::FileError;
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
    /// A label that the model has no class for, or no plain bits.
    #[error(
        "sample {row} of data set `{name}` has the label {label}, but the model has {classes} classes; allowed are 0 to {}; \
         raise num_classes (with a head of plain bits the last layer's width) or correct the data",
        classes.saturating_sub(1)
    )]
    Label {
        /// The data set.
        name: String,
        /// The sample, counted from 0.
        row: usize,
        /// Its label.
        label: u32,
        /// Labels that the model knows: its classes, or what its plain bits can say.
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
    /// The validation part would be empty.
    #[error(
        "training.validation_fraction is {fraction}, which leaves no sample of the {rows} of data set `{name}` to \
         validate on; raise it or give more samples"
    )]
    Validation {
        /// The data set.
        name: String,
        /// Its samples.
        rows: usize,
        /// The configured share.
        fraction: f64,
    },
    /// Augmentation of what is no square image.
    #[error(
        "training.augmentation is for square images of one or three channels{}; the samples have {columns} features",
        shape.map(|shape| format!(" (input_shape is {shape:?})")).unwrap_or_default()
    )]
    NoImage {
        /// Features of a sample.
        columns: usize,
        /// The configured shape.
        shape: Option<ImageShape>,
    },
    /// The loss or a weight is no finite number.
    #[error(
        "{what} became {value} in epoch {epoch}, step {step}: {place}; try a smaller learning_rate (it is \
         {learning_rate}), gradient_clip: 1, warmup_epochs: 1 or a larger runtime.output_tau"
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
        /// The first layer with such a weight, or that all weights are finite.
        place: String,
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
    /// A checkpoint that belongs to another training.
    #[error(
        "`{}` belongs to another training: {}; give the experiment it was made with, or another folder",
        path.display(),
        differences.join("; ")
    )]
    OtherTraining {
        /// The checkpoint.
        path: PathBuf,
        /// Every field that differs, with both values.
        differences: Vec<String>,
    },
    /// A folder with checkpoints, and no word that they should be used.
    #[error(
        "`{}` holds checkpoints of an earlier training (the newest is `{newest}`); go on from it with --resume, or \
         give another folder",
        folder.display()
    )]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// Its newest checkpoint.
        newest: String,
    },
    /// A file of the run could not be read, written or believed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The picture of the training curve could not be drawn.
    #[error("the training curve cannot be drawn: {reason}")]
    Curve {
        /// The plotting library's reason.
        reason: String,
    },
    /// candle refused an operation.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
