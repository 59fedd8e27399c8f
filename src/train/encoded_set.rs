//! A data set as encoded bits.

use super::augment::Augmenter;
use super::{TrainError, share};
use crate::binarized::BinarizedNetwork;
use crate::config::HeadType;
use crate::data::Dataset;
use crate::model::{EncodedSamples, Model};

/// Samples whose training scores are computed at a time, to bound memory.
const SCORE_BATCH: usize = 512;

/// A data set as encoded bits.
pub(super) struct EncodedSet<'a> {
    bits: EncodedSamples,
    labels: &'a [u32],
}

impl<'a> EncodedSet<'a> {
    pub(super) fn new(model: &Model, data: &'a Dataset) -> Result<Self, TrainError> {
        Ok(Self { bits: model.encode(&data.features)?, labels: &data.labels })
    }

    /// The samples as they look in `epoch`.
    pub(super) fn augmented(
        model: &Model,
        data: &'a Dataset,
        augmenter: &Augmenter,
        epoch: usize,
    ) -> Result<Self, TrainError> {
        let bits =
            model.encode_rows(data.rows, |row, features| augmenter.apply(epoch, row, data.row(row), features))?;
        Ok(Self { bits, labels: &data.labels })
    }

    /// The bits of all samples.
    pub(super) fn bits(&self) -> &EncodedSamples {
        &self.bits
    }

    /// The label of a sample.
    pub(super) fn label(&self, row: usize) -> u32 {
        self.labels[row]
    }

    /// How many of some samples have a label that their scores tell ([`Model::labels`]).
    pub(super) fn count_right(&self, model: &Model, rows: &[usize], scores: &[f32]) -> usize {
        let found = model.labels(scores, rows.len());
        found.iter().zip(rows).filter(|(found, row)| **found == self.labels[**row]).count()
    }

    /// The share of samples whose label the training scores tell.
    pub(super) fn soft_accuracy(&self, model: &Model) -> Result<f64, TrainError> {
        let mut pass = model.training_pass()?;
        let rows: Vec<usize> = (0..self.labels.len()).collect();
        let mut correct = 0;
        for rows in rows.chunks(SCORE_BATCH) {
            correct += self.count_right(model, rows, &pass.scores(&self.bits, rows)?);
        }
        Ok(correct as f64 / self.labels.len().max(1) as f64)
    }

    /// The share of samples whose label the binarized network tells.
    pub(super) fn hard_accuracy(&self, network: &BinarizedNetwork, head: HeadType) -> f64 {
        share(&self.bits.classify(network, head), self.labels)
    }
}
