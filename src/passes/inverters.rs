//! Absorption of inverters and buffers.

use crate::logic::TruthTable;
use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::{Pass, Subject};

/// Buffers are bypassed and inverters go into the tables around them.
///
/// A reader inverts the pin in its own table. An inverter between a table and a primary output
/// goes into that table, whose other readers then invert their pins; it stays only when the
/// other polarity is a primary output too, or when the output is an inverted primary input.
pub(super) struct Inverters;

/// The node behind a chain of buffers and inverters.
#[derive(Clone, Copy)]
struct Source {
    node: NodeId,
    inverted: bool,
}

impl Pass for Inverters {
    fn name(&self) -> &'static str {
        "inverters"
    }

    fn description(&self) -> &'static str {
        "Bypass buffers and absorb inverters into the tables in front of or behind them"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let Subject { netlist, schedule, .. } = *subject;
        let sources = sources(netlist, schedule);
        let is_source = |id: NodeId| sources[id.index()].node == id;
        let chained = netlist.node_ids().filter(|&id| !is_source(id)).count();
        if chained == 0 {
            return None;
        }
        let polarity = Polarity::new(netlist, &sources);
        let reads_chain = |id: NodeId| schedule.fan_ins(id).iter().any(|&fan_in| !is_source(fan_in));
        let needed = netlist.node_ids().filter(|&id| polarity.needs_inverter(id)).count();
        // What remains are the inverters that must stay, each made once and read by outputs only.
        if chained == needed && !netlist.node_ids().any(reads_chain) {
            return None;
        }
        Some(absorb(netlist, schedule, &sources, &polarity))
    }
}

fn sources(netlist: &Netlist, schedule: &Schedule) -> Vec<Source> {
    let buffer = TruthTable::buffer();
    let inverter = TruthTable::inverter();
    let mut sources: Vec<Source> = Vec::with_capacity(netlist.nodes());
    for id in netlist.node_ids() {
        let inverts = netlist.table(id).and_then(|table| match table {
            table if *table == buffer => Some(false),
            table if *table == inverter => Some(true),
            _ => None,
        });
        sources.push(match inverts {
            Some(inverts) => {
                let below = sources[schedule.fan_ins(id)[0].index()];
                Source { node: below.node, inverted: below.inverted ^ inverts }
            }
            None => Source { node: id, inverted: false },
        });
    }
    sources
}

/// In which polarities primary outputs need a node.
struct Polarity {
    plain: Vec<bool>,
    inverted: Vec<bool>,
    is_lut: Vec<bool>,
}

impl Polarity {
    fn new(netlist: &Netlist, sources: &[Source]) -> Self {
        let mut polarity = Self {
            plain: vec![false; netlist.nodes()],
            inverted: vec![false; netlist.nodes()],
            is_lut: netlist.node_ids().map(|id| matches!(netlist.node(id), Node::Lut(_))).collect(),
        };
        for output in netlist.outputs() {
            let Source { node, inverted } = sources[output.index()];
            let needed = if inverted { &mut polarity.inverted } else { &mut polarity.plain };
            needed[node.index()] = true;
        }
        polarity
    }

    /// Whether the table of the node is complemented to save an inverter at an output.
    fn flips(&self, id: NodeId) -> bool {
        self.is_lut[id.index()] && self.inverted[id.index()] && !self.plain[id.index()]
    }

    fn needs_inverter(&self, id: NodeId) -> bool {
        self.inverted[id.index()] && !self.flips(id)
    }
}

fn absorb(netlist: &Netlist, schedule: &Schedule, sources: &[Source], polarity: &Polarity) -> Netlist {
    let mut new = Netlist::with_capacity(netlist.nodes(), netlist.pins());
    // For chains the new node of their source; readers look the polarity up in `sources`.
    let mut map: Vec<NodeId> = Vec::with_capacity(netlist.nodes());
    let mut fan_ins = Vec::new();
    for id in netlist.node_ids() {
        let section = netlist.section(id);
        let source = sources[id.index()].node;
        map.push(match netlist.node(id) {
            Node::Input(_) => new.add_input(section),
            Node::Lut(_) if source != id => map[source.index()],
            Node::Lut(table) => {
                let old = netlist.tables().get(table);
                let mut rewritten: Option<TruthTable> = None;
                fan_ins.clear();
                for (pin, fan_in) in schedule.fan_ins(id).iter().enumerate() {
                    let Source { node, inverted } = sources[fan_in.index()];
                    if inverted ^ polarity.flips(node) {
                        rewritten = Some(rewritten.as_ref().unwrap_or(old).invert_input(pin));
                    }
                    fan_ins.push(map[node.index()]);
                }
                if polarity.flips(id) {
                    rewritten = Some(rewritten.as_ref().unwrap_or(old).complement());
                }
                new.add_lut(rewritten.as_ref().unwrap_or(old), &fan_ins, section)
            }
        });
    }
    let mut inverters: Vec<Option<NodeId>> = vec![None; netlist.nodes()];
    for output in netlist.outputs() {
        let Source { node, inverted } = sources[output.index()];
        let plain = map[node.index()];
        let driver = if inverted ^ polarity.flips(node) {
            *inverters[node.index()]
                .get_or_insert_with(|| new.add_lut(&TruthTable::inverter(), &[plain], netlist.section(*output)))
        } else {
            plain
        };
        new.add_output(driver);
    }
    new
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_unchanged, preserves};
    use super::Inverters;
    use crate::netlist::arbitrary::netlists;
    use proptest::prelude::*;

    #[test]
    fn readers_take_inverters_and_buffers_in() {
        check(&Inverters, "a b | i = 1(a) | w = 2(b) | n = 8(i, w) | y = n", "a b | n = 4(a, b) | y = n");
    }

    #[test]
    fn two_inverters_in_a_row_are_nothing() {
        check(&Inverters, "a | i = 1(a) | j = 1(i) | y = j", "a | y = a");
    }

    #[test]
    fn an_inverter_at_an_output_goes_into_its_driver_and_other_readers_adapt() {
        check(
            &Inverters,
            "a b | n = 8(a, b) | i = 1(n) | m = 6(n, a) | y = i m",
            "a b | n = 7(a, b) | m = 9(n, a) | y = n m",
        );
    }

    #[test]
    fn an_inverter_stays_when_both_polarities_are_outputs() {
        check_unchanged(&Inverters, "a b | n = 8(a, b) | i = 1(n) | y = n i");
        check_unchanged(&Inverters, "a | i = 1(a) | y = i");
        check(&Inverters, "a | i = 1(a) | j = 1(a) | y = i j", "a | i = 1(a) | y = i i");
    }

    proptest! {
        #[test]
        fn outputs_stay(netlist in netlists()) {
            preserves(&Inverters, &netlist)?;
        }
    }
}
