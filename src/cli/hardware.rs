//! The design that tables are printed of, for an export and for its report.

use std::fmt;

use crate::emit::{EncoderOption, HdlOptions, LutStyle};
use crate::lower::to_code_bits;
use crate::netlist::{Design, SHARED_INPUTS};
use crate::passes::{PassError, PassReport, Pipeline, gather_counts, optimize};
use crate::report::DesignReport;

/// A design that is printed table by table, and how it became one.
pub(super) struct Hardware {
    /// The design over single code bits.
    pub(super) design: Design,
    /// What the passes did.
    pub(super) passes: Vec<PassReport>,
    /// The choice between LUTs of five and six inputs, where it was left to us.
    pub(super) sizes: Option<LutSizes>,
}

/// Total LUTs of a design that was mapped to LUTs of five and of six inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct LutSizes {
    five: usize,
    six: usize,
}

impl LutSizes {
    /// Whether five inputs take fewer.
    pub(super) fn takes_five(self) -> bool {
        self.five < self.six
    }
}

impl fmt::Display for LutSizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (chosen, luts, other, more) =
            if self.takes_five() { (5, self.five, 6, self.six) } else { (6, self.six, 5, self.five) };
        write!(
            f,
            "mapped to LUTs of {chosen} inputs: {luts} LUTs, with {other} inputs {more}; --lut-size decides otherwise"
        )
    }
}

/// Whether the comparators become tables of the core, to be optimized with it. Where tables are primitives
/// synthesis could not merge words in front of them, and makes more of comparators than we do.
pub(super) fn expands(pipeline: &Pipeline, options: &HdlOptions) -> bool {
    let primitives = options.lut_style.is_primitive() && !pipeline.is_empty();
    // Without an encoder the encoded bits are the input: there is nothing to map.
    (pipeline.expands_comparators() || primitives) && options.encoder == EncoderOption::On
}

/// What `pipeline` makes of `words`, an optimized design, for tables that are printed one by one. `lowered` is
/// the design before any pass; `chooses` leaves the size of LUTs to us, where two of five inputs may be one.
///
/// # Errors
/// [`PassError`], which only a mistake in this crate causes.
pub(super) fn hardware(
    lowered: &Design,
    words: &Design,
    pipeline: &Pipeline,
    options: &HdlOptions,
    chooses: bool,
) -> Result<Hardware, PassError> {
    let (design, passes) = expand(words, pipeline)?;
    let is_choice = chooses && options.lut_style == LutStyle::Slice && pipeline.expands_comparators();
    if !is_choice {
        return Ok(Hardware { design, passes, sizes: None });
    }
    let five = pipeline.clone().lut_inputs(SHARED_INPUTS);
    let mut other = lowered.clone();
    let mut other_passes = optimize(&mut other, &five)?;
    other.use_slices();
    let (other, reports) = expand(&other, &five)?;
    other_passes.extend(reports);
    let sizes = LutSizes { five: DesignReport::new(&other)?.total, six: DesignReport::new(&design)?.total };
    let (design, passes) = if sizes.takes_five() { (other, other_passes) } else { (design, passes) };
    Ok(Hardware { design, passes, sizes: Some(sizes) })
}

/// The optimized `design` with its comparators as tables of the core, optimized together with it, and from
/// level 3 on its counts gathered; what the passes did.
fn expand(design: &Design, pipeline: &Pipeline) -> Result<(Design, Vec<PassReport>), PassError> {
    let mut design = to_code_bits(design);
    let mut passes = optimize(&mut design, pipeline)?;
    if pipeline.expands_comparators() {
        passes.extend(gather_counts(&mut design, pipeline)?);
    }
    Ok((design, passes))
}
