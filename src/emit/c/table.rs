//! Tables in arrays, one byte per activation.
//!
//! On a Cortex-M0 with a thousand six-input tables this form takes a quarter of the code of
//! generated expressions and half the time of packed bits, compiles in no time at any size, and
//! needs nothing of a C library but its integer types.

use askama::Template;

use crate::netlist::DesignHead;

use super::arena::Arena;
use super::notes::{functions, memory};
use super::types::{Array, Integer};
use crate::emit::EmitRequest;
use crate::emit::notes::{Facts, interface, origin};
use crate::emit::order::CoreOrder;

/// `<name>.h`.
#[derive(Template)]
#[template(path = "c/table.h", escape = "none")]
pub(super) struct Header {
    notes: Vec<String>,
    name: String,
    upper: String,
    features: usize,
    /// Type of a code.
    code: Integer,
    classes: usize,
    class: Integer,
    score: Integer,
    bits: usize,
    workspace: u32,
    rom: usize,
    /// Features and thresholds of the comparators.
    compared: Array,
    thresholds: Array,
    pins: Array,
    tables: Array,
    outputs: Array,
    groups: Array,
    fan_ins: Vec<FanIn>,
    runs: Vec<RunView>,
}

/// The loop for tables of one fan-in.
struct FanIn {
    inputs: usize,
    /// Bytes of one table.
    bytes: usize,
}

/// One call of such a loop.
struct RunView {
    fan_in: usize,
    count: usize,
    first_pin: usize,
    first_byte: usize,
    slot: u32,
}

impl Header {
    /// The header of the design of `request`.
    pub(super) fn new(request: &EmitRequest<'_>, facts: &Facts, order: &CoreOrder) -> Self {
        let (design, core) = (request.design, &request.design.core);
        let arena = Arena::new(core, order);
        let slot = |index: usize| i64::from(arena.slots[index]);
        let (mut pins, mut tables, mut runs) = (Vec::new(), Vec::new(), Vec::new());
        let mut fan_ins: Vec<FanIn> = Vec::new();
        for run in &arena.runs {
            let fan_in = run.fan_in;
            if !fan_ins.iter().any(|known| known.inputs == fan_in) {
                fan_ins.push(FanIn { inputs: fan_in, bytes: table_bytes(fan_in) });
            }
            let (count, first_pin, first_byte) = (run.tables.len(), pins.len(), tables.len());
            runs.push(RunView { fan_in, count, first_pin, first_byte, slot: run.slot });
            for &id in &run.tables {
                pins.extend(order.schedule.fan_ins(id).iter().map(|fan_in| slot(fan_in.index())));
                let bytes =
                    core.table(id).into_iter().flat_map(|table| table.words()).flat_map(|word| word.to_le_bytes());
                tables.extend(bytes.take(table_bytes(fan_in)).map(i64::from));
            }
        }
        fan_ins.sort_by_key(|fan_in| fan_in.inputs);
        let comparators = || order.comparators.iter().map(|&number| design.comparators[number as usize]);
        let code = Integer::code(&design.input);
        let (mut groups, mut bits, mut largest_group) = (Vec::new(), 0, 0);
        match &design.head {
            DesignHead::Bits => bits = core.outputs().len(),
            DesignHead::Classes(head) => {
                groups.push(0);
                groups.extend(head.groups.iter().map(|group| group.end as i64));
                largest_group = head.groups.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
            }
        }
        let mut header = Self {
            notes: Vec::new(),
            name: facts.name.clone(),
            upper: facts.name.to_ascii_uppercase(),
            features: facts.features,
            code,
            classes: facts.output.classes(),
            class: Integer::holding(facts.output.classes().saturating_sub(1)),
            score: Integer::score(largest_group),
            bits,
            workspace: arena.size,
            rom: 0,
            compared: Array::unsigned(comparators().map(|comparator| i64::from(comparator.feature)).collect()),
            thresholds: Array::new(code, comparators().map(|comparator| comparator.threshold).collect()),
            pins: Array::unsigned(pins),
            tables: Array::new(Integer { bits: 8, signed: false }, tables),
            outputs: Array::unsigned(core.outputs().iter().map(|output| slot(output.index())).collect()),
            groups: Array::unsigned(groups),
            fan_ins,
            runs,
        };
        let arrays =
            [&header.compared, &header.thresholds, &header.pins, &header.tables, &header.outputs, &header.groups];
        header.rom = arrays.iter().map(|array| array.bytes()).sum();
        header.notes = notes(request, facts, &header);
        header
    }
}

/// Bytes of one table: eight rows each, the last one not full below three inputs.
fn table_bytes(inputs: usize) -> usize {
    (1usize << inputs).div_ceil(8)
}

fn notes(request: &EmitRequest<'_>, facts: &Facts, header: &Header) -> Vec<String> {
    let (name, upper) = (&header.name, &header.upper);
    let mut lines = origin(request, "LUT network in C99");
    lines.push(String::new());
    lines.extend(interface(request, facts));
    lines.push(format!("Memory: {} bytes of constants, {} bytes of workspace.", header.rom, header.workspace));
    lines.push(String::new());
    lines.extend(functions(name, facts.output.classes() > 0));
    lines.push(String::new());
    lines.extend(memory(name, upper, "bytes"));
    lines
}
