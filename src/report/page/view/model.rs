//! What the model is.

use crate::report::ModelFacts;

use super::super::number::thousands;
use super::{Section, Table, count, head, row};

/// The model, and `changes` of its function.
pub(super) fn model(model: &ModelFacts, changes: &[serde_json::Value]) -> Section {
    let sign = if model.input_signed { "two's complement" } else { "unsigned" };
    let nodes = if model.node_types.is_empty() { "LUT nodes".to_owned() } else { model.node_types.join(", ") };
    let mut rows = vec![
        ("File", model.kind.clone()),
        ("SHA-256", model.sha256.clone()),
        (
            "Input",
            format!(
                "{} of {}, {sign}, value = code × {} + {}",
                count(model.features, "feature"),
                count(model.input_bits as usize, "bit"),
                model.input_scale,
                model.input_offset
            ),
        ),
        (
            "Encoder",
            format!(
                "{}{}",
                model.encoder.as_ref().map(|name| format!("{name}, ")).unwrap_or_default(),
                count(model.encoded_bits, "bit")
            ),
        ),
        ("Nodes", format!("{} {nodes} in {}", thousands(model.nodes), count(model.layers.len(), "layer"))),
    ];
    rows.push((
        "Head",
        match (model.classes, model.tau) {
            (0, _) => "plain bits, no scores".to_owned(),
            (classes, tau) => format!(
                "{} of {}; software divides by tau = {}",
                count(classes, "score"),
                count(model.score_bits, "bit"),
                tau.unwrap_or(1.0)
            ),
        },
    ));
    let record = |key: &str| Some(model.training.as_ref()?.get(key)?.clone());
    let text = |key: &str| record(key)?.as_str().map(str::to_owned);
    let samples = |key: &str| record(key)?.as_u64().map(|count| format!(" ({} samples)", thousands(count as usize)));
    for (name, data, size) in
        [("Trained on", "train_data", "train_samples"), ("Tested on", "test_data", "test_samples")]
    {
        if let Some(data) = text(data) {
            rows.push((name, data + &samples(size).unwrap_or_default()));
        }
    }
    if let Some(command) = text("command") {
        rows.push(("Made by", command));
    }
    let facts = Table {
        rows: rows.into_iter().map(|(name, value)| row([name.to_owned(), value])).collect(),
        text: true,
        ..Table::default()
    };
    let layers = model.layers.iter().enumerate().map(|(index, layer)| {
        row([
            format!("layer {index}"),
            thousands(layer.nodes),
            layer.fan_in.to_string(),
            thousands(layer.columns),
            thousands(layer.wired_columns),
        ])
    });
    let layers = Table {
        caption: "Trained layers".to_owned(),
        head: head(&["layer", "nodes", "inputs of a node", "bits in front", "of these wired"]),
        rows: layers.collect(),
        ..Table::default()
    };
    Section {
        id: "model",
        title: "Model",
        intro: String::new(),
        charts: Vec::new(),
        tables: vec![facts, layers],
        notes: changes
            .iter()
            .filter_map(|change| change.get("change")?.as_str())
            .map(|change| format!("Another function than the model's: {change}"))
            .collect(),
    }
}
