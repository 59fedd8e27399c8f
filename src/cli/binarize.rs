//! `difflut binarize`: the truth tables of a model as a file of their own.

use std::path::PathBuf;

use clap::Args;

use crate::store::LoadedModel;

use super::CliError;

/// Arguments of `difflut binarize`.
#[derive(Debug, Args)]
pub(super) struct BinarizeArgs {
    /// A model file or the name of a pretrained model
    model: String,
    /// The file to write
    #[arg(long, short, value_name = "FILE.safetensors")]
    out: PathBuf,
}

pub(super) fn run(arguments: &BinarizeArgs) -> Result<(), CliError> {
    let model = LoadedModel::load(&arguments.model)?;
    let mut file = model.network.to_file();
    for (key, value) in [("config", &model.config), ("training", &model.training)] {
        if let Some(value) = value {
            file.metadata(key, value.to_string());
        }
    }
    file.write(&arguments.out)?;
    say!("wrote {}: {} LUT nodes without float weights", arguments.out.display(), model.network.nodes());
    Ok(())
}
