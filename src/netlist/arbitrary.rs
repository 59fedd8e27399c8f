//! Random netlists for property tests.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::logic::TruthTable;

use super::{Netlist, NodeId, Section};

/// The widest random table.
const MAX_FAN_IN: usize = 8;

/// What a random node is before its fan-ins are known.
#[derive(Clone, Debug)]
struct Recipe {
    kind: u8,
    words: Vec<u64>,
    pins: Vec<Index>,
    section: u32,
}

fn recipes() -> impl Strategy<Value = Recipe> {
    (0u8..12, prop::collection::vec(any::<u64>(), 4), prop::collection::vec(any::<Index>(), 0..=MAX_FAN_IN), 0u32..3)
        .prop_map(|(kind, words, pins, section)| Recipe { kind, words, pins, section })
}

impl Recipe {
    fn table(&self) -> TruthTable {
        let inputs = self.pins.len();
        match self.kind {
            0 => TruthTable::constant(self.words[0] & 1 == 1),
            1 | 2 if inputs > 0 => TruthTable::inverter(),
            3 if inputs > 0 => TruthTable::buffer(),
            // A constant or a copy of one pin written as a wide table.
            4 => TruthTable::from_fn(inputs, |_| self.words[0] & 1 == 1),
            5 => TruthTable::from_fn(inputs, |row| row & 1 == 1),
            // Symmetric functions, so that equal nodes turn up.
            6 | 7 => TruthTable::from_fn(inputs, |row| row.count_ones() % 2 == 1),
            8 => TruthTable::from_fn(inputs, |row| row + 1 == 1 << inputs),
            _ => {
                let words = if inputs <= 6 { 1 } else { 1 << (inputs - 6) };
                TruthTable::from_words(inputs, self.words[..words].to_vec())
            }
        }
    }
}

/// Netlists of `inputs` primary inputs and `luts` tables of zero to eight inputs, with constants,
/// buffers, inverters, repeated pins, dead nodes and outputs that are inputs among them.
pub(crate) fn netlists_of(
    inputs: std::ops::RangeInclusive<usize>,
    luts: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = Netlist> {
    let outputs = prop::collection::vec(any::<Index>(), 1..8);
    (inputs, prop::collection::vec(recipes(), luts), outputs).prop_map(|(inputs, recipes, outputs)| {
        let mut netlist = Netlist::new();
        for _ in 0..inputs {
            netlist.add_input(Section::Encoder);
        }
        for recipe in recipes {
            let table = recipe.table();
            if netlist.nodes() == 0 && table.inputs() > 0 {
                continue;
            }
            let nodes = netlist.nodes();
            let fan_ins: Vec<NodeId> =
                recipe.pins[..table.inputs()].iter().map(|pin| NodeId::from_index(pin.index(nodes))).collect();
            netlist.add_lut(&table, &fan_ins, Section::Layer(recipe.section));
        }
        if netlist.nodes() > 0 {
            for output in outputs {
                netlist.add_output(NodeId::from_index(output.index(netlist.nodes())));
            }
        }
        netlist
    })
}

/// Small netlists whose inputs can be enumerated.
pub(crate) fn netlists() -> impl Strategy<Value = Netlist> {
    netlists_of(0..=7, 0..=24)
}

/// The netlist with one more output that is no node of it: what a broken pass could return.
pub(crate) fn with_stray_output(mut netlist: Netlist) -> Netlist {
    netlist.outputs.push(NodeId::from_index(netlist.nodes()));
    netlist
}
