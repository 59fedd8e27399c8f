//! The encoder that the sidecar describes, from its fitted arrays.

use std::path::Path;

use crate::binarized::Encoder;
use crate::binarized::encodings::{Encoding, EncodingError};

use super::job::Job;
use super::sidecar::{EncoderKind, EncoderSpec, Nested, Order};
use super::{Checkpoint, ImportError};

/// The shape and the values of a fitted array.
type Fitted = (Vec<usize>, Vec<f64>);

impl Job<'_> {
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
                    self.bounded("encoder: features times bits", features.saturating_mul(bits))?;
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
    fn array(&self, spec: &EncoderSpec, file: Option<&Checkpoint>, name: &str) -> Result<Option<Fitted>, ImportError> {
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
