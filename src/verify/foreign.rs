//! Verilog that was not printed in this run: a wrapper gives it the ports that the checks drive.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::netlist::{Design, DesignHead};

use super::modules::{declared, without_comments};

/// Names of the ports of a foreign module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortMap {
    /// The clock; `clk` unless said otherwise.
    pub clk: Option<String>,
    /// One bus with feature 0 in the lowest bits, or one port a feature; `features` unless said
    /// otherwise.
    pub features: Option<FeaturePorts>,
    /// The class; `class_index` unless said otherwise.
    pub class_index: Option<String>,
    /// All scores, class 0 in the lowest bits, or one port a class; `scores` unless said otherwise.
    pub scores: Option<FeaturePorts>,
    /// The outputs of a network without classes; `bits` unless said otherwise.
    pub bits: Option<String>,
    /// Inputs that stand still, such as a reset or an enable, and their values.
    pub constants: BTreeMap<String, u64>,
}

/// One bus or several ports.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum FeaturePorts {
    /// One bus for all.
    Bus(String),
    /// One port each, number 0 first.
    Each(Vec<String>),
}

/// A foreign artefact that cannot be checked as it is.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// A port map that is none.
    #[error("`{}`: {reason}; allowed keys are clk, features, class_index, scores, bits, constants", path.display())]
    PortMap {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No such module in the files.
    #[error("there is no module `{top}` in {files}; there are: {known}; name one with --top")]
    Top {
        /// The module.
        top: String,
        /// The files.
        files: String,
        /// The modules that are there.
        known: String,
    },
    /// The module has other ports than the model.
    #[error("module `{top}`: {problem}")]
    Interface {
        /// The module.
        top: String,
        /// What does not fit and what to do.
        problem: String,
    },
}

impl PortMap {
    /// Reads a YAML file.
    ///
    /// # Errors
    /// [`ForeignError::PortMap`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ForeignError> {
        serde_yaml::from_str(text)
            .map_err(|error| ForeignError::PortMap { path: path.to_owned(), reason: error.to_string() })
    }
}

/// A port of a module header.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    /// `input`, `output` or `inout`.
    direction: String,
    name: String,
    /// Its bits, where they are written as numbers.
    width: Option<usize>,
}

/// One connection of the wrapper.
struct Connection {
    port: String,
    direction: &'static str,
    width: usize,
    signal: String,
}

/// A module `name` with the ports of `design` around the module `top` of `sources` (file name,
/// text). `latency` is the number of clock cycles, 0 for a module without a clock.
///
/// # Errors
/// [`ForeignError`] when the module is not there or its ports are not those of the design.
pub fn wrapper(
    design: &Design,
    name: &str,
    sources: &[(String, String)],
    top: &str,
    ports: &PortMap,
    latency: u32,
) -> Result<String, ForeignError> {
    let headers = header(sources, top)?;
    let interface = |problem: String| ForeignError::Interface { top: top.to_owned(), problem };
    let mut connections = connections(design, ports, latency).map_err(interface)?;
    if let Some(headers) = headers {
        check_header(&headers, &mut connections, ports, latency).map_err(interface)?;
    }
    for (port, value) in &ports.constants {
        connections.push(Connection { port: port.clone(), direction: "input", width: 1, signal: value.to_string() });
    }
    let mut text = format!("module {name} (\n");
    if latency > 0 {
        text += "  input wire clk,\n";
    }
    text += &format!("  input wire [{}:0] features,\n", design.input.width() - 1);
    text += &match &design.head {
        DesignHead::Bits => format!("  output wire [{}:0] bits\n", design.core.outputs().len() - 1),
        DesignHead::Classes(head) => format!(
            "  output wire [{}:0] class_index,\n  output wire [{}:0] scores\n",
            head.argmax().class_bits() - 1,
            head.score_bits() * head.groups.len() - 1
        ),
    };
    text += &format!(");\n  {top} checked (\n");
    let pins: Vec<String> =
        connections.iter().map(|connection| format!("    .{}({})", connection.port, connection.signal)).collect();
    text += &pins.join(",\n");
    text += "\n  );\nendmodule\n";
    Ok(text)
}

/// What is connected to what.
fn connections(design: &Design, ports: &PortMap, latency: u32) -> Result<Vec<Connection>, String> {
    let mut connections = Vec::new();
    let mut add = |direction, port: &str, width, signal: String| {
        connections.push(Connection { port: port.to_owned(), direction, width, signal });
    };
    if latency > 0 {
        add("input", ports.clk.as_deref().unwrap_or("clk"), 1, "clk".to_owned());
    }
    let mut spread = |direction, given: &Option<FeaturePorts>, bus: &str, count: usize, width: usize, what: &str| {
        match given {
            None => add(direction, bus, count * width, bus.to_owned()),
            Some(FeaturePorts::Bus(port)) => add(direction, port, count * width, bus.to_owned()),
            Some(FeaturePorts::Each(each)) if each.len() == count => {
                for (index, port) in each.iter().enumerate() {
                    add(direction, port, width, format!("{bus}[{} +: {width}]", index * width));
                }
            }
            Some(FeaturePorts::Each(each)) => {
                return Err(format!("the port map lists {} ports for {what}; the model has {count}", each.len()));
            }
        }
        Ok(())
    };
    spread("input", &ports.features, "features", design.input.features, design.input.bits as usize, "features")?;
    match &design.head {
        DesignHead::Bits => {
            let port = ports.bits.as_deref().unwrap_or("bits");
            add("output", port, design.core.outputs().len(), "bits".to_owned());
        }
        DesignHead::Classes(head) => {
            spread("output", &ports.scores, "scores", head.groups.len(), head.score_bits(), "scores")?;
            let port = ports.class_index.as_deref().unwrap_or("class_index");
            add("output", port, head.argmax().class_bits(), "class_index".to_owned());
        }
    }
    Ok(connections)
}

/// Holds the connections against the header, as far as that says anything.
fn check_header(
    headers: &[Header],
    connections: &mut [Connection],
    ports: &PortMap,
    latency: u32,
) -> Result<(), String> {
    let list = || headers.iter().map(|header| header.name.as_str()).collect::<Vec<_>>().join(", ");
    for connection in connections.iter() {
        let Some(header) = headers.iter().find(|header| header.name == connection.port) else {
            return Err(format!(
                "it has no port `{}` (it has: {}); say with --ports how its ports are called",
                connection.port,
                list()
            ));
        };
        if header.direction != connection.direction {
            return Err(format!(
                "port `{}` is an {}, expected an {}",
                header.name, header.direction, connection.direction
            ));
        }
        if let Some(width) = header.width.filter(|&width| width != connection.width) {
            return Err(format!("port `{}` has {width} bits; the model has {}", header.name, connection.width));
        }
    }
    for header in headers.iter().filter(|header| header.direction == "input") {
        let known = connections.iter().any(|connection| connection.port == header.name);
        if known || ports.constants.contains_key(&header.name) {
            continue;
        }
        let clock = ports.clk.as_deref().unwrap_or("clk");
        return Err(match header.name == clock && latency == 0 {
            true => format!("it has a clock, `{clock}`; say with --latency after how many cycles its outputs come"),
            false => format!(
                "input `{}` belongs to nothing of the model; give it a value under `constants` of --ports",
                header.name
            ),
        });
    }
    Ok(())
}

/// The ports of module `top`; `None` when they are not declared in its header.
fn header(sources: &[(String, String)], top: &str) -> Result<Option<Vec<Header>>, ForeignError> {
    let mut known = Vec::new();
    for (_, text) in sources {
        let text = without_comments(text);
        for (name, rest) in declared(&text) {
            if name == top {
                return Ok(ports_of(rest));
            }
            if !known.iter().any(|other| other == name) {
                known.push(name.to_owned());
            }
        }
    }
    let files: Vec<&str> = sources.iter().map(|(name, _)| name.as_str()).collect();
    Err(ForeignError::Top { top: top.to_owned(), files: files.join(", "), known: known.join(", ") })
}

/// The text between the first parenthesis and its partner, and what follows.
fn parenthesized(text: &str) -> Option<(&str, &str)> {
    let start = text.find('(')?;
    let mut depth = 0usize;
    for (at, symbol) in text[start..].char_indices() {
        match symbol {
            '(' => depth += 1,
            ')' if depth == 1 => return Some((&text[start + 1..start + at], &text[start + at + 1..])),
            ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

fn ports_of(rest: &str) -> Option<Vec<Header>> {
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('#') {
        Some(parameters) => parenthesized(parameters)?.1,
        None => rest,
    };
    let (list, _) = parenthesized(rest)?;
    let mut headers: Vec<Header> = Vec::new();
    for port in list.split(',') {
        let mut width = Some(1);
        let mut direction = headers.last().map(|header: &Header| header.direction.clone());
        let mut own = false;
        let mut text = port.trim().to_owned();
        if let (Some(open), Some(close)) = (text.find('['), text.find(']')) {
            let range = text.get(open + 1..close)?.to_owned();
            width = range.split_once(':').and_then(|(high, low)| {
                let (high, low): (usize, usize) = (high.trim().parse().ok()?, low.trim().parse().ok()?);
                Some(high.abs_diff(low) + 1)
            });
            text.replace_range(open..=close, " ");
            own = true;
        }
        let mut name = String::new();
        for word in text.split_whitespace() {
            match word {
                "input" | "output" | "inout" => {
                    direction = Some(word.to_owned());
                    own = true;
                }
                "wire" | "reg" | "logic" | "signed" | "unsigned" => {}
                other => name = other.to_owned(),
            }
        }
        if !own {
            // `input [7:0] a, b`: the second is like the first.
            width = headers.last().and_then(|header| header.width);
        }
        headers.push(Header { direction: direction?, name, width });
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::lower::lower;

    fn wrap(text: &str, ports: &str, latency: u32) -> Result<String, String> {
        // Three features of two bits, three classes, scores of two bits.
        let design = lower(&random_network(5, &NetworkShape::small()));
        let ports = PortMap::parse(Path::new("p.yaml"), ports).map_err(|error| error.to_string())?;
        let sources = [("old.v".to_owned(), text.to_owned())];
        wrapper(&design, "check", &sources, "old", &ports, latency).map_err(|error| error.to_string())
    }

    const OLD: &str = "// module old (\nmodule old #(parameter N = 1) (input wire [5:0] features, output [1:0] class_index,\n output wire [5:0] scores);\nendmodule\nmodule other(input a); endmodule";

    #[test]
    fn a_module_with_the_usual_ports_needs_no_map() {
        let text = wrap(OLD, "{}", 0).unwrap();
        assert!(text.contains("module check (") && text.contains(".scores(scores)"), "{text}");
    }

    #[test]
    fn ports_are_mapped_by_name_one_by_one_and_to_constants() {
        let old =
            "module old(input clock, input rst, input [1:0] a, b, c, output [1:0] label, output [1:0] s0, s1, s2);";
        let ports = "{clk: clock, features: [a, b, c], class_index: label, scores: [s0, s1, s2], constants: {rst: 0}}";
        let text = wrap(old, ports, 3).unwrap();
        for words in [".clock(clk)", ".b(features[2 +: 2])", ".label(class_index)", ".s2(scores[4 +: 2])", ".rst(0)"] {
            assert!(text.contains(words), "{words} in {text}");
        }
    }

    #[test]
    fn another_interface_is_refused_with_what_is_there() {
        let refuses = |text: &str, ports: &str, latency, words: &str| {
            let error = wrap(text, ports, latency).unwrap_err();
            assert!(error.contains(words), "no `{words}` in: {error}");
        };
        refuses("module new(input a);", "{}", 0, "no module `old` in old.v; there are: new");
        refuses(
            &OLD.replace("[5:0] features", "[7:0] features"),
            "{}",
            0,
            "port `features` has 8 bits; the model has 6",
        );
        refuses(&OLD.replace("scores)", "votes)"), "{}", 0, "no port `scores` (it has: features, class_index, votes)");
        refuses(&OLD.replace("output [1:0]", "input [1:0]"), "{}", 0, "port `class_index` is an input");
        let clocked = OLD.replace("(input wire [5:0]", "(input clk, input wire [5:0]");
        refuses(&clocked, "{}", 0, "it has a clock, `clk`; say with --latency");
        let reset = clocked.replace("input clk", "input clk, input rst");
        refuses(&reset, "{}", 2, "input `rst` belongs to nothing");
        refuses(OLD, "{features: [a, b]}", 0, "lists 2 ports for features; the model has 3");
        refuses(OLD, "{feature: a}", 0, "unknown field `feature`");
    }
}
