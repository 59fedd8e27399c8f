//! One Rust file: `core` only, no dependencies, no unsafe code, no allocation.
//!
//! It computes on machine words with one sample per bit, so a batch takes no longer than a single
//! sample; the word is `usize`, which suits microcontrollers and hosts alike.

use askama::Template;

use crate::bitslice::Terms;
use crate::netlist::DesignHead;

use super::notes::{Facts, interface, origin};
use super::order::CoreOrder;
use super::program::{Function, Output, Plane, Program, STATEMENTS, Syntax, code_bytes};
use super::text::Text;
use super::{EmitError, EmitRequest, EmittedFile, Target};

/// Name of the target.
const TARGET: &str = "rust";

/// Rust's operators.
const RUST: Terms = Terms { not: '!' };

/// The Rust target.
#[derive(Debug)]
pub(super) struct Rust;

impl Target for Rust {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "Rust module for no_std: no dependencies, no unsafe code, one sample or batches of one per bit"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        let order = CoreOrder::new(request.design);
        let facts = Facts::new(request, &order);
        let program = Program::new(request.design, &order, STATEMENTS);
        let mut text = Text::new(TARGET);
        let syntax = Syntax { terms: RUST, local: "let".to_owned(), workspace: "v", ternary: Some('f'), cast: None };
        text.template(&Module::new(request, &facts, &program, &syntax))?;
        let name = format!("{}.rs", facts.name);
        Ok(vec![EmittedFile { name, purpose: "the network as a Rust module", contents: text.into_bytes() }])
    }
}

/// `<name>.rs`.
#[derive(Template)]
#[template(path = "rust/network.rs", escape = "none")]
struct Module<'a> {
    notes: Vec<String>,
    feature: String,
    features: usize,
    classes: usize,
    score_bits: usize,
    bits: usize,
    slots: u32,
    planes: &'a [Plane],
    zero: Option<u32>,
    outputs: Vec<Output>,
    groups: Vec<(usize, usize, usize)>,
    functions: Vec<TernaryFunction>,
    parts: Vec<Function<'a>>,
}

/// A function of three words.
struct TernaryFunction {
    hex: String,
    formula: String,
}

impl<'a> Module<'a> {
    fn new(request: &EmitRequest<'_>, facts: &Facts, program: &'a Program, syntax: &'a Syntax) -> Self {
        let input = request.design.input;
        let classes = facts.output.classes();
        let (outputs, groups) = match &request.design.head {
            DesignHead::Bits => (program.outputs.clone(), Vec::new()),
            DesignHead::Classes(head) => program.grouped_outputs(&head.groups),
        };
        let function =
            |table: u8| TernaryFunction { hex: format!("{table:02x}"), formula: RUST.write(table, ["a", "b", "c"]) };
        Self {
            notes: notes(request, facts, program),
            feature: format!("{}{}", if input.signed { 'i' } else { 'u' }, 8 * code_bytes(input)),
            features: facts.features,
            classes,
            score_bits: facts.output.score_bits(),
            bits: if classes == 0 { facts.output.width() } else { 0 },
            slots: program.slots,
            planes: &program.sources,
            zero: program.zero,
            outputs,
            groups,
            functions: program.tables().into_iter().map(function).collect(),
            parts: program.functions(syntax),
        }
    }
}

fn notes(request: &EmitRequest<'_>, facts: &Facts, program: &Program) -> Vec<String> {
    let mut lines = origin(request, "LUT network as a Rust module");
    lines.push(String::new());
    lines.extend(interface(request, facts));
    lines.push(format!(
        "Work: {} operations on words; workspace of {} words, on the stack for single samples.",
        program.operations, program.slots
    ));
    lines.push(String::new());
    lines.push(
        "Uses `core` only: put it as a module into any crate, no_std included. Codes must be in range.".to_owned(),
    );
    lines
}
