//! Addition and comparison of two numbers in six-input tables.
//!
//! Both walk from the low bits up. A carry becomes a table of its own only when the bits since
//! the last one no longer fit into six inputs; that takes one table for two or three bits of
//! carry instead of one for each.

use super::gates::{Gates, Signal};

/// Inputs of a table.
const LUT_INPUTS: usize = 6;

/// The sum of two numbers of the same width, lowest bit first, without its carry out.
pub(super) fn add(gates: &mut Gates<'_>, first: &[Signal], second: &[Signal]) -> Vec<Signal> {
    let mut ripple = Ripple { carry: Signal::Constant(false), pending: Vec::new() };
    first
        .iter()
        .zip(second)
        .map(|(&a, &b)| {
            let bits = ripple.push(gates, a, b, add_carries);
            let width = ripple.pending.len();
            gates.gate(&bits, |row| {
                let (x, y, carry) = operands(row, width);
                (x + y + carry) >> (width - 1) & 1 == 1
            })
        })
        .collect()
}

/// Whether the first of two numbers of the same width is less than the second.
pub(super) fn less(gates: &mut Gates<'_>, first: &[Signal], second: &[Signal]) -> Signal {
    let mut ripple = Ripple { carry: Signal::Constant(false), pending: Vec::new() };
    for (&a, &b) in first.iter().zip(second) {
        ripple.push(gates, a, b, less_carries);
    }
    ripple.flush(gates, less_carries);
    ripple.carry
}

/// A carry and the bit pairs that it has not yet taken in.
struct Ripple {
    carry: Signal,
    pending: Vec<(Signal, Signal)>,
}

impl Ripple {
    /// Adds a bit pair, making a table of the earlier ones when they would be too many. The
    /// inputs for a function of all that is pending: the carry, then the pairs.
    fn push(&mut self, gates: &mut Gates<'_>, a: Signal, b: Signal, carries: fn(usize, usize) -> bool) -> Vec<Signal> {
        let pins = |signals: &[Signal]| signals.iter().filter(|signal| matches!(signal, Signal::Node(_))).count();
        if pins(&self.inputs()) + pins(&[a, b]) > LUT_INPUTS {
            self.flush(gates, carries);
        }
        self.pending.push((a, b));
        self.inputs()
    }

    fn flush(&mut self, gates: &mut Gates<'_>, carries: fn(usize, usize) -> bool) {
        let width = self.pending.len();
        self.carry = gates.gate(&self.inputs(), |row| carries(row, width));
        self.pending.clear();
    }

    fn inputs(&self) -> Vec<Signal> {
        std::iter::once(self.carry).chain(self.pending.iter().flat_map(|&(a, b)| [a, b])).collect()
    }
}

/// The two numbers of `width` bits and the carry of a row over [`Ripple::inputs`].
fn operands(row: usize, width: usize) -> (usize, usize, usize) {
    let bit = |i: usize, side: usize| (row >> (1 + 2 * i + side) & 1) << i;
    ((0..width).map(|i| bit(i, 0)).sum(), (0..width).map(|i| bit(i, 1)).sum(), row & 1)
}

fn add_carries(row: usize, width: usize) -> bool {
    let (x, y, carry) = operands(row, width);
    (x + y + carry) >> width == 1
}

fn less_carries(row: usize, width: usize) -> bool {
    let (x, y, less) = operands(row, width);
    x < y || x == y && less == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::BitMatrix;
    use crate::netlist::{Netlist, Schedule, Section};

    /// The outputs of `build` on two numbers of `width` bits, for all of them, and its tables.
    fn tabulate(
        width: usize,
        build: impl Fn(&mut Gates<'_>, &[Signal], &[Signal]) -> Vec<Signal>,
    ) -> (usize, Vec<usize>) {
        let mut netlist = Netlist::new();
        let inputs: Vec<Signal> = (0..2 * width).map(|_| Signal::Node(netlist.add_input(Section::Head))).collect();
        let mut gates = Gates { netlist: &mut netlist, section: Section::Head };
        let outputs = build(&mut gates, &inputs[..width], &inputs[width..]);
        let nodes: Vec<_> = outputs.into_iter().map(|output| gates.node(output)).collect();
        nodes.iter().for_each(|&node| netlist.add_output(node));
        let values = Schedule::new(&netlist).simulate(&netlist, &BitMatrix::exhaustive(2 * width));
        let number = |sample: usize| (0..nodes.len()).map(|bit| usize::from(values.get(bit, sample)) << bit).sum();
        (netlist.luts(), (0..values.samples()).map(number).collect())
    }

    #[test]
    fn eight_bits_are_added_in_eleven_tables() {
        let (luts, sums) = tabulate(8, add);
        for (sample, sum) in sums.into_iter().enumerate() {
            assert_eq!(sum, ((sample & 255) + (sample >> 8)) & 255);
        }
        // One per bit of the sum and one per carry: behind bits 2, 4 and 6.
        assert_eq!(luts, 11);
    }

    #[test]
    fn eight_bits_are_compared_in_four_tables() {
        let (luts, results) = tabulate(8, |gates, a, b| vec![less(gates, a, b)]);
        for (sample, result) in results.into_iter().enumerate() {
            assert_eq!(result == 1, sample & 255 < sample >> 8);
        }
        assert_eq!(luts, 4);
    }
}
