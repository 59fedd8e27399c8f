//! Foreign checkpoints against the outputs of the libraries that wrote them.
//!
//! The cases lie in `../shared/reference/cases` (or under `DIFFLUT_SHARED`); without it these
//! tests say so and pass.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
mod encoders;
mod exports;
mod page;
mod questions;
#[allow(dead_code, missing_docs, unreachable_pub, reason = "shared with the other tests")]
#[path = "../support/mod.rs"]
mod support;
mod synthetic;

use std::io::Write;
use std::path::PathBuf;

/// The folder of reference cases, or a note that `test` was skipped.
fn cases_folder(test: &str) -> Option<PathBuf> {
    let shared = match std::env::var_os("DIFFLUT_SHARED") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    let folder = shared.join("reference/cases");
    if folder.is_dir() {
        return Some(folder);
    }
    let line = format!("skipped: {test}: ../shared is not there\n");
    // Straight to the stream: the test harness captures the print macros of passing tests.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(log) = std::env::var_os("DIFFLUT_SKIPPED_LOG")
        && let Ok(mut log) = std::fs::OpenOptions::new().create(true).append(true).open(log)
    {
        let _ = log.write_all(line.as_bytes());
    }
    None
}
