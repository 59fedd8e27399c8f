//! Removal of comparators that nothing reads.

use crate::netlist::{Design, Netlist, Node, NodeId, Schedule};

/// Removes the primary inputs of the core that no table and no output reads, together with their
/// comparators; the number of comparators that went.
///
/// This is not a pass, since passes keep the primary inputs. The integer input bus stays whole:
/// its layout belongs to whoever drives the design.
pub fn prune_inputs(design: &mut Design) -> usize {
    let schedule = Schedule::new(&design.core);
    let fanouts = schedule.fanouts(&design.core);
    let read: Vec<bool> = design.core.inputs().iter().map(|input| fanouts[input.index()] > 0).collect();
    let pruned = read.iter().filter(|read| !**read).count();
    if pruned > 0 {
        design.core = without_inputs(&design.core, &schedule, &read);
        let mut read = read.iter();
        design.comparators.retain(|_| read.next().is_some_and(|&read| read));
    }
    pruned
}

/// The netlist with only the primary inputs that are `read`, renumbered.
fn without_inputs(netlist: &Netlist, schedule: &Schedule, read: &[bool]) -> Netlist {
    let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
    let mut map: Vec<Option<NodeId>> = Vec::with_capacity(netlist.nodes());
    let mut fan_ins = Vec::new();
    for id in netlist.node_ids() {
        let section = netlist.section(id);
        map.push(match netlist.node(id) {
            Node::Input(number) => read[number as usize].then(|| new.add_input(section)),
            Node::Lut(table) => {
                fan_ins.clear();
                // Only inputs that nobody reads have no new node.
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

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, print};
    use super::*;
    use crate::netlist::{Comparator, DesignHead, InputBus};

    #[test]
    fn comparators_that_nobody_reads_go_and_outputs_count_as_readers() {
        let comparator = |threshold| Comparator { feature: 0, threshold };
        let mut design = Design {
            name: "pruned".to_owned(),
            input: InputBus { features: 1, bits: 4, signed: false },
            comparators: (1..=4).map(comparator).collect(),
            core: parse("a b c d | n = 8(d, b) | y = n c"),
            head: DesignHead::Bits,
        };
        let samples: Vec<Vec<i64>> = (0..16).map(|code| vec![code]).collect();
        let before = design.simulate(&samples);
        assert_eq!(prune_inputs(&mut design), 1);
        design.validate().unwrap();
        assert_eq!(design.comparators, [2, 3, 4].map(comparator));
        assert_eq!(print(&design.core), print(&parse("b c d | n = 8(d, b) | y = n c")));
        assert_eq!(design.simulate(&samples), before);
        assert_eq!(prune_inputs(&mut design), 0);
    }
}
