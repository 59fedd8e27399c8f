//! What a model's layers over images are, for the binarized network.

use super::ModelError;
use super::kinds::plan;
use super::steps::Step;
use crate::binarized::{Spatial, SpatialStep};
use crate::config::{ModelConfig, Part, SpatialConfig};

/// The layers over images that stand one behind the other at the front of the model.
pub(super) fn spatial(config: &ModelConfig, steps: &[Step]) -> Result<Option<Spatial>, ModelError> {
    let plan = plan(config)?;
    let (layers, forks) = (plan.layers.clone(), plan.forks.clone());
    let images = ModelConfig { layers, forks, ..config.clone() }.images()?;
    let mut spatial = Spatial { bits: 1, steps: Vec::new() };
    for part in plan.parts() {
        let Part::Layer(index) = part else { break };
        let (Some(over), Some(Some(image))) = (plan.layers[index].spatial, images.get(index)) else { break };
        if image.encoded {
            spatial.bits = config.encoder_config.num_bits();
        }
        let (window, stride, padding) = over.window();
        let groups = match over {
            SpatialConfig::Convolutional { tree_depth, .. } => vec![1; tree_depth + 1],
            SpatialConfig::MaxPool { .. } => match or_groups(steps, index) {
                Some(groups) => groups,
                None => break,
            },
        };
        spatial.steps.push(SpatialStep { image: image.shape, window, stride, padding, groups });
    }
    Ok((!spatial.steps.is_empty()).then_some(spatial))
}

/// How many ors of a window stand next to each other in each layer of the pooling at `index`.
fn or_groups(steps: &[Step], index: usize) -> Option<Vec<usize>> {
    let pool = steps.iter().find_map(|step| match step {
        Step::Pool(step) if step.plan == index => Some(&step.pool),
        _ => None,
    })?;
    let windows = pool.windows().width().max(1);
    Some(pool.levels().iter().map(|level| level.groups.len() / windows).collect())
}
