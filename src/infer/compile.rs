//! A binarized network as a program of the interpreter.

use rustc_hash::FxHashMap;

use crate::binarized::BinarizedNetwork;
use crate::bitslice::{Cell, Cover, Decomposer, Gate, Gates, Signal, schedule_in_runs};
use crate::netlist::bits_for;

use super::head::{Counters, largest};
use super::kernels::canonical;
use super::program::{Assembler, Program, Value};

/// Cells of one kind that follow each other at most. Longer runs are decided about less often,
/// shorter ones keep fewer words alive.
const RUN: usize = 32;

/// A program and what is where.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    /// The program.
    pub(super) program: Program,
    /// Columns of encoded bits that it reads, ascending: column `inputs[i]` belongs into slot `i`.
    pub(super) inputs: Vec<usize>,
    /// The bits of the class, lowest first.
    pub(super) class: Vec<Value>,
    /// For each class the bits of its score, lowest first.
    pub(super) scores: Vec<Vec<Value>>,
    /// The bits of a network that ends in plain bits.
    pub(super) bits: Vec<Value>,
}

/// Compiles `network`.
pub(super) fn compile(network: &BinarizedNetwork) -> Compiled {
    let (gates, outputs) = gates(network);
    let cover = Cover::new(&gates, &outputs);
    let mut kinds: FxHashMap<u8, usize> = FxHashMap::default();
    let kind = |cell: &Cell| {
        let next = kinds.len();
        *kinds.entry(canonical(cell.table, cell.words().len()).0).or_insert(next)
    };
    let cells = schedule_in_runs(&cover.cells, gates.len(), outputs.iter().map(|output| output.gate()), kind, RUN);

    // Readers to come of every gate; an output is read once for each time that it is one.
    let mut readers = vec![0u32; gates.len()];
    let words = cells.iter().flat_map(|cell| cell.words().iter().map(|&word| word as usize));
    words.chain(outputs.iter().map(|output| output.gate())).for_each(|gate| readers[gate] += 1);
    let mut values = vec![Value::constant(false); gates.len()];
    let mut inputs: Vec<(usize, usize)> = (0..gates.len())
        .filter_map(|gate| match gates.gate(gate) {
            Gate::Plane(column) if readers[gate] > 0 => Some((column as usize, gate)),
            _ => None,
        })
        .collect();
    inputs.sort_unstable();
    for (slot, &(_, gate)) in (0..).zip(&inputs) {
        values[gate] = Value { slot: Some(slot), inverted: false };
    }
    let mut assembler = Assembler::new(inputs.iter().map(|&(_, gate)| readers[gate]).collect());

    let groups = network.head().groups(outputs.len());
    let largest_score = groups.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
    let mut counters = Counters::new(groups.len(), bits_for(largest_score));
    // For each gate the classes that count it, with the polarity.
    let mut counted: Vec<Vec<(usize, bool)>> = vec![Vec::new(); gates.len()];
    for (class, group) in groups.iter().enumerate() {
        for output in &outputs[group.clone()] {
            counted[output.gate()].push((class, output.inverted() ^ cover.inverted[output.gate()]));
        }
    }
    let mut made = |assembler: &mut Assembler, gate: usize, value: Value| {
        for &(class, inverted) in &counted[gate] {
            counters.count(assembler, class, value.invert_if(inverted));
        }
    };
    made(&mut assembler, 0, Value::constant(false));
    for &(_, gate) in &inputs {
        made(&mut assembler, gate, values[gate]);
    }
    for cell in &cells {
        let gate = cell.gate as usize;
        let words: Vec<Value> = cell.words().iter().map(|&word| values[word as usize]).collect();
        let value = assembler.gate(cell.table, &words);
        // It has one reader already.
        values[gate] = assembler.retain(value, readers[gate].saturating_sub(1));
        made(&mut assembler, gate, values[gate]);
    }
    let scores = counters.finish(&mut assembler);
    let class = largest(&mut assembler, &scores);
    let plain = |output: &Signal| values[output.gate()].invert_if(output.inverted() ^ cover.inverted[output.gate()]);
    let bits = if groups.is_empty() { outputs.iter().map(plain).collect() } else { Vec::new() };
    let inputs = inputs.into_iter().map(|(column, _)| column).collect();
    Compiled { program: assembler.finish(), inputs, class, scores, bits }
}

/// The tables as gates, and the bits of the last layer.
fn gates(network: &BinarizedNetwork) -> (Gates, Vec<Signal>) {
    let mut gates = Gates::new();
    let mut decomposer = Decomposer::new();
    let mut columns: Vec<Signal> = (0..network.encoder().width()).map(|column| gates.plane(column as u32)).collect();
    let mut pins = Vec::new();
    for layer in network.layers() {
        columns = (0..layer.width())
            .map(|node| {
                pins.clear();
                pins.extend(layer.pins(node).iter().map(|&column| columns[column as usize]));
                decomposer.build(&mut gates, &layer.tables[node], &pins)
            })
            .collect();
    }
    (gates, columns)
}
