//! What a mutation run found, for people and for machines.

use super::Fault;

/// What one check made of the mutants of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Found.
    pub caught: usize,
    /// Another function, and not found.
    pub missed: usize,
    /// The tool failed.
    pub not_done: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.caught += other.caught;
        self.missed += other.missed;
        self.not_done += other.not_done;
    }

    /// Found, of those that had to be found.
    pub fn share(&self) -> f64 {
        self.caught as f64 / (self.caught + self.missed).max(1) as f64
    }
}

/// The mutants of one kind.
#[derive(Clone, Debug)]
pub struct FaultRow {
    /// The kind.
    pub fault: Fault,
    /// How many were made, all of them simulated here.
    pub made: usize,
    /// How many are the same function after all, which was proved.
    pub equivalent: usize,
    /// One for every column of the report.
    pub tallies: Vec<Tally>,
}

/// The result of a mutation run.
#[derive(Clone, Debug)]
pub struct MutationReport {
    /// The comparison of the vectors, the proof, then one a check.
    pub columns: Vec<String>,
    /// One row a kind of which there are mutants.
    pub rows: Vec<FaultRow>,
    /// Mutants that a check should have found: the check and the mutant.
    pub missed: Vec<(String, String)>,
    /// Mutants on which a tool failed: the check, the mutant and why.
    pub not_done: Vec<(String, String, String)>,
}

impl MutationReport {
    /// Counts one mutant: what every column made of it.
    pub(super) fn count(&mut self, finding: Finding) {
        let at = match self.rows.iter().position(|row| row.fault == finding.fault) {
            Some(at) => at,
            None => {
                let tallies = vec![Tally::default(); self.columns.len()];
                self.rows.push(FaultRow { fault: finding.fault, made: 0, equivalent: 0, tallies });
                self.rows.len() - 1
            }
        };
        let row = &mut self.rows[at];
        row.made += 1;
        row.equivalent += usize::from(finding.equivalent);
        for ((tally, name), found) in row.tallies.iter_mut().zip(&self.columns).zip(finding.found) {
            match found {
                None => {}
                Some(Ok(true)) => tally.caught += 1,
                Some(Ok(false)) if finding.equivalent => {}
                Some(Ok(false)) => {
                    tally.missed += 1;
                    self.missed.push((name.clone(), finding.what.clone()));
                }
                Some(Err(error)) => {
                    tally.not_done += 1;
                    self.not_done.push((name.clone(), finding.what.clone(), error));
                }
            }
        }
        self.rows.sort_by_key(|row| row.fault);
    }

    /// All kinds together, for one column.
    pub fn total(&self, column: usize) -> Tally {
        let mut total = Tally::default();
        self.rows.iter().filter_map(|row| row.tallies.get(column)).for_each(|tally| total.add(*tally));
        total
    }
}

impl MutationReport {
    /// The numbers as JSON: `columns`, `rows` of `fault`, `made`, `equivalent` and for every
    /// column `caught`, `missed`, `not_done`, and the mutants that got through.
    pub fn to_json(&self) -> String {
        let tally = |tally: &Tally| serde_json::json!({ "caught": tally.caught, "missed": tally.missed, "not_done": tally.not_done });
        let named = |tallies: &[Tally]| -> serde_json::Map<String, serde_json::Value> {
            self.columns.iter().cloned().zip(tallies.iter().map(tally)).collect()
        };
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "fault": row.fault.name(),
                    "made": row.made,
                    "equivalent": row.equivalent,
                    "checks": named(&row.tallies),
                })
            })
            .collect();
        let totals: Vec<Tally> = (0..self.columns.len()).map(|column| self.total(column)).collect();
        let value = serde_json::json!({ "rows": rows, "total": named(&totals), "missed": self.missed });
        serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
    }
}

impl std::fmt::Display for MutationReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<26} {:>5} {:>10}", "mutants", "made", "equivalent")?;
        for column in &self.columns {
            write!(f, " {column:>12}")?;
        }
        for row in &self.rows {
            write!(f, "\n{:<26} {:>5} {:>10}", row.fault.name(), row.made, row.equivalent)?;
            for tally in &row.tallies {
                let cell = match tally.caught + tally.missed {
                    0 => "-".to_owned(),
                    all => format!("{} of {all}", tally.caught),
                };
                write!(f, " {cell:>12}")?;
            }
        }
        write!(f, "\n{:<43}", "caught")?;
        for column in 0..self.columns.len() {
            let total = self.total(column);
            match total.caught + total.missed {
                0 => write!(f, " {:>12}", "-")?,
                _ => write!(f, " {:>10.1} %", 100.0 * total.share())?,
            }
        }
        Ok(())
    }
}

/// What became of one mutant.
pub(super) struct Finding {
    pub(super) fault: Fault,
    pub(super) what: String,
    /// The same function after all, which was proved.
    pub(super) equivalent: bool,
    /// For every column: found, not found, or why that is not known; `None` when it does not apply.
    pub(super) found: Vec<Option<Result<bool, String>>>,
}
