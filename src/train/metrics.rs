//! Checks of data sets against a model, and accuracies.

use rayon::prelude::*;

use super::TrainError;
use crate::binarized::{BinarizedNetwork, Head};
use crate::data::Dataset;

/// Refuses a data set without samples, with another number of features or with a label that the
/// model has no class for.
///
/// # Errors
/// [`TrainError`] with the data set, what was found and what is allowed.
pub fn check_dataset(data: &Dataset, features: usize, classes: usize) -> Result<(), TrainError> {
    if data.rows == 0 {
        return Err(TrainError::Empty { name: data.name.clone() });
    }
    if data.columns != features {
        return Err(TrainError::Features { name: data.name.clone(), found: data.columns, expected: features });
    }
    match data.labels.iter().position(|&label| label as usize >= classes) {
        Some(row) => Err(TrainError::Label { name: data.name.clone(), row, label: data.labels[row], classes }),
        None => Ok(()),
    }
}

/// The share of entries that are equal, 0 for no entries.
pub fn share(found: &[u32], expected: &[u32]) -> f64 {
    let equal = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    if expected.is_empty() { 0.0 } else { equal as f64 / expected.len() as f64 }
}

/// The share of samples that the binarized network classifies correctly, 64 samples at a time
/// through its truth tables. `encoded` holds the encoded bits column by column: the bits of
/// column `c` for 64 samples each are the words `encoded[c * words ..][.. words]`, with
/// `words = ceil(samples / 64)`.
pub fn hard_accuracy(network: &BinarizedNetwork, encoded: &[u64], labels: &[u32]) -> f64 {
    let words = labels.len().div_ceil(64);
    if words == 0 {
        return 0.0;
    }
    let classes: Vec<u32> =
        (0..words).into_par_iter().flat_map_iter(|word| classes_of_word(network, encoded, words, word)).collect();
    share(&classes[..labels.len()], labels)
}

/// The classes of the 64 samples of one word.
fn classes_of_word(network: &BinarizedNetwork, encoded: &[u64], words: usize, word: usize) -> Vec<u32> {
    let mut bits: Vec<u64> = encoded.iter().skip(word).step_by(words).copied().collect();
    let (mut pins, mut scratch) = (Vec::new(), Vec::new());
    for layer in network.layers() {
        let next = layer.tables.iter().enumerate().map(|(node, table)| {
            pins.clear();
            pins.extend(layer.pins(node).iter().map(|&column| bits[column as usize]));
            table.eval_words(&pins, &mut scratch)
        });
        let next = next.collect();
        bits = next;
    }
    let groups = network.head().groups(bits.len());
    let class = |sample: usize| {
        let ones =
            |group: &std::ops::Range<usize>| bits[group.clone()].iter().filter(|&&w| w >> sample & 1 == 1).count();
        let scores: Vec<u32> = groups.iter().map(|group| ones(group) as u32).collect();
        Head::class(&scores).unwrap_or(0) as u32
    };
    (0..64).map(class).collect()
}
