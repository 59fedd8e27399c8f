//! A whole design as one netlist of lookup tables: for proofs, exact counts and netlist formats.
//!
//! Everything around the core becomes tables of at most six inputs; the core keeps its own.

mod adder;
mod argmax;
mod comparators;
mod gates;
mod pixel;
mod popcount;

use crate::netlist::{ClassHead, Design, DesignHead, FlatDesign, Netlist, NodeId, Section};

use gates::{Gates, Signal};
pub use pixel::flatten_pixel;

/// The function of the whole design on the bits of the input bus.
///
/// Primary input `feature * bits + bit` is bit `bit` (0 the lowest) of the code of a feature, in
/// two's complement when the bus is signed. Primary outputs of a design with classes: the class
/// number, lowest bit first, then the scores, class 0 first, each of `score_bits` bits, lowest
/// first. Of a design without: the core's outputs.
///
/// Nothing is optimized beyond not making what is trivial; the sections of the nodes say what
/// they are for. The design must be valid.
pub fn flatten(design: &Design) -> Netlist {
    let mut netlist = Netlist::with_capacity(design.input.width() + design.core.nodes(), design.core.pins());
    let bus: Vec<NodeId> = (0..design.input.width()).map(|_| netlist.add_input(Section::Encoder)).collect();
    let bits: Vec<Signal> = encoder(&mut netlist, design, &bus).into_iter().map(Signal::Node).collect();
    let mut gates = Gates { netlist: &mut netlist, section: Section::Head };
    let outputs: Vec<Signal> = match &design.head {
        DesignHead::Bits => bits,
        DesignHead::Classes(head) => {
            let scores = scores(&mut gates, head, &bits);
            let mut outputs = argmax::argmax(&mut gates, head, &scores);
            outputs.extend(scores.into_iter().flatten());
            outputs
        }
    };
    let nodes: Vec<NodeId> = outputs.into_iter().map(|output| gates.node(output)).collect();
    for node in nodes {
        netlist.add_output(node);
    }
    netlist
}

/// The design as [`flatten`] has it, and in pieces.
pub fn flatten_in_pieces(design: &Design) -> FlatDesign {
    let mut core = Netlist::with_capacity(design.input.width() + design.core.nodes(), design.core.pins());
    let bus: Vec<NodeId> = (0..design.input.width()).map(|_| core.add_input(Section::Encoder)).collect();
    encoder(&mut core, design, &bus).into_iter().for_each(|node| core.add_output(node));
    let (scores, class) = match &design.head {
        DesignHead::Bits => (Netlist::new(), Netlist::new()),
        DesignHead::Classes(head) => (flatten_scores(head, design.core.outputs().len()), flatten_argmax(head)),
    };
    FlatDesign { head: design.head.clone(), whole: flatten(design), core, scores, class }
}

/// The counting of `head` as tables, over the bits that are counted as primary inputs.
fn flatten_scores(head: &ClassHead, counted: usize) -> Netlist {
    let mut netlist = Netlist::new();
    let bits: Vec<Signal> = (0..counted).map(|_| Signal::Node(netlist.add_input(Section::Head))).collect();
    let mut gates = Gates { netlist: &mut netlist, section: Section::Head };
    let scores = scores(&mut gates, head, &bits);
    let nodes: Vec<NodeId> = scores.into_iter().flatten().map(|bit| gates.node(bit)).collect();
    nodes.into_iter().for_each(|node| netlist.add_output(node));
    netlist
}

/// The search for the largest score of `head` as tables, over the scores as primary inputs, class 0
/// first and each lowest bit first; the outputs are the class.
pub fn flatten_argmax(head: &ClassHead) -> Netlist {
    let mut netlist = Netlist::new();
    let bits = head.score_bits();
    let scores: Vec<Vec<Signal>> = (0..head.groups.len())
        .map(|_| (0..bits).map(|_| Signal::Node(netlist.add_input(Section::Head))).collect())
        .collect();
    let mut gates = Gates { netlist: &mut netlist, section: Section::Head };
    let class = argmax::argmax(&mut gates, head, &scores);
    let nodes: Vec<NodeId> = class.into_iter().map(|bit| gates.node(bit)).collect();
    nodes.into_iter().for_each(|node| netlist.add_output(node));
    netlist
}

/// The score of every class, each of `score_bits` bits, lowest first.
fn scores(gates: &mut Gates<'_>, head: &ClassHead, bits: &[Signal]) -> Vec<Vec<Signal>> {
    let (circuits, which) = head.popcounts();
    let score = |(group, circuit): (&std::ops::Range<usize>, usize)| {
        let mut score = popcount::popcount(gates, &circuits[circuit], &bits[group.clone()]);
        score.resize(head.score_bits(), Signal::Constant(false));
        score
    };
    head.groups.iter().zip(which).map(score).collect()
}

/// The comparators as tables over the input bus and the core behind them; the core's outputs.
pub(super) fn encoder(netlist: &mut Netlist, design: &Design, bus: &[NodeId]) -> Vec<NodeId> {
    let mut gates = Gates { netlist, section: Section::Encoder };
    let compared = comparators::comparators(&mut gates, &design.input, &design.comparators, bus, design.slices);
    copy_core(netlist, &design.core, &compared)
}

/// Copies the core behind the comparators; its outputs.
fn copy_core(netlist: &mut Netlist, core: &Netlist, compared: &[NodeId]) -> Vec<NodeId> {
    let mut compared = compared.iter();
    let mut map: Vec<NodeId> = Vec::with_capacity(core.nodes());
    for id in core.node_ids() {
        let node = match core.table(id) {
            None => compared.next().copied(),
            Some(table) => {
                let fan_ins: Vec<NodeId> = core.fan_ins(id).iter().map(|fan_in| map[fan_in.index()]).collect();
                Some(netlist.add_lut(table, &fan_ins, core.section(id)))
            }
        };
        map.extend(node);
    }
    core.outputs().iter().map(|output| map[output.index()]).collect()
}

#[cfg(test)]
mod tests;
