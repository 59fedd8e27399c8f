//! How Verilog spells what hardware is made of.

use std::fmt;

use crate::emit::hdl::{
    ClassSide, Connection, Delayed, Expression, Field, Level, Operand, Operator, Pin, Port, Slice, Syntax, Wire,
};
use crate::logic::TruthTable;

/// Rows of a literal on one line; wider tables are concatenations of such lines.
const ROWS_PER_LINE: usize = 256;

/// The language, for the comment at the top.
pub(super) struct Verilog;

impl Syntax for Verilog {
    fn title(&self) -> &'static str {
        "LUT network in Verilog-2005"
    }

    fn slice(&self, bus: &str, index: &str, width: usize) -> String {
        if width == 1 { format!("{bus}[{index}]") } else { format!("{bus}[{index}*{width} +: {width}]") }
    }

    fn range(&self, width: usize) -> String {
        range(&width).to_string().trim_end().to_owned()
    }
}

/// The declared range of a signal with the blank behind it; a single bit has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range(usize);

/// The range of `width` bits.
pub(super) fn range(width: &usize) -> Range {
    Range(*width)
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 1 { Ok(()) } else { write!(f, "[{}:0] ", self.0 - 1) }
    }
}

fn direction(is_input: bool) -> &'static str {
    if is_input { "input " } else { "output" }
}

/// A port in a module's list.
pub(super) fn port(port: &Port) -> String {
    format!("{} wire {}{}", direction(port.is_input), range(&port.width), port.wire)
}

/// A port in the top module's list.
pub(super) fn pin(pin: &Pin) -> String {
    format!("{} wire {}{}", direction(pin.is_input), range(&pin.width), pin.name)
}

/// What a port of an instance is connected to; the clock of the top module is `clock`.
pub(super) fn connection(connection: &Connection, clock: &str, width: &usize) -> String {
    match connection {
        Connection::Clock => clock.to_owned(),
        Connection::Same(wire) => wire.to_string(),
        Connection::Encoded(_) if *width == 1 => "encoded".to_owned(),
        Connection::Encoded(bit) => format!("encoded[{bit}]"),
    }
}

/// A part of the input bus, which has more than one bit.
pub(super) fn slice(slice: &Slice, bus_width: &usize) -> String {
    match slice.width {
        _ if *bus_width == 1 => "features".to_owned(),
        1 => format!("features[{}]", slice.low),
        width => format!("features[{}:{}]", slice.low + width - 1, slice.low),
    }
}

/// `code >= threshold`; a code of one bit is compared by looking at it.
pub(super) fn comparison(feature: &Wire, threshold: &i64, bits: &usize, signed: &bool) -> String {
    match (bits, signed) {
        (1, false) => feature.to_string(),
        // The codes are 0 and -1; only 0 reaches the threshold.
        (1, true) => format!("~{feature}"),
        (_, false) => format!("{feature} >= {bits}'d{threshold}"),
        (_, true) if *threshold < 0 => format!("{feature} >= -{bits}'sd{}", threshold.unsigned_abs()),
        (_, true) => format!("{feature} >= {bits}'sd{threshold}"),
    }
}

fn operand(operand: &Operand) -> String {
    format!("{}{}", if operand.inverted { "~" } else { "" }, operand.signal)
}

/// An expression of at most two operands.
pub(super) fn expression(expression: &Expression) -> String {
    match expression {
        Expression::Constant(value) => format!("1'b{}", u8::from(*value)),
        Expression::Wire(wire) => operand(wire),
        Expression::Pair { a, operator, b, inverted } => {
            let symbol = match operator {
                Operator::And => '&',
                Operator::Or => '|',
                Operator::Xor => '^',
            };
            let pair = format!("{} {symbol} {}", operand(a), operand(b));
            if *inverted { format!("~({pair})") } else { pair }
        }
    }
}

/// What an input of a primitive is connected to.
pub(super) fn level(level: &Level) -> String {
    match level {
        Level::Constant(value) => format!("1'b{}", u8::from(*value)),
        Level::Signal(signal) => signal.to_string(),
    }
}

/// Positions of a carry chain as a bus, the highest first.
pub(super) fn levels(levels: &[Level; 4]) -> String {
    let [a, b, c, d] = levels.each_ref().map(level);
    format!("{{{d}, {c}, {b}, {a}}}")
}

/// The same for outputs.
pub(super) fn wires(wires: &[Wire; 4]) -> String {
    let [a, b, c, d] = wires;
    format!("{{{d}, {c}, {b}, {a}}}")
}

/// The rows as one number, or as a concatenation over several lines.
pub(super) fn literal(table: &TruthTable) -> String {
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

/// The bits of a number, highest first.
pub(super) fn row(bits: &[Option<Delayed>]) -> String {
    let bits: Vec<String> = bits.iter().map(|bit| bit.map_or("1'b0".to_owned(), |bit| bit.to_string())).collect();
    bits.join(", ")
}

/// A class that a duel chooses.
pub(super) fn class_side(side: &ClassSide, bits: &usize) -> String {
    match side {
        ClassSide::Constant(class) => format!("{bits}'d{class}"),
        ClassSide::Winner(winner) => winner.to_string(),
    }
}

/// A result that goes to the data bus of a stream.
pub(super) fn field(field: &Field, results: &[Pin]) -> String {
    match field.wire {
        Wire::Score(_) if results.last().is_some_and(|scores| scores.width == 1) => "scores".to_owned(),
        Wire::Score(class) => {
            let low = class as usize * field.width;
            format!("scores[{}:{low}]", low + field.width - 1)
        }
        wire => wire.to_string(),
    }
}
