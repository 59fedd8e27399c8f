//! A netlist as clauses, made where a question needs them.

use std::time::Instant;

use batsat::{Callbacks, ClauseKind, Lit, Solver, SolverInterface, SolverOpts, Var, lbool};
use rustc_hash::FxHashMap;

use crate::netlist::{Netlist, Node, NodeId, Schedule, TableId};

use super::cover::{Cube, cover};
use super::sweep::Signal;

/// Stops a search after a number of conflicts, so that results do not depend on the machine.
#[derive(Default)]
struct Limit {
    learnt: u64,
    allowed: u64,
    /// Or at this moment, where one is set.
    deadline: Option<Instant>,
}

impl Callbacks for Limit {
    fn on_new_clause(&mut self, _: &[Lit], kind: ClauseKind) {
        if kind == ClauseKind::Learnt {
            self.learnt += 1;
        }
    }

    fn stop(&self) -> bool {
        self.learnt > self.allowed || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

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
const VARIABLES: usize = 20_000;

/// The clauses of the cones that were asked about lately.
///
/// An answer gives values to all variables, those of cones that it has nothing to do with included.
/// So a solver that holds many times more than a question needs is left for an empty one: what it
/// has learnt about equal nodes is known from `equal` anyway.
pub(super) struct Clauses {
    solver: Solver<Limit>,
    variables: Vec<Option<Var>>,
    /// The nodes that have a variable, and how many may have one.
    held: Vec<NodeId>,
    most: usize,
    covers: FxHashMap<TableId, [Vec<Cube>; 2]>,
}

impl Clauses {
    pub(super) fn new(nodes: usize) -> Self {
        let solver = Solver::new(SolverOpts::default(), Limit::default());
        Self { solver, variables: vec![None; nodes], held: Vec::new(), most: VARIABLES, covers: FxHashMap::default() }
    }

    /// Gives up at this moment.
    pub(super) fn until(&mut self, deadline: Option<Instant>) {
        self.solver.cb_mut().deadline = deadline;
    }

    /// Whether `a` and `b` can differ.
    pub(super) fn differ(
        &mut self,
        netlist: &Netlist,
        schedule: &Schedule,
        equal: &[Signal],
        (a, b): (Signal, Signal),
        conflicts: u64,
    ) -> Answer {
        let fresh = self.held.len() > self.most;
        if fresh {
            let deadline = self.solver.cb().deadline;
            self.solver = Solver::new(SolverOpts::default(), Limit { deadline, ..Limit::default() });
            self.held.drain(..).for_each(|node| self.variables[node.index()] = None);
        }
        let (a, b) = (self.literal(netlist, schedule, equal, a), self.literal(netlist, schedule, equal, b));
        if fresh {
            self.most = VARIABLES.max(4 * self.held.len());
        }
        for assumptions in [[a, !b], [!a, b]] {
            let limit = self.solver.cb_mut();
            limit.allowed = limit.learnt + conflicts;
            let result = self.solver.solve_limited(&assumptions);
            if result == lbool::TRUE {
                let value = |id: &NodeId| {
                    self.variables[id.index()].is_some_and(|variable| self.solver.value_var(variable) == lbool::TRUE)
                };
                return Answer::Assignment(netlist.inputs().iter().map(value).collect());
            }
            if result != lbool::FALSE {
                return Answer::GaveUp;
            }
        }
        // Both are implied; saying so shortens later proofs.
        self.solver.add_clause_reuse(&mut vec![!a, b]);
        self.solver.add_clause_reuse(&mut vec![a, !b]);
        Answer::Never
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
        let variable = *self.variables[signal.node.index()].get_or_insert_with(|| {
            self.held.push(signal.node);
            self.solver.new_var_default()
        });
        Lit::new(variable, !signal.inverted)
    }

    /// Adds the clauses of one node, whose fan-ins have variables.
    fn add(&mut self, netlist: &Netlist, schedule: &Schedule, equal: &[Signal], node: NodeId) {
        let output = self.known(Signal { node, inverted: false });
        let Node::Lut(id) = netlist.node(node) else { return };
        let pins: Vec<Lit> = schedule.fan_ins(node).iter().map(|fan_in| self.known(equal[fan_in.index()])).collect();
        let table = netlist.tables().get(id);
        let covers = self.covers.entry(id).or_insert_with(|| [cover(&table.complement()), cover(table)]);
        for (cubes, output) in covers.iter().zip([!output, output]) {
            for cube in cubes {
                let cares = (0..pins.len()).filter(|&input| cube.cares >> input & 1 == 1);
                let mut clause: Vec<Lit> =
                    cares.map(|input| if cube.values >> input & 1 == 1 { !pins[input] } else { pins[input] }).collect();
                clause.push(output);
                self.solver.add_clause_reuse(&mut clause);
            }
        }
    }
}
