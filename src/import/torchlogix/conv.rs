//! torchlogix's convolutions and poolings, unrolled, and the residual block made of them.
//!
//! `<i>.tree_weights.<level> (nodes, kernels, weights)`; `<i>.connections._indices_L0 (rank,
//! kernels, positions, leaves, axes + 1)` are coordinates in the zero-padded image, channel
//! last, for every output position; `_indices_L<l> (rank, nodes)` are the children of a node.
//! The output is `(kernels, positions)`. Pooling is the or of a window.

use crate::binarized::SpatialStep;
use crate::import::sidecar::{ModuleSpec, Sides};
use crate::import::stack::{MAX_NODES, Rows, Source, Stack};
use crate::import::{ImportError, job::Job};
use crate::logic::MAX_INPUTS;

use super::{Table, row_tables};

/// Channels and spatial sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) channels: usize,
    pub(super) sides: Vec<usize>,
}

impl Image {
    pub(super) fn area(&self) -> usize {
        self.sides.iter().product()
    }

    pub(super) fn bits(&self) -> usize {
        self.channels * self.area()
    }
}

/// Adds the convolution `name` over the first `image.bits()` columns. Columns behind those, the
/// `carried` ones, are repeated to the end. Returns the image that it makes.
pub(super) fn push(
    job: &mut Job<'_>,
    stack: &mut Stack,
    name: &str,
    image: &Image,
    carried: usize,
) -> Result<Image, ImportError> {
    let checkpoint = job.checkpoint;
    let leaf_name = format!("{name}.connections._indices_L0");
    job.mark_used(&leaf_name);
    let leaf_tensor = checkpoint.tensor(&leaf_name)?;
    let axes = image.sides.len();
    let (rank, kernels, positions, leaves) = match leaf_tensor.shape()[..] {
        [rank, kernels, positions, leaves, coordinates]
            if (1..=MAX_INPUTS).contains(&rank) && coordinates == axes + 1 && kernels * positions * leaves > 0 =>
        {
            (rank, kernels, positions, leaves)
        }
        _ => {
            let allowed =
                format!("expected [rank, kernels, positions, leaves, {}] for an image of {axes} axes", axes + 1);
            return Err(checkpoint.tensor_error(&leaf_name, leaf_tensor.describe(), allowed));
        }
    };
    let nodes = kernels.checked_mul(positions).and_then(|nodes| nodes.checked_mul(leaves));
    if nodes.is_none_or(|nodes| nodes > MAX_NODES) {
        return Err(job.layer_error(name, format!("it unrolls to {nodes:?} nodes; at most {MAX_NODES}")));
    }
    let padding = padding(job, name, axes)?;
    let Some(coordinates) = leaf_tensor.i64s() else {
        return Err(checkpoint.tensor_error(&leaf_name, leaf_tensor.describe(), "coordinates are integers"));
    };
    let at = |p: usize, kernel: usize, position: usize, leaf: usize| {
        let start = (((p * kernels + kernel) * positions + position) * leaves + leaf) * (axes + 1);
        &coordinates[start..start + axes + 1]
    };
    let sides = grid((0..positions).map(|position| &at(0, 0, position, 0)[..axes]), positions, axes);
    let Some(sides) = sides else {
        return Err(checkpoint.tensor_error(
            &leaf_name,
            "positions that form no grid",
            "expected the positions row by row",
        ));
    };
    let tables = row_tables(job, name, &format!("{name}.tree_weights.0"), rank, &[leaves, kernels])?;
    let mut rows = Rows::new(rank);
    for kernel in 0..kernels {
        for position in 0..positions {
            for leaf in 0..leaves {
                let mut sources: Vec<Source> = Vec::with_capacity(rank);
                for p in 0..rank {
                    let place = at(p, kernel, position, leaf);
                    let Some(source) = source(place, image, &padding) else {
                        let allowed = format!("expected places in an image of {image:?} with padding {padding:?}");
                        return Err(checkpoint.tensor_error(&leaf_name, format!("the place {place:?}"), allowed));
                    };
                    sources.push(source);
                }
                rows.push(&sources, &tables[leaf * kernels + kernel]);
            }
        }
    }
    carry(&mut rows, image.bits(), carried);
    stack.push(rows);
    let mut groups = vec![leaves];
    let mut width = leaves;
    let mut level = 1;
    while checkpoint.get(&format!("{name}.tree_weights.{level}")).is_some() {
        width = push_level(job, stack, name, level, (rank, kernels, positions, width), carried)?;
        groups.push(width);
        level += 1;
    }
    if width != 1 {
        return Err(job.layer_error(name, format!("its trees end in {width} nodes instead of one")));
    }
    if carried == 0 {
        let at = |position: usize| {
            let places = (0..rank * kernels * leaves)
                .map(move |i| at(i / (kernels * leaves), i / leaves % kernels, position, i % leaves));
            places.map(|place| &place[..axes])
        };
        if let Some(step) = step(at, image, &sides, &padding, groups) {
            stack.note_step(1, step);
        }
    }
    Ok(Image { channels: kernels, sides })
}

/// The step of windows whose elements at a position are `at`. Coordinates say where windows
/// begin and which of their places are read; the window is the smallest that has these places
/// and as many positions.
fn step<'a, P: Iterator<Item = &'a [i64]>>(
    at: impl Fn(usize) -> P,
    image: &Image,
    sides: &[usize],
    padding: &[usize],
    groups: Vec<usize>,
) -> Option<SpatialStep> {
    let (&[height, width], &[rows, columns]) = (image.sides.as_slice(), sides) else { return None };
    let mut step = SpatialStep {
        image: [image.channels, height, width],
        window: [0; 2],
        stride: [1; 2],
        padding: [*padding.first()?, *padding.get(1)?],
        groups,
    };
    for (axis, (count, neighbour)) in [(rows, columns), (columns, 1)].into_iter().enumerate() {
        if count > 1 {
            let (here, there) = (at(0).next()?.get(axis)?, at(neighbour).next()?.get(axis)?);
            step.stride[axis] = usize::try_from(there - here).ok().filter(|&stride| stride > 0)?;
        }
        let padded = step.image[axis + 1] + 2 * step.padding[axis];
        let largest = padded.checked_sub((count - 1) * step.stride[axis])?;
        let read = at(0).filter_map(|place| usize::try_from(place[axis]).ok()).max()? + 1;
        step.window[axis] = read.max((largest + 1).saturating_sub(step.stride[axis])).max(1);
        if step.window[axis] > largest {
            return None;
        }
    }
    Some(step)
}

/// An upper level of all trees; returns its nodes per tree.
fn push_level(
    job: &mut Job<'_>,
    stack: &mut Stack,
    name: &str,
    level: usize,
    (rank, kernels, positions, below): (usize, usize, usize, usize),
    carried: usize,
) -> Result<usize, ImportError> {
    let wiring = format!("{name}.connections._indices_L{level}");
    let nodes = job.checkpoint.tensor(&wiring)?.shape().get(1).copied().unwrap_or(0);
    job.mark_used(&wiring);
    let children = job.checkpoint.indices(&wiring, &[rank, nodes], below)?;
    let tables: Vec<Table> = row_tables(job, name, &format!("{name}.tree_weights.{level}"), rank, &[nodes, kernels])?;
    let mut rows = Rows::new(rank);
    for place in 0..kernels * positions {
        for node in 0..nodes {
            let child = |p: usize| Some((place * below) as u32 + children[p * nodes + node]);
            let sources: Vec<Source> = (0..rank).map(child).collect();
            rows.push(&sources, &tables[node * kernels + place / positions]);
        }
    }
    carry(&mut rows, kernels * positions * below, carried);
    stack.push(rows);
    Ok(nodes)
}

fn carry(rows: &mut Rows, first: usize, carried: usize) {
    (first..first + carried).for_each(|column| rows.push_buffer(column as u32));
}

/// The column of a place in the padded image: `None` outside of it, `Some(None)` in the padding.
fn source(place: &[i64], image: &Image, padding: &[usize]) -> Option<Source> {
    let (&channel, spatial) = place.split_last()?;
    let channel = usize::try_from(channel).ok().filter(|&channel| channel < image.channels)?;
    let mut index = channel;
    let mut inside = true;
    for ((&at, &side), &padding) in spatial.iter().zip(&image.sides).zip(padding) {
        let at = usize::try_from(at).ok().filter(|&at| at < side + 2 * padding)?;
        match at.checked_sub(padding) {
            Some(at) if at < side => index = index * side + at,
            _ => inside = false,
        }
    }
    Some(inside.then_some(index as u32))
}

/// The sides of the output, from how the first leaf moves over the positions: it steps along
/// the last axis until the axis before it changes.
fn grid<'a>(places: impl Iterator<Item = &'a [i64]>, positions: usize, axes: usize) -> Option<Vec<usize>> {
    let places: Vec<&[i64]> = places.collect();
    let first = *places.first()?;
    let mut sides = vec![0; axes];
    let mut block = 1;
    for axis in (0..axes).rev() {
        // Positions that differ from the first in this axis and those after it only.
        let same = places.iter().take_while(|place| place[..axis] == first[..axis]).count();
        sides[axis] = same / block;
        block = same;
    }
    (sides.iter().product::<usize>() == positions && sides.iter().all(|&side| side > 0)).then_some(sides)
}

/// Zeros around the image. The library pads the last two axes only.
fn padding(job: &Job<'_>, name: &str, axes: usize) -> Result<Vec<usize>, ImportError> {
    let sides = job.sidecar.modules.get(name).and_then(|module| module.padding.clone());
    let mut padding = match sides.as_ref().map(|sides| sides.axes(axes)) {
        Some(Some(padding)) if padding.iter().all(|&padding| padding < 1 << 16) => padding,
        None => vec![0; axes],
        Some(_) => {
            let problem = format!("{sides:?}; expected one number or {axes} below 65536");
            return Err(job.sidecar_error(&format!("modules.{name}.padding"), problem));
        }
    };
    padding.iter_mut().take(axes.saturating_sub(2)).for_each(|padding| *padding = 0);
    Ok(padding)
}

/// Adds an or pooling and returns the image that it makes.
pub(super) fn push_pool(
    job: &Job<'_>,
    stack: &mut Stack,
    name: &str,
    spec: &ModuleSpec,
    image: &Image,
) -> Result<Image, ImportError> {
    let axes = image.sides.len();
    let sides = |field: &str, sides: Option<&Sides>, least: usize| match sides.and_then(|sides| sides.axes(axes)) {
        Some(sides) if sides.iter().all(|&side| side >= least && side < 1 << 16) => Ok(sides),
        _ => {
            Err(job
                .sidecar_error(&format!("modules.{name}.{field}"), format!("{sides:?}; expected one number or {axes}")))
        }
    };
    let kernel = sides("kernel", spec.kernel.as_ref(), 1)?;
    let stride = sides("stride", spec.stride.as_ref().or(spec.kernel.as_ref()), 1)?;
    let padding = sides("padding", spec.padding.as_ref().or(Some(&Sides::All(0))), 0)?;
    let mut out = Vec::with_capacity(axes);
    for axis in 0..axes {
        let padded = image.sides[axis] + 2 * padding[axis];
        if padded < kernel[axis] || padding[axis] * 2 > kernel[axis] {
            return Err(job
                .layer_error(name, format!("a window of {kernel:?} with padding {padding:?} does not fit {image:?}")));
        }
        out.push((padded - kernel[axis]) / stride[axis] + 1);
    }
    let made = Image { channels: image.channels, sides: out };
    let window: usize = kernel.iter().product();
    if made.bits().checked_mul(window).is_none_or(|pins| pins > MAX_NODES) {
        return Err(job.layer_error(name, format!("its windows have more than {MAX_NODES} inputs in all")));
    }
    let groups: Vec<Vec<u32>> = (0..made.bits())
        .map(|place| {
            let (channel, mut rest) = (place / made.area(), place % made.area());
            let mut corner = vec![0; axes];
            for axis in (0..axes).rev() {
                corner[axis] = rest % made.sides[axis] * stride[axis];
                rest /= made.sides[axis];
            }
            let inside = |mut cell: usize| {
                let mut index = vec![0; axes];
                for axis in (0..axes).rev() {
                    index[axis] = (corner[axis] + cell % kernel[axis]).checked_sub(padding[axis])?;
                    cell /= kernel[axis];
                }
                let within = index.iter().zip(&image.sides).all(|(at, side)| at < side);
                let column = index.iter().zip(&image.sides).fold(channel, |column, (at, side)| column * side + at);
                within.then_some(column as u32)
            };
            (0..window).filter_map(inside).collect()
        })
        .collect();
    let before = stack.layers.len();
    stack.push_or(&groups);
    if let (&[height, width], [rows, columns], [down, across], [above, beside]) =
        (image.sides.as_slice(), &kernel[..], &stride[..], &padding[..])
    {
        // Ors of a window that is too wide for one stand next to each other.
        let groups = stack.layers[before..].iter().map(|layer| layer.width() / made.bits()).collect();
        let step = SpatialStep {
            image: [image.channels, height, width],
            window: [*rows, *columns],
            stride: [*down, *across],
            padding: [*above, *beside],
            groups,
        };
        stack.note_step(1, step);
    }
    Ok(made)
}

/// Adds a residual block: `main` has two convolutions, and the or of their result and the
/// block's input is its output (the relaxed or of the library, at bits).
pub(super) fn push_block(
    job: &mut Job<'_>,
    stack: &mut Stack,
    name: &str,
    image: &Image,
) -> Result<Image, ImportError> {
    if let Some(shortcut) = job.checkpoint.names().iter().find(|other| other.starts_with(&format!("{name}.shortcut.")))
    {
        return Err(ImportError::Unsupported {
            path: job.checkpoint.path().to_owned(),
            what: format!(
                "the projection `{shortcut}` of a residual block (a convolution of depth zero, which the library itself cannot evaluate)"
            ),
            remedy: "use a block of equal channels without downsampling".into(),
        });
    }
    let skip = image.bits();
    // The block's input once for the convolution and once to be carried beside it.
    let twice: Vec<u32> = (0..skip as u32).chain(0..skip as u32).collect();
    stack.reorder(&twice);
    let middle = push(job, stack, &format!("{name}.main.0"), image, skip)?;
    let made = push(job, stack, &format!("{name}.main.2"), &middle, skip)?;
    if made != *image {
        return Err(job.layer_error(
            name,
            format!("its convolutions make {made:?} of {image:?}; without a projection both are equal"),
        ));
    }
    stack.push_or(&(0..skip).map(|i| vec![i as u32, (skip + i) as u32]).collect::<Vec<_>>());
    Ok(made)
}
