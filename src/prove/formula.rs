//! Tables as clauses, made where a question needs them.

use std::rc::Rc;
use std::time::Instant;

use batsat::{Callbacks, ClauseKind, Solver, SolverInterface, SolverOpts, lbool};
use rustc_hash::FxHashMap;

use crate::logic::TruthTable;

use super::cover::{Cube, cover};

pub(crate) use batsat::Lit;

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

/// The cubes of tables, off and on, made once for each table.
#[derive(Default)]
pub(crate) struct Covers(FxHashMap<TruthTable, Rc<[Vec<Cube>; 2]>>);

impl Covers {
    fn of(&mut self, table: &TruthTable) -> Rc<[Vec<Cube>; 2]> {
        if let Some(cubes) = self.0.get(table) {
            return Rc::clone(cubes);
        }
        let cubes = Rc::new([cover(&table.complement()), cover(table)]);
        self.0.insert(table.clone(), Rc::clone(&cubes));
        cubes
    }
}

/// Tables and clauses over literals, and questions about all of them together.
pub(crate) struct Formula {
    solver: Solver<Limit>,
}

impl Formula {
    /// Nothing is known.
    pub(crate) fn new() -> Self {
        Self { solver: Solver::new(SolverOpts::default(), Limit::default()) }
    }

    /// Gives up at this moment.
    pub(super) fn until(&mut self, deadline: Option<Instant>) {
        self.solver.cb_mut().deadline = deadline;
    }

    /// A new variable, as the literal that is true when it is.
    pub(crate) fn variable(&mut self) -> Lit {
        Lit::new(self.solver.new_var_default(), true)
    }

    /// One of these literals is true.
    pub(crate) fn clause(&mut self, literals: &[Lit]) {
        self.solver.add_clause_reuse(&mut literals.to_vec());
    }

    /// `output` is what `table` is at `pins`.
    pub(crate) fn table(&mut self, covers: &mut Covers, table: &TruthTable, pins: &[Lit], output: Lit) {
        for (cubes, output) in covers.of(table).iter().zip([!output, output]) {
            for cube in cubes {
                let cares = (0..pins.len()).filter(|&input| cube.cares >> input & 1 == 1);
                let mut clause: Vec<Lit> =
                    cares.map(|input| if cube.values >> input & 1 == 1 { !pins[input] } else { pins[input] }).collect();
                clause.push(output);
                self.solver.add_clause_reuse(&mut clause);
            }
        }
    }

    /// Whether everything holds together with the assumptions; `None` after that many conflicts.
    pub(crate) fn holds(&mut self, assumptions: &[Lit], conflicts: u64) -> Option<bool> {
        let limit = self.solver.cb_mut();
        limit.allowed = limit.learnt + conflicts;
        match self.solver.solve_limited(assumptions) {
            result if result == lbool::TRUE => Some(true),
            result if result == lbool::FALSE => Some(false),
            _ => None,
        }
    }

    /// The value of a literal where [`holds`](Self::holds) has just found that everything does;
    /// false where it does not matter.
    pub(crate) fn value(&self, literal: Lit) -> bool {
        self.solver.value_lit(literal) == lbool::TRUE
    }
}
