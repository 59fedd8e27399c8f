//! Emitted artefacts against the reference inference, in the real tools.
//!
//! A checker is one file and one line in [`CHECKERS`]. It runs the artefact's own files in its
//! tool and returns what came out; the comparison happens here, in [`compare`], so a wrong test
//! bench cannot approve itself.

mod arm;
mod avr;
mod bench;
mod c_header;
mod c_lib;
mod checker;
mod cone;
mod coverage;
mod doctor;
mod drawing;
mod firmware;
mod firmware_size;
mod foreign;
mod formal;
mod frames;
mod gates;
mod ghdl;
mod hls_cpp;
mod icarus;
mod locate;
mod modules;
mod mutate;
mod picolibc;
mod results;
mod riscv;
mod rust_source;
mod tool;
mod torch;
mod vcd;
mod vectors;
mod verilator;
mod yosys_blif;

pub use checker::{Answer, CheckRequest, CheckRun, Checker, Difference, Verdict, check, compare};
pub use coverage::{Coverage, coverage};
pub use doctor::{Examination, examine, examine_all};
pub use drawing::render_svg;
pub use foreign::{ForeignError, PortMap, wrapper};
pub use locate::locate;
pub use mutate::{Fault, FaultRow, MutationError, MutationPlan, MutationReport, Tally, mutate};
pub use results::{CheckOutcome, CheckRecord, Summary, keep_folder};
pub use tool::{Program, Run, RunOutput, ToolError};
pub use vectors::{VectorPlan, reference, test_vectors, vectors_of_samples};

/// Every checker, in the order of help texts and of `--check all`.
pub static CHECKERS: &[&dyn Checker] = &[
    &icarus::Icarus,       // the test bench that ships with the Verilog, event-driven
    &verilator::Verilator, // the lint, and an independent bench that is fast on many vectors
    &ghdl::Ghdl,           // the VHDL with its own test bench
    &formal::Formal,       // every input, by proof
    &gates::XILINX,        // what synthesis makes of it
    &gates::ICE40,
    &gates::ECP5,
    &c_header::GCC,   // the strictest warnings as errors
    &c_header::CLANG, // another compiler, and traps on undefined behaviour
    &arm::ARM,        // the C header on microcontrollers, in their emulators
    &arm::ARM_M0,
    &riscv::RISCV,
    &avr::AVR,
    &c_lib::GCC,            // the widest registers against 64-bit words, batches of all sizes
    &c_lib::CLANG,          // the same by another compiler
    &rust_source::Rustc,    // warnings denied, single samples against batches
    &hls_cpp::HlsCpp,       // the HLS source as ordinary C++
    &yosys_blif::YosysBlif, // a foreign reader of the BLIF
    &drawing::Graphviz,     // evaluates the drawing as graphviz read it
    &torch::Torch,          // the library that imported models come from
];

/// The checker of this name.
pub fn checker(name: &str) -> Option<&'static dyn Checker> {
    CHECKERS.iter().copied().find(|checker| checker.name() == name)
}
