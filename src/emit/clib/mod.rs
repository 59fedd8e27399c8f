//! A C library for hosts: many samples at a time, one per bit of the widest registers.
//!
//! Codes are transposed to planes of bits, the comparators and tables run as straight-line
//! statements on them, scores are counted by carry-save adders and compared bit by bit, and only
//! the results are turned back into numbers.

use std::fmt;

use askama::Template;

use crate::bitslice::Terms;
use crate::netlist::DesignHead;

use super::notes::{Facts, interface, origin};
use super::order::CoreOrder;
use super::program::{Function, Output, Part, Program, STATEMENTS, Syntax, code_bytes};
use super::text::Text;
use super::{EmitError, EmitRequest, EmittedFile, Target, unsigned_type};

/// Name of the target.
const TARGET: &str = "c-lib";

/// Parts per source file, so that files compile side by side and none is huge.
const PARTS_PER_FILE: usize = 32;

/// C's operators.
const C: Terms = Terms { not: '~' };

/// The C library target.
#[derive(Debug)]
pub(super) struct CLib;

impl Target for CLib {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "C99 library for hosts: batches, one sample per bit of the widest registers (AVX-512, AVX2, NEON, 64 bits)"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        let order = CoreOrder::new(request.design);
        let facts = Facts::new(request, &order);
        let program = Program::new(request.design, &order, STATEMENTS);
        let library = Library::new(request, &facts);
        let files: Vec<&[Part]> = program.parts.chunks(PARTS_PER_FILE).collect();
        let name = &facts.name;
        let notes = notes(request, &facts, &program, &library);
        let mut emitted: Vec<EmittedFile> = vec![
            render(&Header { l: &library, notes }, format!("lib{name}.h"), "the functions of the library")?,
            render(
                &Source::new(request, &library, &program, files.len()),
                format!("lib{name}.c"),
                "codes to bits, scores and classes",
            )?,
            render(&Words::new(&library, &program, files.len()), format!("lib{name}_words.h"), "private: words")?,
        ];
        let syntax = Syntax { terms: C, local: "const W".to_owned(), workspace: "v", ternary: Some('F'), cast: None };
        for (file, parts) in files.iter().enumerate() {
            let parts = (file * PARTS_PER_FILE..).zip(*parts);
            let parts = parts.map(|(number, part)| Function { number, part, syntax: &syntax }).collect();
            let core = Core { l: &library, file, parts };
            emitted.push(render(&core, format!("lib{name}_core{file}.c"), "the tables")?);
        }
        let makefile = Makefile { l: &library, core_files: files.len() };
        emitted.push(render(&makefile, "Makefile".to_owned(), "builds the library")?);
        Ok(emitted)
    }
}

fn render(template: &impl Template, name: String, purpose: &'static str) -> Result<EmittedFile, EmitError> {
    let mut text = Text::new(TARGET);
    text.template(template)?;
    Ok(EmittedFile { name, purpose, contents: text.into_bytes() })
}

/// What all files know.
struct Library {
    origin: Vec<String>,
    name: String,
    upper: String,
    features: usize,
    code: String,
    classes: usize,
    class: String,
    class_bits: usize,
    score: String,
    score_bits: usize,
    bits: usize,
}

impl Library {
    fn new(request: &EmitRequest<'_>, facts: &Facts) -> Self {
        let input = request.design.input;
        let classes = facts.output.classes();
        let largest = (1usize << facts.output.score_bits()) - 1;
        Self {
            origin: origin(request, "LUT network as a C library"),
            name: facts.name.clone(),
            upper: facts.name.to_ascii_uppercase(),
            features: facts.features,
            code: format!("{}int{}_t", if input.signed { "" } else { "u" }, 8 * code_bytes(input)),
            classes,
            class: format!("uint{}_t", unsigned_type(classes.saturating_sub(1))),
            class_bits: facts.output.class_bits(),
            score: format!("uint{}_t", unsigned_type(largest).max(16)),
            score_bits: facts.output.score_bits(),
            bits: if classes == 0 { facts.output.width() } else { 0 },
        }
    }
}

fn notes(request: &EmitRequest<'_>, facts: &Facts, program: &Program, library: &Library) -> Vec<String> {
    let mut lines = origin(request, "LUT network as a C library");
    lines.push(String::new());
    lines.extend(interface(request, facts));
    lines.push(format!(
        "Work: {} statements on words, {} operations of two words; workspace of {} words.",
        program.statements(),
        program.operations,
        program.slots
    ));
    lines.push(String::new());
    lines.push("The functions are re-entrant and keep no state. Codes must be in range. A word is the".to_owned());
    lines.push(format!("widest register that the compiler may use; see {0}_WORD_BYTES in", library.upper));
    lines.push(format!("lib{}_words.h. Build with make, or add the .c files to your own build.", library.name));
    lines
}

/// `lib<name>.h`.
#[derive(Template)]
#[template(path = "clib/lib.h", escape = "none")]
struct Header<'a> {
    l: &'a Library,
    notes: Vec<String>,
}

/// `lib<name>_words.h`.
#[derive(Template)]
#[template(path = "clib/words.h", escape = "none")]
struct Words<'a> {
    l: &'a Library,
    functions: Vec<Macro>,
    core_files: usize,
}

/// A function of three words.
struct Macro {
    hex: String,
    formula: String,
}

impl<'a> Words<'a> {
    fn new(l: &'a Library, program: &Program, core_files: usize) -> Self {
        let function = |table| Macro {
            hex: format!("{table:02x}"),
            formula: format!("({})", C.write(table, ["(a)", "(b)", "(c)"])),
        };
        Self { l, functions: program.tables().into_iter().map(function).collect(), core_files }
    }
}

/// `lib<name>_core<file>.c`.
#[derive(Template)]
#[template(path = "clib/core.c", escape = "none")]
struct Core<'a> {
    l: &'a Library,
    file: usize,
    parts: Vec<Function<'a>>,
}

/// `lib<name>.c`.
#[derive(Template)]
#[template(path = "clib/lib.c", escape = "none")]
struct Source<'a> {
    l: &'a Library,
    planes: usize,
    plane_runs: Vec<PlaneRun>,
    plane_bytes: Array,
    outputs: Array,
    bounds: Array,
    complements: Array,
    zero: Option<u32>,
    slots: u32,
    core_files: usize,
}

/// Planes of one bit of one stretch of the input.
struct PlaneRun {
    stretch: usize,
    bit: u32,
    planes: usize,
}

/// The elements of a constant array.
struct Array {
    element: String,
    values: Vec<usize>,
}

impl Array {
    fn new(values: Vec<usize>) -> Self {
        let largest = values.iter().copied().max().unwrap_or(0);
        Self { element: format!("uint{}_t", unsigned_type(largest)), values }
    }

    fn len(&self) -> usize {
        self.values.len()
    }
}

impl fmt::Display for Array {
    /// The elements, sixteen to a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.values.chunks(16) {
            f.write_str("\n   ")?;
            for value in line {
                write!(f, " {value}u,")?;
            }
        }
        Ok(())
    }
}

impl<'a> Source<'a> {
    fn new(request: &EmitRequest<'_>, l: &'a Library, program: &Program, core_files: usize) -> Self {
        let input = request.design.input;
        let places: Vec<_> = program.sources.iter().map(|plane| plane.place(input)).collect();
        let plane_runs = places
            .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
            .map(|run| PlaneRun { stretch: run[0].0, bit: run[0].1, planes: run.len() })
            .collect();
        let (mut outputs, mut bounds) = (program.outputs.clone(), Vec::new());
        if let DesignHead::Classes(head) = &request.design.head {
            let (grouped, groups) = program.grouped_outputs(&head.groups);
            outputs = grouped;
            bounds.push(0);
            bounds.extend(groups.into_iter().flat_map(|(_, complements, end)| [complements, end]));
        }
        Self {
            l,
            planes: places.len(),
            plane_runs,
            plane_bytes: Array::new(places.iter().map(|place| place.2).collect()),
            outputs: Array::new(outputs.iter().map(|output| output.slot as usize).collect()),
            complements: Array::new(outputs.iter().map(|output: &Output| usize::from(output.inverted)).collect()),
            bounds: Array::new(bounds),
            zero: program.zero,
            slots: program.slots,
            core_files,
        }
    }
}

/// `Makefile`.
#[derive(Template)]
#[template(path = "clib/Makefile", escape = "none")]
struct Makefile<'a> {
    l: &'a Library,
    core_files: usize,
}
