//! What a streamed design is made of, part by part.

use serde::Serialize;

use crate::binarized::Streamed;
use crate::emit::StreamedFacts;
use crate::lower::{flatten_pixel, lower};
use crate::netlist::{Design, Netlist, NetlistStats, StreamedDesign, Window};
use crate::passes::{PassError, PassReport, Pipeline};

use super::super::DesignReport;
use super::super::estimate::lut4;
use super::super::steps::{Step, steps};
use super::super::synthesis::{FAMILIES, Family};
use super::super::tables::{TableCounts, table_counts};
use super::rule;

/// One part of a streamed design.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StreamedPart {
    /// `encoder`, `window N`, `kernel N`, `image` or `dense`.
    pub part: String,
    /// What it is, for people.
    pub what: String,
    /// LUT6 before optimization, by rule.
    pub luts_before: usize,
    /// LUT6 after it; without those that hold line buffers.
    pub luts_after: usize,
    /// Levels of logic from its inputs to its outputs; `None` where only registers are in between.
    pub levels: Option<u32>,
    /// Clock cycles from its inputs to its outputs; `None` for windows and image, which wait for pixels.
    pub latency_cycles: Option<u32>,
    /// Register bits of pipelines, counters and valid bits.
    pub registers: usize,
    /// Bits of line buffers, and of the last image.
    pub memory_bits: usize,
    /// Bits of a table of thresholds by the number of the pixel, which synthesis puts into block memory or
    /// into LUTs; 0 where they are the same for all pixels.
    pub table_bits: usize,
    /// LUTs and flip-flops by family, by rule, line buffers included.
    pub estimates: Vec<PartEstimate>,
    /// LUT6 by layer before optimization, for kernels and dense layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<DesignReport>,
    /// The same after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<DesignReport>,
    /// The tables after each pass, and what the pass changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<Step>,
    /// Its tables before optimization.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables_before: Vec<TableCounts>,
    /// Its tables after optimization.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables_after: Vec<TableCounts>,
}

/// What a part takes in a family, by rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartEstimate {
    /// Name of the family.
    pub family: String,
    /// Lookup tables.
    pub luts: usize,
    /// Flip-flops.
    pub flip_flops: usize,
}

/// LUTs of six inputs, LUTs of four, and flip-flops beyond those of the registers.
struct Size {
    luts: [usize; 2],
    flip_flops: [usize; 2],
}

impl Size {
    /// By family.
    fn estimates(&self) -> Vec<PartEstimate> {
        let of = |family: &Family| {
            let which = usize::from(family.lut_inputs != 6);
            let (luts, flip_flops) = (self.luts[which], self.flip_flops[which]);
            PartEstimate { family: family.name.to_owned(), luts, flip_flops }
        };
        FAMILIES.iter().map(of).collect()
    }
}

/// The parts of `design`, which `streamed` was lowered to and `passes` made of it, in the order of the data.
///
/// # Errors
/// [`PassError`] when a pass broke a netlist while it was counted.
pub fn streamed_parts(
    streamed: &Streamed,
    design: &StreamedDesign,
    passes: &[Vec<PassReport>],
    facts: &StreamedFacts,
) -> Result<Vec<StreamedPart>, PassError> {
    let mut parts = vec![encoder(design, facts)?];
    let passes_of = |index: usize| passes.get(index).map_or(&[][..], Vec::as_slice);
    for (index, (step, own)) in design.steps.iter().zip(&facts.steps).enumerate() {
        let memory_bits = own.lines.iter().map(|line| line.bits()).sum();
        let (held, held_bits) = rule::shift_registers(&own.lines);
        let luts = rule::window(own, 6);
        let flip_flops = own.control_registers + memory_bits;
        parts.push(StreamedPart {
            part: format!("window {index}"),
            what: describe(&step.window),
            luts_before: luts,
            luts_after: luts,
            registers: own.control_registers,
            memory_bits,
            estimates: Size {
                luts: [luts + held, rule::window(own, 4)],
                flip_flops: [flip_flops - held_bits, flip_flops],
            }
            .estimates(),
            ..StreamedPart::default()
        });
        let network = streamed.steps.get(index).map(|step| lower(&step.kernel));
        let mut kernel = logic(network.as_ref(), &step.kernel, passes_of(index), own.kernel_registers)?;
        kernel.part = format!("kernel {index}");
        let [channels, height, width] = step.window.made;
        kernel.what = format!("one position at a time of {channels} x {height} x {width}");
        kernel.latency_cycles = Some(own.kernel_latency);
        parts.push(kernel);
    }
    let luts = rule::image(facts);
    let flip_flops = facts.image_registers + facts.image_bits;
    parts.push(StreamedPart {
        part: "image".to_owned(),
        what: format!("the last one, {} bits of {} positions", facts.image_bits, facts.positions),
        luts_before: luts,
        luts_after: luts,
        registers: facts.image_registers,
        memory_bits: facts.image_bits,
        estimates: Size { luts: [luts; 2], flip_flops: [flip_flops; 2] }.estimates(),
        ..StreamedPart::default()
    });
    let network = lower(&streamed.rest);
    let mut dense = logic(Some(&network), &design.rest, passes_of(design.steps.len()), facts.dense_registers)?;
    dense.part = "dense".to_owned();
    dense.what = format!("the layers behind, over {} bits, and the head", design.rest.input.features);
    dense.latency_cycles = Some(facts.dense_latency);
    parts.push(dense);
    Ok(parts)
}

/// `3 x 3 over 24 x 8 x 8, stride 2 x 2, padding 1 x 1`.
fn describe(window: &Window) -> String {
    let pair = |[a, b]: [usize; 2]| format!("{a} x {b}");
    let [channels, height, width] = window.image;
    let mut text = format!("{} over {channels} x {height} x {width}", pair(window.size));
    for (what, sides, usual) in [("stride", window.stride, 1), ("padding", window.padding, 0)] {
        if sides != [usual; 2] {
            text += &format!(", {what} {}", pair(sides));
        }
    }
    text
}

/// The encoder of a pixel.
fn encoder(design: &StreamedDesign, facts: &StreamedFacts) -> Result<StreamedPart, PassError> {
    let mut forms = Vec::with_capacity(2);
    for memory in [false, true] {
        let before = flatten_pixel(design, &facts.pixel_bits, memory);
        let mut after = before.clone();
        // Tables of thresholds by the number of the pixel are wide, and are mapped as synthesis does.
        Pipeline::level("2")?.run(&mut after)?;
        forms.push((before, after));
    }
    let [_, height, width] = design.frame;
    let table_bits = facts.pixel_thresholds * (height * width);
    let padded = facts.pixel_thresholds << facts.pixel_number;
    let form = |family: &Family| &forms[usize::from(padded > family.table_bits_in_luts)];
    let lut6 = |netlist: &Netlist| NetlistStats::new(netlist).lut6(|_| true) + rule::pixel_number(facts, 6);
    let estimate = |family: &Family| {
        let after = &form(family).1;
        let luts = match family.lut_inputs {
            6 => lut6(after),
            inputs => lut4(after) + rule::pixel_number(facts, inputs),
        };
        PartEstimate { family: family.name.to_owned(), luts, flip_flops: facts.encoder_registers }
    };
    let shown = FAMILIES.iter().find(|family| family.lut_inputs == 6).map(form);
    let (before, after) = shown.unwrap_or(&forms[0]);
    let codes = match design.frame[0] {
        1 => "one code".to_owned(),
        channels => format!("{channels} codes"),
    };
    let by = if facts.pixel_number > 0 { ", thresholds by pixel" } else { "" };
    Ok(StreamedPart {
        part: "encoder".to_owned(),
        what: format!("{codes} to {} bits of a pixel{by}", facts.pixel_bits.len()),
        luts_before: lut6(before),
        luts_after: lut6(after),
        levels: Some(after.depth()),
        latency_cycles: Some(1),
        registers: facts.encoder_registers,
        table_bits,
        estimates: FAMILIES.iter().map(estimate).collect(),
        tables_before: table_counts(before),
        tables_after: table_counts(after),
        ..StreamedPart::default()
    })
}

/// A kernel or the dense layers, before optimization `trained`.
fn logic(
    trained: Option<&Design>,
    design: &Design,
    passes: &[PassReport],
    registers: usize,
) -> Result<StreamedPart, PassError> {
    let trained = trained.unwrap_or(design);
    let (mut before, flat_before) = DesignReport::unoptimized(trained);
    let (mut after, flat) = DesignReport::with_netlist(design)?;
    let layers = before.layers.len().max(after.layers.len());
    for report in [&mut before, &mut after] {
        report.name.clone_from(&design.name);
        report.layers.resize(layers, 0);
    }
    let size = Size { luts: [after.total, lut4(&flat)], flip_flops: [registers; 2] };
    Ok(StreamedPart {
        luts_before: before.total,
        luts_after: after.total,
        // Comparisons of single bits are wires.
        levels: Some(design.depth() - design.core_base_level()),
        registers,
        estimates: size.estimates(),
        passes: steps(&trained.core, passes, layers),
        tables_before: table_counts(&flat_before),
        tables_after: table_counts(&flat),
        before: Some(before),
        after: Some(after),
        ..StreamedPart::default()
    })
}
