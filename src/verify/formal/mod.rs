//! The emitted Verilog, read back by yosys and proved equal to the network.
//!
//! What yosys makes of the text becomes an and-inverter graph beside that of the network itself,
//! not optimized. The vectors are simulated first, since most faults show there at once; then SAT
//! sweeping proves the outputs equal for every input. Neither the optimizer nor the printer is
//! trusted, only yosys' reader, the translation of its cells, and the prover.

pub(crate) mod aig;
pub(crate) mod elaborate;
mod luts;
pub(crate) mod netlist;
pub(crate) mod reference;
mod register;
pub(crate) mod sat;
mod word;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::emit::{Convolution, EmitOptions, EncoderOption, Interface, OutputSet, TestVectors, Vector};
use crate::netlist::{Design, DesignHead, InputBus};
use crate::prove::ProofOptions;

use self::aig::{Aig, Lit};
use self::elaborate::{ElaborateError, Elaborated, Timed, elaborate};
use self::netlist::Module;
use self::sat::Proof;

use super::checker::{Answer, CheckRequest, CheckRun, Checker, Difference, Verdict, compare, write_scratch};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct Formal;

static PROGRAMS: [Program; 1] = [Program { name: "yosys", package: "yosys", version_argument: "-V" }];

/// The techmap rule of `templates/verify/tables.v`.
pub(super) const TABLES: &str = include_str!("../../../templates/verify/tables.v");

/// The artefact as a graph.
struct Read {
    aig: Aig,
    outputs: Vec<Timed>,
    /// The bit that says whether the outputs are results.
    valid: Option<Timed>,
    unbalanced: Option<String>,
}

/// What reading came to.
enum Reading {
    Function(Box<Read>),
    /// It is a netlist, but not a function of the inputs.
    Undefined(String),
}

impl Checker for Formal {
    fn name(&self) -> &'static str {
        "formal"
    }

    fn description(&self) -> &'static str {
        "reads the Verilog back by yosys and proves it equal to the network for every input, latency included"
    }

    fn target(&self) -> &'static str {
        "verilog"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn accepts(&self, options: &EmitOptions) -> Result<(), &'static str> {
        let hdl = &options.hdl;
        let is_whole = hdl.convolution == Convolution::Unrolled && hdl.encoder == EncoderOption::On;
        let is_plain = is_whole && hdl.interface != Interface::Axis;
        if is_plain && hdl.outputs == OutputSet::Both {
            return Ok(());
        }
        Err(
            "proves functions of codes, not streams that push back or carry pixels, nor designs without encoder, class or scores",
        )
    }

    /// The function that was read back, on the vectors.
    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        match read(request)? {
            Reading::Function(read) => Ok(CheckRun { answers: read.answers(request), complaint: None }),
            Reading::Undefined(what) => Err(garbage(what)),
        }
    }

    fn judge(&self, request: &CheckRequest<'_>) -> Result<Verdict, ToolError> {
        let started = Instant::now();
        let mut read = match read(request)? {
            Reading::Function(read) => read,
            Reading::Undefined(what) => return Ok(Verdict::Refuted { what, first: None }),
        };
        let vectors = request.vectors.vectors.len();
        match compare(request.vectors, OutputSet::Both, &read.answers(request)) {
            Ok(Verdict::Equal { .. }) => {}
            Ok(verdict) => return Ok(verdict),
            Err(found) => return Err(garbage(format!("{found} results for {vectors} vectors"))),
        }
        if let Some(what) = read.timing(request) {
            return Ok(Verdict::Refuted { what, first: None });
        }
        let (wanted, never_set) = reference::outputs_counted_as(&mut read.aig, request.reference, &request.design.head);
        if wanted.len() != read.outputs.len() {
            return Err(garbage(format!("{} outputs, expected {}", read.outputs.len(), wanted.len())));
        }
        let never_set = never_set.iter().map(|&bit| (bit, Lit::FALSE));
        let pairs: Vec<(Lit, Lit)> =
            wanted.iter().zip(&read.outputs).map(|(&a, b)| (a, b.lit)).chain(never_set).collect();
        let options = ProofOptions { deadline: started.checked_add(request.limit), ..ProofOptions::default() };
        match sat::prove(&read.aig, &pairs, &options) {
            Proof::Equal => {
                let timing = match request.latency {
                    0 => String::new(),
                    1 => ", one cycle later".to_owned(),
                    cycles => format!(", {cycles} cycles later"),
                };
                let valid = if read.valid.is_some() { ", with its valid bit" } else { "" };
                let inputs = request.design.input.width();
                let how = format!("for all 2^{inputs} inputs{timing}{valid}, after {vectors} vectors");
                Ok(Verdict::Proved { vectors, how })
            }
            Proof::Open(outputs) => Err(ToolError::Undecided { check: self.name().to_owned(), outputs }),
            Proof::Different(bus) => {
                let first = read.difference(request, &wanted, &bus);
                Ok(Verdict::Refuted {
                    what: format!("an input that is none of the {vectors} vectors shows it"),
                    first: Some(Box::new(first)),
                })
            }
        }
    }
}

/// Reads the artefact by yosys.
fn read(request: &CheckRequest<'_>) -> Result<Reading, ToolError> {
    if request.frame.is_some() {
        return Err(garbage("a design that takes images pixel by pixel is no function of one input".to_owned()));
    }
    let module = request.identifier;
    let netlist = read_verilog(request, &request.design_sources(), module)?;
    let width = request.design.input.width();
    // Behind the bus the bit that says whether it carries an input.
    let has_valid = request.options.hdl.interface == Interface::Valid;
    let free_from = width + usize::from(has_valid);
    let mut aig = Aig::new(free_from + netlist.open_defaults());
    let bus: Vec<Lit> = (0..width).map(|input| aig.input(input)).collect();
    let free: Vec<Lit> = (free_from..aig.inputs()).map(|input| aig.input(input)).collect();
    let mut inputs = BTreeMap::from([("features".to_owned(), bus)]);
    if has_valid {
        inputs.insert("in_valid".to_owned(), vec![aig.input(width)]);
        // What a reset does is for simulation to check; here it stands still.
        inputs.insert("rst".to_owned(), vec![Lit::FALSE]);
    }
    let (outputs, unbalanced) = match elaborate(&netlist, &mut aig, &inputs, &free) {
        Ok(Elaborated { outputs, unbalanced }) => (outputs, unbalanced),
        Err(ElaborateError::Undefined(what)) => return Ok(Reading::Undefined(what)),
        Err(ElaborateError::Unreadable(what)) => return Err(garbage(what)),
    };
    let port = |name: &str, width: usize| match outputs.get(name) {
        Some(port) if port.len() == width => Ok(port.clone()),
        Some(port) => Err(garbage(format!("the port `{name}` has {} bits, expected {width}", port.len()))),
        None => Err(garbage(format!("there is no output port `{name}`"))),
    };
    let mut bits: Vec<Timed> = Vec::new();
    for (name, width) in output_ports(request.design) {
        bits.extend(port(name, width)?);
    }
    let valid = if has_valid { port("out_valid", 1)?.first().copied() } else { None };
    Ok(Reading::Function(Box::new(Read { aig, outputs: bits, valid, unbalanced })))
}

/// The codes that the bits of an input bus spell.
pub(crate) fn codes_of_bus(input: &InputBus, bus: &[bool]) -> Vec<i64> {
    let code = |bits: &[bool]| {
        let code = bits.iter().rev().fold(0i64, |code, &bit| code << 1 | i64::from(bit));
        let negative = input.signed && bits.last() == Some(&true);
        if negative { code - (1i64 << input.bits) } else { code }
    };
    bus.chunks(input.bits.max(1) as usize).map(code).collect()
}

fn garbage(problem: String) -> ToolError {
    ToolError::Garbage { program: "yosys".to_owned(), problem, tail: "(see netlist.json)".to_owned() }
}

/// The flat netlist that yosys makes of Verilog files.
pub(super) fn read_verilog(request: &CheckRequest<'_>, sources: &[&str], top: &str) -> Result<Module, ToolError> {
    let yosys = PROGRAMS[0].require("formal")?;
    write_scratch(request.folder, "tables.techmap.v", TABLES.as_bytes())?;
    let script = format!(
        "read_verilog {} {}; hierarchy -check -top {top}; proc; flatten; memory -nomap; memory_map; opt_dff; \
         techmap -map tables.techmap.v; simplemap t:$dff t:$dffe t:$sdff t:$sdffe t:$sdffce t:$adff t:$adffe \
         t:$and t:$or t:$xor t:$xnor t:$not t:$mux t:$pos; opt_clean; write_json netlist.json",
        request.verilog_flag(),
        sources.join(" ")
    );
    Run::new(&yosys, request.folder, request.limit).arguments(["-q", "-p", &script]).run()?;
    let path = request.folder.join("netlist.json");
    let text = std::fs::read_to_string(&path).map_err(|source| ToolError::Scratch { path, source })?;
    Module::parse(&text, top).map_err(garbage)
}

/// The output ports of a design in the order of the flat netlist's outputs.
fn output_ports(design: &Design) -> Vec<(&'static str, usize)> {
    match &design.head {
        DesignHead::Bits => vec![("bits", design.core.outputs().len())],
        DesignHead::Classes(head) => {
            vec![("class_index", head.argmax().class_bits()), ("scores", head.score_bits() * head.groups.len())]
        }
    }
}

impl Read {
    /// What is wrong with the clock cycles, if something is.
    fn timing(&self, request: &CheckRequest<'_>) -> Option<String> {
        if let Some(unbalanced) = &self.unbalanced {
            return Some(format!("inputs of different clock cycles meet: {unbalanced}"));
        }
        if let Some(valid) = self.valid {
            let input = self.aig.input(request.design.input.width());
            if valid.lit != input || valid.cycle != Some(request.latency) {
                return Some(format!("`out_valid` is not `in_valid` of {} clock cycles before", request.latency));
            }
        }
        let late = self.outputs.iter().filter_map(|bit| bit.cycle).find(|&cycle| cycle != request.latency)?;
        Some(format!("an output comes after {late} clock cycles; the latency is {}", request.latency))
    }

    /// The outputs on the vectors.
    fn answers(&self, request: &CheckRequest<'_>) -> Vec<Answer> {
        let lits: Vec<Lit> = self.outputs.iter().map(|bit| bit.lit).collect();
        self.outputs_on(request, request.vectors, &lits)
    }

    fn outputs_on(&self, request: &CheckRequest<'_>, vectors: &TestVectors, lits: &[Lit]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(vectors.vectors.len());
        let width = request.design.input.bits as usize;
        for block in vectors.vectors.chunks(64) {
            // Every vector is an input that counts.
            let mut words = vec![u64::MAX; self.aig.inputs()];
            words.iter_mut().take(request.design.input.width()).for_each(|word| *word = 0);
            for (sample, vector) in block.iter().enumerate() {
                for (feature, code) in vector.codes.iter().enumerate() {
                    for bit in 0..width {
                        if let Some(word) = words.get_mut(feature * width + bit) {
                            *word |= ((code >> bit & 1) as u64) << sample;
                        }
                    }
                }
            }
            let values = self.aig.simulate(&words, lits);
            for sample in 0..block.len() {
                let bits: Vec<bool> = values.iter().map(|word| word >> sample & 1 == 1).collect();
                answers.push(Answer::from_bits(request.design, &bits));
            }
        }
        answers
    }

    /// The vector of a bus on which the outputs differ from `wanted`.
    fn difference(&self, request: &CheckRequest<'_>, wanted: &[Lit], bus: &[bool]) -> Difference {
        let width = request.design.input.width();
        let codes = codes_of_bus(&request.design.input, bus.get(..width).unwrap_or(bus));
        let vector = |codes| Vector { codes, bits: Vec::new(), scores: Vec::new(), class: None };
        let one = TestVectors { vectors: vec![vector(codes.clone())] };
        let answer = |lits: &[Lit]| self.outputs_on(request, &one, lits).pop().unwrap_or_else(Answer::none);
        let expected = answer(wanted);
        let lits: Vec<Lit> = self.outputs.iter().map(|bit| bit.lit).collect();
        Difference {
            index: request.vectors.vectors.len(),
            expected: Vector { codes, bits: expected.bits, scores: expected.scores, class: expected.class },
            got: answer(&lits),
        }
    }
}

#[cfg(test)]
mod tests;
