//! How one lookup table is written.

use std::fmt;

use crate::emit::LutStyle;
use crate::logic::TruthTable;

use super::wire::{Delayed, Wire};

/// Rows of a literal on one line; wider tables are concatenations of such lines.
const ROWS_PER_LINE: usize = 256;

/// One lookup table with its inputs.
#[derive(Clone, Debug)]
pub(super) struct Lut {
    /// Its output.
    pub(super) wire: Wire,
    /// How its function is written.
    pub(super) form: Form,
}

/// The ways of writing a function.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// An expression of at most two operands.
    Expression(Expression),
    /// A constant table, indexed.
    Table {
        /// Index of the last row.
        top: usize,
        /// The rows as Verilog text.
        literal: String,
        /// The index, most significant bit first.
        address: Vec<Delayed>,
    },
    /// FPGA primitives; the last drives the output.
    Primitives(Vec<Primitive>),
}

/// An instance of `LUT1` to `LUT6`.
#[derive(Clone, Debug)]
pub(super) struct Primitive {
    /// Number of inputs.
    pub(super) size: usize,
    /// Number of rows.
    pub(super) rows: usize,
    /// The rows in hexadecimal.
    pub(super) init: String,
    /// The output.
    pub(super) output: Net,
    /// The inputs, `I0` first.
    pub(super) inputs: Vec<Net>,
}

/// A net at a primitive.
#[derive(Clone, Copy, Debug)]
pub(super) enum Net {
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
pub(super) struct Expression {
    pattern: &'static str,
    operands: [Option<Delayed>; 2],
}

impl fmt::Display for Expression {
    /// The pattern with `A` and `B` replaced by the operands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for symbol in self.pattern.split_inclusive(|_| true) {
            match (symbol, self.operands) {
                ("A", [Some(operand), _]) | ("B", [_, Some(operand)]) => operand.fmt(f)?,
                _ => f.write_str(symbol)?,
            }
        }
        Ok(())
    }
}

impl Expression {
    /// The expression for `table` when it has at most two inputs and depends on all of them. A
    /// signal that only ignoring tables read must still be read, or it counts as unused.
    fn new(table: &TruthTable, inputs: &[Delayed]) -> Option<Self> {
        let pattern = match (table.inputs(), table.words()[0]) {
            (0, 0) => "1'b0",
            (0, _) => "1'b1",
            (1, 0b10) => "A",
            (1, 0b01) => "~A",
            (2, 0b1000) => "A & B",
            (2, 0b1110) => "A | B",
            (2, 0b0110) => "A ^ B",
            (2, 0b1001) => "~(A ^ B)",
            (2, 0b0111) => "~(A & B)",
            (2, 0b0001) => "~(A | B)",
            (2, 0b0010) => "A & ~B",
            (2, 0b0100) => "~A & B",
            (2, 0b1011) => "A | ~B",
            (2, 0b1101) => "~A | B",
            _ => return None,
        };
        Some(Self { pattern, operands: [inputs.first().copied(), inputs.get(1).copied()] })
    }
}

impl Lut {
    /// `wire` as the function `table` of `inputs`, input 0 first.
    pub(super) fn new(wire: Wire, table: &TruthTable, inputs: Vec<Delayed>, style: LutStyle) -> Self {
        let expression = Expression::new(table, &inputs);
        let form = match (style, expression) {
            (LutStyle::Table, Some(expression)) => Form::Expression(expression),
            // Constants and wires are no primitives; everything else is one, also an inverter.
            (LutStyle::Primitive, Some(expression))
                if expression.pattern.starts_with(['1', 'A']) && table.inputs() < 2 =>
            {
                Form::Expression(expression)
            }
            (LutStyle::Table, None) => table_form(table, inputs),
            (LutStyle::Primitive, _) => Form::Primitives(primitives(wire, table, &inputs)),
        };
        Self { wire, form }
    }
}

fn table_form(table: &TruthTable, inputs: Vec<Delayed>) -> Form {
    let mut address = inputs;
    address.reverse();
    Form::Table { top: table.rows() - 1, literal: literal(table), address }
}

/// The rows as one number, or as a concatenation over several lines.
fn literal(table: &TruthTable) -> String {
    if table.rows() <= ROWS_PER_LINE {
        return table.to_string();
    }
    let hex = table.hex();
    let digits = ROWS_PER_LINE / 4;
    let lines: Vec<String> = (0..hex.len() / digits)
        .map(|line| format!("    {ROWS_PER_LINE}'h{}", &hex[line * digits..(line + 1) * digits]))
        .collect();
    format!("{{\n{}\n  }}", lines.join(",\n"))
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
    pub(super) fn is_part(&self) -> bool {
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
            let text = Expression::new(&table, &signals(2)).map(|expression| expression.to_string());
            // Functions of one of the inputs stay tables.
            assert_eq!(text.is_some(), table.support().len() == 2);
            let Some(text) = text else { continue };
            let (inner, inverted) = match text.strip_prefix("~(") {
                Some(inner) => (inner.trim_end_matches(')').to_owned(), true),
                None => (text.clone(), false),
            };
            for row in 0..4 {
                let operand = |text: &str| match text {
                    "x0" => row & 1 == 1,
                    "~x0" => row & 1 == 0,
                    "x1" => row & 2 == 2,
                    "~x1" => row & 2 == 0,
                    other => panic!("operand {other}"),
                };
                let parts: Vec<&str> = inner.split(' ').collect();
                let (a, b) = (operand(parts[0]), operand(parts[2]));
                let value = match parts[1] {
                    "&" => a && b,
                    "|" => a || b,
                    _ => a ^ b,
                };
                assert_eq!(value ^ inverted, table.row(row), "{text}, row {row}");
            }
        }
    }

    #[test]
    fn constants_are_one_bit_literals() {
        let text = |value| Expression::new(&TruthTable::constant(value), &[]).unwrap().to_string();
        assert_eq!((text(false), text(true)), ("1'b0".to_owned(), "1'b1".to_owned()));
    }
}
