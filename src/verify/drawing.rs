//! The emitted drawing, read by graphviz and evaluated as graphviz understood it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::emit::Vector;
use crate::logic::TruthTable;

use super::checker::{Answer, CheckRequest, CheckRun, Checker};
use super::{Program, Run, ToolError};

/// See the module.
#[derive(Debug)]
pub(super) struct Graphviz;

static PROGRAMS: [Program; 1] = [Program { name: "dot", package: "graphviz", version_argument: "-V" }];

impl Checker for Graphviz {
    fn name(&self) -> &'static str {
        "graphviz"
    }

    fn description(&self) -> &'static str {
        "lays the drawing out as SVG, and evaluates the nodes and arrows that graphviz read"
    }

    fn target(&self) -> &'static str {
        "dot"
    }

    fn programs(&self) -> &'static [Program] {
        &PROGRAMS
    }

    fn run(&self, request: &CheckRequest<'_>) -> Result<CheckRun, ToolError> {
        let dot = PROGRAMS[0].require(self.name())?;
        let file = format!("{}.dot", request.identifier);
        let output = Run::new(&dot, request.folder, request.limit).arguments(["-Tdot_json", file.as_str()]).run()?;
        let drawing = Drawing::read(&output.text).map_err(|problem| output.garbage("dot", problem))?;
        let answers = request.vectors.vectors.iter().map(|vector| drawing.answer(vector)).collect();
        svg(&dot, request.folder, &file, request.limit)?;
        Ok(CheckRun { answers, complaint: None })
    }
}

/// Draws `<name>.dot` of `folder` into `<name>.svg` beside it; `None` when graphviz is not installed.
///
/// # Errors
/// [`ToolError`] when graphviz fails or does not end within `limit`.
pub fn render_svg(folder: &Path, name: &str, limit: Duration) -> Result<Option<String>, ToolError> {
    let Some(dot) = PROGRAMS[0].find() else { return Ok(None) };
    svg(&dot, folder, &format!("{name}.dot"), limit)?;
    Ok(Some(format!("{name}.svg")))
}

/// Runs `dot -Tsvg`; the picture appears whole or not at all.
fn svg(dot: &Path, folder: &Path, file: &str, limit: Duration) -> Result<(), ToolError> {
    let target = folder.join(file).with_extension("svg");
    let scratch = |source| ToolError::Scratch { path: target.clone(), source };
    let picture = tempfile::Builder::new().prefix(".difflut-").suffix(".tmp").tempfile_in(folder).map_err(scratch)?;
    let output = Run::new(dot, folder, limit)
        .arguments([std::ffi::OsStr::new("-Tsvg"), "-o".as_ref(), picture.path().as_os_str(), file.as_ref()])
        .run()?;
    let text = std::fs::read_to_string(picture.path()).map_err(scratch)?;
    if !text.trim_end().ends_with("</svg>") {
        return Err(output.garbage("dot -Tsvg", "the picture has no end"));
    }
    crate::files::write_atomically(&target, text.as_bytes()).map_err(|error| scratch(std::io::Error::other(error)))
}

/// What a node of the drawing does.
enum Kind {
    Feature(usize),
    Comparator(i64),
    Lut(TruthTable),
    Bit(usize),
    Count(usize),
    Argmax,
}

/// The graph that graphviz read, nodes after what they read.
struct Drawing {
    nodes: Vec<(Kind, Vec<usize>)>,
}

impl Drawing {
    /// From the JSON of `dot -Tdot_json`.
    fn read(text: &str) -> Result<Self, String> {
        // Warnings of graphviz stand in the same stream.
        let start = text.find('{').ok_or("no JSON")?;
        let json: Value = serde_json::from_str(&text[start..]).map_err(|error| error.to_string())?;
        let list = |key: &str| json.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut kinds: BTreeMap<u64, Kind> = BTreeMap::new();
        for object in list("objects") {
            if let (Some(id), Some(kind)) = (number(object, "_gvid"), object.get("kind").and_then(Value::as_str)) {
                kinds.insert(id, read_kind(object, kind)?);
            }
        }
        let mut pins: BTreeMap<u64, BTreeMap<u64, u64>> = BTreeMap::new();
        for edge in list("edges") {
            let (Some(tail), Some(head), Some(pin)) = (number(edge, "tail"), number(edge, "head"), number(edge, "pin"))
            else {
                return Err(format!("an arrow without ends or input: {edge}"));
            };
            if pins.entry(head).or_default().insert(pin, tail).is_some() {
                return Err(format!("two arrows for one input: {edge}"));
            }
        }
        let mut drawing = Self { nodes: Vec::new() };
        let mut places: BTreeMap<u64, usize> = BTreeMap::new();
        while !kinds.is_empty() {
            let ready = |id: &u64| pins.get(id).is_none_or(|pins| pins.values().all(|pin| places.contains_key(pin)));
            let Some(id) = kinds.keys().copied().find(ready) else {
                return Err("arrows in a circle, or from nothing".to_owned());
            };
            let Some(kind) = kinds.remove(&id) else { continue };
            let reads: Vec<usize> = pins.get(&id).into_iter().flatten().map(|(_, pin)| places[pin]).collect();
            places.insert(id, drawing.nodes.len());
            drawing.nodes.push((kind, reads));
        }
        Ok(drawing)
    }

    /// The outputs of the drawing for one vector.
    fn answer(&self, vector: &Vector) -> Answer {
        let mut values: Vec<i64> = Vec::with_capacity(self.nodes.len());
        let mut answer = Answer { bits: Vec::new(), scores: Vec::new(), class: None, unreadable: None };
        answer.bits = vec![false; self.nodes.iter().filter(|(kind, _)| matches!(kind, Kind::Bit(_))).count()];
        answer.scores = vec![0; self.nodes.iter().filter(|(kind, _)| matches!(kind, Kind::Count(_))).count()];
        for (kind, reads) in &self.nodes {
            let inputs: Vec<i64> = reads.iter().map(|&read| values[read]).collect();
            let first = inputs.first().copied().unwrap_or(0);
            values.push(match kind {
                Kind::Feature(feature) => vector.codes.get(*feature).copied().unwrap_or(0),
                Kind::Comparator(threshold) => i64::from(first >= *threshold),
                Kind::Lut(table) if table.inputs() == inputs.len() => {
                    let row = inputs.iter().enumerate().map(|(pin, &bit)| (bit as usize) << pin).sum();
                    i64::from(table.row(row))
                }
                Kind::Lut(_) => return Answer::none(),
                Kind::Bit(index) => {
                    answer.bits.get_mut(*index).into_iter().for_each(|bit| *bit = first == 1);
                    first
                }
                Kind::Count(class) => {
                    let count: i64 = inputs.iter().sum();
                    answer.scores.get_mut(*class).into_iter().for_each(|score| *score = count as u32);
                    count
                }
                Kind::Argmax => {
                    let largest = inputs.iter().max();
                    let class = inputs.iter().position(|score| Some(score) == largest).unwrap_or(0);
                    answer.class = Some(class as u32);
                    class as i64
                }
            });
        }
        answer
    }
}

/// An attribute that is a number; graphviz writes those of ours as text.
fn number(object: &Value, key: &str) -> Option<u64> {
    let value = object.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn read_kind(object: &Value, kind: &str) -> Result<Kind, String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).ok_or(format!("no `{key}`: {object}"));
    let index = || number(object, "index").map(|index| index as usize).ok_or(format!("no `index`: {object}"));
    Ok(match kind {
        "feature" => Kind::Feature(index()?),
        "comparator" => Kind::Comparator(text("threshold")?.parse().map_err(|_| format!("no threshold: {object}"))?),
        "lut" => Kind::Lut(table(text("table")?).ok_or(format!("no table: {object}"))?),
        "bit" => Kind::Bit(index()?),
        "count" => Kind::Count(index()?),
        "argmax" => Kind::Argmax,
        other => return Err(format!("a node of the kind `{other}`")),
    })
}

/// A table from its rows and hexadecimal digits, as in `8'he8`.
fn table(text: &str) -> Option<TruthTable> {
    let (rows, digits) = text.split_once("'h")?;
    let rows: usize = rows.parse().ok()?;
    let inputs = rows.trailing_zeros() as usize;
    if !rows.is_power_of_two() || inputs > crate::logic::MAX_INPUTS || digits.len() != rows.div_ceil(4) {
        return None;
    }
    let bytes = digits.as_bytes().rchunks(16);
    let words = bytes.map(|word| u64::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok());
    Some(TruthTable::from_words(inputs, words.collect::<Option<Vec<u64>>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_as_they_are_printed() {
        for inputs in [0, 1, 2, 3, 6, 8] {
            let printed = TruthTable::from_fn(inputs, |row| row * row % 7 < 3);
            assert_eq!(table(&printed.to_string()), Some(printed));
        }
        for wrong in ["8'h", "8'hxx", "7'h1f", "e8", "8'he8e8"] {
            assert_eq!(table(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_drawing_with_a_circle_or_a_missing_node_is_refused() {
        let read = |edges: &str| {
            let node = r#"{"_gvid": 0, "kind": "lut", "table": "2'h2"}"#;
            Drawing::read(&format!(r#"{{"objects": [{node}], "edges": [{edges}]}}"#)).map(drop)
        };
        assert_eq!(read(r#"{"tail": 0, "head": 0, "pin": "0"}"#), Err("arrows in a circle, or from nothing".into()));
        assert_eq!(read(r#"{"tail": 9, "head": 0, "pin": "0"}"#), Err("arrows in a circle, or from nothing".into()));
        assert!(read(r#"{"tail": 9, "head": 0}"#).unwrap_err().starts_with("an arrow without"));
        assert_eq!(read(""), Ok(()));
    }
}
