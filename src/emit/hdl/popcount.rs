//! The module that counts the ones of one class.

use crate::logic::TruthTable;
use crate::netlist::{Carry, CountBit, CounterForm, Popcount};

use super::LutStyle;
use super::chain::ChainView;
use super::lut::{Form, Lut};
use super::pipeline::{Bank, DelayLines, Pipeline};
use super::wire::{Delayed, Port, Wire, clock_ports};

/// Counts ones with counters of up to six inputs and one addition, or on carry chains.
#[derive(Debug)]
pub(in crate::emit) struct PopcountModule {
    /// What tells it from the others: its bits, or the class that has it where bits have weights.
    pub(in crate::emit) label: String,
    /// Classes that have one.
    pub(in crate::emit) copies: usize,
    /// Number of bits that are counted.
    pub(in crate::emit) inputs: usize,
    /// How many bits have which weight, for a comment; empty when each counts once.
    pub(in crate::emit) weights: String,
    /// Bits of the count.
    pub(in crate::emit) width: usize,
    pub(in crate::emit) ports: Vec<Port>,
    pub(in crate::emit) banks: Vec<Bank>,
    pub(in crate::emit) functions: Vec<CounterFunction>,
    pub(in crate::emit) counters: Vec<CounterView>,
    pub(in crate::emit) chains: Vec<ChainView>,
    /// The two numbers to add, highest bit first and `None` for a zero; the second is missing
    /// when nothing is added.
    pub(in crate::emit) rows: Vec<Vec<Option<Delayed>>>,
}

/// Result bit `bit` of a counter of `inputs` bits, a table that all such counters share.
#[derive(Debug)]
pub(in crate::emit) struct CounterFunction {
    pub(in crate::emit) inputs: usize,
    pub(in crate::emit) bit: u8,
    pub(in crate::emit) table: TruthTable,
}

/// The used result bits of one counter.
#[derive(Debug)]
pub(in crate::emit) struct CounterView {
    pub(in crate::emit) size: usize,
    pub(in crate::emit) weight: u32,
    pub(in crate::emit) bits: Vec<Lut>,
    /// The number of inputs and the result bit of each.
    pub(in crate::emit) functions: Vec<(usize, u8)>,
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
    pub(super) fn new(
        popcount: &Popcount,
        (label, copies): (String, usize),
        pipeline: &Pipeline,
        enable: bool,
        base: u32,
        style: LutStyle,
    ) -> Self {
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
        let chains =
            ChainView::all(popcount, &mut |bit, level| lines.read(line(bit, inputs), stage(level)), |counter, bit| {
                used[3 * counter as usize + usize::from(bit)]
            });
        let tables = popcount.counters.iter().enumerate().filter(|(_, counter)| counter.form == CounterForm::Tables);
        for (number, counter) in tables {
            let size = counter.inputs.len();
            let pins: Vec<Delayed> =
                counter.inputs.iter().map(|&bit| lines.read(line(bit, inputs), stage(counter.level))).collect();
            let mut view = CounterView { size, weight: counter.weight, bits: Vec::new(), functions: Vec::new() };
            for bit in (0..counter.outputs()).filter(|&bit| used[3 * number + usize::from(bit)]) {
                let table = counter_table(size, bit);
                let lut = Lut::new(Wire::CounterBit(number as u32, bit), &table, pins.clone(), style);
                let known = functions.iter().any(|function| (function.inputs, function.bit) == (size, bit));
                if let (Form::Table { .. }, false) = (&lut.form, known) {
                    functions.push(CounterFunction { inputs: size, bit, table });
                }
                view.bits.push(lut);
                view.functions.push((size, bit));
            }
            counters.push(view);
        }
        functions.sort_by_key(|function| (function.inputs, function.bit));
        let last = stage(popcount.depth());
        let mut number = |row: &[Option<CountBit>]| {
            row.iter().rev().map(|bit| bit.map(|bit| lines.read(line(bit, inputs), last))).collect()
        };
        let rows = popcount.rows.iter().filter(|row| !row.is_empty()).map(|row| number(row)).collect();
        let banks = lines.banks();
        let mut ports = clock_ports(!banks.is_empty(), enable);
        ports.extend((0..inputs as u32).map(|input| Port::input(Wire::Counted(input), 1)));
        ports.push(Port::output(Wire::Count, popcount.width));
        let weights = weights(&popcount.columns);
        Self { label, copies, inputs, weights, width: popcount.width, ports, banks, functions, counters, chains, rows }
    }

    /// Whether the module has a clock.
    pub(in crate::emit) fn has_clock(&self) -> bool {
        !self.banks.is_empty()
    }
}

/// `40 of weight 1, 12 of weight 2`; empty when all have weight 1.
fn weights(columns: &[usize]) -> String {
    if columns.len() <= 1 {
        return String::new();
    }
    let column = |(weight, bits): (usize, &usize)| format!("{bits} of weight {}", 1u64 << weight);
    let some = columns.iter().enumerate().filter(|&(_, &bits)| bits > 0);
    some.map(column).collect::<Vec<_>>().join(", ")
}

/// Which result bits of the counters somebody reads; the top bits of the last counters are
/// always zero and not among them.
fn used_bits(popcount: &Popcount) -> Vec<bool> {
    let mut used = vec![false; 3 * popcount.counters.len()];
    let mut read: Vec<CountBit> = popcount.rows.iter().flatten().flatten().copied().collect();
    for counter in &popcount.counters {
        read.extend(counter.inputs.iter().chain(counter.high()));
        // A carry from the cell below stays inside the chain.
        if let CounterForm::Chain { carry: Carry::Bit(bit), .. } = counter.form {
            read.push(bit);
        }
    }
    for bit in read {
        if let CountBit::Counter { .. } = bit {
            used[line(bit, 0)] = true;
        }
    }
    used
}
