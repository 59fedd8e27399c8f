//! `difflut info`: what is in a model file.

use std::path::Path;

use clap::Args;

use crate::binarized::{Head, LutLayer};
#[cfg(feature = "train")]
use crate::config::ForkConfig;
use crate::config::{HeadType, ModelConfig};
use crate::lower::lower;
use crate::passes::{Pipeline, optimize};
use crate::report::DesignReport;
use crate::store::{self, LoadedModel, ModelKind};

use super::CliError;

/// Arguments of `difflut info`.
#[derive(Debug, Args)]
pub(super) struct InfoArgs {
    /// A model file, a YAML file, or the name of a pretrained model or of one of the zoo
    model: String,
}

pub(super) fn run(arguments: &InfoArgs) -> Result<(), CliError> {
    if let Some(name) = description(&arguments.model) {
        say!("{}", name.trim_end());
        return Ok(());
    }
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
        Head::Bits => say!("  head       {} plain bits{}", network.output_width(), bits_mean(&model)),
        Head::GroupSum { classes, tau } => say!("  head       group sum of {classes} classes, tau {tau}"),
    }
    print_object("configuration", model.config.as_ref());
    print_object("training", model.training.as_ref());
    #[cfg(feature = "train")]
    if model.kind == ModelKind::Trained {
        print_parameters(&model)?;
    }
    print_metadata(&model);
    let mut design = lower(network);
    optimize(&mut design, &Pipeline::level("2")?)?;
    say!("\nhardware after optimization\n{}", DesignReport::new(&design)?);
    Ok(())
}

/// What plain bits say of the label, where it is known.
fn bits_mean(model: &LoadedModel) -> &'static str {
    match model.head() {
        Some(HeadType::Bits) => ", bit b is digit b of the label in binary",
        Some(HeadType::Onehot) => ", bit b is one for the label b alone",
        _ => "",
    }
}

/// The text of a description without weights: of the zoo, of the store or a YAML file.
fn description(what: &str) -> Option<String> {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let path = Path::new(what);
    if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
        return read(path);
    }
    match store::lookup(what, &store::search_path()) {
        Ok(stored) if stored.path.is_none() => read(&stored.config?),
        Ok(_) => None,
        Err(_) if path.exists() => None,
        Err(_) => store::zoo::text(what).map(str::to_owned),
    }
}

/// Numbers of parameters, and what every layer is.
#[cfg(feature = "train")]
fn print_parameters(model: &LoadedModel) -> Result<(), CliError> {
    let float = crate::model::Model::load(&model.path).map_err(crate::store::StoreError::from)?;
    let counts = float.count_parameters().map_err(crate::store::StoreError::from)?;
    say!("\nparameters               {} trained, {} with the encoder's", counts.trainable, counts.total);
    let topology = float.layer_topology().map_err(crate::store::StoreError::from)?;
    let forks = float.forks().map_err(crate::store::StoreError::from)?;
    for (index, layer) in topology.iter().enumerate() {
        let config = &layer.config;
        forks.iter().filter(|fork| fork.first == index).for_each(|fork| print_branches(fork, &topology));
        if let Some(spatial) = &config.spatial {
            let (window, stride, padding) = spatial.window();
            let nodes = match config.is_pool() {
                true => String::new(),
                false => format!(
                    "{} {} nodes of {} inputs, ",
                    config.nodes(),
                    config.node_type.name(),
                    config.node_input_dim
                ),
            };
            say!(
                "  layer {index:<4} {} windows {window:?} stride {stride:?} padding {padding:?}, {nodes}{} columns to \
                 {}, {} parameters",
                spatial.name(),
                layer.input_width,
                config.width,
                layer.parameters,
            );
            continue;
        }
        say!(
            "  layer {index:<4} {} {} of {} inputs, {} columns to {} nodes, {} parameters",
            config.layer_type.name(),
            config.node_type.name(),
            config.node_input_dim,
            layer.input_width,
            config.width,
            layer.parameters,
        );
    }
    Ok(())
}

/// What every branch of a fork reads and makes, one line each.
#[cfg(feature = "train")]
fn print_branches(fork: &ForkConfig, topology: &[crate::model::LayerTopology]) {
    let rows = fork.rows();
    let read = rows.iter().filter(|row| !row.is_empty()).find_map(|row| topology.get(row.start));
    let read = read.map_or(0, |layer| layer.input_width);
    let mut made = 0;
    for (branch, row) in fork.branches.iter().zip(rows) {
        let name = branch.name.as_deref().unwrap_or("-");
        let layers = topology.get(row.clone()).unwrap_or_default();
        let width = layers.last().map_or(read, |layer| layer.config.width);
        made += width;
        let parameters: usize = layers.iter().map(|layer| layer.parameters).sum();
        match row.len() {
            0 => say!("  branch {name:<12} no layer, passes its {read} columns on"),
            1 => say!("  branch {name:<12} layer {}, {read} columns to {width}, {parameters} parameters", row.start),
            _ => say!(
                "  branch {name:<12} layers {} to {}, {read} columns to {width}, {parameters} parameters",
                row.start,
                row.end - 1
            ),
        }
    }
    say!("  joined {:<12} {made} columns", "");
}

/// The metadata of the description beside the weights, when there is one.
fn print_metadata(model: &LoadedModel) {
    let Ok(config) = ModelConfig::load(&model.path.with_extension("yaml")) else { return };
    let entries = config.metadata.entries();
    if !entries.is_empty() {
        say!("\nmetadata");
        entries.iter().for_each(|(key, note)| say!("  {key:<22} {note}"));
    }
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
