//! What kinds of tables a netlist is made of, and how its signals are wired.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::netlist::{Netlist, Node, Schedule, Section};

/// Name of a part in reports: `encoder`, `layer 0`, `head`.
pub(super) fn part_name(section: Section) -> String {
    match section {
        Section::Encoder => "encoder".to_owned(),
        Section::Layer(layer) => format!("layer {layer}"),
        Section::Head => "head".to_owned(),
    }
}

/// The tables of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableCounts {
    /// The part: `encoder`, `layer N` or `head`.
    pub part: String,
    /// Tables, constants included.
    pub tables: usize,
    /// Number of tables by their number of inputs, used or not.
    pub by_inputs: BTreeMap<usize, usize>,
    /// Tables that always give the same value.
    pub constant: usize,
    /// Tables that copy or invert one input.
    pub wires: usize,
    /// Tables that no output depends on.
    pub dead: usize,
    /// Inputs that make no difference to their table, over all tables.
    pub ignored_inputs: usize,
    /// The largest level of a table: tables on the longest path from the input bus to it, itself
    /// included.
    pub level: u32,
}

/// Counts the tables of every part of `netlist`, parts in the order of the data.
pub(super) fn table_counts(netlist: &Netlist) -> Vec<TableCounts> {
    let schedule = Schedule::new(netlist);
    let live = schedule.live(netlist);
    let mut parts: BTreeMap<Section, TableCounts> = BTreeMap::new();
    // The support of a table is counted once, however many nodes share it.
    let mut supports: BTreeMap<_, usize> = BTreeMap::new();
    for id in netlist.node_ids() {
        let (Node::Lut(number), Some(table)) = (netlist.node(id), netlist.table(id)) else { continue };
        let section = netlist.section(id);
        let counts = parts.entry(section).or_default();
        let support = *supports.entry(number).or_insert_with(|| table.support().len());
        counts.tables += 1;
        *counts.by_inputs.entry(table.inputs()).or_default() += 1;
        counts.constant += usize::from(support == 0);
        counts.wires += usize::from(support == 1);
        counts.dead += usize::from(!live[id.index()]);
        counts.ignored_inputs += table.inputs() - support;
        counts.level = counts.level.max(schedule.level(id));
    }
    parts.into_iter().map(|(section, counts)| TableCounts { part: part_name(section), ..counts }).collect()
}

/// How many signals have how many readers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FanOut {
    /// Where the signals come from: `encoder` or `layer N`.
    pub part: String,
    /// Signals.
    pub signals: usize,
    /// Signals that nothing reads.
    pub unread: usize,
    /// The most readers that one signal has.
    pub largest: usize,
    /// Readers of all signals together.
    pub readers: usize,
    /// Number of signals by their number of readers.
    pub by_readers: BTreeMap<usize, usize>,
}

/// Readers of the signals of a core, part by part; an output counts as one reader.
///
/// The encoder's signals are the results of its comparators and of the tables that combine them.
pub(super) fn fan_out(core: &Netlist) -> Vec<FanOut> {
    let fanouts = Schedule::new(core).fanouts(core);
    let mut parts: BTreeMap<Section, FanOut> = BTreeMap::new();
    for id in core.node_ids() {
        let readers = fanouts[id.index()] as usize;
        let counts = parts.entry(core.section(id)).or_default();
        counts.signals += 1;
        counts.unread += usize::from(readers == 0);
        counts.largest = counts.largest.max(readers);
        counts.readers += readers;
        *counts.by_readers.entry(readers).or_default() += 1;
    }
    parts.into_iter().map(|(section, counts)| FanOut { part: part_name(section), ..counts }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::TruthTable;

    /// a, b; dead inverter of b; `w` copies a through two pins; `one` is constant; y = w & one.
    fn netlist() -> Netlist {
        let mut netlist = Netlist::new();
        let a = netlist.add_input(Section::Encoder);
        let b = netlist.add_input(Section::Encoder);
        netlist.add_lut(&TruthTable::inverter(), &[b], Section::Layer(0));
        let copy = TruthTable::from_fn(2, |row| row & 1 == 1);
        let w = netlist.add_lut(&copy, &[a, b], Section::Layer(0));
        let one = netlist.add_constant(true, Section::Layer(0));
        let and = TruthTable::from_fn(2, |row| row == 3);
        let y = netlist.add_lut(&and, &[w, one], Section::Layer(1));
        netlist.add_output(y);
        netlist.add_output(w);
        netlist
    }

    #[test]
    fn constants_wires_dead_tables_and_ignored_inputs_are_told_apart() {
        let counts = table_counts(&netlist());
        let first = TableCounts {
            part: "layer 0".into(),
            tables: 3,
            by_inputs: [(0, 1), (1, 1), (2, 1)].into(),
            constant: 1,
            wires: 2,
            dead: 1,
            ignored_inputs: 1,
            level: 1,
        };
        let second = TableCounts {
            part: "layer 1".into(),
            tables: 1,
            by_inputs: [(2, 1)].into(),
            level: 2,
            ..TableCounts::default()
        };
        assert_eq!(counts, [first, second]);
    }

    #[test]
    fn readers_are_counted_where_the_signal_comes_from() {
        let fan_out = fan_out(&netlist());
        let parts: Vec<_> = fan_out.iter().map(|f| (f.part.as_str(), f.signals, f.unread, f.largest)).collect();
        assert_eq!(parts, [("encoder", 2, 0, 2), ("layer 0", 3, 1, 2), ("layer 1", 1, 0, 1)]);
        assert_eq!(fan_out[0].by_readers, [(1, 1), (2, 1)].into());
        assert_eq!(fan_out[1].by_readers, [(0, 1), (1, 1), (2, 1)].into());
    }
}
