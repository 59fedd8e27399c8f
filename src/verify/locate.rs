//! Where a difference begins: the first wire of the artefact that is not what it should be.

use std::fmt::Write;

use askama::Template;
use rustc_hash::FxHashMap;

use crate::emit::{TestVectors, core_wire_names};
use crate::logic::BitMatrix;
use crate::netlist::{Design, DesignHead, InputBus, NodeId, Schedule, Section};

use super::bench::{ICARUS, has_plain_ports};
use super::checker::{CheckRequest, Difference, write_scratch};
use super::cone::cone;
use super::vcd::first_values;
use super::{Run, ToolError};

#[derive(Template)]
#[template(path = "verify/probe.v", escape = "none")]
struct Probe<'a> {
    module: &'a str,
    input_width: usize,
    bus: String,
    clocked: bool,
    cycles: u32,
}

#[derive(Template)]
#[template(path = "verify/cone_tb.v", escape = "none")]
struct ConeBench<'a> {
    wire: &'a str,
    input_width: usize,
    bus: String,
    expected: u8,
    command: &'a str,
}

/// A node whose wire differs, in the design whose names fit the artefact best.
struct Suspect<'a> {
    design: &'a Design,
    names: Vec<Option<String>>,
    expected: Vec<bool>,
    /// The first node in topological order whose wire differs.
    first: Option<NodeId>,
    known: usize,
    different: usize,
    /// Wires that the artefact does not have, and tables that it has otherwise: few for the
    /// design that it was printed from.
    misfits: usize,
}

/// Walks back from an input on which a Verilog artefact is wrong to the first wire that differs,
/// by simulating it with all its wires in Icarus Verilog, and writes a reproducer of that wire
/// (`cone.v`, `cone_tb.v`) into the folder of the request.
///
/// `candidates` are designs that the artefact may have been printed from; the one whose wires fit
/// best is taken. Returns what is known, in lines for people.
///
/// # Errors
/// [`ToolError`] when Icarus is missing or cannot simulate the artefact.
pub fn locate(request: &CheckRequest<'_>, first: &Difference, candidates: &[&Design]) -> Result<String, ToolError> {
    if has_plain_ports(request.options).is_err() {
        return Ok(
            "  the walk back to the first wire is for designs with bare ports: export it so to see more".to_owned()
        );
    }
    let [iverilog, vvp] = [ICARUS[0].require("icarus")?, ICARUS[1].require("icarus")?];
    let one = TestVectors { vectors: vec![first.expected.clone()] };
    let bus = CheckRequest { vectors: &one, ..*request }.stimulus_hex().trim().to_owned();
    let probe = Probe {
        module: request.identifier,
        input_width: request.design.input.width(),
        bus: bus.clone(),
        clocked: request.latency > 0,
        cycles: request.latency + 2,
    };
    let sources = request.design_sources();
    write_scratch(request.folder, "probe.v", probe.render().unwrap_or_default().as_bytes())?;
    Run::new(&iverilog, request.folder, request.limit)
        .arguments([standard(request), "-s", "probe", "-o", "probe.vvp", "probe.v"])
        .arguments(sources.iter().copied())
        .run()?;
    Run::new(&vvp, request.folder, request.limit).arguments(["-n", "probe.vvp"]).run()?;
    let path = request.folder.join("probe.vcd");
    let text = std::fs::read_to_string(&path).map_err(|source| ToolError::Scratch { path, source })?;
    let values = first_values(&text);
    let tables = printed_tables(request)?;
    let suspects = candidates.iter().filter_map(|design| {
        let codes = codes_of(&design.input, &request.design.input, &first.expected.codes)?;
        Some(suspect(design, &codes, &values, &tables))
    });
    let best = suspects.min_by_key(|suspect| (suspect.misfits, suspect.different));
    let Some(best) = best.filter(|suspect| suspect.known > 0) else {
        return Ok(
            "  no wire of the artefact has a name of this export, so the walk back ends at its outputs".to_owned()
        );
    };
    match best.first {
        Some(id) => describe_wire(request, &best, id, &values, &tables, &bus),
        None => Ok(describe_head(&best, &values, first)),
    }
}

/// The codes of `given` on the bus of a candidate, which may have a feature for each of its bits; `None` where
/// it is another bus.
fn codes_of(candidate: &InputBus, given: &InputBus, codes: &[i64]) -> Option<Vec<i64>> {
    if candidate == given {
        return Some(codes.to_vec());
    }
    let single = InputBus { features: given.width(), bits: 1, signed: false };
    let bits = |code: &i64| (0..given.bits).map(|bit| code >> bit & 1).collect::<Vec<i64>>();
    (*candidate == single).then(|| codes.iter().flat_map(bits).collect())
}

/// Compares the wires of the artefact with what `design` says.
fn suspect<'a>(
    design: &'a Design,
    codes: &[i64],
    values: &FxHashMap<String, String>,
    tables: &FxHashMap<String, String>,
) -> Suspect<'a> {
    let stimulus = BitMatrix::from_fn(design.comparators.len(), 1, |input, _| {
        let comparator = design.comparators[input];
        codes[comparator.feature as usize] >= comparator.threshold
    });
    let nodes: Vec<NodeId> = design.core.node_ids().collect();
    let simulated = Schedule::new(&design.core).simulate_nodes(&design.core, &stimulus, &nodes);
    let expected: Vec<bool> = (0..nodes.len()).map(|node| simulated.get(node, 0)).collect();
    let names = core_wire_names(design);
    let (mut known, mut different, mut misfits, mut first) = (0, 0, 0, None);
    for &id in &nodes {
        let Some(name) = &names[id.index()] else { continue };
        let otherwise = |table| tables.get(name).is_some_and(|printed| !is_table(printed, table));
        misfits += usize::from(!values.contains_key(name) || design.core.table(id).is_some_and(otherwise));
        let Some(value) = values.get(name) else { continue };
        known += 1;
        if value != if expected[id.index()] { "1" } else { "0" } {
            different += 1;
            first.get_or_insert(id);
        }
    }
    Suspect { design, names, expected, first, known, different, misfits }
}

fn section(section: Section) -> String {
    match section {
        Section::Encoder => "the encoder".to_owned(),
        Section::Layer(layer) => format!("layer {layer}"),
        Section::Head => "the head".to_owned(),
    }
}

fn describe_wire(
    request: &CheckRequest<'_>,
    suspect: &Suspect<'_>,
    id: NodeId,
    values: &FxHashMap<String, String>,
    tables: &FxHashMap<String, String>,
    bus: &str,
) -> Result<String, ToolError> {
    let (design, core) = (suspect.design, &suspect.design.core);
    let name = suspect.names[id.index()].clone().unwrap_or_default();
    let bit = |id: NodeId| u8::from(suspect.expected[id.index()]);
    let got = values.get(&name).map_or("?", String::as_str);
    let number = name.rsplit("_n").next().unwrap_or_default();
    let mut text = format!("  first wire that differs: {name}");
    match core.table(id) {
        None => {
            let place = core.inputs().iter().position(|&input| input == id).unwrap_or_default();
            let comparator = design.comparators[place];
            let _ = write!(text, ", the comparison of feature {} with {}", comparator.feature, comparator.threshold);
        }
        Some(table) => {
            let fan_ins = core.fan_ins(id);
            let row: usize = fan_ins.iter().enumerate().map(|(pin, &fan_in)| usize::from(bit(fan_in)) << pin).sum();
            let inputs: Vec<String> = fan_ins
                .iter()
                .map(|fan_in| format!("{} = {}", suspect.names[fan_in.index()].as_deref().unwrap_or("?"), bit(*fan_in)))
                .collect();
            let _ = write!(text, ", node {number} of {}", section(core.section(id)));
            let _ = write!(text, "\n    table   {}'h{}, row {row}", table.rows(), table.hex());
            if let Some(printed) = tables.get(&name).filter(|printed| !is_table(printed, table)) {
                let _ = write!(text, "; the artefact has {printed}");
            }
            let _ = write!(text, "\n    inputs  {}, all right", inputs.join(", "));
        }
    }
    let _ = write!(text, "\n    expected {}, got {got}", bit(id));
    let _ = write!(text, "; {} of {} wires differ", suspect.different, suspect.known);
    match write_reproducer(request, &name, bit(id), bus)? {
        Some(command) => {
            let _ = write!(text, "\n    reproducer: cone.v with cone_tb.v; where they lie, run\n      {command}");
        }
        None => text += "\n    no reproducer: its lines are not in the form of this export",
    }
    Ok(text)
}

/// The flag of Icarus for the standard that the artefact may be written in.
fn standard(request: &CheckRequest<'_>) -> &'static str {
    if request.foreign { "-g2012" } else { "-g2005" }
}

/// The literals of the tables as they stand in the artefact, by wire: constant tables, and primitives that
/// are a table by themselves.
fn printed_tables(request: &CheckRequest<'_>) -> Result<FxHashMap<String, String>, ToolError> {
    let mut tables = FxHashMap::default();
    for text in read_sources(request)? {
        for line in text.lines().map(str::trim_start) {
            let Some((name, literal)) = printed_table(line) else { continue };
            // The last primitive of a tree is no table of the design.
            if !tables.contains_key(&format!("{name}_s0")) {
                tables.insert(name.to_owned(), literal.to_owned());
            }
        }
    }
    Ok(tables)
}

/// The wire and the literal of `localparam [3:0] T_l0_n1 = 4'h9;` or of
/// `LUT2 #(.INIT(4'h9)) lut_l0_n1 (.O(l0_n1), ...`.
fn printed_table(line: &str) -> Option<(&str, &str)> {
    if line.starts_with("localparam") {
        let (name, literal) = line.split_once(" T_")?.1.split_once(" = ")?;
        return Some((name, literal.trim_end_matches(';')));
    }
    let (literal, rest) = line.strip_prefix("LUT")?.split_once(" #(.INIT(")?.1.split_once(')')?;
    Some((rest.split_once("(.O(")?.1.split_once(')')?.0, literal))
}

/// Whether a Verilog literal is the table.
fn is_table(literal: &str, table: &crate::logic::TruthTable) -> bool {
    literal
        .split_once("'h")
        .is_some_and(|(_, digits)| digits.trim_start_matches('0') == table.hex().trim_start_matches('0'))
}

/// The texts of the artefact's design.
fn read_sources(request: &CheckRequest<'_>) -> Result<Vec<String>, ToolError> {
    let read = |name: &str| {
        let path = request.folder.join(name);
        std::fs::read_to_string(&path).map_err(|source| ToolError::Scratch { path, source })
    };
    request.design_sources().into_iter().map(read).collect()
}

/// Writes the reproducer; the command that runs it, or `None` when there is none.
fn write_reproducer(
    request: &CheckRequest<'_>,
    wire: &str,
    expected: u8,
    bus: &str,
) -> Result<Option<String>, ToolError> {
    let texts = read_sources(request)?;
    let input_width = request.design.input.width();
    let Some(text) = cone(&texts, wire, input_width) else { return Ok(None) };
    // Only what the cone is made of: its command is to be read and typed.
    let is_used = |name: &String| text.contains(&format!(" {name} #("));
    let models = request.primitive_models();
    let models: String =
        models.iter().filter(|(_, modules)| modules.iter().any(is_used)).map(|(file, _)| format!(" {file}")).collect();
    let standard = standard(request);
    let command = format!("iverilog {standard} -o cone -s cone_tb cone.v cone_tb.v{models} && vvp -n cone");
    let bench = ConeBench { wire, input_width, bus: bus.to_owned(), expected, command: &command };
    write_scratch(request.folder, "cone.v", text.as_bytes())?;
    write_scratch(request.folder, "cone_tb.v", (bench.render().unwrap_or_default() + "\n").as_bytes())?;
    Ok(Some(command))
}

/// Every wire of the core is right, so it is counting or comparing.
fn describe_head(suspect: &Suspect<'_>, values: &FxHashMap<String, String>, first: &Difference) -> String {
    let mut text = format!("  all {} wires of the lookup tables are right", suspect.known);
    let DesignHead::Classes(head) = &suspect.design.head else {
        return text + "; the difference begins behind them, at the output bits";
    };
    let number = |name: &str| values.get(name).and_then(|bits| u32::from_str_radix(bits, 2).ok());
    for class in 0..head.groups.len() {
        let expected = first.expected.scores.get(class).copied();
        if let Some(found) = number(&format!("score_{class}")).filter(|&found| Some(found) != expected) {
            let _ = write!(
                text,
                "; the population count of class {class} is {found}, expected {}",
                expected.unwrap_or_default()
            );
            return text;
        }
    }
    text += match first.got.scores == first.expected.scores {
        true => "; the scores are too, so the difference begins in the comparison of the scores or behind it",
        false => "; the scores are too, so the difference begins between them and the output ports",
    };
    text
}
