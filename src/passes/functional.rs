//! Merging of tables that compute the same or the complementary function.

use crate::logic::TruthTable;
use crate::netlist::{Netlist, Node, NodeId};
use crate::prove::{Effort, Sweep};

use super::{Pass, Subject};

/// Conflicts of the solver on one pair, assignments that may join the simulation: few, since
/// what is hard to see is seldom there.
const EFFORT: Effort = Effort { conflicts: 200, refinements: 400 };

/// A table that equals an earlier one, or its complement, whatever the inputs are, goes; its
/// readers read the earlier one.
pub(super) struct Functional;

impl Pass for Functional {
    fn name(&self) -> &'static str {
        "functional"
    }

    fn description(&self) -> &'static str {
        "Merge tables of equal or complementary functions, found by simulation and proved by SAT"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let netlist = subject.netlist;
        let mut sweep = Sweep::new(netlist);
        sweep.run(EFFORT);
        let merges = |id: NodeId| sweep.equal[id.index()].node != id && !is_constant(netlist, id);
        if !netlist.node_ids().any(merges) {
            return None;
        }
        let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
        let mut map: Vec<NodeId> = Vec::with_capacity(netlist.nodes());
        for id in netlist.node_ids() {
            let section = netlist.section(id);
            map.push(match netlist.node(id) {
                Node::Input(_) => new.add_input(section),
                Node::Lut(_) if merges(id) => map[sweep.equal[id.index()].node.index()],
                Node::Lut(table) => {
                    let mut table = netlist.tables().get(table).clone();
                    let mut fan_ins = Vec::with_capacity(table.inputs());
                    for (pin, &fan_in) in subject.schedule.fan_ins(id).iter().enumerate() {
                        if merges(fan_in) && sweep.equal[fan_in.index()].inverted {
                            table = table.invert_input(pin);
                        }
                        fan_ins.push(map[fan_in.index()]);
                    }
                    new.add_lut(&table, &fan_ins, section)
                }
            });
        }
        for &output in netlist.outputs() {
            let inverted = merges(output) && sweep.equal[output.index()].inverted;
            let mut driver = map[output.index()];
            if inverted {
                driver = new.add_lut(&TruthTable::inverter(), &[driver], netlist.section(output));
            }
            new.add_output(driver);
        }
        Some(new)
    }
}

/// Constants are read by nobody once they are folded, so merging them saves nothing.
fn is_constant(netlist: &Netlist, id: NodeId) -> bool {
    netlist.table(id).is_some_and(|table| table.inputs() == 0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_unchanged, lawful};
    use super::Functional;
    use crate::netlist::arbitrary::{netlists, netlists_of};
    use proptest::prelude::*;

    #[test]
    fn equal_functions_of_different_structure_become_one() {
        // a & b & c in two ways.
        check(
            &Functional,
            "a b c | n = 8(a, b) | m = 8(n, c) | k = 8(b, c) | l = 8(k, a) | y = m l",
            "a b c | n = 8(a, b) | m = 8(n, c) | k = 8(b, c) | y = m m",
        );
        check_unchanged(&Functional, "a b c | n = 8(a, b) | m = 8(n, c) | k = 8(b, c) | y = m k");
    }

    #[test]
    fn complements_are_shared_through_the_tables_of_their_readers() {
        check(
            &Functional,
            "a b c | n = 8(a, b) | m = 7(b, a) | k = 8(m, c) | y = n k",
            "a b c | n = 8(a, b) | k = 4(n, c) | y = n k",
        );
    }

    proptest! {
        #[test]
        fn outputs_stay(netlist in netlists()) {
            lawful(&Functional, &netlist)?;
        }

        #[test]
        fn outputs_of_wide_netlists_stay(netlist in netlists_of(15..=40, 1..=80)) {
            lawful(&Functional, &netlist)?;
        }
    }
}
