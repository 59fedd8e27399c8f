//! SAT sweeping: which nodes of a netlist are equal or complementary.
//!
//! Simulation says which nodes may be equal; going from the inputs to the outputs, each
//! candidate is compared with the first node of its kind, by enumeration of a few nodes in
//! front of both and else by a SAT solver. What is equal is one node from there on, which keeps
//! the questions small; an assignment on which two nodes differ joins the simulation.
//! (A. Kuehlmann, F. Krohm, "Equivalence checking using cuts and heaps", 1997.)

use std::ops::AddAssign;
use std::time::Instant;

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;

use crate::logic::BitMatrix;
use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::solver::{Answer, Clauses, Conflicts};
use super::window::{self, Seen};

/// Words of random assignments at the start.
const RANDOM_WORDS: usize = 16;

/// Assignments on which nodes turned out to differ that are simulated together.
const BATCH: usize = 64;

/// Nodes that stand for one class: more than one until the assignments on which they differ are
/// simulated, or where the solver gave up on them. So many are asked about by the solver.
const REPRESENTATIVES: usize = 8;

/// So many are looked at by enumeration, which is quick: scores that random inputs hardly ever bring
/// close to each other make all of an argmax look alike, and yet each node has its equal.
const LOOKED_AT: usize = 1_000;

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

impl AddAssign for Answered {
    fn add_assign(&mut self, other: Self) {
        self.by_enumeration += other.by_enumeration;
        self.by_solver += other.by_solver;
        self.open += other.open;
    }
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

    /// Compares every node with those that stand for its class.
    pub(crate) fn run(&mut self, effort: Effort) {
        let mut refinements = 0;
        let mut pending: Vec<Vec<bool>> = Vec::new();
        // Nodes that equal no earlier one, all of them and by class.
        let mut kept: Vec<NodeId> = Vec::new();
        let mut known: FxHashMap<u32, Vec<NodeId>> = FxHashMap::default();
        for node in self.netlist.node_ids() {
            if self.is_late() {
                return;
            }
            loop {
                let earlier = known.get(&self.classes[node.index()]).cloned().unwrap_or_default();
                let full = earlier.len() >= REPRESENTATIVES;
                if let Some(equal) = self.find_equal(node, &earlier, effort.conflicts, &mut pending) {
                    self.equal[node.index()] = equal;
                    break;
                }
                if pending.len() >= BATCH || full && !pending.is_empty() {
                    let samples = std::mem::take(&mut pending);
                    if refinements < effort.refinements {
                        refinements += samples.len();
                        self.refine(&samples);
                        known.clear();
                        for &id in &kept {
                            let class = known.entry(self.classes[id.index()]).or_default();
                            if class.len() < LOOKED_AT {
                                class.push(id);
                            }
                        }
                        continue;
                    }
                }
                kept.push(node);
                if earlier.len() < LOOKED_AT {
                    known.entry(self.classes[node.index()]).or_default().push(node);
                }
                break;
            }
        }
    }

    /// The one of `earlier` that a node equals: by enumeration first, since that is quick, and then by
    /// the solver. Assignments on which it differs from others join `differences`.
    fn find_equal(
        &mut self,
        node: NodeId,
        earlier: &[NodeId],
        conflicts: u64,
        differences: &mut Vec<Vec<bool>>,
    ) -> Option<Signal> {
        let own = Signal { node, inverted: false };
        let phase = self.phases[node.index()];
        let others = earlier.iter().map(|&node| Signal { node, inverted: phase ^ self.phases[node.index()] });
        let mut open = Vec::new();
        for other in others.collect::<Vec<_>>() {
            match self.look(own, other) {
                Compared::Equal => return Some(other),
                Compared::Different(sample) => differences.push(sample),
                Compared::Unknown => open.push(other),
            }
        }
        // An input equals nothing else.
        open.retain(|_| !matches!(self.netlist.node(node), Node::Input(_)));
        open.truncate(REPRESENTATIVES);
        for other in open {
            match self.ask(own, other, Conflicts::Inner(conflicts)) {
                Compared::Equal => return Some(other),
                Compared::Different(sample) => differences.push(sample),
                Compared::Unknown => {}
            }
        }
        None
    }

    /// Simulates assignments, and others in their neighbourhood.
    fn refine(&mut self, samples: &[Vec<bool>]) {
        for exact in [true, false] {
            let mut inputs = BitMatrix::zeros(self.netlist.inputs().len(), 64);
            for input in 0..inputs.signals() {
                let flips = (0..5).fold(u64::MAX, |flips, _| flips & self.rng.next_u64());
                // What does not fit into the word as it is stays for another time.
                let kept = if exact { u64::MAX >> (64 - samples.len().min(64)) } else { 0 };
                let value = |place: usize| samples.get(place % samples.len()).is_some_and(|sample| sample[input]);
                let values = (0..64).fold(0, |values, place| values | u64::from(value(place)) << place);
                inputs.row_mut(input)[0] = values ^ (flips & !kept);
            }
            self.simulate(&inputs, false);
        }
    }

    /// Compares two signals.
    pub(super) fn compare(&mut self, a: Signal, b: Signal, conflicts: u64) -> Compared {
        match self.look(a, b) {
            Compared::Unknown => self.ask(a, b, Conflicts::All(conflicts)),
            compared => compared,
        }
    }

    fn resolve(&self, signal: Signal) -> Signal {
        let stands = self.equal[signal.node.index()];
        Signal { node: stands.node, inverted: stands.inverted ^ signal.inverted }
    }

    /// Compares two signals by enumeration of a few nodes in front of them.
    fn look(&mut self, a: Signal, b: Signal) -> Compared {
        let (a, b) = (self.resolve(a), self.resolve(b));
        if a == b {
            return Compared::Equal;
        }
        match window::compare(self.netlist, &self.schedule, &self.equal, (a, b)) {
            Seen::Equal => {
                self.answered.by_enumeration += 1;
                Compared::Equal
            }
            Seen::Different(known) => {
                self.answered.by_enumeration += 1;
                let value = |input: &NodeId| known.iter().any(|&(node, value)| node == *input && value);
                Compared::Different(self.netlist.inputs().iter().map(value).collect())
            }
            Seen::Unknown => Compared::Unknown,
        }
    }

    /// Compares two signals by the solver.
    fn ask(&mut self, a: Signal, b: Signal, conflicts: Conflicts) -> Compared {
        let (a, b) = (self.resolve(a), self.resolve(b));
        if self.is_late() {
            self.answered.open += 1;
            return Compared::Unknown;
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
