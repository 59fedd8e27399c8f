//! The module that users instantiate.

use rustc_hash::FxHashMap;

use crate::emit::notes::{Facts, OutputBus};
use crate::emit::order::CoreOrder;
use crate::netlist::Design;

use super::encoder::{comparator_wire, sorted_comparators};
use super::wire::{Port, Wire};
use super::{Interface, Parts, Pipeline, Settings, Stream};

/// Ports and instances of the parts.
#[derive(Debug)]
pub(in crate::emit) struct Top {
    /// The ports, clock first.
    pub(in crate::emit) pins: Vec<Pin>,
    /// The parts.
    pub(in crate::emit) instances: Vec<Instance>,
    /// One-bit wires between the parts.
    pub(in crate::emit) wires: Vec<Wire>,
    /// The plain bits, highest first; empty when there is a head.
    pub(in crate::emit) bits: Vec<Wire>,
    /// Ports that nothing reads.
    pub(in crate::emit) unused: Vec<Wire>,
    /// The input bus.
    pub(in crate::emit) input: Pin,
    /// The result buses.
    pub(in crate::emit) results: Vec<Pin>,
    /// The data buses of an AXI4-Stream.
    pub(in crate::emit) stream: Option<Stream>,
}

/// A port of the top module.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) struct Pin {
    /// Its name.
    pub(in crate::emit) name: &'static str,
    /// An input of the module, not an output.
    pub(in crate::emit) is_input: bool,
    /// Its bits.
    pub(in crate::emit) width: usize,
    /// Whether it is a number, also when that has a single bit.
    pub(in crate::emit) is_word: bool,
}

impl Pin {
    pub(super) fn bit(name: &'static str, is_input: bool) -> Self {
        Self { name, is_input, width: 1, is_word: false }
    }

    pub(super) fn word(name: &'static str, is_input: bool, width: usize) -> Self {
        Self { name, is_input, width, is_word: true }
    }
}

/// An instance of a part.
#[derive(Debug)]
pub(in crate::emit) struct Instance {
    /// The part.
    pub(in crate::emit) module: &'static str,
    /// Its ports and what they are connected to.
    pub(in crate::emit) ports: Vec<(Wire, Connection)>,
}

/// What a port of a part is connected to.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) enum Connection {
    /// The clock of the top module.
    Clock,
    /// The signal of the port's own name.
    Same(Wire),
    /// A bit of the input bus of a design without encoder.
    Encoded(usize),
}

impl Top {
    /// The top module over `parts`.
    pub(super) fn new(
        design: &Design,
        order: &CoreOrder,
        facts: &Facts,
        settings: &Settings,
        pipeline: &Pipeline,
        parts: &Parts<'_>,
    ) -> Self {
        let encoded: FxHashMap<Wire, usize> = sorted_comparators(design, order)
            .into_iter()
            .enumerate()
            .map(|(position, number)| (comparator_wire(design, order, number), position))
            .collect();
        let connection = |wire: Wire| match wire {
            Wire::Clock => Connection::Clock,
            Wire::Comparator(..) if !settings.encoder => Connection::Encoded(encoded.get(&wire).copied().unwrap_or(0)),
            other => Connection::Same(other),
        };
        let instance = |module, ports: &[Port]| {
            let ports = ports.iter().map(|port| (port.wire, connection(port.wire))).collect();
            Instance { module, ports }
        };
        let core: Vec<Wire> = parts.core.ports.iter().map(|port| port.wire).collect();
        let is_inner = |wire: &Wire| match wire {
            Wire::Comparator(..) => settings.encoder,
            other => matches!(other, Wire::CoreOutput(_)),
        };
        let wires: Vec<Wire> = core.iter().copied().filter(is_inner).collect();
        let mut instances = Vec::new();
        instances.extend(parts.encoder.as_ref().map(|encoder| instance("encoder", &encoder.ports)));
        instances.push(instance("core", &parts.core.ports));
        instances.extend(parts.head.as_ref().map(|modules| instance("head", &modules.head.ports)));
        let mut bits = Vec::new();
        if parts.head.is_none() {
            bits = core.iter().rev().copied().filter(|wire| matches!(wire, Wire::CoreOutput(_))).collect();
        }
        let input = match settings.encoder {
            true => Pin::word("features", true, facts.input_width()),
            false => Pin::word("encoded", true, encoded.len()),
        };
        let mut results = Vec::new();
        match facts.output {
            OutputBus::Bits(count) => results.push(Pin::word("bits", false, count)),
            OutputBus::Classes { classes, class_bits, score_bits } => {
                if settings.outputs.class() {
                    results.push(Pin::word("class_index", false, class_bits));
                }
                if settings.outputs.scores() {
                    results.push(Pin::word("scores", false, classes * score_bits));
                }
            }
        }
        let stream = (settings.interface == Interface::Axis).then(|| Stream::of(settings, input.width, facts.output));
        let mut unused = Vec::new();
        let reads_clock = instances.iter().any(|instance| instance.ports.iter().any(|(wire, _)| *wire == Wire::Clock));
        if settings.interface == Interface::Comb && pipeline.has_clock() && !reads_clock {
            unused.push(Wire::Clock);
        }
        let reads_enable =
            instances.iter().any(|instance| instance.ports.iter().any(|(wire, _)| *wire == Wire::Enable));
        if settings.stalls && !reads_enable {
            unused.push(Wire::Enable);
        }
        if settings.encoder && parts.encoder.is_none() {
            unused.push(Wire::Features);
        }
        let pins = pins(settings, pipeline, input, &results, stream.as_ref());
        Self { pins, instances, wires, bits, unused, input, results, stream }
    }
}

fn pins(settings: &Settings, pipeline: &Pipeline, input: Pin, results: &[Pin], stream: Option<&Stream>) -> Vec<Pin> {
    let mut pins = Vec::new();
    match (settings.interface, stream) {
        (Interface::Axis, Some(stream)) => {
            pins.push(Pin::bit("aclk", true));
            pins.push(Pin::bit("aresetn", true));
            pins.push(Pin::word("s_axis_tdata", true, stream.input_width));
            pins.push(Pin::bit("s_axis_tvalid", true));
            pins.push(Pin::bit("s_axis_tready", false));
            pins.push(Pin::bit("s_axis_tlast", true));
            pins.push(Pin::word("m_axis_tdata", false, stream.output_width));
            pins.push(Pin::bit("m_axis_tvalid", false));
            pins.push(Pin::bit("m_axis_tready", true));
            pins.push(Pin::bit("m_axis_tlast", false));
        }
        (Interface::Valid, _) => {
            pins.push(Pin::bit("clk", true));
            pins.push(Pin::bit("rst", true));
            pins.push(Pin::bit("in_valid", true));
            pins.push(input);
            pins.push(Pin::bit("out_valid", false));
            pins.extend(results);
        }
        _ => {
            if pipeline.has_clock() {
                pins.push(Pin::bit("clk", true));
            }
            if settings.stalls {
                pins.push(Pin::bit("ce", true));
            }
            pins.push(input);
            pins.extend(results);
        }
    }
    pins
}
