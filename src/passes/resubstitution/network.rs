//! The netlist at work: one table changes after the other, and every question sees the last state.

use rustc_hash::FxHashSet;

use crate::logic::{MAX_INPUTS, TruthTable};
use crate::netlist::{Netlist, NodeId, Section};

use super::super::{Subject, equivalence};

/// Words of assignments that every node is simulated on.
pub(super) const WORDS: usize = 16;

/// The values of a node, an assignment of the primary inputs to a bit.
pub(super) type Values = [u64; WORDS];

/// Tables, who reads them, and what they are in simulation.
///
/// Levels are those of the original netlist. A table may come to read only nodes of lower levels, so
/// that they stay upper bounds, nothing gets deeper, and a cycle cannot come about.
pub(super) struct Network {
    nodes: Vec<Entry>,
    values: Vec<Values>,
}

struct Entry {
    /// `None`: a primary input, or a table that no output depends on any more.
    table: Option<TruthTable>,
    fan_ins: Vec<NodeId>,
    /// One entry per pin.
    readers: Vec<NodeId>,
    is_output: bool,
    level: u32,
    section: Section,
}

impl Network {
    pub(super) fn new(subject: &Subject<'_>) -> Self {
        let Subject { netlist, schedule, .. } = *subject;
        let live = schedule.live(netlist);
        let entry = |id: NodeId| {
            let live = live[id.index()];
            let fan_ins = if live { schedule.fan_ins(id).to_vec() } else { Vec::new() };
            let table = if live { netlist.table(id).cloned() } else { None };
            let (level, section) = (schedule.level(id), netlist.section(id));
            Entry { table, fan_ins, readers: Vec::new(), is_output: false, level, section }
        };
        let mut nodes: Vec<Entry> = netlist.node_ids().map(entry).collect();
        for id in netlist.node_ids().filter(|id| live[id.index()]) {
            schedule.fan_ins(id).iter().for_each(|fan_in| nodes[fan_in.index()].readers.push(id));
        }
        netlist.outputs().iter().for_each(|output| nodes[output.index()].is_output = true);
        let stimulus = match subject.facts {
            Some(facts) => equivalence::random_codes(facts, 64 * WORDS),
            None => equivalence::random_assignments(netlist.inputs().len(), 64 * WORDS),
        };
        let mut network = Self { nodes, values: vec![[0; WORDS]; netlist.nodes()] };
        for (input, &id) in netlist.inputs().iter().enumerate() {
            network.values[id.index()].copy_from_slice(&stimulus.row(input)[..WORDS]);
        }
        for id in netlist.node_ids() {
            network.simulate(id);
        }
        network
    }

    /// The table of a node; `None` for a primary input and for what is gone.
    pub(super) fn table(&self, id: NodeId) -> Option<&TruthTable> {
        self.nodes[id.index()].table.as_ref()
    }

    pub(super) fn fan_ins(&self, id: NodeId) -> &[NodeId] {
        &self.nodes[id.index()].fan_ins
    }

    /// The tables that read a node, once for each of their pins that do.
    pub(super) fn readers(&self, id: NodeId) -> &[NodeId] {
        &self.nodes[id.index()].readers
    }

    pub(super) fn is_output(&self, id: NodeId) -> bool {
        self.nodes[id.index()].is_output
    }

    pub(super) fn level(&self, id: NodeId) -> u32 {
        self.nodes[id.index()].level
    }

    /// Whether a table may come to read `id`: nothing becomes deeper, and no part of the network
    /// reads a later one.
    pub(super) fn may_read(&self, reader: NodeId, id: NodeId) -> bool {
        let key = |id: NodeId| &self.nodes[id.index()];
        key(id).level < key(reader).level && key(id).section <= key(reader).section
    }

    pub(super) fn values(&self, id: NodeId) -> &Values {
        &self.values[id.index()]
    }

    /// Whether `id` is a table that goes once `reader` no longer reads it.
    pub(super) fn lives_for(&self, id: NodeId, reader: NodeId) -> bool {
        let entry = &self.nodes[id.index()];
        entry.table.is_some() && !entry.is_output && entry.readers.iter().all(|&other| other == reader)
    }

    /// The values of a table whose pins have the values that `pin` says.
    pub(super) fn evaluate<'a>(&self, id: NodeId, pin: impl Fn(NodeId) -> &'a Values) -> Values {
        static ZERO: Values = [0; WORDS];
        let mut result = ZERO;
        let entry = &self.nodes[id.index()];
        let Some(table) = &entry.table else { return result };
        let (mut scratch, mut pins) = (Vec::new(), [0; MAX_INPUTS]);
        let mut values = [&ZERO; MAX_INPUTS];
        values.iter_mut().zip(&entry.fan_ins).for_each(|(value, &fan_in)| *value = pin(fan_in));
        let values = &values[..entry.fan_ins.len()];
        for (word, result) in result.iter_mut().enumerate() {
            pins.iter_mut().zip(values).for_each(|(pin, value)| *pin = value[word]);
            *result = table.eval_words(&pins[..values.len()], &mut scratch);
        }
        result
    }

    /// Brings the values of a table up to date with those of its fan-ins.
    pub(super) fn simulate(&mut self, id: NodeId) {
        if self.table(id).is_some() {
            self.values[id.index()] = self.evaluate(id, |pin| &self.values[pin.index()]);
        }
    }

    /// Gives a node another table over other fan-ins, all of lower levels. What nothing reads any
    /// more goes.
    pub(super) fn replace(&mut self, id: NodeId, table: TruthTable, fan_ins: Vec<NodeId>) {
        debug_assert!(fan_ins.iter().all(|&fan_in| self.level(fan_in) < self.level(id)));
        fan_ins.iter().for_each(|fan_in| self.nodes[fan_in.index()].readers.push(id));
        let entry = &mut self.nodes[id.index()];
        entry.table = Some(table);
        let old = std::mem::replace(&mut entry.fan_ins, fan_ins);
        let mut unread: Vec<(NodeId, NodeId)> = old.into_iter().map(|fan_in| (fan_in, id)).collect();
        while let Some((fan_in, reader)) = unread.pop() {
            let entry = &mut self.nodes[fan_in.index()];
            if let Some(at) = entry.readers.iter().position(|&other| other == reader) {
                entry.readers.remove(at);
            }
            if entry.readers.is_empty() && !entry.is_output && entry.table.take().is_some() {
                unread.extend(std::mem::take(&mut entry.fan_ins).into_iter().map(|pin| (pin, fan_in)));
            }
        }
    }

    /// The network as a netlist: the nodes in their old order, but for those that a reader has
    /// come to need earlier.
    pub(super) fn rebuild(&self, netlist: &Netlist) -> Netlist {
        let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
        let mut map: Vec<Option<NodeId>> = vec![None; netlist.nodes()];
        for &input in netlist.inputs() {
            map[input.index()] = Some(new.add_input(netlist.section(input)));
        }
        let (mut open, mut fan_ins) = (Vec::new(), Vec::new());
        for id in netlist.node_ids() {
            open.push(id);
            while let Some(&node) = open.last() {
                let Entry { table: Some(table), fan_ins: pins, .. } = &self.nodes[node.index()] else {
                    open.pop();
                    continue;
                };
                let before = open.len();
                if map[node.index()].is_none() {
                    open.extend(pins.iter().filter(|pin| map[pin.index()].is_none()));
                }
                if open.len() == before {
                    open.pop();
                    if map[node.index()].is_none() {
                        fan_ins.clear();
                        fan_ins.extend(pins.iter().filter_map(|pin| map[pin.index()]));
                        map[node.index()] = Some(new.add_lut(table, &fan_ins, netlist.section(node)));
                    }
                }
            }
        }
        for node in netlist.outputs().iter().filter_map(|output| map[output.index()]) {
            new.add_output(node);
        }
        new
    }

    /// The tables that some output depends on.
    pub(super) fn tables(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes.len()).map(NodeId::from_index).filter(|&id| self.table(id).is_some())
    }
}

/// Sorts so that every node stands behind all that it may read.
pub(super) fn sort_by_level(network: &Network, nodes: &mut [NodeId]) {
    nodes.sort_unstable_by_key(|&id| (network.level(id), id));
}

/// Nodes in the order in which they came, each once.
pub(super) struct Nodes {
    pub(super) list: Vec<NodeId>,
    set: FxHashSet<NodeId>,
}

impl Nodes {
    /// None yet, with room for this many.
    pub(super) fn with_capacity(nodes: usize) -> Self {
        Self {
            list: Vec::with_capacity(nodes),
            set: FxHashSet::with_capacity_and_hasher(nodes, rustc_hash::FxBuildHasher),
        }
    }

    /// Whether it is new.
    pub(super) fn insert(&mut self, id: NodeId) -> bool {
        let new = self.set.insert(id);
        if new {
            self.list.push(id);
        }
        new
    }

    pub(super) fn extend<'a>(&mut self, ids: impl IntoIterator<Item = &'a NodeId>) {
        for &id in ids {
            self.insert(id);
        }
    }

    pub(super) fn contains(&self, id: NodeId) -> bool {
        self.set.contains(&id)
    }
}
