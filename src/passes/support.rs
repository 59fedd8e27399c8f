//! Removal of pins without influence.

use crate::logic::TruthTable;
use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::{Pass, Subject};

/// Pins that a table does not depend on go; the same node on two pins becomes one pin.
pub(super) struct Support;

impl Pass for Support {
    fn name(&self) -> &'static str {
        "support"
    }

    fn description(&self) -> &'static str {
        "Remove the inputs that a table does not depend on and merge inputs that are the same node"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let Subject { netlist, schedule, .. } = *subject;
        // Tables are interned, so each is examined once however many nodes share it.
        let full: Vec<bool> =
            netlist.tables().iter().map(|table| (0..table.inputs()).all(|input| table.depends_on(input))).collect();
        let shrinks = |id: NodeId| match netlist.node(id) {
            Node::Input(_) => false,
            Node::Lut(table) => !full[table.index()] || has_repeats(schedule.fan_ins(id)),
        };
        netlist.node_ids().any(shrinks).then(|| reduce(netlist, schedule, shrinks))
    }
}

fn has_repeats(pins: &[NodeId]) -> bool {
    pins.iter().enumerate().any(|(i, pin)| pins[..i].contains(pin))
}

fn reduce(netlist: &Netlist, schedule: &Schedule, shrinks: impl Fn(NodeId) -> bool) -> Netlist {
    let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
    let mut map: Vec<NodeId> = Vec::with_capacity(netlist.nodes());
    for id in netlist.node_ids() {
        let section = netlist.section(id);
        let node = match netlist.node(id) {
            Node::Input(_) => new.add_input(section),
            Node::Lut(table) => {
                let mut fan_ins: Vec<NodeId> = schedule.fan_ins(id).to_vec();
                let reduced = shrinks(id).then(|| minimize(netlist.tables().get(table), &mut fan_ins));
                fan_ins.iter_mut().for_each(|fan_in| *fan_in = map[fan_in.index()]);
                new.add_lut(reduced.as_ref().unwrap_or_else(|| netlist.tables().get(table)), &fan_ins, section)
            }
        };
        map.push(node);
    }
    for output in netlist.outputs() {
        new.add_output(map[output.index()]);
    }
    new
}

/// The table over the pins that matter, which remain in `fan_ins`, each node once.
fn minimize(table: &TruthTable, fan_ins: &mut Vec<NodeId>) -> TruthTable {
    let mut distinct: Vec<NodeId> = Vec::with_capacity(fan_ins.len());
    let mut position = Vec::with_capacity(fan_ins.len());
    for &fan_in in fan_ins.iter() {
        position.push(distinct.iter().position(|&other| other == fan_in).unwrap_or_else(|| {
            distinct.push(fan_in);
            distinct.len() - 1
        }));
    }
    let merged = table.place(distinct.len(), &position);
    let support = merged.support();
    *fan_ins = support.iter().map(|&input| distinct[input]).collect();
    merged.project(&support)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_unchanged, preserves};
    use super::Support;
    use crate::netlist::arbitrary::netlists;
    use proptest::prelude::*;

    #[test]
    fn pins_without_influence_go() {
        // Row 5 of eight and row 7: a and c, whatever b is.
        check(&Support, "a b c | n = a0(a, b, c) | y = n", "a b c | n = 8(a, c) | y = n");
        check(&Support, "a b | n = f(a, b) | y = n", "a b | n = 1() | y = n");
    }

    #[test]
    fn the_same_node_on_two_pins_becomes_one() {
        check(&Support, "a b | n = 96(a, b, a) | y = n", "a b | n = 2(b) | y = n");
        check(&Support, "a b | n = 80(a, b, a) | y = n", "a b | n = 8(a, b) | y = n");
        check_unchanged(&Support, "a b | n = 6(a, b) | y = n");
    }

    proptest! {
        #[test]
        fn outputs_stay(netlist in netlists()) {
            preserves(&Support, &netlist)?;
        }
    }
}
