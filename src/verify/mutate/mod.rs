//! Proof that the checks can fail: small faults, and who finds them.
//!
//! Every mutant of the netlist, the comparators and the head is simulated here, on all vectors,
//! only where it differs from the right design; what no vector shows goes to a SAT solver, which
//! finds an input or proves that the mutant is the same function and thus no fault. Of each kind
//! some mutants also become artefacts that the checks judge in their real tools. Dropped
//! registers exist only in the artefact and are judged there alone.

mod decide;
mod draw;
mod judge;
mod report;
mod simulate;
mod text;

pub use report::{FaultRow, MutationReport, Tally};

use rayon::prelude::*;

use crate::emit::{EmitError, EmitOptions, EmittedFile, TestVectors};
use crate::netlist::Design;

use super::ToolError;
use super::checker::Checker;
use decide::{Decider, Decision};
use draw::{Change, Mutant};
use report::Finding;
use simulate::Hardware;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// One row of one table is inverted.
    Table,
    /// Two inputs of a table change places, or one reads another signal.
    Wire,
    /// A comparator compares with a code one higher or lower.
    Comparator,
    /// A register of a pipeline is a wire.
    Register,
    /// The higher class wins a tie.
    Tie,
    /// One expected output of one vector is wrong.
    Vector,
    /// What the tool wrote is damaged: another digit, an `x`, a line lost, doubled or cut.
    Output,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Table, Self::Wire, Self::Comparator, Self::Register, Self::Tie, Self::Vector, Self::Output];

    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table row flipped",
            Self::Wire => "wire swapped or moved",
            Self::Comparator => "comparator off by one",
            Self::Register => "register dropped",
            Self::Tie => "tie to the higher class",
            Self::Vector => "expected output corrupted",
            Self::Output => "tool output corrupted",
        }
    }

    /// Of a dozen mutants, how many are of this kind.
    fn weight(self) -> usize {
        match self {
            Self::Table => 4,
            Self::Wire => 3,
            Self::Comparator => 2,
            Self::Register | Self::Tie | Self::Vector | Self::Output => 1,
        }
    }
}

/// What a mutation run looks at.
#[derive(Clone, Copy)]
pub struct MutationPlan<'a> {
    /// The right design, not optimized.
    pub reference: &'a Design,
    /// The design that is printed.
    pub design: &'a Design,
    /// Prints a design of the same shape.
    pub emit: &'a (dyn Fn(&Design) -> Result<Vec<EmittedFile>, EmitError> + Sync),
    /// Whether the artefact has the outputs and the stimulus of hardware.
    pub is_hardware: bool,
    /// Clock cycles from an input to its outputs.
    pub latency: u32,
    /// The options that it is printed with.
    pub options: &'a EmitOptions,
    /// The stimulus.
    pub vectors: &'a TestVectors,
    /// How many mutants.
    pub count: usize,
    /// How many mutants of each kind the checks judge in their tools.
    pub in_tools: usize,
    /// Which ones.
    pub seed: u64,
    /// How long one program may run.
    pub limit: std::time::Duration,
}

/// A mutation run that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum MutationError {
    /// A mutant cannot be printed.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// A proof failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The design itself is not what it should be, so faults cannot be told from it.
    #[error("without any fault the design differs from inference: {0}")]
    Wrong(String),
}

/// Makes mutants, simulates them, decides on what no vector shows, and lets every checker judge
/// some of each kind.
///
/// # Errors
/// [`MutationError`]; failures of the checkers themselves are counted.
pub fn mutate(plan: &MutationPlan<'_>, checkers: &[&'static dyn Checker]) -> Result<MutationReport, MutationError> {
    let right = (plan.emit)(plan.design)?;
    let hardware = Hardware::new(plan);
    hardware.is_right().map_err(MutationError::Wrong)?;
    let decider = Decider::new(plan);
    let mutants = draw::mutants(plan, &right);
    let mut findings: Vec<Finding> =
        mutants.par_iter().map(|mutant| without_tools(plan, &hardware, &decider, mutant)).collect();
    let mut judged: Vec<usize> = Vec::new();
    for fault in Fault::ALL {
        judged.extend((0..mutants.len()).filter(|&at| mutants[at].fault == fault).take(plan.in_tools));
    }
    let verdicts: Result<Vec<_>, MutationError> =
        judged.par_iter().map(|&at| Ok((at, judge::judge(plan, checkers, &right, &mutants[at])?))).collect();
    for (at, judged) in verdicts? {
        let finding = &mut findings[at];
        let hidden = finding.found[0] == Some(Ok(false));
        for (checker, found) in checkers.iter().zip(judged.found) {
            // What no vector shows no simulator can find, and that is counted once.
            let is_excused = hidden && checker.name() != "formal" && found == Some(Ok(false));
            finding.found.push(if is_excused { None } else { found });
        }
        // Of a changed text only the tools know.
        finding.equivalent |= judged.equivalent;
        if finding.found[0].is_none() {
            finding.found[0] = judged.by_vectors.map(Ok);
        }
    }
    let names = ["vectors", "proof"].into_iter().chain(checkers.iter().map(|checker| checker.name()));
    let mut report = MutationReport {
        columns: names.map(str::to_owned).collect(),
        rows: Vec::new(),
        missed: Vec::new(),
        not_done: Vec::new(),
    };
    findings.into_iter().for_each(|finding| report.count(finding));
    Ok(report)
}

/// What simulation and proof make of a mutant.
fn without_tools(plan: &MutationPlan<'_>, hardware: &Hardware<'_>, decider: &Decider<'_>, mutant: &Mutant) -> Finding {
    let shown = match &mutant.change {
        Change::Node { at, table, pins } => Some(hardware.shows_node(*at, table, pins)),
        Change::Threshold { comparator, threshold } => Some(hardware.shows_threshold(*comparator, *threshold)),
        Change::Tie { duel } => Some(hardware.shows_tie(*duel)),
        Change::Register(_) => None,
        Change::Vector { at, output } => Some(hardware.shows_vector(*at, *output)),
        Change::Output { at, damage } => Some(hardware.shows_damage(*at, *damage)),
    };
    let mut finding =
        Finding { fault: mutant.fault, what: mutant.what.clone(), equivalent: false, found: vec![shown.map(Ok), None] };
    if !matches!(mutant.change, Change::Node { .. } | Change::Threshold { .. } | Change::Tie { .. }) {
        return finding;
    }
    // A vector that shows it is a proof already.
    let decision = if shown == Some(true) { Decision::Different } else { decider.decide(plan, &mutant.change) };
    finding.equivalent = decision == Decision::Equivalent;
    finding.found[1] = Some(match decision {
        Decision::Different => Ok(true),
        Decision::Equivalent => Ok(false),
        Decision::Open => Err("neither an input that shows it nor a proof that there is none".to_owned()),
    });
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::emit::{EmitRequest, HdlOptions, Provenance, Registers, target};
    use crate::lower::{flatten, lower};
    use crate::verify::{VectorPlan, test_vectors};

    fn with_plan(seed: u64, count: usize, test: impl Fn(&MutationPlan<'_>, &[EmittedFile])) {
        let network = random_network(seed, &NetworkShape::small());
        let design = lower(&network);
        let vectors = test_vectors(&network, &[], &VectorPlan { count: 20, seed: 1 });
        let provenance = Provenance {
            tool_version: "test".into(),
            model_sha256: "0".into(),
            input_values: "value".into(),
            scale: 1.0,
            offset: 0.0,
            tau: None,
        };
        let hdl = HdlOptions { pipeline: Some(Registers::Levels(1)), ..HdlOptions::default() };
        let options = EmitOptions { hdl, ..EmitOptions::default() };
        let emit = |design: &Design| {
            let (flat, options) = (flatten(design), &options);
            let request = EmitRequest { design, flat: &flat, provenance: &provenance, options, vectors: &vectors };
            target("verilog").unwrap().emit(&request)
        };
        let plan = MutationPlan {
            reference: &design,
            design: &design,
            emit: &emit,
            is_hardware: true,
            latency: 0,
            options: &options,
            vectors: &vectors,
            count,
            in_tools: 5,
            seed: 5,
            limit: std::time::Duration::from_secs(60),
        };
        test(&plan, &emit(&design).unwrap());
    }

    #[test]
    fn mutants_are_different_valid_and_of_every_possible_kind() {
        with_plan(11, 60, |plan, right| {
            let mutants = draw::mutants(plan, right);
            assert_eq!(mutants.len(), 60);
            for fault in Fault::ALL {
                assert!(mutants.iter().any(|mutant| mutant.fault == fault), "{fault:?}");
            }
            for mutant in &mutants {
                match &mutant.change {
                    Change::Register(files) => assert_ne!(files, right, "{}", mutant.what),
                    change => {
                        if let Some(mutated) = draw::mutated(plan.design, change) {
                            mutated.validate().unwrap();
                        }
                    }
                }
            }
        });
    }

    /// Whether some of all inputs (2^6), or of the vectors, tells two designs apart.
    fn differ(left: &Design, right: &Design, samples: &[Vec<i64>]) -> bool {
        let (left, right) = (left.simulate(samples), right.simulate(samples));
        (left.scores, left.classes) != (right.scores, right.classes)
    }

    #[test]
    fn simulation_of_the_changed_part_and_the_proof_are_what_the_whole_design_does() {
        // Shown by a vector, by another input only, by none.
        let counts = [std::cell::Cell::new(0), std::cell::Cell::new(0), std::cell::Cell::new(0)];
        for seed in 0..4 {
            with_plan(seed, 150, |plan, right| {
                let (hardware, decider) = (Hardware::new(plan), Decider::new(plan));
                hardware.is_right().unwrap();
                let vectors: Vec<Vec<i64>> = plan.vectors.vectors.iter().map(|vector| vector.codes.clone()).collect();
                let all: Vec<Vec<i64>> =
                    (0..64i64).map(|n| (0..3).map(|feature| n >> (2 * feature) & 3).collect()).collect();
                for mutant in draw::mutants(plan, right) {
                    let Some(mutated) = draw::mutated(plan.design, &mutant.change) else { continue };
                    let finding = without_tools(plan, &hardware, &decider, &mutant);
                    let (by_vectors, by_all) =
                        (differ(plan.design, &mutated, &vectors), differ(plan.design, &mutated, &all));
                    assert_eq!(finding.found[0], Some(Ok(by_vectors)), "{}", mutant.what);
                    assert_eq!(finding.found[1], Some(Ok(by_all)), "{}", mutant.what);
                    assert_eq!(finding.equivalent, !by_all, "{}", mutant.what);
                    let count = &counts[if by_vectors {
                        0
                    } else if by_all {
                        1
                    } else {
                        2
                    }];
                    count.set(count.get() + 1);
                }
            });
        }
        assert!(counts.iter().all(|count| count.get() > 5), "{counts:?}");
    }

    #[test]
    fn a_tie_that_a_vector_shows_is_decided_to_be_a_fault() {
        let shown = std::cell::Cell::new(0);
        for seed in 0..6 {
            with_plan(seed, 1, |plan, _| {
                let (hardware, decider) = (Hardware::new(plan), Decider::new(plan));
                for duel in 0..2 {
                    let decision = decider.decide(plan, &Change::Tie { duel });
                    assert_ne!(decision, Decision::Open);
                    if hardware.shows_tie(duel) {
                        assert_eq!(decision, Decision::Different);
                        shown.set(shown.get() + 1);
                    }
                }
            });
        }
        assert!(shown.get() > 3, "{shown:?}");
    }

    #[test]
    fn damaged_results_and_wrong_expectations_are_always_noticed() {
        with_plan(11, 400, |plan, right| {
            let (hardware, decider) = (Hardware::new(plan), Decider::new(plan));
            let mut seen = 0;
            for mutant in draw::mutants(plan, right) {
                if matches!(mutant.fault, Fault::Vector | Fault::Output) {
                    let finding = without_tools(plan, &hardware, &decider, &mutant);
                    assert_eq!(finding.found[0], Some(Ok(true)), "{}", mutant.what);
                    seen += 1;
                }
            }
            assert!(seen > 30);
        });
    }

    #[test]
    fn a_design_that_is_wrong_by_itself_is_refused() {
        with_plan(11, 5, |plan, _| {
            let mut vectors = plan.vectors.clone();
            simulate::corrupt(&mut vectors, 3, 1);
            let wrong = mutate(&MutationPlan { vectors: &vectors, ..*plan }, &[]).unwrap_err().to_string();
            assert!(wrong.contains("vector 3"), "{wrong}");
        });
    }
}
