//! Which library wrote a checkpoint, by the names of its tensors.

use super::{Checkpoint, ImportError, Library};

/// The library; each has names that no other uses.
pub(super) fn detect(checkpoint: &Checkpoint) -> Result<Library, ImportError> {
    let any = |test: fn(&str) -> bool| checkpoint.names().iter().any(|name| test(name));
    if any(|name| name.contains(".nodes.")) {
        Ok(Library::Difflut)
    } else if any(|name| name.ends_with("connections.indices") || name.contains("tree_weights.")) {
        Ok(Library::Torchlogix)
    } else if any(|name| name == "luts" || name.ends_with(".luts")) {
        Ok(Library::TorchDwn)
    } else if any(|name| name.ends_with(".weights")) {
        Ok(Library::Difflogic)
    } else {
        let names: Vec<&str> = checkpoint.names().iter().take(4).map(String::as_str).collect();
        Err(ImportError::NotOfLibrary {
            path: checkpoint.path().to_owned(),
            library: "difflut, difflogic, torchlogix or torch-dwn".into(),
            reason: format!("its first tensors are {names:?}; say with --from which library wrote it"),
        })
    }
}
