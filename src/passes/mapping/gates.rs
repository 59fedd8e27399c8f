//! The network that the mapper covers: two-input gates with complemented edges, and whole tables
//! that are not worth taking apart.

use rustc_hash::FxHashMap;

use crate::netlist::Section;

use super::decompose::Decomposer;

/// Widest table of one node, and widest LUT that the mapper makes.
pub(super) const MAX_LEAVES: usize = 6;

/// A node or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Lit(u32);

impl Lit {
    /// The constant zero, which is node 0.
    pub(super) const ZERO: Self = Self(0);
    /// The constant one.
    pub(super) const ONE: Self = Self(1);

    fn new(node: u32) -> Self {
        Self(node << 1)
    }

    /// The node.
    pub(super) fn node(self) -> u32 {
        self.0 >> 1
    }

    /// Whether it is the complement of the node.
    pub(super) fn inverted(self) -> bool {
        self.0 & 1 == 1
    }

    /// The complement where `invert` is set.
    pub(super) fn xor(self, invert: bool) -> Self {
        Self(self.0 ^ u32::from(invert))
    }
}

/// Table of the conjunction of two inputs.
const AND: u64 = 0b1000;
/// Table of the exclusive or of two inputs.
const XOR: u64 = 0b0110;

/// Gates in topological order; node 0 is the constant zero.
pub(super) struct GateGraph {
    starts: Vec<u32>,
    pins: Vec<Lit>,
    /// The function of each node over its pins; unused by inputs and the constant.
    words: Vec<u64>,
    sections: Vec<Section>,
    /// Primary inputs in order.
    pub(super) inputs: Vec<u32>,
    /// Primary outputs in order.
    pub(super) outputs: Vec<Lit>,
    /// For the result of a decomposed table, the inputs of that table: one LUT that is known to
    /// suffice.
    seeds: FxHashMap<u32, Vec<u32>>,
    known: FxHashMap<(u64, Lit, Lit), u32>,
    section: Section,
}

impl GateGraph {
    /// A graph of the constant alone, with room for `nodes` nodes.
    pub(super) fn with_capacity(nodes: usize) -> Self {
        let mut graph = Self {
            starts: Vec::with_capacity(nodes + 2),
            pins: Vec::with_capacity(2 * nodes),
            words: Vec::with_capacity(nodes + 1),
            sections: Vec::with_capacity(nodes + 1),
            inputs: Vec::new(),
            outputs: Vec::new(),
            seeds: FxHashMap::default(),
            known: FxHashMap::default(),
            section: Section::Head,
        };
        graph.starts.push(0);
        graph.push(0, &[]);
        graph
    }

    /// Sets the section of the gates made from here on.
    pub(super) fn enter(&mut self, section: Section) {
        self.section = section;
    }

    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The pins of a node; none for inputs and the constant.
    pub(super) fn pins(&self, node: u32) -> &[Lit] {
        &self.pins[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }

    /// The function of a node over its pins, repeated to six inputs.
    pub(super) fn word(&self, node: u32) -> u64 {
        self.words[node as usize]
    }

    /// The part of the network that a node comes from.
    pub(super) fn section(&self, node: u32) -> Section {
        self.sections[node as usize]
    }

    /// The leaves of a cut that is known to exist, ascending.
    pub(super) fn seed(&self, node: u32) -> Option<&[u32]> {
        self.seeds.get(&node).map(Vec::as_slice)
    }

    /// Adds a primary input.
    pub(super) fn add_input(&mut self) -> Lit {
        let node = self.push(0, &[]);
        self.inputs.push(node);
        Lit::new(node)
    }

    /// Remembers that `root` is one table of `pins`.
    ///
    /// The root may be a gate that was there before, found again by its form. Pins behind it are then
    /// pins that the table ignores; as leaves they would close a circle. Constants are no leaves.
    pub(super) fn add_seed(&mut self, root: Lit, pins: &[Lit]) {
        let is_leaf = |node: &u32| *node != Lit::ZERO.node() && *node <= root.node();
        let mut leaves: Vec<u32> = pins.iter().map(|pin| pin.node()).filter(is_leaf).collect();
        leaves.sort_unstable();
        leaves.dedup();
        let trivial = self.pins(root.node()).is_empty() || leaves.contains(&root.node());
        if !trivial && leaves.len() <= MAX_LEAVES {
            self.seeds.entry(root.node()).or_insert(leaves);
        }
    }

    /// The conjunction.
    pub(super) fn and(&mut self, a: Lit, b: Lit) -> Lit {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        match () {
            () if a == Lit::ZERO || a == b.xor(true) => Lit::ZERO,
            () if a == Lit::ONE || a == b => b,
            () => self.gate(AND, a, b),
        }
    }

    /// The disjunction.
    pub(super) fn or(&mut self, a: Lit, b: Lit) -> Lit {
        self.and(a.xor(true), b.xor(true)).xor(true)
    }

    /// The exclusive or.
    pub(super) fn xor(&mut self, a: Lit, b: Lit) -> Lit {
        let inverted = a.inverted() ^ b.inverted();
        let (a, b) = (a.xor(a.inverted()), b.xor(b.inverted()));
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        match () {
            () if a == b => Lit::ZERO.xor(inverted),
            () if a == Lit::ZERO => b.xor(inverted),
            () => self.gate(XOR, a, b).xor(inverted),
        }
    }

    /// `one` where `select` is set, `zero` elsewhere.
    pub(super) fn choose(&mut self, select: Lit, zero: Lit, one: Lit) -> Lit {
        if zero == one.xor(true) {
            return self.xor(select, zero);
        }
        let (low, high) = (self.and(select.xor(true), zero), self.and(select, one));
        self.or(low, high)
    }

    /// The table of at most six `pins` as one node; gates when it is simple.
    pub(super) fn table(&mut self, decomposer: &mut Decomposer, word: u64, pins: &[Lit], whole: bool) -> Lit {
        let distinct = pins
            .iter()
            .enumerate()
            .all(|(i, pin)| pin.node() != 0 && pins[..i].iter().all(|other| other.node() != pin.node()));
        let whole = whole && distinct && pins.len() > 2 && !decomposer.is_simple(word);
        let root = if whole { Lit::new(self.push(word, pins)) } else { decomposer.build(self, word, pins) };
        if !whole {
            self.add_seed(root, pins);
        }
        root
    }

    fn gate(&mut self, word: u64, a: Lit, b: Lit) -> Lit {
        if let Some(&node) = self.known.get(&(word, a, b)) {
            return Lit::new(node);
        }
        let full = word * 0x1111_1111_1111_1111;
        let node = self.push(full, &[a, b]);
        self.known.insert((word, a, b), node);
        Lit::new(node)
    }

    fn push(&mut self, word: u64, pins: &[Lit]) -> u32 {
        let node = self.words.len() as u32;
        self.pins.extend_from_slice(pins);
        self.starts.push(self.pins.len() as u32);
        self.words.push(word);
        self.sections.push(self.section);
        node
    }
}
