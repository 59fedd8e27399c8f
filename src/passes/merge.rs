//! Merging of tables into their readers.

use crate::logic::TruthTable;
use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::{Pass, Subject};

/// Inputs of the tables that merging may make: those of an FPGA's LUT. A reader that is wider
/// already gets no wider.
const LUT_INPUTS: usize = 6;

/// A table goes into its readers where every one of them has room for its inputs.
///
/// That is one table less each time, though the readers get wider: fewer LUT6 on an FPGA, more
/// work per table for a processor. The merged table has the section of the reader.
pub(super) struct Merge;

impl Pass for Merge {
    fn name(&self) -> &'static str {
        "merge"
    }

    fn description(&self) -> &'static str {
        "Merge a table into its readers where they stay within six inputs"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let Subject { netlist, schedule, .. } = *subject;
        let mut cover = Cover::new(netlist, schedule);
        // Upwards, so that a chain collapses from its inputs and fills up whole tables.
        let mut merged = false;
        for id in netlist.node_ids() {
            merged |= cover.merge(id);
        }
        merged.then(|| cover.rebuild(netlist))
    }
}

/// The netlist while tables disappear into others. Inputs and what is gone have no table.
struct Cover {
    tables: Vec<Option<TruthTable>>,
    fan_ins: Vec<Vec<NodeId>>,
    /// Every reader of a node, some perhaps twice or no longer.
    readers: Vec<Vec<NodeId>>,
    is_output: Vec<bool>,
}

impl Cover {
    fn new(netlist: &Netlist, schedule: &Schedule) -> Self {
        let mut cover = Self {
            tables: netlist.node_ids().map(|id| netlist.table(id).cloned()).collect(),
            fan_ins: netlist.node_ids().map(|id| schedule.fan_ins(id).to_vec()).collect(),
            readers: vec![Vec::new(); netlist.nodes()],
            is_output: vec![false; netlist.nodes()],
        };
        for id in netlist.node_ids() {
            for fan_in in schedule.fan_ins(id) {
                cover.readers[fan_in.index()].push(id);
            }
        }
        for output in netlist.outputs() {
            cover.is_output[output.index()] = true;
        }
        cover
    }

    /// Merges the node into all of its readers if they have room; whether they had.
    fn merge(&mut self, id: NodeId) -> bool {
        if self.is_output[id.index()] || self.tables[id.index()].is_none() {
            return false;
        }
        let mut readers = std::mem::take(&mut self.readers[id.index()]);
        readers.sort_unstable();
        readers.dedup();
        let fits = |reader: &NodeId| {
            let own = &self.fan_ins[reader.index()];
            !own.contains(&id) || self.union(*reader, id).len() <= own.len().max(LUT_INPUTS)
        };
        if readers.is_empty() || !readers.iter().all(fits) {
            self.readers[id.index()] = readers;
            return false;
        }
        let Some(table) = self.tables[id.index()].take() else { return false };
        for reader in readers {
            if self.fan_ins[reader.index()].contains(&id) {
                self.substitute(reader, id, &table);
            }
        }
        true
    }

    /// The fan-ins of `reader` other than `id`, then those of `id`, each once.
    fn union(&self, reader: NodeId, id: NodeId) -> Vec<NodeId> {
        let own = self.fan_ins[reader.index()].iter().filter(|&&fan_in| fan_in != id);
        let mut union: Vec<NodeId> = Vec::with_capacity(2 * LUT_INPUTS);
        for fan_in in own.chain(&self.fan_ins[id.index()]) {
            if !union.contains(fan_in) {
                union.push(*fan_in);
            }
        }
        union
    }

    /// Puts `table`, the function of `id`, into the table of `reader`.
    fn substitute(&mut self, reader: NodeId, id: NodeId, table: &TruthTable) {
        let Some(own) = self.tables[reader.index()].take() else { return };
        let union = self.union(reader, id);
        let place = |fan_in: &NodeId| union.iter().position(|other| other == fan_in);
        let pins: Vec<usize> = self.fan_ins[id.index()].iter().filter_map(place).collect();
        let select = table.place(union.len(), &pins);
        let fixed = |value: bool| {
            let (mut fixed, mut kept) = (own.clone(), Vec::with_capacity(union.len()));
            for fan_in in &self.fan_ins[reader.index()] {
                match place(fan_in) {
                    // The pins of `id` before this one are gone, so it is number `kept.len()`.
                    None => fixed = fixed.cofactor(kept.len(), value),
                    Some(place) => kept.push(place),
                }
            }
            fixed.place(union.len(), &kept)
        };
        self.tables[reader.index()] = Some(select.choose(&fixed(false), &fixed(true)));
        for index in 0..self.fan_ins[id.index()].len() {
            let fan_in = self.fan_ins[id.index()][index];
            self.readers[fan_in.index()].push(reader);
        }
        self.fan_ins[reader.index()] = union;
    }

    fn rebuild(&self, netlist: &Netlist) -> Netlist {
        let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
        let mut map: Vec<Option<NodeId>> = Vec::with_capacity(netlist.nodes());
        let mut fan_ins = Vec::new();
        for id in netlist.node_ids() {
            let section = netlist.section(id);
            map.push(match (netlist.node(id), &self.tables[id.index()]) {
                (Node::Input(_), _) => Some(new.add_input(section)),
                (Node::Lut(_), None) => None,
                (Node::Lut(_), Some(table)) => {
                    fan_ins.clear();
                    // Nobody reads a node that is gone.
                    fan_ins.extend(self.fan_ins[id.index()].iter().filter_map(|fan_in| map[fan_in.index()]));
                    Some(new.add_lut(table, &fan_ins, section))
                }
            });
        }
        for node in netlist.outputs().iter().filter_map(|output| map[output.index()]) {
            new.add_output(node);
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_unchanged, lawful};
    use super::Merge;
    use crate::netlist::arbitrary::netlists;
    use proptest::prelude::*;

    #[test]
    fn a_chain_becomes_one_table() {
        check(
            &Merge,
            "a b c d | n = 8(a, b) | m = 8(n, c) | k = 8(d, m) | y = k",
            "a b c d | k = 8000(d, c, a, b) | y = k",
        );
    }

    #[test]
    fn a_table_goes_into_all_its_readers_or_none() {
        check(
            &Merge,
            "a b c d | n = 8(a, b) | m = 8(n, c) | k = 8(n, d) | y = m k",
            "a b c d | m = 80(c, a, b) | k = 80(d, a, b) | y = m k",
        );
        check_unchanged(&Merge, "a b c d | n = 8(a, b) | m = 8(n, c) | y = m n");
    }

    #[test]
    fn merging_stops_at_six_inputs() {
        let and7 = "a b c d e f g | n = 8(a, b) | m = 8(n, c) | k = 80000000(m, d, e, f, g) | y = k";
        check(&Merge, and7, "a b c d e f g | m = 80(c, a, b) | k = 80000000(m, d, e, f, g) | y = k");
    }

    #[test]
    fn shared_and_repeated_pins_count_once() {
        check(&Merge, "a b | n = 8(a, b) | m = 96(n, a, n) | y = m", "a b | m = a(a, b) | y = m");
    }

    proptest! {
        #[test]
        fn outputs_stay(netlist in netlists()) {
            if let Some(result) = lawful(&Merge, &netlist)? {
                prop_assert!(result.luts() < netlist.luts());
            }
        }
    }
}
