//! Model types: how a configuration becomes a list of layers.

use super::ModelError;
use crate::components::registry::{Registered, Registry};
use crate::config::name::NameKind;
use crate::config::{ModelConfig, ModelPlan, ModelType, ParameterError};

/// The model types.
pub static MODELS: Registry<ModelKind> = Registry::new(&[&FEEDFORWARD, &CONVNET]);

/// One line of the registry.
#[derive(Debug)]
pub struct ModelKind {
    /// The name in the configuration.
    pub model_type: ModelType,
    /// One sentence for people.
    pub summary: &'static str,
    /// Every layer of a checked configuration, first layer first, and which of them stand in
    /// branches. It must depend on nothing but the configuration, since a saved model is read by
    /// planning again.
    pub plan: fn(&ModelConfig) -> Result<ModelPlan, ParameterError>,
}

impl Registered for ModelKind {
    const WHAT: &'static str = "model type";
    const KIND: NameKind = NameKind::Model;

    fn name(&self) -> &'static str {
        self.model_type.name()
    }

    fn is_custom(&self) -> bool {
        matches!(self.model_type, ModelType::Custom(_))
    }
}

/// The layers that the configuration states, one behind the other.
static FEEDFORWARD: ModelKind = ModelKind {
    model_type: ModelType::Feedforward,
    summary: "the layers of the configuration, one behind the other or in branches",
    plan: ModelConfig::plan,
};

/// Layers over images in front of dense ones.
static CONVNET: ModelKind = ModelKind {
    model_type: ModelType::Convnet,
    summary: "convolutions and pooling over images, then dense layers",
    plan: ModelConfig::plan,
};

/// The layers of a configuration by its model type, checked.
pub(super) fn plan(config: &ModelConfig) -> Result<ModelPlan, ModelError> {
    let plan = (MODELS.get(config.model_type.name())?.plan)(config)?;
    if matches!(config.model_type, ModelType::Custom(_)) {
        // What another crate planned must be buildable like anything else.
        let layer_widths = plan.layers.iter().map(|layer| layer.width).collect();
        let (layers, forks) = (plan.layers.clone(), plan.forks.clone());
        let mut planned = ModelConfig { layer_widths, layers, forks, ..config.clone() };
        // The plan's runtime sections are whole; the model's own tau is not one of theirs.
        planned.layers.iter_mut().for_each(|layer| layer.runtime.output_tau = None);
        planned.check()?;
    }
    Ok(plan)
}
