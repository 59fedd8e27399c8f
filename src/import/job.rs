//! One import: the checkpoint, what is known beside it, and what is still to be asked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::binarized::{EncodedBit, Head};
use crate::config::InputFormat;

use super::sidecar::{EncoderKind, HeadSpec, NodeSpec, Permutation, Sidecar};
use super::{Checkpoint, ImportError, Tensor};

/// State of one import.
pub(super) struct Job<'a> {
    pub(super) checkpoint: &'a Checkpoint,
    /// What is known so far, completed on the way; printed as the assumed sidecar.
    pub(super) sidecar: Sidecar,
    /// Where the sidecar is, for messages and for the files that it names.
    pub(super) sidecar_path: PathBuf,
    pub(super) questions: Vec<String>,
    pub(super) notes: Vec<String>,
    used: BTreeSet<String>,
}

impl<'a> Job<'a> {
    pub(super) fn new(checkpoint: &'a Checkpoint, sidecar: Sidecar, sidecar_path: &Path) -> Self {
        Self {
            checkpoint,
            sidecar,
            sidecar_path: sidecar_path.to_owned(),
            questions: Vec::new(),
            notes: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    /// Notes that a tensor is explained.
    pub(super) fn mark_used(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    /// Refuses tensors that nothing explained.
    pub(super) fn check_all_used(&self, library: &'static str) -> Result<(), ImportError> {
        let ignored = |name: &String| self.sidecar.ignore.iter().any(|prefix| name.starts_with(prefix.as_str()));
        let left: Vec<&String> =
            self.checkpoint.names().iter().filter(|name| !self.used.contains(*name) && !ignored(name)).collect();
        if left.is_empty() {
            return Ok(());
        }
        let shown = left.iter().take(4).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let names = if left.len() > 4 { format!("{shown} and {} more", left.len() - 4) } else { shown };
        Err(ImportError::Unexplained { path: self.checkpoint.path().to_owned(), library, names })
    }

    /// Ends the import where something has to be asked.
    pub(super) fn check_questions(&self) -> Result<(), ImportError> {
        if self.questions.is_empty() {
            return Ok(());
        }
        Err(ImportError::Ask {
            path: self.checkpoint.path().to_owned(),
            questions: self.questions.clone(),
            assumed: self.sidecar.to_yaml(),
        })
    }

    pub(super) fn ask(&mut self, question: impl Into<String>) {
        let question = question.into();
        if !self.questions.contains(&question) {
            self.questions.push(question);
        }
    }

    pub(super) fn sidecar_error(&self, field: &str, problem: impl Into<String>) -> ImportError {
        ImportError::Sidecar { path: self.sidecar_path.clone(), field: field.to_owned(), problem: problem.into() }
    }

    pub(super) fn layer_error(&self, layer: &str, problem: impl Into<String>) -> ImportError {
        let path = self.checkpoint.path().to_owned();
        ImportError::Layer { path, layer: layer.to_owned(), problem: problem.into() }
    }

    /// The settings of the nodes of `layer`.
    pub(super) fn nodes(&self, layer: &str) -> NodeSpec {
        self.sidecar.modules.get(layer).map_or(NodeSpec::default(), |module| module.nodes).or(self.sidecar.nodes)
    }

    /// The order of parts: the sidecar's, or the one found.
    pub(super) fn order(&mut self, found: Vec<String>) -> Result<Vec<String>, ImportError> {
        let Some(layers) = &self.sidecar.layers else {
            // Assumed from the names, and printed as such.
            self.sidecar.layers = (found.len() > 1).then(|| found.clone());
            return Ok(found);
        };
        let same: BTreeSet<&String> = layers.iter().collect();
        if let Some(missing) = found.iter().find(|name| !same.contains(name)) {
            return Err(self.sidecar_error("layers", format!("`{missing}` of the checkpoint is missing in the list")));
        }
        let known: BTreeSet<&String> = found.iter().chain(self.sidecar.modules.keys()).collect();
        match layers.iter().find(|name| !known.contains(name)) {
            Some(unknown) => Err(self.sidecar_error(
                "layers",
                format!("`{unknown}` is neither in the checkpoint nor under `modules`; the checkpoint has {found:?}"),
            )),
            None => Ok(layers.clone()),
        }
    }

    /// The head; asks for the number of classes.
    pub(super) fn head(&mut self) -> Result<Head, ImportError> {
        let known = self.sidecar.head.clone().unwrap_or_default();
        let Some(classes) = known.classes else {
            self.ask(
                "head: {classes: N} - the number of classes of the group sum (0 where the last bits are the result)",
            );
            return Ok(Head::Bits);
        };
        if classes == 0 {
            return Ok(Head::Bits);
        }
        // Scores only: the class does not depend on either.
        let tau = known.tau.unwrap_or(1.0);
        let beta = known.beta.unwrap_or(0.0);
        let bounded = (tau as f32).is_finite() && tau as f32 > 0.0 && (beta as f32).is_finite();
        if !bounded {
            return Err(
                self.sidecar_error("head", format!("tau is {tau}, beta {beta}; tau must be above zero, both finite"))
            );
        }
        self.sidecar.head = Some(HeadSpec { classes: Some(classes), tau: Some(tau), beta: known.beta, ..known });
        Ok(Head::GroupSum { classes, tau: tau as f32 })
    }

    /// The head's permutation of `width` columns.
    pub(super) fn permutation(&mut self, width: usize) -> Result<Option<Vec<u32>>, ImportError> {
        let Some(permutation) = self.sidecar.head.as_ref().and_then(|head| head.permutation.clone()) else {
            return Ok(None);
        };
        let columns = match permutation {
            Permutation::Inline(columns) => columns,
            Permutation::File { file, tensor } => {
                let file = Checkpoint::open(&self.beside(&file))?;
                file.indices(&tensor, &[width], width)?
            }
        };
        let distinct: BTreeSet<u32> = columns.iter().copied().filter(|&column| (column as usize) < width).collect();
        if columns.len() != width || distinct.len() != width {
            return Err(self.sidecar_error(
                "head.permutation",
                format!(
                    "{} entries, {} of them different columns; expected each of 0 to {} once",
                    columns.len(),
                    distinct.len(),
                    width - 1
                ),
            ));
        }
        Ok(Some(columns))
    }

    /// The input format; bits need none, anything else is asked for.
    pub(super) fn input_format(&mut self, golden: Option<&Tensor>) -> InputFormat {
        if let Some(format) = self.sidecar.input_format {
            return format;
        }
        let bits = self.sidecar.encoder.as_ref().is_some_and(|encoder| encoder.kind == EncoderKind::Bits);
        let format = if bits { Some(InputFormat::unsigned(1)) } else { golden.and_then(integers_of) };
        match format {
            Some(format) => {
                self.sidecar.input_format = Some(format);
                format
            }
            None => {
                let seen = golden.map(samples_range).unwrap_or_default();
                self.ask(format!("input_format: {{bits: 8, signed: false, scale: 1.0, offset: 0.0}} - the integers that the hardware receives, value = code * scale + offset{seen}"));
                InputFormat::unsigned(8)
            }
        }
    }

    /// A file named in the sidecar.
    pub(super) fn beside(&self, file: &Path) -> PathBuf {
        self.sidecar_path.parent().unwrap_or(Path::new("")).join(file)
    }
}

/// The smallest format of the integers in `x`, if they are integers.
fn integers_of(x: &Tensor) -> Option<InputFormat> {
    let values = x.f64s()?;
    if values.is_empty() || values.iter().any(|value| value.fract() != 0.0 || value.abs() > 65535.0) {
        return None;
    }
    let largest = values.iter().copied().fold(0.0, f64::max);
    let smallest = values.iter().copied().fold(0.0, f64::min);
    let signed = smallest < 0.0;
    let mut format = InputFormat { signed, ..InputFormat::unsigned(if signed { 2 } else { 1 }) };
    while (format.max_code() as f64) < largest || (format.min_code() as f64) > smallest {
        format.bits += 1;
    }
    Some(format)
}

/// What the golden samples show where they are not integers of sixteen bits.
fn samples_range(x: &Tensor) -> String {
    let values = x.f64s().unwrap_or_default();
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    match values.is_empty() {
        true => String::new(),
        false => format!(" (the golden samples are no integers of 16 bits, they lie between {low} and {high})"),
    }
}

/// Bits of an encoder in another order.
pub(super) fn reordered(bits: &[EncodedBit], order: &[u32]) -> Vec<EncodedBit> {
    order.iter().filter_map(|&column| bits.get(column as usize).cloned()).collect()
}
