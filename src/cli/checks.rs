//! The checks of an export: which ones, on which vectors, and what they found.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use crate::emit::{EmitOptions, EmittedFile, Target, TestVectors};
use crate::files::write_atomically;
use crate::netlist::Design;
use crate::passes::PassError;
use crate::store::LoadedModel;
use crate::verify::{
    self, CHECKERS, CheckOutcome, CheckRecord, CheckRequest, Checker, Summary, ToolError, VectorPlan, Verdict,
};

use super::CliError;
use super::export::unknown;
use super::samples::Samples;

/// Options of the checks.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Run the artefact in these tools and compare with inference: names of `difflut list`, or
    /// `all` for those that fit the targets and are installed
    #[arg(long, value_delimiter = ',', value_name = "CHECK")]
    pub(super) check: Vec<String>,
    /// Checks that must run: one whose tool is missing is exit code 3, also with `--check all`
    #[arg(long, value_delimiter = ',', value_name = "CHECK")]
    pub(super) require: Vec<String>,
    /// Test vectors for the test bench and the checks
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) vectors: u32,
    /// Seed of the random test vectors
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(super) seed: u64,
    /// Real samples for the test vectors, .csv or .npy [default: the model's test data, if found]
    #[arg(long, value_name = "FILE")]
    pub(super) data: Option<PathBuf>,
    /// Use exactly the rows of this file as test vectors, .csv or .npy, and no others
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "vectors", "seed"])]
    pub(super) vectors_from: Option<PathBuf>,
    /// Seconds that one run of a tool may take
    #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) time_limit: u64,
    /// Keep what every check wrote, with the output of its tools, in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) keep: Option<PathBuf>,
    /// Also write the results as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}

/// A check that was asked for.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    /// The check.
    pub(super) checker: &'static dyn Checker,
    /// Whether it has to run: asked for by its name.
    pub(super) required: bool,
}

impl CheckArgs {
    /// The checks that were asked for, each once, in the order of the list of checks.
    ///
    /// # Errors
    /// [`CliError::Usage`] for a name that does not exist.
    pub(super) fn chosen(&self) -> Result<Vec<Chosen>, CliError> {
        for name in self.check.iter().chain(&self.require).filter(|name| *name != "all") {
            let known = CHECKERS.iter().map(|checker| checker.name()).chain(["all"]);
            verify::checker(name).ok_or_else(|| unknown("check", name, known))?;
        }
        let all = self.check.iter().any(|name| name == "all");
        let chosen = CHECKERS.iter().map(|&checker| Chosen { checker, required: self.requires(checker) });
        Ok(chosen.filter(|chosen| chosen.required || all).collect())
    }

    /// Whether this check has to run: it was asked for by its name.
    fn requires(&self, checker: &dyn Checker) -> bool {
        let named = self.check.iter().chain(&self.require).any(|name| name == checker.name());
        named || self.require.iter().any(|name| name == "all")
    }

    /// The stimulus of this run.
    pub(super) fn stimulus(&self, model: &LoadedModel, samples: &Samples) -> TestVectors {
        if self.vectors_from.is_some() {
            return verify::vectors_of_samples(&model.network, &samples.rows);
        }
        let plan = VectorPlan { count: self.vectors as usize, seed: self.seed };
        verify::test_vectors(&model.network, &samples.rows, &plan)
    }

    pub(super) fn limit(&self) -> Duration {
        Duration::from_secs(self.time_limit)
    }
}

/// Looks for the tools of all checks before any work.
///
/// # Errors
/// [`CliError::Tool`] when one is missing that has to run, or when none is left to run.
pub(super) fn available(chosen: &[Chosen]) -> Result<(Vec<&'static dyn Checker>, Vec<CheckRecord>), CliError> {
    let (mut present, mut skipped) = (Vec::new(), Vec::new());
    let mut first = None;
    for Chosen { checker, required } in chosen {
        match checker.require() {
            Ok(()) => present.push(*checker),
            Err(error) if *required => return Err(error.into()),
            Err(error) => {
                skipped.push(CheckRecord::skipped(*checker, &error));
                first.get_or_insert(error);
            }
        }
    }
    match first {
        // Nothing checked is not the same as nothing wrong.
        Some(error) if present.is_empty() => Err(error.into()),
        _ => Ok((present, skipped)),
    }
}

/// What the checks look at.
pub(super) struct Subject<'a> {
    /// The design that a target printed, and the stimulus on its input bus.
    pub(super) printed: &'a dyn Fn(&str) -> (&'a Design, &'a TestVectors),
    /// The design of the network before the optimizer.
    pub(super) reference: &'a Design,
    /// Designs that the artefact may have been printed from, for the names of its wires; made when there is a
    /// difference.
    pub(super) candidates: &'a dyn Fn() -> Result<Vec<Design>, PassError>,
    /// What was printed of it.
    pub(super) emitted: &'a [(&'static dyn Target, Vec<EmittedFile>)],
    /// Latency of a target.
    pub(super) latency: &'a dyn Fn(&dyn Target) -> u32,
    /// The options that it was printed with.
    pub(super) options: &'a EmitOptions,
    /// Channels, height and width of the images that come in pixel by pixel, if they do.
    pub(super) frame: Option<[usize; 3]>,
    /// The artefact was not printed in this run.
    pub(super) foreign: bool,
    /// Where the folders of failed checks go.
    pub(super) failures: &'a Path,
}

/// Runs the checks one after the other, prints a line for each and writes the results.
///
/// # Errors
/// [`CliError::Different`] when one found a difference, else [`CliError::Checks`] when one could
/// not be done.
pub(super) fn run_checks(
    arguments: &CheckArgs,
    model: &LoadedModel,
    checkers: &[&'static dyn Checker],
    skipped: Vec<CheckRecord>,
    subject: &Subject<'_>,
) -> Result<(), CliError> {
    let mut records = Vec::new();
    for &checker in checkers {
        if let Some(record) = run_check(arguments, checker, subject)? {
            say!("{record}");
            records.push(record);
        }
    }
    for record in skipped {
        say!("{record}");
        records.push(record);
    }
    conclude(arguments, model, records)
}

/// Writes the result files and turns the records into the end of the program.
pub(super) fn conclude(arguments: &CheckArgs, model: &LoadedModel, records: Vec<CheckRecord>) -> Result<(), CliError> {
    let summary = Summary { model: model.network.name().to_owned(), model_sha256: model.sha256.clone(), records };
    if let Some(path) = &arguments.json {
        write_atomically(path, summary.to_json().as_bytes())?;
    }
    if let Some(path) = &arguments.junit {
        write_atomically(path, summary.to_junit().as_bytes())?;
    }
    let sentences = |wanted: fn(&CheckOutcome) -> bool| -> Vec<String> {
        summary.records.iter().filter(|record| wanted(&record.outcome)).map(CheckRecord::sentence).collect()
    };
    let different = sentences(|outcome| matches!(outcome, CheckOutcome::Different { .. }));
    if !different.is_empty() {
        return Err(CliError::Different(different.join("\n")));
    }
    let failed = sentences(|outcome| matches!(outcome, CheckOutcome::Failed { .. }));
    let skipped = sentences(|outcome| matches!(outcome, CheckOutcome::Skipped { .. }));
    // Nothing checked is not the same as nothing wrong.
    if !skipped.is_empty() && skipped.len() == summary.records.len() {
        return Err(CliError::Checks(format!("nothing was checked\n{}", skipped.join("\n"))));
    }
    if failed.is_empty() { Ok(()) } else { Err(CliError::Checks(failed.join("\n"))) }
}

fn run_check(
    arguments: &CheckArgs,
    checker: &'static dyn Checker,
    subject: &Subject<'_>,
) -> Result<Option<CheckRecord>, CliError> {
    let Some((target, files)) = subject.emitted.iter().find(|(target, _)| target.name() == checker.target()) else {
        return Ok(None);
    };
    let folder = tempfile::Builder::new()
        .prefix("difflut-check-")
        .tempdir()
        .map_err(|source| ToolError::Scratch { path: std::env::temp_dir(), source })?;
    let (design, vectors) = (subject.printed)(target.name());
    let identifier = crate::emit::identifier(&design.name);
    let request = CheckRequest {
        design,
        reference: subject.reference,
        files,
        identifier: &identifier,
        latency: (subject.latency)(*target),
        frame: subject.frame,
        options: subject.options,
        vectors,
        folder: folder.path(),
        limit: arguments.limit(),
        foreign: subject.foreign,
    };
    let started = Instant::now();
    let verdict = verify::check(checker, &request);
    let place = match &verdict {
        Ok(Verdict::Different { first, .. } | Verdict::Refuted { first: Some(first), .. })
            // In a streamed design a wire has another value for every position.
            if target.name() == "verilog" && subject.frame.is_none() =>
        {
            // The walk back is a help; that it cannot be done is no reason to hide the difference.
            let candidates = (subject.candidates)()?;
            let place = verify::locate(&request, first, &candidates.iter().collect::<Vec<_>>());
            Some(place.unwrap_or_else(|error| format!("  the walk back to its first wire was not done: {error}")))
        }
        _ => None,
    };
    let mut record = match verdict {
        // That a device is small says nothing against the artefact.
        Err(error @ ToolError::TooLarge { .. }) if !arguments.requires(checker) => {
            CheckRecord::skipped(checker, &error)
        }
        verdict => CheckRecord::new(checker, verdict, started.elapsed()),
    };
    if let (CheckOutcome::Different { details, .. }, Some(place)) = (&mut record.outcome, place) {
        details.push('\n');
        details.push_str(&place);
    }
    let failed = !record.outcome.is_success();
    let kept = match &arguments.keep {
        Some(keep) => Some(keep.join(checker.name())),
        None if failed => Some(subject.failures.join(checker.name())),
        None => None,
    };
    if let Some(kept) = kept {
        verify::keep_folder(folder.path(), &kept, files)?;
        record.kept = Some(kept);
    }
    Ok(Some(record))
}
