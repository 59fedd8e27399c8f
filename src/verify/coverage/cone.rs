//! What depends on a node: whether another value of it would show at an output.

use crate::binarized::{Head, LutLayer};

use super::Meter;

/// Nodes behind all nodes together, beyond which propagation is not followed any more and an
/// exercised entry counts as observed.
pub(super) const MOST_CONE: usize = 4_000_000;

/// The output word of a node.
pub(super) fn evaluate(layer: &LutLayer, node: usize, inputs: &[u64], scratch: &mut Vec<u64>) -> u64 {
    let mut pins = [0u64; crate::logic::MAX_INPUTS];
    let columns = layer.pins(node);
    for (pin, &column) in pins.iter_mut().zip(columns) {
        *pin = inputs[column as usize];
    }
    layer.tables[node].eval_words(&pins[..columns.len()], scratch)
}

/// For each of `width` columns, the nodes of `next` that read it.
pub(super) fn readers(width: usize, next: &LutLayer) -> Vec<Vec<u32>> {
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); width];
    for node in 0..next.width() {
        for &column in next.pins(node) {
            if readers[column as usize].last() != Some(&(node as u32)) {
                readers[column as usize].push(node as u32);
            }
        }
    }
    readers
}

/// An upper bound of the nodes behind all nodes together.
pub(super) fn cone_work(layers: &[LutLayer], readers: &[Vec<Vec<u32>>]) -> usize {
    let mut behind: Vec<usize> = layers.last().map(|layer| vec![1; layer.width()]).unwrap_or_default();
    let mut total = behind.len();
    for (readers, layer) in readers.iter().zip(layers.get(1..).unwrap_or_default()).rev() {
        let cone = |readers: &Vec<u32>| {
            1 + readers.iter().map(|&reader| behind[reader as usize]).sum::<usize>().min(layers.len() * layer.width())
        };
        behind = readers.iter().map(cone).collect();
        total += behind.iter().sum::<usize>();
    }
    total
}

/// The words of the nodes behind a node that is inverted.
pub(super) struct Cone {
    /// Nodes of the present layer that read a changed one.
    touched: Vec<u32>,
}

impl Cone {
    pub(super) fn new() -> Self {
        Self { touched: Vec::new() }
    }

    /// The samples on which the inverse of a column of `values[level]` changes a score or an output
    /// bit for certain: an odd number of changed bits changes a count.
    pub(super) fn observable(
        &mut self,
        meter: &Meter<'_>,
        level: usize,
        column: usize,
        values: &[Vec<u64>],
        scratch: &mut Vec<u64>,
    ) -> u64 {
        let layers = meter.network.layers();
        let mut differences: Vec<(u32, u64)> = vec![(column as u32, u64::MAX)];
        for (level, readers) in (level..).zip(&meter.readers[level..]) {
            let next = &layers[level];
            self.touched.clear();
            for &(node, _) in &differences {
                self.touched.extend(&readers[node as usize]);
            }
            self.touched.sort_unstable();
            self.touched.dedup();
            let inputs = &values[level];
            let mut following = Vec::new();
            for &reader in &self.touched {
                let mut pins = [0u64; crate::logic::MAX_INPUTS];
                let columns = next.pins(reader as usize);
                for (pin, &column) in pins.iter_mut().zip(columns) {
                    let flipped = differences.binary_search_by_key(&column, |&(node, _)| node);
                    *pin = inputs[column as usize] ^ flipped.map_or(0, |at| differences[at].1);
                }
                let word = next.tables[reader as usize].eval_words(&pins[..columns.len()], scratch);
                let difference = word ^ values[level + 1][reader as usize];
                if difference != 0 {
                    following.push((reader, difference));
                }
            }
            differences = following;
            if differences.is_empty() {
                return 0;
            }
        }
        match meter.network.head() {
            Head::Bits => differences.iter().fold(0, |any, &(_, word)| any | word),
            Head::GroupSum { .. } => {
                let mut odd = vec![0u64; meter.groups.len()];
                for (output, word) in differences {
                    let group = meter.groups.iter().position(|group| group.contains(&(output as usize)));
                    if let Some(odd) = group.and_then(|group| odd.get_mut(group)) {
                        *odd ^= word;
                    }
                }
                odd.into_iter().fold(0, |any, word| any | word)
            }
        }
    }
}
