//! Constant folding.

use crate::logic::TruthTable;
use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::{Pass, Subject};

/// Known pins go into the table; a table that is constant becomes a constant.
pub(super) struct Constants;

impl Pass for Constants {
    fn name(&self) -> &'static str {
        "constants"
    }

    fn description(&self) -> &'static str {
        "Fold constants into the tables that read them; a constant table becomes a constant"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let Subject { netlist, schedule, .. } = *subject;
        let constant = |id: NodeId| netlist.table(id).is_some_and(|table| table.inputs() == 0);
        let folds = |id: NodeId| {
            let fan_ins = schedule.fan_ins(id);
            fan_ins.iter().any(|&fan_in| constant(fan_in))
                || !fan_ins.is_empty() && netlist.table(id).is_some_and(|table| table.as_constant().is_some())
        };
        netlist.node_ids().any(folds).then(|| fold(netlist, schedule))
    }
}

fn fold(netlist: &Netlist, schedule: &Schedule) -> Netlist {
    let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
    let mut map: Vec<NodeId> = Vec::with_capacity(netlist.nodes());
    let mut known: Vec<Option<bool>> = Vec::with_capacity(netlist.nodes());
    let mut fan_ins = Vec::new();
    for id in netlist.node_ids() {
        let section = netlist.section(id);
        let (node, value) = match netlist.node(id) {
            Node::Input(_) => (new.add_input(section), None),
            Node::Lut(table) => {
                fan_ins.clear();
                let folded = fold_pins(netlist.tables().get(table), schedule.fan_ins(id), &known, &mut fan_ins);
                let table = folded.as_ref().unwrap_or_else(|| netlist.tables().get(table));
                match table.as_constant() {
                    Some(value) => (new.add_constant(value, section), Some(value)),
                    None => {
                        fan_ins.iter_mut().for_each(|fan_in| *fan_in = map[fan_in.index()]);
                        (new.add_lut(table, &fan_ins, section), None)
                    }
                }
            }
        };
        map.push(node);
        known.push(value);
    }
    for output in netlist.outputs() {
        new.add_output(map[output.index()]);
    }
    new
}

/// Collects the pins that are not known in `kept`; the table over them, `None` when it is `table`.
fn fold_pins(
    table: &TruthTable,
    pins: &[NodeId],
    known: &[Option<bool>],
    kept: &mut Vec<NodeId>,
) -> Option<TruthTable> {
    let mut folded: Option<TruthTable> = None;
    for pin in pins {
        match known[pin.index()] {
            // The pins before this one that were known are gone, so it is number `kept.len()`.
            Some(value) => folded = Some(folded.as_ref().unwrap_or(table).cofactor(kept.len(), value)),
            None => kept.push(*pin),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_unchanged, preserves};
    use super::Constants;
    use crate::netlist::arbitrary::netlists;
    use proptest::prelude::*;

    #[test]
    fn a_known_pin_goes_into_the_table() {
        check(&Constants, "a b | one = 1() | n = 80(a, one, b) | y = n", "a b | one = 1() | n = 8(a, b) | y = n");
    }

    #[test]
    fn constants_run_through_the_whole_netlist_in_one_go() {
        check(
            &Constants,
            "a | zero = 0() | n = 8(a, zero) | m = e(n, n) | k = 1(m) | y = k",
            "a | zero = 0() | n = 0() | m = 0() | k = 1() | y = k",
        );
    }

    #[test]
    fn a_table_of_ones_is_a_constant() {
        check(&Constants, "a b | n = f(a, b) | y = n", "a b | n = 1() | y = n");
        check_unchanged(&Constants, "a b | n = 1() | m = 8(a, b) | y = n m");
    }

    proptest! {
        #[test]
        fn outputs_stay(netlist in netlists()) {
            preserves(&Constants, &netlist)?;
        }
    }
}
