//! SAT sweeping: which nodes of a netlist are equal or complementary.
//!
//! Simulation says which nodes may be equal; going from the inputs to the outputs, each
//! candidate is compared with the first node of its kind, by enumeration of a few nodes in
//! front of both and else by a SAT solver. What is equal is one node from there on, which keeps
//! the questions small; an assignment on which two nodes differ joins the simulation.
//! (A. Kuehlmann, F. Krohm, "Equivalence checking using cuts and heaps", 1997.)

use std::time::Instant;

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;

use crate::logic::BitMatrix;
use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::solver::{Answer, Clauses};
use super::window::{self, Seen};

/// Words of random assignments at the start.
const RANDOM_WORDS: usize = 16;

/// A node or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal {
    /// The node.
    pub(crate) node: NodeId,
    /// Whether its complement is meant.
    pub(crate) inverted: bool,
}

/// How much a sweep may work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Conflicts of the solver on one question.
    pub(crate) conflicts: u64,
    /// Assignments that may join the simulation, each a run over the whole netlist.
    pub(crate) refinements: usize,
}

/// What a comparison came to.
pub(super) enum Compared {
    Equal,
    Different(Vec<bool>),
    Unknown,
}

/// The state of a sweep.
pub(crate) struct Sweep<'a> {
    netlist: &'a Netlist,
    schedule: Schedule,
    /// For every node the node that stands for it.
    pub(crate) equal: Vec<Signal>,
    /// Nodes of the same class have the same values so far, up to `phase`.
    classes: Vec<u32>,
    phases: Vec<bool>,
    clauses: Clauses,
    rng: ChaCha8Rng,
    deadline: Option<Instant>,
    /// Questions that enumeration, the solver or nobody answered.
    pub(crate) answered: Answered,
}

/// How questions were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// By enumeration of up to ten nodes.
    pub by_enumeration: usize,
    /// By the SAT solver.
    pub by_solver: usize,
    /// Neither, within the limit.
    pub open: usize,
}

impl<'a> Sweep<'a> {
    /// The simulation of `netlist`, nothing compared yet.
    pub(crate) fn new(netlist: &'a Netlist) -> Self {
        let own = |node| Signal { node, inverted: false };
        let mut sweep = Self {
            netlist,
            schedule: Schedule::new(netlist),
            equal: netlist.node_ids().map(own).collect(),
            classes: vec![0; netlist.nodes()],
            phases: vec![false; netlist.nodes()],
            clauses: Clauses::new(netlist.nodes()),
            rng: ChaCha8Rng::seed_from_u64(0),
            deadline: None,
            answered: Answered::default(),
        };
        for word in 0..RANDOM_WORDS {
            let mut inputs = BitMatrix::zeros(netlist.inputs().len(), 64);
            for input in 0..inputs.signals() {
                let (a, b) = (sweep.rng.next_u64(), sweep.rng.next_u64());
                // Rare ones and rare zeros reach what even bits hardly do.
                inputs.row_mut(input)[0] = match word % 4 {
                    0 | 1 => a,
                    2 => a & b,
                    _ => a | b,
                };
            }
            sweep.simulate(&inputs, word == 0);
        }
        sweep
    }

    /// The same, giving up at this moment.
    pub(super) fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self.clauses.until(deadline);
        self
    }

    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Splits the classes by the values of 64 assignments.
    fn simulate(&mut self, inputs: &BitMatrix, first: bool) {
        let all: Vec<NodeId> = self.netlist.node_ids().collect();
        let values = self.schedule.simulate_nodes(self.netlist, inputs, &all);
        let mut ids: FxHashMap<(u32, u64), u32> = FxHashMap::default();
        for node in 0..self.netlist.nodes() {
            let value = values.row(node)[0];
            if first {
                self.phases[node] = value & 1 == 1;
            }
            let value = value ^ u64::from(self.phases[node]).wrapping_neg();
            let next = ids.len() as u32;
            self.classes[node] = *ids.entry((self.classes[node], value)).or_insert(next);
        }
    }

    /// Compares every node with the first of its class.
    pub(crate) fn run(&mut self, effort: Effort) {
        let mut refinements = 0;
        let mut first: FxHashMap<u32, NodeId> = FxHashMap::default();
        for node in self.netlist.node_ids() {
            if self.is_late() {
                return;
            }
            loop {
                let Some(&earlier) = first.get(&self.classes[node.index()]) else {
                    first.insert(self.classes[node.index()], node);
                    break;
                };
                if matches!(self.netlist.node(node), Node::Input(_)) && refinements >= effort.refinements {
                    break;
                }
                let inverted = self.phases[node.index()] ^ self.phases[earlier.index()];
                let other = Signal { node: earlier, inverted };
                match self.compare(Signal { node, inverted: false }, other, effort.conflicts) {
                    Compared::Equal => {
                        self.equal[node.index()] = other;
                        break;
                    }
                    Compared::Different(sample) if refinements < effort.refinements => {
                        refinements += 1;
                        self.refine(&sample);
                        first.clear();
                        for id in self.netlist.node_ids().take(node.index()) {
                            if self.equal[id.index()].node == id {
                                first.entry(self.classes[id.index()]).or_insert(id);
                            }
                        }
                    }
                    Compared::Different(_) | Compared::Unknown => break,
                }
            }
        }
    }

    /// Simulates an assignment and 63 in its neighbourhood.
    fn refine(&mut self, sample: &[bool]) {
        let mut inputs = BitMatrix::zeros(sample.len(), 64);
        for (input, &value) in sample.iter().enumerate() {
            let flips = (0..5).fold(u64::MAX, |flips, _| flips & self.rng.next_u64()) & !1;
            inputs.row_mut(input)[0] = u64::from(value).wrapping_neg() ^ flips;
        }
        self.simulate(&inputs, false);
    }

    /// Compares two signals.
    pub(super) fn compare(&mut self, a: Signal, b: Signal, conflicts: u64) -> Compared {
        let resolve = |signal: Signal| {
            let stands = self.equal[signal.node.index()];
            Signal { node: stands.node, inverted: stands.inverted ^ signal.inverted }
        };
        let (a, b) = (resolve(a), resolve(b));
        if a == b {
            return Compared::Equal;
        }
        if self.is_late() {
            self.answered.open += 1;
            return Compared::Unknown;
        }
        match window::compare(self.netlist, &self.schedule, &self.equal, (a, b)) {
            Seen::Equal => {
                self.answered.by_enumeration += 1;
                return Compared::Equal;
            }
            Seen::Different(known) => {
                self.answered.by_enumeration += 1;
                let value = |input: &NodeId| known.iter().any(|&(node, value)| node == *input && value);
                return Compared::Different(self.netlist.inputs().iter().map(value).collect());
            }
            Seen::Unknown => {}
        }
        match self.clauses.differ(self.netlist, &self.schedule, &self.equal, (a, b), conflicts) {
            Answer::Never => {
                self.answered.by_solver += 1;
                Compared::Equal
            }
            Answer::Assignment(sample) => {
                self.answered.by_solver += 1;
                Compared::Different(sample)
            }
            Answer::GaveUp => {
                self.answered.open += 1;
                Compared::Unknown
            }
        }
    }
}
