//! Layers piled up as a checkpoint is read.
//!
//! The waist knows layers of one fan-in over the bits of the layer before, and nothing else. A
//! convolution becomes one node per position with the same table, a zero of its padding a table
//! that ignores the input, a skip connection a buffer node per layer that it passes.

use crate::binarized::{LutLayer, Spatial, SpatialStep};
use crate::logic::{MAX_INPUTS, TruthTable};

/// Nodes of one unrolled layer; larger ones are refused before they are built.
pub(super) const MAX_NODES: usize = 1 << 26;

/// A place of the network that the library knows by a name, for comparison with its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The name in the checkpoint, `encoded` for the encoder's bits.
    pub name: String,
    /// The name in golden files, such as `layer0`; `None` for a place inside a part.
    pub golden: Option<String>,
    /// The layer of the network; `None` for the encoder.
    pub layer: Option<usize>,
    /// The library's column `i` is column `columns[i]` of that layer.
    pub columns: Vec<u32>,
}

/// A column of the library's order, or a constant zero.
pub(super) type Source = Option<u32>;

/// One layer under construction.
pub(super) struct Rows {
    fan_in: usize,
    wiring: Vec<u32>,
    tables: Vec<TruthTable>,
}

impl Rows {
    pub(super) fn new(fan_in: usize) -> Self {
        Self { fan_in, wiring: Vec::new(), tables: Vec::new() }
    }

    /// Adds a node. A constant zero is an input that the table ignores.
    pub(super) fn push(&mut self, sources: &[Source], table: &TruthTable) {
        debug_assert_eq!(sources.len(), self.fan_in);
        let zeros =
            sources.iter().enumerate().filter(|(_, source)| source.is_none()).fold(0, |mask, (i, _)| mask | 1 << i);
        self.wiring.extend(sources.iter().map(|source| source.unwrap_or(0)));
        self.tables.push(if zeros == 0 {
            table.clone()
        } else {
            TruthTable::from_fn(table.inputs(), |row| table.row(row & !zeros))
        });
    }

    /// Adds a node that repeats `column`.
    pub(super) fn push_buffer(&mut self, column: u32) {
        self.wiring.extend(std::iter::repeat_n(column, self.fan_in));
        self.tables.push(TruthTable::from_fn(self.fan_in, |row| row & 1 == 1));
    }
}

/// The layers so far and the order in which the library sees the last one's bits.
pub(super) struct Stack {
    pub(super) layers: Vec<LutLayer>,
    pub(super) stages: Vec<Stage>,
    /// The library's column `i` is column `view[i]` of the last layer.
    view: Vec<u32>,
    physical: usize,
    /// The layers over images from the first layer on.
    spatial: Option<Spatial>,
}

impl Stack {
    /// On top of `width` encoded bits.
    pub(super) fn new(width: usize) -> Self {
        let view: Vec<u32> = (0..width as u32).collect();
        let encoded =
            Stage { name: "encoded".into(), golden: Some("encoded".into()), layer: None, columns: view.clone() };
        Self { layers: Vec::new(), stages: vec![encoded], view, physical: width, spatial: None }
    }

    /// Notes that the last layers are a convolution or pooling. The first such step reads encoded
    /// columns in which `bits` bits of a feature stand next to each other; one that has other
    /// layers before it is not noted.
    pub(super) fn note_step(&mut self, bits: usize, step: SpatialStep) {
        let described = self.spatial.as_ref().map_or(0, Spatial::layers);
        if described + step.groups.len() == self.layers.len() {
            self.spatial.get_or_insert(Spatial { bits, steps: Vec::new() }).steps.push(step);
        }
    }

    /// The layers over images that were noted.
    pub(super) fn spatial(&mut self) -> Option<Spatial> {
        self.spatial.take()
    }

    /// Number of bits that the library sees.
    pub(super) fn width(&self) -> usize {
        self.view.len()
    }

    /// Lets the library see the bits in another order: its column `i` is what was `order[i]`.
    pub(super) fn reorder(&mut self, order: &[u32]) {
        self.view = order.iter().filter_map(|&column| self.view.get(column as usize).copied()).collect();
    }

    /// Adds a layer whose wiring counts the library's columns.
    pub(super) fn push(&mut self, rows: Rows) {
        let Rows { fan_in, wiring, tables } = rows;
        let wiring =
            wiring.into_iter().map(|column| self.view.get(column as usize).copied().unwrap_or(u32::MAX)).collect();
        self.view = (0..tables.len() as u32).collect();
        let input_width = std::mem::replace(&mut self.physical, tables.len());
        self.layers.push(LutLayer { input_width, fan_in, wiring, tables });
    }

    /// Notes that the library calls the present bits `name`.
    pub(super) fn mark(&mut self, name: &str, golden: Option<String>) {
        let layer = self.layers.len().checked_sub(1);
        self.stages.push(Stage { name: name.to_owned(), golden, layer, columns: self.view.clone() });
    }

    /// Adds a dense layer: `wiring` has `tables.len() / outputs` rows of `fan_in` columns, and
    /// each row serves `outputs` tables.
    pub(super) fn push_dense(&mut self, fan_in: usize, wiring: &[u32], outputs: usize, tables: Vec<TruthTable>) {
        let wiring = wiring.chunks_exact(fan_in).flat_map(|row| row.repeat(outputs)).collect();
        self.push(Rows { fan_in, wiring, tables });
    }

    /// Makes the library's order the real one, so that heads read the right columns.
    ///
    /// Only the last layer's nodes move; an encoder without layers keeps its order and the
    /// returned permutation has to be applied to its bits.
    pub(super) fn settle(&mut self) -> Option<Vec<u32>> {
        if self.view.iter().enumerate().all(|(i, &column)| i as u32 == column) && self.view.len() == self.physical {
            return None;
        }
        let order = std::mem::take(&mut self.view);
        self.view = (0..order.len() as u32).collect();
        self.physical = order.len();
        let mut inverse = vec![0u32; order.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(slot) = inverse.get_mut(old as usize) {
                *slot = new as u32;
            }
        }
        let last = self.layers.len().checked_sub(1);
        for stage in self.stages.iter_mut().filter(|stage| stage.layer == last) {
            for column in &mut stage.columns {
                *column = inverse.get(*column as usize).copied().unwrap_or(*column);
            }
        }
        let Some(layer) = self.layers.last_mut() else { return Some(order) };
        let old = layer.clone();
        layer.wiring = order.iter().flat_map(|&node| old.pins(node as usize).to_vec()).collect();
        layer.tables = order.iter().map(|&node| old.tables[node as usize].clone()).collect();
        None
    }

    /// Adds the or of groups of columns: one layer where a group fits a table, a tree of layers
    /// where it does not. Groups may be empty (constant zero) and of different sizes.
    pub(super) fn push_or(&mut self, groups: &[Vec<u32>]) {
        let mut groups = groups.to_vec();
        loop {
            let widest = groups.iter().map(Vec::len).max().unwrap_or(0).max(1);
            let fan_in = widest.min(MAX_INPUTS);
            let or = TruthTable::from_fn(fan_in, |row| row != 0);
            let mut rows = Rows::new(fan_in);
            let mut next: Vec<Vec<u32>> = Vec::with_capacity(groups.len());
            let mut nodes = 0;
            for group in &groups {
                let first = nodes;
                let mut chunks: Vec<&[u32]> = group.chunks(MAX_INPUTS).collect();
                if chunks.is_empty() {
                    chunks.push(&[]);
                }
                for chunk in chunks {
                    let mut sources: Vec<Source> = chunk.iter().map(|&column| Some(column)).collect();
                    sources.resize(fan_in, None);
                    rows.push(&sources, &or);
                    nodes += 1;
                }
                next.push((first..nodes).collect());
            }
            self.push(rows);
            if widest <= MAX_INPUTS {
                return;
            }
            groups = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stack: &Stack, bits: &[bool]) -> Vec<bool> {
        stack.layers.iter().fold(bits.to_vec(), |bits, layer| layer.forward(&bits))
    }

    #[test]
    fn a_constant_zero_is_an_input_that_the_table_ignores() {
        let mut stack = Stack::new(2);
        let mut rows = Rows::new(2);
        let nor = TruthTable::from_fn(2, |row| row == 0);
        rows.push(&[Some(1), None], &nor);
        rows.push(&[None, None], &nor);
        rows.push_buffer(0);
        stack.push(rows);
        assert_eq!(run(&stack, &[true, false]), [true, true, true]);
        assert_eq!(run(&stack, &[false, true]), [false, true, false]);
    }

    #[test]
    fn a_wide_or_is_a_tree_and_an_empty_one_is_zero() {
        let mut stack = Stack::new(300);
        stack.push_or(&[(0..300).collect(), vec![7], vec![]]);
        assert_eq!(stack.layers.len(), 3);
        for one in [0, 7, 255, 299] {
            let mut bits = vec![false; 300];
            bits[one] = true;
            assert_eq!(run(&stack, &bits), [true, one == 7, false]);
        }
        assert_eq!(run(&stack, &[false; 300]), [false, false, false]);
    }

    #[test]
    fn settling_moves_the_last_nodes_and_keeps_track_of_the_names() {
        let mut stack = Stack::new(3);
        stack.push_dense(1, &[0, 1, 2], 1, vec![TruthTable::buffer(); 3]);
        stack.mark("last", Some("layer0".into()));
        stack.reorder(&[2, 0, 1]);
        assert_eq!(stack.settle(), None);
        assert_eq!(run(&stack, &[true, false, false]), [false, true, false]);
        assert_eq!(stack.stages[1].columns, [1, 2, 0]);
    }
}
