//! DiffLUT's convolution: trees of nodes over the patches of an image, unrolled.
//!
//! `<conv>.first_layer_chunks.<c>` reads the flattened patch (`channel * height * width + row *
//! width + column`, the order of `nn.Unfold`); chunk `c` holds the leaves of a few trees, node =
//! local tree * leaves + leaf. `<conv>.trees.<t>.<l>` are the upper levels of tree `t`. The
//! output is `(trees, rows, columns)`, flattened tree-major. Padding is constant zeros.

use std::collections::BTreeMap;

use crate::binarized::SpatialStep;
use crate::import::sidecar::Sides;
use crate::import::stack::{MAX_NODES, Rows, Source, Stack};
use crate::import::{Evaluation, ImportError, job::Job};

use super::bank::{self, Bank, LayerNames};

/// Channels, height and width.
pub(super) type Image = [usize; 3];

/// Window sizes along rows and columns.
struct Geometry {
    field: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

/// Asks for the geometry, which no tensor holds.
pub(super) fn ask(job: &mut Job<'_>, conv: &str) {
    let known = job.sidecar.modules.get(conv).cloned().unwrap_or_default();
    if known.receptive_field.is_none() || known.stride.is_none() || known.padding.is_none() {
        job.ask(format!(
            "modules: {{{conv}: {{receptive_field: 3, stride: 1, padding: 0}}}} - the geometry of the convolution"
        ));
    }
}

/// Adds the convolution `conv` over `image` and returns the image that it makes.
pub(super) fn push(
    job: &mut Job<'_>,
    names: &LayerNames<'_>,
    stack: &mut Stack,
    conv: &str,
    image: Image,
) -> Result<(Image, Evaluation), ImportError> {
    let geometry = geometry(job, conv)?;
    let [channels, height, width] = image;
    if channels.checked_mul(height).and_then(|n| n.checked_mul(width)) != Some(stack.width()) {
        return Err(job
            .layer_error(conv, format!("it reads an image of {image:?}; the part before has {} bits", stack.width())));
    }
    let mut out = [0usize; 2];
    for (axis, side) in [height, width].into_iter().enumerate() {
        let (padded, field) = (side.saturating_add(2 * geometry.padding[axis]), geometry.field[axis]);
        if field == 0 || geometry.stride[axis] == 0 || padded < field {
            return Err(
                job.layer_error(conv, format!("a window of {:?} does not fit an image of {image:?}", geometry.field))
            );
        }
        out[axis] = (padded - field) / geometry.stride[axis] + 1;
    }
    let spec = job.nodes(conv);
    let patch = channels * geometry.field[0] * geometry.field[1];
    let chunks = numbered(names, &format!("{conv}.first_layer_chunks."));
    let mut leaves = Vec::new();
    for name in chunks.values() {
        leaves.push(bank::read(job, names, name, patch, spec)?);
    }
    if let Some(bank) = leaves.iter().find(|bank| bank.n != leaves[0].n || bank.outputs != 1) {
        let problem = format!(
            "its chunks differ: nodes of {} inputs and {} outputs beside {} and 1",
            bank.n, bank.outputs, leaves[0].n
        );
        return Err(job.layer_error(conv, problem));
    }
    let first_nodes: usize = leaves.iter().map(|bank| bank.nodes).sum();
    let trees = tree_names(names, conv);
    let tree_count = if trees.is_empty() { first_nodes } else { trees.len() };
    let per_tree = first_nodes / tree_count.max(1);
    if per_tree * tree_count != first_nodes || leaves.iter().any(|bank| bank.nodes % per_tree.max(1) != 0) {
        return Err(job.layer_error(conv, format!("{first_nodes} first nodes do not divide over {tree_count} trees")));
    }
    let positions = out[0] * out[1];
    if first_nodes.checked_mul(positions).is_none_or(|nodes| nodes > MAX_NODES) {
        return Err(job.layer_error(
            conv,
            format!("{first_nodes} nodes at {positions} positions; at most {MAX_NODES} in all are unrolled"),
        ));
    }
    let mut evaluation = push_leaves(stack, &leaves, &geometry, image, out);
    let levels = trees.first().map_or(0, Vec::len);
    let mut width = per_tree;
    for level in 0..levels {
        let mut banks = Vec::with_capacity(tree_count);
        for tree in &trees {
            let Some(name) = tree.get(level) else {
                return Err(job.layer_error(conv, "its trees differ in depth"));
            };
            banks.push(bank::read(job, names, name, width, spec)?);
        }
        let (n, nodes) = banks.first().map_or((1, 0), |bank| (bank.n, bank.nodes));
        if let Some(other) = banks.iter().find(|bank| bank.n != n || bank.nodes != nodes || bank.outputs != 1) {
            return Err(job.layer_error(
                conv,
                format!("its trees differ: {} nodes of {} inputs and {nodes} of {n}", other.nodes, other.n),
            ));
        }
        let mut rows = Rows::new(n);
        for (tree, bank) in banks.iter().enumerate() {
            for node in 0..nodes {
                for position in 0..positions {
                    let source = |&child: &u32| Some(((tree * width + child as usize) * positions + position) as u32);
                    let sources: Vec<Source> = bank.wiring[node * n..][..n].iter().map(source).collect();
                    rows.push(&sources, &bank.tables[node]);
                }
            }
            evaluation = evaluation.max(bank.evaluation);
        }
        stack.push(rows);
        width = nodes;
    }
    if width != 1 && levels > 0 {
        return Err(job.layer_error(conv, format!("its trees end in {width} nodes instead of one")));
    }
    // The encoded bits of a feature stand next to each other, in whatever order the library sees them.
    let bits = job.sidecar.image.as_ref().map_or(1, |image| channels / image.first().copied().unwrap_or(1).max(1));
    let Geometry { field: window, stride, padding } = geometry;
    stack.note_step(bits, SpatialStep { image, window, stride, padding, groups: vec![1; levels + 1] });
    let made = [tree_count, out[0], out[1]];
    Ok((made, evaluation))
}

fn push_leaves(stack: &mut Stack, leaves: &[Bank], geometry: &Geometry, image: Image, out: [usize; 2]) -> Evaluation {
    let [_, height, width] = image;
    let n = leaves.first().map_or(1, |bank| bank.n);
    let mut rows = Rows::new(n);
    let mut evaluation = Evaluation::Binary;
    for bank in leaves {
        evaluation = evaluation.max(bank.evaluation);
        for node in 0..bank.nodes {
            for row in 0..out[0] {
                for column in 0..out[1] {
                    let source = |&index: &u32| {
                        let (index, area) = (index as usize, geometry.field[0] * geometry.field[1]);
                        let (channel, within) = (index / area, index % area);
                        let y =
                            (row * geometry.stride[0] + within / geometry.field[1]).checked_sub(geometry.padding[0])?;
                        let x = (column * geometry.stride[1] + within % geometry.field[1])
                            .checked_sub(geometry.padding[1])?;
                        (y < height && x < width).then(|| (channel * height * width + y * width + x) as u32)
                    };
                    let sources: Vec<Source> = bank.wiring[node * n..][..n].iter().map(source).collect();
                    rows.push(&sources, &bank.tables[node]);
                }
            }
        }
    }
    stack.push(rows);
    evaluation
}

fn geometry(job: &Job<'_>, conv: &str) -> Result<Geometry, ImportError> {
    let known = job.sidecar.modules.get(conv).cloned().unwrap_or_default();
    let pair = |field: &str, sides: Option<Sides>| match sides.as_ref().and_then(|sides| sides.axes(2)).as_deref() {
        Some(&[rows, columns]) if rows.max(columns) <= 1 << 16 => Ok([rows, columns]),
        _ => Err(job.sidecar_error(
            &format!("modules.{conv}.{field}"),
            format!("{sides:?}; expected one or two numbers below 65536"),
        )),
    };
    Ok(Geometry {
        field: pair("receptive_field", known.receptive_field)?,
        stride: pair("stride", known.stride)?,
        padding: pair("padding", known.padding)?,
    })
}

/// Layers `<prefix><number>`, by number.
fn numbered(names: &LayerNames<'_>, prefix: &str) -> BTreeMap<usize, String> {
    let number = |name: &str| name.strip_prefix(prefix)?.parse().ok();
    names.keys().filter_map(|name| Some((number(name)?, (*name).to_owned()))).collect()
}

/// Names of the upper levels of every tree.
fn tree_names(names: &LayerNames<'_>, conv: &str) -> Vec<Vec<String>> {
    let prefix = format!("{conv}.trees.");
    let mut trees: BTreeMap<usize, BTreeMap<usize, String>> = BTreeMap::new();
    for name in names.keys() {
        let place = name.strip_prefix(prefix.as_str()).and_then(|rest| rest.split_once('.'));
        if let Some((Ok(tree), Ok(level))) = place.map(|(tree, level)| (tree.parse(), level.parse())) {
            trees.entry(tree).or_default().insert(level, (*name).to_owned());
        }
    }
    trees.into_values().map(|levels| levels.into_values().collect()).collect()
}
