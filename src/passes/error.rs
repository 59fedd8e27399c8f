//! What can go wrong with a pipeline.

use crate::netlist::{PartialCountsError, ValidateError};

/// A pipeline that does not exist, or a pass that broke the netlist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    /// No pass has this name.
    #[error("there is no pass `{name}`{}; the passes are {}", hint(.nearest), .allowed.join(", "))]
    UnknownPass {
        /// The name that was given.
        name: String,
        /// The pass of the most similar name, if one is similar.
        nearest: Option<&'static str>,
        /// The names that exist.
        allowed: Vec<&'static str>,
    },
    /// No optimization level has this name.
    #[error("there is no optimization level `{name}`; the levels are {}", .allowed.join(", "))]
    UnknownLevel {
        /// The name that was given.
        name: String,
        /// The names that exist.
        allowed: Vec<&'static str>,
    },
    /// A pass returned something that is not a netlist.
    #[error("pass `{pass}` broke the netlist; this is a mistake in difflut: {source}")]
    BrokenBy {
        /// The pass.
        pass: &'static str,
        /// The rule that is broken.
        source: ValidateError,
    },
    /// A pass returned a netlist with other primary inputs or outputs.
    #[error(
        "pass `{pass}` turned {} primary inputs and {} outputs into {} and {}; this is a mistake in difflut",
        before.0, before.1, after.0, after.1
    )]
    Interface {
        /// The pass.
        pass: &'static str,
        /// Primary inputs and outputs before.
        before: (usize, usize),
        /// Primary inputs and outputs after.
        after: (usize, usize),
    },
    /// A pass returned partial counts that do not state what the classes count.
    #[error("pass `{pass}` broke the head; this is a mistake in difflut: {source}")]
    Head {
        /// The pass.
        pass: &'static str,
        /// The rule that is broken.
        source: PartialCountsError,
    },
    /// A pass changed a score.
    #[error("pass `{pass}` changed the score of class {class}; this is a mistake in difflut. Inputs: {}", bits(sample))]
    ChangedScore {
        /// The pass.
        pass: &'static str,
        /// The class.
        class: usize,
        /// The value of every primary input.
        sample: Vec<bool>,
    },
    /// A pass returned a netlist of another function.
    #[error("pass `{pass}` changed primary output {output}; this is a mistake in difflut. Inputs: {}", bits(sample))]
    Changed {
        /// The pass.
        pass: &'static str,
        /// The primary output.
        output: usize,
        /// The value of every primary input.
        sample: Vec<bool>,
    },
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map(|nearest| format!(", did you mean `{nearest}`?")).unwrap_or_default()
}

fn bits(sample: &[bool]) -> String {
    sample.iter().map(|&bit| if bit { '1' } else { '0' }).collect()
}
