//! C++ for high-level synthesis (Vitis HLS), with a C-simulation test bench.

mod core;

use askama::Template;

use crate::netlist::{Contestant, DesignHead, Duel};

use self::core::{Core, Value};
use super::notes::{Facts, interface, origin};
use super::order::CoreOrder;
use super::text::Text;
use super::{EmitError, EmitRequest, EmittedFile, Target, unsigned_type, vectors};

/// Name of the target.
const TARGET: &str = "hls";

/// The HLS target.
#[derive(Debug)]
pub(super) struct Hls;

impl Target for Hls {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "C++ for Vitis HLS with pragmas, a C-simulation test bench and a Tcl script"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        vectors::check(TARGET, request.design, request.vectors)?;
        let order = CoreOrder::new(request.design);
        let facts = Facts::new(request, &order);
        let name = &facts.name;
        let has_bench = !request.vectors.vectors.is_empty();
        let file =
            |name: String, purpose, template: Text| EmittedFile { name, purpose, contents: template.into_bytes() };
        let interface = Interface::new(request, &facts);
        let mut files = vec![
            file(format!("{name}.hpp"), "types and the top function", render(&Declarations { i: &interface })?),
            file(format!("{name}.cpp"), "the design", render(&Definitions::new(request, &interface, &order))?),
            file("run_hls.tcl".to_owned(), "script for vitis_hls -f", render(&Script { i: &interface, has_bench })?),
        ];
        if has_bench {
            files.push(file(format!("{name}_tb.cpp"), "C-simulation test bench", render(&Bench { i: &interface })?));
            let contents = vectors::decimal_lines(request.vectors);
            let name = format!("{name}_vectors.txt");
            files.push(EmittedFile { name, purpose: "test vectors: codes and the reference's outputs", contents });
        }
        Ok(files)
    }
}

fn render(template: &impl Template) -> Result<Text, EmitError> {
    let mut text = Text::new(TARGET);
    text.template(template)?;
    Ok(text)
}

/// What all files know of the top function.
struct Interface {
    origin: Vec<String>,
    notes: Vec<String>,
    name: String,
    upper: String,
    features: usize,
    code_bits: usize,
    signed: bool,
    classes: usize,
    class_bits: usize,
    score_bits: usize,
    bits: usize,
}

impl Interface {
    fn new(request: &EmitRequest<'_>, facts: &Facts) -> Self {
        Self {
            origin: origin(request, "LUT network for high-level synthesis"),
            notes: interface(request, facts),
            name: facts.name.clone(),
            upper: facts.name.to_ascii_uppercase(),
            features: facts.features,
            code_bits: facts.bits,
            signed: facts.signed,
            classes: facts.output.classes(),
            class_bits: facts.output.class_bits(),
            score_bits: facts.output.score_bits(),
            bits: if facts.output.classes() == 0 { facts.output.width() } else { 0 },
        }
    }

    /// Bits of the plain integer that holds `bits` bits.
    fn plain(&self, bits: &usize) -> u32 {
        unsigned_type((1usize << *bits) - 1)
    }
}

/// `<name>.hpp`.
#[derive(Template)]
#[template(path = "hls/network.hpp", escape = "none")]
struct Declarations<'a> {
    i: &'a Interface,
}

/// `run_hls.tcl`.
#[derive(Template)]
#[template(path = "hls/run_hls.tcl", escape = "none")]
struct Script<'a> {
    i: &'a Interface,
    has_bench: bool,
}

/// `<name>_tb.cpp`.
#[derive(Template)]
#[template(path = "hls/testbench.cpp", escape = "none")]
struct Bench<'a> {
    i: &'a Interface,
}

/// `<name>.cpp`.
#[derive(Template)]
#[template(path = "hls/network.cpp", escape = "none")]
struct Definitions<'a> {
    i: &'a Interface,
    core: Core<'a>,
    groups: Vec<std::ops::Range<usize>>,
    duels: Vec<DuelView>,
}

/// One duel with the expressions of its two sides.
struct DuelView {
    scores: [String; 2],
    classes: [String; 2],
}

impl<'a> Definitions<'a> {
    fn new(request: &EmitRequest<'a>, interface: &'a Interface, order: &'a CoreOrder) -> Self {
        let (groups, duels) = match &request.design.head {
            DesignHead::Bits => (Vec::new(), Vec::new()),
            DesignHead::Classes(head) => (head.groups.clone(), head.argmax().duels),
        };
        Self {
            i: interface,
            core: Core::new(request.design, order),
            groups,
            duels: duels.iter().map(DuelView::new).collect(),
        }
    }
}

impl DuelView {
    fn new(duel: &Duel) -> Self {
        let sides = [duel.first, duel.second];
        Self {
            scores: sides.map(|side| match side {
                Contestant::Class(class) => format!("score[{class}]"),
                Contestant::Winner(duel) => format!("score_{duel}"),
            }),
            classes: sides.map(|side| match side {
                Contestant::Class(class) => class.to_string(),
                Contestant::Winner(duel) => format!("class_{duel}"),
            }),
        }
    }
}
