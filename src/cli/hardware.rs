//! The design that tables are printed of, for an export and for its report.

use std::fmt;

use crate::binarized::{BinarizedNetwork, Streamed};
use crate::emit::{self, EmitOptions, EncoderOption, HdlOptions, LutStyle, StreamedFacts};
use crate::lower::{lower_streamed, to_code_bits};
use crate::netlist::{Design, SHARED_INPUTS, StreamedDesign};
use crate::passes::{PassError, PassReport, Pipeline, gather_counts, optimize, split_pairs};
use crate::report::{DesignReport, StreamedPart, streamed_parts};

use super::CliError;

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
/// level 2 on its counts gathered, and for LUTs of two outputs with tables in halves that share them; what the
/// passes did.
fn expand(design: &Design, pipeline: &Pipeline) -> Result<(Design, Vec<PassReport>), PassError> {
    let mut design = to_code_bits(design);
    let mut passes = optimize(&mut design, pipeline)?;
    if pipeline.gathers_counts() {
        passes.extend(gather_counts(&mut design, pipeline)?);
    }
    if design.slices && !pipeline.is_empty() {
        passes.extend(split_pairs(&mut design, pipeline)?);
    }
    Ok((design, passes))
}

/// A network through which pixels pass one after the other, as hardware.
pub(super) struct StreamedHardware {
    /// The network taken apart.
    pub(super) parts: Streamed,
    /// The parts, optimized.
    pub(super) design: StreamedDesign,
    /// What every part went through, the kernels first.
    pub(super) passes: Vec<Vec<PassReport>>,
    /// What there is beside tables, and when results come.
    pub(super) facts: StreamedFacts,
    /// The sizes of the parts.
    pub(super) sizes: Vec<StreamedPart>,
}

/// The hardware of `network` under `name`, or under its own, pixel by pixel.
///
/// # Errors
/// [`CliError::Usage`] when it has no such form, [`CliError`] for options that have no meaning for it.
pub(super) fn streamed_hardware(
    network: &BinarizedNetwork,
    name: Option<&str>,
    pipeline: &Pipeline,
    options: &EmitOptions,
) -> Result<StreamedHardware, CliError> {
    let (parts, mut design) = lower_streamed(network)
        .map_err(|error| CliError::Usage(format!("--convolution streaming of `{}`: {error}", network.name())))?;
    if let Some(name) = name {
        name.clone_into(&mut design.name);
    }
    let verilog = emit::target("verilog").ok_or_else(|| CliError::Usage("there is no Verilog target".to_owned()))?;
    // What has no meaning is said before any work.
    verilog.streamed_facts(&design, options)?;
    let passes = design.designs_mut().map(|part| optimize(part, pipeline)).collect::<Result<Vec<_>, _>>()?;
    if options.hdl.lut_style == LutStyle::Slice {
        design.designs_mut().for_each(Design::use_slices);
    }
    let facts = verilog.streamed_facts(&design, options)?;
    let sizes = streamed_parts(&parts, &design, &passes, &facts)?;
    Ok(StreamedHardware { parts, design, passes, facts, sizes })
}
