//! `difflut import`: a foreign checkpoint as a model file.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::files::FileError;
use crate::import::{
    Checkpoint, Difference, Golden, GoldenReport, ImportError, Imported, Library, Sidecar, import, import_blif,
    read_sidecar,
};

/// Arguments of `difflut import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A torch.save file (.pth, .pt), .safetensors, .npz or .blif
    checkpoint: PathBuf,
    /// The library that wrote it
    #[arg(long, value_enum, default_value_t = From::Auto)]
    from: From,
    /// What the checkpoint does not hold: encoder, classes, tau, geometry (see docs/import.md)
    #[arg(long, value_name = "FILE.yaml")]
    sidecar: Option<PathBuf>,
    /// The library's own outputs, to compare with: x, encoded, layer<i>_out, scores, pred
    #[arg(long, value_name = "FILE.npz")]
    golden: Option<PathBuf>,
    /// The model file to write
    #[arg(long, short, value_name = "FILE.safetensors")]
    out: PathBuf,
}

/// The libraries, and `auto` to tell them apart by the names of the tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    Auto,
    Difflut,
    Difflogic,
    Torchlogix,
    TorchDwn,
    Blif,
}

impl From {
    fn library(self) -> Option<Library> {
        match self {
            Self::Auto => None,
            Self::Difflut => Some(Library::Difflut),
            Self::Difflogic => Some(Library::Difflogic),
            Self::Torchlogix => Some(Library::Torchlogix),
            Self::TorchDwn => Some(Library::TorchDwn),
            Self::Blif => Some(Library::Blif),
        }
    }
}

/// Why `difflut import` ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportCliError {
    /// The checkpoint, sidecar or golden file cannot be used.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The model cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The network and the golden file differ; nothing was written.
    #[error("the imported network differs from the golden file; no model was written\n{0}")]
    Different(Box<Difference>),
}

impl ImportCliError {
    /// The exit code of the program: 1 for a difference, 2 for anything that cannot be read.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Different(_) => 1,
            Self::Import(_) | Self::File(_) => 2,
        }
    }
}

/// Imports, compares where a golden file is given, and writes the model.
///
/// # Errors
/// [`ImportCliError`]; no model is written then.
pub(super) fn run(arguments: &ImportArgs) -> Result<(), ImportCliError> {
    let path = &arguments.checkpoint;
    let is_blif = arguments.from == From::Blif
        || arguments.from == From::Auto && path.extension().is_some_and(|extension| extension == "blif");
    let imported = if is_blif {
        let sidecar = match &arguments.sidecar {
            Some(path) => read_sidecar(path, None)?,
            None => Sidecar::default(),
        };
        let imported = import_blif(path, sidecar)?;
        compare(arguments, &imported)?;
        imported
    } else {
        from_tensors(arguments, path)?
    };
    for note in &imported.notes {
        say!("note: {note}");
    }
    let network = &imported.network;
    let mut file = network.to_file();
    file.metadata("import", record(&imported, path).to_string());
    file.write(&arguments.out)?;
    say!(
        "wrote {}: {} features, {} encoded bits, {} layers, {} LUT nodes from a {} checkpoint",
        arguments.out.display(),
        network.features(),
        network.encoder().width(),
        network.layers().len(),
        network.nodes(),
        imported.library.name()
    );
    Ok(())
}

fn from_tensors(arguments: &ImportArgs, path: &Path) -> Result<Imported, ImportCliError> {
    let checkpoint = Checkpoint::open(path)?;
    let (sidecar, sidecar_path) = match &arguments.sidecar {
        Some(path) => (read_sidecar(path, Some(&checkpoint))?, path.clone()),
        None => (Sidecar::default(), path.to_owned()),
    };
    let stated = sidecar.clone();
    let set = sidecar.encoder.as_ref().and_then(|encoder| encoder.set.clone());
    let golden = match &arguments.golden {
        Some(path) => Some(Golden::open(path, set.as_deref())?),
        None => None,
    };
    let imported = import(&checkpoint, arguments.from.library(), sidecar, &sidecar_path, golden.as_ref())?;
    if imported.sidecar != stated {
        say!("sidecar as assumed (save it with --sidecar in mind where something is wrong):");
        for line in imported.sidecar.to_yaml().lines() {
            say!("  {line}");
        }
    }
    if let Some(golden) = &golden {
        report(&golden.compare(&imported)?)?;
    }
    Ok(imported)
}

fn compare(arguments: &ImportArgs, imported: &Imported) -> Result<(), ImportCliError> {
    match &arguments.golden {
        Some(path) => report(&Golden::open(path, None)?.compare(imported)?),
        None => Ok(()),
    }
}

fn report(report: &GoldenReport) -> Result<(), ImportCliError> {
    for note in &report.notes {
        say!("note: {note}");
    }
    if !report.missing.is_empty() {
        say!("note: the golden file says nothing about {}", report.missing.join(", "));
    }
    match &report.difference {
        Some(difference) => Err(ImportCliError::Different(Box::new(difference.clone()))),
        None => {
            say!("agrees with the golden file on {} samples: {}", report.samples, report.compared.join(", "));
            Ok(())
        }
    }
}

/// How the model was made, for its metadata: no date, no path beyond the file's name.
fn record(imported: &Imported, path: &Path) -> serde_json::Value {
    serde_json::json!({
        "library": imported.library.name(),
        "source": path.file_name().map(|name| name.to_string_lossy().into_owned()),
        "sha256": imported.sha256,
        "beta": imported.beta,
        "notes": imported.notes,
    })
}
