//! Removal of nodes that no output depends on.

use crate::netlist::{Netlist, Node, NodeId};

use super::copy::{Fate, copy};
use super::{Pass, Subject};

/// Nodes that reach no primary output go; primary inputs stay.
pub(super) struct Dead;

impl Pass for Dead {
    fn name(&self) -> &'static str {
        "dead"
    }

    fn description(&self) -> &'static str {
        "Remove the tables that no output depends on"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let Subject { netlist, schedule, .. } = *subject;
        let live = schedule.live(netlist);
        let dead = |id: NodeId| !live[id.index()] && matches!(netlist.node(id), Node::Lut(_));
        let fate = |id| if dead(id) { Fate::Drop } else { Fate::Keep };
        netlist.node_ids().any(dead).then(|| copy(netlist, schedule, fate))
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
