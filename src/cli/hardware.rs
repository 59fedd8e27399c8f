//! The design that tables are printed of, for an export and for its report.

use crate::lower::to_code_bits;
use crate::netlist::Design;
use crate::passes::{PassError, PassReport, Pipeline, gather_counts, optimize};

/// The optimized `design` with its comparators as tables of the core, optimized together with it, and
/// its counts gathered; what the passes did.
///
/// # Errors
/// [`PassError`], which only a mistake in this crate causes.
pub(super) fn hardware(design: &Design, pipeline: &Pipeline) -> Result<(Design, Vec<PassReport>), PassError> {
    let mut design = to_code_bits(design);
    let mut passes = optimize(&mut design, pipeline)?;
    passes.extend(gather_counts(&mut design, pipeline)?);
    Ok((design, passes))
}
