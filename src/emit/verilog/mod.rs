//! Verilog-2005 with a self-checking test bench, a file per module as linters want it.

mod project;
mod raster;
mod syntax;

use askama::Template;

use super::hdl::ClassSource;
use super::hdl::{
    ArgmaxForm, ArgmaxModule, Bench, Core, Encoder, Form, Hardware, Head, HeadModules, Interface, PopcountModule,
    ScoreForm, latency, registers,
};
use super::notes::origin;
use super::order::CoreOrder;
use super::text::Text;
use super::{EmitError, EmitOptions, EmitRequest, EmittedFile, StreamRequest, StreamedFacts, Target, vectors};
use crate::netlist::{Design, StreamedDesign};

use self::syntax::Verilog as Syntax;

/// Name of the target.
const TARGET: &str = "verilog";

/// The Verilog target.
#[derive(Debug)]
pub(super) struct Verilog;

impl Target for Verilog {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "Verilog-2005 for FPGAs and simulators: combinational, pipelined or AXI4-Stream, with a self-checking test bench"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        vectors::check(TARGET, request.design, request.vectors)?;
        let order = CoreOrder::new(request.design);
        let hardware = Hardware::new(TARGET, request, &order)?;
        let name = &hardware.facts.name;
        let modules = modules(request, &hardware)?;
        let sources: Vec<String> = modules.iter().map(|(module, _)| format!("{module}.v")).collect();
        let primitives = primitives_of(modules.iter().map(|(_, text)| text));
        let file = |name: String, purpose, contents| EmittedFile { name, purpose, contents };
        let mut files = Vec::new();
        for (module, text) in modules {
            let purpose = purpose(name, &module);
            files.push(file(format!("{module}.v"), purpose, text.into_bytes()));
        }
        files.extend(primitive_models(&origin(request, "simulation model of an FPGA primitive"), &primitives)?);
        if !request.vectors.vectors.is_empty() {
            let mut bench = Text::new(TARGET);
            bench.template(&BenchFile { b: &Bench::new(request, &hardware) })?;
            files.push(file(format!("{name}_tb.v"), "self-checking test bench", bench.into_bytes()));
        }
        files.extend(super::hdl_vectors(&hardware, request));
        if request.options.hdl.project {
            files.extend(project::files(request, &hardware, &sources)?);
        }
        Ok(files)
    }

    fn emit_streamed(&self, request: &StreamRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        raster::emit(request)
    }

    fn streamed_facts(&self, design: &StreamedDesign, options: &EmitOptions) -> Result<StreamedFacts, EmitError> {
        raster::facts(design, options)
    }

    fn latency(&self, design: &Design, options: &EmitOptions) -> u32 {
        latency(TARGET, design, options)
    }

    fn registers(&self, design: &Design, options: &EmitOptions) -> usize {
        registers(TARGET, design, options)
    }

    fn is_hardware(&self) -> bool {
        true
    }
}

/// An FPGA primitive that designs are made of.
#[derive(Clone, Copy)]
enum PrimitiveKind {
    /// `LUT1` to `LUT6`.
    Lut(usize),
    /// `LUT6_2`.
    Pair,
    /// `CARRY4`.
    Carry,
}

/// The FPGA primitives that stand in the texts.
fn primitives_of<'a>(texts: impl Iterator<Item = &'a Text> + Clone) -> Vec<PrimitiveKind> {
    let stands = |start: &str| texts.clone().any(|text| text.as_str().contains(start));
    let sizes = (1..=6).filter(|size| stands(&format!("\n  LUT{size} #(")));
    let mut found: Vec<PrimitiveKind> = sizes.map(PrimitiveKind::Lut).collect();
    found.extend(stands("\n  LUT6_2 #(").then_some(PrimitiveKind::Pair));
    found.extend(stands("\n  CARRY4 ").then_some(PrimitiveKind::Carry));
    found
}

/// Simulation models of these FPGA primitives.
fn primitive_models(notes: &[String], kinds: &[PrimitiveKind]) -> Result<Vec<EmittedFile>, EmitError> {
    let mut files = Vec::new();
    for &kind in kinds {
        let mut text = Text::new(TARGET);
        let name = match kind {
            PrimitiveKind::Lut(size) => {
                text.template(&PrimitiveModel { notes, size, rows: 1 << size, inputs: 0..size })?;
                format!("primitives/LUT{size}.v")
            }
            PrimitiveKind::Pair => {
                text.template(&PairModel { notes })?;
                "primitives/LUT6_2.v".to_owned()
            }
            PrimitiveKind::Carry => {
                text.template(&CarryModel { notes })?;
                "primitives/CARRY4.v".to_owned()
            }
        };
        let purpose = "model of a primitive, for simulation";
        files.push(EmittedFile { name, purpose, contents: text.into_bytes() });
    }
    Ok(files)
}

/// What the file of a module is.
fn purpose(name: &str, module: &str) -> &'static str {
    match module.strip_prefix(name).unwrap_or_default() {
        "" => "the design",
        "_encoder" => "its comparators",
        "_core" => "its lookup tables",
        "_head" => "its scores and class",
        "_argmax" => "the search for the largest score",
        _ => "a population count",
    }
}

/// The modules with their names, the top first.
fn modules(request: &EmitRequest<'_>, hardware: &Hardware<'_>) -> Result<Vec<(String, Text)>, EmitError> {
    let name = hardware.facts.name.as_str();
    let enable = if hardware.settings.enable() { "if (ce) " } else { "" };
    let mut modules = Vec::new();
    let mut add = |module: String, template: &dyn askama::DynTemplate| -> Result<(), EmitError> {
        let mut text = Text::new(TARGET);
        text.dynamic(template)?;
        modules.push((module, text));
        Ok(())
    };
    let part = origin(request, "a part of the network in Verilog-2005");
    add(name.to_owned(), &TopFile { notes: &hardware.notes(request, &Syntax), name, h: hardware })?;
    if let Some(encoder) = &hardware.parts.encoder {
        add(format!("{name}_encoder"), &EncoderFile { notes: &part, name, m: encoder })?;
    }
    add(format!("{name}_core"), &CoreFile { notes: &part, name, m: &hardware.parts.core, enable })?;
    if let Some(HeadModules { head, popcounts, argmax }) = &hardware.parts.head {
        add(format!("{name}_head"), &HeadFile { notes: &part, name, m: head, enable })?;
        for popcount in popcounts {
            let module = format!("{name}_popcount_{}", popcount.label);
            add(module, &PopcountFile { notes: &part, name, m: popcount, enable })?;
        }
        if let Some(argmax) = argmax {
            add(format!("{name}_argmax"), &ArgmaxFile { notes: &part, name, m: argmax, enable })?;
        }
    }
    Ok(modules)
}

/// `<name>.v`.
#[derive(Template)]
#[template(path = "verilog/top.v", escape = "none")]
struct TopFile<'a> {
    notes: &'a [String],
    name: &'a str,
    h: &'a Hardware<'a>,
}

/// `<name>_encoder.v`.
#[derive(Template)]
#[template(path = "verilog/encoder.v", escape = "none")]
struct EncoderFile<'a> {
    notes: &'a [String],
    name: &'a str,
    m: &'a Encoder,
}

/// `<name>_core.v`.
#[derive(Template)]
#[template(path = "verilog/core.v", escape = "none")]
struct CoreFile<'a> {
    notes: &'a [String],
    name: &'a str,
    m: &'a Core<'a>,
    enable: &'static str,
}

/// `<name>_head.v`.
#[derive(Template)]
#[template(path = "verilog/head.v", escape = "none")]
struct HeadFile<'a> {
    notes: &'a [String],
    name: &'a str,
    m: &'a Head,
    enable: &'static str,
}

/// `<name>_popcount_<bits>.v`.
#[derive(Template)]
#[template(path = "verilog/popcount.v", escape = "none")]
struct PopcountFile<'a> {
    notes: &'a [String],
    name: &'a str,
    m: &'a PopcountModule,
    enable: &'static str,
}

/// `<name>_argmax.v`.
#[derive(Template)]
#[template(path = "verilog/argmax.v", escape = "none")]
struct ArgmaxFile<'a> {
    notes: &'a [String],
    name: &'a str,
    m: &'a ArgmaxModule,
    enable: &'static str,
}

/// `primitives/LUT<size>.v`.
#[derive(Template)]
#[template(path = "verilog/primitive.v", escape = "none")]
struct PrimitiveModel<'a> {
    notes: &'a [String],
    size: usize,
    rows: usize,
    inputs: std::ops::Range<usize>,
}

/// `primitives/LUT6_2.v`.
#[derive(Template)]
#[template(path = "verilog/primitive_pair.v", escape = "none")]
struct PairModel<'a> {
    notes: &'a [String],
}

/// `primitives/CARRY4.v`.
#[derive(Template)]
#[template(path = "verilog/primitive_carry.v", escape = "none")]
struct CarryModel<'a> {
    notes: &'a [String],
}

/// `<name>_tb.v`.
#[derive(Template)]
#[template(path = "verilog/testbench.v", escape = "none")]
struct BenchFile<'a> {
    b: &'a Bench,
}
