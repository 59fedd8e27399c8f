//! Where each activation lives while a table-driven network runs.

use crate::emit::order::CoreOrder;
use crate::netlist::{Netlist, NodeId};

/// Tables of one level and one fan-in, evaluated by one loop into neighbouring bytes.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// Inputs of each table.
    pub(super) fan_in: usize,
    /// The tables, in the order of their bytes.
    pub(super) tables: Vec<NodeId>,
    /// The byte of the first.
    pub(super) slot: u32,
}

/// One byte per activation; bytes are reused once every reader is done.
///
/// Whole runs share a lifetime, so that a layered network needs the room of two layers and
/// the results of a run stay neighbours.
#[derive(Clone, Debug)]
pub(super) struct Arena {
    /// The runs in the order of evaluation.
    pub(super) runs: Vec<Run>,
    /// For each live node its byte. Comparator `i` in printing order has byte `i`.
    pub(super) slots: Vec<u32>,
    /// Number of bytes.
    pub(super) size: u32,
}

impl Arena {
    /// The places for the live nodes of `core`.
    pub(super) fn new(core: &Netlist, order: &CoreOrder) -> Self {
        let fan_in = |id: NodeId| order.schedule.fan_ins(id).len();
        let mut tables = order.tables.clone();
        tables.sort_by_key(|&id| (order.schedule.level(id), fan_in(id), id));
        let same_run =
            |a: &NodeId, b: &NodeId| order.schedule.level(*a) == order.schedule.level(*b) && fan_in(*a) == fan_in(*b);
        let mut runs: Vec<Run> = tables
            .chunk_by(same_run)
            .map(|run| Run { fan_in: fan_in(run[0]), tables: run.to_vec(), slot: 0 })
            .collect();

        // Block 0 holds the comparators, block r + 1 the results of run r. A block dies after
        // the last run that reads it.
        let mut block_of = vec![0u32; core.nodes()];
        for (run, block) in runs.iter().zip(1..) {
            run.tables.iter().for_each(|id| block_of[id.index()] = block);
        }
        let mut last_reader = vec![0usize; runs.len() + 1];
        for (number, run) in runs.iter().enumerate() {
            for fan_in in run.tables.iter().flat_map(|&id| order.schedule.fan_ins(id)) {
                last_reader[block_of[fan_in.index()] as usize] = number;
            }
        }
        for output in core.outputs() {
            last_reader[block_of[output.index()] as usize] = usize::MAX;
        }

        let mut slots = vec![0u32; core.nodes()];
        for (slot, &number) in (0..).zip(&order.comparators) {
            slots[core.inputs()[number as usize].index()] = slot;
        }
        let mut size = order.comparators.len() as u32;
        // Blocks that somebody still reads: first byte, end, last reader; ascending.
        let mut taken: Vec<(u32, u32, usize)> = vec![(0, size, last_reader[0])];
        for (number, run) in runs.iter_mut().enumerate() {
            taken.retain(|&(.., last)| last >= number);
            let length = run.tables.len() as u32;
            let (mut slot, mut position) = (0, 0);
            while position < taken.len() && taken[position].0 - slot < length {
                slot = taken[position].1;
                position += 1;
            }
            taken.insert(position, (slot, slot + length, last_reader[number + 1]));
            run.slot = slot;
            for (slot, id) in (slot..).zip(&run.tables) {
                slots[id.index()] = slot;
            }
            size = size.max(slot + length);
        }
        Self { runs, slots, size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::lower::lower;

    #[test]
    fn no_activation_is_overwritten_before_its_last_reader() {
        for seed in 0..20 {
            let shape =
                NetworkShape { layers: vec![(3, 20), (2, 9), (4, 13), (1, 30), (2, 5)], ..NetworkShape::small() };
            let design = lower(&random_network(seed, &shape));
            let order = CoreOrder::new(&design);
            let arena = Arena::new(&design.core, &order);
            let mut holder: Vec<Option<NodeId>> = vec![None; arena.size as usize];
            for &number in &order.comparators {
                let id = design.core.inputs()[number as usize];
                holder[arena.slots[id.index()] as usize] = Some(id);
            }
            for run in &arena.runs {
                // Within a run every read may come after every write of its other tables.
                for (offset, &id) in run.tables.iter().enumerate() {
                    assert_eq!(arena.slots[id.index()], run.slot + offset as u32);
                    holder[run.slot as usize + offset] = Some(id);
                }
                for fan_in in run.tables.iter().flat_map(|&id| order.schedule.fan_ins(id)) {
                    assert_eq!(holder[arena.slots[fan_in.index()] as usize], Some(*fan_in));
                }
            }
            for output in design.core.outputs() {
                assert_eq!(holder[arena.slots[output.index()] as usize], Some(*output));
            }
        }
    }

    #[test]
    fn the_room_of_a_network_does_not_grow_with_its_depth() {
        let size = |layers: usize| {
            let design = lower(&random_network(1, &NetworkShape::image(layers, 500)));
            Arena::new(&design.core, &CoreOrder::new(&design)).size
        };
        assert_eq!(size(8), size(4));
    }
}
