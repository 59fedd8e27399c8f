//! A netlist as clauses, made where a question needs them.

use std::time::Instant;

use crate::netlist::{Netlist, Node, NodeId, Schedule};

use super::formula::{Covers, Formula, Lit};
use super::sweep::Signal;

/// What the solver found.
pub(super) enum Answer {
    /// No assignment.
    Never,
    /// The values of the primary inputs; those that do not matter are zero.
    Assignment(Vec<bool>),
    /// Too many conflicts.
    GaveUp,
}

/// Variables that a solver holds at least before it is left for a new one.
const VARIABLES: usize = 3_000;

/// Variables up to which a question about inner nodes gets all its conflicts; with more it gets fewer,
/// since each takes longer and such a question is hardly ever worth it: what is equal deep inside a
/// large cone is mostly known from the nodes in front of it.
const EASY: usize = 5_000;

/// Nodes of the cone of inner nodes that are not asked about at all.
const TOO_MANY: usize = 100_000;

/// How many conflicts a question may take.
#[derive(Clone, Copy, Debug)]
pub(super) enum Conflicts {
    /// This many.
    All(u64),
    /// This many in a cone of few variables.
    Inner(u64),
}

/// The clauses of the cones that were asked about lately.
///
/// An answer gives values to all variables, those of cones that it has nothing to do with included.
/// So a solver that holds many times more than a question needs is left for an empty one: what it
/// has learnt about equal nodes is known from `equal` anyway.
pub(super) struct Clauses {
    formula: Formula,
    deadline: Option<Instant>,
    variables: Vec<Option<Lit>>,
    /// The nodes that have a variable.
    held: Vec<NodeId>,
    /// The last cone in which each node was counted, and how many have been.
    counted: Vec<u32>,
    cones: u32,
    covers: Covers,
}

impl Clauses {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            formula: Formula::new(),
            deadline: None,
            variables: vec![None; nodes],
            held: Vec::new(),
            counted: vec![0; nodes],
            cones: 0,
            covers: Covers::default(),
        }
    }

    /// Gives up at this moment.
    pub(super) fn until(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
        self.formula.until(deadline);
    }

    /// Whether `a` and `b` can differ.
    pub(super) fn differ(
        &mut self,
        netlist: &Netlist,
        schedule: &Schedule,
        equal: &[Signal],
        (a, b): (Signal, Signal),
        conflicts: Conflicts,
    ) -> Answer {
        if matches!(conflicts, Conflicts::Inner(_)) && !self.needs_less(TOO_MANY, schedule, equal, [a, b]) {
            return Answer::GaveUp;
        }
        // More than a question needs, four times over.
        if self.held.len() > VARIABLES && self.needs_less(self.held.len() / 4, schedule, equal, [a, b]) {
            self.formula = Formula::new();
            self.formula.until(self.deadline);
            self.held.drain(..).for_each(|node| self.variables[node.index()] = None);
        }
        let (a, b) = (self.literal(netlist, schedule, equal, a), self.literal(netlist, schedule, equal, b));
        let conflicts = match conflicts {
            Conflicts::All(conflicts) => conflicts,
            Conflicts::Inner(conflicts) => conflicts * EASY as u64 / self.held.len().max(EASY) as u64,
        };
        for assumptions in [[a, !b], [!a, b]] {
            match self.formula.holds(&assumptions, conflicts) {
                Some(false) => {}
                None => return Answer::GaveUp,
                Some(true) => {
                    let value =
                        |id: &NodeId| self.variables[id.index()].is_some_and(|literal| self.formula.value(literal));
                    return Answer::Assignment(netlist.inputs().iter().map(value).collect());
                }
            }
        }
        // Both are implied; saying so shortens later proofs.
        self.formula.clause(&[!a, b]);
        self.formula.clause(&[a, !b]);
        Answer::Never
    }

    /// Whether the cones of two signals have less than `most` nodes together.
    fn needs_less(&mut self, most: usize, schedule: &Schedule, equal: &[Signal], signals: [Signal; 2]) -> bool {
        self.cones += 1;
        let mut count = 0;
        let mut open = signals.map(|signal| signal.node).to_vec();
        while let Some(node) = open.pop() {
            if std::mem::replace(&mut self.counted[node.index()], self.cones) == self.cones {
                continue;
            }
            count += 1;
            if count >= most {
                return false;
            }
            open.extend(schedule.fan_ins(node).iter().map(|fan_in| equal[fan_in.index()].node));
        }
        true
    }

    fn literal(&mut self, netlist: &Netlist, schedule: &Schedule, equal: &[Signal], signal: Signal) -> Lit {
        let mut open = vec![signal.node];
        while let Some(&node) = open.last() {
            if self.variables[node.index()].is_some() {
                open.pop();
                continue;
            }
            let missing = schedule.fan_ins(node).iter().map(|fan_in| equal[fan_in.index()].node);
            let before = open.len();
            open.extend(missing.filter(|fan_in| self.variables[fan_in.index()].is_none()));
            if open.len() == before {
                open.pop();
                self.add(netlist, schedule, equal, node);
            }
        }
        self.known(signal)
    }

    /// The literal of a signal whose node has a variable.
    fn known(&mut self, signal: Signal) -> Lit {
        let literal = *self.variables[signal.node.index()].get_or_insert_with(|| {
            self.held.push(signal.node);
            self.formula.variable()
        });
        if signal.inverted { !literal } else { literal }
    }

    /// Adds the clauses of one node, whose fan-ins have variables.
    fn add(&mut self, netlist: &Netlist, schedule: &Schedule, equal: &[Signal], node: NodeId) {
        let output = self.known(Signal { node, inverted: false });
        let Node::Lut(id) = netlist.node(node) else { return };
        let pins: Vec<Lit> = schedule.fan_ins(node).iter().map(|fan_in| self.known(equal[fan_in.index()])).collect();
        self.formula.table(&mut self.covers, netlist.tables().get(id), &pins, output);
    }
}
