//! The graph itself: a facade over petgraph.

use std::ops::Deref;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::logic::{MAX_INPUTS, TruthTable};

use super::{TableId, TablePool};

/// Handle of a node. Only this file knows that it is a petgraph index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// Position among all nodes, dense from 0; fan-ins come before their readers.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The node at a position, which must be below [`Netlist::nodes`].
    pub fn from_index(index: usize) -> Self {
        Self(index as u32)
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// The primary input of this number.
    Input(u32),
    /// A lookup table; a constant is a table of no inputs.
    Lut(TableId),
}

/// Which operand of the reader an edge feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pin(pub(super) u8);

/// The part of the network that a node comes from, so that reports can say what costs what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// Feature values to bits.
    Encoder,
    /// A trained layer, counted from 0.
    Layer(u32),
    /// Counting and comparing scores.
    Head,
}

/// The fan-ins of one node, input 0 first.
#[derive(Clone, Copy, Debug)]
pub struct FanIns {
    nodes: [NodeId; MAX_INPUTS],
    len: u8,
}

impl Deref for FanIns {
    type Target = [NodeId];

    fn deref(&self) -> &[NodeId] {
        &self.nodes[..usize::from(self.len)]
    }
}

/// A network of lookup tables.
///
/// Nodes are added after their fan-ins and never rewired, so ascending [`NodeId`]s are a
/// topological order and a cycle cannot be written down. A pass builds a new netlist.
#[derive(Clone, Debug, Default)]
pub struct Netlist {
    pub(super) graph: DiGraph<Node, Pin, u32>,
    tables: TablePool,
    inputs: Vec<NodeId>,
    pub(super) outputs: Vec<NodeId>,
    sections: Vec<Section>,
    /// LUTs on the longest path to each node, kept while nodes are added.
    levels: Vec<u32>,
}

impl Netlist {
    /// An empty netlist.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty netlist with room for `nodes` nodes and `pins` fan-ins.
    pub fn with_capacity(nodes: usize, pins: usize) -> Self {
        Self {
            graph: DiGraph::with_capacity(nodes, pins),
            sections: Vec::with_capacity(nodes),
            levels: Vec::with_capacity(nodes),
            ..Self::default()
        }
    }

    /// Adds the next primary input.
    pub fn add_input(&mut self, section: Section) -> NodeId {
        let id = self.add_node(Node::Input(self.inputs.len() as u32), section);
        self.inputs.push(id);
        id
    }

    /// Adds a lookup table that reads `fan_ins`, input 0 first.
    ///
    /// # Panics
    /// When the number of fan-ins is not that of the table's inputs, or one of them is not a
    /// node of this netlist: a mistake of the calling pass.
    pub fn add_lut(&mut self, table: &TruthTable, fan_ins: &[NodeId], section: Section) -> NodeId {
        assert_eq!(table.inputs(), fan_ins.len(), "fan-ins of a table of {} inputs", table.inputs());
        let table = self.tables.intern(table);
        let id = self.add_node(Node::Lut(table), section);
        let deepest = fan_ins.iter().filter_map(|fan_in| self.levels.get(fan_in.index())).max();
        self.levels[id.index()] = deepest.map_or(0, |level| level + 1);
        for (pin, fan_in) in fan_ins.iter().enumerate() {
            assert!(fan_in.0 < id.0, "a fan-in must be added before its reader");
            self.graph.add_edge(NodeIndex::new(fan_in.index()), NodeIndex::new(id.index()), Pin(pin as u8));
        }
        id
    }

    /// Adds a constant.
    pub fn add_constant(&mut self, value: bool, section: Section) -> NodeId {
        self.add_lut(&TruthTable::constant(value), &[], section)
    }

    /// Appends a primary output; the same node may be several outputs.
    pub fn add_output(&mut self, node: NodeId) {
        assert!(node.index() < self.nodes(), "an output must be a node of the netlist");
        self.outputs.push(node);
    }

    /// Number of nodes, inputs included.
    pub fn nodes(&self) -> usize {
        self.graph.node_count()
    }

    /// Number of lookup tables, constants included.
    pub fn luts(&self) -> usize {
        self.nodes() - self.inputs.len()
    }

    /// Number of fan-ins of all tables.
    pub fn pins(&self) -> usize {
        self.graph.edge_count()
    }

    /// All nodes in topological order.
    pub fn node_ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<> {
        (0..self.nodes() as u32).map(NodeId)
    }

    /// The primary inputs in order.
    pub fn inputs(&self) -> &[NodeId] {
        &self.inputs
    }

    /// The primary outputs in order.
    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    /// What `id` is.
    pub fn node(&self, id: NodeId) -> Node {
        self.graph[NodeIndex::new(id.index())]
    }

    /// The table of `id`, `None` for a primary input.
    pub fn table(&self, id: NodeId) -> Option<&TruthTable> {
        match self.node(id) {
            Node::Lut(table) => Some(self.tables.get(table)),
            Node::Input(_) => None,
        }
    }

    /// The interned tables.
    pub fn tables(&self) -> &TablePool {
        &self.tables
    }

    /// The part of the network that `id` comes from.
    pub fn section(&self, id: NodeId) -> Section {
        self.sections[id.index()]
    }

    /// The largest number of LUTs on a path to a primary output.
    pub fn depth(&self) -> u32 {
        self.outputs.iter().map(|output| self.levels[output.index()]).max().unwrap_or(0)
    }

    /// The nodes that `id` reads, input 0 first.
    pub fn fan_ins(&self, id: NodeId) -> FanIns {
        let mut fan_ins = FanIns { nodes: [NodeId(0); MAX_INPUTS], len: 0 };
        // petgraph lists incoming edges in reverse insertion order, so the pin label decides
        // the position.
        for edge in self.graph.edges_directed(NodeIndex::new(id.index()), petgraph::Incoming) {
            fan_ins.nodes[usize::from(edge.weight().0)] = NodeId(edge.source().index() as u32);
            fan_ins.len += 1;
        }
        fan_ins
    }

    fn add_node(&mut self, node: Node, section: Section) -> NodeId {
        self.sections.push(section);
        self.levels.push(0);
        NodeId(self.graph.add_node(node).index() as u32)
    }
}
