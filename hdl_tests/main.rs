//! The tests that cross module borders or start external tools.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod emit;
mod support;
