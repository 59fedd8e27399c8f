//! From the bits of the last layer to scores and label.

use super::Model;
use crate::binarized::{Head, Outcome};
use crate::config::HeadType;

impl Model {
    /// The label of each of some samples from their scores ([`TrainingPass::scores`]): the class
    /// of the largest score, the lowest on ties; of plain bits what [`HeadType::label`] makes of
    /// the scores that are not negative.
    ///
    /// [`TrainingPass::scores`]: super::TrainingPass::scores
    pub fn labels(&self, scores: &[f32], samples: usize) -> Vec<u32> {
        let label = |row: &[f32]| match self.config.head {
            HeadType::GroupSum => largest(row),
            head => head.label(row.iter().map(|&score| score >= 0.0)),
        };
        scores.chunks_exact((scores.len() / samples.max(1)).max(1)).map(label).collect()
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
