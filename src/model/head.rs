//! From the bits of the last layer to scores and label.

use candle_core::Tensor;

use super::{Model, ModelError};
use crate::binarized::{Head, Outcome};
use crate::components::head::{bit_scores, group_sum};
use crate::config::HeadType;

impl Model {
    /// Activations `(columns, batch)` of the last layer to scores: `(batch, classes)`, of plain
    /// bits `(batch, columns)`.
    pub(super) fn scores(&self, activations: &Tensor) -> Result<Tensor, ModelError> {
        let tau = f64::from(self.config.tau());
        Ok(match self.config.head {
            HeadType::GroupSum => group_sum(activations, self.config.num_classes, tau)?,
            HeadType::Bits | HeadType::Onehot => bit_scores(activations, tau)?,
        })
    }

    /// The label of every row of scores: the class of the largest score, the lowest on ties; of
    /// plain bits what [`HeadType::label`] makes of the scores that are not negative.
    ///
    /// # Errors
    /// candle's.
    pub fn labels(&self, scores: &Tensor) -> Result<Vec<u32>, ModelError> {
        let rows = scores.to_vec2::<f32>()?;
        let label = |row: &Vec<f32>| match self.config.head {
            HeadType::GroupSum => largest(row),
            head => head.label(row.iter().map(|&score| score >= 0.0)),
        };
        Ok(rows.iter().map(label).collect())
    }

    /// How many labels the model knows, 0 up to one less.
    pub fn label_count(&self) -> usize {
        match self.config.head {
            HeadType::GroupSum => self.config.num_classes,
            head => head.labels(self.config.output_width().unwrap_or(0)),
        }
    }

    /// The head as hardware has it.
    pub(super) fn binarized_head(&self) -> Head {
        match self.config.head {
            HeadType::GroupSum => Head::GroupSum { classes: self.config.num_classes as u32, tau: self.config.tau() },
            HeadType::Bits | HeadType::Onehot => Head::Bits,
        }
    }

    /// The label of an outcome.
    pub(super) fn label_of(&self, outcome: &Outcome) -> u32 {
        match self.config.head {
            HeadType::GroupSum => outcome.class.unwrap_or(0) as u32,
            head => head.label(outcome.bits().iter().copied()),
        }
    }
}

/// The index of the largest score, the lowest on ties.
fn largest(scores: &[f32]) -> u32 {
    let mut best = 0;
    for (class, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = class;
        }
    }
    best as u32
}
