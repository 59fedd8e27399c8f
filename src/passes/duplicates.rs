//! Structural hashing.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::netlist::{Netlist, Node, NodeId, Schedule, TableId, TablePool};

use super::copy::{Fate, copy};
use super::{Pass, Subject};

/// Nodes with the same table and the same fan-ins, up to the order of the pins, become one.
pub(super) struct Duplicates;

impl Pass for Duplicates {
    fn name(&self) -> &'static str {
        "duplicates"
    }

    fn description(&self) -> &'static str {
        "Merge tables that compute the same function of the same inputs, in whatever order they read them"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let Subject { netlist, schedule, .. } = *subject;
        let representatives = representatives(netlist, schedule);
        let fate = |id: NodeId| match representatives[id.index()] {
            own if own == id => Fate::Keep,
            other => Fate::Replace(other),
        };
        netlist.node_ids().any(|id| fate(id) != Fate::Keep).then(|| copy(netlist, schedule, fate))
    }
}

/// For every node the first node that is equal to it.
fn representatives(netlist: &Netlist, schedule: &Schedule) -> Vec<NodeId> {
    let mut forms = Forms::with_capacity(netlist.nodes(), netlist.pins());
    let mut representatives: Vec<NodeId> = Vec::with_capacity(netlist.nodes());
    for id in netlist.node_ids() {
        let representative = match netlist.node(id) {
            Node::Input(_) => forms.add_input(),
            Node::Lut(table) => {
                let fan_ins = schedule.fan_ins(id).iter().map(|fan_in| representatives[fan_in.index()]);
                forms.add_lut(netlist, table, fan_ins)
            }
        };
        representatives.push(representative.unwrap_or(id));
    }
    representatives
}

/// The canonical form of every node seen so far: its fan-ins ascending, its table to match.
struct Forms {
    pool: TablePool,
    tables: Vec<Option<TableId>>,
    starts: Vec<u32>,
    pins: Vec<NodeId>,
    /// The latest node of each hash value; `older` leads to the ones before it.
    latest: FxHashMap<u64, u32>,
    older: Vec<Option<u32>>,
}

impl Forms {
    fn with_capacity(nodes: usize, pins: usize) -> Self {
        Self {
            pool: TablePool::default(),
            tables: Vec::with_capacity(nodes),
            starts: vec![0],
            pins: Vec::with_capacity(pins),
            latest: FxHashMap::default(),
            older: Vec::with_capacity(nodes),
        }
    }

    fn add_input(&mut self) -> Option<NodeId> {
        self.close(None, None);
        None
    }

    /// Records the next node; the earlier node of the same form, if there is one.
    fn add_lut(&mut self, netlist: &Netlist, table: TableId, fan_ins: impl Iterator<Item = NodeId>) -> Option<NodeId> {
        let start = self.pins.len();
        self.pins.extend(fan_ins);
        let table = netlist.tables().get(table);
        let table = if self.pins[start..].is_sorted() {
            self.pool.intern(table)
        } else {
            let unsorted = self.pins[start..].to_vec();
            let mut order: Vec<usize> = (0..unsorted.len()).collect();
            order.sort_by_key(|&pin| unsorted[pin]);
            let mut position = vec![0; order.len()];
            for (new, &old) in order.iter().enumerate() {
                self.pins[start + new] = unsorted[old];
                position[old] = new;
            }
            self.pool.intern(&table.place(position.len(), &position))
        };
        let mut hasher = FxHasher::default();
        table.hash(&mut hasher);
        self.pins[start..].hash(&mut hasher);
        let node = self.tables.len() as u32;
        let older = self.latest.insert(hasher.finish(), node);
        let mut candidate = older;
        let mut equal = None;
        while let Some(other) = candidate {
            if self.tables[other as usize] == Some(table) && self.pins_of(other) == &self.pins[start..] {
                // The first of equal nodes comes last in this list, and only it represents them.
                equal = Some(NodeId::from_index(other as usize));
                break;
            }
            candidate = self.older[other as usize];
        }
        if equal.is_some() {
            // A merged node is never looked up again: its fan-outs read its representative.
            self.pins.truncate(start);
            self.close(None, None);
            if let Some(older) = older {
                self.latest.insert(hasher.finish(), older);
            }
        } else {
            self.close(Some(table), older);
        }
        equal
    }

    fn pins_of(&self, node: u32) -> &[NodeId] {
        &self.pins[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }

    fn close(&mut self, table: Option<TableId>, older: Option<u32>) {
        self.tables.push(table);
        self.older.push(older);
        self.starts.push(self.pins.len() as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_unchanged, preserves};
    use super::Duplicates;
    use crate::netlist::arbitrary::netlists;
    use proptest::prelude::*;

    #[test]
    fn merges_luts_that_differ_in_pin_order() {
        check(
            &Duplicates,
            "a b | n = 8(a, b) | m = 8(b, a) | k = 6(n, m) | y = k",
            "a b | n = 8(a, b) | k = 6(n, n) | y = k",
        );
        // a and not b, written both ways.
        check(&Duplicates, "a b | n = 2(a, b) | m = 4(b, a) | y = n m", "a b | n = 2(a, b) | y = n n");
        check_unchanged(&Duplicates, "a b | n = 2(a, b) | m = 2(b, a) | y = n m");
    }

    #[test]
    fn equality_runs_through_the_whole_netlist_in_one_go() {
        check(
            &Duplicates,
            "a b c | n = 8(a, b) | m = 8(b, a) | k = 6(n, c) | l = 6(c, m) | y = k l",
            "a b c | n = 8(a, b) | k = 6(n, c) | y = k k",
        );
    }

    #[test]
    fn equal_constants_are_one() {
        check(&Duplicates, "a | n = 1() | m = 1() | y = n m a", "a | n = 1() | y = n n a");
    }

    proptest! {
        #[test]
        fn outputs_stay(netlist in netlists()) {
            preserves(&Duplicates, &netlist)?;
        }
    }
}
