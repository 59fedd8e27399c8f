//! What is looked at when one table is to change: who notices it, and what it could read instead.

use crate::netlist::NodeId;

use super::network::{Network, Nodes, Values, WORDS, sort_by_level};

/// Tables that a table is followed through towards the outputs.
const LEVELS_UP: usize = 3;

/// Tables behind a table, beyond which nothing is followed.
const REGION: usize = 24;

/// Nodes of more readers are not followed.
const READERS: usize = 12;

/// Tables that a table is followed through towards the inputs.
const LEVELS_DOWN: usize = 4;

/// Tables that are opened in front of the table, and in front of those behind it.
const OPENED: usize = 48;

/// Tables of more inputs are not opened: their clauses would be many.
pub(super) const OPENED_INPUTS: usize = 8;

/// Signals that are tried.
const DIVISORS: usize = 128;

/// Of a node with more readers only the first are tried.
const READERS_TRIED: usize = 24;

/// The tables behind one, as far as they are looked at.
pub(super) struct Region {
    /// The tables that read it, directly or through each other, fan-ins first.
    pub(super) nodes: Vec<NodeId>,
    /// Those that anything else reads, or the table itself when it is followed no further: as
    /// long as they stay the same, so does everything.
    pub(super) roots: Vec<NodeId>,
}

impl Region {
    pub(super) fn new(network: &Network, center: NodeId) -> Self {
        let (mut nodes, mut roots) = (Nodes::default(), Vec::new());
        let mut front = vec![center];
        for _ in 0..LEVELS_UP {
            let mut next = Vec::new();
            for node in front {
                let readers = network.readers(node);
                let few = |&reader: &NodeId| network.fan_ins(reader).len() <= OPENED_INPUTS;
                let follow = !network.is_output(node)
                    && readers.len() <= READERS
                    && nodes.list.len() + readers.len() <= REGION
                    && readers.iter().all(few);
                if follow {
                    next.extend(readers.iter().filter(|&&reader| nodes.insert(reader)));
                } else {
                    roots.push(node);
                }
            }
            front = next;
        }
        roots.extend(front);
        let mut nodes = nodes.list;
        sort_by_level(network, &mut nodes);
        Self { nodes, roots }
    }

    /// The assignments on which a root would notice the complement of `center`.
    pub(super) fn care(&self, network: &Network, center: NodeId) -> Values {
        let mut other: Vec<(NodeId, Values)> = Vec::with_capacity(1 + self.nodes.len());
        other.push((center, network.values(center).map(|word| !word)));
        for &node in &self.nodes {
            let value = network.evaluate(node, |pin| {
                other.iter().find(|(id, _)| *id == pin).map_or_else(|| network.values(pin), |(_, value)| value)
            });
            other.push((node, value));
        }
        let mut care = [0; WORDS];
        for (node, value) in other.iter().filter(|(node, _)| self.roots.contains(node)) {
            for (care, (new, old)) in care.iter_mut().zip(value.iter().zip(network.values(*node))) {
                *care |= new ^ old;
            }
        }
        care
    }
}

/// The tables in front of one, as far as they are looked at.
pub(super) struct Cone {
    /// Tables whose functions are known to the proof.
    pub(super) inside: Nodes,
    /// Signals of lower levels that the table could read, its fan-ins first.
    pub(super) divisors: Vec<NodeId>,
}

impl Cone {
    pub(super) fn new(network: &Network, center: NodeId) -> Self {
        let (mut inside, mut near) = (Nodes::default(), Nodes::default());
        near.extend(network.fan_ins(center));
        open(network, &mut inside, &mut near, OPENED, |_| true);
        // What stands beside: tables that read nothing else.
        let mut at = 0;
        while let Some(&node) = near.list.get(at)
            && near.list.len() < DIVISORS
        {
            at += 1;
            for &reader in network.readers(node).iter().take(READERS_TRIED) {
                let fan_ins = network.fan_ins(reader);
                if network.level(reader) < network.level(center)
                    && !near.contains(reader)
                    && fan_ins.len() <= OPENED_INPUTS
                    && fan_ins.iter().all(|&pin| near.contains(pin))
                {
                    near.insert(reader);
                    inside.insert(reader);
                }
            }
        }
        Self { inside, divisors: near.list }
    }

    /// Opens the tables in front of `region` as well, so that the proof knows what they exclude.
    /// What depends on `center` itself stays closed.
    pub(super) fn open_region(&mut self, network: &Network, center: NodeId, region: &Region) {
        let mut near = Nodes::default();
        let outside = |id: NodeId| id != center && !region.nodes.contains(&id);
        for &node in &region.nodes {
            near.extend(network.fan_ins(node).iter().filter(|&&pin| outside(pin)));
        }
        let limit = self.inside.list.len() + OPENED;
        open(network, &mut self.inside, &mut near, limit, |id| network.fan_ins(id).iter().all(|&pin| outside(pin)));
    }
}

/// Opens the tables of `near` level by level, up to `limit` of them.
fn open(network: &Network, inside: &mut Nodes, near: &mut Nodes, limit: usize, may: impl Fn(NodeId) -> bool) {
    let mut done = 0;
    for _ in 0..LEVELS_DOWN {
        for at in std::mem::replace(&mut done, near.list.len())..near.list.len() {
            let node = near.list[at];
            let fits = network.table(node).is_some_and(|table| table.inputs() <= OPENED_INPUTS);
            if fits && inside.list.len() < limit && may(node) {
                inside.insert(node);
                near.extend(network.fan_ins(node));
            }
        }
    }
}
