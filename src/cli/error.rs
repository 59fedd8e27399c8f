//! Everything a command can fail with, and the exit code of each.

use crate::emit::EmitError;
use crate::files::FileError;
use crate::store::StoreError;
use crate::verify::ToolError;

/// An error that ends the program.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// An argument that is not allowed.
    #[error("{0}")]
    Usage(String),
    /// A model that cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A data set that cannot be read or used.
    #[error(transparent)]
    Data(#[from] crate::data::DataError),
    /// A design that a target cannot express.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The optimizer broke a rule; a mistake in this program.
    #[error(transparent)]
    Pass(#[from] crate::passes::PassError),
    /// An external tool is missing or failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A check found a difference.
    #[error("{0}")]
    Different(String),
    /// A check could not be done.
    #[error("{0}")]
    Checks(String),
    /// A checkpoint cannot be imported, or differs from what its library says.
    #[error(transparent)]
    Import(#[from] crate::cli::import::ImportCliError),
    /// A sweep failed.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Sweep(#[from] crate::sweep::SweepError),
    /// Training failed.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Train(#[from] crate::cli::train::TrainCliError),
}

impl From<crate::verify::MutationError> for CliError {
    fn from(error: crate::verify::MutationError) -> Self {
        match error {
            crate::verify::MutationError::Emit(error) => Self::Emit(error),
            crate::verify::MutationError::Tool(error) => Self::Tool(error),
            crate::verify::MutationError::Wrong(_) => Self::Different(error.to_string()),
        }
    }
}

impl CliError {
    /// The exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Different(_) => 1,
            Self::Tool(_) | Self::Checks(_) => 3,
            Self::Import(error) => error.exit_code(),
            _ => 2,
        }
    }
}
