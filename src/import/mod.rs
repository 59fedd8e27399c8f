//! Foreign checkpoints: whatever a PyTorch library trained becomes a [`BinarizedNetwork`].
//!
//! A [`Checkpoint`] is a file of named tensors (torch.save, safetensors, npz), a [`Sidecar`] what
//! those do not hold. One file per library turns both into layers, following the library to the
//! last bit; [`Golden`] compares the result with the library's own outputs.
//!
//! Nothing here executes or trusts a file: pickles are read by a machine that knows a list of
//! inert names, and every size is checked against the bytes that are there before memory is
//! taken for it.

mod archive;
mod blif;
mod checkpoint;
mod detect;
mod difflogic;
mod difflut;
mod error;
mod fitted;
mod golden;
mod hints;
mod job;
mod npz;
mod pickle;
mod sidecar;
mod stack;
mod tensor;
mod torch_dwn;
mod torch_file;
mod torchlogix;
mod walk;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::binarized::{BinarizedNetwork, Encoder, Head};

use job::Job;
use stack::Stack;

pub use blif::{import_blif, parse_blif};
pub use checkpoint::Checkpoint;
pub use error::ImportError;
pub use golden::{Difference, Golden, GoldenReport};
pub use pickle::{PickleError, PickleProblem};
pub use sidecar::{
    Activation, EncoderKind, EncoderSpec, EvalMode, HeadSpec, ModuleKind, ModuleSpec, Nested, NodeSpec, Order,
    Parametrization, Permutation, Sidecar, Sides,
};
pub use stack::Stage;
pub use tensor::{Dtype, Tensor};

/// The libraries and formats that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// aplesner/difflut.
    Difflut,
    /// Felix-Petersen/difflogic.
    Difflogic,
    /// ligerlac/torchlogix.
    Torchlogix,
    /// alanbacellar/DWN.
    TorchDwn,
    /// Gate-level BLIF.
    Blif,
}

impl Library {
    /// The name on the command line and in sidecars.
    pub fn name(self) -> &'static str {
        match self {
            Self::Difflut => "difflut",
            Self::Difflogic => "difflogic",
            Self::Torchlogix => "torchlogix",
            Self::TorchDwn => "torch-dwn",
            Self::Blif => "blif",
        }
    }
}

/// How the library evaluates what was imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evaluation {
    /// To bits, the same ones.
    Binary,
    /// To bits, in the mode that takes the most probable gate.
    Deterministic,
    /// To real numbers; the network is the truth table of the library's own export.
    TruthTable,
}

/// What a library's importer makes.
struct Parts {
    encoder: Encoder,
    stack: Stack,
    head: Head,
    evaluation: Evaluation,
}

/// An imported network and how it relates to the checkpoint.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The network.
    pub network: BinarizedNetwork,
    /// The library.
    pub library: Library,
    /// Everything that was assumed or stated beside the checkpoint.
    pub sidecar: Sidecar,
    /// Places that the library knows by name.
    pub stages: Vec<Stage>,
    /// Added to every sum before the division by tau; the class does not depend on it.
    pub beta: f32,
    /// How the library evaluates the network.
    pub evaluation: Evaluation,
    /// What a user should know about the import.
    pub notes: Vec<String>,
    /// SHA-256 of the checkpoint.
    pub sha256: String,
}

/// Imports a checkpoint.
///
/// `library` is found by the tensors' names when it is `None` here and in the sidecar. The
/// sidecar's fields win over a configuration inside the checkpoint, and that over what shapes
/// show. `sidecar_path` is where files named in the sidecar are looked for; `golden` serves to
/// guess the integer format of the inputs where nothing states it.
///
/// # Errors
/// [`ImportError`]; what is unknown is asked for in one [`ImportError::Ask`].
pub fn import(
    checkpoint: &Checkpoint,
    library: Option<Library>,
    sidecar: Sidecar,
    sidecar_path: &Path,
    golden: Option<&Golden>,
) -> Result<Imported, ImportError> {
    let library = match library.or(sidecar.library) {
        Some(library) => library,
        None => detect::detect(checkpoint)?,
    };
    let sidecar = match checkpoint.config() {
        Some(config) => sidecar.or(hints::from_config(config, Some(checkpoint))),
        None => sidecar,
    };
    let mut job = Job::new(checkpoint, sidecar, sidecar_path);
    job.sidecar.library = Some(library);
    let x = golden.and_then(|golden| golden.x().ok());
    // Asked first, so that its question is among those of the library.
    let input = job.input_format(x);
    let parts = match library {
        Library::Difflut => difflut::import(&mut job)?,
        Library::Difflogic => difflogic::import(&mut job)?,
        Library::Torchlogix => torchlogix::import(&mut job)?,
        Library::TorchDwn => torch_dwn::import(&mut job)?,
        Library::Blif => {
            return Err(ImportError::Unsupported {
                path: checkpoint.path().to_owned(),
                what: "a tensor file as BLIF".into(),
                remedy: "pass the .blif file itself".into(),
            });
        }
    };
    job.check_questions()?;
    assemble(job, library, parts, input)
}

fn assemble(
    mut job: Job<'_>,
    library: Library,
    parts: Parts,
    input: crate::config::InputFormat,
) -> Result<Imported, ImportError> {
    let Parts { mut encoder, mut stack, head, evaluation } = parts;
    if let Some(order) = job.permutation(stack.width())? {
        stack.reorder(&order);
    }
    if let Some(order) = stack.settle() {
        encoder.bits = job::reordered(&encoder.bits, &order);
    }
    divides(&job, library, &head, stack.width())?;
    let path = job.checkpoint.path();
    let name = job.sidecar.name.clone().or_else(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    let name = name.unwrap_or_else(|| "imported".into());
    job.sidecar.name = Some(name.clone());
    let spatial = stack.spatial();
    let network = BinarizedNetwork::new(name, input, encoder, stack.layers, head)
        .and_then(|network| {
            // A description is a help: what it does not fit is imported without it.
            let spatial = spatial.filter(|spatial| network.check_spatial(spatial).is_ok());
            network.with_spatial(spatial)
        })
        .map_err(|source| ImportError::Network { path: path.to_owned(), source })?;
    if evaluation == Evaluation::TruthTable {
        job.notes.push(
            "the library evaluates some nodes to real numbers; imported is their truth table, bit = value > 0.5, as its own export writes it".into(),
        );
    }
    let beta = job.sidecar.head.as_ref().and_then(|head| head.beta).unwrap_or(0.0) as f32;
    if beta != 0.0 {
        job.notes.push(format!("beta {beta} is added to every class's sum by the library; no class depends on it"));
    }
    Ok(Imported {
        network,
        library,
        sidecar: job.sidecar,
        stages: stack.stages,
        beta,
        evaluation,
        notes: job.notes,
        sha256: job.checkpoint.sha256().to_owned(),
    })
}

/// difflogic and torchlogix refuse a width that classes do not divide; the others pad.
fn divides(job: &Job<'_>, library: Library, head: &Head, width: usize) -> Result<(), ImportError> {
    let strict = matches!(library, Library::Difflogic | Library::Torchlogix);
    let classes = head.classes();
    if strict && classes > 0 && !width.is_multiple_of(classes) {
        let problem =
            format!("{classes} do not divide the {width} bits of the last layer, which {} requires", library.name());
        return Err(job.sidecar_error("head.classes", problem));
    }
    if classes > width.max(1) {
        return Err(job.sidecar_error("head.classes", format!("{classes} for {width} bits; at most one class per bit")));
    }
    Ok(())
}

/// Reads a sidecar file: a [`Sidecar`], or the configuration of a training script as JSON or
/// YAML, which has a key `peer` and from which what is known is taken.
///
/// # Errors
/// [`ImportError`].
pub fn read_sidecar(path: &Path, checkpoint: Option<&Checkpoint>) -> Result<Sidecar, ImportError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| crate::files::FileError::Read { path: path.to_owned(), source })?;
    match serde_yaml::from_str::<serde_json::Value>(&text) {
        Ok(config) if config.get("peer").is_some() => {
            let mut sidecar = hints::from_config(&config, checkpoint);
            // difflogic's state dict has no wiring; the same weights in safetensors beside it have.
            let wiring = path.with_file_name("model.safetensors");
            let unwired = checkpoint.is_some_and(|checkpoint| {
                let mut names = checkpoint.names().iter().chain(checkpoint.extra.keys());
                !names.any(|name| name.contains(".indices"))
            });
            if sidecar.library == Some(Library::Difflogic) && unwired && wiring.is_file() {
                sidecar.wiring = Some(std::path::PathBuf::from("model.safetensors"));
            }
            // The fitted arrays lie beside such a configuration, if anywhere.
            let arrays = path.with_file_name("encoder.safetensors");
            if arrays.is_file() {
                let file = std::path::PathBuf::from("encoder.safetensors");
                if let Some(head) = sidecar.head.as_mut().filter(|_| config.get("randperm") == Some(&true.into())) {
                    let tensor = "groupsum_randperm".into();
                    head.permutation = Some(Permutation::File { file: file.clone(), tensor });
                }
                if let Some(encoder) = &mut sidecar.encoder {
                    encoder.file = Some(file);
                }
            }
            Ok(sidecar)
        }
        _ => Sidecar::parse(path, &text),
    }
}
