//! `difflut info`: what is in a model file.

use clap::Args;

use crate::binarized::{Head, LutLayer};
use crate::lower::lower;
use crate::passes::{Pipeline, optimize};
use crate::report::DesignReport;
use crate::store::{LoadedModel, ModelKind};

use super::CliError;

/// Arguments of `difflut info`.
#[derive(Debug, Args)]
pub(super) struct InfoArgs {
    /// A model file or the name of a pretrained model
    model: String,
}

pub(super) fn run(arguments: &InfoArgs) -> Result<(), CliError> {
    let model = LoadedModel::load(&arguments.model)?;
    let network = &model.network;
    say!("{}", network.name());
    say!("  file       {}", model.path.display());
    say!("  sha256     {}", model.sha256);
    say!(
        "  kind       {}",
        match model.kind {
            ModelKind::Trained => "trained model with float weights",
            ModelKind::Binarized => "binarized network, truth tables only",
        }
    );
    let input = network.input();
    let sign = if input.signed { "signed" } else { "unsigned" };
    say!(
        "  input      {} features, {} bits {sign} each, value = code * {} + {}",
        network.features(),
        input.bits,
        input.scale,
        input.offset
    );
    say!("  encoder    {} bits", network.encoder().width());
    for (index, layer) in network.layers().iter().enumerate() {
        say!("  layer {index:<4} {}", describe(layer));
    }
    match network.head() {
        Head::Bits => say!("  head       plain bits"),
        Head::GroupSum { classes, tau } => say!("  head       group sum of {classes} classes, tau {tau}"),
    }
    print_object("configuration", model.config.as_ref());
    print_object("training", model.training.as_ref());
    let mut design = lower(network);
    optimize(&mut design, &Pipeline::level("2")?)?;
    say!("\nhardware after optimization\n{}", DesignReport::new(&design)?);
    Ok(())
}

fn describe(layer: &LutLayer) -> String {
    let mut used = vec![false; layer.input_width];
    for &column in &layer.wiring {
        if let Some(used) = used.get_mut(column as usize) {
            *used = true;
        }
    }
    let used = used.iter().filter(|&&used| used).count();
    format!("{} nodes of {} inputs, {used} of {} columns wired", layer.width(), layer.fan_in, layer.input_width)
}

fn print_object(title: &str, value: Option<&serde_json::Value>) {
    let Some(serde_json::Value::Object(entries)) = value else { return };
    say!("\n{title}");
    for (key, value) in entries {
        match value {
            serde_json::Value::String(text) => say!("  {key:<22} {text}"),
            other => say!("  {key:<22} {other}"),
        }
    }
}
