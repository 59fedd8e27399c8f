//! The tests that cross module borders or start external tools.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub, reason = "tests")]

mod architecture;
mod emit;
mod faults;
mod support;
#[cfg(feature = "train")]
mod zoo_digits;
