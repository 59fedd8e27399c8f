//! Counting cells in lookup tables.

use crate::netlist::{CountBit, Counter, CounterForm, Popcount};

use super::adder::add;
use super::gates::{Gates, Signal};

/// The number of ones among `ones`, lowest bit first, `popcount.width` bits.
pub(super) fn popcount(gates: &mut Gates<'_>, popcount: &Popcount, ones: &[Signal]) -> Vec<Signal> {
    let mut results: Vec<Vec<Signal>> = Vec::with_capacity(popcount.counters.len());
    let value = |bit: CountBit, results: &[Vec<Signal>]| match bit {
        CountBit::Input(input) => ones[input as usize],
        CountBit::Counter { counter, bit } => results[counter as usize][usize::from(bit)],
    };
    for (number, cell) in popcount.counters.iter().enumerate() {
        let inputs: Vec<Signal> = cell.inputs.iter().map(|&bit| value(bit, &results)).collect();
        // A bit that weighs more than the largest count is never set.
        let used = usize::from(cell.outputs()).min(popcount.width - cell.weight as usize);
        let mut bits: Vec<Signal> = match cell.form {
            CounterForm::Tables => {
                (0..used).map(|bit| gates.gate(&inputs, |row| row.count_ones() >> bit & 1 == 1)).collect()
            }
            CounterForm::Chain { .. } => {
                let high: Vec<Signal> = cell.high().iter().map(|&bit| value(bit, &results)).collect();
                let carry = cell.carry(number).map_or(Signal::Constant(false), |bit| value(bit, &results));
                chain_cell(gates, cell, &inputs, &high, carry)
            }
        };
        bits.truncate(used);
        results.push(bits);
    }
    let row = |row: &[Option<CountBit>]| -> Vec<Signal> {
        let bits = row.iter().map(|bit| bit.map_or(Signal::Constant(false), |bit| value(bit, &results)));
        bits.chain(std::iter::repeat(Signal::Constant(false))).take(popcount.width).collect()
    };
    let [first, second] = [&popcount.rows[0], &popcount.rows[1]].map(|bits| row(bits));
    add(gates, &first, &second)
}

/// The two sums and the carry of a cell of a carry chain: at each of its positions a table says
/// whether the carry goes through (`S`), another one what is carried where it does not (`DI`).
fn chain_cell(gates: &mut Gates<'_>, cell: &Counter, inputs: &[Signal], high: &[Signal], carry: Signal) -> Vec<Signal> {
    let upper: Vec<Signal> = cell.upper_inputs(inputs).iter().chain(high).copied().collect();
    let mut carry = carry;
    let mut sums = Vec::with_capacity(3);
    for (pins, position) in [(inputs, 0), (&upper, 1)] {
        let pass = gates.gate(pins, |row| cell.passes(position, row));
        let data = gates.gate(pins, |row| cell.carries(position, row));
        sums.push(gates.gate(&[pass, carry], |row| row.count_ones() == 1));
        carry = gates.gate(&[pass, data, carry], |row| if row & 1 == 1 { row & 4 != 0 } else { row & 2 != 0 });
    }
    sums.push(carry);
    sums
}
