//! Fixed random wiring in which every input is used before any is used again.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Draw, LayerKind, LayerShape};
use crate::config::{InitFn, LayerType};

/// The registry's line.
pub(in crate::components) static RANDOM: LayerKind = LayerKind {
    layer_type: LayerType::Random,
    name: "random",
    summary: "fixed random wiring that uses every input before it uses one again",
    parameters: &[],
    init: |_| InitFn::Default.into(),
    draw: Draw::Fixed(wire),
};

/// Deals shuffled decks of all columns to the pins, node after node, as DiffLUT's `RandomLayer`
/// does. Unlike there, a column that the node already has is put back a few places, so that a
/// node of at most `input_width` inputs never reads one column twice: a repeated column makes
/// half of its table unreachable.
pub(super) fn wire(shape: LayerShape, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let LayerShape { input_width, width, fan_in } = shape;
    let mut deck: Vec<u32> = Vec::new();
    let mut columns: Vec<u32> = Vec::with_capacity(width * fan_in);
    for _ in 0..width {
        let first = columns.len();
        for _ in 0..fan_in {
            if deck.is_empty() {
                deck.extend(0..input_width as u32);
                deck.shuffle(rng);
            }
            let node = &columns[first..];
            match deck.iter().rposition(|column| !node.contains(column)) {
                Some(place) => columns.push(deck.remove(place)),
                // Every card left is already in the node, which happens where an old deck ends
                // inside it: the next deck goes below the old one.
                None => {
                    let mut next: Vec<u32> = (0..input_width as u32).collect();
                    next.shuffle(rng);
                    next.append(&mut deck);
                    deck = next;
                    // A node of more inputs than there are columns repeats some.
                    let place = deck.iter().rposition(|column| !node.contains(column)).unwrap_or(deck.len() - 1);
                    columns.push(deck.remove(place));
                }
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn draw(input_width: usize, width: usize, fan_in: usize, seed: u64) -> Vec<u32> {
        wire(LayerShape { input_width, width, fan_in }, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    #[test]
    fn uses_of_the_inputs_differ_by_little() {
        for (input_width, width, fan_in) in [(100, 50, 6), (7, 31, 3), (192, 400, 4), (5, 9, 5), (3, 4, 1)] {
            let columns = draw(input_width, width, fan_in, 1);
            assert_eq!(columns.len(), width * fan_in);
            let mut uses = vec![0; input_width];
            columns.iter().for_each(|&column| uses[column as usize] += 1);
            let (least, most) = (uses.iter().min().unwrap(), uses.iter().max().unwrap());
            assert!(most - least <= 2, "{uses:?}");
            assert!(width * fan_in < input_width || *least >= 1, "{uses:?}");
        }
    }

    #[test]
    fn a_node_reads_no_column_twice_while_there_are_enough() {
        for seed in 0..20 {
            for node in draw(7, 50, 6, seed).chunks(6) {
                assert!((1..6).all(|i| !node[..i].contains(&node[i])), "{node:?}");
            }
        }
    }

    #[test]
    fn few_inputs_are_repeated_and_the_seed_decides() {
        assert_eq!(draw(1, 2, 3, 0), [0; 6]);
        assert_eq!(draw(50, 20, 4, 3), draw(50, 20, 4, 3));
        assert_ne!(draw(50, 20, 4, 3), draw(50, 20, 4, 4));
    }
}
