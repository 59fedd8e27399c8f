//! The grid file and its combinations.
//!
//! ```yaml
//! base: experiment.yaml          # or a name of the zoo
//! set:                           # for every combination
//!   training.epochs: 5
//! grid:
//!   node_type: [probabilistic, dwn]
//!   encoder_config.num_bits: [2, 4]
//!   training.learning_rate: [0.01, 0.05]
//! ```

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::SweepError;
use crate::config::{ConfigError, Experiment, ParameterError};
use crate::files::FileError;
use crate::store::zoo;

/// More combinations than this are a mistake.
const MAX_POINTS: usize = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GridFile {
    base: String,
    #[serde(default)]
    set: serde_yaml::Mapping,
    /// A mapping of YAML keeps the order of the file.
    grid: serde_yaml::Mapping,
}

/// A grid over the parameters of one experiment.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Where it was read from.
    pub path: PathBuf,
    /// The experiment, with what the grid sets for every combination.
    pub base: Experiment,
    /// The varied parameters and their values, in the order of the file.
    pub axes: Vec<(String, Vec<Value>)>,
}

/// One combination.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Parameter and value, in the order of the axes.
    pub values: Vec<(String, Value)>,
}

impl Grid {
    /// Reads a grid; the base's data paths become those seen from the working directory.
    ///
    /// # Errors
    /// [`SweepError`] for unknown keys, an unknown base, empty axes and too many combinations.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let wrong = |problem: String| SweepError::Grid { path: path.to_owned(), problem };
        let text = std::fs::read_to_string(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        let file: GridFile = serde_yaml::from_str(&text)
            .map_err(|error| ConfigError::Syntax { path: path.to_owned(), reason: error.to_string() })?;
        let base_path = path.parent().unwrap_or(Path::new("")).join(&file.base);
        let mut base = match zoo::get(&file.base)? {
            Some(experiment) if !base_path.exists() => experiment,
            _ => {
                let experiment = Experiment::load(&base_path)?;
                Experiment { data: experiment.data.relative_to(&base_path), ..experiment }
            }
        };
        let set = pairs(file.set).map_err(|problem| wrong(format!("set: {problem}")))?;
        apply(&mut base, &set).map_err(|error| wrong(format!("set: {error}")))?;

        let mut axes = Vec::new();
        let mut points = 1usize;
        for (key, values) in pairs(file.grid).map_err(|problem| wrong(format!("grid: {problem}")))? {
            let values = match values {
                Value::Array(values) if !values.is_empty() => values,
                other => return Err(wrong(format!("grid.{key} is {other}; expected a list of values"))),
            };
            points = points.saturating_mul(values.len());
            axes.push((key, values));
        }
        if axes.is_empty() || points > MAX_POINTS {
            return Err(wrong(format!(
                "the grid has {points} combinations; allowed are 1 to {MAX_POINTS} over at least one key"
            )));
        }
        let grid = Self { path: path.to_owned(), base, axes };
        // A misspelt key would otherwise fail in every combination, one after the other.
        if let Some(error) =
            grid.points().iter().map(|point| grid.experiment(point)).collect::<Result<Vec<_>, _>>().err()
            && grid.points().iter().all(|point| grid.experiment(point).is_err())
        {
            return Err(wrong(format!("no combination can be built: {error}")));
        }
        Ok(grid)
    }

    /// Every combination, the last axis changing fastest.
    pub fn points(&self) -> Vec<Point> {
        let mut points = vec![Vec::new()];
        for (key, values) in &self.axes {
            let extend = |point: &Vec<(String, Value)>| {
                let point = point.clone();
                values.iter().map(move |value| {
                    let mut point = point.clone();
                    point.push((key.clone(), value.clone()));
                    point
                })
            };
            points = points.iter().flat_map(extend).collect();
        }
        points.into_iter().map(|values| Point { values }).collect()
    }

    /// The experiment of a combination.
    ///
    /// # Errors
    /// [`ParameterError`] when the combination is impossible.
    pub fn experiment(&self, point: &Point) -> Result<Experiment, ParameterError> {
        let mut experiment = self.base.clone();
        apply(&mut experiment, &point.values)?;
        Ok(experiment)
    }
}

/// Keys and values of a mapping in its order.
fn pairs(mapping: serde_yaml::Mapping) -> Result<Vec<(String, Value)>, String> {
    let pair = |(key, value): (serde_yaml::Value, serde_yaml::Value)| {
        let key = key.as_str().ok_or_else(|| format!("the key {key:?} is no text"))?.to_owned();
        let value = serde_json::to_value(value).map_err(|error| format!("`{key}`: {error}"))?;
        Ok((key, value))
    };
    mapping.into_iter().map(pair).collect()
}

/// Sets parameters: `training.<key>`, or anything of the model.
fn apply(experiment: &mut Experiment, values: &[(String, Value)]) -> Result<(), ParameterError> {
    let (training, model): (Vec<_>, Vec<_>) = values.iter().cloned().partition(|(key, _)| key.starts_with("training."));
    experiment.training.set(training.iter().map(|(key, value)| (key.trim_start_matches("training."), value)))?;
    // All at once, so that the combination counts and not its way there.
    experiment.model.override_any(&model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Grid, SweepError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grid.yaml");
        let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("pretrained/feedforward/digits.yaml");
        std::fs::write(&path, text.replace("DIGITS", &digits.display().to_string())).unwrap();
        Grid::load(&path)
    }

    #[test]
    fn combinations_follow_the_order_of_the_file() {
        let grid = load("base: DIGITS\nset: {training.epochs: 2}\ngrid:\n  node_type: [probabilistic, dwn]\n  node_input_dim: [3, 4]\n").unwrap();
        let points = grid.points();
        let first: Vec<String> = points[1].values.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!((points.len(), first.join(" ")), (4, "node_type=\"probabilistic\" node_input_dim=4".into()));
        let experiment = grid.experiment(&points[2]).unwrap();
        assert_eq!((experiment.training.epochs, experiment.model.node_input_dim), (2, 3));
        assert_eq!(experiment.model.node_type.name(), "dwn");
    }

    #[test]
    fn grids_that_cannot_be_run_are_refused_at_once() {
        let message = |text: &str| load(text).unwrap_err().to_string();
        assert!(message("base: DIGITS\ngrid: {}\n").contains("at least one key"));
        assert!(
            message("base: DIGITS\ngrid: {node_type: dwn}\n").contains("grid.node_type is \"dwn\"; expected a list")
        );
        assert!(message("base: DIGITS\ngird: {}\n").contains("unknown field `gird`"));
        let text = message("base: DIGITS\ngrid: {node_typ: [dwn]}\n");
        assert!(text.contains("no combination can be built: ") && text.contains("node_typ"), "{text}");
        assert!(message("base: no_such.yaml\ngrid: {seed: [1]}\n").contains("no_such.yaml"));
        assert!(load("base: DIGITS\ngrid: {encoder_bits: [2, 0]}\n").is_ok());
    }
}
