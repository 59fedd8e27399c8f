//! Counting cells in lookup tables.

use crate::netlist::{CountBit, Popcount};

use super::adder::add;
use super::gates::{Gates, Signal};

/// The number of ones among `ones`, lowest bit first, `popcount.width` bits.
pub(super) fn popcount(gates: &mut Gates<'_>, popcount: &Popcount, ones: &[Signal]) -> Vec<Signal> {
    let mut results: Vec<Vec<Signal>> = Vec::with_capacity(popcount.counters.len());
    let value = |bit: CountBit, results: &[Vec<Signal>]| match bit {
        CountBit::Input(input) => ones[input as usize],
        CountBit::Counter { counter, bit } => results[counter as usize][usize::from(bit)],
    };
    for cell in &popcount.counters {
        let inputs: Vec<Signal> = cell.inputs.iter().map(|&bit| value(bit, &results)).collect();
        // A bit that weighs more than the largest count is never set.
        let used = usize::from(cell.outputs()).min(popcount.width - cell.weight as usize);
        results.push((0..used).map(|bit| gates.gate(&inputs, |row| row.count_ones() >> bit & 1 == 1)).collect());
    }
    let row = |row: &[Option<CountBit>]| -> Vec<Signal> {
        let bits = row.iter().map(|bit| bit.map_or(Signal::Constant(false), |bit| value(bit, &results)));
        bits.chain(std::iter::repeat(Signal::Constant(false))).take(popcount.width).collect()
    };
    let [first, second] = [&popcount.rows[0], &popcount.rows[1]].map(|bits| row(bits));
    add(gates, &first, &second)
}
