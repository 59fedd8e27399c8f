//! The network in plain PyTorch: a safetensors file and a short module that reads it.
//!
//! It is the way back to where imported models come from, so that a colleague can check a design
//! with the library that trained it. Tables run in groups of one depth and one number of inputs,
//! as a gather of their rows; nothing of difflut is needed.

use std::collections::BTreeMap;

use askama::Template;

use crate::files::TensorFileWriter;
use crate::netlist::{DesignHead, NodeId};

use super::notes::{Facts, OutputBus, interface, origin};
use super::order::CoreOrder;
use super::text::Text;
use super::{EmitError, EmitRequest, EmittedFile, Target};

/// Name of the target.
const TARGET: &str = "torch";

/// The PyTorch target.
#[derive(Debug)]
pub(super) struct Torch;

impl Target for Torch {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "safetensors and a loader in plain PyTorch, to check a design from the other side"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        let order = CoreOrder::new(request.design);
        let facts = Facts::new(request, &order);
        let runs = Runs::new(request, &order);
        let mut text = Text::new(TARGET);
        text.template(&Loader::new(request, &facts, &runs))?;
        let stem = format!("{}_torch", facts.name);
        let tensors = tensors(request, &order, &runs)
            .to_bytes()
            .map_err(|reason| EmitError::Unsupported { target: TARGET, reason })?;
        let python = "the network in plain PyTorch: `Network` and `codes`";
        Ok(vec![
            EmittedFile { name: format!("{stem}.py"), purpose: python, contents: text.into_bytes() },
            EmittedFile {
                name: format!("{stem}.safetensors"),
                purpose: "its comparators and tables",
                contents: tensors,
            },
        ])
    }
}

/// `<name>_torch.py`.
#[derive(Template)]
#[template(path = "torch/network.py", escape = "none")]
struct Loader {
    notes: Vec<String>,
    features: usize,
    smallest: i64,
    largest: i64,
    scale: String,
    offset: String,
    classes: usize,
    bits: usize,
    signals: usize,
    runs: usize,
}

impl Loader {
    fn new(request: &EmitRequest<'_>, facts: &Facts, runs: &Runs) -> Self {
        let (input, name) = (request.design.input, &facts.name);
        let mut notes = origin(request, "LUT network in PyTorch");
        notes.push(String::new());
        notes.extend(interface(request, facts));
        notes.push(String::new());
        notes.push(format!("  from {name}_torch import Network, codes"));
        match facts.output {
            OutputBus::Bits(_) => notes.push("  bits = Network()(codes(features))".into()),
            OutputBus::Classes { .. } => notes.push("  scores, classes = Network()(codes(features))".into()),
        }
        notes.push(String::new());
        notes.push(format!("Needs torch and safetensors, and {name}_torch.safetensors beside it."));
        Self {
            notes,
            features: facts.features,
            smallest: input.min_code(),
            largest: input.max_code(),
            // Debug prints the shortest decimal that is read back as the same number.
            scale: format!("{:?}", request.provenance.scale),
            offset: format!("{:?}", request.provenance.offset),
            classes: facts.output.classes(),
            bits: request.design.core.outputs().len(),
            signals: runs.signals,
            runs: runs.tables.len(),
        }
    }
}

/// Live tables by depth and number of inputs, and the number of every signal.
struct Runs {
    tables: Vec<Vec<NodeId>>,
    numbers: Vec<i64>,
    signals: usize,
}

impl Runs {
    fn new(request: &EmitRequest<'_>, order: &CoreOrder) -> Self {
        let core = &request.design.core;
        let mut runs: BTreeMap<(u32, usize), Vec<NodeId>> = BTreeMap::new();
        for &id in &order.tables {
            runs.entry((order.schedule.level(id), order.schedule.fan_ins(id).len())).or_default().push(id);
        }
        let tables: Vec<Vec<NodeId>> = runs.into_values().collect();
        let comparators = order.comparators.iter().map(|&number| core.inputs()[number as usize]);
        let mut numbers = vec![0; core.nodes()];
        let mut signals = 0;
        for id in comparators.chain(tables.iter().flatten().copied()) {
            numbers[id.index()] = signals as i64;
            signals += 1;
        }
        Self { tables, numbers, signals }
    }
}

fn tensors(request: &EmitRequest<'_>, order: &CoreOrder, runs: &Runs) -> TensorFileWriter {
    let (design, core) = (request.design, &request.design.core);
    let mut file = TensorFileWriter::new("difflut-torch", "1");
    let number = |id: &NodeId| runs.numbers[id.index()];
    let comparators = || order.comparators.iter().map(|&number| design.comparators[number as usize]);
    let features: Vec<i64> = comparators().map(|comparator| i64::from(comparator.feature)).collect();
    let thresholds: Vec<i64> = comparators().map(|comparator| comparator.threshold).collect();
    file.integers("features", &[features.len()], &features);
    file.integers("thresholds", &[thresholds.len()], &thresholds);
    for (run, ids) in runs.tables.iter().enumerate() {
        let fan_in = ids.first().map_or(0, |&id| order.schedule.fan_ins(id).len());
        let pins: Vec<i64> = ids.iter().flat_map(|&id| order.schedule.fan_ins(id)).map(number).collect();
        let rows: Vec<u8> = ids
            .iter()
            .filter_map(|&id| core.table(id))
            .flat_map(|table| (0..table.rows()).map(|row| u8::from(table.row(row))))
            .collect();
        file.integers(&format!("pins_{run}"), &[ids.len(), fan_in], &pins);
        file.bytes(&format!("tables_{run}"), &[ids.len(), 1 << fan_in], &rows);
    }
    let outputs: Vec<i64> = core.outputs().iter().map(number).collect();
    file.integers("outputs", &[outputs.len()], &outputs);
    if let DesignHead::Classes(head) = &design.head {
        let borders: Vec<i64> = std::iter::once(0).chain(head.groups.iter().map(|group| group.end as i64)).collect();
        file.integers("borders", &[borders.len()], &borders);
    }
    file
}
