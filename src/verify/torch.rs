//! The emitted loader in PyTorch.

use std::process::{Command, Stdio};

use askama::Template;

use crate::netlist::DesignHead;

use super::checker::{CheckRequest, CheckRun, Checker, answers_from_decimal, write_scratch};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct Torch;

static PROGRAMS: [Program; 1] = [Program { name: "python3", package: "python3", version_argument: "--version" }];

#[derive(Template)]
#[template(path = "verify/torch_harness.py", escape = "none")]
struct Harness {
    module: String,
    classes: bool,
}

impl Checker for Torch {
    fn name(&self) -> &'static str {
        "torch"
    }

    fn description(&self) -> &'static str {
        "runs the loader in PyTorch (python3 with torch and safetensors)"
    }

    fn target(&self) -> &'static str {
        "torch"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn require(&self) -> Result<(), ToolError> {
        let python = PROGRAMS[0].require(self.name())?;
        let start = |source| ToolError::Start { program: "python3".into(), source };
        let mut command = Command::new(&python);
        let output =
            command.args(["-c", "import torch, safetensors.torch"]).stdin(Stdio::null()).output().map_err(start)?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(ToolError::MissingModules {
            program: python,
            modules: "torch safetensors".into(),
            check: self.name().to_owned(),
            reason: text.lines().last().unwrap_or("it said nothing").trim().to_owned(),
        })
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let python = PROGRAMS[0].require(self.name())?;
        let classes = matches!(request.design.head, DesignHead::Classes(_));
        let harness = Harness { module: format!("{}_torch", request.identifier), classes };
        write_scratch(request.folder, "harness.py", harness.render().unwrap_or_default().as_bytes())?;
        write_scratch(request.folder, "stimulus.txt", request.stimulus_decimal().as_bytes())?;
        // Warnings of torch would stand between the answers.
        let output = Run::new(&python, request.folder, request.limit)
            .arguments(["-W", "ignore", "harness.py"])
            .input(request.folder.join("stimulus.txt"))
            .run()?;
        Ok(CheckRun { answers: answers_from_decimal(request, &output, "the loader")?, complaint: None })
    }
}
