//! The tests that cross module borders or start external tools.
mod emit;
mod support;
