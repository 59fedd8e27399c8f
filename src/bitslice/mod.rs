//! Truth tables as operations on machine words: one bit of the word per sample.
//!
//! Tables become gates of two inputs in one shared graph ([`gates`], [`decompose`]); gates with
//! one reader move into it while it reads at most three words ([`cover`]), since a function of
//! three words is one instruction with AVX-512 and never more instructions elsewhere; what is left
//! is put into an order that keeps few words alive ([`mod@schedule`]). The fast inference runs
//! these cells, and targets for processors that compute on words print them.

mod cover;
mod decompose;
mod formula;
mod gates;
mod schedule;

pub(crate) use cover::{Cell, Cover};
pub(crate) use decompose::Decomposer;
pub(crate) use formula::{Terms, WORDS, cost};
pub(crate) use gates::{Gate, Gates, Signal};
pub(crate) use schedule::{schedule, schedule_in_runs};
