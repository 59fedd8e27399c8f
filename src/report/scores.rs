//! In which range the scores of each class lie.

use serde::Serialize;

use crate::netlist::{Design, DesignHead};

/// Input codes for which scores are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScoreSamples {
    /// One row of codes per sample.
    pub codes: Vec<Vec<i64>>,
    /// Where they come from.
    pub source: String,
}

/// The scores of a design.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Number of samples looked at.
    pub samples: usize,
    /// Where they come from.
    pub source: String,
    /// Samples on which several classes share the largest score; the lowest class wins.
    pub ties: usize,
    /// One per class.
    pub classes: Vec<ClassScores>,
}

/// The scores of one class, in ones counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassScores {
    /// Bits that are counted.
    pub bits: usize,
    /// The smallest score that the constant ones among the bits leave possible.
    pub possible_min: usize,
    /// The largest score that the constant zeros among the bits leave possible.
    pub possible_max: usize,
    /// Smallest, 5 %, median, 95 % and largest score over the samples; `None` without samples.
    pub observed: Option<[u32; 5]>,
    /// Mean over the samples.
    pub mean: Option<f64>,
    /// Samples that this class wins.
    pub wins: usize,
}

impl Scores {
    /// The scores of `design`, which computes what `lowered` does; `None` for plain bits.
    pub(super) fn new(lowered: &Design, design: &Design, samples: &ScoreSamples) -> Option<Self> {
        let DesignHead::Classes(head) = &design.head else { return None };
        // Passes may have taken the codes of `design` apart.
        let outputs = lowered.simulate(&samples.codes);
        let constant =
            |output: usize| design.core.table(design.core.outputs()[output]).and_then(|table| table.as_constant());
        let classes = head.groups.iter().enumerate().map(|(class, group)| {
            let weight = |output: usize| head.partial.as_ref().map_or(1, |partial| 1usize << partial.terms[output].bit);
            let sum_of = |chosen: &dyn Fn(Option<bool>) -> bool| -> usize {
                group.clone().filter(|&output| chosen(constant(output))).map(weight).sum()
            };
            let mut scores: Vec<u32> = outputs.scores.iter().map(|scores| scores[class]).collect();
            scores.sort_unstable();
            let mean = scores.iter().map(|&score| f64::from(score)).sum::<f64>() / scores.len() as f64;
            // Nearest rank: with n samples the p-quantile is the one of rank round(p * (n - 1)).
            let at = |percent: usize| scores[(percent * (scores.len() - 1) + 50) / 100];
            ClassScores {
                bits: head.largest_score(class),
                possible_min: sum_of(&|value| value == Some(true)),
                possible_max: sum_of(&|value| value != Some(false)).min(head.largest_score(class)),
                observed: (!scores.is_empty()).then(|| [0, 5, 50, 95, 100].map(at)),
                mean: (!scores.is_empty()).then_some(mean),
                wins: outputs.classes.iter().filter(|&&winner| winner == Some(class)).count(),
            }
        });
        let classes = classes.collect();
        let tie = |scores: &&Vec<u32>| {
            let largest = scores.iter().max();
            scores.iter().filter(|score| Some(*score) == largest).count() > 1
        };
        let ties = outputs.scores.iter().filter(tie).count();
        Some(Self { samples: samples.codes.len(), source: samples.source.clone(), ties, classes })
    }
}
