//! Word operations: bit `l` of every word belongs to sample `l`, also when there is one sample.
//!
//! The statements are those of [`crate::emit::program`], as in the library for hosts. Three things
//! are as small devices want them. Comparators are a loop over a table that fills the first words
//! of the workspace: as gates over the bits of codes they would take several times the code. Outputs
//! are counted by loops over a list of words, one sample at a time or, for batches, by adders of
//! words: as statements they would be code again, five operations an output. And functions are
//! shorter, since what they keep at a time goes to the stack of a device with few registers.

use askama::Template;

use super::notes::{batch_functions, functions, memory};
use super::types::{Array, Integer};
use crate::bitslice::Terms;
use crate::emit::EmitRequest;
use crate::emit::notes::{Facts, interface, origin};
use crate::emit::order::CoreOrder;
use crate::emit::program::{Function, Program, Syntax};
use crate::netlist::{Comparator, DesignHead};

/// Statements of one function. Networks of 600 and 1,000 tables of six inputs took 4 % to 5 % less
/// code than with 64 on a Cortex-M0, an AVR and RV32 and 1 % more on a Cortex-M4 (`-Os`); with 256,
/// between 4 % less and 2 % more again, but up to 136 bytes of stack instead of 80.
const STATEMENTS: usize = 128;

/// The most elements that an `unsigned` counts on every device.
const UNSIGNED: usize = 0xffff;

/// `<name>.h`.
#[derive(Template)]
#[template(path = "c/straight.h", escape = "none")]
pub(super) struct Header<'a> {
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
    /// A cast to the type of a word where operators have a wider one.
    cast: String,
    /// The type that counts comparators and outputs.
    index: &'static str,
    batch: bool,
    /// Whether classes have so many outputs that taking eight together pays for the code.
    by_eight: bool,
    workspace: u32,
    compared: Array,
    thresholds: Array,
    /// The words that are the outputs; of plain bits twice that, and one more for a complement.
    outputs: Array,
    /// For each class its first output and its first complement; at last the end.
    bounds: Array,
    /// The word that must be zero.
    zero: Option<u32>,
    parts: Vec<Function<'a>>,
}

/// What the statements of a header are made of.
pub(super) struct Core {
    program: Program<Comparator>,
    syntax: Syntax,
    word: Integer,
}

impl Core {
    /// The statements of the design of `request`.
    pub(super) fn new(request: &EmitRequest<'_>, facts: &Facts, order: &CoreOrder) -> Self {
        let word = Integer { bits: request.options.c.c_word.unwrap_or_default().bits(), signed: false };
        let word_name = word_name(facts);
        Self {
            program: Program::new(request.design, order, STATEMENTS),
            syntax: Syntax {
                terms: Terms { not: '~' },
                local: format!("const {word_name}"),
                workspace: "w",
                ternary: None,
                // Narrower words become int in every operation.
                cast: (word.bits < 32).then_some(word_name),
            },
            word,
        }
    }
}

fn word_name(facts: &Facts) -> String {
    format!("{}_word_t", facts.name)
}

impl<'a> Header<'a> {
    /// The header of the design of `request`.
    pub(super) fn new(request: &EmitRequest<'_>, facts: &Facts, core: &'a Core) -> Self {
        let (design, program) = (request.design, &core.program);
        let code = Integer::code(&design.input);
        let (mut outputs, mut bounds, mut largest_group) = (program.outputs.clone(), Vec::new(), 0);
        if let DesignHead::Classes(head) = &design.head {
            let (grouped, groups) = program.grouped_outputs(&head.groups);
            largest_group = head.groups.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
            bounds.extend(groups.iter().flat_map(|&(first, complements, _)| [first as i64, complements as i64]));
            bounds.extend(groups.last().map(|&(.., end)| end as i64));
            outputs = grouped;
        }
        let output = |output: &crate::emit::program::Output| match design.head {
            DesignHead::Bits => 2 * i64::from(output.slot) + i64::from(output.inverted),
            DesignHead::Classes(_) => i64::from(output.slot),
        };
        let classes = facts.output.classes();
        let mut header = Self {
            notes: Vec::new(),
            name: facts.name.clone(),
            upper: facts.name.to_ascii_uppercase(),
            features: facts.features,
            code,
            classes,
            class: Integer::holding(classes.saturating_sub(1)),
            class_bits: facts.output.class_bits().max(1),
            score: Integer::score(largest_group),
            score_bits: facts.output.score_bits(),
            bits: if classes == 0 { facts.output.width() } else { 0 },
            word: core.word,
            word_name: word_name(facts),
            cast: core.syntax.cast.as_ref().map(|cast| format!("({cast})")).unwrap_or_default(),
            index: if program.sources.len().max(outputs.len()) > UNSIGNED { "uint32_t" } else { "unsigned" },
            batch: request.options.c.c_batch,
            by_eight: largest_group >= 4 * 8,
            workspace: program.slots.max(1),
            compared: Array::unsigned(program.sources.iter().map(|source| i64::from(source.feature)).collect()),
            thresholds: Array::new(code, program.sources.iter().map(|source| source.threshold).collect()),
            outputs: Array::unsigned(outputs.iter().map(output).collect()),
            bounds: Array::unsigned(bounds),
            zero: program.zero,
            parts: program.functions(&core.syntax),
        };
        header.notes = notes(request, facts, &header, program);
        header
    }
}

fn notes(request: &EmitRequest<'_>, facts: &Facts, header: &Header<'_>, program: &Program<Comparator>) -> Vec<String> {
    let (name, upper) = (&header.name, &header.upper);
    let mut lines = origin(request, "LUT network in C99, as word operations");
    lines.push(String::new());
    lines.extend(interface(request, facts));
    let rom: usize =
        [&header.compared, &header.thresholds, &header.outputs, &header.bounds].iter().map(|array| array.bytes()).sum();
    lines.push(format!(
        "Work: {} operations on words of {} bits. Memory: {rom} bytes of constants beside the code,",
        program.operations, header.word.bits
    ));
    // Adding up eight words takes twelve, beside the scores of a class, the largest and its class.
    let batch = if header.batch { 12 + 2 * header.score_bits + header.class_bits } else { 0 };
    lines.push(format!(
        "{} words of workspace; a function has at most {} other words to keep at a time.",
        header.workspace,
        program.live_locals().max(batch)
    ));
    lines.push(String::new());
    lines.extend(functions(name, header.classes > 0));
    if header.batch {
        lines.extend(batch_functions(name, header.classes > 0));
    }
    lines.push(String::new());
    lines.extend(memory(name, upper, "words"));
    lines
}
