//! `difflut verify --mutate`: faults are put into what is printed.

use std::time::Duration;

use crate::cli::CliError;
use crate::cli::checks::Chosen;
use crate::emit::EmitRequest;
use crate::files::write_atomically;
use crate::lower::flatten;
use crate::netlist::Design;
use crate::verify::{MutationPlan, mutate};

use super::ExportArgs;
use super::output::{print_latency, print_model};
use super::plan::plan;
use super::work::{Variant, prepare};

/// How many mutants are made, and of each kind judged in the tools of the checks.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Mutants {
    /// All of them.
    pub(in crate::cli) count: u32,
    /// Of each kind.
    pub(in crate::cli) in_tools: u32,
}

/// The share of mutants that simulation has to find, of those that are faults.
const ENOUGH_CAUGHT: f64 = 0.99;

/// `difflut verify --mutate`: puts faults into what is printed and counts who finds them.
pub(super) fn verify_mutants(arguments: &ExportArgs, chosen: Vec<Chosen>, mutants: Mutants) -> Result<(), CliError> {
    let plan = plan(arguments, chosen, None)?;
    let mut targets: Vec<&str> = plan.checkers.iter().map(|checker| checker.target()).collect();
    targets.sort_unstable();
    targets.dedup();
    let [target] = plan.targets.as_slice() else {
        return Err(CliError::Usage(format!(
            "mutants are made of one target; the checks are for {}: choose with --check or --target",
            targets.join(", ")
        )));
    };
    let work = prepare(arguments, &plan)?;
    print_model(&work.model);
    print_latency(arguments, &work);
    let Variant { design, vectors, provenance, .. } = work.variant(target.name());
    say!("vectors: {}", work.samples.describe(vectors));
    let emit = |design: &Design| {
        let flat = flatten(design);
        let request = EmitRequest { design, flat: &flat, provenance, options: &arguments.options, vectors };
        target.emit(&request)
    };
    let report = mutate(
        &MutationPlan {
            reference: &work.reference,
            design,
            emit: &emit,
            is_hardware: target.is_hardware(),
            latency: target.latency(design, &arguments.options),
            options: &arguments.options,
            vectors,
            count: mutants.count as usize,
            in_tools: mutants.in_tools as usize,
            seed: arguments.checks.seed,
            limit: Duration::from_secs(arguments.checks.time_limit),
        },
        &plan.checkers,
    )?;
    say!("\n{report}");
    for (check, mutant) in &report.missed {
        say!("not found by {check}: {mutant}");
    }
    for (check, mutant, error) in &report.not_done {
        say!("not done by {check}: {mutant}: {error}");
    }
    if let Some(path) = &arguments.checks.json {
        write_atomically(path, report.to_json().as_bytes())?;
    }
    if let Some((check, mutant, _)) = report.not_done.first() {
        return Err(CliError::Checks(format!("check {check} could not judge a mutant: {mutant}")));
    }
    let short: Vec<String> = (0..report.columns.len())
        .filter(|&column| {
            let tally = report.total(column);
            // A proof has no excuse; vectors cannot show everything.
            tally.missed > 0
                && (matches!(report.columns[column].as_str(), "formal" | "proof") || tally.share() < ENOUGH_CAUGHT)
        })
        .map(|column| format!("{} found {:.1} %", report.columns[column], 100.0 * report.total(column).share()))
        .collect();
    if short.is_empty() {
        Ok(())
    } else {
        Err(CliError::Different(format!("mutants got through: {}", short.join(", "))))
    }
}
