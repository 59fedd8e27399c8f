//! Truth tables into gates of two inputs.

use rustc_hash::FxHashMap;

use crate::logic::{TruthTable, VARIABLE};

use super::gates::{Gates, Signal};

/// Costs of functions of five inputs that are remembered; they are forgotten together beyond.
const REMEMBERED: usize = 1 << 20;

/// Not known yet, among the costs of small functions.
const UNKNOWN: u8 = u8::MAX;

/// A function of up to six inputs, row `r` in bit `r`; a function of fewer repeats itself.
type Function = u64;

/// One step of a decomposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A constant.
    Constant(bool),
    /// An input or its complement.
    Input { input: usize, inverted: bool },
    /// Inputs `first` and `second` occur in one function of the two only: it takes the place of
    /// `first` in the rest. Bit `2 * second + first` of `pair` is its value.
    Pair { first: usize, second: usize, pair: u8, rest: Function },
    /// `input ? one : zero` in one of several forms.
    Split { input: usize, form: Form, zero: Function, one: Function },
}

/// How a function is put together from its two cofactors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `(x & one) | (!x & zero)`.
    Shannon,
    /// `zero | (x & one)`, where `zero` implies `one`.
    Rising,
    /// `one | (!x & zero)`, where `one` implies `zero`.
    Falling,
    /// `zero ^ (x & (zero ^ one))`.
    DavioZero,
    /// `one ^ (!x & (zero ^ one))`.
    DavioOne,
}

/// Finds cheap gates for tables.
///
/// Disjoint parts are split off first, which finds every formula in which each input occurs
/// once. What remains is expanded about the input that is estimated to leave the fewest gates,
/// in Shannon's or Davio's form or, where one cofactor implies the other, without selection.
/// Estimates count the gates of a tree; gates that two branches share are found by [`Gates`].
pub(crate) struct Decomposer {
    /// Gates for each function of four inputs.
    small: Vec<u8>,
    /// Gates for functions of five inputs.
    large: FxHashMap<Function, u8>,
}

impl Decomposer {
    /// A decomposer that knows nothing yet.
    pub(crate) fn new() -> Self {
        Self { small: vec![UNKNOWN; 1 << 16], large: FxHashMap::default() }
    }

    /// The signal that is `table` of `inputs`, input 0 first; new gates go into `gates`.
    pub(crate) fn build(&mut self, gates: &mut Gates, table: &TruthTable, inputs: &[Signal]) -> Signal {
        let mut halves = FxHashMap::default();
        self.build_words(gates, table.words(), inputs, &mut halves)
    }

    /// A table of more than six inputs is halved about its last input.
    fn build_words<'a>(
        &mut self,
        gates: &mut Gates,
        words: &'a [u64],
        inputs: &[Signal],
        known: &mut FxHashMap<&'a [u64], Signal>,
    ) -> Signal {
        if let [word] = words {
            let mut leaves = [Signal::FALSE; 6];
            let (mut function, mut rows) = (*word, 1u32 << inputs.len().min(6));
            while rows < 64 {
                function |= function << rows;
                rows *= 2;
            }
            leaves[..inputs.len()].copy_from_slice(inputs);
            return self.build_function(gates, function, leaves);
        }
        if let Some(&signal) = known.get(words) {
            return signal;
        }
        let (low, high) = words.split_at(words.len() / 2);
        let (select, rest) = (inputs[inputs.len() - 1], &inputs[..inputs.len() - 1]);
        let zero = self.build_words(gates, low, rest, known);
        let one = if low == high { zero } else { self.build_words(gates, high, rest, known) };
        let signal = if zero == one { zero } else { gates.choose(select, zero, one) };
        known.insert(words, signal);
        signal
    }

    fn build_function(&mut self, gates: &mut Gates, function: Function, leaves: [Signal; 6]) -> Signal {
        match self.step(function).1 {
            Step::Constant(value) => Signal::FALSE.invert_if(value),
            Step::Input { input, inverted } => leaves[input].invert_if(inverted),
            Step::Pair { first, second, pair, rest } => {
                let mut leaves = leaves;
                leaves[first] = two_inputs(gates, pair, leaves[first], leaves[second]);
                self.build_function(gates, rest, leaves)
            }
            Step::Split { input, form, zero, one } => {
                let x = leaves[input];
                let mut part = |gates: &mut Gates, function| self.build_function(gates, function, leaves);
                match form {
                    Form::Shannon => {
                        let (zero, one) = (part(gates, zero), part(gates, one));
                        gates.choose(x, zero, one)
                    }
                    Form::Rising => {
                        let (zero, one) = (part(gates, zero), part(gates, one));
                        let one = gates.and(x, one);
                        gates.or(zero, one)
                    }
                    Form::Falling => {
                        let (zero, one) = (part(gates, zero), part(gates, one));
                        let zero = gates.and(!x, zero);
                        gates.or(one, zero)
                    }
                    Form::DavioZero => {
                        let (zero, change) = (part(gates, zero), part(gates, zero ^ one));
                        let change = gates.and(x, change);
                        gates.xor(zero, change)
                    }
                    Form::DavioOne => {
                        let (one, change) = (part(gates, one), part(gates, zero ^ one));
                        let change = gates.and(!x, change);
                        gates.xor(one, change)
                    }
                }
            }
        }
    }

    /// An estimate of the gates of a function, complements being free.
    fn cost(&mut self, function: Function) -> u8 {
        let function = if function & 1 == 1 { !function } else { function };
        let support = support(function);
        match support.count_ones() {
            0 | 1 => 0,
            2 => 1,
            3 | 4 => {
                let index = compact(function, support);
                if self.small[index] == UNKNOWN {
                    self.small[index] = self.step(function).0;
                }
                self.small[index]
            }
            5 => {
                if let Some(&cost) = self.large.get(&function) {
                    return cost;
                }
                let cost = self.step(function).0;
                if self.large.len() >= REMEMBERED {
                    self.large.clear();
                }
                self.large.insert(function, cost);
                cost
            }
            _ => self.step(function).0,
        }
    }

    /// The first step for a function, and the gates of all steps.
    fn step(&mut self, function: Function) -> (u8, Step) {
        let support = support(function);
        let inputs = || (0..6usize).filter(move |input| support >> input & 1 == 1);
        if support.count_ones() < 2 {
            let step = match inputs().next() {
                None => Step::Constant(function & 1 == 1),
                Some(input) => Step::Input { input, inverted: function & 1 == 1 },
            };
            return (0, step);
        }
        for first in inputs() {
            for second in inputs().filter(|&second| second > first) {
                if let Some((pair, rest)) = disjoint_pair(function, first, second) {
                    return (self.cost(rest).saturating_add(1), Step::Pair { first, second, pair, rest });
                }
            }
        }
        let mut best: Option<(u8, Step)> = None;
        for input in inputs() {
            let (zero, one) = cofactors(function, input);
            let change = zero ^ one;
            let [cost_zero, cost_one, cost_change] = [zero, one, change].map(|part| self.cost(part));
            let simple = [zero, one, change].iter().any(|&part| part == 0 || part == Function::MAX);
            let mut offer = |form, gates: u8, parts: u8| {
                // A constant part leaves a single gate.
                let cost = parts.saturating_add(if simple { 1 } else { gates });
                if best.is_none_or(|(known, _)| cost < known) {
                    best = Some((cost, Step::Split { input, form, zero, one }));
                }
            };
            if change == Function::MAX {
                offer(Form::DavioZero, 1, cost_zero);
                continue;
            }
            if zero & !one == 0 {
                offer(Form::Rising, 2, cost_zero.saturating_add(cost_one));
            } else if one & !zero == 0 {
                offer(Form::Falling, 2, cost_zero.saturating_add(cost_one));
            }
            offer(Form::Shannon, 3, cost_zero.saturating_add(cost_one));
            if !simple {
                offer(Form::DavioZero, 2, cost_zero.saturating_add(cost_change));
                offer(Form::DavioOne, 2, cost_one.saturating_add(cost_change));
            }
        }
        best.unwrap_or((0, Step::Constant(function & 1 == 1)))
    }
}

/// The function of two signals whose value for `a` and `b` is bit `2 * b + a` of `table`.
fn two_inputs(gates: &mut Gates, table: u8, a: Signal, b: Signal) -> Signal {
    if table.count_ones() == 2 {
        // Depends on both, so it is the exclusive or or its complement.
        return gates.xor(a, b).invert_if(table & 1 == 1);
    }
    let invert = table.count_ones() == 3;
    let row = if invert { !table & 15 } else { table }.trailing_zeros();
    gates.and(a.invert_if(row & 1 == 0), b.invert_if(row & 2 == 0)).invert_if(invert)
}

/// Bit `i` says whether the function depends on input `i`.
fn support(function: Function) -> u8 {
    (0..6).fold(0, |support, input| {
        let differs = (function >> (1 << input) ^ function) & !VARIABLE[input] != 0;
        support | u8::from(differs) << input
    })
}

/// The function where `input` is zero and where it is one.
fn cofactors(function: Function, input: usize) -> (Function, Function) {
    let shift = 1 << input;
    let (low, high) = (function & !VARIABLE[input], function & VARIABLE[input]);
    (low | low << shift, high | high >> shift)
}

/// The rows in which only inputs of `support` (at most four) change, as a table of those.
fn compact(function: Function, support: u8) -> usize {
    let mut rows = [0u32; 16];
    let mut count = 1;
    for input in (0..6).filter(|input| support >> input & 1 == 1) {
        for row in 0..count {
            rows[count + row] = rows[row] | 1 << input;
        }
        count *= 2;
    }
    // Rows beyond repeat the table, so that a function of three inputs is one of four as well.
    (0..16).fold(0, |table, row| table | ((function >> rows[row % count] & 1) as usize) << row)
}

/// The function of `first` and `second` through which alone they matter, if there is one, and
/// the whole with it in place of `first`.
fn disjoint_pair(function: Function, first: usize, second: usize) -> Option<(u8, Function)> {
    let (low, high) = cofactors(function, second);
    let ((c0, c1), (c2, c3)) = (cofactors(low, first), cofactors(high, first));
    let rows = [c0, c1, c2, c3];
    let other = rows.iter().copied().find(|&row| row != c0)?;
    if rows.iter().any(|&row| row != c0 && row != other) {
        return None;
    }
    let pair = (0..4).fold(0, |pair, row| pair | u8::from(rows[row] == other) << row);
    Some((pair, (c0 & !VARIABLE[first]) | (other & VARIABLE[first])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitslice::gates::Gate;
    use proptest::prelude::*;

    /// The value of every gate when plane `i` has the value `planes[i]`.
    fn evaluate(gates: &Gates, planes: &[u64]) -> Vec<u64> {
        let mut values: Vec<u64> = Vec::new();
        for index in 0..gates.len() {
            let value = |signal: Signal| values[signal.gate()] ^ u64::from(signal.inverted()).wrapping_neg();
            values.push(match gates.gate(index) {
                Gate::Zero => 0,
                Gate::Plane(number) => planes[number as usize],
                Gate::And(a, b) => value(a) & value(b),
                Gate::Xor(a, b) => value(a) ^ value(b),
            });
        }
        values
    }

    /// Gates for a table of plain inputs, checked on every row.
    fn gates_for(table: &TruthTable) -> usize {
        let mut gates = Gates::new();
        let inputs: Vec<Signal> = (0..table.inputs() as u32).map(|number| gates.plane(number)).collect();
        let signal = Decomposer::new().build(&mut gates, table, &inputs);
        for rows in 0..table.rows().div_ceil(64) {
            let planes: Vec<u64> = (0..table.inputs())
                .map(|i| if i < 6 { VARIABLE[i] } else { ((rows >> (i - 6) & 1) as u64).wrapping_neg() })
                .collect();
            let value = evaluate(&gates, &planes)[signal.gate()] ^ u64::from(signal.inverted()).wrapping_neg();
            for row in (64 * rows)..table.rows().min(64 * rows + 64) {
                assert_eq!(value >> (row % 64) & 1 == 1, table.row(row), "{table} at {row}");
            }
        }
        gates.len() - 1 - table.inputs()
    }

    #[test]
    fn formulas_in_which_each_input_occurs_once_need_a_gate_less_than_inputs() {
        let formulas: [fn(usize) -> bool; 4] = [
            |row| row.count_ones() % 2 == 1,
            |row| row == 63,
            |row| (row & 3 == 3) ^ (row & 12 != 0) ^ (row & 48 == 16),
            |row| row & 1 == 1 && (row & 2 != 0 || row >> 2 == 9),
        ];
        for formula in formulas {
            assert_eq!(gates_for(&TruthTable::from_fn(6, formula)), 5);
        }
        assert_eq!(gates_for(&TruthTable::from_fn(6, |row| row & 4 != 0)), 0);
        assert_eq!(gates_for(&TruthTable::from_fn(6, |_| true)), 0);
    }

    #[test]
    fn selection_and_majority_need_few_gates() {
        assert!(gates_for(&TruthTable::from_fn(3, |row| row.count_ones() >= 2)) <= 4);
        assert!(
            gates_for(&TruthTable::from_fn(3, |row| row & 1 == 1 && row & 2 != 0 || row & 1 == 0 && row & 4 != 0)) <= 3
        );
        // A selection among four: three selections of three gates.
        assert!(gates_for(&TruthTable::from_fn(6, |row| row >> 2 >> (row & 3) & 1 == 1)) <= 9);
        let three_of_six = gates_for(&TruthTable::from_fn(6, |row| row.count_ones() >= 3));
        assert!(three_of_six <= 24, "{three_of_six}");
    }

    proptest! {
        #[test]
        fn gates_compute_the_table(inputs in 0usize..=9, seed in prop::collection::vec(any::<u64>(), 8)) {
            let words = if inputs <= 6 { 1 } else { 1 << (inputs - 6) };
            gates_for(&TruthTable::from_words(inputs, seed[..words].to_vec()));
        }

        #[test]
        fn sparse_and_symmetric_tables_are_right_too(inputs in 1usize..=6, a in any::<u64>(), b in any::<u64>(), counts in any::<u8>()) {
            gates_for(&TruthTable::from_words(inputs, vec![a & b & (a >> 7)]));
            gates_for(&TruthTable::from_fn(inputs, |row| counts >> row.count_ones() & 1 == 1));
        }
    }
}
