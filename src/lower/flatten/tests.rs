//! The flat netlist against the design, and what its parts cost.

use super::flatten;
use crate::binarized::Head;
use crate::binarized::arbitrary::{NetworkShape, random_network};
use crate::config::InputFormat;
use crate::logic::{BitMatrix, TruthTable};
use crate::lower::lower;
use crate::netlist::{
    ClassHead, Comparator, Counting, Design, DesignHead, InputBus, Netlist, NetlistStats, Schedule, Section, validate,
};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The outputs of a sample as the flat netlist has them.
fn expected(design: &Design, outputs: &crate::netlist::Outputs, sample: usize) -> Vec<bool> {
    let number = |value: usize, bits: usize| (0..bits).map(move |bit| value >> bit & 1 == 1);
    match &design.head {
        DesignHead::Bits => (0..outputs.bits.signals()).map(|bit| outputs.bits.get(bit, sample)).collect(),
        DesignHead::Classes(head) => {
            let class = number(outputs.classes[sample].unwrap(), head.argmax().class_bits());
            let scores = outputs.scores[sample].iter().flat_map(|&score| number(score as usize, head.score_bits()));
            class.chain(scores).collect()
        }
    }
}

/// `flat` gives the outputs of `design` on `samples`.
#[track_caller]
fn check_equal(design: &Design, flat: &Netlist, samples: &[Vec<i64>]) {
    validate(flat).unwrap();
    assert_eq!(flat.inputs().len(), design.input.width());
    let bits = design.input.bits as usize;
    let stimulus = BitMatrix::from_fn(flat.inputs().len(), samples.len(), |input, sample| {
        samples[sample][input / bits] >> (input % bits) & 1 == 1
    });
    let values = Schedule::new(flat).simulate(flat, &stimulus);
    let outputs = design.simulate(samples);
    for (sample, codes) in samples.iter().enumerate() {
        let found: Vec<bool> = (0..values.signals()).map(|output| values.get(output, sample)).collect();
        assert_eq!(found, expected(design, &outputs, sample), "outputs for {codes:?}");
    }
}

/// Every assignment of codes.
fn all_codes(input: &InputBus) -> Vec<Vec<i64>> {
    let mut samples = vec![vec![]];
    for _ in 0..input.features {
        let codes = input.min_code()..=input.max_code();
        samples = codes.flat_map(|code| samples.iter().map(move |rest| [rest.as_slice(), &[code]].concat())).collect();
    }
    samples
}

fn random_codes(input: &InputBus, count: usize) -> Vec<Vec<i64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut codes = || (0..input.features).map(|_| rng.random_range(input.min_code()..=input.max_code())).collect();
    (0..count).map(|_| codes()).collect()
}

/// A design whose core outputs are its comparators.
fn wires(input: InputBus, comparators: Vec<Comparator>, head: DesignHead) -> Design {
    let mut core = Netlist::new();
    let inputs: Vec<_> = comparators.iter().map(|_| core.add_input(Section::Encoder)).collect();
    inputs.iter().for_each(|&input| core.add_output(input));
    Design { name: "wires".to_owned(), input, comparators, core, head, slices: false }
}

fn thresholds(input: &InputBus) -> Vec<Comparator> {
    (input.min_code() + 1..=input.max_code()).map(|threshold| Comparator { feature: 0, threshold }).collect()
}

/// Tables of the head alone, for groups of these sizes behind one-bit features.
fn head_luts(groups: &[usize]) -> usize {
    let mut start = 0;
    let groups: Vec<_> = groups
        .iter()
        .map(|size| {
            start += size;
            start - size..start
        })
        .collect();
    let input = InputBus { features: start, bits: 1, signed: false };
    let comparators = (0..start as u32).map(|feature| Comparator { feature, threshold: 1 }).collect();
    let design = wires(input, comparators, DesignHead::Classes(ClassHead::new(groups)));
    let flat = flatten(&design);
    check_equal(&design, &flat, &random_codes(&input, 300));
    let stats = NetlistStats::new(&flat);
    assert_eq!(stats.luts, stats.lut6(|section| section == Section::Head), "a comparator of one bit is a wire");
    stats.luts
}

#[test]
fn every_threshold_of_every_width_is_exact() {
    for bits in 1..=9 {
        for signed in [false, true] {
            let input = InputBus { features: 1, bits, signed };
            let design = wires(input, thresholds(&input), DesignHead::Bits);
            check_equal(&design, &flatten(&design), &all_codes(&input));
        }
    }
}

#[test]
fn wide_codes_are_compared_at_their_edges() {
    for signed in [false, true] {
        let input = InputBus { features: 1, bits: 32, signed };
        let near = |code: i64| (code - 2..=code + 2).filter(|c| (input.min_code()..=input.max_code()).contains(c));
        let marks = [input.min_code(), -1, 0, 63, 64, 1 << 16, 0x1234_5678, input.max_code()];
        let codes: Vec<i64> = marks.into_iter().flat_map(near).collect();
        let above = codes.iter().copied().filter(|&code| code > input.min_code());
        let comparators = above.map(|threshold| Comparator { feature: 0, threshold }).collect();
        let design = wires(input, comparators, DesignHead::Bits);
        let samples: Vec<Vec<i64>> = codes.iter().map(|&code| vec![code]).collect();
        check_equal(&design, &flatten(&design), &samples);
    }
}

#[test]
fn comparators_share_their_low_parts() {
    let input = InputBus { features: 1, bits: 8, signed: false };
    let luts = |thresholds: &[i64]| {
        let comparators = thresholds.iter().map(|&threshold| Comparator { feature: 0, threshold }).collect();
        flatten(&wires(input, comparators, DesignHead::Bits)).luts()
    };
    assert_eq!(luts(&[77]), 2, "six bits, then the result and two bits");
    assert_eq!(luts(&[76]), 1, "two zeros at the end of the bound: six bits are left");
    assert_eq!(luts(&[128]), 0, "the top bit itself");
    assert_eq!(luts(&[77, 77 + 64, 77 + 128]), 4, "one low part for the three");
}

#[test]
fn comparators_of_one_feature_share_luts_of_two_outputs() {
    let input = InputBus { features: 1, bits: 8, signed: false };
    let luts = |thresholds: &[i64]| {
        let comparators = thresholds.iter().map(|&threshold| Comparator { feature: 0, threshold }).collect();
        let mut design = wires(
            input,
            comparators,
            DesignHead::Classes(ClassHead::new(std::iter::once(0..thresholds.len()).collect())),
        );
        design.use_slices();
        let mut bits = crate::lower::to_code_bits(&design);
        bits.head = DesignHead::Bits;
        check_equal(&bits, &flatten(&bits), &random_codes(&bits.input, 500));
        crate::netlist::paired_lut6(&bits.core)
    };
    assert_eq!(luts(&[1]), 2);
    assert_eq!(luts(&[1, 67]), 2, "the low bits of both in one table, the results in one LUT");
    assert_eq!(luts(&[1, 67, 201]), 3);
    assert_eq!(luts(&[1, 67, 139, 201]), 3);
    assert_eq!(luts(&[67, 132]), 2, "six bits cost nothing beside eight");
    assert_eq!(luts(&[65, 67]), 3, "nothing tells them apart before the low bits");
}

#[test]
fn every_threshold_of_every_width_is_exact_for_luts_of_two_outputs() {
    for bits in 1..=11 {
        for (signed, every) in [(false, 1), (true, 1), (false, 7), (true, 5)] {
            let input = InputBus { features: 1, bits, signed };
            let comparators: Vec<Comparator> = thresholds(&input).into_iter().step_by(every).collect();
            let mut design = wires(
                input,
                comparators.clone(),
                DesignHead::Classes(ClassHead::new(std::iter::once(0..comparators.len()).collect())),
            );
            design.use_slices();
            check_equal(&design, &flatten(&design), &all_codes(&input));
        }
    }
}

#[test]
fn the_head_costs_no_more_than_the_best_measured_circuits() {
    // Measured with Yosys: 53 for 50 bits, 265 for 250, 139 for the class of ten 8-bit scores.
    let popcount = |size: usize| head_luts(&[size]);
    assert_eq!([6, 50, 250].map(popcount), [3, 52, 248]);
    assert_eq!(head_luts(&[250; 10]) - 10 * popcount(250), 107);
}

#[test]
fn the_flat_netlist_equals_the_design_on_every_code() {
    for seed in 0..20 {
        let signed = InputFormat { bits: 3, signed: true, scale: 0.5, offset: 0.25 };
        for head in [Head::Bits, Head::GroupSum { classes: 3, tau: 1.0 }] {
            for input in [InputFormat::unsigned(2), signed] {
                let design = lower(&random_network(seed, &NetworkShape { input, head, ..NetworkShape::small() }));
                check_equal(&design, &flatten(&design), &all_codes(&design.input));
            }
        }
    }
}

#[test]
fn carry_chains_count_and_search_as_tables_do() {
    let equal = |classes: usize, size: usize| (0..classes).map(|class| class * size..(class + 1) * size).collect();
    let groups = [
        vec![0..1, 1..3],
        vec![0..7, 7..20, 20..20],
        vec![0..60, 60..100],
        equal(10, 1),
        equal(23, 1),
        equal(7, 2),
        equal(5, 9),
        equal(11, 31),
        equal(6, 40),
    ];
    for groups in groups {
        let outputs = groups.last().unwrap().end;
        let input = InputBus { features: outputs, bits: 1, signed: false };
        let comparators = (0..outputs as u32).map(|feature| Comparator { feature, threshold: 1 }).collect();
        let head = ClassHead { counting: Counting::Chains, ..ClassHead::new(groups) };
        let design = wires(input, comparators, DesignHead::Classes(head.clone()));
        check_equal(&design, &flatten(&design), &random_codes(&input, 500));
        let tables = Design { head: DesignHead::Classes(ClassHead::new(head.groups)), ..design.clone() };
        assert_eq!(tables.simulate(&random_codes(&input, 500)), design.simulate(&random_codes(&input, 500)));
    }
}

#[test]
fn constants_and_empty_groups_pass_through() {
    let mut core = Netlist::new();
    let a = core.add_input(Section::Encoder);
    let one = core.add_constant(true, Section::Layer(0));
    let not = core.add_lut(&TruthTable::inverter(), &[a], Section::Layer(0));
    [one, one, not, a, one].into_iter().for_each(|node| core.add_output(node));
    let design = Design {
        name: "constants".to_owned(),
        input: InputBus { features: 1, bits: 2, signed: true },
        comparators: vec![Comparator { feature: 0, threshold: 0 }],
        core,
        head: DesignHead::Classes(ClassHead::new(vec![0..0, 0..2, 2..5, 5..5])),
        slices: false,
    };
    design.validate().unwrap();
    check_equal(&design, &flatten(&design), &all_codes(&design.input));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn the_flat_netlist_of_any_shape_equals_the_design(
        seed in any::<u64>(), features in 1usize..12, bits in 1u32..=10, signed in any::<bool>(),
        bits_per_feature in 1usize..5, layers in prop::collection::vec((1usize..=7, 1usize..60), 0..4),
        classes in 0u32..12,
    ) {
        let input = InputFormat { bits, signed, scale: 0.25, offset: -1.0 };
        let head = if classes == 0 { Head::Bits } else { Head::GroupSum { classes, tau: 1.0 } };
        let shape = NetworkShape { features, input, bits_per_feature, layers, head };
        let design = lower(&random_network(seed, &shape));
        let flat = flatten(&design);
        check_equal(&design, &flat, &random_codes(&design.input, 200));
        for id in flat.node_ids().filter(|&id| !matches!(flat.section(id), Section::Layer(_))) {
            prop_assert!(flat.fan_ins(id).len() <= 6);
        }
    }
}
