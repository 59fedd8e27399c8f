//! The tests that cross module borders or start external tools.
mod architecture;
mod emit;
mod faults;
mod support;
