//! Removal of nodes that no output depends on.

use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::Pass;

/// Nodes that reach no primary output go; primary inputs stay.
pub(super) struct Dead;

impl Pass for Dead {
    fn name(&self) -> &'static str {
        "dead"
    }

    fn description(&self) -> &'static str {
        "Remove the tables that no output depends on"
    }

    fn run(&self, netlist: &Netlist, schedule: &Schedule) -> Option<Netlist> {
        let live = schedule.live(netlist);
        let dead = |id: NodeId| !live[id.index()] && matches!(netlist.node(id), Node::Lut(_));
        if !netlist.node_ids().any(dead) {
            return None;
        }
        let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
        let mut map: Vec<Option<NodeId>> = Vec::with_capacity(netlist.nodes());
        let mut fan_ins = Vec::new();
        for id in netlist.node_ids() {
            let section = netlist.section(id);
            map.push(match netlist.node(id) {
                Node::Input(_) => Some(new.add_input(section)),
                Node::Lut(_) if !live[id.index()] => None,
                Node::Lut(table) => {
                    fan_ins.clear();
                    // Whatever a live node reads is live.
                    fan_ins.extend(schedule.fan_ins(id).iter().filter_map(|fan_in| map[fan_in.index()]));
                    Some(new.add_lut(netlist.tables().get(table), &fan_ins, section))
                }
            });
        }
        for node in netlist.outputs().iter().filter_map(|output| map[output.index()]) {
            new.add_output(node);
        }
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_unchanged, preserves};
    use super::Dead;
    use crate::netlist::arbitrary::netlists;
    use proptest::prelude::*;

    #[test]
    fn cones_that_nobody_reads_go_and_inputs_stay() {
        check(
            &Dead,
            "a b c | n = 8(a, b) | m = 6(n, c) | k = e(a, b) | one = 1() | y = k",
            "a b c | k = e(a, b) | y = k",
        );
        check_unchanged(&Dead, "a b | n = 1(a) | y = n");
    }

    proptest! {
        #[test]
        fn outputs_stay(netlist in netlists()) {
            preserves(&Dead, &netlist)?;
        }
    }
}
