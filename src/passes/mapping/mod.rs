//! Technology mapping: the fewest LUTs of K inputs.
//!
//! Tables that are simple or too wide are taken apart into gates, and the gates are covered
//! with LUTs anew. Every table that already fits is remembered as a cut of its gates, and a
//! cover that is not smaller is thrown away, so a netlist that fits never gets larger.

mod cover;
mod cut;
mod decompose;
mod gates;
mod wide;

pub use cover::MapGoal;

use crate::logic::{TruthTable, VARIABLE};
use crate::netlist::{Netlist, Node, NodeId};

use self::cover::Cover;
use self::decompose::Decomposer;
use self::gates::{GateGraph, Lit};
use self::wide::Narrower;
use super::{Pass, Subject};

/// Covers the netlist with LUTs of K inputs.
pub(super) struct Map;

impl Pass for Map {
    fn name(&self) -> &'static str {
        "map"
    }

    fn description(&self) -> &'static str {
        "Take tables apart and cover them with as few LUTs of K inputs as possible (--lut-size)"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let lut_inputs = subject.options.lut_inputs;
        let wide = |id: NodeId| subject.netlist.table(id).is_some_and(|table| table.inputs() > lut_inputs);
        let must = subject.netlist.node_ids().any(wide);
        let graph = take_apart(subject, lut_inputs);
        let cover = Cover::new(&graph, lut_inputs, subject.options.goal);
        let mapped = rebuild(&graph, &cover);
        let smaller = match subject.options.goal {
            MapGoal::Area => mapped.luts() < subject.netlist.luts(),
            MapGoal::Depth => {
                let (old, new) = (subject.netlist.depth(), mapped.depth());
                new < old || new == old && mapped.luts() < subject.netlist.luts()
            }
        };
        (must || smaller).then_some(mapped)
    }
}

fn take_apart(subject: &Subject<'_>, lut_inputs: usize) -> GateGraph {
    let netlist = subject.netlist;
    let live = subject.schedule.live(netlist);
    let mut graph = GateGraph::with_capacity(2 * netlist.nodes());
    let mut decomposer = Decomposer::default();
    let mut map: Vec<Lit> = Vec::with_capacity(netlist.nodes());
    let mut pins = Vec::new();
    for id in netlist.node_ids() {
        graph.enter(netlist.section(id));
        map.push(match netlist.node(id) {
            Node::Input(_) => graph.add_input(),
            Node::Lut(_) if !live[id.index()] => Lit::ZERO,
            Node::Lut(table) => {
                pins.clear();
                pins.extend(subject.schedule.fan_ins(id).iter().map(|fan_in| map[fan_in.index()]));
                let table = netlist.tables().get(table);
                if table.inputs() <= lut_inputs {
                    graph.table(&mut decomposer, table.full_word(), &pins, true)
                } else {
                    let root = Narrower::new(&mut graph, &mut decomposer, lut_inputs).build(table, &pins);
                    graph.add_seed(root, &pins);
                    root
                }
            }
        });
    }
    graph.outputs = netlist.outputs().iter().map(|output| map[output.index()]).collect();
    graph
}

fn rebuild(graph: &GateGraph, cover: &Cover<'_>) -> Netlist {
    let mut new = Netlist::with_capacity(cover.luts() + graph.inputs.len(), 6 * cover.luts());
    let mut map: Vec<Option<NodeId>> = vec![None; graph.len()];
    for &input in &graph.inputs {
        map[input as usize] = Some(new.add_input(graph.section(input)));
    }
    // An output that is needed in one polarity only is made in that polarity.
    let mut polarity: Vec<[bool; 2]> = vec![[false; 2]; graph.len()];
    for output in &graph.outputs {
        polarity[output.node() as usize][usize::from(output.inverted())] = true;
    }
    let flips = |node: u32| polarity[node as usize] == [false, true];
    let mut values = Values::default();
    for node in 0..graph.len() as u32 {
        if !cover.is_lut(node) {
            continue;
        }
        let leaves = cover.cut(node).leaves();
        let mut word = values.function(graph, node, leaves);
        let mut fan_ins = Vec::with_capacity(leaves.len());
        for (input, &leaf) in leaves.iter().enumerate() {
            // A leaf made as its complement.
            if flips(leaf) && !graph.pins(leaf).is_empty() {
                let (variable, shift) = (VARIABLE[input], 1 << input);
                word = (word & variable) >> shift | (word & !variable) << shift;
            }
            fan_ins.extend(map[leaf as usize]);
        }
        let table = TruthTable::from_word(leaves.len(), word ^ u64::from(flips(node)).wrapping_neg());
        let support = table.support();
        let (table, fan_ins) = if support.len() < leaves.len() {
            (table.project(&support), support.iter().map(|&input| fan_ins[input]).collect())
        } else {
            (table, fan_ins)
        };
        map[node as usize] = Some(new.add_lut(&table, &fan_ins, graph.section(node)));
    }
    let mut made: rustc_hash::FxHashMap<Lit, NodeId> = rustc_hash::FxHashMap::default();
    for &output in &graph.outputs {
        let node = output.node();
        let is_gate = !graph.pins(node).is_empty();
        let driver = match map[node as usize] {
            Some(driver) if output.inverted() == (is_gate && flips(node)) => driver,
            driver => *made.entry(output).or_insert_with(|| match driver {
                Some(driver) => new.add_lut(&TruthTable::inverter(), &[driver], graph.section(node)),
                None => new.add_constant(output.inverted(), graph.section(node)),
            }),
        };
        new.add_output(driver);
    }
    new
}

/// Values of the gates inside one cut.
#[derive(Default)]
struct Values {
    known: rustc_hash::FxHashMap<u32, u64>,
}

impl Values {
    /// The function of `root` over `leaves`, repeated to six inputs.
    fn function(&mut self, graph: &GateGraph, root: u32, leaves: &[u32]) -> u64 {
        self.known.clear();
        for (input, &leaf) in leaves.iter().enumerate() {
            self.known.insert(leaf, VARIABLE[input]);
        }
        self.value(graph, root)
    }

    fn value(&mut self, graph: &GateGraph, node: u32) -> u64 {
        if let Some(&value) = self.known.get(&node) {
            return value;
        }
        let mut values = [0u64; gates::MAX_LEAVES];
        let pins = graph.pins(node);
        for (value, pin) in values.iter_mut().zip(pins) {
            *value = self.value(graph, pin.node()) ^ u64::from(pin.inverted()).wrapping_neg();
        }
        let value = crate::logic::evaluate_word(graph.word(node), &values[..pins.len()]);
        self.known.insert(node, value);
        value
    }
}

#[cfg(test)]
mod tests;
