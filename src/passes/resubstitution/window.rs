//! What is looked at when one table is to change: who notices it, and what it could read instead.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::netlist::{Node, NodeId};

use super::super::{Subject, reachable};
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
        let (mut nodes, mut roots) = (Nodes::with_capacity(REGION), Vec::new());
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

    /// The assignments on which a root would notice the complement of `center`, where the nodes
    /// have these values.
    pub(super) fn care<'a>(&self, network: &Network, center: NodeId, values: impl Fn(NodeId) -> &'a Values) -> Values {
        let mut other: Vec<(NodeId, Values)> = Vec::with_capacity(1 + self.nodes.len());
        other.push((center, values(center).map(|word| !word)));
        for &node in &self.nodes {
            let value = network.evaluate(node, |pin| {
                other.iter().find(|(id, _)| *id == pin).map_or_else(|| values(pin), |(_, value)| value)
            });
            other.push((node, value));
        }
        let mut care = [0; WORDS];
        for (node, value) in other.iter().filter(|(node, _)| self.roots.contains(node)) {
            for (care, (new, old)) in care.iter_mut().zip(value.iter().zip(values(*node))) {
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
    /// Signals that the table could read, its fan-ins first.
    pub(super) divisors: Vec<NodeId>,
}

impl Cone {
    pub(super) fn new(network: &Network, center: NodeId) -> Self {
        let (mut inside, mut near) = (Nodes::with_capacity(DIVISORS), Nodes::with_capacity(2 * DIVISORS));
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
        let fan_ins = network.fan_ins(center);
        let mut divisors = near.list;
        divisors.retain(|&id| network.may_read(center, id) || fan_ins.contains(&id));
        Self { inside, divisors }
    }

    /// The tables of the window, `center` and `region` included, fan-ins first.
    pub(super) fn tables(&self, network: &Network, center: NodeId, region: &Region) -> Vec<NodeId> {
        let mut tables: Vec<NodeId> = self.inside.list.iter().chain(&region.nodes).copied().collect();
        tables.push(center);
        sort_by_level(network, &mut tables);
        tables
    }

    /// What else those tables read, and what else could be read: ascending.
    pub(super) fn leaves(&self, network: &Network, tables: &[NodeId]) -> Vec<NodeId> {
        let inside: FxHashSet<NodeId> = tables.iter().copied().collect();
        let pins = tables.iter().flat_map(|&id| network.fan_ins(id));
        let mut leaves: Vec<NodeId> = pins.chain(&self.divisors).copied().filter(|pin| !inside.contains(pin)).collect();
        leaves.sort_unstable();
        leaves.dedup();
        leaves
    }

    /// Random values of the leaves, but for what comparators cannot say together.
    pub(super) fn simulate(&self, network: &Network, subject: &Subject<'_>, center: NodeId, region: &Region) -> Local {
        let tables = self.tables(network, center, region);
        let leaves = self.leaves(network, &tables);
        let mut rng = ChaCha8Rng::seed_from_u64(center.index() as u64);
        let mut random = |word: usize| {
            let (a, b) = (rng.next_u64(), rng.next_u64());
            match word % 4 {
                0 | 1 => a,
                2 => a & b,
                _ => a | b,
            }
        };
        let drawn: Vec<Values> = leaves.iter().map(|_| std::array::from_fn(&mut random)).collect();
        let mut values: FxHashMap<NodeId, Values> = leaves.iter().copied().zip(drawn.iter().copied()).collect();
        for (high, low) in implications(subject, &leaves) {
            if let Some(value) = values.get_mut(&leaves[high]) {
                value.iter_mut().zip(&drawn[low]).for_each(|(high, low)| *high &= low);
            }
        }
        for &id in &tables {
            let value = network.evaluate(id, |pin| &values[&pin]);
            values.insert(id, value);
        }
        let care = region.care(network, center, |id| &values[&id]);
        Local { values, care }
    }

    /// Opens the tables in front of `region` as well, so that the proof knows what they exclude.
    /// What depends on `center` itself stays closed.
    pub(super) fn open_region(&mut self, network: &Network, center: NodeId, region: &Region) {
        let mut near = Nodes::with_capacity(2 * DIVISORS);
        let outside = |id: NodeId| id != center && !region.nodes.contains(&id);
        for &node in &region.nodes {
            near.extend(network.fan_ins(node).iter().filter(|&&pin| outside(pin)));
        }
        let limit = self.inside.list.len() + OPENED;
        open(network, &mut self.inside, &mut near, limit, |id| network.fan_ins(id).iter().all(|&pin| outside(pin)));
    }
}

/// A window with random values of its leaves.
pub(super) struct Local {
    pub(super) values: FxHashMap<NodeId, Values>,
    /// Where a root would notice the complement of the table.
    pub(super) care: Values,
}

/// The pairs of leaves, by position, of which the first is only one when the second is.
pub(super) fn implications(subject: &Subject<'_>, leaves: &[NodeId]) -> Vec<(usize, usize)> {
    let is_input = |id: &NodeId| matches!(subject.netlist.node(*id), Node::Input(_));
    match subject.facts {
        Some(facts) if leaves.iter().any(is_input) => reachable::implications(subject.netlist, facts, leaves),
        _ => Vec::new(),
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
