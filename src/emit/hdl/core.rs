//! The module of the lookup tables.

use crate::emit::notes::plural;
use crate::emit::order::{CoreOrder, Stretch};
use crate::netlist::{Design, NodeId, Section, pair_tables};

use super::LutStyle;
use super::encoder::comparator_wire;
use super::lut::{Form, Lut, Pair};
use super::pipeline::{Bank, DelayLines, Pipeline};
use super::wire::{Delayed, Port, Wire, clock_ports};

/// The levels of the core's signals, and what keeps them over stages.
pub(super) struct CoreTiming {
    lines: DelayLines,
    /// The stage in which each node's readers compute with it.
    stages: Vec<u32>,
    /// The stage in which whoever stands behind the core reads its outputs.
    reader: u32,
}

impl CoreTiming {
    /// The timing of the core of `design` whose outputs are read in stage `reader`.
    pub(super) fn new(design: &Design, order: &CoreOrder, pipeline: &Pipeline, base: u32, reader: u32) -> Self {
        let core = &design.core;
        let mut lines = DelayLines::default();
        let mut stages = Vec::with_capacity(core.nodes());
        for id in core.node_ids() {
            let stage = pipeline.stage(base + order.schedule.level(id));
            let (wire, constant) = match core.table(id) {
                None => (comparator_wire(design, order, order.numbers[id.index()]), false),
                Some(table) => (Wire::Table(core.section(id), order.numbers[id.index()]), table.inputs() == 0),
            };
            stages.push(stage);
            lines.add(wire, 1, (!constant).then_some(stage));
        }
        if pipeline.has_clock() {
            for &id in &order.tables {
                for fan_in in order.schedule.fan_ins(id) {
                    lines.read(fan_in.index(), stages[id.index()]);
                }
            }
            for output in core.outputs() {
                lines.read(output.index(), reader);
            }
        }
        Self { lines, stages, reader }
    }
}

/// Comparator bits to the outputs of the last layer.
pub(in crate::emit) struct Core<'a> {
    design: &'a Design,
    order: &'a CoreOrder,
    timing: CoreTiming,
    style: LutStyle,
    /// For each node the table that shares its LUT, and the place of each table in printing order;
    /// empty when none share.
    partners: Vec<Option<NodeId>>,
    places: Vec<u32>,
    pub(in crate::emit) ports: Vec<Port>,
    pub(in crate::emit) banks: Vec<Bank>,
}

impl<'a> Core<'a> {
    /// The core of `design`.
    pub(super) fn new(
        design: &'a Design,
        order: &'a CoreOrder,
        timing: CoreTiming,
        enable: bool,
        style: LutStyle,
    ) -> Self {
        let banks = timing.lines.banks();
        let mut ports = clock_ports(!banks.is_empty(), enable);
        ports.extend(order.comparators.iter().map(|&number| Port::input(comparator_wire(design, order, number), 1)));
        ports.extend((0..design.core.outputs().len()).map(|output| Port::output(Wire::CoreOutput(output as u32), 1)));
        let (mut partners, mut places) = (Vec::new(), Vec::new());
        if style == LutStyle::Slice {
            places = vec![u32::MAX; design.core.nodes()];
            for (place, id) in order.tables.iter().enumerate() {
                places[id.index()] = place as u32;
            }
            let may = |id: NodeId| places[id.index()] != u32::MAX;
            partners = pair_tables(&design.core, &order.schedule, may, |id| timing.stages[id.index()]);
        }
        Self { design, order, timing, style, partners, places, ports, banks }
    }

    /// Tables of one section, in printing order.
    pub(in crate::emit) fn stretches(&self) -> &'a [Stretch] {
        &self.order.stretches
    }

    /// What stands above a stretch.
    pub(in crate::emit) fn title(&self, stretch: &Stretch) -> String {
        let count = stretch.range.len();
        let tables = format!("{count} lookup table{}", plural(count));
        match stretch.section {
            Section::Encoder => format!("Encoder: {tables}"),
            Section::Layer(layer) => format!("Layer {layer}: {tables}"),
            Section::Head => format!("Head: {tables}"),
        }
    }

    /// The tables of a stretch.
    pub(in crate::emit) fn luts(&self, stretch: &Stretch) -> impl Iterator<Item = Lut> {
        self.order.tables[stretch.range.clone()].iter().filter_map(|&id| self.lut(id))
    }

    fn lut(&self, id: NodeId) -> Option<Lut> {
        let table = self.design.core.table(id)?;
        let (wire, inputs) = (self.wire(id), self.inputs(id));
        if let Some(&Some(other)) = self.partners.get(id.index()) {
            let pair = Pair::new(
                [wire, self.wire(other)],
                [table, self.design.core.table(other)?],
                [&inputs, &self.inputs(other)],
            );
            if let Some(pair) = pair {
                // Where the later of the two stands, all that they read has been declared.
                let last = self.places[id.index()] > self.places[other.index()];
                return Some(Lut { wire, form: if last { Form::Pair(pair) } else { Form::Shared } });
            }
        }
        Some(Lut::new(wire, table, inputs, self.style))
    }

    fn wire(&self, id: NodeId) -> Wire {
        Wire::Table(self.design.core.section(id), self.order.numbers[id.index()])
    }

    /// The signals that a table reads, in the stage in which it computes.
    fn inputs(&self, id: NodeId) -> Vec<Delayed> {
        let stage = self.timing.stages[id.index()];
        let fan_ins = self.order.schedule.fan_ins(id).iter();
        fan_ins.map(|&fan_in| self.timing.lines.at(fan_in.index(), stage)).collect()
    }

    /// The outputs with the signals that they show.
    pub(in crate::emit) fn outputs(&self) -> impl Iterator<Item = (Wire, Delayed)> {
        self.design.core.outputs().iter().enumerate().map(|(number, node)| {
            (Wire::CoreOutput(number as u32), self.timing.lines.at(node.index(), self.timing.reader))
        })
    }
}
