//! Layers of truth tables of branches that stand beside each other.

use crate::binarized::LutLayer;
use crate::logic::TruthTable;

/// The layers of `branches`, which all read the same `width` bits, as one row of layers whose
/// last one returns the bits of all branches, the first branch's first.
///
/// Level `d` of the row holds the nodes of layer `d` of every branch. A branch that has ended
/// passes its bits on through nodes that are wires, and nodes of fewer inputs than others of
/// their level ignore the rest; both cost nothing in hardware, since a wire is no LUT and a pin
/// that is ignored is cut off by the first pass.
pub fn parallel(width: usize, branches: Vec<Vec<LutLayer>>) -> Vec<LutLayer> {
    let depth = branches.iter().map(Vec::len).max().unwrap_or(0);
    // Of every branch: where its bits begin in the level before and how many there are.
    let mut ends: Vec<(usize, usize)> = branches.iter().map(|_| (0, width)).collect();
    let mut levels: Vec<LutLayer> = Vec::with_capacity(depth);
    let mut rows: Vec<_> = branches.into_iter().map(Vec::into_iter).collect();
    for _ in 0..depth {
        let layers: Vec<Option<LutLayer>> = rows.iter_mut().map(Iterator::next).collect();
        let fan_in = layers.iter().flatten().map(|layer| layer.fan_in).max().unwrap_or(1);
        let wire = TruthTable::from_fn(fan_in, |row| row & 1 == 1);
        let input_width = levels.last().map_or(width, LutLayer::width);
        let mut level = LutLayer { input_width, fan_in, wiring: Vec::new(), tables: Vec::new() };
        for (layer, (start, bits)) in layers.into_iter().zip(&mut ends) {
            let begin = level.tables.len();
            match layer {
                None => {
                    let columns = *start..*start + *bits;
                    level.wiring.extend(columns.flat_map(|column| std::iter::repeat_n(column as u32, fan_in)));
                    level.tables.extend(std::iter::repeat_n(wire.clone(), *bits));
                }
                Some(layer) => {
                    for (node, table) in layer.tables.iter().enumerate() {
                        let pins = layer.pins(node);
                        // A pin that is ignored may read anything; the node's own first column.
                        let ignored = std::iter::repeat_n(pins.first().copied().unwrap_or(0), fan_in - layer.fan_in);
                        level.wiring.extend(pins.iter().copied().chain(ignored).map(|column| column + *start as u32));
                        level.tables.push(widened(table, fan_in));
                    }
                }
            }
            (*start, *bits) = (begin, level.tables.len() - begin);
        }
        levels.push(level);
    }
    levels
}

/// The same function with inputs above its own, which it ignores.
fn widened(table: &TruthTable, fan_in: usize) -> TruthTable {
    match (1usize << table.inputs()) - 1 {
        _ if table.inputs() == fan_in => table.clone(),
        own => TruthTable::from_fn(fan_in, |row| table.row(row & own)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};

    fn run(layers: &[LutLayer], bits: &[bool]) -> Vec<bool> {
        layers.iter().fold(bits.to_vec(), |bits, layer| layer.forward(&bits))
    }

    #[test]
    fn a_row_of_branches_returns_the_bits_of_each() {
        for seed in 0..20 {
            let branch = |layers: Vec<(usize, usize)>, more: u64| {
                random_network(seed * 8 + more, &NetworkShape { layers, ..NetworkShape::small() }).layers().to_vec()
            };
            let branches = vec![
                branch(vec![(3, 5)], 0),
                Vec::new(),
                branch(vec![(1, 4), (2, 3), (6, 7)], 1),
                branch(vec![(2, 6), (4, 2)], 2),
            ];
            let row = parallel(6, branches.clone());
            assert_eq!(
                row.iter().map(|layer| (layer.fan_in, layer.width())).collect::<Vec<_>>(),
                [(3, 5 + 6 + 4 + 6), (4, 5 + 6 + 3 + 2), (6, 5 + 6 + 7 + 2)]
            );
            for input in 0..64u32 {
                let bits: Vec<bool> = (0..6).map(|bit| input >> bit & 1 == 1).collect();
                let expected: Vec<bool> = branches.iter().flat_map(|branch| run(branch, &bits)).collect();
                assert_eq!(run(&row, &bits), expected);
            }
        }
    }
}
