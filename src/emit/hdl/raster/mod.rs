//! A streamed design as hardware: pixels come in row by row and pass an encoder, then per step a
//! window of shift registers in front of one kernel, then registers that collect the last image
//! for the layers behind it.
//!
//! Kernels and the layers behind them are hardware as every other design, with the clock enable of
//! the whole where results can be held up.

mod bench;
mod facts;
mod pixel;
mod timing;
mod window;

pub(in crate::emit) use bench::RasterBench;
pub use facts::{LineFacts, StepFacts, StreamedFacts};
pub(in crate::emit) use pixel::PixelModule;
pub use timing::FrameTiming;
pub(in crate::emit) use window::WindowModule;

use crate::emit::notes::{OutputBus, comment, outputs_and_ties, plural};
use crate::emit::order::CoreOrder;
use crate::emit::request::StreamRequest;
use crate::emit::{EmitError, EmitOptions, EmitRequest, Provenance, TestVectors, identifier};
use crate::netlist::{Design, StreamedDesign, bits_for};

use super::stream::Stream;
use super::top::Pin;
use super::{Convolution, EncoderOption, Hardware, HdlOptions, Interface, OutputSet, Registers};

/// A kernel or the layers behind the last one, with a name of its own in the hardware.
pub(in crate::emit) struct Part {
    design: Design,
    order: CoreOrder,
    options: EmitOptions,
    provenance: Provenance,
    vectors: TestVectors,
}

impl Part {
    /// The parts of `design`, the kernels first.
    ///
    /// # Errors
    /// [`EmitError::Combination`] for options that have no meaning for streamed designs.
    pub(in crate::emit) fn all(
        target: &'static str,
        design: &StreamedDesign,
        provenance: &Provenance,
        options: &EmitOptions,
    ) -> Result<Vec<Self>, EmitError> {
        check(target, &options.hdl)?;
        let name = identifier(&design.name);
        let part = |design: &Design, suffix: &str, hdl: HdlOptions, input_values: String| {
            let design = Design { name: format!("{name}_{suffix}"), ..design.clone() };
            Self {
                order: CoreOrder::new(&design),
                design,
                options: EmitOptions { hdl, ..options.clone() },
                provenance: Provenance { input_values, ..provenance.clone() },
                vectors: TestVectors::default(),
            }
        };
        let common = HdlOptions {
            pipeline: Some(options.hdl.pipeline.unwrap_or(Registers::Layers)),
            clock_mhz: options.hdl.clock_mhz.filter(|_| options.hdl.pipeline == Some(Registers::Auto)),
            convolution: Convolution::Unrolled,
            project: false,
            ..options.hdl.clone()
        };
        let bare = HdlOptions { interface: Interface::Comb, outputs: OutputSet::Both, ..common.clone() };
        let mut parts = Vec::with_capacity(design.steps.len() + 1);
        for (index, step) in design.steps.iter().enumerate() {
            let [rows, columns] = step.window.size;
            let values =
                format!("feature (c * {rows} + y) * {columns} + x is channel c at row y, column x of the window");
            parts.push(part(&step.kernel, &format!("kernel{index}"), bare.clone(), values));
        }
        let [_, rows, columns] = design.steps.last().map_or([0; 3], |step| step.window.made);
        let values =
            format!("feature (c * {rows} + y) * {columns} + x is channel c at row y, column x of the last image");
        parts.push(part(&design.rest, "dense", common, values));
        Ok(parts)
    }

    /// What is printed of the part.
    pub(in crate::emit) fn request(&self) -> EmitRequest<'_> {
        EmitRequest {
            design: &self.design,
            flat: &self.design.core,
            provenance: &self.provenance,
            options: &self.options,
            vectors: &self.vectors,
        }
    }
}

/// Refuses what has no meaning here.
fn check(target: &'static str, options: &HdlOptions) -> Result<(), EmitError> {
    let refuse = |reason: &str| Err(EmitError::Combination { target, reason: reason.to_owned() });
    if options.interface == Interface::Comb {
        return refuse("--convolution streaming takes a pixel per clock; add --interface valid or --interface axis");
    }
    if options.encoder == EncoderOption::Off {
        return refuse("--convolution streaming compares the codes of a pixel itself; leave out --encoder off");
    }
    if options.project {
        return refuse("--project writes scripts for unrolled designs; leave it out with --convolution streaming");
    }
    if options.clock_mhz.is_some() && options.pipeline != Some(Registers::Auto) {
        return refuse("--clock-mhz has no effect without --pipeline auto; add it or leave both out");
    }
    Ok(())
}

/// The ports of the top module and what the modules between them are called.
pub(in crate::emit) struct RasterTop {
    pub(in crate::emit) pins: Vec<Pin>,
    /// The codes of a pixel.
    pub(in crate::emit) input: Pin,
    /// The data buses of an AXI4-Stream of pixels.
    pub(in crate::emit) stream: Option<Stream>,
    /// Bits of what the encoder and each step return.
    pub(in crate::emit) widths: Vec<usize>,
    /// The result buses.
    pub(in crate::emit) results: Vec<Pin>,
    /// Bits that are collected.
    pub(in crate::emit) collected: usize,
    /// Bits of the input bus of the layers behind.
    pub(in crate::emit) collected_bus: usize,
}

/// The registers that collect the last image.
pub(in crate::emit) struct CollectModule {
    pub(in crate::emit) channels: usize,
    pub(in crate::emit) positions: usize,
}

/// A streamed design as hardware.
pub(in crate::emit) struct Raster<'a> {
    pub(in crate::emit) name: String,
    pub(in crate::emit) interface: Interface,
    pub(in crate::emit) pixel: PixelModule,
    pub(in crate::emit) windows: Vec<WindowModule>,
    pub(in crate::emit) kernels: Vec<Hardware<'a>>,
    pub(in crate::emit) collect: CollectModule,
    pub(in crate::emit) rest: Hardware<'a>,
    pub(in crate::emit) top: RasterTop,
    pub(in crate::emit) timing: FrameTiming,
}

impl<'a> Raster<'a> {
    /// The hardware of `design`, whose parts are `parts`.
    ///
    /// # Errors
    /// [`EmitError`] when options contradict each other or the design.
    pub(in crate::emit) fn new(
        target: &'static str,
        design: &StreamedDesign,
        parts: &'a [Part],
    ) -> Result<Self, EmitError> {
        let name = identifier(&design.name);
        let [kernels @ .., last] = parts else {
            return Err(EmitError::Combination { target, reason: "there is nothing to stream".to_owned() });
        };
        let interface = last.options.hdl.interface;
        let stalls = interface == Interface::Axis;
        let rest = Hardware::new(target, &last.request(), &last.order)?;
        let kernels = kernels.iter().map(|part| Hardware::part(target, &part.request(), &part.order, stalls));
        let kernels: Vec<Hardware<'a>> = kernels.collect::<Result<_, _>>()?;
        let windows: Vec<WindowModule> = design
            .steps
            .iter()
            .zip(&kernels)
            .enumerate()
            .map(|(index, (step, kernel))| WindowModule::new(index, step, kernel))
            .collect();
        let read = windows.first().map_or(Vec::new(), |window| window.channels_read());
        let pixel = PixelModule::new(design, &read);
        let steps: Vec<_> =
            design.steps.iter().zip(&kernels).map(|(step, kernel)| (step.window, kernel.pipeline.latency())).collect();
        let timing = FrameTiming::new(&steps, rest.pipeline.latency());
        let made = design.steps.last().map_or([0; 3], |step| step.window.made);
        let collect = CollectModule { channels: made[0], positions: made[1] * made[2] };
        let top = top(design, interface, &rest);
        Ok(Self { name, interface, pixel, windows, kernels, collect, rest, top, timing })
    }

    /// The clock port of the top module.
    pub(in crate::emit) fn clock(&self) -> &'static str {
        if self.interface == Interface::Axis { "aclk" } else { "clk" }
    }

    /// Every module that is hardware of its own, with what is printed of it.
    pub(in crate::emit) fn parts<'b>(
        &'b self,
        parts: &'a [Part],
    ) -> impl Iterator<Item = (&'b Hardware<'a>, EmitRequest<'a>)> {
        self.kernels.iter().chain([&self.rest]).zip(parts.iter().map(Part::request))
    }

    /// Bits that stand between the steps and in front of the layers behind them.
    fn register_bits(&self) -> (usize, usize) {
        (self.windows.iter().map(WindowModule::line_bits).sum(), self.collect.channels * self.collect.positions)
    }

    /// The comment at the top of the file.
    pub(in crate::emit) fn notes(&self, request: &StreamRequest<'_>, origin: Vec<String>) -> Vec<String> {
        let design = request.design;
        let [channels, height, width] = design.frame;
        let mut lines = origin;
        lines.push(String::new());
        lines.push(format!(
            "Input: {height} rows of {width} pixels, row by row, one pixel per clock; {channels} code{} a pixel of {} bit{},",
            plural(channels),
            design.input.bits,
            plural(design.input.bits as usize)
        ));
        lines.push(format!(
            "{} codes {} to {}; {}.",
            if design.input.signed { "two's complement" } else { "unsigned" },
            design.input.min_code(),
            design.input.max_code(),
            comment(&request.provenance.input_values)
        ));
        lines.extend(outputs_and_ties(request.provenance, self.rest.facts.output));
        for (index, step) in design.steps.iter().enumerate() {
            let (window, made) = (step.window, step.window.made);
            lines.push(format!(
                "Step {index}: windows of {} x {} over {} x {} x {}, stride {} x {}, padding {} x {}: {} x {} x {}.",
                window.size[0],
                window.size[1],
                window.image[0],
                window.image[1],
                window.image[2],
                window.stride[0],
                window.stride[1],
                window.padding[0],
                window.padding[1],
                made[0],
                made[1],
                made[2]
            ));
        }
        lines.push(String::new());
        lines.push("Ports:".to_owned());
        self.ports(channels, design.input.bits as usize, &mut lines);
        lines.extend(self.timing_lines());
        let (line, collected) = self.register_bits();
        lines.push(format!(
            "Registers: {line} bits of image in windows and line buffers, {collected} of the last image."
        ));
        lines
    }

    fn timing_lines(&self) -> Vec<String> {
        let FrameTiming { interval, latency, latency_alone } = self.timing;
        let behind = self.timing.behind_last_pixel();
        let mut lines = vec![format!(
            "Timing: a frame every {interval} cycles; at full rate its result comes {latency} cycles after its first pixel,"
        )];
        lines.push(match behind {
            0 => "with its last pixel.".to_owned(),
            1.. => format!("{behind} after its last."),
            _ => format!("{} before its last.", -behind),
        });
        if latency_alone != latency {
            lines.push(format!("  {latency_alone} cycles after its first when no frame follows."));
        }
        lines.push(
            "  Pauses between pixels hold back what waits for these pixels; between frames nothing waits.".to_owned(),
        );
        lines
    }

    fn ports(&self, channels: usize, bits: usize, lines: &mut Vec<String>) {
        let code = match channels {
            1 => "the code of its only channel".to_owned(),
            _ if bits == 1 => "the code of channel c at bit c".to_owned(),
            _ => format!("the code of channel c at bits c*{bits} to c*{bits}+{}", bits - 1),
        };
        match &self.top.stream {
            None => {
                lines.push("  clk: everything happens at its rising edge.".to_owned());
                lines.push("  rst: synchronous, active high; the next pixel is the first of a frame.".to_owned());
                lines.push("  in_valid: there is a pixel in this cycle.".to_owned());
                lines.push(format!("  pixel: {code}."));
                lines.push("  out_valid: the outputs are the results of a frame, in this cycle only.".to_owned());
            }
            Some(stream) => {
                lines.push("  aclk: everything happens at its rising edge.".to_owned());
                lines.push("  aresetn: synchronous, active low; the next pixel is the first of a frame.".to_owned());
                lines.push(format!("  s_axis: a pixel, {code}. tlast is not read: pixels are counted."));
                lines.push(
                    "  m_axis: the results of a frame, tlast with each; numbers at whole bytes. tdata:".to_owned(),
                );
                for field in &stream.fields {
                    lines.push(format!("    bits {} to {}: {}", field.low, field.low + field.width - 1, field.wire));
                }
                lines.push(
                    "  Pixels wait only when a frame is complete and the result of another was not taken.".to_owned(),
                );
            }
        }
        if let (None, OutputBus::Classes { score_bits, .. }) = (&self.top.stream, self.rest.facts.output) {
            for pin in &self.top.results {
                lines.push(match pin.name {
                    "scores" => format!(
                        "  scores: score of class c at bits c*{score_bits} to c*{score_bits}+{}",
                        score_bits - 1
                    ),
                    _ => "  class_index: the class".to_owned(),
                });
            }
        }
    }
}

/// The top module's ports.
fn top(design: &StreamedDesign, interface: Interface, rest: &Hardware<'_>) -> RasterTop {
    let input = Pin::word("pixel", true, design.frame[0] * design.input.bits as usize);
    let results = rest.top.results.clone();
    let stream = rest.top.stream.as_ref().map(|stream| Stream {
        input_bits: input.width,
        input_width: input.width.next_multiple_of(8),
        ..stream.clone()
    });
    let pins = match &stream {
        Some(stream) => vec![
            Pin::bit("aclk", true),
            Pin::bit("aresetn", true),
            Pin::word("s_axis_tdata", true, stream.input_width),
            Pin::bit("s_axis_tvalid", true),
            Pin::bit("s_axis_tready", false),
            Pin::bit("s_axis_tlast", true),
            Pin::word("m_axis_tdata", false, stream.output_width),
            Pin::bit("m_axis_tvalid", false),
            Pin::bit("m_axis_tready", true),
            Pin::bit("m_axis_tlast", false),
        ],
        None => {
            let mut pins = vec![Pin::bit("clk", true), Pin::bit("rst", true), Pin::bit("in_valid", true), input];
            pins.push(Pin::bit("out_valid", false));
            pins.extend(&results);
            pins
        }
    };
    debug_assert_eq!(interface == Interface::Axis, stream.is_some());
    let mut widths = vec![design.pixel.len()];
    widths.extend(design.steps.iter().map(|step| step.window.made[0]));
    let collected = rest.facts.features;
    let collected_bus = if stream.is_some() { collected.next_multiple_of(8) } else { collected };
    RasterTop { pins, input, stream, widths, results, collected, collected_bus }
}

/// A constant of as many bits as numbers up to `largest` take.
fn constant(value: usize, largest: usize) -> String {
    format!("{}'d{value}", bits_for(largest))
}
