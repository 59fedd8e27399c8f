//! What unit tests share.

/// Says that a test was skipped, on the real standard error and in the file that the environment
/// variable `DIFFLUT_SKIPPED_LOG` names.
pub(crate) fn skipped(test: &str, reason: &str) {
    use std::io::Write;
    let line = format!("skipped: {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    if let Some(path) = std::env::var_os("DIFFLUT_SKIPPED_LOG") {
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}
