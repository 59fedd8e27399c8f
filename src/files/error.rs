//! What can be wrong with a file.

use std::io;
use std::path::PathBuf;

/// A file that could not be read, written or believed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused to read it.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The operating system refused to write it.
    #[error("cannot write `{}`: {source}; choose a folder that exists and can be written", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// It is not in the format that its use asks for.
    #[error("`{}` is not a {expected}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format that was expected.
        expected: &'static str,
        /// What was found instead.
        reason: String,
    },
    /// It was written by a newer or an unknown version of the format.
    #[error("`{}` has format version {found}, this program reads version {supported}; update difflut or export the model again", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that the file states.
        found: String,
        /// The version that this program reads.
        supported: &'static str,
    },
    /// One of its fields is missing, has the wrong type or shape, or a value that is not allowed.
    #[error("`{}`: {field}: {problem}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The tensor or metadata entry.
        field: String,
        /// What was found, what is allowed.
        problem: String,
    },
}

/// The candidate most like `name`, when one is close enough to be a slip of the keyboard.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_keyboard_finds_its_name() {
        assert_eq!(nearest("layer_width", ["layer_widths", "num_classes"]), Some("layer_widths"));
        assert_eq!(nearest("banana", ["layer_widths", "num_classes"]), None);
    }
}
