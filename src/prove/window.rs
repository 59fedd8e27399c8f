//! Comparison of two signals by enumeration of a few nodes in front of them.

use crate::logic::TruthTable;
use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::sweep::Signal;

/// Leaves of a window: 1024 assignments, 16 words.
const LEAVES: usize = 10;
const WORDS: usize = 1 << (LEAVES - 6);

/// What a window tells about two signals.
pub(super) enum Seen {
    /// They are equal whatever the leaves are.
    Equal,
    /// The leaves are primary inputs, and on these values the signals differ.
    Different(Vec<(NodeId, bool)>),
    /// They differ for some values of the leaves, which perhaps never occur.
    Unknown,
}

/// Looks at both signals through the widest window that has few leaves.
pub(super) fn compare(netlist: &Netlist, schedule: &Schedule, equal: &[Signal], (a, b): (Signal, Signal)) -> Seen {
    let mut leaves: Vec<NodeId> = vec![a.node, b.node];
    leaves.sort_unstable();
    leaves.dedup();
    let mut inside: Vec<NodeId> = Vec::new();
    loop {
        let opened = leaves.iter().rev().find_map(|&leaf| {
            if matches!(netlist.node(leaf), Node::Input(_)) {
                return None;
            }
            let mut wider: Vec<NodeId> = leaves.iter().copied().filter(|&other| other != leaf).collect();
            wider.extend(schedule.fan_ins(leaf).iter().map(|fan_in| equal[fan_in.index()].node));
            wider.sort_unstable();
            wider.dedup();
            // Opening a node whose reader is opened later would need it twice.
            let again = wider.iter().any(|node| inside.contains(node));
            (wider.len() <= LEAVES && !again).then_some((leaf, wider))
        });
        let Some((leaf, wider)) = opened else { break };
        inside.push(leaf);
        leaves = wider;
    }
    inside.sort_unstable();
    let mut values: Vec<(NodeId, [u64; WORDS])> = Vec::with_capacity(leaves.len() + inside.len());
    for (position, &leaf) in leaves.iter().enumerate() {
        values.push((leaf, assignments(position)));
    }
    let mut scratch = Vec::new();
    for &node in &inside {
        let Some(table) = netlist.table(node) else { continue };
        let value = evaluate(table, schedule.fan_ins(node), equal, &values, &mut scratch);
        values.push((node, value));
    }
    let (a, b) = (read(a, &values), read(b, &values));
    let rows = 1usize << leaves.len();
    for word in 0..rows.div_ceil(64) {
        let used = if rows >= 64 { u64::MAX } else { (1 << rows) - 1 };
        let different = (a[word] ^ b[word]) & used;
        if different != 0 {
            let row = 64 * word + different.trailing_zeros() as usize;
            if leaves.iter().all(|&leaf| matches!(netlist.node(leaf), Node::Input(_))) {
                let sample = leaves.iter().enumerate().map(|(i, &leaf)| (leaf, row >> i & 1 == 1));
                return Seen::Different(sample.collect());
            }
            return Seen::Unknown;
        }
    }
    Seen::Equal
}

/// All assignments of input `position` of a window.
fn assignments(position: usize) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    for (index, word) in words.iter_mut().enumerate() {
        *word = match position {
            0..6 => crate::logic::VARIABLE[position],
            _ => u64::from(index >> (position - 6) & 1 == 1).wrapping_neg(),
        };
    }
    words
}

fn read(signal: Signal, values: &[(NodeId, [u64; WORDS])]) -> [u64; WORDS] {
    let mut value = values.iter().find(|(node, _)| *node == signal.node).map_or([0; WORDS], |(_, value)| *value);
    if signal.inverted {
        value.iter_mut().for_each(|word| *word = !*word);
    }
    value
}

fn evaluate(
    table: &TruthTable,
    fan_ins: &[NodeId],
    equal: &[Signal],
    values: &[(NodeId, [u64; WORDS])],
    scratch: &mut Vec<u64>,
) -> [u64; WORDS] {
    let pins: Vec<[u64; WORDS]> = fan_ins.iter().map(|fan_in| read(equal[fan_in.index()], values)).collect();
    let mut result = [0; WORDS];
    let mut words = vec![0; pins.len()];
    for (index, result) in result.iter_mut().enumerate() {
        for (word, pin) in words.iter_mut().zip(&pins) {
            *word = pin[index];
        }
        *result = table.eval_words(&words, scratch);
    }
    result
}
