use proptest::prelude::*;

use super::super::testing::{check_unchanged, lawful, parse};
use super::super::{LEVELS, PassOptions, Pipeline, find_difference};
use super::*;
use crate::logic::TruthTable;
use crate::netlist::arbitrary::{netlists, netlists_of};
use crate::netlist::{Node, Schedule, Section};
use crate::prove::{Proof as Compared, ProofOptions, prove_equal};

/// Tables that level 3 leaves of a netlist when it lacks this pass, and when it has it.
fn luts_without_and_with(text: &str) -> (usize, usize) {
    let level = LEVELS.iter().find(|level| level.name == "3").unwrap();
    let names: Vec<&str> = level.passes.iter().chain(level.finish).map(|pass| pass.name()).collect();
    assert!(names.contains(&"resubstitution"));
    let luts = |names: &[&str]| {
        let (before, mut after) = (parse(text), parse(text));
        Pipeline::by_names(names).unwrap().run(&mut after).unwrap();
        assert!(matches!(prove_equal(&before, &after, &ProofOptions::default()), Compared::Equal(_)));
        after.luts()
    };
    let others: Vec<&str> = names.iter().copied().filter(|name| *name != "resubstitution").collect();
    (luts(&others), luts(&names))
}

#[test]
fn an_input_goes_that_no_output_notices() {
    // n is the parity of six inputs and reaches the output only where s is one, and a with it:
    // the parity of the five others is enough, and the output fits into the same table.
    let text = "a b c d e g p q r t u \
        | n = 6996966996696996(a, b, c, d, e, g) | s = aaaaa8a0a0808000(a, p, q, r, t, u) | m = 8(n, s) | y = m s";
    assert_eq!(luts_without_and_with(text), (3, 2));
}

#[test]
fn an_input_goes_whose_values_exclude_others_far_away() {
    // f needs a and n its complement, three tables away. Where they are not both one m is a
    // function of four inputs, for which there is room in k.
    let text = "a b c d e g h i j k l o p q r t u v w x \
        | s = 80(a, b, c) | z = 40(a, d, e) | f = 6996966900000000(g, h, i, j, k, s) \
        | n = e8c0e8a000000000(l, o, p, q, r, z) | m = 880f77f07f70f088(f, n, t, u, v, w) | k = e8(m, x, c) | y = f n k";
    assert_eq!(luts_without_and_with(text), (6, 5));
}

/// Where n reads f, c is one, and where c is one k is f.
const REPLACEABLE: &str = "p q r s t c w x | f = 1ee8d24b(p, q, r, s, t) \
    | k = 1ee8d24bffffffff(p, q, r, s, t, c) | n = 8c40(f, c, w, x) | y = n k";

#[test]
fn an_input_is_replaced_by_a_signal_that_exists() {
    assert_eq!(luts_without_and_with(REPLACEABLE), (3, 2));
}

#[test]
fn no_layer_comes_to_read_a_later_one() {
    let netlist = parse(REPLACEABLE);
    let with_k_in = |layer: u32| {
        let mut new = Netlist::new();
        for id in netlist.node_ids() {
            match netlist.table(id) {
                None => new.add_input(Section::Encoder),
                Some(table) => {
                    let section = Section::Layer(if id.index() == 9 { layer } else { 1 });
                    new.add_lut(table, &netlist.fan_ins(id), section)
                }
            };
        }
        netlist.outputs().iter().for_each(|&output| new.add_output(output));
        new
    };
    let luts = |layer| lawful(&Resubstitution, &with_k_in(layer)).unwrap().map(|result| result.luts());
    assert_eq!([0, 1, 2].map(luts), [Some(2), Some(2), None]);
}

#[test]
fn what_is_needed_stays() {
    check_unchanged(&Resubstitution, "a b c | n = 8(a, b) | m = 6(n, c) | y = m n");
    check_unchanged(&Resubstitution, "a b c | n = 96(a, b, c) | m = e8(a, b, c) | k = 6(n, m) | y = n m k");
}

/// The verdict on the first suggestion for a node.
fn first_verdict(network: &Network, subject: &Subject<'_>, id: NodeId) -> Verdict {
    let mut search = Search::<CLOSER>::new(network, id);
    search.look_closer(network, subject);
    let suggestion = search.suggest(network, 6, 1).pop().unwrap();
    Proof::new(network, subject, &mut Covers::default(), &search).learn(&mut search, &suggestion)
}

#[test]
fn two_changes_that_are_right_alone_are_wrong_together() {
    // n and m are the same in different words, so nobody would notice if either were zero.
    let netlist = parse("a b c | n = 80(a, b, c) | k = 8(b, c) | m = 8(a, k) | z = e(n, m) | y = z");
    let (schedule, options) = (Schedule::new(&netlist), PassOptions::default());
    let subject = Subject { netlist: &netlist, schedule: &schedule, facts: None, options: &options };
    let mut together = Network::new(&subject);
    for id in [3, 5].map(NodeId::from_index) {
        let mut alone = Network::new(&subject);
        let Verdict::Proved(table, fan_ins) = first_verdict(&alone, &subject, id) else { panic!("right alone") };
        assert_eq!((&table, fan_ins.as_slice()), (&TruthTable::constant(false), [].as_slice()));
        alone.replace(id, table, fan_ins);
        assert_eq!(find_difference(&netlist, &alone.rebuild(&netlist)), None);
        together.replace(id, TruthTable::constant(false), Vec::new());
    }
    assert!(find_difference(&netlist, &together.rebuild(&netlist)).is_some(), "so it matters to go one by one");
    assert!(lawful(&Resubstitution, &netlist).unwrap().unwrap().luts() < netlist.luts());
}

#[test]
fn what_simulation_suggests_wrongly_is_refuted_and_would_be_a_difference() {
    // Thirty-six inputs and-ed: no random assignment has them all set, so f looks like zero.
    let inputs: Vec<String> = (0..36).map(|i| format!("x{i}")).collect();
    let six: Vec<String> =
        inputs.chunks(6).enumerate().map(|(i, pins)| format!("s{i} = 8000000000000000({})", pins.join(", "))).collect();
    let text = format!(
        "{} | {} | f = 8000000000000000(s0, s1, s2, s3, s4, s5) | z = 6(f, x0) | y = z",
        inputs.join(" "),
        six.join(" | ")
    );
    let netlist = parse(&text);
    let (schedule, options) = (Schedule::new(&netlist), PassOptions::default());
    let subject = Subject { netlist: &netlist, schedule: &schedule, facts: None, options: &options };
    let mut network = Network::new(&subject);
    let f = NodeId::from_index(42);
    assert_eq!(network.table(f), Some(&TruthTable::from_fn(6, |row| row == 63)));
    assert!(matches!(first_verdict(&network, &subject, f), Verdict::Refuted));
    check_unchanged(&Resubstitution, &text);

    network.replace(f, TruthTable::constant(false), Vec::new());
    let proof = prove_equal(&netlist, &network.rebuild(&netlist), &ProofOptions::default());
    let Compared::Different { output: 0, sample } = proof else { panic!("{proof:?}") };
    assert!(sample.iter().all(|&bit| bit));
}

/// Three copies of a netlist, the third with the pins of its tables reversed, and outputs that
/// need one of them, or two.
fn voted(netlist: &Netlist) -> Netlist {
    let mut new = Netlist::new();
    let inputs: Vec<NodeId> = netlist.inputs().iter().map(|_| new.add_input(Section::Encoder)).collect();
    let copies: Vec<Vec<NodeId>> = (0..3)
        .map(|copy| {
            let mut map: Vec<NodeId> = Vec::new();
            for id in netlist.node_ids() {
                map.push(match (netlist.node(id), netlist.table(id)) {
                    (Node::Input(number), _) => inputs[number as usize],
                    (_, None) => unreachable!(),
                    (_, Some(table)) => {
                        let mut fan_ins: Vec<NodeId> = netlist.fan_ins(id).iter().map(|pin| map[pin.index()]).collect();
                        let reversed: Vec<usize> = (0..fan_ins.len()).rev().collect();
                        if copy == 2 {
                            fan_ins.reverse();
                            new.add_lut(&table.place(table.inputs(), &reversed), &fan_ins, Section::Layer(0))
                        } else {
                            new.add_lut(table, &fan_ins, Section::Layer(0))
                        }
                    }
                });
            }
            map
        })
        .collect();
    for (at, output) in netlist.outputs().iter().enumerate() {
        let [a, b, c] = [0, 1, 2].map(|copy: usize| copies[copy][output.index()]);
        let (word, pins) = [(0xe8, vec![a, b, c]), (0xe, vec![a, c]), (0x8, vec![b, c])][at % 3].clone();
        let vote = new.add_lut(&TruthTable::from_word(pins.len(), word), &pins, Section::Head);
        new.add_output(vote);
    }
    new
}

proptest! {
    #[test]
    fn outputs_stay(netlist in netlists()) {
        lawful(&Resubstitution, &netlist)?;
    }

    #[test]
    fn outputs_of_wide_netlists_stay(netlist in netlists_of(15..=40, 1..=80)) {
        lawful(&Resubstitution, &netlist)?;
    }

    #[test]
    fn what_is_there_several_times_goes_but_not_everywhere(netlist in netlists_of(2..=8, 1..=24)) {
        lawful(&Resubstitution, &voted(&netlist))?;
    }

    #[test]
    fn nothing_gets_larger_or_deeper(netlist in netlists_of(4..=14, 1..=60)) {
        if let Some(result) = lawful(&Resubstitution, &netlist)? {
            prop_assert!((result.luts(), result.pins()) < (netlist.luts(), netlist.pins()));
            prop_assert!(result.depth() <= netlist.depth());
        }
    }
}
