//! The core as functions of a few hundred statements.

use std::fmt;

use crate::emit::order::{CoreOrder, Stretch};
use crate::netlist::{Design, Node, NodeId, Section};

/// Statements per function: compilers take time that grows faster than a function does.
const STATEMENTS: usize = 256;

/// The comparators, tables and outputs of a design as C++.
pub(super) struct Core<'a> {
    design: &'a Design,
    order: &'a CoreOrder,
    /// For each comparator its element of the array `in`.
    positions: Vec<u32>,
    /// Arrays that hold the results of sections.
    pub(super) arrays: Vec<Array>,
    /// Functions in the order of their calls.
    pub(super) functions: Vec<Function>,
    /// Fan-ins of up to six inputs that occur, ascending.
    pub(super) fan_ins: Vec<usize>,
}

/// An array of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Array {
    name: Name,
    /// Number of bits.
    pub(super) size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Comparators,
    Tables(Section),
    Outputs,
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Name::Comparators => f.write_str("in"),
            Name::Tables(Section::Encoder) => f.write_str("enc"),
            Name::Tables(Section::Layer(layer)) => write!(f, "l{layer}"),
            Name::Tables(Section::Head) => f.write_str("head"),
            Name::Outputs => f.write_str("out"),
        }
    }
}

/// One function.
pub(super) struct Function {
    kind: Kind,
    part: usize,
    range: std::ops::Range<usize>,
    /// Whether it reads the features.
    pub(super) reads_features: bool,
    /// The arrays that it reads, without the one that it writes.
    pub(super) reads: Vec<Array>,
    /// The array that it writes.
    pub(super) writes: Array,
}

#[derive(Clone, Copy)]
enum Kind {
    Comparators,
    Tables(Section),
    Outputs,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Comparators => write!(f, "compare_{}", self.part),
            Kind::Tables(Section::Encoder) => write!(f, "encoder_{}", self.part),
            Kind::Tables(Section::Layer(layer)) => write!(f, "layer{layer}_{}", self.part),
            Kind::Tables(Section::Head) => write!(f, "head_{}", self.part),
            Kind::Outputs => write!(f, "outputs_{}", self.part),
        }
    }
}

/// One assignment.
pub(super) struct Statement {
    /// What is assigned.
    pub(super) target: Bit,
    /// Its value.
    pub(super) value: Value,
}

/// The right-hand side of an assignment.
pub(super) enum Value {
    /// An expression.
    Text(String),
    /// A table of at most six inputs.
    Table { size: usize, hex: String, inputs: Vec<Bit> },
    /// A wider table, 64 rows to a word.
    Wide { words: Vec<u64>, inputs: Vec<Bit> },
}

/// An element of an array.
#[derive(Clone, Copy)]
pub(super) struct Bit {
    array: Array,
    index: u32,
}

impl fmt::Display for Bit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.array, self.index)
    }
}

impl<'a> Core<'a> {
    /// The core of `design`.
    pub(super) fn new(design: &'a Design, order: &'a CoreOrder) -> Self {
        let mut positions = vec![0; design.comparators.len()];
        for (position, &number) in (0..).zip(&order.comparators) {
            positions[number as usize] = position;
        }
        let mut arrays: Vec<Array> = Vec::new();
        if !order.comparators.is_empty() {
            arrays.push(Array { name: Name::Comparators, size: order.comparators.len() });
        }
        for Stretch { section, range } in &order.stretches {
            let name = Name::Tables(*section);
            match arrays.iter_mut().find(|array| array.name == name) {
                Some(array) => array.size += range.len(),
                None => arrays.push(Array { name, size: range.len() }),
            }
        }
        arrays.push(Array { name: Name::Outputs, size: design.core.outputs().len() });
        let mut fan_ins: Vec<usize> = Vec::new();
        let mut seen = [false; 7];
        for &id in &order.tables {
            let inputs = order.schedule.fan_ins(id).len();
            if (1..=6).contains(&inputs) && !std::mem::replace(&mut seen[inputs], true) {
                fan_ins.push(inputs);
            }
        }
        fan_ins.sort_unstable();
        let mut core = Self { design, order, positions, arrays, functions: Vec::new(), fan_ins };
        core.functions = core.split();
        core
    }

    /// The functions, each of one section.
    fn split(&self) -> Vec<Function> {
        let mut functions: Vec<Function> = Vec::new();
        let mut parts: Vec<(Name, usize)> = Vec::new();
        let mut add = |kind: Kind, range: std::ops::Range<usize>| {
            for start in range.clone().step_by(STATEMENTS) {
                let range = start..range.end.min(start + STATEMENTS);
                let writes = self.array(match kind {
                    Kind::Comparators => Name::Comparators,
                    Kind::Tables(section) => Name::Tables(section),
                    Kind::Outputs => Name::Outputs,
                });
                let part = match parts.iter_mut().find(|(name, _)| *name == writes.name) {
                    Some((_, part)) => {
                        *part += 1;
                        *part
                    }
                    None => {
                        parts.push((writes.name, 0));
                        0
                    }
                };
                let reads = self.arrays_read(kind, range.clone(), writes);
                let reads_features = matches!(kind, Kind::Comparators);
                functions.push(Function { kind, part, range, reads_features, reads, writes });
            }
        };
        add(Kind::Comparators, 0..self.order.comparators.len());
        for Stretch { section, range } in &self.order.stretches {
            add(Kind::Tables(*section), range.clone());
        }
        add(Kind::Outputs, 0..self.design.core.outputs().len());
        functions
    }

    fn arrays_read(&self, kind: Kind, range: std::ops::Range<usize>, writes: Array) -> Vec<Array> {
        let nodes: Vec<NodeId> = match kind {
            Kind::Comparators => Vec::new(),
            Kind::Tables(_) => {
                self.order.tables[range].iter().flat_map(|&id| self.order.schedule.fan_ins(id)).copied().collect()
            }
            Kind::Outputs => self.design.core.outputs()[range].to_vec(),
        };
        let mut read = vec![false; self.arrays.len()];
        for id in nodes {
            let array = self.bit(id).array;
            if let Some(position) = self.arrays.iter().position(|known| *known == array) {
                read[position] = true;
            }
        }
        let read = self.arrays.iter().zip(read).filter(|(array, read)| *read && **array != writes);
        read.map(|(array, _)| *array).collect()
    }

    fn array(&self, name: Name) -> Array {
        self.arrays.iter().copied().find(|array| array.name == name).unwrap_or(Array { name, size: 0 })
    }

    fn bit(&self, id: NodeId) -> Bit {
        match self.design.core.node(id) {
            Node::Input(number) => Bit { array: self.array(Name::Comparators), index: self.positions[number as usize] },
            Node::Lut(_) => Bit {
                array: self.array(Name::Tables(self.design.core.section(id))),
                index: self.order.numbers[id.index()],
            },
        }
    }

    /// Whether some output depends on a feature.
    pub(super) fn reads_features(&self) -> bool {
        !self.order.comparators.is_empty()
    }

    /// The statements of a function.
    pub(super) fn statements(&self, function: &Function) -> impl Iterator<Item = Statement> {
        function.range.clone().map(move |position| match function.kind {
            Kind::Comparators => self.comparison(position),
            Kind::Tables(_) => self.table(self.order.tables[position]),
            Kind::Outputs => Statement {
                target: Bit { array: function.writes, index: position as u32 },
                value: Value::Text(self.bit(self.design.core.outputs()[position]).to_string()),
            },
        })
    }

    fn comparison(&self, position: usize) -> Statement {
        let comparator = self.design.comparators[self.order.comparators[position] as usize];
        let suffix = if self.design.input.signed { "" } else { "u" };
        Statement {
            target: Bit { array: self.array(Name::Comparators), index: position as u32 },
            value: Value::Text(format!("features[{}] >= {}{suffix}", comparator.feature, comparator.threshold)),
        }
    }

    fn table(&self, id: NodeId) -> Statement {
        let inputs: Vec<Bit> = self.order.schedule.fan_ins(id).iter().map(|&fan_in| self.bit(fan_in)).collect();
        let value = match (self.design.core.table(id), inputs.len()) {
            (None, _) => Value::Text("false".to_owned()),
            (Some(table), 0) => Value::Text((table.words()[0] == 1).to_string()),
            (Some(table), size @ 1..=6) => Value::Table { size, hex: table.hex(), inputs },
            (Some(table), _) => Value::Wide { words: table.words().to_vec(), inputs },
        };
        Statement { target: self.bit(id), value }
    }
}
