//! What a model's layers over images are, for the binarized network.

use super::ModelError;
use super::kinds::plan;
use crate::binarized::{Spatial, SpatialStep};
use crate::config::{ModelConfig, Part, SpatialConfig};
use crate::logic::MAX_INPUTS;

/// The layers over images that stand one behind the other at the front of the model.
pub(super) fn spatial(config: &ModelConfig) -> Result<Option<Spatial>, ModelError> {
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
            SpatialConfig::MaxPool { size, .. } => or_groups(size[0] * size[1]),
        };
        spatial.steps.push(SpatialStep { image: image.shape, window, stride, padding, groups });
    }
    Ok((!spatial.steps.is_empty()).then_some(spatial))
}

/// How many ors of a window stand next to each other in each layer of a pooling.
fn or_groups(area: usize) -> Vec<usize> {
    let mut groups = vec![area.div_ceil(MAX_INPUTS)];
    while let Some(&last) = groups.last().filter(|&&last| last > 1) {
        groups.push(last.div_ceil(MAX_INPUTS));
    }
    groups
}
