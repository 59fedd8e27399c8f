//! External programs: find them, ask their version, run them with a time limit.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(5);

/// How long a program may take to say its version.
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// Every program that a check started, with its output, in the check's scratch folder.
pub(super) const TRANSCRIPT: &str = "transcript.txt";

/// Most bytes of one run's output that are read; a program that prints without end is cut here.
const MOST_OUTPUT: u64 = 64 << 20;

/// The oldest versions that have what the checks use.
const MINIMUM: &[(&str, &str)] = &[
    ("iverilog", "10.0"),
    ("verilator", "4.200"), // VerilatedContext
    ("yosys", "0.17"),
    ("ghdl", "1.0"),
    ("gcc", "5.0"),
    ("g++", "7.0"), // C++17
    ("clang", "7.0"),
    ("rustc", "1.63.0"),
    ("dot", "2.40"), // JSON output
    ("qemu-system-arm", "4.0"),
    ("qemu-system-riscv32", "5.0"),
    ("arm-none-eabi-gcc", "7.0"),
    ("riscv64-unknown-elf-gcc", "8.0"),
    ("avr-gcc", "5.0"),
];

/// Lines of a failed program's output that are worth showing.
const TAIL_LINES: usize = 20;

/// A program that is missing or did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It is not on the PATH.
    #[error(
        "`{program}` is not on the PATH; install it (Debian: `apt-get install {package}`) or leave out the check `{check}`"
    )]
    Missing {
        /// The program.
        program: String,
        /// The Debian package that brings it.
        package: String,
        /// The check that needs it.
        check: String,
    },
    /// It is there, but modules that the check needs are not.
    #[error(
        "`{}` cannot import what the check `{check}` needs ({reason}); install it (`pip install {modules}`) or leave out the check",
        program.display()
    )]
    MissingModules {
        /// The interpreter.
        program: PathBuf,
        /// The modules.
        modules: String,
        /// The check that needs them.
        check: String,
        /// What the interpreter said.
        reason: String,
    },
    /// The compiler is there, but not the C library of its target.
    #[error(
        "`{program}` does not find `{file}`, which the check `{check}` needs; install it (Debian: `apt-get install {package}`) or leave out the check"
    )]
    MissingLibrary {
        /// The compiler.
        program: String,
        /// A file of the library.
        file: String,
        /// The Debian package that brings it.
        package: String,
        /// The check that needs it.
        check: String,
    },
    /// The artefact does not fit into the device.
    #[error("the model is too large for the device of the check `{check}`: {reason}")]
    TooLarge {
        /// The check.
        check: String,
        /// The sizes.
        reason: String,
    },
    /// A proof that was given up.
    #[error(
        "the check `{check}` neither proved nor refuted {outputs} output bits; it may need more time (--time-limit)"
    )]
    Undecided {
        /// The check.
        check: String,
        /// How many output bits are open.
        outputs: usize,
    },
    /// It could not be started.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// The program.
        program: String,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// It ended with a failure.
    #[error("`{program}` failed with {status}; the end of its output:\n{tail}")]
    Failed {
        /// The program with its arguments.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its output.
        tail: String,
    },
    /// It did not end in time and was stopped.
    #[error("`{program}` did not end within {limit} seconds and was stopped; the end of its output:\n{tail}")]
    TimeLimit {
        /// The program with its arguments.
        program: String,
        /// The limit in seconds.
        limit: u64,
        /// The last lines of its output.
        tail: String,
    },
    /// It ended well but its output is not what it should be.
    #[error("`{program}` gave an answer that cannot be read: {problem}; the end of its output:\n{tail}")]
    Garbage {
        /// The program.
        program: String,
        /// What was expected and what was found.
        problem: String,
        /// The last lines of its output.
        tail: String,
    },
    /// It is older than the check can work with, or does not say how old it is.
    #[error(
        "`{}` says it is `{found}`; the check `{check}` needs {program} {minimum} or later (Debian: `apt-get install {package}`)",
        path.display()
    )]
    Version {
        /// The program.
        program: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What it says about itself.
        found: String,
        /// The oldest version that works.
        minimum: &'static str,
        /// The Debian package that brings it.
        package: &'static str,
        /// The check that needs it.
        check: String,
    },
    /// A scratch file could not be written or read.
    #[error("scratch file `{}`: {source}", path.display())]
    Scratch {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
}

/// An external program that a check needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name on the PATH.
    pub name: &'static str,
    /// The Debian package that brings it.
    pub package: &'static str,
    /// The argument that prints its version.
    pub version_argument: &'static str,
}

impl Program {
    /// Where it is, if it is installed.
    pub fn find(&self) -> Option<PathBuf> {
        which::which(self.name).ok()
    }

    /// The first line that it prints about its version, if it runs and ends within seconds.
    pub fn version(&self) -> Option<String> {
        let path = self.find()?;
        let folder = tempfile::tempdir().ok()?;
        let run = Run::new(&path, folder.path(), VERSION_LIMIT).arguments([self.version_argument]);
        let (output, _) = run.run_to_end().ok()?;
        // Some programs know no version and explain themselves instead.
        let line = output.text.lines().map(str::trim).find(|line| !line.is_empty())?;
        (!line.starts_with("Usage")).then(|| line.to_owned())
    }

    /// The oldest version that the checks work with, where that is known.
    pub fn minimum(&self) -> Option<&'static str> {
        MINIMUM.iter().find(|(name, _)| *name == self.name).map(|&(_, minimum)| minimum)
    }

    /// Where it is; an error when it is not installed or too old.
    ///
    /// # Errors
    /// [`ToolError::Missing`], [`ToolError::Version`].
    pub fn require(&self, check: &str) -> Result<PathBuf, ToolError> {
        let path = self.find().ok_or_else(|| ToolError::Missing {
            program: self.name.to_owned(),
            package: self.package.to_owned(),
            check: check.to_owned(),
        })?;
        let Some(minimum) = self.minimum() else { return Ok(path) };
        let found = cached_version(self, &path);
        if version_numbers(&found).is_some_and(|found| Some(found) >= version_numbers(minimum)) {
            return Ok(path);
        }
        Err(ToolError::Version {
            program: self.name,
            path,
            found,
            minimum,
            package: self.package,
            check: check.to_owned(),
        })
    }
}

/// What the program at `path` says about its version, asked once.
fn cached_version(program: &Program, path: &Path) -> String {
    static KNOWN: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    let known = KNOWN.lock().ok().and_then(|known| known.get(path).cloned());
    known.unwrap_or_else(|| {
        let version = program.version().unwrap_or_else(|| "nothing".to_owned());
        if let Ok(mut known) = KNOWN.lock() {
            known.insert(path.to_owned(), version.clone());
        }
        version
    })
}

/// The first number with a point in a text, part by part: `Verilator 5.006 2023-01-22` is
/// `[5, 6]`.
fn version_numbers(text: &str) -> Option<Vec<u32>> {
    text.split(|symbol: char| !symbol.is_ascii_digit() && symbol != '.')
        .map(|word| word.trim_matches('.'))
        .filter(|word| word.contains('.'))
        .find_map(|word| word.split('.').map(|part| part.parse().ok()).collect())
}

/// One run of a program in a scratch folder.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    program: &'a Path,
    arguments: Vec<OsString>,
    folder: &'a Path,
    input: Option<PathBuf>,
    limit: Duration,
}

/// What a program printed, standard output and standard error together.
#[derive(Clone, Debug)]
pub struct RunOutput {
    /// The text.
    pub text: String,
}

impl<'a> Run<'a> {
    /// A run of `program` in `folder` that may take `limit`.
    pub fn new(program: &'a Path, folder: &'a Path, limit: Duration) -> Self {
        Self { program, arguments: Vec::new(), folder, input: None, limit }
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Feeds a file to standard input.
    #[must_use]
    pub fn input(mut self, path: PathBuf) -> Self {
        self.input = Some(path);
        self
    }

    /// Runs the program to its end, which has to be a success.
    ///
    /// # Errors
    /// [`ToolError::Start`], [`ToolError::Failed`] when the exit status is not 0,
    /// [`ToolError::TimeLimit`].
    pub fn run(&self) -> Result<RunOutput, ToolError> {
        let (output, status) = self.run_to_end()?;
        if status.success() {
            return Ok(output);
        }
        Err(ToolError::Failed { program: self.command_line(), status, tail: tail(&output.text) })
    }

    /// Runs the program to its end, whatever that is.
    ///
    /// Its output goes to a file rather than a pipe, so that a program which prints without end
    /// or leaves children behind cannot block this one.
    ///
    /// # Errors
    /// [`ToolError::Start`], [`ToolError::TimeLimit`].
    pub fn run_to_end(&self) -> Result<(RunOutput, ExitStatus), ToolError> {
        let log = tempfile::NamedTempFile::new_in(self.folder)
            .map_err(|source| ToolError::Scratch { path: self.folder.to_owned(), source })?;
        let scratch = |source| ToolError::Scratch { path: log.path().to_owned(), source };
        let start = |source| ToolError::Start { program: self.command_line(), source };
        let (stdout, stderr) = (log.reopen().map_err(scratch)?, log.reopen().map_err(scratch)?);
        let stdin = match &self.input {
            Some(path) => File::open(path).map_err(|source| ToolError::Scratch { path: path.clone(), source })?.into(),
            None => Stdio::null(),
        };
        let mut command = Command::new(self.program);
        command.args(&self.arguments).current_dir(self.folder).stdin(stdin);
        command.stdout(append(stdout).map_err(scratch)?).stderr(append(stderr).map_err(scratch)?);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(start)?;
        let printed = || log.as_file().metadata().map_or(0, |metadata| metadata.len());
        let end = wait(&mut child, self.limit, printed).map_err(start)?;
        let mut bytes = Vec::new();
        let read = log
            .reopen()
            .and_then(|file| std::io::Read::read_to_end(&mut std::io::Read::take(file, MOST_OUTPUT), &mut bytes));
        read.map_err(scratch)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.record(&end, &text).map_err(scratch)?;
        let program = self.command_line();
        match end {
            End::Exit(status) => Ok((RunOutput { text }, status)),
            End::Time => Err(ToolError::TimeLimit { program, limit: self.limit.as_secs(), tail: tail(&text) }),
            End::Output => {
                let problem = format!("it printed more than {} MiB and was stopped", MOST_OUTPUT >> 20);
                Err(ToolError::Garbage { program, problem, tail: tail(&text) })
            }
        }
    }

    /// Appends this run to the transcript of the folder.
    fn record(&self, end: &End, text: &str) -> std::io::Result<()> {
        let mut file = File::options().create(true).append(true).open(self.folder.join(TRANSCRIPT))?;
        let end = match end {
            End::Exit(status) => status.to_string(),
            End::Time => "stopped at its time limit".to_owned(),
            End::Output => "stopped, it printed too much".to_owned(),
        };
        writeln!(file, "$ {}\n{}[{end}]\n", self.command_line(), text)
    }

    fn command_line(&self) -> String {
        let mut words = vec![self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()];
        words.extend(self.arguments.iter().map(|argument| argument.to_string_lossy().into_owned()));
        words.join(" ")
    }
}

impl RunOutput {
    /// An error that says what is wrong with this output.
    pub fn garbage(&self, program: &str, problem: impl Into<String>) -> ToolError {
        ToolError::Garbage { program: program.to_owned(), problem: problem.into(), tail: tail(&self.text) }
    }
}

/// The two handles of a log share no file position, so each must append.
fn append(file: File) -> std::io::Result<Stdio> {
    #[cfg(unix)]
    {
        let flags = rustix::fs::fcntl_getfl(&file)?;
        rustix::fs::fcntl_setfl(&file, flags | rustix::fs::OFlags::APPEND)?;
    }
    Ok(file.into())
}

/// How a program came to its end.
enum End {
    Exit(ExitStatus),
    /// Stopped here: the limit passed.
    Time,
    /// Stopped here: it printed too much.
    Output,
}

/// Waits for the end. A program that has to be stopped is killed with its process group, since
/// compilers and simulators start children of their own.
fn wait(child: &mut Child, limit: Duration, printed: impl Fn() -> u64) -> std::io::Result<End> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exit(status));
        }
        let late = started.elapsed() >= limit;
        if late || printed() > MOST_OUTPUT {
            #[cfg(unix)]
            if let Some(group) = rustix::process::Pid::from_raw(child.id() as i32) {
                // The group may have ended by itself in this moment.
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = child.kill();
            child.wait()?;
            return Ok(if late { End::Time } else { End::Output });
        }
        std::thread::sleep(POLL);
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    if lines.is_empty() { "(nothing)".to_owned() } else { lines[skipped..].join("\n") }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<RunOutput, ToolError> {
        let folder = tempfile::tempdir().unwrap();
        Run::new(Path::new("/bin/sh"), folder.path(), limit).arguments(["-c", script]).run()
    }

    #[test]
    fn both_streams_are_kept_in_order() {
        let output = shell("echo one; echo two >&2; echo three", Duration::from_secs(20)).unwrap();
        assert_eq!(output.text, "one\ntwo\nthree\n");
    }

    #[test]
    fn a_failure_shows_the_end_of_the_output() {
        let error = shell("seq 1 100; exit 3", Duration::from_secs(20)).unwrap_err();
        assert!(matches!(&error, ToolError::Failed { tail, .. } if tail.starts_with("81\n") && tail.ends_with("100")));
    }

    #[test]
    fn a_program_that_hangs_is_stopped_with_its_children() {
        let error = shell("sleep 600 & echo started; wait", Duration::from_millis(300)).unwrap_err();
        assert!(matches!(&error, ToolError::TimeLimit { tail, .. } if tail == "started"), "{error}");
    }

    #[test]
    fn a_program_that_prints_without_end_is_stopped() {
        let error = shell("yes", Duration::from_secs(60)).unwrap_err();
        assert!(matches!(&error, ToolError::Garbage { problem, .. } if problem.contains("64 MiB")), "{error}");
    }

    #[test]
    fn versions_are_found_in_what_programs_print() {
        for (text, numbers) in [
            ("Icarus Verilog version 11.0 (stable) ()", vec![11, 0]),
            ("Verilator 5.006 2023-01-22 rev (Debian 5.006-3)", vec![5, 6]),
            ("Yosys 0.23 (git sha1 7ce5011c24b)", vec![0, 23]),
            ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0", vec![12, 2, 0]),
            ("GHDL 2.0.0 (Debian 2.0.0+dfsg-6) [Dunoon edition]", vec![2, 0, 0]),
        ] {
            assert_eq!(version_numbers(text), Some(numbers), "{text}");
        }
        assert_eq!(version_numbers("segmentation fault"), None);
        assert!(version_numbers("4.106") < version_numbers("4.200"));
    }

    #[test]
    fn every_run_is_in_the_transcript_with_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let run = |script: &str, limit| {
            Run::new(Path::new("/bin/sh"), folder.path(), limit).arguments(["-c", script]).run_to_end().is_ok()
        };
        assert!(run("echo one; exit 3", Duration::from_secs(20)));
        assert!(!run("echo two; sleep 600", Duration::from_millis(200)));
        let transcript = std::fs::read_to_string(folder.path().join(TRANSCRIPT)).unwrap();
        assert_eq!(
            transcript,
            "$ sh -c echo one; exit 3\none\n[exit status: 3]\n\n\
             $ sh -c echo two; sleep 600\ntwo\n[stopped at its time limit]\n\n"
        );
    }

    #[test]
    fn a_missing_program_names_its_package() {
        let program = Program { name: "difflut-no-such-tool", package: "somewhere", version_argument: "-V" };
        assert_eq!(program.version(), None);
        let message = program.require("icarus").unwrap_err().to_string();
        assert!(message.contains("apt-get install somewhere") && message.contains("check `icarus`"), "{message}");
    }
}
