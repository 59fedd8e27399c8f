//! What a target is asked for and what it returns.

use clap::Args;

use crate::netlist::{Design, Netlist, StreamedDesign};

use super::c::COptions;
use super::hdl::HdlOptions;

/// Everything a target needs to print a design.
#[derive(Clone, Copy, Debug)]
pub struct EmitRequest<'a> {
    /// The design, validated.
    pub design: &'a Design,
    /// The same function as one netlist, for targets without words for comparators and counts.
    ///
    /// Primary input `f * bits + b` is bit `b` of feature `f`. Primary outputs are the bits of
    /// the class, lowest first, then the scores, class 0 first and each lowest bit first; or
    /// the plain bits.
    pub flat: &'a Netlist,
    /// Where it comes from, for the header of every file.
    pub provenance: &'a Provenance,
    /// Choices of the user.
    pub options: &'a EmitOptions,
    /// Stimulus and expected outputs for the test bench of targets that have one.
    pub vectors: &'a TestVectors,
}

/// Everything a target needs to print a streamed design.
#[derive(Clone, Copy, Debug)]
pub struct StreamRequest<'a> {
    /// The design; its parts are validated.
    pub design: &'a StreamedDesign,
    /// Where it comes from, for the header of every file.
    pub provenance: &'a Provenance,
    /// Choices of the user.
    pub options: &'a EmitOptions,
    /// Whole frames and what comes of them, for the test bench.
    pub vectors: &'a TestVectors,
}

/// Where a design comes from. Nothing in it depends on time, place or machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// Version of this program.
    pub tool_version: String,
    /// SHA-256 of the model file in hexadecimal.
    pub model_sha256: String,
    /// The numbers behind the integer inputs, as a sentence: `value = code * 1 + 0`.
    pub input_values: String,
    /// Value of one step of a code.
    pub scale: f64,
    /// Value of code 0.
    pub offset: f64,
    /// Software scores are the integer scores divided by this; `None` for plain bits.
    pub tau: Option<String>,
}

/// Choices of the user: the options of each target that has any, as the command line spells them.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub struct EmitOptions {
    /// Verilog and VHDL.
    #[command(flatten)]
    pub hdl: HdlOptions,
    /// The C header.
    #[command(flatten)]
    pub c: COptions,
}

/// Stimulus and what the reference inference makes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestVectors {
    /// The vectors in the order in which they are applied.
    pub vectors: Vec<Vector>,
}

/// One input and its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// One integer code per feature.
    pub codes: Vec<i64>,
    /// The design's output bits; only checked when there are no scores.
    pub bits: Vec<bool>,
    /// The score of every class; empty for plain bits.
    pub scores: Vec<u32>,
    /// The class; `None` for plain bits.
    pub class: Option<u32>,
}

/// One printed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmittedFile {
    /// Name in the output folder.
    pub name: String,
    /// One line on what it is, for the report.
    pub purpose: &'static str,
    /// Its bytes.
    pub contents: Vec<u8>,
}

/// A design or option that a target cannot express.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// An option has a value that the target does not take.
    #[error("target `{target}`: option {option} is {found}; allowed are {allowed}")]
    Option {
        /// The target.
        target: &'static str,
        /// The option as on the command line.
        option: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// Options that contradict each other or the design.
    #[error("target `{target}`: {reason}")]
    Combination {
        /// The target.
        target: &'static str,
        /// Why it is impossible, and what to do about it.
        reason: String,
    },
    /// The design has something that the target has no words for.
    #[error("target `{target}` cannot express the design: {reason}")]
    Unsupported {
        /// The target.
        target: &'static str,
        /// What, and what to do about it.
        reason: String,
    },
    /// A test vector does not fit the design.
    #[error("target `{target}`: test vector {vector} {reason}")]
    Vector {
        /// The target.
        target: &'static str,
        /// Its number, from 0.
        vector: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A template could not be printed; a mistake in this program.
    #[error("target `{target}`: its template failed: {source}")]
    Template {
        /// The target.
        target: &'static str,
        /// The template engine's reason.
        source: askama::Error,
    },
}
