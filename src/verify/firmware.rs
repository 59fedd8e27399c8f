//! The emitted C header on a microcontroller: cross-compiled, and run in an emulator of it.
//!
//! One program per check and as many runs as the vectors need, since they share the flash with
//! the model. What the device prints are the outputs; the comparison is made here.

use askama::Template;

use crate::netlist::DesignHead;

use super::c_header::score_type;
use super::checker::{Answer, CheckRequest, CheckRun, Checker, write_scratch};
use super::firmware_size::{Memory, Sizes, stack_bound};
use super::{Program, Run, RunOutput, ToolError};

/// A check that compiles for one device and runs in its emulator.
#[derive(Debug)]
pub(super) struct Firmware {
    /// Name on the command line.
    pub(super) name: &'static str,
    /// One sentence for help.
    pub(super) description: &'static str,
    /// The compiler and the emulator.
    pub(super) programs: &'static [Program; 2],
    /// A file of the C library that the compiler has to find, and the Debian package that brings it.
    pub(super) library: (&'static str, &'static str),
    /// The device.
    pub(super) device: Memory,
    /// Flags of the architecture.
    pub(super) architecture: &'static [&'static str],
    /// Flags that choose the C library and its start code.
    pub(super) start: &'static [&'static str],
    /// Flags that say where the memories are.
    pub(super) memories: fn(flash: u64, ram: u64, stack: u64) -> Vec<String>,
    /// The emulator's arguments, before the program.
    pub(super) emulator: &'static [&'static str],
    /// An AVR: its flash is read by instructions of its own, its output is a serial port.
    pub(super) avr: bool,
}

#[derive(Template)]
#[template(path = "verify/firmware.c", escape = "none")]
struct Harness<'a> {
    header: String,
    name: &'a str,
    upper: String,
    classes: bool,
    score: &'static str,
    feature_bytes: usize,
    avr: bool,
}

/// The language, and every warning an error.
const STRICT: [&str; 6] = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-Os", "-fstack-usage"];

/// The most bytes of one array: avr-gcc has no larger ones.
const LARGEST_ARRAY: usize = 32_000;

impl Checker for Firmware {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn target(&self) -> &'static str {
        "c"
    }

    fn programs(&self) -> &'static [Program] {
        self.programs
    }

    fn by_default(&self) -> bool {
        false
    }

    fn require(&self) -> Result<(), ToolError> {
        let compiler = self.programs[0].require(self.name)?;
        self.programs[1].require(self.name)?;
        let folder = tempfile::tempdir().map_err(|source| ToolError::Scratch { path: std::env::temp_dir(), source })?;
        let (file, package) = self.library;
        let limit = std::time::Duration::from_secs(20);
        let asked = Run::new(&compiler, folder.path(), limit)
            .arguments(self.architecture.iter().copied())
            .arguments([format!("-print-file-name={file}")])
            .run_to_end();
        // A compiler that does not find the file says just its name.
        if asked.is_ok_and(|(output, _)| output.text.lines().any(|line| line.trim().ends_with(&format!("/{file}")))) {
            return Ok(());
        }
        Err(ToolError::MissingLibrary {
            program: self.programs[0].name.to_owned(),
            file: file.to_owned(),
            package: package.to_owned(),
            check: self.name.to_owned(),
        })
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let compiler = self.programs[0].require(self.name)?;
        let emulator = self.programs[1].require(self.name)?;
        let name = request.identifier;
        let bits = request.design.input.bits as usize;
        let feature_bytes = bits.next_power_of_two().max(8) / 8;
        let harness = Harness {
            header: format!("{name}.h"),
            name,
            upper: name.to_uppercase(),
            classes: matches!(request.design.head, DesignHead::Classes(_)),
            score: score_type(request.design),
            feature_bytes,
            avr: self.avr,
        };
        write_scratch(request.folder, "harness.c", (harness.render().unwrap_or_default() + "\n").as_bytes())?;
        let build = Build { firmware: self, compiler: &compiler, request };
        build.compile("harness")?;
        let row = request.design.input.features * feature_bytes;
        let stack = stack_bound(&read(request, "harness.su")?);
        // Once with one vector and without limits, to learn what the model itself takes.
        build.write_codes(request.vectors.vectors.get(..1).unwrap_or_default(), feature_bytes)?;
        match build.link(&(self.memories)(16 << 20, self.device.ram.max(0xf000), stack)) {
            Err(ToolError::Failed { tail, .. }) if tail.contains(" region ") => {
                let reason = tail.lines().find(|line| line.contains(" region ")).unwrap_or_default().to_owned();
                return Err(ToolError::TooLarge { check: self.name.to_owned(), reason });
            }
            linked => linked?,
        }
        let sizes = Sizes::read(&read(request, "firmware.map")?, stack);
        sizes.fit(&self.device).map_err(|reason| ToolError::TooLarge { check: self.name.to_owned(), reason })?;
        let room = (self.device.flash - sizes.flash) as usize;
        let largest = if self.avr { room.min(LARGEST_ARRAY - row.min(LARGEST_ARRAY)) } else { room };
        let batch = 1 + largest / row.max(1);
        let mut answers = Vec::with_capacity(request.vectors.vectors.len());
        for vectors in request.vectors.vectors.chunks(batch) {
            build.write_codes(vectors, feature_bytes)?;
            build.link(&(self.memories)(self.device.flash, self.device.ram, stack))?;
            let output = Run::new(&emulator, request.folder, request.limit)
                .arguments(self.emulator.iter().copied())
                .arguments(["firmware.elf"])
                .run()?;
            answers.extend(self.answers(request, vectors.len(), &output)?);
        }
        Ok(CheckRun { answers, complaint: None })
    }
}

impl Firmware {
    /// One answer per vector of a run: the numbers of all lines that begin with # and end with ;,
    /// up to the line that says how many vectors there were.
    fn answers(
        &self,
        request: &CheckRequest<'_>,
        vectors: usize,
        output: &RunOutput,
    ) -> Result<Vec<Answer>, ToolError> {
        let garbage = |problem: String| output.garbage(self.programs[1].name, problem);
        let mut numbers: Vec<&str> = Vec::new();
        let mut end = None;
        // What stands around a line is the emulator's own: colours, and a point for the line's end.
        for line in output.text.lines().filter_map(|line| line.split_once('#').map(|(_, line)| line)) {
            if end.is_some() {
                return Err(garbage("it printed more after its last line".to_owned()));
            }
            let Some((line, _)) = line.split_once(';') else {
                return Err(garbage(format!("a line is cut short: `{}`", line.trim())));
            };
            match line.strip_prefix('!') {
                Some(count) => end = Some(count.trim().to_owned()),
                None => numbers.extend(line.split_whitespace()),
            }
        }
        if end != Some(vectors.to_string()) {
            return Err(garbage(format!("no last line `#!{vectors} ;`")));
        }
        let outputs = match &request.design.head {
            DesignHead::Classes(head) => 1 + head.groups.len(),
            DesignHead::Bits => request.design.core.outputs().len(),
        };
        if numbers.len() != outputs * vectors {
            return Err(garbage(format!("{} numbers for {vectors} vectors of {outputs} outputs", numbers.len())));
        }
        Ok(numbers.chunks(outputs.max(1)).map(|line| Answer::from_decimal(request.design, &line.join(" "))).collect())
    }
}

/// The compiler at work on one artefact.
struct Build<'a> {
    firmware: &'a Firmware,
    compiler: &'a std::path::Path,
    request: &'a CheckRequest<'a>,
}

impl Build<'_> {
    fn compile(&self, file: &str) -> Result<(), ToolError> {
        let compiled = Run::new(self.compiler, self.request.folder, self.request.limit)
            .arguments(STRICT)
            .arguments(self.firmware.architecture.iter().copied())
            .arguments(self.firmware.start.iter().copied())
            .arguments(["-c", "-o", &format!("{file}.o"), &format!("{file}.c")])
            .run();
        match compiled {
            // A table that is no possible object of this compiler.
            Err(ToolError::Failed { tail, .. }) if tail.contains("size of array") && tail.contains("is too large") => {
                let line = tail.lines().find(|line| line.contains("is too large")).unwrap_or_default();
                let reason = format!("{} has no arrays of this size: {}", self.firmware.device.name, line.trim());
                Err(ToolError::TooLarge { check: self.firmware.name.to_owned(), reason })
            }
            other => other.map(drop),
        }
    }

    /// Writes and compiles the vectors' codes, bytes of little-endian numbers.
    fn write_codes(&self, vectors: &[crate::emit::Vector], feature_bytes: usize) -> Result<(), ToolError> {
        // The linker puts what has this name behind the tables, which near pointers have to reach.
        let place = if self.firmware.avr { "__attribute__((section(\".progmemx.codes\")))\n" } else { "" };
        let mut text = format!(
            "extern const unsigned char difflut_codes[];\nextern const unsigned long difflut_vectors;\n\
             const unsigned long difflut_vectors = {};\n{place}const unsigned char difflut_codes[] = {{\n",
            vectors.len()
        );
        for vector in vectors {
            let bytes = vector.codes.iter().flat_map(|code| code.to_le_bytes().into_iter().take(feature_bytes));
            text.extend(bytes.map(|byte| format!("{byte},")));
            text.push('\n');
        }
        text.push_str("};\n");
        write_scratch(self.request.folder, "codes.c", text.as_bytes())?;
        self.compile("codes")
    }

    fn link(&self, memories: &[String]) -> Result<(), ToolError> {
        Run::new(self.compiler, self.request.folder, self.request.limit)
            .arguments(self.firmware.architecture.iter().copied())
            .arguments(self.firmware.start.iter().copied())
            .arguments(memories.iter().cloned())
            .arguments(["-Wl,-Map=firmware.map", "-o", "firmware.elf", "harness.o", "codes.o"])
            .run()
            .map(drop)
    }
}

fn read(request: &CheckRequest<'_>, name: &str) -> Result<String, ToolError> {
    let path = request.folder.join(name);
    std::fs::read_to_string(&path).map_err(|source| ToolError::Scratch { path, source })
}
