//! One import: the checkpoint, what is known beside it, and what is still to be asked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::binarized::encodings::{Encoding, EncodingError};
use crate::binarized::{EncodedBit, Encoder, Head};
use crate::config::InputFormat;

use super::sidecar::{EncoderKind, EncoderSpec, HeadSpec, Nested, NodeSpec, Order, Permutation, Sidecar};
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
    pub(super) fn order(&self, found: Vec<String>) -> Result<Vec<String>, ImportError> {
        let Some(layers) = &self.sidecar.layers else { return Ok(found) };
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
                self.ask("input_format: {bits: 8, signed: false, scale: 1.0, offset: 0.0} - the integers that the hardware receives, value = code * scale + offset");
                InputFormat::unsigned(8)
            }
        }
    }

    /// A file named in the sidecar.
    pub(super) fn beside(&self, file: &Path) -> PathBuf {
        self.sidecar_path.parent().unwrap_or(Path::new("")).join(file)
    }

    /// The encoder of the sidecar; asks where there is none. `width` is the number of encoded
    /// bits, where the layers tell.
    pub(super) fn encoder(&mut self, width: Option<usize>) -> Result<Option<Encoder>, ImportError> {
        let Some(spec) = self.sidecar.encoder.clone() else {
            self.ask("encoder: {kind: thermometer, file: encoder.safetensors} - how features become bits (kind: bits where the features are bits), and its fitted arrays");
            return Ok(None);
        };
        if spec.kind == EncoderKind::Bits {
            let Some(features) = spec.features.or(width) else {
                self.ask("encoder: {kind: bits, features: N} - how many input bits there are");
                return Ok(None);
            };
            let features = self.bounded("encoder.features", features)?;
            self.sidecar.encoder = Some(EncoderSpec { features: Some(features), ..spec });
            return Ok(Some(Encoder::from_thresholds(features, &vec![0.5; features])));
        }
        let arrays = match &spec.file {
            Some(file) => Some(Checkpoint::open(&self.beside(file))?),
            None => None,
        };
        let source = arrays.as_ref().map_or(self.sidecar_path.clone(), |file| file.path().to_owned());
        let encoding =
            |source: &Path, error: EncodingError| ImportError::Encoding { path: source.to_owned(), source: error };
        let values = |name: &str| self.array(&spec, arrays.as_ref(), name);
        let mut encoder = match spec.kind {
            EncoderKind::Bits => return Ok(None),
            EncoderKind::Thermometer | EncoderKind::GaussianThermometer | EncoderKind::DistributiveThermometer => {
                let (shape, thresholds) = match values("thresholds")? {
                    Some(found) => found,
                    None => return Ok(self.ask_for_arrays("thresholds")),
                };
                let bits = shape.last().copied().unwrap_or(0);
                if bits == 0 || spec.num_bits.is_some_and(|stated| stated != bits) {
                    return Err(self.sidecar_error(
                        "encoder.num_bits",
                        format!("{:?}, but the thresholds have the shape {shape:?}", spec.num_bits),
                    ));
                }
                let thresholds = if shape.len() == 1 {
                    let Some(features) = spec.features.or(width.map(|width| width / bits)) else {
                        self.ask(
                            "encoder: {features: N} - one row of thresholds serves all features; how many are there?",
                        );
                        return Ok(None);
                    };
                    let features = self.bounded("encoder.features", features)?;
                    thresholds.repeat(features)
                } else {
                    thresholds
                };
                thermometer(bits, &thresholds)
            }
            EncoderKind::Onehot => {
                let Some((shape, edges)) = values("bin_edges")? else { return Ok(self.ask_for_arrays("bin_edges")) };
                let bits = shape.last().copied().unwrap_or(0).saturating_sub(1);
                Encoding::OneHot { bits, edges: singles(edges) }.encoder()
            }
            EncoderKind::Binary | EncoderKind::Gray => {
                let (Some((_, min)), Some((_, max))) = (values("min_value")?, values("max_value")?) else {
                    return Ok(self.ask_for_arrays("min_value and max_value"));
                };
                let Some(bits) = self.num_bits(&spec, width, min.len()) else { return Ok(None) };
                let (min, max) = (singles(min), singles(max));
                match spec.kind {
                    EncoderKind::Gray => Encoding::Gray { bits, min, max }.encoder(),
                    _ => Encoding::Binary { bits, min, max }.encoder(),
                }
            }
            EncoderKind::SignMagnitude => {
                let Some((_, max_abs)) = values("max_abs_value")? else {
                    return Ok(self.ask_for_arrays("max_abs_value"));
                };
                let Some(bits) = self.num_bits(&spec, width, max_abs.len()) else { return Ok(None) };
                Encoding::SignMagnitude { bits, max_abs: singles(max_abs) }.encoder()
            }
            EncoderKind::Logarithmic => {
                let (Some((_, offset)), Some((_, min)), Some((_, max))) =
                    (values("offset")?, values("min_log")?, values("max_log")?)
                else {
                    return Ok(self.ask_for_arrays("offset, min_log and max_log"));
                };
                let Some(bits) = self.num_bits(&spec, width, offset.len()) else { return Ok(None) };
                let base = spec.base.unwrap_or(2.0) as f32;
                Encoding::Logarithmic {
                    bits,
                    base,
                    offset: singles(offset),
                    min_log: singles(min),
                    max_log: singles(max),
                }
                .encoder()
            }
        }
        .map_err(|error| encoding(&source, error))?;
        if spec.order == Order::BitMajor {
            let bits = encoder.width() / encoder.features;
            encoder.bits = (0..bits)
                .flat_map(|bit| (0..encoder.features).map(move |feature| feature * bits + bit))
                .filter_map(|column| encoder.bits.get(column).cloned())
                .collect();
        }
        if let Some(width) = width
            && encoder.width() != width
        {
            let problem = format!("it gives {} bits; the first layer reads {width}", encoder.width());
            return Err(self.sidecar_error("encoder", problem));
        }
        Ok(Some(encoder))
    }

    fn bounded(&self, field: &str, count: usize) -> Result<usize, ImportError> {
        if (1..=1 << 24).contains(&count) {
            return Ok(count);
        }
        Err(self.sidecar_error(field, format!("{count}; allowed are 1 to {}", 1 << 24)))
    }

    fn num_bits(&mut self, spec: &EncoderSpec, width: Option<usize>, features: usize) -> Option<usize> {
        let bits = spec.num_bits.or_else(|| width.and_then(|width| width.checked_div(features)));
        if bits.is_none() {
            self.ask("encoder: {num_bits: N} - bits per feature, which the fitted range does not show");
        }
        bits
    }

    fn ask_for_arrays(&mut self, names: &str) -> Option<Encoder> {
        self.ask(format!(
            "encoder: {{file: FILE}} or {{values: ...}} - the fitted {names}; no library stores them in the state dict"
        ));
        None
    }

    /// A fitted array: from the sidecar, the file that it names, or beside the state dict.
    fn array(
        &self,
        spec: &EncoderSpec,
        file: Option<&Checkpoint>,
        name: &str,
    ) -> Result<Option<(Vec<usize>, Vec<f64>)>, ImportError> {
        if let Some(values) = spec.values.get(name) {
            let (shape, values) = match values {
                Nested::Row(row) => (vec![row.len()], row.clone()),
                Nested::Rows(rows) => {
                    let columns = rows.first().map_or(0, Vec::len);
                    if rows.iter().any(|row| row.len() != columns) {
                        return Err(self.sidecar_error(&format!("encoder.values.{name}"), "its rows differ in length"));
                    }
                    (vec![rows.len(), columns], rows.concat())
                }
            };
            return Ok(Some((shape, values)));
        }
        let full = spec.set.as_ref().map_or(name.to_owned(), |set| format!("{set}.{name}"));
        let (owner, tensor) = match file {
            Some(file) => (file, Some(file.tensor(&full)?)),
            None => {
                let extra = [full.clone(), format!("encoder.{full}"), format!("encoder_state.{full}")];
                (self.checkpoint, extra.iter().find_map(|name| self.checkpoint.extra(name)))
            }
        };
        let Some(tensor) = tensor else { return Ok(None) };
        let Some(values) = tensor.f64s() else {
            return Err(owner.tensor_error(&full, tensor.describe(), "fitted arrays are floats"));
        };
        Ok(Some((tensor.shape().to_vec(), values)))
    }
}

fn singles(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}

/// Thermometer bits for thresholds of either precision: a float32 feature is above a float64
/// threshold exactly where it is above the largest float32 not beyond it.
fn thermometer(bits: usize, thresholds: &[f64]) -> Result<Encoder, EncodingError> {
    let below = |threshold: &f64| {
        let near = *threshold as f32;
        if f64::from(near) > *threshold { near.next_down() } else { near }
    };
    Encoding::Thermometer { bits, thresholds: thresholds.iter().map(below).collect() }.encoder()
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

/// Bits of an encoder in another order.
pub(super) fn reordered(bits: &[EncodedBit], order: &[u32]) -> Vec<EncodedBit> {
    order.iter().filter_map(|&column| bits.get(column as usize).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_threshold_compares_like_a_double() {
        for threshold in [0.1f64, -0.1, 1.0 / 3.0, 2.5, 1e-50, -1e-50] {
            let encoder = thermometer(1, &[threshold]).unwrap();
            let near = threshold as f32;
            for x in [near.next_down(), near, near.next_up()] {
                assert_eq!(encoder.bits[0].value(x), f64::from(x) > threshold, "{x} > {threshold}");
            }
        }
    }
}
