//! How VHDL spells what hardware is made of.

use crate::emit::hdl::{
    ClassSide, Connection, Delayed, Expression, Field, Level, Operand, Operator, Pin, Port, Slice, Syntax, Wire,
};
use crate::logic::TruthTable;

/// Digits of a literal on one line; wider tables are concatenations of such lines.
const DIGITS_PER_LINE: usize = 64;

/// The language, for the comment at the top.
pub(super) struct Vhdl;

impl Syntax for Vhdl {
    fn title(&self) -> &'static str {
        "LUT network in VHDL-2008"
    }

    fn slice(&self, bus: &str, index: &str, width: usize) -> String {
        match width {
            1 => format!("{bus}({index})"),
            _ => format!("{bus}({index}*{width}+{} downto {index}*{width})", width - 1),
        }
    }

    fn range(&self, width: usize) -> String {
        format!("({} downto 0)", width - 1)
    }
}

/// The type of a signal. Scores and counts are numbers, every other bus is bits.
pub(super) fn kind(wire: &Wire, width: &usize) -> String {
    let name = match wire {
        wire if !wire.is_word() => return "std_logic".to_owned(),
        Wire::Score(_) | Wire::DuelScore(_) | Wire::Count | Wire::ClassCount(_) => "unsigned",
        _ => "std_logic_vector",
    };
    format!("{name}({} downto 0)", width - 1)
}

fn direction(is_input: bool) -> &'static str {
    if is_input { "in " } else { "out" }
}

/// A port in an entity's list.
pub(super) fn port(port: &Port) -> String {
    format!("{} : {} {}", port.wire, direction(port.is_input), kind(&port.wire, &port.width))
}

/// A port in the top entity's list.
pub(super) fn pin(pin: &Pin) -> String {
    format!("{} : {} {}", pin.name, direction(pin.is_input), pin_kind(pin))
}

/// The type of a port of the top entity.
pub(super) fn pin_kind(pin: &Pin) -> String {
    if pin.is_word { format!("std_logic_vector({} downto 0)", pin.width - 1) } else { "std_logic".to_owned() }
}

/// What a port of an instance is connected to; the clock of the top entity is `clock`.
pub(super) fn connection(connection: &Connection, clock: &str) -> String {
    match connection {
        Connection::Clock => clock.to_owned(),
        Connection::Same(wire) => wire.to_string(),
        Connection::Encoded(bit) => format!("encoded({bit})"),
    }
}

/// A part of the input bus.
pub(super) fn slice(slice: &Slice) -> String {
    format!("features({} downto {})", slice.low + slice.width - 1, slice.low)
}

/// The low `width` bits of a number.
pub(super) fn bits(value: &i64, width: &usize) -> String {
    let digits: String = (0..*width).rev().map(|bit| if value >> bit.min(63) & 1 == 1 { '1' } else { '0' }).collect();
    format!("\"{digits}\"")
}

/// The number zero of `width` bits.
pub(super) fn zeros(width: &usize) -> String {
    bits(&0, width)
}

/// `code >= threshold`; a code of one bit is compared by looking at it.
pub(super) fn comparison(feature: &Wire, threshold: &i64, width: &usize, signed: &bool) -> String {
    match (width, signed) {
        (1, false) => format!("{feature}(0)"),
        // The codes are 0 and -1; only 0 reaches the threshold.
        (1, true) => format!("not {feature}(0)"),
        _ => format!("'1' when {feature} >= {} else '0'", bits(threshold, width)),
    }
}

fn operand(operand: &Operand) -> String {
    if operand.inverted { format!("(not {})", operand.signal) } else { operand.signal.to_string() }
}

/// An expression of at most two operands.
pub(super) fn expression(expression: &Expression) -> String {
    match expression {
        Expression::Constant(value) => format!("'{}'", u8::from(*value)),
        Expression::Wire(wire) if wire.inverted => format!("not {}", wire.signal),
        Expression::Wire(wire) => wire.signal.to_string(),
        Expression::Pair { a, operator, b, inverted } => {
            let word = match operator {
                Operator::And => "and",
                Operator::Or => "or",
                Operator::Xor => "xor",
            };
            let pair = format!("{} {word} {}", operand(a), operand(b));
            if *inverted { format!("not ({pair})") } else { pair }
        }
    }
}

/// The rows as one bit string, or as a concatenation over several lines.
pub(super) fn literal(table: &TruthTable) -> String {
    let hex = table.hex();
    match table.inputs() {
        0 | 1 => bits(&(table.words()[0] as i64), &table.rows()),
        2..=8 => format!("X\"{hex}\""),
        _ => {
            let lines: Vec<String> = (0..hex.len() / DIGITS_PER_LINE)
                .map(|line| format!("    X\"{}\"", &hex[line * DIGITS_PER_LINE..(line + 1) * DIGITS_PER_LINE]))
                .collect();
            format!("\n{}", lines.join(" &\n"))
        }
    }
}

/// The address of a table, highest bit first.
pub(super) fn address(pins: &[Delayed]) -> String {
    match pins {
        [pin] => format!("(0 => {pin})"),
        pins => pins.iter().map(Delayed::to_string).collect::<Vec<_>>().join(" & "),
    }
}

/// The bits of a number, highest first.
pub(super) fn row(bits: &[Option<Delayed>]) -> String {
    let bits: Vec<String> = bits.iter().map(|bit| bit.map_or("'0'".to_owned(), |bit| bit.to_string())).collect();
    bits.join(" & ")
}

/// What an input of a primitive is connected to.
pub(super) fn level(level: &Level) -> String {
    match level {
        Level::Constant(value) => format!("'{}'", u8::from(*value)),
        Level::Signal(signal) => signal.to_string(),
    }
}

/// A class that a duel chooses.
pub(super) fn class_side(side: &ClassSide, width: &usize) -> String {
    match side {
        ClassSide::Constant(class) => bits(&i64::from(*class), width),
        ClassSide::Winner(winner) => winner.to_string(),
    }
}

/// The generic of a primitive.
pub(super) fn init(size: &usize, hex: &str) -> String {
    if *size == 1 {
        let word = i64::from_str_radix(hex, 16).unwrap_or(0);
        return bits(&word, &2);
    }
    format!("X\"{hex}\"")
}

/// A result that goes to the data bus of a stream.
pub(super) fn field(field: &Field) -> String {
    match field.wire {
        Wire::Score(class) => {
            let low = class as usize * field.width;
            format!("scores({} downto {low})", low + field.width - 1)
        }
        wire => wire.to_string(),
    }
}
