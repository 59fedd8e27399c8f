//! How one lookup table is written.

use std::fmt;

use crate::logic::TruthTable;
use crate::netlist::SHARED_INPUTS;

use super::LutStyle;
use super::wire::{Delayed, Wire};

/// One lookup table with its inputs.
#[derive(Clone, Debug)]
pub(in crate::emit) struct Lut {
    /// Its output.
    pub(in crate::emit) wire: Wire,
    /// How its function is written.
    pub(in crate::emit) form: Form,
}

/// The ways of writing a function.
#[derive(Clone, Debug)]
pub(in crate::emit) enum Form {
    /// An expression of at most two operands.
    Expression(Expression),
    /// A constant table, indexed.
    Table {
        /// The rows.
        table: TruthTable,
        /// The index, most significant bit first.
        address: Vec<Delayed>,
    },
    /// FPGA primitives; the last drives the output.
    Primitives(Vec<Primitive>),
    /// Nothing: another table is printed later in one primitive with this one.
    Shared,
    /// One primitive for this table and one printed before it.
    Pair(Pair),
}

/// An instance of `LUT6_2`: two tables of five inputs.
#[derive(Clone, Debug)]
pub(in crate::emit) struct Pair {
    /// The rows of the first table, then those of the second, highest first, in hexadecimal.
    pub(in crate::emit) init: String,
    /// The outputs `O6` and `O5`.
    pub(in crate::emit) outputs: [Wire; 2],
    /// `I0` to `I5`.
    pub(in crate::emit) inputs: [Level; 6],
}

/// What an input of a primitive is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emit) enum Level {
    /// A constant.
    Constant(bool),
    /// A signal.
    Signal(Delayed),
}

impl Pair {
    /// `upper` at `O6` and `lower` at `O5`, each with its inputs; `None` when they have more than
    /// five together.
    pub(super) fn new(
        outputs: [Wire; 2],
        [upper, lower]: [&TruthTable; 2],
        [upper_inputs, lower_inputs]: [&[Delayed]; 2],
    ) -> Option<Self> {
        let mut joint: Vec<Delayed> = Vec::with_capacity(SHARED_INPUTS);
        for input in upper_inputs.iter().chain(lower_inputs) {
            if !joint.contains(input) {
                joint.push(*input);
            }
        }
        if joint.len() > SHARED_INPUTS {
            return None;
        }
        let spread = |table: &TruthTable, inputs: &[Delayed]| {
            let places: Vec<usize> =
                inputs.iter().filter_map(|input| joint.iter().position(|known| known == input)).collect();
            TruthTable::from_fn(SHARED_INPUTS, |row| {
                table.row(places.iter().enumerate().map(|(pin, place)| (row >> place & 1) << pin).sum())
            })
        };
        let mut inputs = [Level::Constant(false); 6];
        for (pin, &input) in inputs.iter_mut().zip(&joint) {
            *pin = Level::Signal(input);
        }
        // Set, it makes O6 the upper half of the rows; O5 is the lower half always.
        inputs[SHARED_INPUTS] = Level::Constant(true);
        let init = format!("{}{}", spread(upper, upper_inputs).hex(), spread(lower, lower_inputs).hex());
        Some(Self { init, outputs, inputs })
    }
}

/// An instance of `LUT1` to `LUT6`.
#[derive(Clone, Debug)]
pub(in crate::emit) struct Primitive {
    /// Number of inputs.
    pub(in crate::emit) size: usize,
    /// Number of rows.
    pub(in crate::emit) rows: usize,
    /// The rows in hexadecimal.
    pub(in crate::emit) init: String,
    /// The output.
    pub(in crate::emit) output: Net,
    /// The inputs, `I0` first.
    pub(in crate::emit) inputs: Vec<Net>,
}

/// A net at a primitive.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) enum Net {
    /// A signal of the core.
    Signal(Delayed),
    /// An inner net of the table that drives the wire.
    Part(Wire, usize),
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => signal.fmt(f),
            Self::Part(wire, number) => write!(f, "{wire}_s{number}"),
        }
    }
}

/// A function that is shorter as an expression than as a table.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) enum Expression {
    /// A constant.
    Constant(bool),
    /// A signal or its complement.
    Wire(Operand),
    /// Two signals.
    Pair {
        /// The first.
        a: Operand,
        /// What joins them.
        operator: Operator,
        /// The second.
        b: Operand,
        /// Whether the whole is complemented.
        inverted: bool,
    },
}

/// A signal or its complement.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) struct Operand {
    /// The signal.
    pub(in crate::emit) signal: Delayed,
    /// Whether its complement is meant.
    pub(in crate::emit) inverted: bool,
}

/// What joins two operands.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) enum Operator {
    And,
    Or,
    Xor,
}

impl Expression {
    /// The expression for `table` when it has at most two inputs and depends on all of them. A
    /// signal that only ignoring tables read must still be read, or it counts as unused.
    fn new(table: &TruthTable, inputs: &[Delayed]) -> Option<Self> {
        let operand = |input: usize, inverted| inputs.get(input).map(|&signal| Operand { signal, inverted });
        let pair = |not_a, operator, not_b, inverted| {
            Some(Self::Pair { a: operand(0, not_a)?, operator, b: operand(1, not_b)?, inverted })
        };
        match (table.inputs(), table.words()[0]) {
            (0, word) => Some(Self::Constant(word == 1)),
            (1, 0b10) => operand(0, false).map(Self::Wire),
            (1, 0b01) => operand(0, true).map(Self::Wire),
            (2, 0b1000) => pair(false, Operator::And, false, false),
            (2, 0b1110) => pair(false, Operator::Or, false, false),
            (2, 0b0110) => pair(false, Operator::Xor, false, false),
            (2, 0b1001) => pair(false, Operator::Xor, false, true),
            (2, 0b0111) => pair(false, Operator::And, false, true),
            (2, 0b0001) => pair(false, Operator::Or, false, true),
            (2, 0b0010) => pair(false, Operator::And, true, false),
            (2, 0b0100) => pair(true, Operator::And, false, false),
            (2, 0b1011) => pair(false, Operator::Or, true, false),
            (2, 0b1101) => pair(true, Operator::Or, false, false),
            _ => None,
        }
    }
}

impl Lut {
    /// `wire` as the function `table` of `inputs`, input 0 first.
    pub(super) fn new(wire: Wire, table: &TruthTable, inputs: Vec<Delayed>, style: LutStyle) -> Self {
        let form = match (style, Expression::new(table, &inputs)) {
            (LutStyle::Table, Some(expression)) => Form::Expression(expression),
            // Constants and wires are no primitives; everything else is one, also an inverter.
            (
                LutStyle::Primitive | LutStyle::Slice,
                Some(expression @ (Expression::Constant(_) | Expression::Wire(Operand { inverted: false, .. }))),
            ) => Form::Expression(expression),
            (LutStyle::Table, None) => {
                let mut address = inputs;
                address.reverse();
                Form::Table { table: table.clone(), address }
            }
            (LutStyle::Primitive | LutStyle::Slice, _) => Form::Primitives(primitives(wire, table, &inputs)),
        };
        Self { wire, form }
    }
}

/// `LUT1` to `LUT6` directly; beyond, a `LUT6` per word of the table and a tree of four-to-one
/// multiplexers, each one `LUT6`, over them.
fn primitives(wire: Wire, table: &TruthTable, inputs: &[Delayed]) -> Vec<Primitive> {
    let signals: Vec<Net> = inputs.iter().map(|&input| Net::Signal(input)).collect();
    let output = Net::Signal(Delayed { wire, cycles: 0 });
    if inputs.len() <= 6 {
        return vec![Primitive::new(table, output, signals)];
    }
    let (low, mut selectors) = signals.split_at(6);
    let mut parts: Vec<Primitive> = Vec::new();
    let mut level: Vec<Net> = Vec::new();
    for &word in table.words() {
        let part = Net::Part(wire, parts.len());
        parts.push(Primitive::new(&TruthTable::from_words(6, vec![word]), part, low.to_vec()));
        level.push(part);
    }
    while level.len() > 1 {
        let select = selectors.len().min(2);
        let (now, rest) = selectors.split_at(select);
        selectors = rest;
        let ways = 1 << select;
        let multiplexer = TruthTable::from_fn(ways + select, |row| row >> (row >> ways) & 1 == 1);
        let mut next = Vec::with_capacity(level.len() / ways);
        for data in level.chunks(ways) {
            let part = if level.len() == ways { output } else { Net::Part(wire, parts.len()) };
            let pins = data.iter().chain(now).copied().collect();
            parts.push(Primitive::new(&multiplexer, part, pins));
            next.push(part);
        }
        level = next;
    }
    parts
}

impl Primitive {
    fn new(table: &TruthTable, output: Net, inputs: Vec<Net>) -> Self {
        Self { size: table.inputs(), rows: table.rows(), init: table.hex(), output, inputs }
    }

    /// Whether the output is a net of its own that has to be declared.
    pub(in crate::emit) fn is_part(&self) -> bool {
        matches!(self.output, Net::Part(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlist::lut6_cost;

    fn signals(count: u32) -> Vec<Delayed> {
        (0..count).map(|number| Delayed { wire: Wire::Counted(number), cycles: 0 }).collect()
    }

    /// The value of the last primitive for the given inputs.
    fn evaluate(parts: &[Primitive], row: usize) -> bool {
        let mut values: Vec<(String, bool)> =
            (0..16).map(|input| (format!("x{input}"), row >> input & 1 == 1)).collect();
        for part in parts {
            let value = |net: &Net| values.iter().find(|(name, _)| *name == net.to_string()).unwrap().1;
            let address =
                part.inputs.iter().enumerate().map(|(pin, net)| usize::from(value(net)) << pin).sum::<usize>();
            let init = u64::from_str_radix(&part.init, 16).unwrap();
            values.push((part.output.to_string(), init >> address & 1 == 1));
        }
        values.last().unwrap().1
    }

    #[test]
    fn wide_tables_become_trees_of_primitives() {
        for inputs in 1..=10u32 {
            let table = TruthTable::from_fn(inputs as usize, |row| (row * row + row / 3) % 5 < 2);
            let parts = primitives(Wire::Count, &table, &signals(inputs));
            assert_eq!(parts.len(), lut6_cost(inputs as usize));
            assert_eq!(parts.last().unwrap().output.to_string(), "count");
            for row in 0..table.rows() {
                assert_eq!(evaluate(&parts, row), table.row(row), "{inputs} inputs, row {row}");
            }
        }
    }

    #[test]
    fn expressions_say_what_their_tables_say() {
        for function in 0..16u64 {
            let table = TruthTable::from_words(2, vec![function]);
            let expression = Expression::new(&table, &signals(2));
            // Functions of one of the inputs stay tables.
            assert_eq!(expression.is_some(), table.support().len() == 2);
            let Some(Expression::Pair { a, operator, b, inverted }) = expression else { continue };
            assert_eq!([a.signal.to_string(), b.signal.to_string()], ["x0", "x1"]);
            for row in 0..4 {
                let (a, b) = ((row & 1 == 1) ^ a.inverted, (row & 2 == 2) ^ b.inverted);
                let value = match operator {
                    Operator::And => a && b,
                    Operator::Or => a || b,
                    Operator::Xor => a ^ b,
                };
                assert_eq!(value ^ inverted, table.row(row), "{function:04b}, row {row}");
            }
        }
    }
}
