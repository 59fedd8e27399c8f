//! What an export says of itself, on the terminal and in its report.

use std::path::Path;

use crate::emit::{EmittedFile, Target};
use crate::files::sha256_hex;
use crate::passes::PassReport;
use crate::store::LoadedModel;

use super::ExportArgs;
use super::work::Work;

pub(super) fn print_latency(arguments: &ExportArgs, work: &Work) {
    for (target, _) in &work.emitted {
        let latency = work.latency(*target, &arguments.options);
        if latency > 0 {
            let unit = if latency == 1 { "cycle" } else { "cycles" };
            say!("{}: latency {latency} {unit}, a new input every cycle", target.name());
        } else if target.is_hardware() {
            say!("{}: combinational, latency 0 cycles", target.name());
        }
    }
}

pub(super) fn print_model(model: &LoadedModel) {
    let accuracy = match model.recorded_accuracy() {
        Some(share) => format!("accuracy {:.2} % recorded in the model", 100.0 * share),
        None => "no accuracy recorded in the model".to_owned(),
    };
    let network = &model.network;
    say!("{}: {} LUT nodes in {} layers, {accuracy}", network.name(), network.nodes(), network.layers().len());
}

/// What each pass did.
pub(in crate::cli) fn print_passes(reports: &[PassReport]) {
    say!("\n{:<20} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9}", "pass", "round", "LUTs", "after", "pins", "after", "time");
    for report in reports {
        say!(
            "{:<20} {:>5} {:>9} {:>9} {:>9} {:>9} {:>7.1}ms",
            report.pass,
            report.round,
            report.before.luts,
            report.after.luts,
            report.before.pins,
            report.after.pins,
            1e3 * report.elapsed.as_secs_f64()
        );
    }
}

/// Says where the files lie and what each is for; the width of the longest name.
pub(super) fn print_files(folder: &Path, emitted: &[(&'static dyn Target, Vec<EmittedFile>)]) -> usize {
    say!("wrote {}", folder.display());
    let files = || emitted.iter().flat_map(|(_, files)| files);
    let width = files().map(|file| file.name.len()).max().unwrap_or(0);
    for file in files() {
        say!("  {:<width$}  {}", file.name, file.purpose);
    }
    width
}

/// The exported files with their hashes, for the report.
pub(super) fn artefacts(
    emitted: &[(&'static dyn Target, Vec<EmittedFile>)],
    latency: impl Fn(&dyn Target) -> u32,
) -> Vec<serde_json::Value> {
    let file = |file: &EmittedFile| {
        serde_json::json!({
            "name": file.name, "bytes": file.contents.len(), "sha256": sha256_hex(&file.contents)
        })
    };
    let target = |(target, files): &(&'static dyn Target, Vec<EmittedFile>)| {
        let files: Vec<serde_json::Value> = files.iter().map(file).collect();
        serde_json::json!({ "target": target.name(), "latency_cycles": latency(*target), "files": files })
    };
    emitted.iter().map(target).collect()
}
