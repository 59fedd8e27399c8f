//! What a training pass knows of a layer before the first step.

use std::sync::Arc;

use candle_core::Var;

use super::super::layer::{Layer, Learned, Source};
use super::super::{Model, ModelError, Stage, weights_of};
use crate::components::layer::{Pool, Unroll};
use crate::components::ops::{Mixture, NodeLayer, Penalties, Stabilize};
use crate::config::{Forks, RuntimeConfig, Selection};

/// Where rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Encoder,
    /// A stage before.
    Stage(usize),
}

/// A step of the network in training.
#[derive(Debug)]
pub(super) struct StagePlan {
    pub(super) kind: StageKind,
    /// What it reads; of a join what the first branch returned.
    pub(super) from: From,
    /// Rows that it reads; a row of zeros stands behind them.
    pub(super) input_rows: usize,
    /// Rows that it makes.
    pub(super) output_rows: usize,
    /// Whether what it reads is bits by nature.
    pub(super) input_bits: bool,
    /// Whether it writes bytes.
    pub(super) bytes: bool,
    /// Whether something before it is trained, so that its inputs need a gradient.
    pub(super) input_gradient: bool,
    /// Whether it or something before it is trained.
    pub(super) trained: bool,
    /// The buffer of the gradient of what it makes.
    pub(super) slot: usize,
    /// The buffers, for gradients of what it reads, that it is the first to add to on the way
    /// back.
    pub(super) fresh: Vec<usize>,
}

#[derive(Debug)]
pub(super) enum StageKind {
    Pool(Arc<Pool>),
    /// The rows of several branches, one behind the other: where they come from and how many.
    Join(Vec<(From, usize)>),
    Nodes(Box<NodesPlan>),
}

/// A layer of nodes.
#[derive(Debug)]
pub(super) struct NodesPlan {
    pub(super) layer: NodeLayer,
    pub(super) weights: Var,
    pub(super) fan_in: usize,
    pub(super) positions: usize,
    pub(super) width: usize,
    pub(super) runtime: RuntimeConfig,
    pub(super) stabilize: Option<Stabilize>,
    pub(super) penalties: Option<Penalties>,
    /// The row of every element at every position.
    pub(super) rows: Vec<u32>,
    /// The pins that nodes read, in the order of the layer, `(node, position, pin)`: their place
    /// among all pins.
    pub(super) pins: Vec<u32>,
    /// The rows that fixed pins read, in that order; empty where they are learned.
    pub(super) read: Vec<u32>,
    pub(super) learned: Option<Learned>,
}

impl NodesPlan {
    /// Number of pins, `width * positions * fan_in`.
    pub(super) fn all_pins(&self) -> usize {
        self.width * self.positions * self.fan_in
    }

    /// Whether pins are mixtures in training.
    pub(super) fn is_soft(&self) -> bool {
        self.learned.is_some() && self.selection() == Selection::Soft
    }

    pub(super) fn selection(&self) -> Selection {
        self.runtime.selection.unwrap_or_default()
    }

    pub(super) fn flip(&self) -> f32 {
        self.runtime.flip_probability.unwrap_or(0.0)
    }

    /// What learned pins choose among.
    pub(super) fn mixture<'a>(&'a self, learned: &'a Learned) -> Result<Mixture<'a>, ModelError> {
        Ok(Mixture {
            candidates: learned.count()?,
            list: learned.candidates.as_ref().map(|list| list.as_slice()),
            rows: &self.rows,
            positions: self.positions,
            fan_in: self.fan_in,
        })
    }

    /// The rows that nodes read when their pins are wired to `elements`, `(width, fan_in)`.
    pub(super) fn resolve(&self, elements: &[u32]) -> Vec<u32> {
        let row = |&place: &u32| {
            let (place, fan_in) = (place as usize, self.fan_in);
            let (virtual_node, input) = (place / fan_in, place % fan_in);
            let (node, position) = (virtual_node / self.positions, virtual_node % self.positions);
            let element = elements[node * fan_in + input] as usize;
            self.rows[element * self.positions + position]
        };
        self.pins.iter().map(row).collect()
    }
}

/// What stands in front of a part: where, how many rows, whether bits, whether something is
/// trained there.
#[derive(Clone, Copy)]
struct Before {
    from: From,
    rows: usize,
    bits: bool,
    trained: bool,
}

/// The stages of a fitted model.
pub(super) fn plan(model: &Model) -> Result<Vec<StagePlan>, ModelError> {
    let mut stages: Vec<StagePlan> = Vec::new();
    let mut forks = Forks::default();
    let mut before = Before { from: From::Encoder, rows: model.fitted()?.encoder.width(), bits: true, trained: false };
    for stage in model.stages()? {
        before = match stage {
            Stage::Pool(pool) => {
                let made = Before { rows: pool.windows().width(), ..before };
                push(&mut stages, StageKind::Pool(pool.clone()), before, made)
            }
            Stage::Nodes(layer) => {
                let nodes = nodes(layer, before.rows, before.bits, before.trained)?;
                let rows = nodes.width * nodes.positions;
                let made = Before { rows, bits: nodes.layer.makes_bits(), trained: true, ..before };
                push(&mut stages, StageKind::Nodes(Box::new(nodes)), before, made)
            }
            Stage::Mark(mark) => forks.pass(
                mark,
                before,
                |before| *before,
                |_, ends: Vec<Before>| {
                    let joined = Before {
                        from: ends.first().map_or(From::Encoder, |end| end.from),
                        rows: ends.iter().map(|end| end.rows).sum(),
                        bits: ends.iter().all(|end| end.bits),
                        trained: ends.iter().any(|end| end.trained),
                    };
                    let parts = ends.iter().map(|end| (end.from, end.rows)).collect();
                    Ok::<_, ModelError>(push(&mut stages, StageKind::Join(parts), joined, joined))
                },
            )?,
        };
    }
    assign_slots(&mut stages);
    Ok(stages)
}

/// Adds a stage; gives what stands behind it.
fn push(stages: &mut Vec<StagePlan>, kind: StageKind, before: Before, made: Before) -> Before {
    stages.push(StagePlan {
        kind,
        from: before.from,
        input_rows: before.rows,
        output_rows: made.rows,
        input_bits: before.bits,
        bytes: made.bits,
        input_gradient: before.trained,
        trained: made.trained,
        slot: 0,
        fresh: Vec::new(),
    });
    Before { from: From::Stage(stages.len() - 1), ..made }
}

/// Gives every stage a buffer for its gradient, from its last reader on the way back until
/// itself: two for a plain row.
fn assign_slots(stages: &mut [StagePlan]) {
    let mut slots: Vec<Option<usize>> = vec![None; stages.len()];
    let (mut free, mut count) = (Vec::new(), 1);
    if let Some(last) = slots.last_mut() {
        *last = Some(0);
    }
    for index in (0..stages.len()).rev() {
        let Some(own) = slots[index].filter(|_| stages[index].trained) else { continue };
        stages[index].slot = own;
        let sources: Vec<From> = match &stages[index].kind {
            StageKind::Join(parts) => parts.iter().map(|(from, _)| *from).collect(),
            StageKind::Pool(_) | StageKind::Nodes(_) => vec![stages[index].from],
        };
        for source in sources {
            let From::Stage(source) = source else { continue };
            if stages[source].trained && slots[source].is_none() {
                let slot = free.pop().unwrap_or_else(|| {
                    count += 1;
                    count - 1
                });
                slots[source] = Some(slot);
                stages[index].fresh.push(slot);
            }
        }
        free.push(own);
    }
}

fn nodes(layer: &Layer, input_rows: usize, bits: bool, input_gradient: bool) -> Result<NodesPlan, ModelError> {
    let kind = &layer.kind;
    let fan_in = kind.kernel.fan_in();
    let positions = kind.unroll.as_ref().map_or(1, |unroll| unroll.positions());
    let learned = match &layer.source {
        Source::Fixed(_) => None,
        Source::Learned(learned) => Some(learned.clone()),
    };
    // A mixture of bits is none.
    let soft = learned.is_some() && kind.runtime.selection.unwrap_or_default() == Selection::Soft;
    let node_layer = NodeLayer::new(
        kind.kernel.clone(),
        layer.width(),
        positions,
        bits && !soft,
        input_gradient || learned.is_some(),
    );
    let rows = match &kind.unroll {
        None => (0..layer.input_width() as u32).collect(),
        Some(unroll) => rows_of(unroll, input_rows as u32),
    };
    let numbers = weights_of(&layer.weights)?;
    let mut pins = Vec::new();
    for (node, row) in numbers.chunks_exact(kind.kernel.parameters()).enumerate() {
        let of_node = node_layer.pins(row);
        for position in 0..positions {
            let first = (node * positions + position) * fan_in;
            pins.extend(of_node.iter().map(|pin| (first + pin) as u32));
        }
    }
    let mut plan = NodesPlan {
        layer: node_layer,
        weights: layer.weights.clone(),
        fan_in,
        positions,
        width: layer.width(),
        runtime: kind.runtime.clone(),
        stabilize: Stabilize::new(&kind.runtime),
        penalties: Penalties::new(kind.kernel.clone(), &kind.runtime),
        rows,
        pins,
        read: Vec::new(),
        learned,
    };
    if let Source::Fixed(wiring) = &layer.source {
        plan.read = plan.resolve(wiring.columns());
    }
    Ok(plan)
}

/// The row of every element of a window at every position; `zero` is the row of zeros.
fn rows_of(unroll: &Unroll, zero: u32) -> Vec<u32> {
    let elements = 0..unroll.elements() as u32;
    let rows = elements.flat_map(|element| {
        (0..unroll.positions()).map(move |position| unroll.source(element, position).unwrap_or(zero))
    });
    rows.collect()
}
