//! Every external program: is it there, which version, does it really work?

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::tool::Run;
use super::{CHECKERS, Program, ToolError};

/// How long a program may take for its tiny job.
const LIMIT: Duration = Duration::from_secs(60);

/// What is known about one program on this machine.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The program.
    pub program: Program,
    /// Where it is, `None` when it is not installed.
    pub path: Option<PathBuf>,
    /// The first line that it prints about its version.
    pub version: Option<String>,
    /// What is wrong with it; `None` when it did its tiny job, or when it is not installed.
    pub problem: Option<String>,
    /// The checks that need it.
    pub checks: Vec<&'static str>,
}

impl Examination {
    /// Installed, new enough and working.
    pub fn works(&self) -> bool {
        self.path.is_some() && self.problem.is_none()
    }

    /// The commands that install it, by kind of machine.
    pub fn install(&self) -> Vec<(&'static str, String)> {
        let mut commands = vec![("Debian, Ubuntu", format!("apt-get install {}", self.program.package))];
        let brew = HOMEBREW.iter().find(|(name, _)| *name == self.program.name);
        commands.extend(brew.map(|(_, formula)| ("macOS", format!("brew install {formula}"))));
        commands
    }
}

/// Homebrew formulas.
const HOMEBREW: &[(&str, &str)] = &[
    ("iverilog", "icarus-verilog"),
    ("vvp", "icarus-verilog"),
    ("verilator", "verilator"),
    ("yosys", "yosys"),
    ("ghdl", "ghdl"),
    ("gcc", "gcc"),
    ("g++", "gcc"),
    ("clang", "llvm"),
    ("rustc", "rust"),
    ("dot", "graphviz"),
    ("qemu-system-arm", "qemu"),
    ("qemu-system-riscv32", "qemu"),
    ("arm-none-eabi-gcc", "--cask gcc-arm-embedded"),
];

/// A tiny job (that of `iverilog` runs in `vvp`): files to write, then commands, of which the last must print `answer`.
struct Job {
    program: &'static str,
    files: &'static [(&'static str, &'static str)],
    arguments: &'static [&'static str],
    /// A program of the scratch folder to run afterwards.
    then: Option<&'static str>,
    answer: Option<&'static str>,
}

const C_PROGRAM: (&str, &str) = ("tiny.c", "#include <stdio.h>\nint main(void) { puts(\"works\"); return 0; }\n");
const C_FUNCTION: (&str, &str) = ("tiny.c", "int tiny(int x) { return x + 1; }\n");
const MODULE: (&str, &str) =
    ("tiny.v", "module tiny(input a, output y);\n  assign y = ~a;\n  initial $display(\"works\");\nendmodule\n");
const INVERTER: (&str, &str) = ("tiny.v", "module tiny(input a, output y);\n  assign y = ~a;\nendmodule\n");

const JOBS: &[Job] = &[
    Job {
        program: "iverilog",
        files: &[MODULE],
        arguments: &["-o", "tiny", "tiny.v"],
        then: Some("tiny"),
        answer: Some("works"),
    },
    Job { program: "vvp", files: &[], arguments: &["-V"], then: None, answer: Some("Icarus Verilog runtime") },
    Job {
        program: "verilator",
        files: &[INVERTER],
        arguments: &["--lint-only", "-Wall", "tiny.v"],
        then: None,
        answer: None,
    },
    Job {
        program: "yosys",
        files: &[INVERTER],
        arguments: &["-p", "read_verilog tiny.v; synth -top tiny; stat"],
        then: None,
        answer: Some("Number of cells:"),
    },
    Job {
        program: "ghdl",
        files: &[(
            "tiny.vhd",
            "entity tiny is end;\narchitecture a of tiny is begin\nprocess begin report \"works\"; wait; end process;\nend;\n",
        )],
        arguments: &["-c", "tiny.vhd", "-r", "tiny"],
        then: None,
        answer: Some("works"),
    },
    Job {
        program: "gcc",
        files: &[C_PROGRAM],
        arguments: &["-o", "tiny", "tiny.c"],
        then: Some("tiny"),
        answer: Some("works"),
    },
    Job {
        program: "g++",
        files: &[C_PROGRAM],
        arguments: &["-x", "c++", "-o", "tiny", "tiny.c"],
        then: Some("tiny"),
        answer: Some("works"),
    },
    Job {
        program: "clang",
        files: &[C_PROGRAM],
        arguments: &["-o", "tiny", "tiny.c"],
        then: Some("tiny"),
        answer: Some("works"),
    },
    Job {
        program: "rustc",
        files: &[("tiny.rs", "fn main() {\n    println!(\"works\");\n}\n")],
        arguments: &["-o", "tiny", "tiny.rs"],
        then: Some("tiny"),
        answer: Some("works"),
    },
    Job {
        program: "dot",
        files: &[("tiny.dot", "digraph tiny { a -> b }\n")],
        arguments: &["-Tsvg", "tiny.dot"],
        then: None,
        answer: Some("</svg>"),
    },
    Job {
        program: "arm-none-eabi-gcc",
        files: &[C_FUNCTION],
        arguments: &["-mcpu=cortex-m0", "-mthumb", "-c", "tiny.c"],
        then: None,
        answer: None,
    },
    Job {
        program: "avr-gcc",
        files: &[C_FUNCTION],
        arguments: &["-mmcu=atmega1284p", "-c", "tiny.c"],
        then: None,
        answer: None,
    },
    Job {
        program: "riscv64-unknown-elf-gcc",
        files: &[C_FUNCTION],
        arguments: &["-march=rv32imac", "-mabi=ilp32", "-c", "tiny.c"],
        then: None,
        answer: None,
    },
    Job {
        program: "qemu-system-arm",
        files: &[],
        arguments: &["-machine", "help"],
        then: None,
        answer: Some("mps2-an385"),
    },
    Job {
        program: "qemu-system-riscv32",
        files: &[],
        arguments: &["-machine", "help"],
        then: None,
        answer: Some("virt"),
    },
    Job { program: "simavr", files: &[], arguments: &["--list-cores"], then: None, answer: Some("atmega1284p") },
    Job {
        program: "python3",
        files: &[("tiny.py", "print('works')\n")],
        arguments: &["tiny.py"],
        then: None,
        answer: Some("works"),
    },
];

/// Programs whose tiny job ends with a failure though it is done.
const FAIL_ANYWAY: &[&str] = &["simavr"];

/// Examines every program that some check needs, in the order of the checks.
///
/// # Errors
/// [`ToolError::Scratch`] when there is no place for the tiny jobs.
pub fn examine_all() -> Result<Vec<Examination>, ToolError> {
    let mut examinations: Vec<Examination> = Vec::new();
    for checker in CHECKERS {
        for program in checker.programs() {
            match examinations.iter_mut().find(|known| known.program.name == program.name) {
                Some(known) => known.checks.push(checker.name()),
                None => examinations.push(Examination { checks: vec![checker.name()], ..examine(program)? }),
            }
        }
    }
    Ok(examinations)
}

/// Examines one program.
///
/// # Errors
/// [`ToolError::Scratch`].
pub fn examine(program: &Program) -> Result<Examination, ToolError> {
    let path = program.find();
    let mut examination =
        Examination { program: *program, path: path.clone(), version: None, problem: None, checks: Vec::new() };
    let Some(path) = path else { return Ok(examination) };
    examination.version = program.version();
    examination.problem = match program.require("doctor") {
        Err(error @ ToolError::Version { .. }) => Some(error.to_string()),
        _ => match JOBS.iter().find(|job| job.program == program.name) {
            Some(job) => do_job(job, &path)?,
            None => None,
        },
    };
    Ok(examination)
}

/// What went wrong with the job, if anything did.
fn do_job(job: &Job, path: &Path) -> Result<Option<String>, ToolError> {
    let folder = tempfile::Builder::new()
        .prefix("difflut-doctor-")
        .tempdir()
        .map_err(|source| ToolError::Scratch { path: std::env::temp_dir(), source })?;
    for (name, text) in job.files {
        super::checker::write_scratch(folder.path(), name, text.as_bytes())?;
    }
    let run = Run::new(path, folder.path(), LIMIT).arguments(job.arguments.iter().copied());
    let mut result = match FAIL_ANYWAY.contains(&job.program) {
        true => run.run_to_end().map(|(output, _)| output),
        false => run.run(),
    };
    if let (Ok(_), Some(then)) = (&result, job.then) {
        result = Run::new(&folder.path().join(then), folder.path(), LIMIT).run();
    }
    Ok(match (result, job.answer) {
        (Err(error), _) => Some(error.to_string()),
        (Ok(output), Some(answer)) if !output.text.contains(answer) => {
            Some(output.garbage(job.program, format!("it did not print `{answer}`")).to_string())
        }
        (Ok(_), _) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_of_every_check_has_a_tiny_job() {
        for checker in CHECKERS {
            for program in checker.programs() {
                assert!(JOBS.iter().any(|job| job.program == program.name), "{}", program.name);
            }
        }
    }

    #[test]
    fn a_program_that_is_absent_does_not_work_and_has_an_install_command() {
        let program = Program { name: "difflut-no-such-tool", package: "somewhere", version_argument: "-V" };
        let examination = examine(&program).unwrap();
        assert!(!examination.works() && examination.problem.is_none());
        assert_eq!(examination.install(), [("Debian, Ubuntu", "apt-get install somewhere".to_owned())]);
    }
}
