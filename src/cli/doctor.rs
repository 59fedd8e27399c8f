//! `difflut doctor`: the external tools of this machine.

use clap::Args;
use serde_json::json;

use crate::verify::{self, CHECKERS, Examination};

use super::CliError;

/// Arguments of `difflut doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 3 when a tool that is installed does not work; one that is not installed is no error."
)]
pub(super) struct DoctorArgs {
    /// Print JSON instead
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &DoctorArgs) -> Result<(), CliError> {
    let examinations = verify::examine_all()?;
    let mut checks = Vec::new();
    for checker in CHECKERS {
        let broken = |name: &str| examinations.iter().any(|known| known.program.name == name && !known.works());
        let problem = match checker.programs().iter().find(|program| broken(program.name)) {
            Some(program) => Some(format!("`{}` is missing or broken", program.name)),
            // Modules of interpreters are part of what a check needs.
            None => checker.require().err().map(|error| error.to_string()),
        };
        checks.push((checker.name(), problem));
    }
    if arguments.json {
        let tools: Vec<_> = examinations.iter().map(tool_json).collect();
        let checks: Vec<_> = checks
            .iter()
            .map(|(name, problem)| json!({ "name": name, "ready": problem.is_none(), "problem": problem }))
            .collect();
        let value = json!({ "tools": tools, "checks": checks });
        say!("{}", serde_json::to_string_pretty(&value).unwrap_or_default());
    } else {
        print(&examinations, &checks);
    }
    let broken: Vec<&Examination> = examinations.iter().filter(|known| known.problem.is_some()).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = broken.iter().map(|known| known.program.name).collect();
    Err(CliError::Checks(format!("installed but not working: {}", names.join(", "))))
}

fn print(examinations: &[Examination], checks: &[(&str, Option<String>)]) {
    for known in examinations {
        let name = known.program.name;
        let version = known.version.as_deref().unwrap_or("says no version");
        match (&known.path, &known.problem) {
            (None, _) => {
                let commands: Vec<String> =
                    known.install().into_iter().map(|(machine, command)| format!("{command} ({machine})")).collect();
                say!("missing  {name:<24} for {}; install: {}", known.checks.join(", "), commands.join(", "));
            }
            (Some(path), None) => say!("works    {name:<24} {version}  {}", path.display()),
            (Some(path), Some(problem)) => {
                say!("BROKEN   {name:<24} {version}  {}\n  {}", path.display(), problem.replace('\n', "\n  "));
            }
        }
    }
    let ready: Vec<&str> = checks.iter().filter(|(_, problem)| problem.is_none()).map(|(name, _)| *name).collect();
    say!("\nchecks that can run: {}", if ready.is_empty() { "none".to_owned() } else { ready.join(", ") });
    for (name, problem) in checks {
        if let Some(problem) = problem {
            say!("check {name} cannot: {problem}");
        }
    }
}

fn tool_json(known: &Examination) -> serde_json::Value {
    let install: serde_json::Map<String, serde_json::Value> =
        known.install().into_iter().map(|(machine, command)| (machine.to_owned(), json!(command))).collect();
    json!({
        "name": known.program.name,
        "path": known.path.as_ref().map(|path| path.display().to_string()),
        "version": known.version,
        "works": known.works(),
        "problem": known.problem,
        "checks": known.checks,
        "install": install,
    })
}
