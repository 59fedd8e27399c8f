//! Gate-level BLIF: `.model`, `.inputs`, `.outputs`, `.names`.
//!
//! Every input becomes a one-bit feature and every `.names` a table. The waist has layers, so
//! nodes are placed by level and values that are needed later are repeated by buffers. A cover
//! is read as Berkeley defines it: rows of `0`, `1`, `-` over the inputs, all with the same
//! output value; a cover without rows is constant zero.

use std::collections::BTreeMap;
use std::path::Path;

use crate::binarized::{BinarizedNetwork, Encoder, Head};
use crate::config::InputFormat;
use crate::files::{FileError, sha256_hex};
use crate::logic::{MAX_INPUTS, TruthTable};

use super::sidecar::{HeadSpec, Sidecar};
use super::stack::{MAX_NODES, Rows, Source, Stack};
use super::{Evaluation, ImportError, Imported, Library};

/// Reads a BLIF file; the sidecar may name the model and its head.
///
/// # Errors
/// [`ImportError`] with the line, what was found and what is allowed.
pub fn import_blif(path: &Path, sidecar: Sidecar) -> Result<Imported, ImportError> {
    let bytes = std::fs::read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    let Ok(text) = std::str::from_utf8(&bytes) else {
        let reason = "it is not text".into();
        return Err(FileError::Format { path: path.to_owned(), expected: "BLIF file", reason }.into());
    };
    parse_blif(path, text, sidecar)
}

struct Gate<'a> {
    line: usize,
    inputs: Vec<&'a str>,
    table: TruthTable,
}

/// The same for text in memory; `path` is used in messages only.
///
/// # Errors
/// [`ImportError`] with the line, what was found and what is allowed.
pub fn parse_blif(path: &Path, text: &str, mut sidecar: Sidecar) -> Result<Imported, ImportError> {
    let error = |line: usize, problem: String| ImportError::Blif { path: path.to_owned(), line, problem };
    let lines = logical_lines(text);
    let mut model: Option<String> = None;
    let mut inputs: Vec<&str> = Vec::new();
    let mut outputs: Vec<&str> = Vec::new();
    let mut gates: BTreeMap<&str, Gate<'_>> = BTreeMap::new();
    let mut index = 0;
    while let Some((line, words)) = lines.get(index) {
        index += 1;
        let (line, Some(&command)) = (*line, words.first()) else { continue };
        let rest = words.get(1..).unwrap_or_default();
        match command {
            ".model" if model.is_some() => {
                return Err(error(line, "a second .model; flatten the hierarchy (yosys `flatten`)".into()));
            }
            ".model" => model = Some(rest.first().copied().unwrap_or("blif").to_owned()),
            ".inputs" => inputs.extend(rest),
            ".outputs" => outputs.extend(rest),
            ".end" => break,
            ".names" => {
                let Some((&output, pins)) = rest.split_last() else {
                    return Err(error(line, ".names without an output".into()));
                };
                let mut cover = Vec::new();
                while let Some((line, words)) = lines.get(index).filter(|(_, words)| !words[0].starts_with('.')) {
                    cover.push((*line, words.as_slice()));
                    index += 1;
                }
                let table = table(path, line, pins.len(), &cover)?;
                let gate = Gate { line, inputs: pins.to_vec(), table };
                if inputs.contains(&output) || gates.insert(output, gate).is_some() {
                    return Err(error(line, format!("`{output}` is driven twice")));
                }
            }
            ".latch" => {
                let name = rest.get(1).copied().unwrap_or("?");
                return Err(error(
                    line,
                    format!(
                        "a .latch drives `{name}`; only combinational networks are imported, export without pipeline registers"
                    ),
                ));
            }
            ".subckt" | ".gate" | ".mlatch" => {
                let name = rest.first().copied().unwrap_or("?");
                return Err(error(
                    line,
                    format!(
                        "{command} {name}: cells are not expanded; write it flattened with tables (yosys `flatten; abc -lut 6; write_blif`)"
                    ),
                ));
            }
            // Annotations that do not change the function.
            ".default_input_arrival"
            | ".default_output_required"
            | ".area"
            | ".delay"
            | ".cname"
            | ".attr"
            | ".param" => {}
            other if other.starts_with('.') => {
                return Err(error(
                    line,
                    format!("{other} is not supported; allowed are .model, .inputs, .outputs, .names and .end"),
                ));
            }
            _ => return Err(error(line, "a row outside of a .names".into())),
        }
    }
    for (kind, names) in [(".inputs", &inputs), (".outputs", &outputs)] {
        if names.is_empty() {
            return Err(error(1, format!("no {kind}; a network needs at least one")));
        }
    }
    let stack = levelized(path, &inputs, &outputs, &gates)?;
    let encoder = Encoder::from_thresholds(inputs.len(), &vec![0.5; inputs.len()]);
    let head = sidecar.head.clone().unwrap_or(HeadSpec { classes: Some(0), ..HeadSpec::default() });
    let classes = head.classes.unwrap_or(0);
    let head_kind = match classes {
        0 => Head::Bits,
        classes => Head::GroupSum { classes, tau: head.tau.unwrap_or(1.0) as f32 },
    };
    let beta = head.beta.unwrap_or(0.0) as f32;
    let name = sidecar.name.clone().or(model).unwrap_or_else(|| "blif".into());
    sidecar.library = Some(Library::Blif);
    sidecar.name = Some(name.clone());
    sidecar.head = Some(head);
    let network = BinarizedNetwork::new(name, InputFormat::unsigned(1), encoder, stack.layers, head_kind)
        .map_err(|source| ImportError::Network { path: path.to_owned(), source })?;
    Ok(Imported {
        network,
        library: Library::Blif,
        sidecar,
        stages: stack.stages,
        beta,
        evaluation: Evaluation::Binary,
        notes: Vec::new(),
        sha256: sha256_hex(text.as_bytes()),
    })
}

/// Lines without comments, joined where they end in a backslash, split at blanks; with the
/// number of their first line. Empty ones are left out.
fn logical_lines(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut lines: Vec<(usize, Vec<&str>)> = Vec::new();
    let mut joined = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim_end();
        let (content, continues) = line.strip_suffix('\\').map_or((line, false), |content| (content, true));
        let words = content.split_whitespace();
        match lines.last_mut() {
            Some((_, last)) if joined => last.extend(words),
            _ => lines.push((index + 1, words.collect())),
        }
        joined = continues;
    }
    lines.retain(|(_, words)| !words.is_empty());
    lines
}

/// The table of a cover.
fn table(path: &Path, line: usize, inputs: usize, cover: &[(usize, &[&str])]) -> Result<TruthTable, ImportError> {
    let error = |line: usize, problem: String| ImportError::Blif { path: path.to_owned(), line, problem };
    if inputs > MAX_INPUTS {
        return Err(error(
            line,
            format!("a .names of {inputs} inputs; at most {MAX_INPUTS} fit a table, decompose it (yosys `abc -lut 6`)"),
        ));
    }
    let mut value = None;
    // Every row as a mask of the inputs that it looks at and their values.
    let mut rows: Vec<(usize, usize)> = Vec::with_capacity(cover.len());
    for (line, words) in cover {
        let (pattern, output) = match (*words, inputs) {
            ([output], 0) => ("", *output),
            ([pattern, output], 1..) => (*pattern, *output),
            _ => return Err(error(*line, format!("a row of {} words for {inputs} inputs", words.len()))),
        };
        let bit = match output {
            "0" => false,
            "1" => true,
            other => return Err(error(*line, format!("an output of `{other}`; allowed are 0 and 1"))),
        };
        if *value.get_or_insert(bit) != bit {
            return Err(error(*line, "rows for both output values; a cover lists only one of them".into()));
        }
        if pattern.len() != inputs {
            return Err(error(*line, format!("a row of {} inputs; the .names has {inputs}", pattern.len())));
        }
        let mut row = (0, 0);
        for (p, letter) in pattern.bytes().enumerate() {
            match letter {
                b'0' => row.0 |= 1 << p,
                b'1' => row = (row.0 | 1 << p, row.1 | 1 << p),
                b'-' => {}
                other => return Err(error(*line, format!("`{}` in a row; allowed are 0, 1 and -", char::from(other)))),
            }
        }
        rows.push(row);
    }
    rows.sort_unstable();
    rows.dedup();
    let value = value.unwrap_or(true);
    // A table is filled once per cube, so a long cover of a wide table stays quick.
    let mut covered = vec![false; 1 << inputs];
    for (mask, bits) in rows {
        let free = !mask & ((1 << inputs) - 1);
        // All subsets of the free inputs.
        let mut subset = free;
        loop {
            covered[bits | subset] = true;
            if subset == 0 {
                break;
            }
            subset = (subset - 1) & free;
        }
    }
    Ok(TruthTable::from_fn(inputs, |row| covered[row] == value))
}

/// Places every gate behind its inputs and repeats values that later levels need.
fn levelized(
    path: &Path,
    inputs: &[&str],
    outputs: &[&str],
    gates: &BTreeMap<&str, Gate<'_>>,
) -> Result<Stack, ImportError> {
    let error = |line: usize, problem: String| ImportError::Blif { path: path.to_owned(), line, problem };
    let mut level: BTreeMap<&str, usize> = inputs.iter().map(|&input| (input, 0)).collect();
    if level.len() != inputs.len() {
        return Err(error(1, "an input is declared twice".into()));
    }
    // Depth-first without recursion; a name that is met again while open closes a cycle.
    let mut open: BTreeMap<&str, ()> = BTreeMap::new();
    let mut todo: Vec<(&str, usize)> = outputs.iter().map(|&output| (output, 0)).collect();
    while let Some((name, line)) = todo.pop() {
        if level.contains_key(name) {
            continue;
        }
        let Some(gate) = gates.get(name) else {
            return Err(error(line.max(1), format!("`{name}` is used, but neither an input nor driven by a .names")));
        };
        let missing: Vec<&str> = gate.inputs.iter().copied().filter(|input| !level.contains_key(input)).collect();
        if missing.is_empty() {
            let deepest = gate.inputs.iter().filter_map(|input| level.get(input)).max().copied().unwrap_or(0);
            level.insert(name, deepest + 1);
            open.remove(name);
            continue;
        }
        if open.insert(name, ()).is_some() {
            return Err(error(gate.line, format!("`{name}` depends on itself; cycles are not combinational")));
        }
        todo.push((name, gate.line));
        todo.extend(missing.into_iter().map(|input| (input, gate.line)));
    }
    let depth = outputs.iter().filter_map(|output| level.get(output)).max().copied().unwrap_or(0).max(1);
    // The last level at which a value is read; outputs are read behind the last.
    let mut last_use: BTreeMap<&str, usize> = BTreeMap::new();
    for (&name, &own) in &level {
        for input in gates.get(name).map_or(&[][..], |gate| &gate.inputs) {
            let last = last_use.entry(input).or_default();
            *last = (*last).max(own);
        }
    }
    for &output in outputs {
        last_use.insert(output, depth + 1);
    }
    let mut stack = Stack::new(inputs.len());
    let mut place: BTreeMap<&str, u32> = inputs.iter().enumerate().map(|(i, &input)| (input, i as u32)).collect();
    let mut made = 0usize;
    for current in 1..=depth {
        let own: Vec<&str> = level.iter().filter(|(_, own)| **own == current).map(|(&name, _)| name).collect();
        let carried: Vec<&str> =
            place.keys().copied().filter(|name| last_use.get(name).is_some_and(|&last| last > current)).collect();
        let fan_in =
            own.iter().filter_map(|name| gates.get(name)).map(|gate| gate.inputs.len()).max().unwrap_or(1).max(1);
        made += own.len() + carried.len();
        if made > MAX_NODES {
            return Err(error(1, format!("{depth} levels need more than {MAX_NODES} nodes with their buffers")));
        }
        let mut rows = Rows::new(fan_in);
        let mut next = BTreeMap::new();
        // The last layer is exactly the outputs, in their order.
        let names: Vec<&str> =
            if current == depth { outputs.to_vec() } else { own.iter().chain(&carried).copied().collect() };
        for (column, &name) in names.iter().enumerate() {
            match gates.get(name).filter(|_| level.get(name) == Some(&current)) {
                Some(gate) => {
                    let mut sources: Vec<Source> = gate.inputs.iter().map(|input| place.get(input).copied()).collect();
                    sources.resize(fan_in, None);
                    let positions: Vec<usize> = (0..gate.inputs.len()).collect();
                    rows.push(&sources, &gate.table.place(fan_in, &positions));
                }
                None => rows.push_buffer(place.get(name).copied().unwrap_or(0)),
            }
            next.insert(name, column as u32);
        }
        stack.push(rows);
        stack.mark(&format!("level {current}"), None);
        place = next;
    }
    Ok(stack)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Imported, ImportError> {
        parse_blif(Path::new("net.blif"), text, Sidecar::default())
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    const ADDER: &str = "# a full adder\n.model adder\n.inputs a b \\\n  c\n.outputs sum carry a\n\
        .names a b x\n10 1\n01 1\n.names x c sum\n10 1\n01 1\n\
        .names a b c carry\n11- 1\n1-1 1\n-11 1\n.end\n";

    #[test]
    fn an_adder_adds() {
        let network = parse(ADDER).unwrap().network;
        assert_eq!(network.name(), "adder");
        for row in 0..8usize {
            let x: Vec<f32> = (0..3).map(|i| (row >> i & 1) as f32).collect();
            let ones = row.count_ones();
            assert_eq!(network.predict(&x).bits(), [ones % 2 == 1, ones >= 2, row & 1 == 1], "row {row}");
        }
    }

    #[test]
    fn off_sets_constants_and_unused_gates() {
        let text = ".model m\n.inputs a b\n.outputs nand zero one same\n.names a b nand\n11 0\n.names zero\n.names one\n1\n\
            .names unused a2\n1 1\n.names a same\n1 1\n.end";
        let network = parse(text).unwrap().network;
        for row in 0..4usize {
            let x = [(row & 1) as f32, (row >> 1) as f32];
            assert_eq!(network.predict(&x).bits(), [row != 3, false, true, row & 1 == 1]);
        }
    }

    #[test]
    fn what_is_not_combinational_is_refused_by_name() {
        refused(".model m\n.inputs a\n.outputs q\n.latch a q re clk 0\n.end", "line 4: a .latch drives `q`");
        refused(".model m\n.inputs a\n.outputs q\n.names q a q\n11 1\n.end", "`q` depends on itself");
        refused(".model m\n.inputs a\n.outputs q\n.names p q\n1 1\n.names q p\n1 1\n.end", "depends on itself");
        refused(".model m\n.inputs a\n.outputs q\n.subckt and2 A=a\n.end", ".subckt and2");
        refused(".model m\n.inputs a\n.outputs q\n.names b q\n1 1\n.end", "`b` is used, but neither");
    }

    #[test]
    fn broken_covers_are_refused_with_their_line() {
        let with = |cover: &str| format!(".model m\n.inputs a b\n.outputs q\n.names a b q\n{cover}\n.end");
        refused(&with("11 1\n00 0"), "line 6: rows for both output values");
        refused(&with("1 1"), "line 5: a row of 1 inputs; the .names has 2");
        refused(&with("1x 1"), "`x` in a row");
        refused(&with("11 2"), "an output of `2`");
        let wide: Vec<String> = (0..17).map(|i| format!("i{i}")).collect();
        let text =
            format!(".model m\n.inputs {0}\n.outputs q\n.names {0} q\n{1} 1\n.end", wide.join(" "), "1".repeat(17));
        refused(&text, "a .names of 17 inputs; at most 16");
        refused(".model m\n.outputs q\n", "no .inputs");
    }

    #[test]
    fn a_cover_of_sixteen_inputs_is_one_table() {
        let names: Vec<String> = (0..16).map(|i| format!("i{i}")).collect();
        let text = format!(
            ".model m\n.inputs {0}\n.outputs q\n.names {0} q\n1{1} 1\n{1}0 1\n.end",
            names.join(" "),
            "-".repeat(15)
        );
        let network = parse(&text).unwrap().network;
        assert_eq!(network.layers()[0].fan_in, 16);
        let mut x = [0.0; 16];
        x[15] = 1.0;
        assert_eq!(network.predict(&x).bits(), [false]);
        x[0] = 1.0;
        assert_eq!(network.predict(&x).bits(), [true]);
    }
}
