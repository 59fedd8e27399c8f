//! Rows of tables that never occur, seen through a window in front of them.

use crate::logic::{TruthTable, VARIABLE};
use crate::netlist::{Comparator, Netlist, Node, NodeId};

use super::{Facts, Pass, Subject};

/// Leaves of a window: 4096 assignments.
const LEAVES: usize = 12;

/// Tables of more inputs are left alone.
const MAX_TABLE_INPUTS: usize = 8;

/// Removes inputs of tables that matter only for combinations that their drivers never give.
///
/// The nodes in front of a table are opened as long as at most twelve nodes stand before them.
/// What is enumerated there are all values of these nodes but those that comparators of one
/// feature cannot have together. Combinations that do not turn up never occur: the bits of a
/// one-hot, Gray or binary code exclude each other, and so do tables that read the same nodes.
pub(super) struct Reachable;

impl Pass for Reachable {
    fn name(&self) -> &'static str {
        "reachable"
    }

    fn description(&self) -> &'static str {
        "Remove the inputs of tables that matter only for combinations that their drivers never give"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let netlist = subject.netlist;
        let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
        let mut removed = 0;
        let mut scratch = Vec::new();
        for id in netlist.node_ids() {
            let section = netlist.section(id);
            let Some(table) = netlist.table(id) else {
                new.add_input(section);
                continue;
            };
            let smaller = Window::open(subject, id).map(|window| {
                let mut seen = window.rows(subject, id, &mut scratch);
                table.forget_unseen(&mut seen)
            });
            let pins = subject.schedule.fan_ins(id);
            match smaller {
                Some((smaller, gone)) if gone > 0 => {
                    let support = smaller.support();
                    let fan_ins: Vec<NodeId> = support.iter().map(|&input| pins[input]).collect();
                    removed += table.inputs() - support.len();
                    new.add_lut(&smaller.project(&support), &fan_ins, section);
                }
                _ => drop(new.add_lut(table, pins, section)),
            }
        }
        netlist.outputs().iter().for_each(|&output| new.add_output(output));
        (removed > 0).then_some(new)
    }
}

/// The nodes in front of a table.
struct Window {
    leaves: Vec<NodeId>,
    inside: Vec<NodeId>,
    /// Pairs of leaves of which the first is only one when the second is.
    implied: Vec<(usize, usize)>,
}

impl Window {
    /// The window of a table; `None` when everything may occur as far as the window tells,
    /// because no two paths meet in it.
    fn open(subject: &Subject<'_>, id: NodeId) -> Option<Self> {
        let (netlist, schedule) = (subject.netlist, subject.schedule);
        let mut leaves: Vec<NodeId> = schedule.fan_ins(id).to_vec();
        if !(2..=MAX_TABLE_INPUTS).contains(&leaves.len()) {
            return None;
        }
        leaves.sort_unstable();
        leaves.dedup();
        let (mut inside, mut meets) = (Vec::new(), false);
        loop {
            let opened = leaves.iter().rev().find_map(|&leaf| {
                let fan_ins = schedule.fan_ins(leaf);
                if matches!(netlist.node(leaf), Node::Input(_)) || fan_ins.iter().any(|pin| inside.contains(pin)) {
                    return None;
                }
                let mut wider: Vec<NodeId> = leaves.iter().copied().filter(|&other| other != leaf).collect();
                let shared = fan_ins.iter().any(|pin| wider.contains(pin));
                wider.extend(fan_ins);
                wider.sort_unstable();
                wider.dedup();
                (wider.len() <= LEAVES).then_some((leaf, wider, shared))
            });
            let Some((leaf, wider, shared)) = opened else { break };
            meets |= shared;
            inside.push(leaf);
            leaves = wider;
        }
        inside.sort_unstable();
        let implied = subject.facts.map(|facts| implications(netlist, facts, &leaves)).unwrap_or_default();
        (meets || !implied.is_empty()).then_some(Self { leaves, inside, implied })
    }

    /// Which rows of the table of `id` occur.
    fn rows(&self, subject: &Subject<'_>, id: NodeId, scratch: &mut Vec<u64>) -> Vec<bool> {
        let (netlist, schedule) = (subject.netlist, subject.schedule);
        let pins = schedule.fan_ins(id);
        let mut seen = vec![false; 1 << pins.len()];
        let mut values: Vec<(NodeId, u64)> = Vec::with_capacity(self.leaves.len() + self.inside.len());
        let read = |values: &[(NodeId, u64)], id: NodeId| {
            values.iter().find(|(node, _)| *node == id).map_or(0, |(_, value)| *value)
        };
        let assignments = 1usize << self.leaves.len();
        for word in 0..assignments.div_ceil(64) {
            values.clear();
            for (position, &leaf) in self.leaves.iter().enumerate() {
                let value = match VARIABLE.get(position) {
                    Some(&variable) => variable,
                    None => u64::from(word >> (position - VARIABLE.len()) & 1 == 1).wrapping_neg(),
                };
                values.push((leaf, value));
            }
            let mut occurs = if assignments >= 64 { u64::MAX } else { (1 << assignments) - 1 };
            for &(high, low) in &self.implied {
                occurs &= !values[high].1 | values[low].1;
            }
            if occurs == 0 {
                continue;
            }
            for &node in &self.inside {
                let inputs: Vec<u64> = schedule.fan_ins(node).iter().map(|&pin| read(&values, pin)).collect();
                let value = netlist.table(node).map_or(0, |table: &TruthTable| table.eval_words(&inputs, scratch));
                values.push((node, value));
            }
            let inputs: Vec<u64> = pins.iter().map(|&pin| read(&values, pin)).collect();
            mark(&inputs, occurs, 0, &mut seen);
        }
        seen
    }
}

/// Marks the rows that some of the assignments `occurs` show, the highest input first.
fn mark(inputs: &[u64], occurs: u64, row: usize, seen: &mut [bool]) {
    if occurs == 0 {
        return;
    }
    match inputs.split_last() {
        None => seen[row] = true,
        Some((&highest, rest)) => {
            mark(rest, occurs & !highest, row, seen);
            mark(rest, occurs & highest, row | 1 << rest.len(), seen);
        }
    }
}

/// The pairs of leaves, by position, of which the first is only one when the second is.
pub(super) fn implications(netlist: &Netlist, facts: Facts<'_>, leaves: &[NodeId]) -> Vec<(usize, usize)> {
    let comparator = |(position, &leaf): (usize, &NodeId)| match netlist.node(leaf) {
        Node::Input(number) => Some((facts.comparators[number as usize], position)),
        Node::Lut(_) => None,
    };
    let mut bits: Vec<(Comparator, usize)> = leaves.iter().enumerate().filter_map(comparator).collect();
    bits.sort_unstable_by_key(|&(comparator, position)| (comparator.feature, position));
    let mut implied = Vec::new();
    for same in bits.chunk_by(|(a, _), (b, _)| a.feature == b.feature) {
        for &(a, high) in same {
            let lower = same.iter().filter(|&&(b, low)| low != high && a.threshold >= b.threshold);
            implied.extend(lower.map(|&(_, low)| (high, low)));
        }
    }
    implied
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_unchanged, lawful, parse, print};
    use super::super::{Pipeline, find_reachable_difference};
    use super::*;
    use crate::netlist::InputBus;
    use crate::netlist::arbitrary::{netlists, netlists_of};
    use proptest::prelude::*;

    #[test]
    fn drivers_that_exclude_each_other_free_their_reader() {
        // n and m are never both one, so their exclusive or and their or are the same.
        check(
            &Reachable,
            "a b c | n = 8(a, b) | m = 2(a, b) | k = 80(n, m, c) | y = k n m",
            "a b c | n = 8(a, b) | m = 2(a, b) | k = 0() | y = k n m",
        );
        check_unchanged(&Reachable, "a b c d | n = 8(a, b) | m = 8(c, d) | k = 6(n, m) | y = k");
    }

    #[test]
    fn bits_of_a_one_hot_code_exclude_each_other() {
        // One-hot bits of the codes 1 and 2 as parities of neighbouring comparators.
        let text = "a b c d | p = 6(a, b) | q = 6(b, c) | k = 80(p, q, d) | l = e(p, q) | y = k l";
        let comparators =
            [(0, 1), (0, 2), (0, 3), (1, 2)].map(|(feature, threshold)| Comparator { feature, threshold });
        let input = InputBus { features: 2, bits: 2, signed: false };
        let facts = Facts { input: &input, comparators: &comparators };
        let mut netlist = parse(text);
        let pipeline = Pipeline::by_names(&["reachable"]).unwrap().check_function(true);
        pipeline.run_behind(&mut netlist, Some(facts)).unwrap();
        assert!(print(&netlist).contains(": 0()"), "{}", print(&netlist));
        assert_eq!(find_reachable_difference(&parse(text), &netlist, facts), None);
    }

    proptest! {
        #[test]
        fn outputs_stay(netlist in netlists()) {
            lawful(&Reachable, &netlist)?;
        }

        #[test]
        fn outputs_of_wide_netlists_stay(netlist in netlists_of(15..=40, 1..=80)) {
            lawful(&Reachable, &netlist)?;
        }
    }
}
