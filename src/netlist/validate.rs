//! What must hold of a netlist.
//!
//! - every edge carries a pin number, and the pins of a LUT are numbered 0 to k-1, each once;
//! - a LUT has as many fan-ins as its table has inputs, at most sixteen;
//! - a primary input has no fan-in, and primary inputs are numbered in order, each once;
//! - a fan-in comes before its reader, so there is no cycle;
//! - every primary output is a node of the netlist.

use petgraph::visit::EdgeRef;

use super::{Netlist, Node, NodeId};

/// A rule that a netlist breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidateError {
    /// Pins of a LUT are missing, doubled or beyond its table.
    #[error("node {node} has the pins {pins:?}; its table needs 0 to {} once each", *inputs as i64 - 1)]
    Pins {
        /// The LUT.
        node: usize,
        /// Its pins, ascending.
        pins: Vec<u8>,
        /// The inputs of its table.
        inputs: usize,
    },
    /// A primary input is driven.
    #[error("primary input {input} (node {node}) is driven by another node")]
    DrivenInput {
        /// Number of the input.
        input: u32,
        /// Its node.
        node: usize,
    },
    /// Primary inputs are not numbered in order.
    #[error("node {node} calls itself primary input {found}; the list of inputs has it at {expected:?}")]
    InputNumber {
        /// The node.
        node: usize,
        /// Its own number.
        found: u32,
        /// Its position in the list of inputs.
        expected: Option<usize>,
    },
    /// A node reads itself or a later node.
    #[error("node {reader} reads node {fan_in}, which does not come before it: there is a cycle or the order is lost")]
    Order {
        /// The reader.
        reader: usize,
        /// What it reads.
        fan_in: usize,
    },
    /// A primary output names no node.
    #[error("primary output {output} is node {node}, but there are {nodes} nodes")]
    Output {
        /// Number of the output.
        output: usize,
        /// The node that it names.
        node: usize,
        /// How many nodes there are.
        nodes: usize,
    },
}

/// Checks every rule of this module.
///
/// # Errors
/// The first rule that is broken, in the order of the nodes.
pub fn validate(netlist: &Netlist) -> Result<(), ValidateError> {
    let mut inputs_seen = 0;
    let mut pins = Vec::new();
    for id in netlist.node_ids() {
        let node = id.index();
        pins.clear();
        for edge in netlist.graph.edges_directed(petgraph::graph::NodeIndex::new(node), petgraph::Incoming) {
            if edge.source().index() >= node {
                return Err(ValidateError::Order { reader: node, fan_in: edge.source().index() });
            }
            pins.push(edge.weight().0);
        }
        pins.sort_unstable();
        match netlist.node(id) {
            Node::Input(input) if !pins.is_empty() => return Err(ValidateError::DrivenInput { input, node }),
            Node::Input(found) => {
                if netlist.inputs().get(inputs_seen) != Some(&id) || found as usize != inputs_seen {
                    let expected = netlist.inputs().iter().position(|&input| input == id);
                    return Err(ValidateError::InputNumber { node, found, expected });
                }
                inputs_seen += 1;
            }
            Node::Lut(table) => {
                let inputs = netlist.tables().get(table).inputs();
                if !pins.iter().map(|&pin| usize::from(pin)).eq(0..inputs) {
                    return Err(ValidateError::Pins { node, pins, inputs });
                }
            }
        }
    }
    let outside = |node: &NodeId| node.index() >= netlist.nodes();
    match netlist.outputs().iter().position(outside) {
        Some(output) => {
            let node = netlist.outputs()[output].index();
            Err(ValidateError::Output { output, node, nodes: netlist.nodes() })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::Pin;
    use super::*;
    use crate::logic::TruthTable;
    use crate::netlist::Section;
    use petgraph::graph::NodeIndex;

    enum Variant {
        Valid,
        PinTwice,
        PinMissing,
        ForeignEdge,
        DrivenInput,
        Cycle,
        OutputOutside,
    }

    fn build(variant: &Variant) -> Result<(), ValidateError> {
        let mut netlist = Netlist::new();
        let a = netlist.add_input(Section::Encoder);
        let b = netlist.add_input(Section::Encoder);
        let and = netlist.add_lut(&TruthTable::from_words(2, vec![0b1000]), &[a, b], Section::Layer(0));
        let not = netlist.add_lut(&TruthTable::inverter(), &[and], Section::Layer(0));
        netlist.add_output(not);
        let index = |id: NodeId| NodeIndex::new(id.index());
        let first_edge = netlist.graph.find_edge(index(a), index(and));
        match variant {
            Variant::Valid => {}
            Variant::PinTwice => netlist.graph[first_edge.unwrap()] = Pin(1),
            Variant::PinMissing => drop(netlist.graph.remove_edge(first_edge.unwrap())),
            Variant::ForeignEdge => drop(netlist.graph.add_edge(index(a), index(not), Pin(1))),
            Variant::DrivenInput => drop(netlist.graph.add_edge(index(a), index(b), Pin(0))),
            Variant::Cycle => drop(netlist.graph.add_edge(index(not), index(and), Pin(2))),
            Variant::OutputOutside => netlist.outputs.push(NodeId::from_index(9)),
        }
        validate(&netlist)
    }

    #[test]
    fn each_broken_rule_is_named() {
        assert_eq!(build(&Variant::Valid), Ok(()));
        assert_eq!(build(&Variant::PinTwice), Err(ValidateError::Pins { node: 2, pins: vec![1, 1], inputs: 2 }));
        assert_eq!(build(&Variant::PinMissing), Err(ValidateError::Pins { node: 2, pins: vec![1], inputs: 2 }));
        assert_eq!(build(&Variant::ForeignEdge), Err(ValidateError::Pins { node: 3, pins: vec![0, 1], inputs: 1 }));
        assert_eq!(build(&Variant::DrivenInput), Err(ValidateError::DrivenInput { input: 1, node: 1 }));
        assert_eq!(build(&Variant::Cycle), Err(ValidateError::Order { reader: 2, fan_in: 3 }));
        assert_eq!(build(&Variant::OutputOutside), Err(ValidateError::Output { output: 1, node: 9, nodes: 4 }));
    }
}
