//! What is asked for: targets, checks and passes by their names.

use crate::cli::CliError;
use crate::cli::checks::{Chosen, available};
use crate::emit::{self, TARGETS, Target};
use crate::files::nearest;
use crate::passes::{MapGoal, PassOptions, Pipeline};
use crate::verify::{CheckRecord, Checker};

use super::ExportArgs;

/// What is exported, before anything is written.
pub(super) struct Plan {
    pub(super) targets: Vec<&'static dyn Target>,
    /// Whether somebody asked for just these targets; else they are those of the checks.
    pub(super) targets_named: bool,
    pub(super) checkers: Vec<&'static dyn Checker>,
    /// Checks that were left out for want of a tool.
    pub(super) skipped: Vec<CheckRecord>,
    pub(super) pipeline: Pipeline,
}

/// Turns names into targets, checkers, passes and options, or says which name is wrong. Without
/// targets it is `default`, or those of the checks. Looks for the tools of the checks.
pub(super) fn plan(arguments: &ExportArgs, chosen: Vec<Chosen>, default: Option<&str>) -> Result<Plan, CliError> {
    let mut targets: Vec<&'static dyn Target> = Vec::new();
    let given = arguments.target.iter().map(String::as_str);
    for name in given.chain(default.filter(|_| arguments.target.is_empty())) {
        let known = TARGETS.iter().map(|target| target.name());
        let target = emit::target(name).ok_or_else(|| unknown("target", name, known))?;
        if !targets.iter().any(|chosen| chosen.name() == target.name()) {
            targets.push(target);
        }
    }
    let pipeline = match &arguments.passes {
        Some(passes) => Pipeline::by_names(passes)?,
        None => Pipeline::level(&arguments.optimize)?,
    };
    let goal = match arguments.map_goal.as_str() {
        "area" => MapGoal::Area,
        "depth" => MapGoal::Depth,
        other => return Err(unknown("mapping goal", other, ["area", "depth"].into_iter())),
    };
    let lut_inputs = arguments.lut_size.map_or(PassOptions::default().lut_inputs, usize::from);
    let pass_options = PassOptions { lut_inputs, goal };
    let pipeline = pipeline.options(pass_options).check_function(arguments.check_passes);
    let chosen_target = |name: &str| targets.iter().any(|target| target.name() == name);
    let mut wanted = Vec::new();
    for chosen in chosen {
        let target = chosen.checker.target();
        let accepted = match arguments.is_streaming() && target != "verilog" {
            true => Err("runs a target without the form of --convolution streaming; only verilog has it"),
            false => chosen.checker.accepts(&arguments.options),
        };
        match accepted {
            Ok(()) => {}
            Err(_) if !chosen.required => continue,
            Err(reason) => {
                return Err(CliError::Usage(format!("the check `{}` {reason}", chosen.checker.name())));
            }
        }
        if targets.is_empty() || chosen_target(target) {
            wanted.push(chosen);
        } else if chosen.required {
            return Err(CliError::Usage(format!(
                "the check `{}` runs the target `{target}`, which is not exported; add `--target {target}`",
                chosen.checker.name(),
            )));
        }
    }
    let (checkers, skipped) = available(&wanted)?;
    let targets_named = !targets.is_empty();
    if !targets_named {
        targets = TARGETS
            .iter()
            .copied()
            .filter(|target| checkers.iter().any(|checker| checker.target() == target.name()))
            .collect();
    }
    Ok(Plan { targets, targets_named, checkers, skipped, pipeline })
}

/// A sentence on a name that does not exist, with the nearest that does.
pub(in crate::cli) fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> CliError {
    let known: Vec<&str> = known.collect();
    let hint = nearest(name, known.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    CliError::Usage(format!("there is no {kind} `{name}`{hint} (there are: {})", known.join(", ")))
}
