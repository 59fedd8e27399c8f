//! Plain configuration data: what the YAML files and the model's metadata say.
//!
//! Nothing here knows how anything is built. Unknown keys are refused, with the nearest known
//! one; every parameter is checked against its range before anything is made of it.

mod component;
mod error;
mod experiment;
mod input_format;
mod model;
mod node_params;
mod regularizer;
mod runtime;
mod training;

pub use component::{EncoderConfig, LayerType, ModelType, NodeType, ThermometerConfig};
pub use error::{ConfigError, ParameterError};
pub use experiment::{DataConfig, Experiment};
pub use input_format::{InputFormat, InputFormatError};
pub use model::{MAX_TABLE_ENTRIES, ModelConfig};
pub use node_params::{Activation, NodeParams};
pub use regularizer::{RegularizerConfig, RegularizerType};
pub use runtime::{EvalMode, FanMode, GradStabilization, InitFn, InitKwargs, Nonlinearity, RuntimeConfig};
pub use training::{OptimizerType, Schedule, TrainingConfig};
