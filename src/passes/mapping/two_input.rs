//! A netlist as gates of two inputs, for processors.

use crate::netlist::{Netlist, Node, Schedule};

use super::decompose::Decomposer;
use super::gates::{GateGraph, Lit};
use super::wide::Narrower;

/// A signal of a [`GateList`]: a primary input, a gate, or the complement of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateSignal {
    /// Primary inputs first, then gates; `None` is the constant zero.
    pub index: Option<u32>,
    /// Whether the complement is meant.
    pub inverted: bool,
}

/// A gate of two inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Exclusive or instead of and.
    pub xor: bool,
    /// What it reads; neither is constant, and an exclusive or reads nothing inverted.
    pub pins: [GateSignal; 2],
}

/// Gates in topological order.
#[derive(Clone, Debug, Default)]
pub struct GateList {
    /// Number of primary inputs.
    pub inputs: usize,
    /// The gates; gate `i` is signal `inputs + i`.
    pub gates: Vec<Gate>,
    /// The primary outputs.
    pub outputs: Vec<GateSignal>,
}

/// The live part of `netlist` as gates, equal gates once.
pub fn to_gates(netlist: &Netlist) -> GateList {
    let schedule = Schedule::new(netlist);
    let live = schedule.live(netlist);
    let mut graph = GateGraph::with_capacity(4 * netlist.nodes());
    let mut decomposer = Decomposer::default();
    let mut map: Vec<Lit> = Vec::with_capacity(netlist.nodes());
    let mut pins = Vec::new();
    for id in netlist.node_ids() {
        map.push(match netlist.node(id) {
            Node::Input(_) => graph.add_input(),
            Node::Lut(_) if !live[id.index()] => Lit::ZERO,
            Node::Lut(table) => {
                pins.clear();
                pins.extend(schedule.fan_ins(id).iter().map(|fan_in| map[fan_in.index()]));
                // No table is small enough to stay whole.
                Narrower::new(&mut graph, &mut decomposer, 0).build(netlist.tables().get(table), &pins)
            }
        });
    }
    let outputs: Vec<Lit> = netlist.outputs().iter().map(|output| map[output.index()]).collect();
    collect(&graph, &outputs)
}

fn collect(graph: &GateGraph, outputs: &[Lit]) -> GateList {
    let mut used = vec![false; graph.len()];
    outputs.iter().for_each(|output| used[output.node() as usize] = true);
    for node in (0..graph.len() as u32).rev().filter(|&node| !graph.pins(node).is_empty()) {
        if used[node as usize] {
            graph.pins(node).iter().for_each(|pin| used[pin.node() as usize] = true);
        }
    }
    let mut list = GateList { inputs: graph.inputs.len(), ..GateList::default() };
    let mut index: Vec<Option<u32>> = vec![None; graph.len()];
    for (number, &input) in (0..).zip(&graph.inputs) {
        index[input as usize] = Some(number);
    }
    let signal =
        |index: &[Option<u32>], lit: Lit| GateSignal { index: index[lit.node() as usize], inverted: lit.inverted() };
    for node in 0..graph.len() as u32 {
        if let ([a, b], true) = (graph.pins(node), used[node as usize]) {
            let xor = graph.word(node) & 0b1000 == 0;
            let gate = Gate { xor, pins: [signal(&index, *a), signal(&index, *b)] };
            index[node as usize] = Some((list.inputs + list.gates.len()) as u32);
            list.gates.push(gate);
        }
    }
    list.outputs = outputs.iter().map(|&output| signal(&index, output)).collect();
    list
}
