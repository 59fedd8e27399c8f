//! `difflut verify`: prints into memory, checks that, and writes nothing but what was asked for.

use crate::cli::CliError;
use crate::cli::checks::Chosen;
use crate::verify::{CHECKERS, CheckRecord, Checker, coverage};

use super::mutants::{Mutants, verify_mutants};
use super::output::{print_latency, print_model};
use super::plan::plan;
use super::prove::check;
use super::work::prepare;
use super::{ExportArgs, streaming};

/// `difflut verify`: prints into memory, checks that, and writes nothing but what was asked for.
pub(in crate::cli) fn verify(arguments: &ExportArgs, mutants: Option<Mutants>) -> Result<(), CliError> {
    let mut chosen = arguments.checks.chosen()?;
    if let Some(mutants) = mutants {
        if arguments.is_streaming() {
            return Err(CliError::Usage(
                "--mutate puts faults into unrolled designs; leave out --convolution streaming".to_owned(),
            ));
        }
        if chosen.is_empty() {
            let formal = CHECKERS.iter().copied().find(|checker| checker.name() == "formal");
            chosen.extend(formal.map(|checker| Chosen { checker, required: true }));
        }
        return verify_mutants(arguments, chosen, mutants);
    }
    if arguments.checks.check.is_empty() {
        let fits = |checker: &&dyn Checker| {
            let named = chosen.iter().any(|chosen| chosen.checker.name() == checker.name());
            let target = arguments.target.is_empty() || arguments.target.iter().any(|name| name == checker.target());
            !named && target && checker.by_default()
        };
        let default: Vec<Chosen> =
            CHECKERS.iter().copied().filter(fits).map(|checker| Chosen { checker, required: false }).collect();
        chosen.extend(default);
    }
    let mut plan = plan(arguments, chosen, None)?;
    if arguments.is_streaming() {
        return streaming::verify(arguments, plan);
    }
    let work = prepare(arguments, &plan)?;
    let named = |checker: &dyn Checker| {
        arguments.checks.check.iter().chain(&arguments.checks.require).any(|name| name == checker.name())
    };
    for (target, error) in &work.refused {
        let (without, rest): (Vec<_>, Vec<_>) =
            plan.checkers.iter().copied().partition(|checker| checker.target() == *target);
        if rest.is_empty() || without.iter().any(|checker| named(*checker)) {
            // Nothing checked is not the same as nothing wrong.
            return Err(CliError::Usage(error.to_string()));
        }
        plan.skipped.extend(without.into_iter().map(|checker| CheckRecord::skipped(checker, error)));
        plan.checkers = rest;
    }
    print_model(&work.model);
    work.lossy.iter().for_each(|change| say!("{change}"));
    print_latency(arguments, &work);
    let codes = work.words.vectors.vectors.iter().map(|vector| vector.codes.as_slice());
    say!("coverage: {}", coverage(&work.model.network, codes));
    check(arguments, plan, &work)
}
