//! The frozen view of a netlist: topological order, fan-ins as flat arrays, levels, simulation.

use rayon::prelude::*;

use crate::logic::BitMatrix;

use super::{Netlist, Node, NodeId};

/// Fan-ins in compressed rows and the level of every node.
///
/// Loops over all pins go through this, since walking petgraph's edge lists costs six to thirty
/// times as much. It belongs to the netlist it was made from and is never patched.
#[derive(Clone, Debug)]
pub struct Schedule {
    starts: Vec<u32>,
    pins: Vec<NodeId>,
    levels: Vec<u32>,
}

impl Schedule {
    /// The schedule of `netlist`.
    pub fn new(netlist: &Netlist) -> Self {
        let mut starts = Vec::with_capacity(netlist.nodes() + 1);
        let mut pins = Vec::with_capacity(netlist.pins());
        let mut levels: Vec<u32> = Vec::with_capacity(netlist.nodes());
        starts.push(0);
        for id in netlist.node_ids() {
            let fan_ins = netlist.fan_ins(id);
            let deepest = fan_ins.iter().map(|fan_in| levels[fan_in.index()] + 1).max();
            levels.push(deepest.unwrap_or(0));
            pins.extend_from_slice(&fan_ins);
            starts.push(pins.len() as u32);
        }
        Self { starts, pins, levels }
    }

    /// The nodes that `id` reads, input 0 first.
    pub fn fan_ins(&self, id: NodeId) -> &[NodeId] {
        &self.pins[self.starts[id.index()] as usize..self.starts[id.index() + 1] as usize]
    }

    /// LUTs on the longest path from an input to `id`, itself included: 0 for inputs and
    /// constants.
    pub fn level(&self, id: NodeId) -> u32 {
        self.levels[id.index()]
    }

    /// The largest level of a primary output.
    pub fn depth(&self, netlist: &Netlist) -> u32 {
        netlist.outputs().iter().map(|&output| self.level(output)).max().unwrap_or(0)
    }

    /// Number of readers of every node, primary outputs counted as one reader each.
    pub fn fanouts(&self, netlist: &Netlist) -> Vec<u32> {
        let mut fanouts = vec![0; netlist.nodes()];
        for id in self.pins.iter().chain(netlist.outputs()) {
            fanouts[id.index()] += 1;
        }
        fanouts
    }

    /// Whether some primary output depends on the node.
    pub fn live(&self, netlist: &Netlist) -> Vec<bool> {
        let mut live = vec![false; netlist.nodes()];
        for output in netlist.outputs() {
            live[output.index()] = true;
        }
        for id in netlist.node_ids().rev() {
            if live[id.index()] {
                for fan_in in self.fan_ins(id) {
                    live[fan_in.index()] = true;
                }
            }
        }
        live
    }

    /// The primary outputs for `inputs` (`primary inputs x samples`).
    ///
    /// # Panics
    /// When `inputs` does not have one row per primary input.
    pub fn simulate(&self, netlist: &Netlist, inputs: &BitMatrix) -> BitMatrix {
        self.simulate_nodes(netlist, inputs, netlist.outputs())
    }

    /// The values of the nodes `observed` for `inputs` (`primary inputs x samples`).
    ///
    /// # Panics
    /// When `inputs` does not have one row per primary input.
    pub fn simulate_nodes(&self, netlist: &Netlist, inputs: &BitMatrix, observed: &[NodeId]) -> BitMatrix {
        assert_eq!(inputs.signals(), netlist.inputs().len(), "one row of stimulus per primary input");
        let blocks: Vec<Vec<u64>> = (0..inputs.words_per_signal())
            .into_par_iter()
            .map_init(
                || (vec![0u64; netlist.nodes()], Vec::new()),
                |(values, scratch), word| {
                    self.simulate_word(netlist, inputs, word, values, scratch);
                    observed.iter().map(|id| values[id.index()]).collect()
                },
            )
            .collect();
        let mut result = BitMatrix::zeros(observed.len(), inputs.samples());
        for (word, block) in blocks.iter().enumerate() {
            for (row, &value) in block.iter().enumerate() {
                result.row_mut(row)[word] = value;
            }
        }
        result
    }

    fn simulate_word(
        &self,
        netlist: &Netlist,
        inputs: &BitMatrix,
        word: usize,
        values: &mut [u64],
        scratch: &mut Vec<u64>,
    ) {
        let mut pins = [0u64; crate::logic::MAX_INPUTS];
        for id in netlist.node_ids() {
            values[id.index()] = match netlist.node(id) {
                Node::Input(number) => inputs.row(number as usize)[word],
                Node::Lut(table) => {
                    let fan_ins = self.fan_ins(id);
                    for (pin, fan_in) in pins.iter_mut().zip(fan_ins) {
                        *pin = values[fan_in.index()];
                    }
                    netlist.tables().get(table).eval_words(&pins[..fan_ins.len()], scratch)
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::TruthTable;
    use crate::netlist::Section;

    #[test]
    fn a_full_adder_adds() {
        let mut netlist = Netlist::new();
        let inputs: Vec<_> = (0..3).map(|_| netlist.add_input(Section::Layer(0))).collect();
        let sum = TruthTable::from_fn(3, |row| row.count_ones() % 2 == 1);
        let carry = TruthTable::from_fn(3, |row| row.count_ones() >= 2);
        for table in [sum, carry] {
            let node = netlist.add_lut(&table, &inputs, Section::Layer(0));
            netlist.add_output(node);
        }
        let schedule = Schedule::new(&netlist);
        let outputs = schedule.simulate(&netlist, &BitMatrix::exhaustive(3));
        for sample in 0..8usize {
            let total = u32::from(outputs.get(0, sample)) + 2 * u32::from(outputs.get(1, sample));
            assert_eq!(total, sample.count_ones());
        }
        assert_eq!((schedule.depth(&netlist), netlist.depth()), (1, 1));
        assert_eq!(schedule.fanouts(&netlist), [2, 2, 2, 1, 1]);
    }

    #[test]
    fn nodes_that_reach_no_output_are_not_live() {
        let mut netlist = Netlist::new();
        let a = netlist.add_input(Section::Encoder);
        let b = netlist.add_input(Section::Encoder);
        let used = netlist.add_lut(&TruthTable::buffer(), &[a], Section::Layer(0));
        netlist.add_lut(&TruthTable::inverter(), &[b], Section::Layer(0));
        netlist.add_output(used);
        assert_eq!(Schedule::new(&netlist).live(&netlist), [true, false, true, false]);
    }
}
