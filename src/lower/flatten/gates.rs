//! Building tables without building trivial ones.

use crate::logic::TruthTable;
use crate::netlist::{Netlist, NodeId, Section};

/// A bit that is either known or computed by a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Known while the netlist is built.
    Constant(bool),
    /// The value of a node.
    Node(NodeId),
}

/// Adds tables of one section to a netlist.
pub(super) struct Gates<'a> {
    /// The netlist.
    pub(super) netlist: &'a mut Netlist,
    /// The section of what is added.
    pub(super) section: Section,
}

impl Gates<'_> {
    /// The function `f` of `inputs`, given row by row with input 0 in the lowest bit. Known
    /// inputs and inputs without influence take no pin, and no table is made for a constant or
    /// for a copy of an input.
    pub(super) fn gate(&mut self, inputs: &[Signal], f: impl Fn(usize) -> bool) -> Signal {
        let mut known = 0;
        let (mut nodes, mut places) = (Vec::with_capacity(inputs.len()), Vec::with_capacity(inputs.len()));
        for (place, input) in inputs.iter().enumerate() {
            match *input {
                Signal::Constant(value) => known |= usize::from(value) << place,
                Signal::Node(node) => {
                    nodes.push(node);
                    places.push(place);
                }
            }
        }
        let spread = |row: usize| places.iter().enumerate().map(|(i, place)| (row >> i & 1) << place).sum::<usize>();
        let table = TruthTable::from_fn(nodes.len(), |row| f(known | spread(row)));
        let support = table.support();
        let fan_ins: Vec<NodeId> = support.iter().map(|&input| nodes[input]).collect();
        let table = table.project(&support);
        match table.as_constant() {
            Some(value) => Signal::Constant(value),
            None if table == TruthTable::buffer() => Signal::Node(fan_ins[0]),
            None => Signal::Node(self.netlist.add_lut(&table, &fan_ins, self.section)),
        }
    }

    /// The node of a signal; a constant gets one.
    pub(super) fn node(&mut self, signal: Signal) -> NodeId {
        match signal {
            Signal::Constant(value) => self.netlist.add_constant(value, self.section),
            Signal::Node(node) => node,
        }
    }
}
