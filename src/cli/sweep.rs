//! `difflut sweep`: a grid of experiments to a table.

use std::path::PathBuf;

use crate::sweep::{Grid, Outcome, Sweep, SweepError, text_table};

/// Train every combination of a grid file; run again to resume.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SweepArgs {
    /// The grid: a YAML file with `base`, `set` and `grid`.
    grid: PathBuf,
    /// The folder for results.csv, results.txt and one file per combination; results that are
    /// there already are kept.
    #[arg(short, long, value_name = "DIR", default_value = "sweep_results")]
    out: PathBuf,
    /// Only the first samples for training.
    #[arg(long, value_name = "SAMPLES")]
    limit: Option<usize>,
    /// Print nothing but errors.
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(args: &SweepArgs) -> Result<(), SweepError> {
    let mut grid = Grid::load(&args.grid)?;
    if args.limit.is_some() {
        grid.base.data.limit = args.limit;
    }
    let sweep = Sweep::new(grid, &args.out)?;
    let outcomes = sweep.run(&mut |index, count, outcome, known| {
        if !args.quiet {
            eprintln!("{index}/{count}{}: {}", if known { " (kept)" } else { "" }, describe(outcome));
        }
    })?;
    if !args.quiet {
        say!("{}", text_table(&outcomes).trim_end());
        eprintln!("wrote {}", args.out.join("results.csv").display());
    }
    Ok(())
}

fn describe(outcome: &Outcome) -> String {
    let values: Vec<String> = outcome.values.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let result = match (&outcome.error, outcome.accuracy) {
        (Some(error), _) => error.clone(),
        (None, accuracy) => format!("accuracy {:.2} %", 100.0 * accuracy.unwrap_or(0.0)),
    };
    format!("{}: {result}", values.join(" "))
}
