//! torchlogix (ligerlac): dense and convolutional layers, or pooling, residual blocks, every
//! parametrization, fixed and learnable connections and binarization.
//!
//! Input `p` of node `o` is column `<i>.connections.indices[p, o]`; learnable connections store
//! candidates and weights, and the first candidate of the largest weight counts. A fixed
//! binarization compares `x > thresholds`, strictly; a learnable one compares with
//! `cumsum(raw_diffs)`, and its `thresholds` buffer holds the initial values only.

mod conv;
mod tables;

use std::collections::BTreeSet;

use crate::binarized::Encoder;
use crate::logic::MAX_INPUTS;

use super::checkpoint::natural;
use super::job::{Job, reordered};
use super::sidecar::{EncoderSpec, ModuleKind, Order};
use super::torch_dwn::argmax;
use super::{Evaluation, ImportError, Parts, Stack};
use conv::Image;

type Table = crate::logic::TruthTable;

/// Parts of a network by what they do.
enum Part {
    Dense,
    Conv,
    Block,
    Pool,
}

pub(super) fn import(job: &mut Job<'_>) -> Result<Parts, ImportError> {
    let checkpoint = job.checkpoint;
    let binarization = checkpoint.names().iter().find_map(|name| strip(name, "thresholds"));
    let parts = ordered_parts(job)?;
    if parts.is_empty() {
        return Err(ImportError::NotOfLibrary {
            path: checkpoint.path().to_owned(),
            library: "torchlogix".into(),
            reason: "no tensor `<layer>.connections.indices` or `<layer>.tree_weights.0`".into(),
        });
    }
    for name in checkpoint.names() {
        if name.contains("_export_lut_ids") {
            job.mark_used(name);
        }
    }
    known_head(job);
    ask(job, &parts)?;
    let on_image = matches!(parts.first(), Some((_, Part::Conv | Part::Block | Part::Pool)));
    let encoder = match &binarization {
        Some(name) => binarized(job, name, on_image)?,
        None => {
            let width = if on_image { job.sidecar.image.as_ref().map(|image| image.iter().product()) } else { None };
            job.encoder(width)?
        }
    };
    let head = job.head()?;
    job.check_questions()?;
    let Some(encoder) = encoder else { return Err(job.sidecar_error("encoder", "missing")) };
    let mut stack = Stack::new(encoder.width());
    let mut image = if on_image { first_image(job, &stack)? } else { None };
    for (index, (name, part)) in parts.iter().enumerate() {
        image = match (part, image) {
            (Part::Dense, _) => {
                push_dense(job, &mut stack, name)?;
                None
            }
            (Part::Conv, Some(image)) => Some(conv::push(job, &mut stack, name, &image, 0)?),
            (Part::Block, Some(image)) => Some(conv::push_block(job, &mut stack, name, &image)?),
            (Part::Pool, Some(image)) => {
                let spec = job.sidecar.modules.get(name).cloned().unwrap_or_default();
                Some(conv::push_pool(job, &mut stack, name, &spec, &image)?)
            }
            (_, None) => return Err(job.layer_error(name, "it reads an image; the part before it makes none")),
        };
        stack.mark(name, Some(format!("layer{index}")));
    }
    job.check_all_used("torchlogix")?;
    Ok(Parts { encoder, stack, head, evaluation: Evaluation::Binary })
}

fn strip(name: &str, suffix: &str) -> Option<String> {
    if name == suffix { Some(String::new()) } else { name.strip_suffix(&format!(".{suffix}")).map(str::to_owned) }
}

/// The logic and pooling parts in order.
fn ordered_parts(job: &mut Job<'_>) -> Result<Vec<(String, Part)>, ImportError> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let checkpoint = job.checkpoint;
    for name in checkpoint.names() {
        if let Some((block, _)) = name.split_once(".main.") {
            names.insert(block.to_owned());
        } else if let Some(layer) = strip(name, "connections.indices").or_else(|| strip(name, "tree_weights.0")) {
            names.insert(layer);
        }
    }
    let pools = job.sidecar.modules.iter().filter(|(_, module)| module.kind == Some(ModuleKind::OrPool));
    names.extend(pools.map(|(name, _)| name.clone()));
    let mut found: Vec<String> = names.into_iter().collect();
    found.sort_by(|a, b| natural(a).cmp(&natural(b)));
    let kind = |name: &String| {
        if checkpoint.names().iter().any(|other| other.starts_with(&format!("{name}.main."))) {
            Part::Block
        } else if checkpoint.get(&format!("{name}.tree_weights.0")).is_some() {
            Part::Conv
        } else if checkpoint.get(&format!("{name}.connections.indices")).is_some() {
            Part::Dense
        } else {
            Part::Pool
        }
    };
    Ok(job
        .order(found)?
        .into_iter()
        .map(|name| {
            let part = kind(&name);
            (name, part)
        })
        .collect())
}

/// k, tau and beta of a whole saved model.
fn known_head(job: &mut Job<'_>) {
    let checkpoint = job.checkpoint;
    let Some((name, _)) = checkpoint.classes().iter().find(|(_, class)| class.ends_with(".GroupSum")) else { return };
    let mut head = job.sidecar.head.clone().unwrap_or_default();
    head.classes = head.classes.or_else(|| checkpoint.count(&format!("{name}.k")));
    head.tau = head.tau.or_else(|| checkpoint.number(&format!("{name}.tau")));
    head.beta = head.beta.or_else(|| checkpoint.number(&format!("{name}.beta")));
    job.sidecar.head = Some(head);
}

/// Asks for what shapes do not show.
fn ask(job: &mut Job<'_>, parts: &[(String, Part)]) -> Result<(), ImportError> {
    for (name, part) in parts {
        let (weights, convs) = match part {
            Part::Dense => (vec![format!("{name}.weight")], vec![]),
            Part::Conv => (vec![format!("{name}.tree_weights.0")], vec![name.clone()]),
            Part::Block => {
                let convs = vec![format!("{name}.main.0"), format!("{name}.main.2")];
                (convs.iter().map(|conv| format!("{conv}.tree_weights.0")).collect(), convs)
            }
            Part::Pool => (vec![], vec![]),
        };
        for (weight, owner) in weights.iter().zip(convs.iter().chain(std::iter::once(name))) {
            let count = job.checkpoint.tensor(weight)?.shape().last().copied().unwrap_or(0);
            let rank = rank_of(job, owner)?;
            if tables::infer(rank, count).or(job.nodes(name).parametrization).is_none() {
                job.ask(format!("nodes: {{parametrization: warp | light}} - {count} weights of `{name}` fit both"));
            }
        }
        for conv in convs {
            // A block's convolutions may be described once, under the block's name.
            if let Some(block) = job.sidecar.modules.get(name).cloned() {
                job.sidecar.modules.entry(conv.clone()).or_insert(block);
            }
            if job.sidecar.modules.get(&conv).is_none_or(|module| module.padding.is_none()) {
                job.ask(format!(
                    "modules: {{\"{conv}\": {{padding: 0}}}} - the zeros around the image of the convolution"
                ));
            }
        }
    }
    if matches!(parts.first(), Some((_, Part::Conv | Part::Block | Part::Pool))) && job.sidecar.image.is_none() {
        job.ask("image: [channels, height, width] - the shape of one sample before binarization");
    }
    Ok(())
}

fn rank_of(job: &Job<'_>, layer: &str) -> Result<usize, ImportError> {
    let checkpoint = job.checkpoint;
    let conv = format!("{layer}.connections._indices_L0");
    let (name, axis) = match checkpoint.get(&conv) {
        Some(_) => (conv, 0),
        None => {
            let name = format!("{layer}.connections.indices");
            let axis = checkpoint.tensor(&name)?.shape().len().saturating_sub(2);
            (name, axis)
        }
    };
    let tensor = checkpoint.tensor(&name)?;
    match tensor.shape().get(axis) {
        Some(&rank) if (1..=MAX_INPUTS).contains(&rank) => Ok(rank),
        _ => Err(checkpoint.tensor_error(&name, tensor.describe(), "expected a rank of 1 to 16")),
    }
}

/// The tables of a weight tensor of shape `[..outer, weights]`, in its order.
fn row_tables(
    job: &mut Job<'_>,
    layer: &str,
    weight: &str,
    rank: usize,
    outer: &[usize],
) -> Result<Vec<Table>, ImportError> {
    job.mark_used(weight);
    let checkpoint = job.checkpoint;
    let tensor = checkpoint.tensor(weight)?;
    let count = tensor.shape().last().copied().unwrap_or(0);
    let block = layer.split_once(".main.").map_or(layer, |(block, _)| block);
    let spec = job.nodes(layer).or(job.nodes(block));
    let parametrization = tables::infer(rank, count).or(spec.parametrization);
    let fits = parametrization.filter(|&parametrization| {
        tables::weight_count(parametrization, rank) == Some(count)
            && spec.parametrization.is_none_or(|stated| stated == parametrization)
    });
    let Some(parametrization) = fits else {
        let allowed = format!("which does not fit rank {rank} and the parametrization {:?}", spec.parametrization);
        return Err(checkpoint.tensor_error(weight, tensor.describe(), allowed));
    };
    let shape: Vec<usize> = outer.iter().copied().chain([count]).collect();
    let weights = checkpoint.floats(weight, &shape)?;
    Ok(weights.chunks_exact(count).map(|row| tables::table(parametrization, rank, row)).collect())
}

fn push_dense(job: &mut Job<'_>, stack: &mut Stack, name: &str) -> Result<(), ImportError> {
    let checkpoint = job.checkpoint;
    let rank = rank_of(job, name)?;
    let indices = format!("{name}.connections.indices");
    let learned = format!("{name}.connections.weights");
    job.mark_used(&indices);
    let shape = checkpoint.tensor(&indices)?.shape().to_vec();
    let out = shape.last().copied().unwrap_or(0);
    let tables = row_tables(job, name, &format!("{name}.weight"), rank, &[out])?;
    let columns: Vec<u32> = if checkpoint.get(&learned).is_some() {
        job.mark_used(&learned);
        let candidates = shape.first().copied().unwrap_or(0);
        let choices = checkpoint.indices(&indices, &[candidates, rank, out], stack.width())?;
        let weights = checkpoint.floats(&learned, &[candidates, rank, out])?;
        if candidates == 0 {
            return Err(checkpoint.tensor_error(&learned, "no candidates", "expected at least one"));
        }
        let pins = rank * out;
        let best = |pin: usize| argmax((0..candidates).map(|c| weights[c * pins + pin])) as usize;
        (0..pins).map(|pin| choices[best(pin) * pins + pin]).collect()
    } else {
        checkpoint.indices(&indices, &[rank, out], stack.width())?
    };
    // Stored input by input; the waist wants node by node.
    let wiring: Vec<u32> = (0..out).flat_map(|o| (0..rank).map(move |p| p * out + o)).map(|pin| columns[pin]).collect();
    stack.push_dense(rank, &wiring, 1, tables);
    Ok(())
}

/// The encoder of a binarization module.
fn binarized(job: &mut Job<'_>, module: &str, on_image: bool) -> Result<Option<Encoder>, ImportError> {
    let join = |name: &str| if module.is_empty() { name.to_owned() } else { format!("{module}.{name}") };
    let checkpoint = job.checkpoint;
    let (buffer, learned) = (join("thresholds"), join("raw_diffs"));
    job.mark_used(&buffer);
    let is_learned = checkpoint.get(&learned).is_some();
    let name = if is_learned { learned } else { buffer };
    job.mark_used(&name);
    let shape = checkpoint.tensor(&name)?.shape().to_vec();
    let mut thresholds = checkpoint.all_floats(&name)?;
    let bits = shape.last().copied().unwrap_or(0);
    if bits == 0 || thresholds.is_empty() {
        return Err(checkpoint.tensor_error(&name, format!("{shape:?}"), "expected [.., bits] with at least one bit"));
    }
    if is_learned {
        // PyTorch adds up float32 in float64 and rounds every partial sum once.
        for row in thresholds.chunks_exact_mut(bits) {
            let mut sum = 0f64;
            for value in row {
                sum += f64::from(*value);
                *value = sum as f32;
            }
        }
    }
    let rows = thresholds.len() / bits;
    let image = job.sidecar.image.clone();
    let pixels = image.as_ref().and_then(|image| image.iter().try_fold(1usize, |n, &side| n.checked_mul(side)));
    let spec = job.sidecar.encoder.clone().unwrap_or_default();
    let features = if shape.len() > 2 || (rows > 1 && !on_image) { Some(rows) } else { pixels.or(spec.features) };
    let Some(features) = features else {
        // The question for the image covers it.
        if on_image {
            return Ok(None);
        }
        job.ask("encoder: {features: N} - one row of thresholds serves all features; how many are there?");
        return Ok(None);
    };
    // One row for all features, per channel of an image, or per feature.
    let channels = image.as_ref().and_then(|image| image.first().copied()).unwrap_or(1).max(1);
    let row_of: Box<dyn Fn(usize) -> usize> = match rows {
        1 => Box::new(|_| 0),
        _ if rows == features => Box::new(|feature| feature),
        _ if on_image && rows == channels && features % channels == 0 => {
            Box::new(move |feature| feature / (features / channels))
        }
        _ => {
            return Err(checkpoint.tensor_error(
                &name,
                format!("{shape:?}"),
                format!("expected one row, or one per feature ({features})"),
            ));
        }
    };
    if features == 0 || features.checked_mul(bits).is_none_or(|bits| bits > 1 << 26) {
        return Err(
            job.sidecar_error("image", format!("{features} features of {bits} bits; at most {} bits in all", 1 << 26))
        );
    }
    let all: Vec<f32> =
        (0..features).flat_map(|feature| thresholds[row_of(feature) * bits..][..bits].to_vec()).collect();
    let mut encoder = Encoder::from_thresholds(features, &all);
    if on_image || spec.order == Order::BitMajor {
        // Bits become channels: (channel, bit), then the pixel.
        let area = features / channels;
        let order: Vec<u32> = (0..channels * bits)
            .flat_map(|plane| (0..area).map(move |pixel| ((plane / bits * area + pixel) * bits + plane % bits) as u32))
            .collect();
        encoder.bits = reordered(&encoder.bits, &order);
    }
    job.sidecar.encoder = Some(EncoderSpec { features: Some(features), num_bits: Some(bits), ..spec });
    Ok(Some(encoder))
}

fn first_image(job: &Job<'_>, stack: &Stack) -> Result<Option<Image>, ImportError> {
    let Some([channels, sides @ ..]) = job.sidecar.image.as_deref() else { return Ok(None) };
    let area = sides.iter().try_fold(1usize, |n, &side| n.checked_mul(side)).unwrap_or(0);
    let features = channels.checked_mul(area).unwrap_or(0);
    if features == 0 || !stack.width().is_multiple_of(features) || !(2..=3).contains(&sides.len()) {
        let problem = format!("{:?} does not divide the {} encoded bits into planes", job.sidecar.image, stack.width());
        return Err(job.sidecar_error("image", problem));
    }
    Ok(Some(Image { channels: channels * (stack.width() / features), sides: sides.to_vec() }))
}
