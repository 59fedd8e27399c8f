//! What the comparators of one feature imply about each other.

use crate::logic::TruthTable;
use crate::netlist::{Comparator, Netlist, Node, NodeId};

use super::{Pass, Subject};

/// Tables with more inputs are left alone: their rows are tried one by one for every input.
const MAX_ROWS_INPUTS: usize = 10;

/// Removes inputs of tables that matter only for comparisons that cannot occur together.
///
/// A code that reaches a threshold reaches every lower one, so a table that reads several bits
/// of one feature never sees most of its rows. Every encoder is made of such comparisons: the
/// bits of one-hot, Gray and binary codes are parities of comparators, which read them as the
/// first tables of the core.
pub(super) struct Thermometer;

impl Pass for Thermometer {
    fn name(&self) -> &'static str {
        "thermometers"
    }

    fn description(&self) -> &'static str {
        "Remove the inputs of tables that matter only for comparisons that cannot occur together"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let facts = subject.facts?;
        let core = subject.netlist;
        let comparator = |id: NodeId| match core.node(id) {
            Node::Input(number) => Some(facts.comparators[number as usize]),
            Node::Lut(_) => None,
        };
        let mut new = Netlist::with_capacity(core.nodes(), core.pins());
        let mut removed = 0;
        // Nodes keep their positions, so fan-ins keep their numbers.
        for id in core.node_ids() {
            let section = core.section(id);
            let Some(table) = core.table(id) else {
                new.add_input(section);
                continue;
            };
            let pins = subject.schedule.fan_ins(id);
            let mut bits: Vec<_> = pins.iter().map(|&fan_in| comparator(fan_in)).collect();
            let mut fan_ins = pins.to_vec();
            let reduced = reduce(table, &mut fan_ins, &mut bits);
            removed += pins.len() - fan_ins.len();
            new.add_lut(reduced.as_ref().unwrap_or(table), &fan_ins, section);
        }
        core.outputs().iter().for_each(|&output| new.add_output(output));
        (removed > 0).then_some(new)
    }
}

/// The table without the pins that it can do without, which also go from `fan_ins` and `bits`;
/// `None` when it needs all of them.
fn reduce(table: &TruthTable, fan_ins: &mut Vec<NodeId>, bits: &mut Vec<Option<Comparator>>) -> Option<TruthTable> {
    let mut reduced: Option<TruthTable> = None;
    loop {
        let implied = implications(bits);
        if implied.is_empty() || bits.len() > MAX_ROWS_INPUTS {
            return reduced;
        }
        let table = reduced.as_ref().unwrap_or(table);
        let occurs = |row: usize| implied.iter().all(|&(high, low)| row >> high & 1 <= row >> low & 1);
        let needed = |input: usize| {
            let flipped = |row: usize| row ^ 1 << input;
            (0..table.rows())
                .any(|row| occurs(row) && occurs(flipped(row)) && table.row(row) != table.row(flipped(row)))
        };
        let Some(input) = (0..bits.len()).find(|&input| !needed(input)) else { return reduced };
        let low = (1usize << input) - 1;
        let smaller = TruthTable::from_fn(table.inputs() - 1, |rest| {
            let row = (rest & low) | (rest & !low) << 1;
            // Of the two rows one occurs, or both do and are equal, or what is here is never seen.
            table.row(if occurs(row) { row } else { row | 1 << input })
        });
        fan_ins.remove(input);
        bits.remove(input);
        reduced = Some(smaller);
    }
}

/// The pairs of inputs of which the first is only one when the second is.
fn implications(bits: &[Option<Comparator>]) -> Vec<(usize, usize)> {
    let mut implied = Vec::new();
    for (high, bit) in bits.iter().enumerate() {
        for (low, other) in bits.iter().enumerate() {
            if let (Some(bit), Some(other)) = (bit, other)
                && high != low
                && bit.feature == other.feature
                && bit.threshold >= other.threshold
            {
                implied.push((high, low));
            }
        }
    }
    implied
}

#[cfg(test)]
mod tests {
    use super::super::Facts;
    use super::super::testing::{parse, print};
    use super::*;
    use crate::binarized::Head;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::config::InputFormat;
    use crate::lower::{flatten, lower};
    use crate::netlist::{Design, DesignHead, InputBus};
    use crate::passes::{LEVELS, Pipeline, find_difference, optimize};
    use proptest::prelude::*;

    /// A design of two features of four bits: `a` and `b` test the first, `c` the second.
    #[track_caller]
    fn check(before: &str, after: &str) {
        let comparators = [(0, 3), (0, 9), (1, 5)].map(|(feature, threshold)| Comparator { feature, threshold });
        let mut design = Design {
            name: "thermometer".to_owned(),
            input: InputBus { features: 2, bits: 4, signed: false },
            comparators: comparators.to_vec(),
            core: parse(before),
            head: DesignHead::Bits,
            slices: false,
        };
        let flat = flatten(&design);
        Pipeline::by_names(&["thermometers"])
            .unwrap()
            .check_function(true)
            .max_rounds(1)
            .run_behind(&mut design.core, Some(Facts { input: &design.input, comparators: &design.comparators }))
            .unwrap();
        assert_eq!(print(&design.core), print(&parse(after)));
        assert_eq!(find_difference(&flat, &flatten(&design)), None);
    }

    #[test]
    fn a_higher_threshold_implies_the_lower_one() {
        check("a b c | n = 8(a, b) | m = e(a, b) | y = n m", "a b c | n = 2(b) | m = 2(a) | y = n m");
        // b without a cannot be. What is left without influence is the support pass's to remove.
        check("a b c | n = 4(a, b) | m = 40(a, b, c) | y = n m", "a b c | n = 0(b) | m = 0(b, c) | y = n m");
    }

    #[test]
    fn bits_of_different_features_imply_nothing() {
        check("a b c | n = 8(a, c) | m = 6(a, b) | y = n m", "a b c | n = 8(a, c) | m = 6(a, b) | y = n m");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn every_level_preserves_the_design(
            seed in any::<u64>(), features in 1usize..4, signed in any::<bool>(), bits_per_feature in 1usize..8,
            layers in prop::collection::vec((1usize..=7, 1usize..30), 1..4), level in 0..LEVELS.len(),
        ) {
            let input = InputFormat { bits: 4, signed, scale: 1.0, offset: 0.0 };
            let head = Head::GroupSum { classes: 3, tau: 1.0 };
            let mut design = lower(&random_network(seed, &NetworkShape { features, input, bits_per_feature, layers, head }));
            let flat = flatten(&design);
            let pipeline = Pipeline::level(LEVELS[level].name).unwrap();
            optimize(&mut design, &pipeline).unwrap();
            design.validate().unwrap();
            prop_assert_eq!(find_difference(&flat, &flatten(&design)), None);
            prop_assert_eq!(optimize(&mut design, &pipeline.check_function(true)).map(|_| ()), Ok(()));
        }
    }
}
