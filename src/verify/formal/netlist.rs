//! The JSON netlist of yosys.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// One bit of a net: a number that names it, or one of `0`, `1`, `x`, `z`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub(crate) enum Bit {
    /// A net.
    Net(u64),
    /// A constant.
    Constant(String),
}

impl Bit {
    /// Whether it has no value.
    pub(super) fn is_undefined(&self) -> bool {
        matches!(self, Self::Constant(text) if text == "x")
    }
}

/// A port of the top module.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Port {
    /// `input`, `output` or `inout`.
    pub(crate) direction: String,
    /// Its bits, lowest first.
    pub(crate) bits: Vec<Bit>,
}

/// A cell.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Cell {
    /// Its type, as in `$add`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its parameters: binary digits, or text.
    pub(crate) parameters: FxHashMap<String, String>,
    /// Its ports, lowest bit first.
    pub(crate) connections: BTreeMap<String, Vec<Bit>>,
}

impl Cell {
    /// A parameter that is a flag.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.parameters.get(name).is_some_and(|digits| digits.ends_with('1'))
    }

    /// The bits of a port, none when it has no such port.
    pub(super) fn port(&self, name: &str) -> &[Bit] {
        self.connections.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A flat module.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Module {
    /// Ports by name.
    pub(crate) ports: BTreeMap<String, Port>,
    /// Cells by name.
    pub(crate) cells: BTreeMap<String, Cell>,
}

#[derive(Deserialize)]
struct File {
    modules: BTreeMap<String, Module>,
}

impl Module {
    /// How many bits there are that a choice between cases (`$pmux`) gives when none applies, and
    /// that have no value.
    pub(super) fn open_defaults(&self) -> usize {
        let choices = self.cells.values().filter(|cell| cell.kind == "$pmux");
        choices.flat_map(|cell| cell.port("A")).filter(|bit| bit.is_undefined()).count()
    }

    /// The module `top` of a file.
    ///
    /// # Errors
    /// A sentence on what is wrong with the text.
    pub(crate) fn parse(text: &str, top: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| format!("no netlist: {error}"))?;
        let known: Vec<String> = file.modules.keys().cloned().collect();
        file.modules
            .into_iter()
            .find(|(name, _)| name == top)
            .map(|(_, module)| module)
            .ok_or_else(|| format!("no module `{top}`; there are: {}", known.join(", ")))
    }
}
