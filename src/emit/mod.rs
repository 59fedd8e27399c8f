//! Designs to text in the languages of hardware and firmware.
//!
//! A target is one folder with its options, its view structs and its printer, and one line in
//! [`TARGETS`]. Targets decide in Rust and print through askama templates under `templates/`;
//! they never start a process and never touch the disk: what they return is written by the
//! caller, all files or none.

mod blif;
mod c;
mod hls;
mod keywords;
mod names;
mod notes;
mod order;
mod request;
#[cfg(test)]
mod snapshot_tests;
mod text;
mod torch;
mod vectors;
mod verilog;
mod wires;

pub use names::{Namer, identifier};
pub use request::{EmitError, EmitOptions, EmitRequest, EmittedFile, LutStyle, Provenance, TestVectors, Vector};
pub use wires::core_wire_names;

use crate::netlist::Design;

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

    /// Clock cycles from an input to its outputs; 0 for combinational designs and software.
    fn latency(&self, _design: &Design, _options: &EmitOptions) -> u32 {
        0
    }
}

/// Every target, in the order of help texts.
pub static TARGETS: &[&dyn Target] = &[&verilog::Verilog, &hls::Hls, &c::C, &blif::Blif, &torch::Torch];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static dyn Target> {
    TARGETS.iter().copied().find(|target| target.name() == name)
}

/// Bits of the smallest unsigned integer type of C that holds `largest`.
fn unsigned_type(largest: usize) -> u32 {
    match largest {
        0..=0xff => 8,
        0x100..=0xffff => 16,
        _ => 32,
    }
}
