//! The tests that cross module borders or start external tools.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub, reason = "tests")]

#[cfg(feature = "train")]
mod accelerator;
mod architecture;
mod bad_input;
#[cfg(unix)]
mod ci_examples;
mod command_line;
#[cfg(feature = "train")]
mod compiler;
#[cfg(feature = "train")]
mod composed_digits;
#[cfg(feature = "train")]
mod convnet_digits;
mod digits;
mod embedded;
mod emit;
#[cfg(feature = "train")]
mod extension;
mod faults;
mod hardware;
mod libraries;
#[cfg(feature = "train")]
mod pretrained_cifar10;
#[cfg(feature = "train")]
mod pretrained_mnist;
mod readme;
mod report;
#[cfg(feature = "train")]
mod slices;
mod streaming;
mod support;
#[cfg(feature = "train")]
mod training_run;
mod verify;
#[cfg(feature = "train")]
mod zoo_digits;
