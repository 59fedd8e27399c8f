//! Whether a mutant that no vector shows is a fault at all.

use std::time::Instant;

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::emit::OutputSet;
use crate::netlist::{ClassHead, Contestant, Design, DesignHead, NodeId};
use crate::prove::ProofOptions;
use crate::verify::formal::aig::{Aig, Lit};
use crate::verify::formal::sat::{Proof, prove};
use crate::verify::formal::{codes_of_bus, reference};

use super::MutationPlan;
use super::draw::{Change, mutated};
use super::simulate::tied;

/// What is known of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Another function.
    Different,
    /// The same function for every input.
    Equivalent,
    /// Neither is known.
    Open,
}

/// The right design as a graph over the bits of its input bus.
pub(super) struct Decider<'a> {
    design: &'a Design,
    outputs: OutputSet,
    aig: Aig,
    /// Of every node of the core.
    nodes: Vec<Lit>,
    compared: Vec<Lit>,
}

impl<'a> Decider<'a> {
    /// The graph of the design of the plan.
    pub(super) fn new(plan: &MutationPlan<'a>) -> Self {
        let design = plan.design;
        let mut aig = Aig::new(design.input.width());
        let compared = reference::compared(&mut aig, design);
        let nodes = aig.nodes(&design.core, &compared);
        let outputs = if plan.is_hardware { plan.options.hdl.outputs } else { OutputSet::Both };
        Self { design, outputs, aig, nodes, compared }
    }

    /// Decides on a change of the netlist, a comparator or a duel.
    pub(super) fn decide(&self, plan: &MutationPlan<'_>, change: &Change) -> Decision {
        let mut aig = self.aig.clone();
        let Some(nodes) = self.changed_nodes(&mut aig, change) else { return Decision::Open };
        let right: Vec<Lit> = self.design.core.outputs().iter().map(|output| self.nodes[output.index()]).collect();
        let other: Vec<Lit> = self.design.core.outputs().iter().map(|output| nodes[output.index()]).collect();
        let pairs: Vec<(Lit, Lit)> = right.iter().copied().zip(other.iter().copied()).collect();
        let options = ProofOptions { deadline: Instant::now().checked_add(plan.limit), ..ProofOptions::default() };
        let tie = match change {
            Change::Tie { duel } => Some(*duel),
            _ => None,
        };
        if let (Some(duel), DesignHead::Classes(head)) = (tie, &self.design.head)
            && find_tie(plan, head, duel)
        {
            return Decision::Different;
        }
        if tie.is_none() {
            // The outputs of the core decide nearly always, and they are small questions.
            match prove(&aig, &pairs, &options) {
                Proof::Equal => return Decision::Equivalent,
                Proof::Different(bus) if self.shows(plan, change, &bus) => return Decision::Different,
                Proof::Different(_) | Proof::Open(_) => {}
            }
        }
        let DesignHead::Classes(head) = &self.design.head else { return Decision::Open };
        let (right, other) = (self.head(&mut aig, head, &right, None), self.head(&mut aig, head, &other, tie));
        let pairs: Vec<(Lit, Lit)> = right.into_iter().zip(other).collect();
        match prove(&aig, &pairs, &options) {
            Proof::Equal => Decision::Equivalent,
            // Simulated on the graph, head and all.
            Proof::Different(_) => Decision::Different,
            Proof::Open(_) => Decision::Open,
        }
    }

    /// The literals of all nodes with the change: only what reads it is made anew.
    fn changed_nodes(&self, aig: &mut Aig, change: &Change) -> Option<Vec<Lit>> {
        let core = &self.design.core;
        let mut nodes = self.nodes.clone();
        let first = match change {
            Change::Node { at, table, pins } => {
                let pins: Vec<Lit> = pins.iter().map(|pin| nodes[pin.index()]).collect();
                nodes[at.index()] = aig.table(table, &pins);
                *at
            }
            Change::Threshold { comparator, .. } => {
                let design = mutated(self.design, change)?;
                let at = *core.inputs().get(*comparator)?;
                debug_assert_eq!(self.compared[*comparator], nodes[at.index()]);
                nodes[at.index()] = reference::comparison(aig, &design, &design.comparators[*comparator]);
                at
            }
            Change::Tie { .. } => return Some(nodes),
            Change::Register(_) | Change::Vector { .. } | Change::Output { .. } => return None,
        };
        for id in core.node_ids().skip(first.index() + 1) {
            let pins = core.fan_ins(id);
            let is_changed = |pin: &NodeId| nodes[pin.index()] != self.nodes[pin.index()];
            if let Some(table) = core.table(id)
                && pins.iter().any(is_changed)
            {
                let pins: Vec<Lit> = pins.iter().map(|pin| nodes[pin.index()]).collect();
                nodes[id.index()] = aig.table(table, &pins);
            }
        }
        Some(nodes)
    }

    /// The outputs that there are, of the head over these bits.
    fn head(&self, aig: &mut Aig, head: &ClassHead, bits: &[Lit], tie: Option<usize>) -> Vec<Lit> {
        let mut class = reference::class_outputs(aig, head, bits, tie);
        let scores = class.split_off(head.argmax().class_bits().min(class.len()));
        let mut outputs = if self.outputs.class() { class } else { Vec::new() };
        outputs.extend(scores.into_iter().filter(|_| self.outputs.scores()));
        outputs
    }

    /// Whether an input shows the change at the outputs, by the simulator.
    fn shows(&self, plan: &MutationPlan<'_>, change: &Change, bus: &[bool]) -> bool {
        let Some(other) = mutated(plan.design, change) else { return false };
        let codes = codes_of_bus(&plan.design.input, bus);
        let [right, other] = [plan.design, &other].map(|design| design.simulate(std::slice::from_ref(&codes)));
        match plan.design.head {
            DesignHead::Bits => right.bits != other.bits,
            DesignHead::Classes(_) => {
                (self.outputs.scores() && right.scores != other.scores)
                    || (self.outputs.class() && right.classes != other.classes)
            }
        }
    }
}

/// Inputs that are kept and varied in every round of the search for a tie, the variants of all of
/// them together, and the rounds.
const KEPT: usize = 16;
const VARIANTS: usize = 256;
const ROUNDS: usize = 100;

/// Looks for an input on which a tie of this duel decides on the class, from the vectors on, by
/// small changes towards it: two sums that have to be equal are hard for a solver.
fn find_tie(plan: &MutationPlan<'_>, head: &ClassHead, duel: usize) -> bool {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ duel as u64);
    let vectors = &plan.vectors.vectors;
    let mut kept: Vec<(u32, Vec<i64>)> =
        vectors.iter().map(|vector| (distance(head, &vector.scores, duel), vector.codes.clone())).collect();
    for _ in 0..ROUNDS {
        kept.sort();
        kept.dedup();
        kept.truncate(KEPT);
        let variants: Vec<Vec<i64>> = (0..VARIANTS)
            .filter_map(|_| {
                let (mut row, other) = (kept.choose(&mut rng)?.1.clone(), vectors.choose(&mut rng)?);
                let share = [0.005, 0.02, 0.1][rng.random_range(0..3usize)];
                for (code, &other) in row.iter_mut().zip(&other.codes) {
                    if rng.random_bool(share) {
                        *code = other;
                    }
                }
                Some(row)
            })
            .collect();
        let outputs = plan.design.simulate(&variants);
        for (row, scores) in variants.into_iter().zip(outputs.scores) {
            if tied(head, &scores, duel) != head.argmax().evaluate(&scores) {
                return true;
            }
            kept.push((distance(head, &scores, duel), row));
        }
    }
    false
}

/// How far the scores are from a tie of this duel between the largest ones.
fn distance(head: &ClassHead, scores: &[u32], duel: usize) -> u32 {
    let argmax = head.argmax();
    let best = |side: Contestant| {
        let mut open = vec![side];
        let mut best = 0;
        while let Some(side) = open.pop() {
            match side {
                Contestant::Class(class) => best = best.max(scores.get(class as usize).copied().unwrap_or(0)),
                Contestant::Winner(duel) => {
                    let duel = &argmax.duels[duel as usize];
                    open.extend([duel.first, duel.second]);
                }
            }
        }
        best
    };
    let Some(duel) = argmax.duels.get(duel) else { return u32::MAX };
    let (first, second) = (best(duel.first), best(duel.second));
    let largest = scores.iter().copied().max().unwrap_or(0);
    (largest - first) + (largest - second)
}
