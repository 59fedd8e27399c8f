//! Word operations: bit `l` of every word belongs to sample `l`, also when there is one sample.

use askama::Template;

use super::notes::{batch_functions, functions, memory};
use super::types::{Array, Integer};
use super::words::{Gate, Line, Operand, Program, Schedule};
use crate::emit::EmitRequest;
use crate::emit::notes::{Facts, interface, origin};
use crate::emit::order::CoreOrder;
use crate::netlist::DesignHead;

/// Operations of one function.
const OPERATIONS: usize = 64;

/// `<name>.h`.
#[derive(Template)]
#[template(path = "c/straight.h", escape = "none")]
pub(super) struct Header {
    notes: Vec<String>,
    name: String,
    upper: String,
    features: usize,
    code: Integer,
    classes: usize,
    class: Integer,
    class_bits: usize,
    score: Integer,
    score_bits: usize,
    bits: usize,
    word: Integer,
    word_name: String,
    batch: bool,
    compared: Array,
    thresholds: Array,
    schedule: Schedule,
}

impl Header {
    fn line(&self, line: &Line) -> String {
        statement(line, &self.word_name)
    }

    /// The header of the design of `request`.
    pub(super) fn new(request: &EmitRequest<'_>, facts: &Facts, order: &CoreOrder) -> Self {
        let design = request.design;
        let program = Program::new(design, order);
        let schedule = Schedule::new(&program, OPERATIONS);
        let comparators = || order.comparators.iter().map(|&number| design.comparators[number as usize]);
        let code = Integer::code(&design.input);
        let largest_group = match &design.head {
            DesignHead::Bits => 0,
            DesignHead::Classes(head) => head.groups.iter().map(ExactSizeIterator::len).max().unwrap_or(0),
        };
        let options = &request.options.c;
        let word = Integer { bits: options.c_word.unwrap_or_default().bits(), signed: false };
        let classes = facts.output.classes();
        let mut header = Self {
            notes: Vec::new(),
            name: facts.name.clone(),
            upper: facts.name.to_ascii_uppercase(),
            features: facts.features,
            code,
            classes,
            class: Integer::holding(classes.saturating_sub(1)),
            class_bits: facts.output.class_bits(),
            score: Integer::score(largest_group),
            score_bits: facts.output.score_bits(),
            bits: if classes == 0 { facts.output.width() } else { 0 },
            word,
            word_name: format!("{}_word_t", facts.name),
            batch: options.c_batch,
            compared: Array::unsigned(comparators().map(|comparator| i64::from(comparator.feature)).collect()),
            thresholds: Array::new(code, comparators().map(|comparator| comparator.threshold).collect()),
            schedule,
        };
        header.notes = notes(request, facts, &header, program.operations());
        header
    }
}

fn notes(request: &EmitRequest<'_>, facts: &Facts, header: &Header, operations: usize) -> Vec<String> {
    let (name, upper) = (&header.name, &header.upper);
    let mut lines = origin(request, "LUT network in C99, as word operations");
    lines.push(String::new());
    lines.extend(interface(request, facts));
    let rom = header.compared.bytes() + header.thresholds.bytes();
    lines.push(format!(
        "Work: {operations} operations on words of {} bits. Memory: {rom} bytes of constants beside the code,",
        header.word.bits
    ));
    lines.push(format!("{} words of workspace.", header.schedule.words));
    lines.push(String::new());
    lines.extend(functions(name, header.classes > 0));
    if header.batch {
        lines.extend(batch_functions(name, header.classes > 0));
    }
    lines.push(String::new());
    lines.extend(memory(name, upper, "words"));
    lines
}

/// What a statement reads.
fn operand(operand: &Operand) -> String {
    match operand {
        Operand::Local(value) => format!("x{value}"),
        Operand::Word(word) => format!("w[{word}]"),
    }
}

/// One statement; `word` is the type of a word.
fn statement(line: &Line, word: &str) -> String {
    let text = operand;
    match line {
        Line::Load { value, word: from } => format!("const {word} x{value} = w[{from}];"),
        Line::Op { value, gate, a, b } => {
            let (a, b) = (text(a), text(b));
            let operation = match gate {
                Gate::And => format!("{a} & {b}"),
                Gate::Or => format!("{a} | {b}"),
                Gate::AndNot => format!("{a} & ~{b}"),
                Gate::Xor => format!("{a} ^ {b}"),
            };
            format!("const {word} x{value} = ({word})({operation});")
        }
        Line::Store { word: to, operand, inverted: false } => format!("w[{to}] = {};", text(operand)),
        Line::Store { word: to, operand, inverted: true } => format!("w[{to}] = ({word})~{};", text(operand)),
        Line::Constant { word: to, ones: false } => format!("w[{to}] = 0;"),
        Line::Constant { word: to, ones: true } => format!("w[{to}] = ({word})~({word})0;"),
    }
}
