//! The checks must be able to fail: designs and vectors with one fault each.

use difflut::binarized::BinarizedNetwork;
use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::logic::TruthTable;
use difflut::lower::lower;
use difflut::netlist::{Design, Netlist, Node};
use difflut::verify::{self, Difference, VectorPlan, Verdict, test_vectors};

use crate::support::{check_design, skipped, tool, torch};

/// A copy of the core in which node `at` is changed by `fault`.
fn mutate(core: &Netlist, at: usize, fault: impl Fn(&TruthTable, &[usize]) -> (TruthTable, Vec<usize>)) -> Netlist {
    let mut copy = Netlist::new();
    let mut ids = Vec::new();
    for id in core.node_ids() {
        let section = core.section(id);
        ids.push(match core.node(id) {
            Node::Input(_) => copy.add_input(section),
            Node::Lut(table) => {
                let table = core.tables().get(table);
                let pins: Vec<usize> = core.fan_ins(id).iter().map(|pin| pin.index()).collect();
                let (table, pins) = if id.index() == at { fault(table, &pins) } else { (table.clone(), pins) };
                let pins: Vec<_> = pins.into_iter().map(|pin| ids[pin]).collect();
                copy.add_lut(&table, &pins, section)
            }
        });
    }
    for output in core.outputs() {
        copy.add_output(ids[output.index()]);
    }
    copy
}

/// A network whose every last-layer node is read directly by the head, so that a fault there
/// reaches the scores.
fn network() -> BinarizedNetwork {
    random_network(11, &NetworkShape::small())
}

fn faulty_table(design: &Design) -> Design {
    let at = design.core.outputs()[0].index();
    let core = mutate(&design.core, at, |table, pins| (table.complement(), pins.to_vec()));
    Design { core, ..design.clone() }
}

fn first(verdict: &Verdict) -> &Difference {
    match verdict {
        Verdict::Different { first, .. } => first,
        other => panic!("the fault was not found: {other:?}"),
    }
}

/// Every check, so that a new one has to find the faults too; synthesis takes too long here and
/// has its own tests.
fn checkers() -> impl Iterator<Item = &'static str> {
    verify::CHECKERS.iter().map(|checker| checker.name()).filter(|name| !name.starts_with("gates-"))
}

fn installed(test: &str, name: &str) -> bool {
    if name == "torch" {
        return torch(test);
    }
    let checker = verify::checker(name).unwrap();
    // As large as the other tools together, and a second compiler only.
    let optional = checker.programs().iter().any(|program| program.name == "clang");
    match checker.require() {
        Ok(()) => true,
        Err(_) if optional => false,
        Err(error) => {
            // A missing program is named, and on a machine that has to have it no excuse.
            if checker.programs().iter().all(|program| tool(test, program.name)) {
                skipped(&format!("{test}: {error}"));
            }
            false
        }
    }
}

#[test]
fn every_check_accepts_the_design_that_is_right() {
    let network = network();
    let (design, vectors) = (lower(&network), test_vectors(&network, &[], &VectorPlan { count: 200, seed: 2 }));
    for checker in checkers() {
        if installed("every_check_accepts_the_design_that_is_right", checker) {
            let verdict = check_design(checker, &network, &design, &vectors, &vectors);
            match (checker, &verdict) {
                ("formal", Verdict::Proved { vectors: 200, how }) => {
                    assert_eq!(how, "for all 2^6 inputs, after 200 vectors");
                }
                (_, other) => assert_eq!(*other, Verdict::Equal { vectors: 200 }, "{checker}"),
            }
        }
    }
}

#[test]
fn every_check_finds_a_corrupted_table_and_shows_the_first_vector() {
    let network = network();
    let (design, vectors) = (lower(&network), test_vectors(&network, &[], &VectorPlan { count: 200, seed: 2 }));
    for checker in checkers() {
        if installed("every_check_finds_a_corrupted_table_and_shows_the_first_vector", checker) {
            let verdict = check_design(checker, &network, &faulty_table(&design), &vectors, &vectors);
            let first = first(&verdict);
            // Class 0 counts the output that is inverted, so the very first vector differs.
            assert_eq!(first.index, 0, "{checker}");
            assert_eq!(first.expected, vectors.vectors[0]);
            assert_ne!(first.got.scores, first.expected.scores);
        }
    }
}

#[test]
fn one_flipped_table_bit_is_found_where_a_vector_reads_it() {
    let test = "one_flipped_table_bit_is_found_where_a_vector_reads_it";
    let network = network();
    let (design, vectors) = (lower(&network), test_vectors(&network, &[], &VectorPlan { count: 200, seed: 2 }));
    let at = design.core.outputs()[2].index();
    for row in 0..4 {
        let flip = |table: &TruthTable, pins: &[usize]| {
            (TruthTable::from_fn(table.inputs(), |r| table.row(r) ^ (r == row)), pins.to_vec())
        };
        let faulty = Design { core: mutate(&design.core, at, flip), ..design.clone() };
        // What the fault changes is known from simulation; the real tool has to see just that.
        let codes: Vec<Vec<i64>> = vectors.vectors.iter().map(|vector| vector.codes.clone()).collect();
        let simulated = faulty.simulate(&codes);
        let expected =
            vectors.vectors.iter().zip(&simulated.scores).position(|(vector, scores)| vector.scores != *scores);
        if installed(test, "icarus") {
            let verdict = check_design("icarus", &network, &faulty, &vectors, &vectors);
            match expected {
                Some(index) => assert_eq!(first(&verdict).index, index, "row {row}"),
                None => assert_eq!(verdict, Verdict::Equal { vectors: 200 }, "row {row} is never read"),
            }
        }
    }
}

#[test]
fn two_swapped_wires_are_found() {
    let network = network();
    let (design, vectors) = (lower(&network), test_vectors(&network, &[], &VectorPlan { count: 200, seed: 2 }));
    let depends_on_order = |at: usize| {
        let id = difflut::netlist::NodeId::from_index(at);
        design.core.table(id).is_some_and(|table| table.inputs() == 2 && table.row(1) != table.row(2))
    };
    let at = design.core.outputs().iter().map(|output| output.index()).find(|&at| depends_on_order(at)).unwrap();
    let swap = |table: &TruthTable, pins: &[usize]| (table.clone(), vec![pins[1], pins[0]]);
    let faulty = Design { core: mutate(&design.core, at, swap), ..design.clone() };
    for checker in checkers() {
        if installed("two_swapped_wires_are_found", checker) {
            let verdict = check_design(checker, &network, &faulty, &vectors, &vectors);
            assert!(matches!(verdict, Verdict::Different { .. }), "{checker}");
        }
    }
}

#[test]
fn a_comparator_off_by_one_is_found() {
    let network = network();
    let (design, vectors) = (lower(&network), test_vectors(&network, &[], &VectorPlan { count: 200, seed: 2 }));
    let codes: Vec<Vec<i64>> = vectors.vectors.iter().map(|vector| vector.codes.clone()).collect();
    let mut found = 0;
    for index in 0..design.comparators.len() {
        let mut faulty = design.clone();
        faulty.comparators[index].threshold += 1;
        if faulty.validate().is_err() || faulty.simulate(&codes).scores == design.simulate(&codes).scores {
            continue;
        }
        found += 1;
        if installed("a_comparator_off_by_one_is_found", "gcc") {
            let verdict = check_design("gcc", &network, &faulty, &vectors, &vectors);
            assert!(matches!(verdict, Verdict::Different { .. }), "comparator {index}");
        }
    }
    assert!(found > 0, "no comparator can be moved observably, so this test shows nothing");
}

#[test]
fn a_corrupted_expected_vector_is_reported_with_its_number() {
    let test = "a_corrupted_expected_vector_is_reported_with_its_number";
    let network = network();
    let (design, vectors) = (lower(&network), test_vectors(&network, &[], &VectorPlan { count: 200, seed: 2 }));
    let mut corrupted = vectors.clone();
    corrupted.vectors[57].scores[0] ^= 1;
    for checker in checkers() {
        if installed(test, checker) {
            let verdict = check_design(checker, &network, &design, &corrupted, &corrupted);
            assert_eq!(first(&verdict).index, 57, "{checker}");
        }
    }
    // Corrupted only in the test bench: the comparison agrees, the bench does not.
    if installed(test, "icarus") {
        match check_design("icarus", &network, &design, &vectors, &corrupted) {
            Verdict::TestBench { line } => assert!(line.contains("FAIL"), "{line}"),
            other => panic!("{other:?}"),
        }
    }
}
