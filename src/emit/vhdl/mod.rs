//! VHDL-2008 with a self-checking test bench: one file, each entity after those that it uses.

mod syntax;

use askama::Template;

use super::hdl::{
    ArgmaxForm, ArgmaxModule, Bench, ClassSource, Core, Encoder, Form, Hardware, Head, HeadModules, Interface,
    LutStyle, PopcountModule, ScoreForm, latency, registers,
};
use super::notes::origin;
use super::order::CoreOrder;
use super::text::Text;
use super::{EmitError, EmitOptions, EmitRequest, EmittedFile, Target, vectors};
use crate::netlist::Design;

use self::syntax::Vhdl as Syntax;

/// Name of the target.
const TARGET: &str = "vhdl";

/// The VHDL target.
#[derive(Debug)]
pub(super) struct Vhdl;

impl Target for Vhdl {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "VHDL-2008, the same hardware as the Verilog, with a self-checking test bench"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        vectors::check(TARGET, request.design, request.vectors)?;
        if request.options.hdl.project {
            let reason =
                "--project writes scripts for the Verilog; leave it out or export `--target verilog`".to_owned();
            return Err(EmitError::Combination { target: TARGET, reason });
        }
        let order = CoreOrder::new(request.design);
        let hardware = Hardware::new(TARGET, request, &order)?;
        let name = &hardware.facts.name;
        let design = design_file(request, &hardware)?;
        let stands = |name: &str| design.as_str().contains(&format!(" : component {name}\n"));
        let sizes: Vec<usize> = (1..=6).filter(|size| stands(&format!("LUT{size}"))).collect();
        let (pairs, chains) = (stands("LUT6_2"), stands("CARRY4"));
        let file = |suffix: &str, purpose, contents| EmittedFile { name: format!("{name}{suffix}"), purpose, contents };
        let mut files = vec![file(".vhd", "the design", design.into_bytes())];
        if !sizes.is_empty() || pairs || chains {
            let notes = origin(request, "simulation models of the FPGA primitives");
            let mut text = Text::new(TARGET);
            text.template(&Primitives { notes, sizes: &sizes, pairs, chains })?;
            files.push(file("_primitives.vhd", "models of its primitives, for simulation", text.into_bytes()));
        }
        if !request.vectors.vectors.is_empty() {
            let mut bench = Text::new(TARGET);
            bench.template(&BenchFile { b: &Bench::new(request, &hardware) })?;
            files.push(file("_tb.vhd", "self-checking test bench", bench.into_bytes()));
        }
        files.extend(super::hdl_vectors(&hardware, request));
        Ok(files)
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

/// `<name>.vhd`.
fn design_file(request: &EmitRequest<'_>, h: &Hardware<'_>) -> Result<Text, EmitError> {
    let name = h.facts.name.as_str();
    let enable = h.settings.enable();
    let mut text = Text::new(TARGET);
    let notes = h.notes(request, &Syntax);
    text.template(&PackageFile { notes: &notes, name, style: h.settings.style })?;
    if let Some(m) = &h.parts.encoder {
        text.template(&EncoderFile { name, m })?;
    }
    text.template(&CoreFile { name, m: &h.parts.core, enable })?;
    if let Some(HeadModules { head, popcounts, argmax }) = &h.parts.head {
        for m in popcounts {
            text.template(&PopcountFile { name, m, enable })?;
        }
        if let Some(m) = argmax {
            text.template(&ArgmaxFile { name, m, enable })?;
        }
        text.template(&HeadFile { name, m: head, enable })?;
    }
    text.template(&TopFile { name, h })?;
    Ok(text)
}

/// The comment at the top and the package of the table function.
#[derive(Template)]
#[template(path = "vhdl/package.vhd", escape = "none")]
struct PackageFile<'a> {
    notes: &'a [String],
    name: &'a str,
    style: LutStyle,
}

#[derive(Template)]
#[template(path = "vhdl/encoder.vhd", escape = "none")]
struct EncoderFile<'a> {
    name: &'a str,
    m: &'a Encoder,
}

#[derive(Template)]
#[template(path = "vhdl/core.vhd", escape = "none")]
struct CoreFile<'a> {
    name: &'a str,
    m: &'a Core<'a>,
    enable: bool,
}

#[derive(Template)]
#[template(path = "vhdl/popcount.vhd", escape = "none")]
struct PopcountFile<'a> {
    name: &'a str,
    m: &'a PopcountModule,
    enable: bool,
}

#[derive(Template)]
#[template(path = "vhdl/argmax.vhd", escape = "none")]
struct ArgmaxFile<'a> {
    name: &'a str,
    m: &'a ArgmaxModule,
    enable: bool,
}

#[derive(Template)]
#[template(path = "vhdl/head.vhd", escape = "none")]
struct HeadFile<'a> {
    name: &'a str,
    m: &'a Head,
    enable: bool,
}

#[derive(Template)]
#[template(path = "vhdl/top.vhd", escape = "none")]
struct TopFile<'a> {
    name: &'a str,
    h: &'a Hardware<'a>,
}

/// `<name>_primitives.vhd`.
#[derive(Template)]
#[template(path = "vhdl/primitives.vhd", escape = "none")]
struct Primitives<'a> {
    notes: Vec<String>,
    sizes: &'a [usize],
    pairs: bool,
    chains: bool,
}

/// `<name>_tb.vhd`.
#[derive(Template)]
#[template(path = "vhdl/testbench.vhd", escape = "none")]
struct BenchFile<'a> {
    b: &'a Bench,
}
