//! torch-dwn (alanbacellar/DWN): `LUTLayer`s of one kind and a group sum.
//!
//! `<i>.luts (out, 2^n)` float32, output bit = `luts[j, address] > 0`, strictly, for the layer's
//! straight-through step; input `p` of table `j` is column `<i>.mapping[j, p]` and address bit
//! `p`. A learnable mapping stores `<i>.mapping.weights (in, out * n)` instead: input `p` of
//! table `j` is the first row with the largest value of column `j * n + p`. Layers made with
//! `ste=False` output the real table values; what is imported is the same `> 0` of them.

use crate::logic::{MAX_INPUTS, TruthTable};

use super::job::Job;
use super::{Evaluation, ImportError, Parts, Stack};

/// Name of the constant parameter of layers with a learnable mapping.
const DUMMY: &str = "_LUTLayer__dummy_mapping";

pub(super) fn import(job: &mut Job<'_>) -> Result<Parts, ImportError> {
    let checkpoint = job.checkpoint;
    let layer = |name: &String| {
        if name == "luts" { Some(String::new()) } else { name.strip_suffix(".luts").map(str::to_owned) }
    };
    let found: Vec<String> = checkpoint.names().iter().filter_map(layer).collect();
    if found.is_empty() {
        return Err(ImportError::NotOfLibrary {
            path: checkpoint.path().to_owned(),
            library: "torch-dwn".into(),
            reason: "no tensor `<layer>.luts`".into(),
        });
    }
    let layers = job.order(found)?;
    attributes_of_group_sum(job);
    let width = layers
        .first()
        .and_then(|layer| checkpoint.get(&join(layer, "mapping.weights")))
        .map(|t| t.shape().first().copied().unwrap_or(0));
    let encoder = job.encoder(width)?;
    let head = job.head()?;
    let Some(encoder) = encoder else {
        job.check_questions()?;
        return Err(job.sidecar_error("encoder", "missing"));
    };
    let mut stack = Stack::new(encoder.width());
    for (index, layer) in layers.iter().enumerate() {
        let name = join(layer, "luts");
        job.mark_used(&name);
        let shape = checkpoint.tensor(&name)?.shape().to_vec();
        let (out, rows) = match shape[..] {
            [out, rows] if out > 0 && rows.is_power_of_two() && (2..=1 << MAX_INPUTS).contains(&rows) => (out, rows),
            _ => {
                return Err(checkpoint.tensor_error(
                    &name,
                    format!("{shape:?}"),
                    "expected [tables, 2^inputs] with 1 to 16 inputs",
                ));
            }
        };
        let n = rows.trailing_zeros() as usize;
        let luts = checkpoint.floats(&name, &[out, rows])?;
        let tables = luts.chunks_exact(rows).map(|lut| TruthTable::from_fn(n, |row| lut[row] > 0.0)).collect();
        let wiring = mapping(job, layer, stack.width(), out, n)?;
        stack.push_dense(n, &wiring, 1, tables);
        stack.mark(layer, Some(format!("layer{index}")));
    }
    job.check_all_used("torch-dwn")?;
    Ok(Parts { encoder, stack, head, evaluation: Evaluation::Binary })
}

fn join(layer: &str, name: &str) -> String {
    if layer.is_empty() { name.to_owned() } else { format!("{layer}.{name}") }
}

/// A whole saved model carries k, tau and the permutation of its group sum.
fn attributes_of_group_sum(job: &mut Job<'_>) {
    let checkpoint = job.checkpoint;
    let head = checkpoint.classes().iter().find(|(_, class)| class.ends_with(".GroupSum"));
    let Some((name, _)) = head else { return };
    let mut known = job.sidecar.head.clone().unwrap_or_default();
    known.classes = known.classes.or_else(|| checkpoint.count(&format!("{name}.k")));
    known.tau = known.tau.or_else(|| checkpoint.number(&format!("{name}.tau")));
    if known.permutation.is_none()
        && let Some(values) = checkpoint.extra(&format!("{name}.randperm")).and_then(|tensor| tensor.i64s())
    {
        known.permutation =
            Some(super::sidecar::Permutation::Inline(values.into_iter().map(|value| value as u32).collect()));
    }
    job.sidecar.head = Some(known);
}

fn mapping(job: &mut Job<'_>, layer: &str, width: usize, out: usize, n: usize) -> Result<Vec<u32>, ImportError> {
    let checkpoint = job.checkpoint;
    let fixed = join(layer, "mapping");
    if checkpoint.get(&fixed).is_some() {
        job.mark_used(&fixed);
        return checkpoint.indices(&fixed, &[out, n], width);
    }
    let learned = join(layer, "mapping.weights");
    job.mark_used(&learned);
    job.mark_used(&join(layer, DUMMY));
    let weights = checkpoint.floats(&learned, &[width, out * n])?;
    // The dummy says which column of the learned mapping feeds which input; it is always arange.
    let dummy = checkpoint.indices(&join(layer, DUMMY), &[out, n], out * n)?;
    if dummy.iter().enumerate().any(|(i, &column)| i as u32 != column) {
        return Err(checkpoint.tensor_error(&join(layer, DUMMY), "another order", "expected 0, 1, 2, ..."));
    }
    Ok((0..out * n).map(|column| argmax((0..width).map(|row| weights[row * out * n + column]))).collect())
}

/// The first index of the largest value.
pub(super) fn argmax(values: impl Iterator<Item = f32>) -> u32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (index, value) in values.enumerate() {
        if value > best.1 {
            best = (index as u32, value);
        }
    }
    best.0
}
