//! One C99 header: tables in arrays, one byte per activation.
//!
//! On a Cortex-M0 with a thousand six-input tables this form takes a quarter of the code of
//! generated expressions and half the time of packed bits, compiles in no time at any size, and
//! needs nothing of a C library but its integer types.

mod arena;

use std::fmt;

use askama::Template;

use crate::netlist::DesignHead;

use self::arena::Arena;
use super::notes::{Facts, OutputBus, interface, origin};
use super::order::CoreOrder;
use super::text::Text;
use super::{EmitError, EmitRequest, EmittedFile, Target, unsigned_type};

/// Name of the target.
const TARGET: &str = "c";

/// The C target.
#[derive(Debug)]
pub(super) struct C;

impl Target for C {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "C99 header for microcontrollers: tables in read-only memory, no allocation, no floats"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        let order = CoreOrder::new(request.design);
        let facts = Facts::new(request, &order);
        let mut text = Text::new(TARGET);
        text.template(&Header::new(request, &facts, &order))?;
        let name = format!("{}.h", facts.name);
        Ok(vec![EmittedFile { name, purpose: "the network as a C99 and C++ header", contents: text.into_bytes() }])
    }
}

/// `<name>.h`.
#[derive(Template)]
#[template(path = "c/network.h", escape = "none")]
struct Header {
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

/// An integer type of `stdint.h`.
#[derive(Clone, Copy)]
struct Integer {
    bits: u32,
    signed: bool,
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}int{}_t", if self.signed { "" } else { "u" }, self.bits)
    }
}

impl Integer {
    /// The smallest unsigned type that holds `largest`.
    fn holding(largest: usize) -> Self {
        Self { bits: unsigned_type(largest), signed: false }
    }
}

/// A constant array.
struct Array {
    element: Integer,
    values: Vec<i64>,
}

impl Array {
    /// Numbers from 0 in the smallest type that holds them all.
    fn unsigned(values: Vec<i64>) -> Self {
        let largest = values.iter().copied().max().unwrap_or(0);
        Self { element: Integer::holding(largest as usize), values }
    }

    fn bytes(&self) -> usize {
        self.values.len() * self.element.bits as usize / 8
    }
}

impl fmt::Display for Array {
    /// The elements, sixteen to a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.element.signed { "" } else { "u" };
        for line in self.values.chunks(16) {
            f.write_str("\n   ")?;
            for value in line {
                write!(f, " {value}{suffix},")?;
            }
        }
        Ok(())
    }
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
    fn new(request: &EmitRequest<'_>, facts: &Facts, order: &CoreOrder) -> Self {
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
        let code = Integer { bits: design.input.bits.next_power_of_two().max(8), signed: design.input.signed };
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
            score: Integer { bits: unsigned_type(largest_group).max(16), signed: false },
            bits,
            workspace: arena.size,
            rom: 0,
            compared: Array::unsigned(comparators().map(|comparator| i64::from(comparator.feature)).collect()),
            thresholds: Array { element: code, values: comparators().map(|comparator| comparator.threshold).collect() },
            pins: Array::unsigned(pins),
            tables: Array { element: Integer { bits: 8, signed: false }, values: tables },
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
    if let OutputBus::Classes { .. } = facts.output {
        lines.push(format!("  {name}_predict(features)         the class"));
        lines.push(format!("  {name}_scores(features, scores)  the score of every class"));
        lines.push(format!("  {name}_predict_r, {name}_scores_r  the same in a workspace of the caller"));
    } else {
        lines.push(format!("  {name}_bits(features, bits)  the output bits, one a byte"));
        lines.push(format!("  {name}_bits_r                the same in a workspace of the caller"));
    }
    lines.push(String::new());
    lines.push(format!(
        "The functions without _r share one static workspace of {upper}_WORKSPACE bytes per source file:"
    ));
    lines
        .push("they are neither re-entrant nor safe in two threads. Give the others an array of that size.".to_owned());
    lines.push(format!("Codes must be in range. Constants move to another memory when {upper}_ROM and the"));
    lines.push(format!("{upper}_READ macros are defined before this file is included; on AVR that is done here."));
    lines
}
