//! The module that users instantiate.

use askama::Template;

use crate::emit::notes::{Facts, OutputBus, interface, origin, plural};
use crate::emit::{EmitRequest, LutStyle};

use super::pipeline::Pipeline;
use super::wire::{Port, Range, Wire};

/// Comments, ports and instances of the parts.
#[derive(Template)]
#[template(path = "verilog/top.v", escape = "none")]
pub(super) struct Top {
    notes: Vec<String>,
    name: String,
    ports: Vec<Port>,
    instances: Vec<Instance>,
    /// One-bit wires between the parts.
    wires: Vec<Wire>,
    /// The plain bits, highest first; empty when there is a head.
    bits: Vec<Wire>,
    unused: Vec<Wire>,
}

/// An instance whose ports carry the names of the signals that they are connected to.
struct Instance {
    module: &'static str,
    ports: Vec<Wire>,
}

impl Top {
    /// The top module over parts with the given ports.
    pub(super) fn new(
        request: &EmitRequest<'_>,
        facts: &Facts,
        pipeline: Pipeline,
        encoder: bool,
        core: &[Port],
        head: Option<&[Port]>,
    ) -> Self {
        let wires_of = |ports: &[Port]| ports.iter().map(|port| port.wire).collect::<Vec<Wire>>();
        let is_inner = |wire: &Wire| matches!(wire, Wire::Comparator(..) | Wire::CoreOutput(_));
        let core = wires_of(core);
        let wires: Vec<Wire> = core.iter().copied().filter(is_inner).collect();
        let mut instances = Vec::new();
        if encoder {
            let mut ports = vec![Wire::Features];
            ports.extend(core.iter().filter(|wire| matches!(wire, Wire::Comparator(..))));
            instances.push(Instance { module: "encoder", ports });
        }
        let mut bits = Vec::new();
        if head.is_none() {
            bits = core.iter().rev().copied().filter(|wire| matches!(wire, Wire::CoreOutput(_))).collect();
        }
        instances.push(Instance { module: "core", ports: core });
        instances.extend(head.map(|ports| Instance { module: "head", ports: wires_of(ports) }));
        let mut ports = Vec::new();
        let mut unused = Vec::new();
        if pipeline.has_clock() {
            ports.push(Port::input(Wire::Clock, 1));
            if !instances.iter().any(|instance| instance.ports.contains(&Wire::Clock)) {
                unused.push(Wire::Clock);
            }
        }
        ports.push(Port::input(Wire::Features, facts.input_width()));
        if !encoder {
            unused.push(Wire::Features);
        }
        match facts.output {
            OutputBus::Bits(count) => ports.push(Port::output(Wire::Bits, count)),
            OutputBus::Classes { classes, class_bits, score_bits } => {
                ports.push(Port::output(Wire::ClassIndex, class_bits));
                ports.push(Port::output(Wire::Scores, classes * score_bits));
            }
        }
        Self { notes: notes(request, facts, pipeline), name: facts.name.clone(), ports, instances, wires, bits, unused }
    }
}

/// The comment at the top of the file.
fn notes(request: &EmitRequest<'_>, facts: &Facts, pipeline: Pipeline) -> Vec<String> {
    let mut lines = origin(request, "LUT network in Verilog-2005");
    lines.push(String::new());
    lines.extend(interface(request, facts));
    lines.push(String::new());
    lines.push("Ports:".to_owned());
    if pipeline.has_clock() {
        lines.push(
            "  clk: everything happens at its rising edge; there is no reset, results are valid after the".to_owned(),
        );
        lines.push("    latency whatever the registers held before.".to_owned());
    }
    let width = |bits: usize| Range(bits).to_string().trim_end().to_owned();
    lines.push(format!(
        "  features{}: feature f at features[f*{bits} +: {bits}]",
        width(facts.input_width()),
        bits = facts.bits
    ));
    match facts.output {
        OutputBus::Bits(count) => lines.push(format!("  bits{}: output i of the last layer at bits[i]", width(count))),
        OutputBus::Classes { classes, class_bits, score_bits } => {
            lines.push(format!("  class_index{}: the class", width(class_bits)));
            lines.push(format!(
                "  scores{}: score of class c at scores[c*{score_bits} +: {score_bits}]",
                width(classes * score_bits)
            ));
        }
    }
    let depth = request.design.depth();
    lines.push(match request.options.registers_every {
        None => format!("Timing: combinational, {depth} level{} of logic from comparator to result.", plural(depth as usize)),
        Some(every) => {
            let latency = pipeline.latency(depth);
            format!(
                "Timing: a new input every cycle, results after {latency} cycle{}; {depth} level{} of logic, registers every {every}.",
                plural(latency as usize),
                plural(depth as usize)
            )
        }
    });
    lines.push(
        "Tables: bit r is the output for the inputs whose bits spell r, input 0 the least significant.".to_owned(),
    );
    if request.options.lut_style == LutStyle::Primitive {
        lines.push(format!(
            "Tables are FPGA primitives LUT1 to LUT6; simulate together with {}_primitives.v.",
            facts.name
        ));
    }
    lines
}
