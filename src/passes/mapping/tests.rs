//! The mapper preserves functions, keeps to K and never makes a netlist larger.

use proptest::prelude::*;

use super::super::testing::parse;
use super::super::{PassOptions, Pipeline, find_difference};
use super::MapGoal;
use super::gates::{GateGraph, Lit};
use crate::logic::TruthTable;
use crate::netlist::arbitrary::{netlists, netlists_of};
use crate::netlist::{Netlist, NodeId, Schedule, Section};

fn map(netlist: &Netlist, lut_inputs: usize, goal: MapGoal) -> Netlist {
    let mut mapped = netlist.clone();
    let options = PassOptions { lut_inputs, goal };
    Pipeline::by_names(&["map"]).unwrap().options(options).check_function(true).run(&mut mapped).unwrap();
    mapped
}

fn widest(netlist: &Netlist) -> usize {
    netlist.node_ids().filter_map(|id| netlist.table(id)).map(TruthTable::inputs).max().unwrap_or(0)
}

/// A netlist of one table of as many inputs.
fn single(table: &TruthTable) -> Netlist {
    let mut netlist = Netlist::new();
    let inputs: Vec<NodeId> = (0..table.inputs()).map(|_| netlist.add_input(Section::Encoder)).collect();
    let root = netlist.add_lut(table, &inputs, Section::Layer(0));
    netlist.add_output(root);
    netlist
}

#[test]
fn gates_are_packed_into_whole_luts() {
    let tree = "a b c d e f | g = 8(a, b) | h = 6(c, d) | i = e(e, f) | j = 8(g, h) | k = 6(j, i) | y = k";
    assert_eq!(map(&parse(tree), 6, MapGoal::Area).luts(), 1);
    assert_eq!(map(&parse(tree), 4, MapGoal::Area).luts(), 2);
}

#[test]
fn a_table_of_six_inputs_stays_one_lut() {
    for word in [0x1234_5678_9abc_def1, 0xfee8_e880_e880_8001, 0x8000_0000_0000_0000] {
        let netlist = single(&TruthTable::from_words(6, vec![word]));
        assert_eq!(map(&netlist, 6, MapGoal::Area).luts(), 1);
    }
}

#[test]
fn wide_tables_take_their_structure_into_account() {
    // Two of the eight inputs select one of four halves: three six-input tables suffice, since
    // the count of six inputs has few values that matter.
    let threshold = TruthTable::from_fn(8, |row| (row & 63).count_ones() >= 3 && row >> 6 != 1);
    assert!(map(&single(&threshold), 6, MapGoal::Area).luts() <= 2);
    let parity = TruthTable::from_fn(11, |row| row.count_ones() % 2 == 1);
    assert_eq!(map(&single(&parity), 6, MapGoal::Area).luts(), 2);
}

#[test]
fn depth_is_what_the_depth_goal_minimizes() {
    let chain =
        "a b c d e f g | h = 8(a, b) | i = 6(h, c) | j = 8(i, d) | k = 6(j, e) | l = 8(k, f) | m = 6(l, g) | y = m h";
    let netlist = parse(chain);
    let mapped = map(&netlist, 4, MapGoal::Depth);
    assert_eq!(Schedule::new(&mapped).depth(&mapped), 2);
}

#[test]
fn pins_behind_a_gate_that_was_found_again_are_no_leaves_of_it() {
    let mut graph = GateGraph::with_capacity(8);
    let [a, b, c] = [(); 3].map(|()| graph.add_input());
    let old = graph.and(a, b);
    let newer = graph.xor(b, c);
    graph.add_seed(old, &[Lit::ZERO, a, b, newer]);
    assert_eq!(graph.seed(old.node()), Some(&[a.node(), b.node()][..]));
}

proptest! {
    #[test]
    fn functions_stay_and_tables_fit(netlist in netlists(), four in any::<bool>(), deep in any::<bool>()) {
        let lut_inputs = if four { 4 } else { 6 };
        let goal = if deep { MapGoal::Depth } else { MapGoal::Area };
        let mapped = map(&netlist, lut_inputs, goal);
        prop_assert_eq!(find_difference(&netlist, &mapped), None);
        prop_assert!(widest(&mapped) <= lut_inputs);
        if widest(&netlist) <= lut_inputs && goal == MapGoal::Area {
            prop_assert!(mapped.luts() <= netlist.luts());
        }
    }

    #[test]
    fn larger_networks_stay(netlist in netlists_of(15..=40, 1..=120)) {
        let mapped = map(&netlist, 6, MapGoal::Area);
        prop_assert_eq!(find_difference(&netlist, &mapped), None);
        prop_assert!(widest(&mapped) <= 6);
    }

    #[test]
    fn wide_tables_are_exact(inputs in 7usize..=11, words in prop::collection::vec(any::<u64>(), 32), four in any::<bool>()) {
        let table = TruthTable::from_words(inputs, words[..1 << (inputs - 6)].to_vec());
        let netlist = single(&table);
        let lut_inputs = if four { 4 } else { 6 };
        let mapped = map(&netlist, lut_inputs, MapGoal::Area);
        prop_assert_eq!(find_difference(&netlist, &mapped), None);
        prop_assert!(widest(&mapped) <= lut_inputs);
    }
}
