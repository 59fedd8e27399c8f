//! Mutants as artefacts, judged by the checks in their real tools.

use crate::emit::{EmittedFile, OutputSet, identifier};
use crate::netlist::Design;
use crate::verify::checker::{Answer, CheckRequest, Checker, Verdict, answers_from_hex, compare, write_scratch};
use crate::verify::{ToolError, check};

use super::draw::{Change, Damage, Mutant, mutated};
use super::simulate::corrupt;
use super::text::turn_tie;
use super::{Fault, MutationError, MutationPlan};

/// What the checks made of one mutant.
pub(super) struct Judged {
    /// For every check: found, not found, or the tool's error; `None` when it does not apply.
    pub(super) found: Vec<Option<Result<bool, String>>>,
    /// A check proved that it is no fault.
    pub(super) equivalent: bool,
    /// Whether the vectors show it, as far as the checks tell.
    pub(super) by_vectors: Option<bool>,
}

/// Lets every check judge one mutant.
pub(super) fn judge(
    plan: &MutationPlan<'_>,
    checkers: &[&'static dyn Checker],
    right: &[EmittedFile],
    mutant: &Mutant,
) -> Result<Judged, MutationError> {
    let mut vectors = plan.vectors.clone();
    let files = match &mutant.change {
        Change::Node { .. } | Change::Threshold { .. } => match mutated(plan.design, &mutant.change) {
            Some(design) => (plan.emit)(&design)?,
            None => right.to_vec(),
        },
        Change::Tie { duel } => match turn_tie(right, *duel) {
            Some(files) => files,
            // Other languages spell it otherwise.
            None => return Ok(Judged { found: vec![None; checkers.len()], equivalent: false, by_vectors: None }),
        },
        Change::Register(files) => files.clone(),
        Change::Vector { at, output } => {
            corrupt(&mut vectors, *at, *output);
            right.to_vec()
        }
        Change::Output { .. } => right.to_vec(),
    };
    let mut judged = Judged { found: Vec::with_capacity(checkers.len()), equivalent: false, by_vectors: None };
    for &checker in checkers {
        let verdict = scratch(|folder| {
            let request = CheckRequest {
                design: plan.design,
                reference: plan.reference,
                files: &files,
                identifier: &identifier(&plan.design.name),
                latency: plan.latency,
                frame: None,
                options: plan.options,
                vectors: &vectors,
                folder,
                limit: plan.limit,
                foreign: false,
            };
            match &mutant.change {
                Change::Output { at, damage } => judge_damaged(checker, &request, *at, *damage),
                _ => check(checker, &request),
            }
        });
        if let Ok(verdict) = &verdict {
            judged.note(checker.name(), mutant.fault, verdict);
        }
        judged.found.push(Some(match verdict {
            Ok(Verdict::Equal { .. } | Verdict::Proved { .. }) => Ok(false),
            Ok(Verdict::Different { .. } | Verdict::Refuted { .. } | Verdict::TestBench { .. }) => Ok(true),
            // A wrong number of results is no success, and it is the fault that was put in.
            Err(ToolError::Garbage { .. }) if mutant.fault == Fault::Output => Ok(true),
            Err(error) => Err(error.to_string()),
        }));
    }
    Ok(judged)
}

impl Judged {
    /// The formal check says both whether the vectors show it and whether it is a fault; but it
    /// reads through registers, so of a missing one only simulation knows.
    fn note(&mut self, checker: &str, fault: Fault, verdict: &Verdict) {
        let simulates = checker != "formal";
        match verdict {
            Verdict::Proved { .. } => (self.by_vectors, self.equivalent) = (Some(false), true),
            Verdict::Different { .. } | Verdict::TestBench { .. } => self.by_vectors = Some(true),
            Verdict::Refuted { .. } if fault != Fault::Register => self.by_vectors = Some(false),
            Verdict::Equal { .. } if simulates => self.by_vectors = self.by_vectors.or(Some(false)),
            Verdict::Refuted { .. } | Verdict::Equal { .. } => {}
        }
    }
}

/// The verdict on a tool whose results are damaged on their way back.
fn judge_damaged(
    checker: &dyn Checker,
    request: &CheckRequest<'_>,
    at: usize,
    damage: Damage,
) -> Result<Verdict, ToolError> {
    for file in request.files {
        write_scratch(request.folder, &file.name, &file.contents)?;
    }
    let outputs = request.outputs(checker.target());
    let answers = damaged(request.design, outputs, &checker.run(request)?.answers, at, damage);
    compare(request.vectors, outputs, &answers).map_err(|found| ToolError::Garbage {
        program: checker.name().to_owned(),
        problem: format!("{found} results for {} vectors", request.vectors.vectors.len()),
        tail: "(nothing)".to_owned(),
    })
}

/// The answers as the text of a results file, damaged there and read again.
pub(super) fn damaged(
    design: &Design,
    outputs: OutputSet,
    answers: &[Answer],
    at: usize,
    damage: Damage,
) -> Vec<Answer> {
    let mut lines: Vec<String> = answers.iter().map(|answer| answer.to_hex(design)).collect();
    if at < lines.len() {
        match damage {
            Damage::Digit | Damage::Unknown => {
                let line = &mut lines[at];
                let last = line.pop();
                let other = if last == Some('0') { '1' } else { '0' };
                line.push(if damage == Damage::Unknown { 'x' } else { other });
            }
            Damage::Lost => drop(lines.remove(at)),
            Damage::Doubled => lines.insert(at, lines[at].clone()),
            Damage::Truncated => lines.truncate(at),
        }
    }
    answers_from_hex(design, outputs, &lines.join("\n"))
}

/// Runs something in a scratch folder of its own.
fn scratch<T>(work: impl FnOnce(&std::path::Path) -> Result<T, ToolError>) -> Result<T, ToolError> {
    let folder = tempfile::Builder::new()
        .prefix("difflut-mutant-")
        .tempdir()
        .map_err(|source| ToolError::Scratch { path: std::env::temp_dir(), source })?;
    work(folder.path())
}
