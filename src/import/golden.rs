//! Comparison with the library's own outputs: encoded bits, every layer, scores, class.

use std::path::{Path, PathBuf};

use crate::binarized::Head;

use super::{Checkpoint, Evaluation, ImportError, Imported, Tensor};

/// The first place where the imported network and the library differ.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("sample {sample}: {place}, {unit} {index}: the network gives {found}, `{key}` of the golden file {expected}")]
pub struct Difference {
    /// The sample (row of `x`).
    pub sample: usize,
    /// `encoded`, the layer's name in the checkpoint, `scores` or `class`.
    pub place: String,
    /// What `index` counts: a bit, a node, a class.
    pub unit: &'static str,
    /// The place within the layer, in the library's order.
    pub index: usize,
    /// What the network gives.
    pub found: String,
    /// What the golden file says.
    pub expected: String,
    /// The golden array.
    pub key: String,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GoldenReport {
    /// Number of samples.
    pub samples: usize,
    /// The golden arrays that were compared, in order.
    pub compared: Vec<String>,
    /// Places of the network without a golden array.
    pub missing: Vec<String>,
    /// What a reader should know, such as that the library's own evaluation is not binary.
    pub notes: Vec<String>,
    /// The first difference; the import agrees where there is none.
    pub difference: Option<Difference>,
}

/// A golden file, `.npz` or any other checkpoint format.
pub struct Golden {
    path: PathBuf,
    arrays: Checkpoint,
    set: Option<String>,
}

impl Golden {
    /// Opens the file. `set` selects among several sets of samples in one file (`x_<set>`).
    ///
    /// # Errors
    /// [`ImportError`] when it cannot be read.
    pub fn open(path: &Path, set: Option<&str>) -> Result<Self, ImportError> {
        Ok(Self { path: path.to_owned(), arrays: Checkpoint::open(path)?, set: set.map(str::to_owned) })
    }

    /// The samples.
    ///
    /// # Errors
    /// [`ImportError::Tensor`] when there are none.
    pub fn x(&self) -> Result<&Tensor, ImportError> {
        let Some(set) = &self.set else { return self.arrays.tensor("x") };
        // Sets of different widths may share their samples: `digits1` is `digits4` encoded anew.
        let stem = set.trim_end_matches(|c: char| c.is_ascii_digit());
        let shared = self.arrays.names().iter().find(|name| name.starts_with(&format!("x_{stem}"))).map(String::as_str);
        let own = format!("x_{set}");
        self.arrays.tensor(if self.arrays.get(&own).is_some() { &own } else { shared.unwrap_or(&own) })
    }

    fn error(&self, key: &str, found: String, allowed: String) -> ImportError {
        ImportError::Tensor { path: self.path.clone(), tensor: key.to_owned(), found, allowed }
    }

    /// The values of an array of `rows` rows, as many columns as `columns` says.
    fn rows(&self, key: &str, rows: usize, columns: usize) -> Result<Vec<f64>, ImportError> {
        let tensor = self.arrays.tensor(key)?;
        match tensor.f64s() {
            Some(values) if values.len() == rows * columns && tensor.shape().first() == Some(&rows) => Ok(values),
            _ => Err(self.error(key, tensor.describe(), format!("expected {rows} rows of {columns}"))),
        }
    }

    /// Compares every place that the file knows, on every sample of it.
    ///
    /// # Errors
    /// [`ImportError`] when the file does not fit the network; a difference is no error.
    pub fn compare(&self, imported: &Imported) -> Result<GoldenReport, ImportError> {
        let network = &imported.network;
        let x = self.x()?;
        let features = network.features();
        let samples = x.shape().first().copied().unwrap_or(0);
        let values = x.f64s().filter(|values| values.len() == samples * features && samples > 0);
        let Some(values) = values else {
            return Err(self.error("x", x.describe(), format!("expected rows of {features} features")));
        };
        let mut report = GoldenReport { samples, ..GoldenReport::default() };
        let mut undefined = vec![false; samples * features];
        if let Some(set) = &self.set
            && let Some(marked) = self.arrays.get(&format!("nan_{set}")).and_then(Tensor::i64s)
        {
            mark_undefined(&marked, samples, features, &mut undefined);
            report.notes.push("values whose encoding is undefined in the library were left out".into());
        }
        let outcomes: Vec<_> = values
            .chunks_exact(features)
            .map(|row| network.predict(&row.iter().map(|&value| value as f32).collect::<Vec<_>>()))
            .collect();
        let mut stages = Vec::new();
        for stage in &imported.stages {
            let Some((key, note)) =
                stage.golden.as_ref().and_then(|name| self.key(name, imported.evaluation, &mut report))
            else {
                if stage.golden.is_some() {
                    report.missing.push(stage.name.clone());
                }
                continue;
            };
            report.notes.extend(note);
            let expected = self.rows(&key, samples, stage.columns.len())?;
            stages.push((stage, key, expected));
        }
        for (stage, key, expected) in &stages {
            report.compared.push(key.clone());
            for (sample, outcome) in outcomes.iter().enumerate() {
                let bits = stage.layer.map_or(&outcome.encoded, |layer| &outcome.layers[layer]);
                for (index, &column) in stage.columns.iter().enumerate() {
                    let feature = network.encoder().bits.get(column as usize).map_or(0, |bit| bit.feature as usize);
                    if stage.layer.is_none() && undefined[sample * features + feature] {
                        continue;
                    }
                    let found = f64::from(u8::from(bits[column as usize]));
                    let expected = expected[sample * stage.columns.len() + index];
                    if found != expected {
                        let unit = if stage.layer.is_none() { "bit" } else { "node" };
                        report.difference = Some(difference(sample, &stage.name, unit, index, found, expected, key));
                        return Ok(report);
                    }
                }
            }
            if let Some(layer) = stage.layer
                && let Some(difference) = self.compare_tables(imported, stage, layer, &mut report)?
            {
                report.difference = Some(difference);
                return Ok(report);
            }
        }
        self.compare_scores(imported, &outcomes, &mut report)?;
        if report.compared.is_empty() {
            return Err(self.error(
                "encoded",
                "none of the arrays `encoded`, `layer0_out`, `scores`, `pred`".into(),
                "a golden file has some of them".into(),
            ));
        }
        Ok(report)
    }

    /// The array of a place, and a note where the library's own evaluation is not binary.
    fn key(&self, name: &str, evaluation: Evaluation, report: &mut GoldenReport) -> Option<(String, Option<String>)> {
        let own = match &self.set {
            Some(set) if name == "encoded" => vec![format!("bits_{set}")],
            _ => Vec::new(),
        };
        let (plain, lowered) = (format!("{name}_out"), format!("{name}_tt_out"));
        let candidates = match evaluation {
            Evaluation::Binary => vec![plain, lowered.clone(), name.to_owned()],
            Evaluation::Deterministic => {
                vec![format!("{name}_det_out"), format!("det_{name}_out"), plain, name.to_owned()]
            }
            Evaluation::TruthTable => vec![lowered.clone(), plain, name.to_owned()],
        };
        let key = own.into_iter().chain(candidates).find(|key| self.arrays.get(key).is_some())?;
        let note = (key == lowered && evaluation == Evaluation::TruthTable && report.notes.is_empty()).then(|| {
            "the library's evaluation of these nodes is not binary; compared with its truth tables (`*_tt_*`)".into()
        });
        Some((key, note))
    }

    /// Every row of every table, where the file has them: more than the samples reach.
    fn compare_tables(
        &self,
        imported: &Imported,
        stage: &super::Stage,
        layer: usize,
        report: &mut GoldenReport,
    ) -> Result<Option<Difference>, ImportError> {
        let Some(name) = stage.golden.as_ref().filter(|_| imported.evaluation != Evaluation::Deterministic) else {
            return Ok(None);
        };
        for (key, most_significant_first) in [(format!("{name}_tt_lsb"), false), (format!("{name}_tt_msb"), true)] {
            if self.arrays.get(&key).is_none() {
                continue;
            }
            let Some(layer) = imported.network.layers().get(layer) else { continue };
            let (n, rows) = (layer.fan_in, 1usize << layer.fan_in);
            let tensor = self.arrays.tensor(&key)?;
            let Some(expected) = tensor.f64s().filter(|values| values.len() == stage.columns.len() * rows) else {
                return Err(self.error(
                    &key,
                    tensor.describe(),
                    format!("expected {} tables of {rows} rows", stage.columns.len()),
                ));
            };
            report.compared.push(key.clone());
            for (index, &column) in stage.columns.iter().enumerate() {
                for row in 0..rows {
                    let theirs =
                        if most_significant_first { (0..n).map(|p| (row >> p & 1) << (n - 1 - p)).sum() } else { row };
                    let expected = expected[index * rows + theirs];
                    let found = f64::from(u8::from(layer.tables[column as usize].row(row)));
                    if found != expected {
                        let place = format!("{}, table row {theirs}", stage.name);
                        return Ok(Some(difference(0, &place, "node", index, found, expected, &key)));
                    }
                }
            }
        }
        Ok(None)
    }

    fn compare_scores(
        &self,
        imported: &Imported,
        outcomes: &[crate::binarized::Outcome],
        report: &mut GoldenReport,
    ) -> Result<(), ImportError> {
        let Head::GroupSum { tau, .. } = *imported.network.head() else { return Ok(()) };
        let prefix = match imported.evaluation {
            Evaluation::Binary => "",
            Evaluation::Deterministic => "det_",
            Evaluation::TruthTable => "tt_",
        };
        let key = |name: &str| {
            let own = format!("{prefix}{name}");
            if self.arrays.get(&own).is_some() { own } else { name.to_owned() }
        };
        let (scores, pred) = (key("scores"), key("pred"));
        let classes = imported.network.head().classes();
        let samples = outcomes.len();
        if self.arrays.get(&scores).is_some() {
            report.compared.push(scores.clone());
            let expected = self.rows(&scores, samples, classes)?;
            for (sample, outcome) in outcomes.iter().enumerate() {
                for (class, &sum) in outcome.scores.iter().enumerate() {
                    let found = f64::from((sum as f32 + imported.beta) / tau);
                    let expected = expected[sample * classes + class];
                    if found != expected {
                        report.difference =
                            Some(difference(sample, "scores", "class", class, found, expected, &scores));
                        return Ok(());
                    }
                }
            }
        }
        if self.arrays.get(&pred).is_some() {
            report.compared.push(pred.clone());
            let expected = self.rows(&pred, samples, 1)?;
            for (sample, outcome) in outcomes.iter().enumerate() {
                let found = outcome.class.map_or(-1.0, |class| class as f64);
                if found != expected[sample] {
                    report.difference =
                        Some(difference(sample, "class", "row", sample, found, expected[sample], &pred));
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A mark per row, per value, or a list of rows.
fn mark_undefined(marked: &[i64], samples: usize, features: usize, undefined: &mut [bool]) {
    let per_row = marked.len() == samples && marked.iter().all(|&mark| mark == 0 || mark == 1);
    for sample in 0..samples {
        for feature in 0..features {
            let mark = if marked.len() == samples * features {
                marked[sample * features + feature] != 0
            } else if per_row {
                marked[sample] != 0
            } else {
                marked.contains(&(sample as i64))
            };
            undefined[sample * features + feature] |= mark;
        }
    }
}

fn difference(
    sample: usize,
    place: &str,
    unit: &'static str,
    index: usize,
    found: f64,
    expected: f64,
    key: &str,
) -> Difference {
    Difference {
        sample,
        place: place.to_owned(),
        unit,
        index,
        found: found.to_string(),
        expected: expected.to_string(),
        key: key.to_owned(),
    }
}
