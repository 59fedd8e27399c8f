//! The module that counts the ones of one class.

use askama::Template;

use crate::emit::LutStyle;
use crate::emit::notes::Facts;
use crate::logic::TruthTable;
use crate::netlist::{CountBit, Popcount};

use super::lut::{Form, Lut};
use super::pipeline::{Bank, DelayLines, Pipeline};
use super::wire::{Delayed, Port, Range, Wire};

/// Counts ones with counters of up to six inputs and one addition.
#[derive(Template)]
#[template(path = "verilog/popcount.v", escape = "none")]
pub(super) struct PopcountModule {
    name: String,
    inputs: usize,
    ports: Vec<Port>,
    banks: Vec<Bank>,
    functions: Vec<CounterFunction>,
    counters: Vec<CounterView>,
    range: Range,
    /// The two numbers to add; the second is missing when nothing is added.
    rows: Vec<String>,
}

/// Result bit `bit` of a counter of `inputs` bits, a table that all such counters share.
struct CounterFunction {
    inputs: usize,
    bit: u8,
    top: usize,
    literal: String,
}

/// The used result bits of one counter.
struct CounterView {
    size: usize,
    weight: u32,
    bits: Vec<Lut>,
    /// The number of inputs and the result bit of each.
    functions: Vec<(usize, u8)>,
}

/// Bit `bit` of the number of ones among `inputs` bits.
fn counter_table(inputs: usize, bit: u8) -> TruthTable {
    TruthTable::from_fn(inputs, |row| row.count_ones() >> bit & 1 == 1)
}

/// The signals of a popcount: its inputs first, then three for every counter.
fn line(bit: CountBit, inputs: usize) -> usize {
    match bit {
        CountBit::Input(input) => input as usize,
        CountBit::Counter { counter, bit } => inputs + 3 * counter as usize + usize::from(bit),
    }
}

impl PopcountModule {
    /// The module for groups of `popcount.inputs` bits that are ready at level `base`.
    pub(super) fn new(popcount: &Popcount, facts: &Facts, pipeline: Pipeline, base: u32, style: LutStyle) -> Self {
        let inputs = popcount.inputs;
        let stage = |level: u32| pipeline.stage(base + level);
        let mut lines = DelayLines::default();
        for input in 0..inputs as u32 {
            lines.add(Wire::Counted(input), 1, Some(stage(0)));
        }
        for (number, counter) in popcount.counters.iter().enumerate() {
            for bit in 0..3 {
                lines.add(Wire::CounterBit(number as u32, bit), 1, Some(stage(counter.level)));
            }
        }
        let used = used_bits(popcount);
        let mut functions: Vec<CounterFunction> = Vec::new();
        let mut counters = Vec::new();
        for (number, counter) in popcount.counters.iter().enumerate() {
            let size = counter.inputs.len();
            let pins: Vec<Delayed> =
                counter.inputs.iter().map(|&bit| lines.read(line(bit, inputs), stage(counter.level))).collect();
            let mut view = CounterView { size, weight: counter.weight, bits: Vec::new(), functions: Vec::new() };
            for bit in (0..counter.outputs()).filter(|&bit| used[3 * number + usize::from(bit)]) {
                let table = counter_table(size, bit);
                let lut = Lut::new(Wire::CounterBit(number as u32, bit), &table, pins.clone(), style);
                let known = functions.iter().any(|function| (function.inputs, function.bit) == (size, bit));
                if let (Form::Table { top, literal, .. }, false) = (&lut.form, known) {
                    functions.push(CounterFunction { inputs: size, bit, top: *top, literal: literal.clone() });
                }
                view.bits.push(lut);
                view.functions.push((size, bit));
            }
            counters.push(view);
        }
        functions.sort_by_key(|function| (function.inputs, function.bit));
        let last = stage(popcount.depth());
        let mut number = |row: &[Option<CountBit>]| {
            let bits: Vec<String> = row
                .iter()
                .rev()
                .map(|bit| bit.map_or("1'b0".to_owned(), |bit| lines.read(line(bit, inputs), last).to_string()))
                .collect();
            bits.join(", ")
        };
        let rows: Vec<String> = popcount.rows.iter().filter(|row| !row.is_empty()).map(|row| number(row)).collect();
        let banks = lines.banks();
        let mut ports = Vec::new();
        if !banks.is_empty() {
            ports.push(Port::input(Wire::Clock, 1));
        }
        ports.extend((0..inputs as u32).map(|input| Port::input(Wire::Counted(input), 1)));
        ports.push(Port::output(Wire::Count, popcount.width));
        let range = Range(popcount.width);
        Self { name: facts.name.clone(), inputs, ports, banks, functions, counters, range, rows }
    }

    /// Name of the module.
    pub(super) fn module_name(&self) -> String {
        format!("{}_popcount_{}", self.name, self.inputs)
    }

    /// Whether the module has a clock.
    pub(super) fn has_clock(&self) -> bool {
        !self.banks.is_empty()
    }
}

/// Which result bits of the counters somebody reads; the top bits of the last counters are
/// always zero and not among them.
fn used_bits(popcount: &Popcount) -> Vec<bool> {
    let mut used = vec![false; 3 * popcount.counters.len()];
    let read =
        popcount.counters.iter().flat_map(|counter| &counter.inputs).chain(popcount.rows.iter().flatten().flatten());
    for bit in read {
        if let CountBit::Counter { .. } = bit {
            used[line(*bit, 0)] = true;
        }
    }
    used
}
