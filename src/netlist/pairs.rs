//! Which tables share a LUT that has two outputs.
//!
//! A six-input LUT of AMD's FPGAs is also two tables over the same five inputs. Every pair saves a
//! LUT; which pairs are best together is a matching in the graph of tables that fit, found greedily:
//! tables with few partners choose first. Partners are of the same level: to tools that look at cells
//! and not into tables, both outputs depend on all inputs, and signals that run from one pair to
//! another and back would look like a loop.

use rustc_hash::FxHashMap;

use super::{Netlist, NetlistStats, NodeId, Schedule};

/// Inputs that two tables of one LUT have together.
pub const SHARED_INPUTS: usize = 5;

/// Readers of one signal that are compared with each other; more would be slow where thousands of
/// tables read the same signal.
const READERS: usize = 48;

/// A table that may share a LUT.
struct Candidate {
    node: NodeId,
    /// Its distinct inputs, ascending.
    inputs: Vec<NodeId>,
    level: u32,
    partners: Vec<u32>,
}

/// For each node the table with which it shares a LUT, of those tables for which `may` holds.
///
/// Both have the same level, at least one input and no more than [`SHARED_INPUTS`] together. Constants and tables
/// that repeat a signal take no LUT and have no partner.
pub fn pair_tables(netlist: &Netlist, schedule: &Schedule, may: impl Fn(NodeId) -> bool) -> Vec<Option<NodeId>> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for node in netlist.node_ids().filter(|&node| may(node)) {
        let Some(table) = netlist.table(node) else { continue };
        let mut inputs = schedule.fan_ins(node).to_vec();
        inputs.sort_unstable();
        inputs.dedup();
        let repeats = table.inputs() == 1 && table.row(1) && !table.row(0);
        if (1..=SHARED_INPUTS).contains(&inputs.len()) && table.inputs() <= 6 && !repeats {
            candidates.push(Candidate { node, inputs, level: schedule.level(node), partners: Vec::new() });
        }
    }
    find_partners(&mut candidates);
    let mut partner: Vec<Option<NodeId>> = vec![None; netlist.nodes()];
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|&index| (candidates[index].partners.len(), index));
    for index in order {
        let own = &candidates[index];
        if partner[own.node.index()].is_some() {
            continue;
        }
        let free = own.partners.iter().map(|&other| &candidates[other as usize]);
        let free = free.filter(|other| partner[other.node.index()].is_none());
        let best = free.min_by_key(|other| (other.partners.len(), other.node));
        if let Some(other) = best {
            partner[own.node.index()] = Some(other.node);
            partner[other.node.index()] = Some(own.node);
        }
    }
    pair_strangers(&candidates, &mut partner);
    partner
}

/// Six-input LUTs of `netlist` when tables share those that have two outputs.
pub fn paired_lut6(netlist: &Netlist) -> usize {
    let partners = pair_tables(netlist, &Schedule::new(netlist), |_| true);
    let pairs = partners.iter().flatten().count() / 2;
    NetlistStats::new(netlist).lut6(|_| true) - pairs
}

impl Candidate {
    fn fits(&self, other: &Self) -> bool {
        self.level == other.level && union(&self.inputs, &other.inputs) <= SHARED_INPUTS
    }
}

/// Fills in for each candidate those that share an input with it and fit.
fn find_partners(candidates: &mut [Candidate]) {
    let mut readers: FxHashMap<NodeId, Vec<u32>> = FxHashMap::default();
    for (index, candidate) in candidates.iter().enumerate() {
        for &input in &candidate.inputs {
            let readers = readers.entry(input).or_default();
            if readers.len() < READERS {
                readers.push(index as u32);
            }
        }
    }
    let partners: Vec<Vec<u32>> = candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| {
            let mut near: Vec<u32> =
                candidate.inputs.iter().filter_map(|input| readers.get(input)).flatten().copied().collect();
            near.sort_unstable();
            near.dedup();
            near.retain(|&other| other as usize != index && candidate.fits(&candidates[other as usize]));
            near
        })
        .collect();
    // A table that a full list has left out still finds others; both have to know of each other.
    for (index, near) in partners.into_iter().enumerate() {
        for &other in &near {
            let others = &mut candidates[other as usize].partners;
            if !others.contains(&(index as u32)) {
                others.push(index as u32);
            }
        }
        for other in near {
            let own = &mut candidates[index].partners;
            if !own.contains(&other) {
                own.push(other);
            }
        }
    }
}

/// Pairs tables that share nothing, neighbours first, where both are small enough.
fn pair_strangers(candidates: &[Candidate], partner: &mut [Option<NodeId>]) {
    for wide in (1..SHARED_INPUTS).rev() {
        let narrow = SHARED_INPUTS - wide;
        if narrow > wide {
            break;
        }
        let mut waiting: Vec<&Candidate> = Vec::new();
        let left = |candidate: &&Candidate| partner[candidate.node.index()].is_none();
        let left: Vec<&Candidate> = candidates.iter().filter(left).filter(|c| c.inputs.len() <= wide).collect();
        for candidate in left {
            match waiting.iter().rposition(|other| candidate.fits(other)) {
                Some(position) => {
                    let other = waiting.swap_remove(position);
                    partner[candidate.node.index()] = Some(other.node);
                    partner[other.node.index()] = Some(candidate.node);
                }
                None => waiting.push(candidate),
            }
            if waiting.len() > READERS {
                waiting.remove(0);
            }
        }
    }
}

/// Number of inputs of two tables together.
fn union(first: &[NodeId], second: &[NodeId]) -> usize {
    first.len() + second.iter().filter(|input| first.binary_search(input).is_err()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::TruthTable;
    use crate::netlist::Section;
    use crate::netlist::arbitrary::netlists_of;
    use proptest::prelude::*;

    #[test]
    fn tables_with_few_partners_choose_first() {
        let mut netlist = Netlist::new();
        let x: Vec<NodeId> = (0..7).map(|_| netlist.add_input(Section::Encoder)).collect();
        let mut and = |inputs: &[usize]| {
            let pins: Vec<NodeId> = inputs.iter().map(|&input| x[input]).collect();
            let all = (1usize << pins.len()) - 1;
            netlist.add_lut(&TruthTable::from_fn(pins.len(), |row| row == all), &pins, Section::Layer(0))
        };
        // The first fits with both others, these not with each other.
        let (middle, left, right) = (and(&[0, 1]), and(&[0, 2, 3, 4]), and(&[1, 4, 5, 6]));
        let six = and(&[0, 1, 2, 3, 4, 5]);
        let far = and(&[5, 6]);
        let pairs = pair_tables(&netlist, &Schedule::new(&netlist), |_| true);
        assert_eq!(pairs[left.index()], Some(middle));
        assert_eq!((pairs[right.index()], pairs[far.index()]), (Some(far), Some(right)));
        assert_eq!(pairs[six.index()], None);
    }

    proptest! {
        #[test]
        fn pairs_are_mutual_and_fit(netlist in netlists_of(2..=8, 1..=60)) {
            let schedule = Schedule::new(&netlist);
            let pairs = pair_tables(&netlist, &schedule, |node| node.index() % 5 != 0);
            for node in netlist.node_ids() {
                let Some(other) = pairs[node.index()] else { continue };
                prop_assert_eq!(pairs[other.index()], Some(node));
                prop_assert!(node != other && node.index() % 5 != 0);
                let mut inputs = [schedule.fan_ins(node), schedule.fan_ins(other)].concat();
                inputs.sort_unstable();
                inputs.dedup();
                prop_assert!((1..=SHARED_INPUTS).contains(&inputs.len()));
                prop_assert_eq!(schedule.level(node), schedule.level(other));
            }
        }
    }
}
