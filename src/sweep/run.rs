//! One combination after the other, each result in a file of its own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Grid, Point, SweepError, csv_table, text_table};
use crate::config::Experiment;
use crate::data::{Dataset, load_section};
use crate::files::{FileError, sha256_hex, write_atomically};
use crate::lower::lower;
use crate::model::Model;
use crate::passes::{Pipeline, optimize};
use crate::report::DesignReport;
use crate::train::{TrainError, fit};

/// The result of a combination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Parameter and value.
    pub values: Vec<(String, Value)>,
    /// Share of samples that the binarized network classified correctly, held-out ones where
    /// there are any.
    pub accuracy: Option<f64>,
    /// The same by the training scores.
    pub soft_accuracy: Option<f64>,
    /// Six-input LUTs after optimization.
    pub luts: Option<usize>,
    /// Levels of LUTs after optimization.
    pub depth: Option<u32>,
    /// Why there are no results.
    pub error: Option<String>,
}

/// A grid, its data and the folder of its results.
#[derive(Debug)]
pub struct Sweep {
    grid: Grid,
    folder: PathBuf,
    train: Dataset,
    test: Option<Dataset>,
}

impl Sweep {
    /// Reads the data and makes the folder.
    ///
    /// # Errors
    /// [`SweepError`].
    pub fn new(grid: Grid, folder: &Path) -> Result<Self, SweepError> {
        let (train, test) = load_section(&grid.base.data)?;
        let runs = folder.join("runs");
        std::fs::create_dir_all(&runs).map_err(|source| FileError::Write { path: runs, source })?;
        Ok(Self { grid, folder: folder.to_owned(), train, test })
    }

    /// Runs every combination that has no result yet, keeps each result at once, and writes
    /// `results.csv` and `results.txt` after each; `done` hears of every combination with whether
    /// its result was there before.
    ///
    /// A result belongs to its whole experiment: when the base changes, it is trained again. A
    /// result file that cannot be read is made again.
    ///
    /// # Errors
    /// [`SweepError::File`] when a result cannot be written.
    pub fn run(&self, done: &mut dyn FnMut(usize, usize, &Outcome, bool)) -> Result<Vec<Outcome>, SweepError> {
        let points = self.grid.points();
        let mut outcomes = Vec::with_capacity(points.len());
        for (index, point) in points.iter().enumerate() {
            let experiment = self.grid.experiment(point);
            let path = self.folder.join("runs").join(format!("{}.json", identity(point, experiment.as_ref().ok())));
            let kept = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Outcome>(&bytes).ok());
            let known = kept.is_some();
            let outcome = match kept {
                Some(outcome) => outcome,
                None => {
                    let outcome = match experiment {
                        Ok(experiment) => self.train(point, experiment),
                        Err(error) => failed(point, error.to_string()),
                    };
                    let text = serde_json::to_string_pretty(&outcome).unwrap_or_default();
                    write_atomically(&path, text.as_bytes())?;
                    outcome
                }
            };
            done(index + 1, points.len(), &outcome, known);
            outcomes.push(outcome);
            write_atomically(&self.folder.join("results.csv"), csv_table(&outcomes).as_bytes())?;
            write_atomically(&self.folder.join("results.txt"), text_table(&outcomes).as_bytes())?;
        }
        Ok(outcomes)
    }

    fn train(&self, point: &Point, experiment: Experiment) -> Outcome {
        let measured = || -> Result<Outcome, TrainError> {
            let seed = experiment.model.seed;
            let mut model = Model::build(experiment.model, seed)?;
            let record = fit(&mut model, &self.train, self.test.as_ref(), &experiment.training, &mut ())?;
            let accuracy = record.accuracy;
            let outcome = Outcome {
                values: point.values.clone(),
                accuracy: Some(accuracy.hard_test.unwrap_or(accuracy.hard_train)),
                soft_accuracy: Some(accuracy.soft_test.unwrap_or(accuracy.soft_train)),
                luts: None,
                depth: None,
                error: None,
            };
            let mut design = lower(&model.binarize()?);
            let report = Pipeline::level("1")
                .and_then(|pipeline| optimize(&mut design, &pipeline))
                .and_then(|_| DesignReport::new(&design));
            Ok(match report {
                Ok(report) => Outcome { luts: Some(report.total), depth: Some(report.lut_depth), ..outcome },
                Err(error) => Outcome { error: Some(error.to_string()), ..outcome },
            })
        };
        measured().unwrap_or_else(|error| failed(point, error.to_string()))
    }
}

fn failed(point: &Point, error: String) -> Outcome {
    let values = point.values.clone();
    Outcome { values, accuracy: None, soft_accuracy: None, luts: None, depth: None, error: Some(error) }
}

/// The name of a result: a hash of the combination and of everything that it was trained with.
fn identity(point: &Point, experiment: Option<&Experiment>) -> String {
    let text = serde_json::json!({ "values": point.values, "experiment": experiment }).to_string();
    sha256_hex(text.as_bytes()).chars().take(24).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_resumes_where_it_was_interrupted_and_keeps_what_failed() {
        let folder = tempfile::tempdir().unwrap();
        let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("pretrained/feedforward/digits.yaml");
        let path = folder.path().join("grid.yaml");
        let text = format!(
            "base: {}\nset: {{training.epochs: 1, layer_widths: [40, 20], node_input_dim: 4}}\ngrid:\n  encoder_config.name: [thermometer, gray]\n  encoder_bits: [3, 0]\n",
            digits.display()
        );
        std::fs::write(&path, text).unwrap();
        let mut grid = Grid::load(&path).unwrap();
        grid.base.data.limit = Some(300);
        let sweep = Sweep::new(grid, &folder.path().join("out")).unwrap();
        let mut fresh = Vec::new();
        let outcomes = sweep.run(&mut |_, _, _, known| fresh.push(known)).unwrap();
        assert_eq!(fresh, [false; 4]);
        assert!(outcomes[0].accuracy.unwrap() > 0.2 && outcomes[0].luts.unwrap() > 20, "{:?}", outcomes[0]);
        assert!(outcomes[0].depth.unwrap() > 2);
        assert!(outcomes[3].error.as_ref().unwrap().contains("encoder_config.num_bits is 0"));
        let csv = std::fs::read_to_string(folder.path().join("out/results.csv")).unwrap();
        assert_eq!(csv.lines().count(), 5);
        assert!(
            csv.starts_with(
                "encoder_config.name,encoder_bits,accuracy,soft_accuracy,luts,depth,error\nthermometer,3,0."
            ),
            "{csv}"
        );

        // One result is lost, as by an interruption; only that one is made again.
        let mut runs: Vec<_> = std::fs::read_dir(folder.path().join("out/runs")).unwrap().flatten().collect();
        runs.sort_by_key(std::fs::DirEntry::path);
        std::fs::remove_file(runs[0].path()).unwrap();
        let mut fresh = Vec::new();
        assert_eq!(sweep.run(&mut |_, _, _, known| fresh.push(known)).unwrap(), outcomes);
        assert_eq!(fresh.iter().filter(|known| !**known).count(), 1);
        assert_eq!(std::fs::read_to_string(folder.path().join("out/results.csv")).unwrap(), csv);
    }
}
