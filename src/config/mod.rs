//! Plain configuration data: what the YAML files and the model's metadata say.
//!
//! Nothing here knows how anything is built.

mod input_format;

pub use input_format::{InputFormat, InputFormatError};
