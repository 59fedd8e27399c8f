//! DiffLUT (aplesner/difflut): every node type, random and learnable wiring, convolutions.
//!
//! Input `p` of node `j` is column `_mapping_indices[j, p]` (or the first largest entry of row
//! `j * n + p` of a learnable `mapping.W`) and address bit `p`; the output column of output `o`
//! is `j * outputs + o`. Encoder, group sum and the geometry of convolutions are not in the
//! state dict.
//!
//! Three node types evaluate to real numbers: fourier, difflogic with `expectation`, and warp
//! with `sign` where the sum is exactly zero. What is imported for them is the truth table that
//! the library's own export writes, `forward_eval(corner) > 0.5`; hidden layers then see bits
//! where the library's evaluation passes real numbers on.

mod bank;
mod conv;
mod nodes;

use std::collections::BTreeSet;

use super::job::Job;
use super::{Evaluation, ImportError, Parts, Stack};
use bank::{LayerNames, layer_names};
use conv::Image;

pub(super) fn import(job: &mut Job<'_>) -> Result<Parts, ImportError> {
    let checkpoint = job.checkpoint;
    let names = layer_names(checkpoint);
    let encoder_only = names.is_empty() && job.sidecar.encoder.is_some();
    if names.is_empty() && !encoder_only {
        return Err(ImportError::NotOfLibrary {
            path: checkpoint.path().to_owned(),
            library: "difflut".into(),
            reason: "no tensor `<layer>.nodes.<j>.<parameter>`".into(),
        });
    }
    let (found, convs) = parts(job, &names);
    let layers = job.order(found)?;
    for layer in &layers {
        if convs.contains(layer) {
            conv::ask(job, layer);
        }
        let inside = format!("{layer}.");
        let own: Vec<&str> = names.keys().copied().filter(|name| name == layer || name.starts_with(&inside)).collect();
        own.into_iter().for_each(|name| bank::ask(job, &names, name, layer));
    }
    let first_is_conv = layers.first().is_some_and(|layer| convs.contains(layer));
    let learned = layers.first().and_then(|layer| checkpoint.get(&format!("{layer}.mapping.W")));
    let encoder = job.encoder(learned.and_then(|tensor| tensor.shape().get(1).copied()))?;
    if encoder_only && job.sidecar.head.is_none() {
        job.sidecar.head = Some(super::sidecar::HeadSpec { classes: Some(0), ..Default::default() });
    }
    let head = job.head()?;
    let Some(encoder) = encoder else {
        job.check_questions()?;
        return Err(job.sidecar_error("encoder", "missing"));
    };
    let mut image = None;
    let mut stack = Stack::new(encoder.width());
    if first_is_conv {
        image = first_image(job, &mut stack, encoder.features)?;
    }
    job.check_questions()?;
    let mut evaluation = Evaluation::Binary;
    let mut dense = 0;
    for layer in &layers {
        if convs.contains(layer) {
            let Some(present) = image else {
                return Err(job.layer_error(layer, "a convolution reads an image; the part before it has none"));
            };
            let (made, own) = conv::push(job, &names, &mut stack, layer, present)?;
            image = Some(made);
            evaluation = evaluation.max(own);
            let golden = if convs.len() == 1 { "conv".into() } else { layer.clone() };
            stack.mark(layer, Some(golden));
            continue;
        }
        let spec = job.nodes(layer);
        let bank = bank::read(job, &names, layer, stack.width(), spec)?;
        evaluation = evaluation.max(bank.evaluation);
        stack.push_dense(bank.n, &bank.wiring, bank.outputs, bank.tables);
        stack.mark(layer, Some(format!("layer{dense}")));
        dense += 1;
        image = None;
    }
    if !encoder_only {
        job.check_all_used("difflut")?;
    }
    Ok(Parts { encoder, stack, head, evaluation })
}

/// Names of the parts in the checkpoint's order, and which of them are convolutions.
fn parts(job: &Job<'_>, names: &LayerNames<'_>) -> (Vec<String>, BTreeSet<String>) {
    let mut found: Vec<String> = Vec::new();
    let mut convs = BTreeSet::new();
    for name in job.checkpoint.names() {
        let layer = match name.split_once(".nodes.") {
            Some((layer, _)) if names.contains_key(layer) => layer,
            _ => continue,
        };
        let conv = ["first_layer_chunks", "trees"].iter().find_map(|part| layer.split_once(&format!(".{part}.")));
        let part = match conv {
            Some((conv, _)) => {
                convs.insert(conv.to_owned());
                conv
            }
            None => layer,
        };
        if found.last().is_none_or(|last| last != part) && !found.iter().any(|known| known == part) {
            found.push(part.to_owned());
        }
    }
    (found, convs)
}

/// The encoded bits as the image that the first convolution reads: bit planes are channels, the
/// outermost, in front of the image's own channels' rows and columns.
fn first_image(job: &mut Job<'_>, stack: &mut Stack, features: usize) -> Result<Option<Image>, ImportError> {
    let image = match job.sidecar.image.as_deref() {
        Some(&[channels, height, width]) => [channels, height, width],
        Some(other) => return Err(job.sidecar_error("image", format!("{other:?}; expected [channels, height, width]"))),
        None => {
            let side = features.isqrt();
            if side * side != features {
                job.ask(format!("image: [channels, height, width] - the shape of the {features} features"));
                return Ok(None);
            }
            job.sidecar.image = Some(vec![1, side, side]);
            [1, side, side]
        }
    };
    let area = image[1].checked_mul(image[2]).unwrap_or(0);
    if image[0].checked_mul(area) != Some(features) || features == 0 {
        return Err(
            job.sidecar_error("image", format!("{image:?} has not the {features} values of the encoder's features"))
        );
    }
    let bits = stack.width() / features;
    // Encoded column feature * bits + bit becomes plane (channel * bits + bit), pixel.
    let order: Vec<u32> = (0..image[0] * bits)
        .flat_map(|plane| {
            let (channel, bit) = (plane / bits, plane % bits);
            (0..area).map(move |pixel| ((channel * area + pixel) * bits + bit) as u32)
        })
        .collect();
    stack.reorder(&order);
    stack.mark("image", Some("image".into()));
    Ok(Some([image[0] * bits, image[1], image[2]]))
}
