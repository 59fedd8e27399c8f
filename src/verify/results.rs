//! What the checks of one run found, for people and for build servers.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::emit::EmittedFile;

use super::{Checker, ToolError, Verdict};

/// The end of one check.
#[derive(Clone, Debug)]
pub enum CheckOutcome {
    /// Every vector agrees.
    Equal {
        /// How many.
        vectors: usize,
    },
    /// Equal for every input, not only for the vectors.
    Proved {
        /// How many vectors were compared before.
        vectors: usize,
        /// What was proved and how.
        how: String,
    },
    /// The artefact is another function.
    Different {
        /// In one line.
        summary: String,
        /// The first vector, and where the difference begins.
        details: String,
    },
    /// The tool failed, so nothing is known.
    Failed {
        /// Why.
        error: String,
    },
    /// The tool is not installed and was not required.
    Skipped {
        /// What is missing and how to get it.
        reason: String,
    },
}

impl CheckOutcome {
    /// Whether the check ran and found nothing, or was left out on purpose.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Equal { .. } | Self::Proved { .. } | Self::Skipped { .. })
    }
}

/// One check and its end.
#[derive(Clone, Debug)]
pub struct CheckRecord {
    /// Name of the check.
    pub name: String,
    /// The target whose files it ran.
    pub target: String,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// Wall-clock time of the whole check.
    pub elapsed: Duration,
    /// Where its files and the output of its tools are, when they were kept.
    pub kept: Option<PathBuf>,
}

impl CheckRecord {
    /// The record of a check that ran.
    pub fn new(checker: &dyn Checker, verdict: Result<Verdict, ToolError>, elapsed: Duration) -> Self {
        let outcome = match verdict {
            Ok(Verdict::Equal { vectors }) => CheckOutcome::Equal { vectors },
            Ok(Verdict::Proved { vectors, how }) => CheckOutcome::Proved { vectors, how },
            Ok(Verdict::Different { count, vectors, first }) => CheckOutcome::Different {
                summary: format!("{count} of {vectors} vectors differ from inference"),
                details: first.to_string(),
            },
            Ok(Verdict::Refuted { what, first }) => CheckOutcome::Different {
                summary: what,
                details: first.map(|first| first.to_string()).unwrap_or_default(),
            },
            Ok(Verdict::TestBench { line }) => CheckOutcome::Different {
                summary: "the test bench does not agree with inference".to_owned(),
                details: format!("outputs equal, but the test bench says: {line}"),
            },
            Err(error) => CheckOutcome::Failed { error: error.to_string() },
        };
        let (name, target) = (checker.name().to_owned(), checker.target().to_owned());
        Self { name, target, outcome, elapsed, kept: None }
    }

    /// The record of a check that was left out.
    pub fn skipped(checker: &dyn Checker, reason: &dyn fmt::Display) -> Self {
        Self {
            name: checker.name().to_owned(),
            target: checker.target().to_owned(),
            outcome: CheckOutcome::Skipped { reason: reason.to_string() },
            elapsed: Duration::ZERO,
            kept: None,
        }
    }

    /// One sentence for the end of the program.
    pub fn sentence(&self) -> String {
        let what = match &self.outcome {
            CheckOutcome::Equal { .. } => "equal",
            CheckOutcome::Proved { .. } => "proved equal",
            CheckOutcome::Different { summary: text, .. }
            | CheckOutcome::Failed { error: text }
            | CheckOutcome::Skipped { reason: text } => text,
        };
        format!("check {}: {what}", self.name)
    }
}

impl fmt::Display for CheckRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, seconds) = (&self.name, self.elapsed.as_secs_f64());
        let unit = |vectors: usize| if vectors == 1 { "vector" } else { "vectors" };
        match &self.outcome {
            CheckOutcome::Equal { vectors } => {
                write!(f, "check {name:<10} equal on {vectors} {}  ({seconds:.1} s)", unit(*vectors))
            }
            CheckOutcome::Proved { how, .. } => write!(f, "check {name:<10} proved equal, {how}  ({seconds:.1} s)"),
            CheckOutcome::Different { summary, details } => {
                match summary.strip_suffix(" differ from inference") {
                    Some(vectors) => write!(f, "check {name:<10} DIFFERENT on {vectors}, first:")?,
                    None => write!(f, "check {name:<10} DIFFERENT: {summary}")?,
                }
                if details.is_empty() { Ok(()) } else { write!(f, "\n{details}") }
            }
            CheckOutcome::Failed { error } => write!(f, "check {name:<10} NOT DONE: {error}"),
            CheckOutcome::Skipped { reason } => write!(f, "check {name:<10} skipped: {reason}"),
        }?;
        match &self.kept {
            Some(folder) if !self.outcome.is_success() => {
                write!(f, "\n  files and the output of the tools: {}", folder.display())
            }
            _ => Ok(()),
        }
    }
}

/// All checks of one run.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The model's name.
    pub model: String,
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// The checks in the order in which they ran.
    pub records: Vec<CheckRecord>,
}

impl Summary {
    /// The results as JSON: `model`, `model_sha256`, `result`, and `checks` with `name`,
    /// `target`, `result` (`equal`, `proved`, `different`, `not done`, `skipped`), `seconds` and
    /// what belongs to the result.
    pub fn to_json(&self) -> String {
        let checks: Vec<Value> = self.records.iter().map(record_json).collect();
        let any = |wanted: fn(&CheckOutcome) -> bool| self.records.iter().any(|record| wanted(&record.outcome));
        let result = if any(|outcome| matches!(outcome, CheckOutcome::Different { .. })) {
            "different"
        } else if any(|outcome| matches!(outcome, CheckOutcome::Failed { .. })) {
            "not done"
        } else {
            "equal"
        };
        let value = json!({
            "model": self.model,
            "model_sha256": self.model_sha256,
            "result": result,
            "checks": checks,
        });
        serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
    }

    /// The results as JUnit XML: one test case a check; a difference is a failure, a tool that
    /// failed is an error.
    pub fn to_junit(&self) -> String {
        let count =
            |wanted: fn(&CheckOutcome) -> bool| self.records.iter().filter(|record| wanted(&record.outcome)).count();
        let seconds: f64 = self.records.iter().map(|record| record.elapsed.as_secs_f64()).sum();
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"difflut verify {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\">\n",
            xml(&self.model),
            self.records.len(),
            count(|outcome| matches!(outcome, CheckOutcome::Different { .. })),
            count(|outcome| matches!(outcome, CheckOutcome::Failed { .. })),
            count(|outcome| matches!(outcome, CheckOutcome::Skipped { .. })),
        );
        for record in &self.records {
            let head = format!(
                "    <testcase classname=\"difflut.{}.{}\" name=\"{}\" time=\"{:.3}\"",
                xml(&identifier(&self.model)),
                xml(&record.target),
                xml(&record.name),
                record.elapsed.as_secs_f64()
            );
            let body = match &record.outcome {
                CheckOutcome::Equal { .. } | CheckOutcome::Proved { .. } => None,
                CheckOutcome::Different { summary, details } => {
                    Some(format!("<failure message=\"{}\">{}</failure>", xml(summary), xml(details)))
                }
                CheckOutcome::Failed { error } => {
                    let first = error.lines().next().unwrap_or_default();
                    Some(format!("<error message=\"{}\">{}</error>", xml(first), xml(error)))
                }
                CheckOutcome::Skipped { reason } => Some(format!("<skipped message=\"{}\"/>", xml(reason))),
            };
            match body {
                None => text.push_str(&format!("{head}/>\n")),
                Some(body) => text.push_str(&format!("{head}>\n      {body}\n    </testcase>\n")),
            }
        }
        text.push_str("  </testsuite>\n</testsuites>\n");
        text
    }
}

fn record_json(record: &CheckRecord) -> Value {
    let mut value = json!({
        "name": record.name,
        "target": record.target,
        "seconds": (record.elapsed.as_secs_f64() * 1e3).round() / 1e3,
    });
    let fields = match &record.outcome {
        CheckOutcome::Equal { vectors } => json!({ "result": "equal", "vectors": vectors }),
        CheckOutcome::Proved { vectors, how } => json!({ "result": "proved", "vectors": vectors, "how": how }),
        CheckOutcome::Different { summary, details } => {
            json!({ "result": "different", "summary": summary, "details": details })
        }
        CheckOutcome::Failed { error } => json!({ "result": "not done", "error": error }),
        CheckOutcome::Skipped { reason } => json!({ "result": "skipped", "reason": reason }),
    };
    if let (Value::Object(value), Value::Object(fields)) = (&mut value, fields) {
        value.extend(fields);
        if let Some(kept) = &record.kept {
            value.insert("kept".to_owned(), json!(kept.display().to_string()));
        }
    }
    value
}

/// Text for an attribute or an element; what XML 1.0 cannot hold becomes a question mark.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for symbol in text.chars() {
        match symbol {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => safe.push(symbol),
            _ => safe.push('?'),
        }
    }
    safe
}

fn identifier(text: &str) -> String {
    text.chars().map(|symbol| if symbol.is_ascii_alphanumeric() { symbol } else { '_' }).collect()
}

/// Most bytes of one file that is worth keeping.
const MOST_KEPT: u64 = 64 << 20;

/// Copies the files of a check's scratch folder to `target`, over files of the same names, and those of the
/// artefact, `files`, that lie in folders below it; what compilers built in folders of their own is left behind.
///
/// # Errors
/// [`ToolError::Scratch`].
pub fn keep_folder(scratch: &Path, target: &Path, files: &[EmittedFile]) -> Result<(), ToolError> {
    let failed = |source| ToolError::Scratch { path: target.to_owned(), source };
    std::fs::create_dir_all(target).map_err(failed)?;
    for entry in std::fs::read_dir(scratch).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let metadata = entry.metadata().map_err(failed)?;
        if metadata.is_file() && metadata.len() <= MOST_KEPT {
            std::fs::copy(entry.path(), target.join(entry.file_name())).map_err(failed)?;
        }
    }
    for file in files {
        let (from, to) = (scratch.join(&file.name), target.join(&file.name));
        let Some(folder) = to.parent().filter(|folder| *folder != target) else { continue };
        std::fs::create_dir_all(folder).and_then(|()| std::fs::copy(&from, &to)).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, outcome: CheckOutcome) -> CheckRecord {
        CheckRecord {
            name: name.into(),
            target: "verilog".into(),
            outcome,
            elapsed: Duration::from_millis(1500),
            kept: None,
        }
    }

    fn summary() -> Summary {
        let records = vec![
            record("icarus", CheckOutcome::Equal { vectors: 7 }),
            record(
                "gcc",
                CheckOutcome::Different { summary: "1 of 7 <vectors>".into(), details: "a & \"b\"\u{1}".into() },
            ),
            record("ghdl", CheckOutcome::Failed { error: "it hung\nsecond line".into() }),
            record("avr", CheckOutcome::Skipped { reason: "not there".into() }),
        ];
        Summary { model: "my net".into(), model_sha256: "00".into(), records }
    }

    #[test]
    fn junit_counts_each_kind_and_escapes_text() {
        let text = summary().to_junit();
        assert!(text.contains("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"6.000\""), "{text}");
        assert!(
            text.contains("<failure message=\"1 of 7 &lt;vectors&gt;\">a &amp; &quot;b&quot;?</failure>"),
            "{text}"
        );
        assert!(text.contains("<error message=\"it hung\">it hung\nsecond line</error>"), "{text}");
        assert!(text.contains("classname=\"difflut.my_net.verilog\" name=\"icarus\" time=\"1.500\"/>"), "{text}");
    }

    #[test]
    fn json_says_the_worst_result() {
        let value = |summary: &Summary| serde_json::from_str::<Value>(&summary.to_json()).unwrap();
        let all = value(&summary());
        assert_eq!(all["result"], "different");
        assert_eq!(all["checks"][0]["vectors"], 7);
        assert_eq!(all["checks"][3]["result"], "skipped");
        let mut rest = summary();
        rest.records.remove(1);
        assert_eq!(value(&rest)["result"], "not done");
        rest.records.remove(1);
        assert_eq!(value(&rest)["result"], "equal");
    }

    #[test]
    fn kept_files_replace_older_ones_and_leave_others_alone() {
        let (scratch, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(scratch.path().join("transcript.txt"), "new").unwrap();
        std::fs::create_dir(scratch.path().join("objects")).unwrap();
        std::fs::write(target.path().join("transcript.txt"), "old").unwrap();
        std::fs::write(target.path().join("thesis.txt"), "mine").unwrap();
        std::fs::create_dir(scratch.path().join("primitives")).unwrap();
        std::fs::write(scratch.path().join("primitives/LUT2.v"), "a model").unwrap();
        let file = |name: &str| EmittedFile { name: name.into(), purpose: "", contents: Vec::new() };
        let files = [file("transcript.txt"), file("primitives/LUT2.v")];
        keep_folder(scratch.path(), target.path(), &files).unwrap();
        assert!(target.path().join("primitives/LUT2.v").is_file());
        assert_eq!(std::fs::read_to_string(target.path().join("transcript.txt")).unwrap(), "new");
        assert!(target.path().join("thesis.txt").is_file() && !target.path().join("objects").exists());
    }
}
