//! The order and the numbers in which targets print a core.

use rustc_hash::FxHashMap;

use crate::netlist::{Comparator, Design, Netlist, Node, NodeId, Schedule, Section};

/// The live part of a core, in printing order and numbered within its sections.
#[derive(Clone, Debug)]
pub(super) struct CoreOrder {
    /// Levels and fan-ins.
    pub(super) schedule: Schedule,
    /// Comparators that some output depends on, ascending.
    pub(super) comparators: Vec<u32>,
    /// Live tables in topological order; section after section when the wiring allows it.
    pub(super) tables: Vec<NodeId>,
    /// For each node its number within its section, or its comparator for primary inputs.
    pub(super) numbers: Vec<u32>,
    /// Stretches of `tables` of one section.
    pub(super) stretches: Vec<Stretch>,
    /// Whether two comparators are the same, so that their meaning does not name them.
    pub(super) doubled: bool,
}

/// Neighbours in printing order that come from one section.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// Where they come from.
    pub(super) section: Section,
    /// Their positions in [`CoreOrder::tables`].
    pub(super) range: std::ops::Range<usize>,
}

impl CoreOrder {
    /// The order for the core of `design`.
    pub(super) fn new(design: &Design) -> Self {
        let core = &design.core;
        let schedule = Schedule::new(core);
        let live = schedule.live(core);
        let mut comparators = Vec::new();
        let mut tables = Vec::with_capacity(core.luts());
        for id in core.node_ids().filter(|id| live[id.index()]) {
            match core.node(id) {
                Node::Input(number) => comparators.push(number),
                Node::Lut(_) => tables.push(id),
            }
        }
        let forward = |id: &NodeId| {
            let section = core.section(*id);
            schedule.fan_ins(*id).iter().all(|&fan_in| is_input(core, fan_in) || core.section(fan_in) <= section)
        };
        if tables.iter().all(forward) {
            tables.sort_by_key(|&id| core.section(id));
        }
        let mut numbers = vec![0; core.nodes()];
        for (number, &input) in core.inputs().iter().enumerate() {
            numbers[input.index()] = number as u32;
        }
        let mut next: FxHashMap<Section, u32> = FxHashMap::default();
        let mut stretches: Vec<Stretch> = Vec::new();
        for (position, &id) in tables.iter().enumerate() {
            let section = core.section(id);
            let number = next.entry(section).or_default();
            numbers[id.index()] = *number;
            *number += 1;
            match stretches.last_mut() {
                Some(last) if last.section == section => last.range.end = position + 1,
                _ => stretches.push(Stretch { section, range: position..position + 1 }),
            }
        }
        Self { schedule, comparators, tables, numbers, stretches, doubled: has_twins(&design.comparators) }
    }

    /// Live tables that are not constants.
    pub(super) fn luts(&self, core: &Netlist) -> usize {
        self.tables.iter().filter(|&&id| core.table(id).is_some_and(|table| table.inputs() > 0)).count()
    }
}

fn is_input(core: &Netlist, id: NodeId) -> bool {
    matches!(core.node(id), Node::Input(_))
}

fn has_twins(comparators: &[Comparator]) -> bool {
    let mut sorted = comparators.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// Ranges of features that no live comparator reads.
pub(super) fn unread_features(design: &Design, order: &CoreOrder) -> Vec<std::ops::Range<usize>> {
    let mut read = vec![false; design.input.features];
    for &number in &order.comparators {
        read[design.comparators[number as usize].feature as usize] = true;
    }
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for feature in (0..read.len()).filter(|&feature| !read[feature]) {
        match ranges.last_mut() {
            Some(last) if last.end == feature => last.end += 1,
            _ => ranges.push(feature..feature + 1),
        }
    }
    ranges
}
