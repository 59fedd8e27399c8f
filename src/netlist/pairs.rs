//! Which tables share a LUT that has two outputs.
//!
//! A six-input LUT of AMD's FPGAs is also two tables over the same five inputs. Every pair saves a
//! LUT; which pairs are best together is a matching in the graph of tables that fit, found greedily:
//! tables with few partners choose first. Partners are of the same level: to tools that look at cells
//! and not into tables, both outputs depend on all inputs, and signals that run from one pair to
//! another and back would look like a loop. First the level of a table is the earliest that it can have;
//! those that found nobody then look again on all levels between the one behind the last of their inputs and
//! the one before the first of their readers.

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
    stage: u32,
    partners: Vec<u32>,
}

/// For each node the table with which it shares a LUT, of those tables for which `may` holds, on each of which
/// some output depends.
///
/// Both have at least one input and no more than [`SHARED_INPUTS`] together, and there is a level for every node,
/// above those of its inputs, which partners share. Constants and tables that repeat a signal take no LUT and
/// have no partner.
///
/// Partners have the same `stage`: behind registers a simulator that knows nothing of the inputs of one table says
/// that it knows nothing of the other, for ever where that is one of those inputs later.
pub fn pair_tables(
    netlist: &Netlist,
    schedule: &Schedule,
    may: impl Fn(NodeId) -> bool,
    stage: impl Fn(NodeId) -> u32,
) -> Vec<Option<NodeId>> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for node in netlist.node_ids().filter(|&node| may(node)) {
        let Some(table) = netlist.table(node) else { continue };
        let mut inputs = schedule.fan_ins(node).to_vec();
        inputs.sort_unstable();
        inputs.dedup();
        let repeats = table.inputs() == 1 && table.row(1) && !table.row(0);
        if (1..=SHARED_INPUTS).contains(&inputs.len()) && table.inputs() <= 6 && !repeats {
            candidates.push(Candidate {
                node,
                inputs,
                level: schedule.level(node),
                stage: stage(node),
                partners: Vec::new(),
            });
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
    pair_movable(netlist, schedule, &candidates, &mut partner);
    partner
}

/// Six-input LUTs of `netlist` when tables share those that have two outputs.
pub fn paired_lut6(netlist: &Netlist) -> usize {
    let partners = pair_tables(netlist, &Schedule::new(netlist), |_| true, |_| 0);
    let pairs = partners.iter().flatten().count() / 2;
    NetlistStats::new(netlist).lut6(|_| true) - pairs
}

impl Candidate {
    fn fits(&self, other: &Self) -> bool {
        self.stage == other.stage && self.level == other.level && union(&self.inputs, &other.inputs) <= SHARED_INPUTS
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
    let all: Vec<&Candidate> = candidates.iter().collect();
    // Two of two inputs each only when nobody of three is left for them on any level.
    match_strangers(&all, partner, 3, |first, second, partner| {
        let fits = first.fits(second);
        if fits {
            partner[first.node.index()] = Some(second.node);
            partner[second.node.index()] = Some(first.node);
        }
        fits
    });
}

/// Offers `join` tables that are small enough to share a LUT, neighbours first and the widest with what is left
/// beside them, down to those of `narrowest` inputs; it says whether it joined them.
fn match_strangers(
    candidates: &[&Candidate],
    partner: &mut [Option<NodeId>],
    narrowest: usize,
    mut join: impl FnMut(&Candidate, &Candidate, &mut [Option<NodeId>]) -> bool,
) {
    for wide in (narrowest..SHARED_INPUTS).rev() {
        let narrow = SHARED_INPUTS - wide;
        // Tables of few inputs have no other choice than to be the narrow side of both.
        let is_wide = |candidate: &Candidate| candidate.inputs.len() == wide || wide <= narrow;
        let is_narrow = |candidate: &Candidate| candidate.inputs.len() <= narrow.min(wide);
        let [mut wides, mut narrows]: [Vec<&Candidate>; 2] = Default::default();
        for &candidate in candidates.iter().filter(|candidate| candidate.inputs.len() <= wide) {
            if partner[candidate.node.index()].is_some() {
                continue;
            }
            let waiting = if is_wide(candidate) { &mut narrows } else { &mut wides };
            if !is_wide(candidate) && !is_narrow(candidate) {
                continue;
            }
            if let Some(place) = waiting.iter().rposition(|other| join(candidate, other, partner)) {
                waiting.remove(place);
                continue;
            }
            for (waits, waiting) in [(is_wide(candidate), &mut wides), (is_narrow(candidate), &mut narrows)] {
                if waits {
                    waiting.push(candidate);
                    if waiting.len() > READERS {
                        waiting.remove(0);
                    }
                }
            }
        }
    }
}

/// Levels of nodes that may still move.
struct Levels<'a> {
    schedule: &'a Schedule,
    /// For each node its readers among those that some output depends on.
    readers: Vec<Vec<NodeId>>,
    own: Vec<u32>,
    last: u32,
}

impl<'a> Levels<'a> {
    /// The latest levels of all nodes, partners on the same.
    fn latest(netlist: &Netlist, schedule: &'a Schedule, partner: &[Option<NodeId>]) -> Self {
        let live = schedule.live(netlist);
        let mut readers: Vec<Vec<NodeId>> = vec![Vec::new(); netlist.nodes()];
        let nodes = || netlist.node_ids().filter(|node| live[node.index()]);
        for node in nodes() {
            schedule.fan_ins(node).iter().for_each(|fan_in| readers[fan_in.index()].push(node));
        }
        let last = schedule.depth(netlist);
        let mut levels = Self { schedule, readers, own: vec![last; netlist.nodes()], last };
        let mut by_level: Vec<NodeId> = nodes().collect();
        by_level.sort_by_key(|&node| (std::cmp::Reverse(schedule.level(node)), node));
        for level in by_level.chunk_by(|&a, &b| schedule.level(a) == schedule.level(b)) {
            for &node in level {
                levels.own[node.index()] = levels.latest_of(node);
            }
            for &node in level {
                if let Some(other) = partner[node.index()] {
                    levels.own[node.index()] = levels.own[node.index()].min(levels.own[other.index()]);
                }
            }
            for &node in level {
                if let Some(other) = partner[node.index()] {
                    levels.own[node.index()] = levels.own[node.index()].min(levels.own[other.index()]);
                }
            }
        }
        levels
    }

    /// The latest level for a node where all others stay.
    fn latest_of(&self, node: NodeId) -> u32 {
        let readers = self.readers[node.index()].iter().map(|reader| self.own[reader.index()].saturating_sub(1));
        readers.min().unwrap_or(self.last)
    }

    /// The earliest.
    fn earliest_of(&self, node: NodeId) -> u32 {
        // Primary inputs and constants are there before everything else.
        let inputs = self.schedule.fan_ins(node).iter().filter(|input| self.schedule.level(**input) > 0);
        1 + inputs.map(|input| self.own[input.index()]).max().unwrap_or(0)
    }

    /// A level for both where all others stay.
    fn common(&self, first: NodeId, second: NodeId) -> Option<u32> {
        let earliest = self.earliest_of(first).max(self.earliest_of(second));
        let latest = self.latest_of(first).min(self.latest_of(second));
        let reads = |reader, read| self.schedule.fan_ins(reader).contains(&read);
        (earliest <= latest && !reads(first, second) && !reads(second, first)).then_some(latest)
    }
}

/// Pairs those that have no partner of their own earliest level, on any level where both can be.
fn pair_movable(netlist: &Netlist, schedule: &Schedule, candidates: &[Candidate], partner: &mut [Option<NodeId>]) {
    let left: Vec<&Candidate> =
        candidates.iter().filter(|candidate| partner[candidate.node.index()].is_none()).collect();
    if left.len() < 2 {
        return;
    }
    let mut levels = Levels::latest(netlist, schedule, partner);
    let mut join = |first: &Candidate, second: &Candidate, partner: &mut [Option<NodeId>]| {
        let is_free = partner[second.node.index()].is_none() && first.stage == second.stage;
        if !is_free || union(&first.inputs, &second.inputs) > SHARED_INPUTS {
            return false;
        }
        let Some(level) = levels.common(first.node, second.node) else { return false };
        for (own, other) in [(first.node, second.node), (second.node, first.node)] {
            partner[own.index()] = Some(other);
            levels.own[own.index()] = level;
        }
        true
    };
    let mut readers: FxHashMap<NodeId, Vec<&Candidate>> = FxHashMap::default();
    for &candidate in &left {
        let near = candidate.inputs.iter().filter_map(|input| readers.get(input)).flatten();
        if near.into_iter().any(|other| join(candidate, other, partner)) {
            continue;
        }
        for &input in &candidate.inputs {
            let readers = readers.entry(input).or_default();
            if readers.len() < READERS {
                readers.push(candidate);
            }
        }
    }
    match_strangers(&left, partner, 2, join);
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
        let pairs = pair_tables(&netlist, &Schedule::new(&netlist), |_| true, |_| 0);
        assert_eq!(pairs[left.index()], Some(middle));
        assert_eq!((pairs[right.index()], pairs[far.index()]), (Some(far), Some(right)));
        assert_eq!(pairs[six.index()], None);
    }

    proptest! {
        #[test]
        fn pairs_are_mutual_and_fit(netlist in netlists_of(2..=8, 1..=60)) {
            let schedule = Schedule::new(&netlist);
            let live = schedule.live(&netlist);
            let may = |node: NodeId| live[node.index()] && !node.index().is_multiple_of(5);
            let pairs = pair_tables(&netlist, &schedule, may, |node| node.index() as u32 % 2);
            for node in netlist.node_ids() {
                let Some(other) = pairs[node.index()] else { continue };
                prop_assert_eq!(pairs[other.index()], Some(node));
                prop_assert!(node != other && may(node) && node.index() % 2 == other.index() % 2);
                let mut inputs = [schedule.fan_ins(node), schedule.fan_ins(other)].concat();
                inputs.sort_unstable();
                inputs.dedup();
                prop_assert!((1..=SHARED_INPUTS).contains(&inputs.len()));
            }
            // Pairs as one node have an order without loops.
            let cell = |node: NodeId| pairs[node.index()].map_or(node, |other| node.min(other));
            let mut levels = vec![0u32; netlist.nodes()];
            for _ in 0..=netlist.nodes() {
                for node in netlist.node_ids().filter(|node| live[node.index()]) {
                    let inputs = schedule.fan_ins(node).iter().map(|&input| levels[cell(input).index()] + 1);
                    let level = inputs.max().unwrap_or(0).max(levels[cell(node).index()]);
                    levels[cell(node).index()] = level;
                }
            }
            prop_assert!(levels.iter().all(|&level| (level as usize) < netlist.nodes()));
        }
    }
}
