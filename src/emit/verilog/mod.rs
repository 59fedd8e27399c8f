//! Verilog-2005 with a self-checking test bench.
//!
//! One file holds the whole design, a module per part: encoder, core, popcounts, argmax, head.
//! Signals between modules are scalars, since a change of one bit of a bus wakes every reader of
//! the bus in event-driven simulators, which measured a thousand times slower.

mod argmax;
mod core;
mod encoder;
mod head;
mod lut;
mod pipeline;
mod popcount;
mod testbench;
mod top;
mod wire;

use askama::Template;

use self::core::{Core, CoreTiming};
use self::encoder::Encoder;
use self::head::HeadModules;
use self::pipeline::Pipeline;
use self::testbench::TestBench;
use self::top::Top;

use crate::netlist::{Design, DesignHead};

use super::notes::{Facts, origin};
use super::order::CoreOrder;
use super::text::Text;
use super::{EmitError, EmitOptions, EmitRequest, EmittedFile, LutStyle, Target, vectors};

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
        "Verilog-2005 for FPGAs and simulators, combinational or pipelined, with a self-checking test bench"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        let pipeline = Pipeline::new(request.options)?;
        vectors::check(TARGET, request.design, request.vectors)?;
        let order = CoreOrder::new(request.design);
        let facts = Facts::new(request, &order);
        let file = |suffix: &str, purpose, contents| EmittedFile {
            name: format!("{}{suffix}", facts.name),
            purpose,
            contents,
        };
        let design = design_file(request, &facts, &order, pipeline)?;
        let primitives = match request.options.lut_style {
            LutStyle::Table => None,
            LutStyle::Primitive => Some(primitives_file(request, &design)?),
        };
        let mut files = vec![file(".v", "the design", design.into_bytes())];
        files
            .extend(primitives.map(|models| file("_primitives.v", "models of its primitives, for simulation", models)));
        if !request.vectors.vectors.is_empty() {
            let mut bench = Text::new(TARGET);
            bench.template(&TestBench::new(request, &facts, pipeline))?;
            files.push(file("_tb.v", "self-checking test bench", bench.into_bytes()));
            let inputs = vectors::input_lines(request.design, request.vectors);
            files.push(file("_inputs.hex", "test vectors: the input bus", inputs));
            let expected = vectors::output_lines(facts.output, request.vectors);
            files.push(file("_expected.hex", "test vectors: the outputs of the reference inference", expected));
        }
        Ok(files)
    }

    fn latency(&self, design: &Design, options: &EmitOptions) -> u32 {
        Pipeline::new(options).map_or(0, |pipeline| pipeline.latency(design.depth()))
    }
}

/// `<name>.v`.
fn design_file(
    request: &EmitRequest<'_>,
    facts: &Facts,
    order: &CoreOrder,
    pipeline: Pipeline,
) -> Result<Text, EmitError> {
    let (design, style) = (request.design, request.options.lut_style);
    let head = match &design.head {
        DesignHead::Bits => None,
        DesignHead::Classes(classes) => Some(HeadModules::new(design, classes, facts, pipeline, style)),
    };
    let reader = match head {
        Some(_) => pipeline.stage(design.core_level()),
        None => pipeline.latency(design.depth()),
    };
    let timing = CoreTiming::new(design, order, pipeline, reader);
    let core = Core::new(design, order, facts, timing, style);
    let encoder = !order.comparators.is_empty();
    let head_ports = head.as_ref().map(|modules| modules.head.ports());

    let mut text = Text::new(TARGET);
    text.template(&Top::new(request, facts, pipeline, encoder, core.ports(), head_ports))?;
    let name = &facts.name;
    if encoder {
        module(&mut text, format!("{name}_encoder"), &Encoder::new(design, order, facts))?;
    }
    module(&mut text, format!("{name}_core"), &core)?;
    if let Some(HeadModules { head, popcounts, argmax }) = &head {
        module(&mut text, format!("{name}_head"), head)?;
        for popcount in popcounts {
            module(&mut text, popcount.module_name(), popcount)?;
        }
        if let Some(argmax) = argmax {
            module(&mut text, format!("{name}_argmax"), argmax)?;
        }
    }
    text.push("\n`default_nettype wire\n");
    Ok(text)
}

/// Verilator's `-Wall` wants every module in a file of its own name. The design is one file, so
/// that it cannot be taken apart; Verilator alone is told that each module's text comes from
/// the file that it would ask for, with the line numbers of the real one.
#[derive(Template)]
#[template(path = "verilog/line.v", escape = "none")]
struct LineDirective {
    line: usize,
    module: String,
}

impl LineDirective {
    /// Lines of the directive itself, with the blank one before it.
    const LINES: usize = 4;
}

fn module(text: &mut Text, name: String, template: &impl Template) -> Result<(), EmitError> {
    let line = text.lines() + LineDirective::LINES + 1;
    text.template(&LineDirective { line, module: name })?;
    text.template(template)
}

/// The comment at the top of the models of the primitives.
#[derive(Template)]
#[template(path = "verilog/primitives.v", escape = "none")]
struct Primitives {
    notes: Vec<String>,
}

/// The model of one primitive.
#[derive(Template)]
#[template(path = "verilog/primitive.v", escape = "none")]
struct PrimitiveModel {
    size: usize,
    rows: usize,
    inputs: std::ops::Range<usize>,
}

/// `<name>_primitives.v`: the primitives that `design` has instances of, since a linter takes a
/// module without instances for another top.
fn primitives_file(request: &EmitRequest<'_>, design: &Text) -> Result<Vec<u8>, EmitError> {
    let mut text = Text::new(TARGET);
    text.template(&Primitives { notes: origin(request, "simulation models of the FPGA primitives") })?;
    for size in (1..=6).filter(|size| design.as_str().contains(&format!("\n  LUT{size} #("))) {
        module(&mut text, format!("LUT{size}"), &PrimitiveModel { size, rows: 1 << size, inputs: 0..size })?;
    }
    text.push("\n`default_nettype wire\n");
    Ok(text.into_bytes())
}
