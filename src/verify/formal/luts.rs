//! A graph as a netlist of tables.
//!
//! A proof that goes from node to node has ten times fewer of them when ands that only one other
//! reads are put into one table with it. What several read stays a node of its own: there, two
//! graphs of one function most often meet.

use crate::logic::TruthTable;
use crate::netlist::{Netlist, NodeId, Section};
use crate::prove::Signal;

use super::aig::{Aig, Lit};

/// Inputs of a table, of which the rows are one word.
const WIDEST: usize = 6;

/// A function of few variables.
#[derive(Clone, Copy)]
struct Cluster {
    leaves: [u32; WIDEST],
    count: usize,
    /// Bit `r` is the value where leaf `j` has bit `j` of `r`.
    rows: u64,
}

impl Cluster {
    fn leaf(variable: usize) -> Self {
        let mut leaves = [0; WIDEST];
        leaves[0] = variable as u32;
        Self { leaves, count: 1, rows: 2 }
    }

    fn value(&self, row: usize, inverted: bool) -> bool {
        (self.rows >> row & 1 == 1) ^ inverted
    }

    /// The and of two functions, unless it has too many variables.
    fn and(left: (&Self, bool), right: (&Self, bool)) -> Option<Self> {
        let mut joint = Self { leaves: left.0.leaves, count: left.0.count, rows: 0 };
        // Where every leaf of the right one stands among all.
        let mut places = [0usize; WIDEST];
        for (place, leaf) in places.iter_mut().zip(&right.0.leaves[..right.0.count]) {
            *place = match joint.leaves[..joint.count].iter().position(|known| known == leaf) {
                Some(at) => at,
                None if joint.count == WIDEST => return None,
                None => {
                    joint.leaves[joint.count] = *leaf;
                    joint.count += 1;
                    joint.count - 1
                }
            };
        }
        for row in 0..1usize << joint.count {
            let left_row = row & ((1 << left.0.count) - 1);
            let right_row = (0..right.0.count).fold(0, |sum, pin| sum | (row >> places[pin] & 1) << pin);
            let value = left.0.value(left_row, left.1) && right.0.value(right_row, right.1);
            joint.rows |= u64::from(value) << row;
        }
        Some(joint)
    }
}

/// The work of a translation.
struct Cover<'a> {
    aig: &'a Aig,
    netlist: Netlist,
    /// The node of every variable that has one.
    nodes: Vec<Option<NodeId>>,
    clusters: Vec<Option<Cluster>>,
}

/// The cone of `wanted` as a netlist with all inputs, and the signals that `wanted` became.
pub(super) fn to_netlist(aig: &Aig, wanted: &[Lit]) -> (Netlist, Vec<Signal>) {
    let variables = 1 + aig.inputs() + aig.ands().len();
    let (mut live, mut readers) = (vec![false; variables], vec![0u32; variables]);
    for &lit in wanted {
        live[lit.variable()] = true;
        // What is asked about is a node.
        readers[lit.variable()] += 2;
    }
    let first = 1 + aig.inputs();
    for (and, pins) in aig.ands().iter().enumerate().rev() {
        if live[first + and] {
            for pin in pins {
                live[pin.variable()] = true;
                readers[pin.variable()] += 1;
            }
        }
    }
    let mut cover =
        Cover { aig, netlist: Netlist::new(), nodes: vec![None; variables], clusters: vec![None; variables] };
    let zero = cover.netlist.add_lut(&TruthTable::from_fn(0, |_| false), &[], Section::Head);
    cover.nodes[0] = Some(zero);
    for input in 0..aig.inputs() {
        cover.nodes[1 + input] = Some(cover.netlist.add_input(Section::Encoder));
    }
    for variable in (first..variables).filter(|&variable| live[variable]) {
        cover.and(variable);
        if readers[variable] > 1 {
            cover.node(variable);
        }
    }
    let signal = |lit: &Lit| Signal { node: cover.nodes[lit.variable()].unwrap_or(zero), inverted: lit.is_inverted() };
    let signals = wanted.iter().map(signal).collect();
    (cover.netlist, signals)
}

impl Cover<'_> {
    /// The function of a variable over variables that are nodes.
    fn cluster(&self, variable: usize) -> Cluster {
        match (self.nodes[variable], self.clusters[variable]) {
            (None, Some(cluster)) => cluster,
            _ => Cluster::leaf(variable),
        }
    }

    /// Makes the function of an and whose pins have one.
    fn and(&mut self, variable: usize) {
        let [a, b] = self.aig.ands()[variable - 1 - self.aig.inputs()];
        loop {
            let (left, right) = (self.cluster(a.variable()), self.cluster(b.variable()));
            if let Some(joint) = Cluster::and((&left, a.is_inverted()), (&right, b.is_inverted())) {
                self.clusters[variable] = Some(joint);
                return;
            }
            // The wider one becomes a node, which makes it a single leaf.
            let wider = if left.count >= right.count { a } else { b };
            self.node(wider.variable());
        }
    }

    /// Makes a variable a node.
    fn node(&mut self, variable: usize) {
        if self.nodes[variable].is_some() {
            return;
        }
        let Some(cluster) = self.clusters[variable] else { return };
        let table = TruthTable::from_fn(cluster.count, |row| cluster.value(row, false));
        let pins: Vec<NodeId> =
            cluster.leaves[..cluster.count].iter().filter_map(|&leaf| self.nodes[leaf as usize]).collect();
        self.nodes[variable] = Some(self.netlist.add_lut(&table, &pins, Section::Head));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::logic::BitMatrix;
    use crate::lower::lower;
    use crate::netlist::Schedule;
    use crate::verify::formal::reference;

    #[test]
    fn a_netlist_of_a_graph_computes_what_the_graph_does_with_fewer_nodes() {
        for seed in 0..20 {
            let design = lower(&random_network(seed, &NetworkShape::small()));
            let mut aig = Aig::new(design.input.width());
            let mut wanted = reference::outputs_counted_as(&mut aig, &design, &design.head).0;
            wanted.extend([Lit::TRUE, Lit::FALSE, aig.input(1), !wanted[0]]);
            let (netlist, signals) = to_netlist(&aig, &wanted);
            let tables = netlist.nodes() - aig.inputs() - 1;
            assert!(tables <= aig.ands().len(), "{tables} tables of {} ands", aig.ands().len());
            let stimulus = BitMatrix::exhaustive(aig.inputs());
            let words: Vec<u64> = (0..stimulus.signals()).map(|input| stimulus.row(input)[0]).collect();
            let expected = aig.simulate(&words, &wanted);
            let nodes: Vec<NodeId> = signals.iter().map(|signal| signal.node).collect();
            let found = Schedule::new(&netlist).simulate_nodes(&netlist, &stimulus, &nodes);
            for (at, signal) in signals.iter().enumerate() {
                let word = found.row(at)[0] ^ u64::from(signal.inverted).wrapping_neg();
                assert_eq!(word, expected[at], "seed {seed}, signal {at}");
            }
        }
    }
}
