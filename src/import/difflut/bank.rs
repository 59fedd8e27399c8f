//! One layer of DiffLUT: its wiring and the tables of its nodes.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::sidecar::NodeSpec;
use crate::import::torch_dwn::argmax;
use crate::import::{Checkpoint, Evaluation, ImportError, job::Job};
use crate::logic::{MAX_INPUTS, TruthTable};

use super::nodes::{Node, NodeKind};

/// Buffers of a learnable mapping that depend on when the model was saved, and may be stale.
const CACHES: [&str; 2] = ["mapping._cached_hard_indices", "mapping._cached_hard_mask"];

/// Names of the parameters of every node of every layer: `<layer>.nodes.<j>.<parameter>`.
pub(super) type LayerNames<'a> = BTreeMap<&'a str, BTreeMap<usize, BTreeSet<&'a str>>>;

/// Groups the names of a checkpoint by layer and node.
pub(super) fn layer_names(checkpoint: &Checkpoint) -> LayerNames<'_> {
    let mut layers = LayerNames::new();
    for name in checkpoint.names() {
        let Some((layer, rest)) = name.split_once(".nodes.") else { continue };
        let Some((node, parameter)) = rest.split_once('.') else { continue };
        let Ok(node) = node.parse() else { continue };
        layers.entry(layer).or_default().entry(node).or_default().insert(parameter);
    }
    layers
}

/// A layer as data.
pub(super) struct Bank {
    pub(super) n: usize,
    /// `nodes x n`, row-major.
    pub(super) wiring: Vec<u32>,
    pub(super) nodes: usize,
    pub(super) outputs: usize,
    /// Node-major: column = node * outputs + output.
    pub(super) tables: Vec<TruthTable>,
    pub(super) evaluation: Evaluation,
}

/// Asks for the settings of a layer's nodes that its tensors do not show.
pub(super) fn ask(job: &mut Job<'_>, names: &LayerNames<'_>, layer: &str, owner: &str) {
    for params in names.get(layer).into_iter().flat_map(|nodes| nodes.values()) {
        if let Some(kind) = NodeKind::of(params) {
            kind.ask(job, owner, params.contains("layers.1.weight"));
        }
    }
}

/// Reads the layer `layer` over `width` columns; `spec` are the settings of its nodes.
pub(super) fn read(
    job: &mut Job<'_>,
    names: &LayerNames<'_>,
    layer: &str,
    width: usize,
    spec: NodeSpec,
) -> Result<Bank, ImportError> {
    let Some(nodes) = names.get(layer) else {
        return Err(job.layer_error(layer, "it has no tensors `nodes.<j>.<parameter>`"));
    };
    if nodes.keys().copied().ne(0..nodes.len()) {
        return Err(job.layer_error(layer, format!("its nodes are not numbered 0 to {} without gaps", nodes.len() - 1)));
    }
    let (n, wiring) = wiring(job, layer, nodes.len(), width)?;
    let mut bank =
        Bank { n, wiring, nodes: nodes.len(), outputs: 0, tables: Vec::new(), evaluation: Evaluation::Binary };
    for (index, params) in nodes {
        let Some(kind) = NodeKind::of(params) else {
            return Err(job.layer_error(
                layer,
                format!("node {index} has the parameters {params:?}, which are those of no node type of DiffLUT"),
            ));
        };
        bank.evaluation = bank.evaluation.max(kind.evaluation(spec));
        let prefix = format!("{layer}.nodes.{index}.");
        let tables = Node { job, prefix, n, spec, params: params.clone() }.tables(kind)?;
        if *index > 0 && tables.len() != bank.outputs || tables.is_empty() {
            return Err(job.layer_error(
                layer,
                format!("node {index} has {} outputs, node 0 has {}", tables.len(), bank.outputs),
            ));
        }
        bank.outputs = tables.len();
        bank.tables.extend(tables);
    }
    Ok(bank)
}

/// Inputs per node and the column of every input.
fn wiring(job: &mut Job<'_>, layer: &str, nodes: usize, width: usize) -> Result<(usize, Vec<u32>), ImportError> {
    let checkpoint = job.checkpoint;
    let fixed = format!("{layer}._mapping_indices");
    let learned = format!("{layer}.mapping.W");
    let fits = |n: usize| (1..=MAX_INPUTS).contains(&n);
    if let Some(tensor) = checkpoint.get(&fixed) {
        job.mark_used(&fixed);
        let n = tensor.shape().get(1).copied().unwrap_or(0);
        if !fits(n) {
            return Err(checkpoint.tensor_error(
                &fixed,
                tensor.describe(),
                "expected [nodes, inputs] with 1 to 16 inputs",
            ));
        }
        return Ok((n, checkpoint.indices(&fixed, &[nodes, n], width)?));
    }
    let tensor = checkpoint.tensor(&learned)?;
    job.mark_used(&learned);
    for cache in CACHES {
        job.mark_used(&format!("{layer}.{cache}"));
    }
    let rows = tensor.shape().first().copied().unwrap_or(0);
    let n = rows / nodes;
    if !fits(n) || rows != n * nodes {
        let allowed = format!("expected [{nodes} nodes x inputs, {width}] with 1 to 16 inputs");
        return Err(checkpoint.tensor_error(&learned, tensor.describe(), allowed));
    }
    let weights = checkpoint.floats(&learned, &[rows, width])?;
    Ok((n, weights.chunks_exact(width).map(|row| argmax(row.iter().copied())).collect()))
}
