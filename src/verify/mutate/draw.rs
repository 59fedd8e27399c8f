//! Which faults a design can have, and some of them by chance.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashSet;

use crate::emit::{EmittedFile, EncoderOption};
use crate::logic::TruthTable;
use crate::netlist::{Comparator, Design, DesignHead, Netlist, Node, NodeId, Schedule};

use super::text::{drop_register, text_mutant};
use super::{Fault, MutationPlan};

/// One mutant.
pub(super) struct Mutant {
    pub(super) fault: Fault,
    pub(super) what: String,
    pub(super) change: Change,
}

/// What a mutant has otherwise.
pub(super) enum Change {
    /// A table or its pins.
    Node { at: NodeId, table: TruthTable, pins: Vec<NodeId> },
    /// The threshold of a comparator.
    Threshold { comparator: usize, threshold: i64 },
    /// A duel that its second side wins on a tie.
    Tie { duel: usize },
    /// The artefact's files.
    Register(Vec<EmittedFile>),
    /// An expected output: a score, or a bit where there are no classes.
    Vector { at: usize, output: usize },
    /// What the tool wrote for one vector.
    Output { at: usize, damage: Damage },
}

/// What can happen to a line of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// Its last digit is another one.
    Digit,
    /// A digit is an `x`, as of a wire without a value.
    Unknown,
    /// It is missing.
    Lost,
    /// It is there twice.
    Doubled,
    /// The rest of the file is missing.
    Truncated,
}

impl Damage {
    const ALL: [Self; 5] = [Self::Digit, Self::Unknown, Self::Lost, Self::Doubled, Self::Truncated];
}

/// Draws of one kind before another kind is tried.
const DRAWS: usize = 16;

/// `plan.count` mutants, different ones where there are enough.
pub(super) fn mutants(plan: &MutationPlan<'_>, right: &[EmittedFile]) -> Vec<Mutant> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let wheel: Vec<Fault> = Fault::ALL.iter().flat_map(|&fault| std::iter::repeat_n(fault, fault.weight())).collect();
    let core = &plan.design.core;
    let live = Schedule::new(core).live(core);
    let has_inputs = |id: &NodeId| core.table(*id).is_some_and(|table| table.inputs() > 0);
    let tables: Vec<NodeId> = core.node_ids().filter(|id| live[id.index()] && has_inputs(id)).collect();
    let mut source = Source { plan, right, tables, rng: ChaCha8Rng::seed_from_u64(plan.seed ^ 1) };
    let (mut mutants, mut known): (Vec<Mutant>, FxHashSet<String>) = (Vec::new(), FxHashSet::default());
    let mut registers = 0;
    // Some kinds are impossible for some designs, so the tries are more than the mutants.
    for turn in 0..20 * plan.count {
        if mutants.len() == plan.count {
            break;
        }
        // Every kind once before chance decides.
        let fault = Fault::ALL.get(turn).copied().or_else(|| wheel.choose(&mut rng).copied());
        let Some(fault) = fault else { break };
        // Only tools can judge those.
        if fault == Fault::Register && registers == plan.in_tools {
            continue;
        }
        if let Some((what, change)) = (0..DRAWS).find_map(|_| source.draw(fault))
            && known.insert(what.clone())
        {
            registers += usize::from(fault == Fault::Register);
            mutants.push(Mutant { fault, what, change });
        }
    }
    mutants
}

struct Source<'a> {
    plan: &'a MutationPlan<'a>,
    right: &'a [EmittedFile],
    /// Tables that some output may depend on.
    tables: Vec<NodeId>,
    rng: ChaCha8Rng,
}

impl Source<'_> {
    /// A fault of this kind, unless the draw is an impossible one.
    fn draw(&mut self, fault: Fault) -> Option<(String, Change)> {
        let (design, rng) = (self.plan.design, &mut self.rng);
        let vectors = &self.plan.vectors.vectors;
        match fault {
            Fault::Table => {
                let &at = self.tables.choose(rng)?;
                let table = design.core.table(at)?;
                let row = rng.random_range(0..table.rows());
                let table = TruthTable::from_fn(table.inputs(), |r| table.row(r) ^ (r == row));
                let what = format!("row {row} of the table of node {} flipped", at.index());
                Some((what, Change::Node { at, table, pins: design.core.fan_ins(at).to_vec() }))
            }
            Fault::Wire => {
                let &at = self.tables.choose(rng)?;
                let table = design.core.table(at)?.clone();
                let mut pins: Vec<NodeId> = design.core.fan_ins(at).to_vec();
                let pin = rng.random_range(0..pins.len());
                let what = if pins.len() > 1 && rng.random() {
                    let other = (pin + rng.random_range(1..pins.len())) % pins.len();
                    pins.swap(pin, other);
                    format!("inputs {pin} and {other} of node {} swapped", at.index())
                } else {
                    pins[pin] = NodeId::from_index(rng.random_range(0..at.index()));
                    format!("input {pin} of node {} reads node {}", at.index(), pins[pin].index())
                };
                Some((what, Change::Node { at, table, pins }))
            }
            Fault::Comparator => {
                let comparator = rng.random_range(0..design.comparators.len().max(1));
                let Comparator { feature, threshold } = *design.comparators.get(comparator)?;
                let moved = Comparator { feature, threshold: if rng.random() { threshold + 1 } else { threshold - 1 } };
                let codes = design.input.min_code() + 1..=design.input.max_code();
                // One that is moved onto its neighbour is none of a valid design; and without an
                // encoder there is no comparator in the artefact.
                let is_possible = self.plan.options.hdl.encoder == EncoderOption::On || !self.plan.is_hardware;
                if !is_possible || !codes.contains(&moved.threshold) || design.comparators.contains(&moved) {
                    return None;
                }
                let what = format!("feature {feature} compared with {} instead of {threshold}", moved.threshold);
                Some((what, Change::Threshold { comparator, threshold: moved.threshold }))
            }
            Fault::Register => {
                let (files, what) = text_mutant(self.right, rng, drop_register)?;
                Some((what, Change::Register(files)))
            }
            Fault::Tie => {
                let DesignHead::Classes(head) = &design.head else { return None };
                let duels = head.argmax().duels.len();
                if duels == 0 || !self.plan.is_hardware || !self.plan.options.hdl.outputs.class() {
                    return None;
                }
                let duel = rng.random_range(0..duels);
                Some((format!("the second side wins ties of duel {duel}"), Change::Tie { duel }))
            }
            Fault::Vector => {
                let at = rng.random_range(0..vectors.len().max(1));
                let vector = vectors.get(at)?;
                let has_scores = !self.plan.is_hardware || self.plan.options.hdl.outputs.scores();
                let outputs = if vector.scores.is_empty() { vector.bits.len() } else { vector.scores.len() };
                if outputs == 0 || (vector.class.is_some() && !has_scores) {
                    return None;
                }
                let output = rng.random_range(0..outputs);
                let what = format!("expected output {output} of vector {at} corrupted");
                Some((what, Change::Vector { at, output }))
            }
            Fault::Output => {
                let at = rng.random_range(0..vectors.len().max(1));
                let &damage = Damage::ALL.choose(rng)?;
                let what = match damage {
                    Damage::Digit => format!("the result of vector {at} has another digit"),
                    Damage::Unknown => format!("the result of vector {at} has an x"),
                    Damage::Lost => format!("the result of vector {at} is missing"),
                    Damage::Doubled => format!("the result of vector {at} is there twice"),
                    Damage::Truncated => format!("the results end before vector {at}"),
                };
                vectors.get(at)?;
                Some((what, Change::Output { at, damage }))
            }
        }
    }
}

/// The design with the change, where that is one of the design.
pub(super) fn mutated(design: &Design, change: &Change) -> Option<Design> {
    match change {
        Change::Node { at, table, pins } => {
            Some(Design { core: with_node(&design.core, *at, table, pins), ..design.clone() })
        }
        Change::Threshold { comparator, threshold } => {
            let mut design = design.clone();
            design.comparators.get_mut(*comparator)?.threshold = *threshold;
            Some(design)
        }
        _ => None,
    }
}

/// A copy of `core` in which node `at` is `table` over `pins`.
fn with_node(core: &Netlist, at: NodeId, table: &TruthTable, pins: &[NodeId]) -> Netlist {
    let mut copy = Netlist::with_capacity(core.nodes(), core.pins());
    for id in core.node_ids() {
        let section = core.section(id);
        // Ids stay what they are, since nodes are copied one for one.
        match core.node(id) {
            Node::Input(_) => copy.add_input(section),
            Node::Lut(_) if id == at => copy.add_lut(table, pins, section),
            Node::Lut(own) => copy.add_lut(core.tables().get(own), &core.fan_ins(id), section),
        };
    }
    for &output in core.outputs() {
        copy.add_output(output);
    }
    copy
}
