//! What can be wrong with a foreign checkpoint.

use std::path::PathBuf;

use crate::binarized::BinarizedError;
use crate::binarized::encodings::EncodingError;
use crate::files::FileError;

use super::pickle::PickleError;

/// A checkpoint, sidecar or golden file that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file that cannot be read or is not in its format.
    #[error(transparent)]
    File(#[from] FileError),
    /// A pickle inside the checkpoint that was refused or is broken.
    #[error("`{}`: {source}", path.display())]
    Pickle {
        /// The checkpoint.
        path: PathBuf,
        /// What is wrong, and where.
        source: PickleError,
    },
    /// A tensor of the wrong type, shape or content.
    #[error("`{}`: tensor `{tensor}`: found {found}; {allowed}", path.display())]
    Tensor {
        /// The checkpoint.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// What was found.
        found: String,
        /// What is allowed, and what to do.
        allowed: String,
    },
    /// Tensors that no rule of the library explains; leaving them out could change the function.
    #[error("`{}`: {library} has no rule for tensor {names}; remove the layer, or say in the sidecar under `ignore` that inference does not use it", path.display())]
    Unexplained {
        /// The checkpoint.
        path: PathBuf,
        /// The library.
        library: &'static str,
        /// The tensors.
        names: String,
    },
    /// The checkpoint holds nothing of the library, or of any library.
    #[error("`{}` does not look like a checkpoint of {library}: {reason}", path.display())]
    NotOfLibrary {
        /// The checkpoint.
        path: PathBuf,
        /// The library or libraries.
        library: String,
        /// What was looked for.
        reason: String,
    },
    /// Things that neither checkpoint nor sidecar say.
    #[error("`{}` does not hold everything that the network needs; put this into a sidecar (--sidecar FILE.yaml):\n{}\nassumed so far:\n{assumed}", path.display(), questions.iter().map(|q| format!("  - {q}")).collect::<Vec<_>>().join("\n"))]
    Ask {
        /// The checkpoint.
        path: PathBuf,
        /// One sentence per open question.
        questions: Vec<String>,
        /// The sidecar as far as it is known, in YAML.
        assumed: String,
    },
    /// A sidecar that does not parse or contradicts the checkpoint.
    #[error("sidecar `{}`: {field}: {problem}", path.display())]
    Sidecar {
        /// The sidecar, or the checkpoint that carries a configuration.
        path: PathBuf,
        /// The field.
        field: String,
        /// What was found and what is allowed.
        problem: String,
    },
    /// The fitted state of the encoder is not one.
    #[error("`{}`: encoder: {source}", path.display())]
    Encoding {
        /// The file with the fitted state.
        path: PathBuf,
        /// What is wrong.
        source: EncodingError,
    },
    /// A layer that does not fit the one before it.
    #[error("`{}`: layer `{layer}`: {problem}", path.display())]
    Layer {
        /// The checkpoint.
        path: PathBuf,
        /// The layer's name in the checkpoint.
        layer: String,
        /// What was found and what is allowed.
        problem: String,
    },
    /// A line of a BLIF file.
    #[error("`{}`, line {line}: {problem}", path.display())]
    Blif {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What was found and what is allowed.
        problem: String,
    },
    /// The parts are fine but no network.
    #[error("`{}`: {source}", path.display())]
    Network {
        /// The checkpoint.
        path: PathBuf,
        /// What is wrong.
        source: BinarizedError,
    },
    /// Something of the library that has no hardware form or was not seen yet.
    #[error("`{}`: {what} is not supported: {remedy}", path.display())]
    Unsupported {
        /// The checkpoint.
        path: PathBuf,
        /// What it is.
        what: String,
        /// What to do instead.
        remedy: String,
    },
}
