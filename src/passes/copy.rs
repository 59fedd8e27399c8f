//! Copying a netlist without some of its nodes.

use crate::netlist::{Netlist, Node, NodeId, Schedule};

/// What becomes of a node in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is copied.
    Keep,
    /// It is left out; no node that is kept and no output reads it.
    Drop,
    /// It is left out and whoever reads it reads this earlier node, which is kept.
    Replace(NodeId),
}

/// The copy of `netlist` in which every node has met its fate.
pub(super) fn copy(netlist: &Netlist, schedule: &Schedule, fate: impl Fn(NodeId) -> Fate) -> Netlist {
    let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
    let mut map: Vec<Option<NodeId>> = Vec::with_capacity(netlist.nodes());
    let mut fan_ins = Vec::new();
    for id in netlist.node_ids() {
        let section = netlist.section(id);
        map.push(match (fate(id), netlist.node(id)) {
            (Fate::Drop, _) => None,
            (Fate::Replace(other), _) => map[other.index()],
            (Fate::Keep, Node::Input(_)) => Some(new.add_input(section)),
            (Fate::Keep, Node::Lut(table)) => {
                fan_ins.clear();
                fan_ins.extend(schedule.fan_ins(id).iter().filter_map(|fan_in| map[fan_in.index()]));
                Some(new.add_lut(netlist.tables().get(table), &fan_ins, section))
            }
        });
    }
    for node in netlist.outputs().iter().filter_map(|output| map[output.index()]) {
        new.add_output(node);
    }
    new
}
