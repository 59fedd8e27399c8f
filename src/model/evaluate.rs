//! Inference by the evaluation rules on the trained numbers.
//!
//! This path shares nothing with the truth tables: it asks every node's family for the bit of
//! the addressed inputs. [`Model::binarize`] must give the same bits, and tests hold it to that.

use std::sync::Arc;

use rayon::prelude::*;

use super::{Fitted, Model, ModelError, Stage, weights_of};
use crate::binarized::{Head, Outcome};
use crate::components::head::group_sum_bits;
use crate::components::layer::{Pool, Unroll, Wiring};
use crate::components::node::NodeKernel;
use crate::config::{Forks, HeadType, Mark};

/// A step in evaluation.
enum Evaluated {
    Nodes { kernel: Arc<dyn NodeKernel>, wiring: Arc<Wiring>, weights: Vec<f32>, unroll: Option<Arc<Unroll>> },
    Pool(Arc<Pool>),
    Mark(Mark),
}

/// The bits that a row reads, and those of its layers.
type Levels = (Vec<bool>, Vec<Vec<bool>>);

fn last(levels: &Levels) -> &Vec<bool> {
    levels.1.last().unwrap_or(&levels.0)
}

/// The levels of branches beside each other behind those of what they read; a branch that has
/// ended keeps its bits.
fn beside(mut read: Levels, branches: &[Levels]) -> Levels {
    let depth = branches.iter().map(|(_, levels)| levels.len()).max().unwrap_or(0);
    for level in 0..depth {
        let bits = branches.iter().flat_map(|branch| branch.1.get(level).unwrap_or(last(branch)));
        read.1.push(bits.copied().collect());
    }
    read
}

impl Model {
    /// Encoded bits, the bits of every layer, integer scores and class of every sample
    /// (`values` row-major, [`features`](Self::features) values each).
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and [`ModelError::Features`] when the values are not a whole
    /// number of samples.
    pub fn evaluate(&self, values: &[f32]) -> Result<Vec<Outcome>, ModelError> {
        self.map_samples(values, |outcome| outcome)
    }

    /// The class of every sample, as [`evaluate`](Self::evaluate) finds it; of plain bits the
    /// label that they stand for.
    ///
    /// # Errors
    /// The same.
    pub fn classify(&self, values: &[f32]) -> Result<Vec<u32>, ModelError> {
        self.map_samples(values, |outcome| self.label_of(&outcome))
    }

    /// The number of features of a sample, when `values` are whole samples.
    pub(super) fn whole_samples(&self, values: &[f32]) -> Result<usize, ModelError> {
        let features = self.features()?;
        match values.len() % features {
            0 => Ok(features),
            rest => Err(ModelError::Features { found: rest, expected: features }),
        }
    }

    fn map_samples<T: Send>(&self, values: &[f32], f: impl Fn(Outcome) -> T + Sync) -> Result<Vec<T>, ModelError> {
        let fitted = self.fitted()?;
        let features = self.whole_samples(values)?;
        let layers = self.stages()?.into_iter().map(|stage| {
            Ok(match stage {
                Stage::Nodes(layer) => Evaluated::Nodes {
                    kernel: layer.kind.kernel.clone(),
                    wiring: layer.wiring()?,
                    weights: weights_of(&layer.weights)?,
                    unroll: layer.kind.unroll.clone(),
                },
                Stage::Pool(pool) => Evaluated::Pool(pool.clone()),
                Stage::Mark(mark) => Evaluated::Mark(mark),
            })
        });
        let layers = layers.collect::<Result<Vec<Evaluated>, ModelError>>()?;
        let sample = |row: &[f32]| f(self.evaluate_sample(fitted, &layers, row));
        Ok(values.par_chunks_exact(features).map(sample).collect())
    }

    fn evaluate_sample(&self, fitted: &Fitted, trained: &[Evaluated], row: &[f32]) -> Outcome {
        let mut encoded = vec![false; fitted.encoder.width()];
        fitted.encoder.encode(row, &mut encoded);
        let mut row: Levels = (encoded, Vec::with_capacity(trained.len()));
        let mut forks = Forks::default();
        for step in trained {
            match step {
                Evaluated::Nodes { kernel, wiring, weights, unroll } => {
                    let bits = nodes(kernel.as_ref(), wiring, weights, unroll.as_deref(), last(&row));
                    row.1.push(bits);
                }
                Evaluated::Pool(pool) => {
                    for level in pool.levels() {
                        let before = last(&row);
                        let bits = level.groups.iter().map(|group| group.iter().any(|&column| before[column as usize]));
                        let bits = bits.collect();
                        row.1.push(bits);
                    }
                }
                Evaluated::Mark(mark) => {
                    let start = |row: &Levels| (last(row).clone(), Vec::new());
                    let Ok(passed) = forks.pass(*mark, row, start, |read, branches| {
                        Ok::<_, std::convert::Infallible>(beside(read, &branches))
                    });
                    row = passed;
                }
            }
        }
        let scores = match self.config.head {
            HeadType::GroupSum => group_sum_bits(last(&row), self.config.num_classes),
            HeadType::Bits | HeadType::Onehot => Vec::new(),
        };
        let (encoded, layers) = row;
        let class = Head::class(&scores);
        Outcome { encoded, layers, scores, class }
    }
}

/// The bits of a layer of nodes, of one of a convolution at every position.
fn nodes(
    kernel: &dyn NodeKernel,
    wiring: &Wiring,
    weights: &[f32],
    unroll: Option<&Unroll>,
    before: &[bool],
) -> Vec<bool> {
    let mut pins = vec![false; kernel.fan_in()];
    let positions = unroll.map_or(1, Unroll::positions);
    let mut bits = Vec::with_capacity(wiring.width() * positions);
    for (node, parameters) in weights.chunks_exact(kernel.parameters()).enumerate() {
        for position in 0..positions {
            for (pin, &column) in pins.iter_mut().zip(wiring.node(node)) {
                let source = unroll.map_or(Some(column), |unroll| unroll.source(column, position));
                *pin = source.is_some_and(|column| before[column as usize]);
            }
            bits.push(kernel.evaluate(parameters, &pins));
        }
    }
    bits
}
