//! The proof that nobody notices another table, and what is in that table.

use rustc_hash::FxHashMap;

use crate::logic::TruthTable;
use crate::netlist::NodeId;
use crate::prove::{Covers, Formula, Lit};

use super::super::Subject;
use super::network::Network;
use super::search::{CLOSER, MAX_INPUTS, Search};
use super::window::implications;

/// Conflicts of the solver on one question.
const CONFLICTS: u64 = 300;

/// The window of a table, once as it is and once with anything in the place of the table, with a
/// difference in a root of its region.
pub(super) struct Proof {
    formula: Formula,
    literals: FxHashMap<NodeId, Lit>,
    /// The table, and what stands in its place.
    center: Lit,
    other: Lit,
    /// The rows of the table that stands there, whatever its fan-ins are.
    rows: Vec<Lit>,
}

/// What became of a suggestion.
pub(super) enum Verdict {
    /// This table over these fan-ins will do, whatever the primary inputs are.
    Proved(TruthTable, Vec<NodeId>),
    /// No table will, as far as the window tells.
    Refuted,
    /// Nobody knows.
    Open,
}

impl Proof {
    /// The window of a search that has looked closer.
    pub(super) fn new(network: &Network, subject: &Subject<'_>, covers: &mut Covers, search: &Search<CLOSER>) -> Self {
        let Search { center, region, cone, .. } = search;
        let mut formula = Formula::new();
        let tables = cone.tables(network, *center, region);
        let leaves = cone.leaves(network, &tables);
        let literals: FxHashMap<NodeId, Lit> =
            leaves.iter().chain(&tables).map(|&id| (id, formula.variable())).collect();
        for &id in &tables {
            let Some(table) = network.table(id) else { continue };
            let pins: Vec<Lit> = network.fan_ins(id).iter().map(|pin| literals[pin]).collect();
            formula.table(covers, table, &pins, literals[&id]);
        }
        for (high, low) in implications(subject, &leaves) {
            formula.clause(&[!literals[&leaves[high]], literals[&leaves[low]]]);
        }
        let other = formula.variable();
        let mut others: FxHashMap<NodeId, Lit> = FxHashMap::from_iter([(*center, other)]);
        for &id in &region.nodes {
            let Some(table) = network.table(id) else { continue };
            let pins: Vec<Lit> =
                network.fan_ins(id).iter().map(|pin| *others.get(pin).unwrap_or(&literals[pin])).collect();
            let output = formula.variable();
            formula.table(covers, table, &pins, output);
            others.insert(id, output);
        }
        let mut differences = Vec::with_capacity(region.roots.len());
        for root in &region.roots {
            let (a, b, differs) = (literals[root], others[root], formula.variable());
            formula.clause(&[!differs, a, b]);
            formula.clause(&[!differs, !a, !b]);
            differences.push(differs);
        }
        formula.clause(&differences);
        let center = literals[center];
        let rows = (0..1 << MAX_INPUTS).map(|_| formula.variable()).collect();
        Self { formula, literals, center, other, rows }
    }

    /// Whether the table can be a function of these divisors. Every assignment that says
    /// otherwise, or says what a row must be, joins those of the search.
    pub(super) fn learn(&mut self, search: &mut Search<CLOSER>, divisors: &[usize]) -> Verdict {
        let fan_ins: Vec<NodeId> = divisors.iter().map(|&divisor| search.cone.divisors[divisor]).collect();
        let active = self.any_table_of(&fan_ins);
        let verdict = loop {
            let (ones, zeros) = search.rows(divisors);
            if ones & zeros != 0 {
                break Verdict::Refuted;
            }
            // Rows that nobody has noticed yet are whatever makes a difference.
            let mut assumptions = vec![active];
            for (row, &literal) in self.rows.iter().enumerate() {
                match (ones >> row & 1, zeros >> row & 1) {
                    (1, _) => assumptions.push(literal),
                    (_, 1) => assumptions.push(!literal),
                    _ => {}
                }
            }
            match self.formula.holds(&assumptions, CONFLICTS) {
                None => break Verdict::Open,
                Some(false) => break smallest(&fan_ins, ones, ones | zeros),
                Some(true) => {
                    let value = |id: NodeId| self.formula.value(self.literals[&id]);
                    if !search.add(self.formula.value(self.center), value) {
                        break Verdict::Open;
                    }
                }
            }
        };
        self.formula.clause(&[!active]);
        verdict
    }

    /// A literal under which a table of `fan_ins` stands in the place of the old one.
    fn any_table_of(&mut self, fan_ins: &[NodeId]) -> Lit {
        let active = self.formula.variable();
        let mut clause = Vec::with_capacity(fan_ins.len() + 3);
        for (row, &value) in self.rows[..1 << fan_ins.len()].iter().enumerate() {
            for (other, value) in [(self.other, !value), (!self.other, value)] {
                clause.clear();
                clause.extend([!active, other, value]);
                clause.extend(fan_ins.iter().enumerate().map(|(pin, fan_in)| {
                    let literal = self.literals[fan_in];
                    if row >> pin & 1 == 1 { !literal } else { literal }
                }));
                self.formula.clause(&clause);
            }
        }
        active
    }
}

/// The table of the rows `ones`, which says what it likes outside of `seen`, without the fan-ins
/// that it can do without.
fn smallest(fan_ins: &[NodeId], ones: u64, seen: u64) -> Verdict {
    let mut seen: Vec<bool> = (0..1usize << fan_ins.len()).map(|row| seen >> row & 1 == 1).collect();
    let (table, _) = TruthTable::from_word(fan_ins.len(), ones).forget_unseen(&mut seen);
    let support = table.support();
    Verdict::Proved(table.project(&support), support.iter().map(|&input| fan_ins[input]).collect())
}
