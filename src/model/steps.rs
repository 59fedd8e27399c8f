//! What runs, step by step: the layers of the plan, a convolution as one step per level of its
//! trees, pooling without weights.

use std::sync::Arc;

use super::ModelError;
use super::kinds::plan;
use super::layer::LayerKernel;
use crate::components::initializer::{InitDefault, Initializer};
use crate::components::layer::{Draw, Image, LayerKind, Pool, Unroll};
use crate::components::node::{NodeKernel, NodeKind, NodeSpec};
use crate::components::registry;
use crate::config::{
    GradStabilization, LayerConfig, MAX_TABLE_ENTRIES, Mark, ModelConfig, ParameterError, Part, RuntimeConfig,
    SpatialConfig,
};

/// One step of a forward pass.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A layer of nodes; the next of the model's layers.
    Nodes(Box<NodeStep>),
    /// Pooling.
    Pool(PoolStep),
    /// The beginning or the end of branches.
    Mark(Mark),
}

/// Pooling in a model.
#[derive(Clone, Debug)]
pub(super) struct PoolStep {
    /// Its layer in the plan.
    pub(super) plan: usize,
    pub(super) pool: Arc<Pool>,
}

/// A layer of nodes before it has weights.
#[derive(Clone, Debug)]
pub(super) struct NodeStep {
    /// Its layer in the plan.
    pub(super) plan: usize,
    pub(super) kernel: LayerKernel,
    /// Number of trained nodes.
    pub(super) width: usize,
    pub(super) wiring: Wired,
    /// Seed of a generator that starts here.
    pub(super) seed: Option<u64>,
    /// The layer kind's, where the configuration names none.
    pub(super) kind: &'static LayerKind,
    /// Columns that a pin chooses among, where it does and not among all.
    pub(super) candidates: Option<usize>,
    /// What draws its first weights where the configuration says nothing.
    pub(super) init: InitDefault,
}

/// Where the first wiring of a layer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wired {
    /// The layer kind draws it.
    Drawn,
    /// Every node reads one of the channels, whose parts of the window have `area` elements.
    Grouped { channels: usize, area: usize },
    /// Every node reads the next nodes below, as in a tree.
    InOrder,
}

impl NodeStep {
    /// Columns that its nodes can be wired to, behind a part of `before` columns.
    pub(super) fn input_width(&self, before: usize) -> usize {
        self.kernel.unroll.as_ref().map_or(before, |unroll| unroll.elements())
    }

    /// Columns that it returns.
    pub(super) fn output_width(&self) -> usize {
        self.width * self.kernel.unroll.as_ref().map_or(1, |unroll| unroll.positions())
    }

    /// Whether training chooses its wiring.
    pub(super) fn is_learned(&self) -> bool {
        self.wiring == Wired::Drawn && matches!(self.kind.draw, Draw::Learned(_))
    }
}

/// The node family and the layer kind of one layer.
type Kinds = (&'static NodeKind, &'static LayerKind);

/// The steps of a checked configuration.
pub(super) fn steps(config: &ModelConfig) -> Result<Vec<Step>, ModelError> {
    let plan = plan(config)?;
    // What another crate plans may have layers over images where the configuration has none.
    let (layers, forks) = (plan.layers.clone(), plan.forks.clone());
    let images = ModelConfig { layers, forks, ..config.clone() }.images()?;
    let mut kinds: Vec<Option<Kinds>> = Vec::with_capacity(plan.layers.len());
    for layer in &plan.layers {
        kinds.push(match layer.is_pool() {
            true => None,
            false => {
                Some((registry::NODES.get(layer.node_type.name())?, registry::LAYERS.get(layer.layer_type.name())?))
            }
        });
    }
    let of_nodes: Vec<Kinds> = kinds.iter().flatten().copied().collect();
    // A parameter without effect is a misunderstanding that would otherwise stay unseen. The
    // model's own must be read by some layer, a layer's own by that layer.
    check_read(&of_nodes, "runtime", config.runtime.keys(), "runtime")?;
    check_read(&of_nodes, "node_params", config.node_params.keys(), "node_params")?;
    for (index, (layer, kinds)) in config.layers.iter().zip(&kinds).enumerate() {
        let Some(kinds) = kinds else { continue };
        // The per-layer dialect writes both into one section.
        let place = format!("{}.node_params", config.place(index));
        check_read(std::slice::from_ref(kinds), "runtime", layer.runtime.keys(), &place)?;
        check_read(std::slice::from_ref(kinds), "node_params", layer.node_params.keys(), &place)?;
    }
    let mut steps = Vec::with_capacity(plan.layers.len());
    for part in plan.parts() {
        let index = match part {
            Part::Layer(index) => index,
            Part::Mark(mark) => {
                steps.push(Step::Mark(mark));
                continue;
            }
        };
        let (layer, kinds) = (&plan.layers[index], kinds[index]);
        let image = images[index].map(|image| match image.encoded {
            true => Image::encoded(image.shape, config.encoder_config.num_bits()),
            false => Image::plain(image.shape),
        });
        match (layer.spatial, image, kinds) {
            (Some(spatial), Some(image), None) => {
                steps.push(Step::Pool(pool(index, layer, image, &spatial)?));
            }
            (spatial, image, Some(kinds)) => {
                let convolution = spatial.zip(image);
                steps.extend(
                    nodes(index, layer, kinds, convolution)?.into_iter().map(|step| Step::Nodes(Box::new(step))),
                );
            }
            (_, None, None) | (None, Some(_), None) => {}
        }
    }
    let numbers: u64 = steps
        .iter()
        .map(|step| match step {
            Step::Nodes(step) => step.width as u64 * step.kernel.kernel.parameters() as u64,
            Step::Pool(_) | Step::Mark(_) => 0,
        })
        .sum();
    if numbers > MAX_TABLE_ENTRIES {
        return Err(ModelError::Parameter(ParameterError::new(
            "the number of trained numbers (sum of layer_widths times the numbers of a node)",
            numbers,
            format!("at most {MAX_TABLE_ENTRIES} can be trained; reduce node_params, node_input_dim or layer_widths"),
        )));
    }
    Ok(steps)
}

fn misfit(index: usize) -> ModelError {
    ModelError::Parameter(ParameterError::new(format!("layers[{index}]"), "not applicable", "it must fit its image"))
}

fn pool(plan: usize, layer: &LayerConfig, image: Image, spatial: &SpatialConfig) -> Result<PoolStep, ModelError> {
    let out = spatial.output(image.shape(), layer.node_input_dim)?;
    let pool = Pool::new(image, spatial, [out[1], out[2]]).ok_or_else(|| misfit(plan))?;
    Ok(PoolStep { plan, pool: Arc::new(pool) })
}

/// The steps of one layer of nodes: one, or the levels of a convolution.
fn nodes(
    plan: usize,
    layer: &LayerConfig,
    (node, kind): Kinds,
    convolution: Option<(SpatialConfig, Image)>,
) -> Result<Vec<NodeStep>, ModelError> {
    let fan_in = layer.node_input_dim;
    let init = (kind.init)(layer.node_type);
    Initializer::new(&layer.runtime, init.clone(), fan_in)?;
    let spec = NodeSpec { fan_in, params: &layer.node_params, runtime: &layer.runtime };
    let kernel: Arc<dyn NodeKernel> = (node.build)(spec)?.into();
    let step = |width, wiring, unroll, runtime| NodeStep {
        plan,
        kernel: LayerKernel { kernel: kernel.clone(), runtime, unroll },
        width,
        wiring,
        seed: None,
        kind,
        candidates: layer.node_params.candidates,
        init: init.clone(),
    };
    let mut steps = Vec::new();
    match convolution {
        Some((spatial @ SpatialConfig::Convolutional { out_channels, tree_depth, grouped_connections, .. }, image)) => {
            let [channels, ..] = image.shape();
            let [_, rows, columns] = spatial.output(image.shape(), fan_in)?;
            let leaves = Unroll::leaves(image, &spatial, [rows, columns]).ok_or_else(|| misfit(plan))?;
            let wiring = match grouped_connections {
                true => Wired::Grouped { channels, area: leaves.elements() / channels.max(1) },
                false => Wired::Drawn,
            };
            let mut unroll = leaves;
            for level in 0..=tree_depth {
                let width = out_channels * fan_in.pow((tree_depth - level) as u32);
                // The convolution as a whole is what is disturbed and rescaled: what its leaves
                // read, what its trees return.
                let runtime = RuntimeConfig {
                    flip_probability: layer.runtime.flip_probability.filter(|_| level == 0),
                    grad_stabilization: match level == tree_depth {
                        true => layer.runtime.grad_stabilization,
                        false => Some(GradStabilization::None),
                    },
                    ..layer.runtime.clone()
                };
                let above = Unroll::upper(width, rows * columns);
                let wiring = if level == 0 { wiring } else { Wired::InOrder };
                steps.push(step(width, wiring, Some(Arc::new(std::mem::replace(&mut unroll, above))), runtime));
            }
        }
        _ => steps.push(step(layer.width, Wired::Drawn, None, layer.runtime.clone())),
    }
    if let Some(first) = steps.first_mut() {
        first.seed = layer.seed;
    }
    Ok(steps)
}

/// An error for the first key that none of the layers reads.
fn check_read(kinds: &[Kinds], section: &str, keys: Vec<&'static str>, place: &str) -> Result<(), ModelError> {
    let common = |key: &str| section == "runtime" && registry::COMMON_PARAMETERS.iter().any(|p| p.key == key);
    let own = |(node, layer): &Kinds| {
        let parameters = node.parameters.iter().chain(layer.parameters);
        parameters.filter(|p| p.section == section).map(|p| p.key).collect::<Vec<_>>()
    };
    let read = |key: &&str| common(key) || kinds.iter().any(|kinds| own(kinds).contains(key));
    let Some(key) = keys.into_iter().find(|key| !read(key)) else { return Ok(()) };
    let mut readers: Vec<String> = Vec::new();
    for kinds in kinds {
        let who = format!("node_type {} with layer_type {}", kinds.0.node_type.name(), kinds.1.layer_type.name());
        let reads = match own(kinds).as_slice() {
            [] => format!("{who} reads no such parameter"),
            reads => format!("{who} reads here only {} and what every model reads", reads.join(", ")),
        };
        if !readers.contains(&reads) {
            readers.push(reads);
        }
    }
    let allowed = format!("{}; remove it", readers.join("; "));
    Err(ModelError::Parameter(ParameterError::new(format!("{place}.{key}"), "set", allowed)))
}
