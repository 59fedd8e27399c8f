//! Plain configuration data: what the YAML files and the model's metadata say.
//!
//! Nothing here knows how anything is built. Unknown keys are refused, with the nearest known
//! one; every parameter is checked against its range before anything is made of it.

mod branches;
mod component;
mod data;
mod dialect;
mod encoder;
mod error;
mod experiment;
mod head;
mod input_format;
mod locate;
mod merge;
mod metadata;
mod model;
pub mod name;
mod node_params;
mod overrides;
mod regularizer;
mod runtime;
mod spatial;
mod training;

pub use branches::{BranchConfig, ForkConfig, Forks, Mark, ModelPlan, Part, PlacedImage};
pub use component::{LayerType, ModelType, NodeType};
pub use data::DataConfig;
pub use dialect::{
    BranchSection, EncoderParameters, EncoderSection, GroupSumSection, InitSection, LayerSection, ModelFile,
};
pub use encoder::{EncoderConfig, EncoderType};
pub use error::{ConfigError, ParameterError};
pub use experiment::Experiment;
pub use head::{HeadType, NO_LABEL};
pub use input_format::{InputFormat, InputFormatError};
pub use merge::Section;
pub use metadata::{Metadata, Note};
pub use model::{IncompatibleError, LayerConfig, MAX_TABLE_ENTRIES, ModelConfig};
pub use node_params::{Activation, NodeParams};
pub use overrides::STRUCTURAL;
pub use regularizer::{RegularizerConfig, RegularizerType};
pub use runtime::{EvalMode, FanMode, GradStabilization, InitFn, InitKwargs, Nonlinearity, RuntimeConfig, Selection};
pub use spatial::{ImageShape, LayerName, Sides, SpatialConfig};
pub use training::{Anneal, Augmentation, Interpolation, Keep, OptimizerType, Schedule, TrainingConfig};

#[cfg(test)]
mod tests;
