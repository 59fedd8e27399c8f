//! Designs to text in the languages of hardware and firmware.
//!
//! A target is one folder with its options, its view structs and its printer, and one line in
//! [`TARGETS`]. Targets decide in Rust and print through askama templates under `templates/`;
//! they never start a process and never touch the disk: what they return is written by the
//! caller, all files or none.

mod blif;
mod c;
mod clib;
mod dot;
mod hdl;
mod hls;
mod keywords;
mod names;
mod notes;
mod order;
mod program;
mod request;
mod rust;
#[cfg(test)]
mod snapshot_tests;
mod text;
mod torch;
mod vectors;
mod verilog;
mod vhdl;
mod wires;

pub use c::{COptions, CStyle, WordSize};
pub use hdl::{
    Convolution, Device, EncoderOption, FrameTiming, HdlOptions, Interface, LineFacts, LutStyle, OutputSet, Registers,
    StepFacts, StreamedFacts,
};
pub use names::{Namer, identifier};
pub use request::{EmitError, EmitOptions, EmitRequest, EmittedFile, Provenance, StreamRequest, TestVectors, Vector};
pub use wires::core_wire_names;

use crate::netlist::{Design, StreamedDesign};

/// A language that a design can be printed in.
pub trait Target: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// One sentence for `--help` and `difflut list`.
    fn description(&self) -> &'static str;

    /// Prints the design. The same request gives the same bytes.
    ///
    /// # Errors
    /// [`EmitError`] when the target cannot express the design or an option.
    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError>;

    /// Prints a design over images through which pixels pass one after the other.
    ///
    /// # Errors
    /// [`EmitError`] when the target has no such form, or cannot express an option in it.
    fn emit_streamed(&self, _request: &StreamRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        Err(no_streamed_form(self.name()))
    }

    /// The sizes of a streamed design beside its tables, and when its results come.
    ///
    /// # Errors
    /// As [`emit_streamed`](Self::emit_streamed).
    fn streamed_facts(&self, _design: &StreamedDesign, _options: &EmitOptions) -> Result<StreamedFacts, EmitError> {
        Err(no_streamed_form(self.name()))
    }

    /// Clock cycles from an input to its outputs; 0 for combinational designs and software.
    fn latency(&self, _design: &Design, _options: &EmitOptions) -> u32 {
        0
    }

    /// Bits of the registers of the pipeline, those of a streaming interface not counted; 0 for
    /// combinational designs and software.
    fn registers(&self, _design: &Design, _options: &EmitOptions) -> usize {
        0
    }

    /// Whether the design becomes hardware, for which [`HdlOptions`] count.
    fn is_hardware(&self) -> bool {
        false
    }
}

fn no_streamed_form(target: &'static str) -> EmitError {
    let reason = "--convolution streaming is a form of the target verilog; leave it out for this one".to_owned();
    EmitError::Combination { target, reason }
}

/// Every target, in the order of help texts.
pub static TARGETS: &[&dyn Target] = &[
    &verilog::Verilog,
    &vhdl::Vhdl,
    &hls::Hls,
    &c::C,
    &clib::CLib,
    &rust::Rust,
    &blif::Blif,
    &dot::Dot,
    &torch::Torch,
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static dyn Target> {
    TARGETS.iter().copied().find(|target| target.name() == name)
}

/// The vectors of a hardware target: what its test bench reads, and without an encoder the table
/// of the bits that are the input.
fn hdl_vectors(hardware: &hdl::Hardware<'_>, request: &EmitRequest<'_>) -> Vec<EmittedFile> {
    let name = &hardware.facts.name;
    let file = |suffix: &str, purpose, contents| EmittedFile { name: format!("{name}{suffix}"), purpose, contents };
    let mut files = Vec::new();
    let encoded = hdl::sorted_comparators(request.design, hardware.order);
    if !hardware.settings.encoder {
        files.push(file("_encoded.csv", "what each bit of the input means", vectors::encoded_table(request, &encoded)));
    }
    if !request.vectors.vectors.is_empty() {
        let inputs = match hardware.settings.encoder {
            true => vectors::input_lines(request.design, request.vectors),
            false => vectors::encoded_lines(request.design, &encoded, request.vectors),
        };
        files.push(file("_inputs.hex", "test vectors: the input bus", inputs));
        let expected = vectors::output_lines(hardware.facts.output, hardware.settings.outputs, request.vectors);
        files.push(file("_expected.hex", "test vectors: the outputs of the reference inference", expected));
    }
    files
}

/// Bits of the smallest unsigned integer type of C that holds `largest`.
fn unsigned_type(largest: usize) -> u32 {
    match largest {
        0..=0xff => 8,
        0x100..=0xffff => 16,
        _ => 32,
    }
}
