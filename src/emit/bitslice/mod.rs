//! A design as a straight-line program over machine words: one bit of the word per sample.
//!
//! The steps: tables become gates of two inputs in one shared graph ([`gates`], [`decompose`]);
//! gates with one reader move into it while it reads at most three words ([`cover`]), since a
//! function of three words is one instruction with AVX-512 and never more instructions
//! elsewhere; what is left is put into an order that keeps few words alive ([`mod@schedule`]) and
//! cut into parts of a few hundred statements, which keep what they share in numbered words of
//! a workspace ([`program`]). Languages only print what comes out.

mod cover;
mod decompose;
mod formula;
mod gates;
mod program;
mod schedule;

pub(super) use formula::Terms;
pub(super) use program::{Operand, Output, Part, Plane, Program, code_bytes};
