//! A drawing for graphviz: every feature, comparison, table and class of a small network.
//!
//! Attributes of ours (`kind`, `feature`, `threshold`, `table`, `pin`, `index`) say in numbers what
//! the labels say in words, so that what graphviz has read can be evaluated.

use askama::Template;

use crate::logic::TruthTable;
use crate::netlist::{Design, DesignHead, NodeId, Section};

use super::notes::{Facts, interface, origin};
use super::order::{CoreOrder, Stretch};
use super::text::Text;
use super::{EmitError, EmitRequest, EmittedFile, Target};

/// Name of the target.
const TARGET: &str = "dot";

/// The most nodes that are drawn. Three hundred fill a large sheet and graphviz lays them out in
/// seconds; its time grows faster than the square, and a person finds nothing on the sheet anyway.
const MAX_NODES: usize = 300;

/// The widest table that is drawn: graphviz reads no text longer than 16 KiB.
const MAX_TABLE_INPUTS: usize = 12;

/// The drawing target.
#[derive(Debug)]
pub(super) struct Dot;

impl Target for Dot {
    fn name(&self) -> &'static str {
        TARGET
    }

    fn description(&self) -> &'static str {
        "drawing of a small network for graphviz, and as SVG where graphviz is installed"
    }

    fn emit(&self, request: &EmitRequest<'_>) -> Result<Vec<EmittedFile>, EmitError> {
        let design = request.design;
        let order = CoreOrder::new(design);
        let facts = Facts::new(request, &order);
        let drawing = Drawing::new(request, &facts, &order);
        let nodes = drawing.ranks.iter().map(|rank| rank.nodes.len()).sum::<usize>();
        if nodes > MAX_NODES {
            let reason = format!(
                "a drawing has at most {MAX_NODES} nodes and this would have {nodes} (features, comparators, lookup \
                 tables and classes); draw a smaller network, or look at this one through --report"
            );
            return Err(EmitError::Unsupported { target: TARGET, reason });
        }
        let widest = order.tables.iter().filter_map(|&id| design.core.table(id)).map(TruthTable::inputs).max();
        if widest > Some(MAX_TABLE_INPUTS) {
            let reason =
                format!("a drawing has tables of at most {MAX_TABLE_INPUTS} inputs and this would have a wider one");
            return Err(EmitError::Unsupported { target: TARGET, reason });
        }
        let mut text = Text::new(TARGET);
        text.template(&drawing)?;
        let name = format!("{}.dot", facts.name);
        Ok(vec![EmittedFile { name, purpose: "drawing for graphviz", contents: text.into_bytes() }])
    }
}

/// `<name>.dot`.
#[derive(Template)]
#[template(path = "dot/network.dot", escape = "none")]
struct Drawing {
    notes: Vec<String>,
    name: String,
    /// From the inputs to the outputs.
    ranks: Vec<Rank>,
    edges: Vec<Edge>,
}

/// Nodes that stand in one column.
struct Rank {
    title: String,
    color: &'static str,
    nodes: Vec<Shape>,
}

/// One node.
struct Shape {
    name: String,
    /// What a person reads; `\n` is a new line of the label.
    label: String,
    /// What a program reads.
    attributes: String,
}

/// One connection.
struct Edge {
    from: String,
    to: String,
    pin: usize,
    /// Whether the pin is written beside the arrow: only where order matters.
    labelled: bool,
}

impl Drawing {
    fn new(request: &EmitRequest<'_>, facts: &Facts, order: &CoreOrder) -> Self {
        let design = request.design;
        let mut notes = origin(request, "LUT network as a drawing");
        notes.push(String::new());
        notes.extend(interface(request, facts));
        notes.push("Row r of a table is the value where input i is bit i of r; arrows carry the input.".to_owned());
        let mut drawing = Self { notes, name: facts.name.clone(), ranks: Vec::new(), edges: Vec::new() };
        drawing.add_inputs(design, order);
        for Stretch { section, range } in &order.stretches {
            drawing.add_tables(design, order, *section, &order.tables[range.clone()]);
        }
        drawing.add_head(design, order);
        drawing
    }

    fn add_inputs(&mut self, design: &Design, order: &CoreOrder) {
        let comparators = || order.comparators.iter().map(|&number| (number, design.comparators[number as usize]));
        let mut features: Vec<u32> = comparators().map(|(_, comparator)| comparator.feature).collect();
        features.sort_unstable();
        features.dedup();
        let shape = |feature: &u32| Shape {
            name: format!("x{feature}"),
            label: format!("x{feature}"),
            attributes: format!("kind=feature, index={feature}, shape=plaintext"),
        };
        self.push("features", "#ffffff", features.iter().map(shape).collect());
        let mut shapes = Vec::new();
        for (number, comparator) in comparators() {
            self.edge(format!("x{}", comparator.feature), format!("c{number}"), 0, false);
            shapes.push(Shape {
                name: format!("c{number}"),
                label: format!("x{} >= {}", comparator.feature, comparator.threshold),
                attributes: format!("kind=comparator, threshold=\"{}\", shape=cds", comparator.threshold),
            });
        }
        self.push("comparators", "#fff3d6", shapes);
    }

    fn add_tables(&mut self, design: &Design, order: &CoreOrder, section: Section, tables: &[NodeId]) {
        let mut shapes = Vec::new();
        for &id in tables {
            let Some(table) = design.core.table(id) else { continue };
            let name = node_name(design, order, id);
            let fan_ins = order.schedule.fan_ins(id);
            for (pin, fan_in) in fan_ins.iter().enumerate() {
                self.edge(node_name(design, order, *fan_in), name.clone(), pin, fan_ins.len() > 1);
            }
            let number = order.numbers[id.index()];
            // Digits of the widest tables would be wider than the sheet.
            let digits = if table.inputs() > 8 { format!("{} rows", table.rows()) } else { table.hex() };
            shapes.push(Shape {
                name,
                label: format!("{}\\n{digits}", label(section, number)),
                attributes: format!("kind=lut, table=\"{table}\", shape=box"),
            });
        }
        let (title, color) = match section {
            Section::Encoder => ("encoder".to_owned(), "#fff3d6"),
            Section::Layer(layer) => (format!("layer {layer}"), ["#dbe9ff", "#e4f5e1"][layer as usize % 2]),
            Section::Head => ("head".to_owned(), "#f3e1f5"),
        };
        self.push(&title, color, shapes);
    }

    fn add_head(&mut self, design: &Design, order: &CoreOrder) {
        let outputs = design.core.outputs();
        match &design.head {
            DesignHead::Bits => {
                let mut shapes = Vec::new();
                for (number, &output) in outputs.iter().enumerate() {
                    self.edge(node_name(design, order, output), format!("o{number}"), 0, false);
                    shapes.push(Shape {
                        name: format!("o{number}"),
                        label: format!("bit {number}"),
                        attributes: format!("kind=bit, index={number}, shape=plaintext"),
                    });
                }
                self.push("outputs", "#ffffff", shapes);
            }
            DesignHead::Classes(head) => {
                let mut shapes = Vec::new();
                for (class, group) in head.groups.iter().enumerate() {
                    for (pin, &output) in outputs[group.clone()].iter().enumerate() {
                        self.edge(node_name(design, order, output), format!("s{class}"), pin, false);
                    }
                    self.edge(format!("s{class}"), "class".to_owned(), class, false);
                    shapes.push(Shape {
                        name: format!("s{class}"),
                        label: format!("class {class}\\ncount of {}", group.len()),
                        attributes: format!("kind=count, index={class}, shape=ellipse"),
                    });
                }
                self.push("scores", "#f3e1f5", shapes);
                let class = Shape {
                    name: "class".to_owned(),
                    label: "class of the\\nlargest count".to_owned(),
                    attributes: "kind=argmax, shape=doubleoctagon".to_owned(),
                };
                self.push("class", "#ffffff", vec![class]);
            }
        }
    }

    fn push(&mut self, title: &str, color: &'static str, nodes: Vec<Shape>) {
        if !nodes.is_empty() {
            self.ranks.push(Rank { title: title.to_owned(), color, nodes });
        }
    }

    fn edge(&mut self, from: String, to: String, pin: usize, labelled: bool) {
        self.edges.push(Edge { from, to, pin, labelled });
    }
}

fn node_name(design: &Design, order: &CoreOrder, id: NodeId) -> String {
    let number = order.numbers[id.index()];
    match design.core.table(id) {
        None => format!("c{number}"),
        Some(_) => match design.core.section(id) {
            Section::Encoder => format!("e{number}"),
            Section::Layer(layer) => format!("l{layer}_{number}"),
            Section::Head => format!("h{number}"),
        },
    }
}

fn label(section: Section, number: u32) -> String {
    match section {
        Section::Encoder => format!("enc {number}"),
        Section::Layer(layer) => format!("{layer}.{number}"),
        Section::Head => format!("head {number}"),
    }
}
