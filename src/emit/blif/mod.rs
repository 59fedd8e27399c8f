//! BLIF for logic synthesis and equivalence checking tools (ABC, Yosys, mockturtle).
//!
//! The whole function is one flat network, comparators and head included.

mod cover;

use std::fmt;

use askama::Template;

use crate::netlist::{Netlist, Node, NodeId, Schedule};

use self::cover::Cover;
use super::notes::{Facts, OutputBus, interface, origin};
use super::order::CoreOrder;
use super::text::Text;
use super::{EmitError, EmitRequest, EmittedFile, Target};

/// Name of the target.
const TARGET: &str = "blif";

/// The BLIF target.
#[derive(Debug)]
pub(super) struct Blif;

impl Target for Blif {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "BLIF, the network as one flat netlist, for ABC, Yosys and other logic tools"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        let facts = Facts::new(request, &CoreOrder::new(request.design));
        let (flat, inputs, outputs) = (request.flat, facts.input_width(), facts.output.width());
        if (flat.inputs().len(), flat.outputs().len()) != (inputs, outputs) {
            let reason = format!(
                "its flat netlist has {} inputs and {} outputs instead of {inputs} and {outputs}",
                flat.inputs().len(),
                flat.outputs().len()
            );
            return Err(EmitError::Unsupported { target: TARGET, reason });
        }
        let mut notes = origin(request, "LUT network in BLIF");
        notes.extend(interface(request, &facts));
        notes.push(format!("Ports: features[f*{} + b] is bit b of feature f.", facts.bits));
        if let OutputBus::Classes { score_bits, .. } = facts.output {
            notes.push(format!("scores[c*{score_bits} + b] is bit b of the score of class c."));
        }
        let mut text = Text::new(TARGET);
        text.template(&Model::new(flat, &facts, notes))?;
        let name = format!("{}.blif", facts.name);
        Ok(vec![EmittedFile { name, purpose: "the network as one flat netlist", contents: text.into_bytes() }])
    }
}

/// Signals on one line of `.inputs` and `.outputs`.
const PORTS_PER_LINE: usize = 8;

/// `<name>.blif`.
#[derive(Template)]
#[template(path = "blif/model.blif", escape = "none")]
struct Model<'a> {
    notes: Vec<String>,
    name: String,
    flat: &'a Netlist,
    schedule: Schedule,
    tables: Vec<NodeId>,
    signals: Vec<Signal>,
    inputs: Vec<Signal>,
    outputs: Vec<Signal>,
    /// Outputs that are an input or another output.
    copies: Vec<(Signal, Signal)>,
}

/// The name of a signal.
#[derive(Clone, Copy, Debug)]
enum Signal {
    Feature(u32),
    Inner(u32),
    Class(u32),
    Score(u32),
    Bit(u32),
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feature(bit) => write!(f, "features[{bit}]"),
            Self::Inner(number) => write!(f, "n{number}"),
            Self::Class(bit) => write!(f, "class_index[{bit}]"),
            Self::Score(bit) => write!(f, "scores[{bit}]"),
            Self::Bit(bit) => write!(f, "bits[{bit}]"),
        }
    }
}

impl<'a> Model<'a> {
    fn new(flat: &'a Netlist, facts: &Facts, notes: Vec<String>) -> Self {
        let schedule = Schedule::new(flat);
        let live = schedule.live(flat);
        let mut signals = vec![Signal::Inner(0); flat.nodes()];
        let mut tables = Vec::with_capacity(flat.luts());
        for id in flat.node_ids() {
            match flat.node(id) {
                Node::Input(number) => signals[id.index()] = Signal::Feature(number),
                Node::Lut(_) if live[id.index()] => {
                    signals[id.index()] = Signal::Inner(tables.len() as u32);
                    tables.push(id);
                }
                Node::Lut(_) => {}
            }
        }
        let class_bits = facts.output.class_bits() as u32;
        let outputs: Vec<Signal> = (0..flat.outputs().len() as u32)
            .map(|output| match facts.output {
                OutputBus::Bits(_) => Signal::Bit(output),
                OutputBus::Classes { .. } if output < class_bits => Signal::Class(output),
                OutputBus::Classes { .. } => Signal::Score(output - class_bits),
            })
            .collect();
        let mut copies = Vec::new();
        for (&node, &output) in flat.outputs().iter().zip(&outputs) {
            let driver = &mut signals[node.index()];
            match driver {
                // The first output that a table drives gives it its name.
                Signal::Inner(_) => *driver = output,
                other => copies.push((*other, output)),
            }
        }
        let inputs = flat.inputs().iter().map(|input| signals[input.index()]).collect();
        Self { notes, name: facts.name.clone(), flat, schedule, tables, signals, inputs, outputs, copies }
    }

    fn names(&self) -> impl Iterator<Item = Names> {
        self.tables.iter().filter_map(|&id| {
            let table = self.flat.table(id)?;
            let output = self.signals[id.index()];
            // ABC refuses a constant with fan-ins.
            if let Some(value) = table.as_constant() {
                return Some(Names { inputs: Vec::new(), output, rows: Rows::Constant(value) });
            }
            let inputs = self.schedule.fan_ins(id).iter().map(|fan_in| self.signals[fan_in.index()]).collect();
            Some(Names { inputs, output, rows: Rows::Cover(Cover::new(table)) })
        })
    }
}

/// One `.names` block.
struct Names {
    inputs: Vec<Signal>,
    output: Signal,
    rows: Rows,
}

/// What it computes.
enum Rows {
    Constant(bool),
    Cover(Cover),
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(false) => Ok(()),
            Self::Constant(true) => f.write_str("\n1"),
            Self::Cover(cover) => cover.fmt(f),
        }
    }
}
