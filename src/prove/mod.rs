//! Proofs that netlists compute the same function.
//!
//! [`prove_equal`] compares two netlists by SAT sweeping; [`prove_design`] and [`prove_network`] compare
//! hardware with a [`specification`] that is made directly and slowly from the binarized network.
//! Neither simulates its way to a verdict: equal means equal on every input.

mod cover;
mod design;
mod formula;
mod solver;
mod specification;
mod sweep;
mod window;

pub use design::prove_design;
pub(crate) use formula::{Covers, Formula, Lit};
pub use specification::specification;
pub use sweep::Answered;
pub(crate) use sweep::{Effort, Signal, Sweep};

use std::borrow::Cow;
use std::time::Instant;

use crate::binarized::BinarizedNetwork;
use crate::netlist::{DesignHead, Netlist, NodeId, Schedule, Section};

use self::sweep::Compared;

/// How hard [`prove_equal`] tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofOptions {
    /// Conflicts of the SAT solver on one pair of inner nodes; an open pair costs nothing but
    /// help for later ones.
    pub inner_conflicts: u64,
    /// Conflicts on one pair of outputs; an open pair of outputs leaves the proof open.
    pub output_conflicts: u64,
    /// Assignments on which inner nodes turned out to differ.
    pub refinements: usize,
    /// When to give up and leave open what is not proved yet.
    pub deadline: Option<Instant>,
}

impl Default for ProofOptions {
    fn default() -> Self {
        Self { inner_conflicts: 2_000, output_conflicts: 200_000, refinements: 20_000, deadline: None }
    }
}

/// The result of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Every output is equal on every input.
    Equal(Answered),
    /// An output differs.
    Different {
        /// The lowest output that differs.
        output: usize,
        /// The value of every primary input.
        sample: Vec<bool>,
    },
    /// Nothing differs as far as is known, but these outputs took more conflicts than allowed.
    Open {
        /// The outputs.
        outputs: Vec<usize>,
    },
}

/// Compares two netlists of the same primary inputs and outputs.
///
/// # Panics
/// When the netlists differ in their number of primary inputs or outputs.
pub fn prove_equal(left: &Netlist, right: &Netlist, options: &ProofOptions) -> Proof {
    assert_eq!(left.inputs().len(), right.inputs().len(), "primary inputs of the compared netlists");
    assert_eq!(left.outputs().len(), right.outputs().len(), "primary outputs of the compared netlists");
    let mut joint = Netlist::with_capacity(left.nodes() + right.nodes(), left.pins() + right.pins());
    let inputs: Vec<NodeId> = left.inputs().iter().map(|&input| joint.add_input(left.section(input))).collect();
    let [left, right] = [left, right].map(|netlist| append(&mut joint, netlist, &inputs));
    let signal = |&node: &NodeId| Signal { node, inverted: false };
    let pairs: Vec<(Signal, Signal)> = left.iter().map(signal).zip(right.iter().map(signal)).collect();
    prove_pairs(&joint, &pairs, options)
}

/// Compares pairs of signals of one netlist; the outputs of the [`Proof`] are numbers of pairs.
pub(crate) fn prove_pairs(joint: &Netlist, pairs: &[(Signal, Signal)], options: &ProofOptions) -> Proof {
    let mut sweep = Sweep::new(joint).until(options.deadline);
    sweep.run(Effort { conflicts: options.inner_conflicts, refinements: options.refinements });
    let mut open = Vec::new();
    for (output, &(a, b)) in pairs.iter().enumerate() {
        match sweep.compare(a, b, options.output_conflicts) {
            Compared::Equal => {}
            Compared::Different(sample) => return Proof::Different { output, sample },
            Compared::Unknown => open.push(output),
        }
    }
    if open.is_empty() { Proof::Equal(sweep.answered) } else { Proof::Open { outputs: open } }
}

/// Compares a flat netlist (primary inputs: the bits of the codes, feature by feature; primary
/// outputs: the class and the scores, or the plain bits) with the specification of `network`.
///
/// `head` is that of the design from which `flat` was made: how it counts. Where it counts by
/// partial counts, these are proved as well, and that bits which it leaves out are never set.
///
/// # Panics
/// When the netlist has other primary inputs or outputs than the network.
pub fn prove_network(network: &BinarizedNetwork, flat: &Netlist, head: &DesignHead, options: &ProofOptions) -> Proof {
    let wanted = specification(network, head);
    prove_equal(&wanted, &padded(flat, wanted.outputs().len()), options)
}

/// The netlist with outputs that are never set up to so many.
fn padded(netlist: &Netlist, outputs: usize) -> Cow<'_, Netlist> {
    let missing = outputs.saturating_sub(netlist.outputs().len());
    if missing == 0 {
        return Cow::Borrowed(netlist);
    }
    let mut netlist = netlist.clone();
    let zero = netlist.add_constant(false, Section::Head);
    (0..missing).for_each(|_| netlist.add_output(zero));
    Cow::Owned(netlist)
}

/// The codes that a sample of the bits of a flat netlist stands for.
pub fn codes(network: &BinarizedNetwork, sample: &[bool]) -> Vec<i64> {
    let format = network.input();
    let bits = format.bits as usize;
    sample
        .chunks(bits.max(1))
        .map(|code| {
            let value: i64 = code.iter().enumerate().map(|(bit, &one)| i64::from(one) << bit).sum();
            if format.signed && code.last() == Some(&true) { value - (1 << bits) } else { value }
        })
        .collect()
}

/// Copies a netlist behind the given inputs; its outputs.
fn append(joint: &mut Netlist, netlist: &Netlist, inputs: &[NodeId]) -> Vec<NodeId> {
    let schedule = Schedule::new(netlist);
    let mut inputs = inputs.iter();
    let mut map: Vec<NodeId> = Vec::with_capacity(netlist.nodes());
    for id in netlist.node_ids() {
        let node = match netlist.table(id) {
            None => inputs.next().copied(),
            Some(table) => {
                let fan_ins: Vec<NodeId> = schedule.fan_ins(id).iter().map(|fan_in| map[fan_in.index()]).collect();
                Some(joint.add_lut(table, &fan_ins, netlist.section(id)))
            }
        };
        map.extend(node);
    }
    netlist.outputs().iter().map(|output| map[output.index()]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::binarized::Head;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::config::InputFormat;
    use crate::logic::BitMatrix;
    use crate::lower::{flatten, lower, to_code_bits};
    use crate::netlist::arbitrary::netlists_of;
    use crate::netlist::{ClassHead, Counting, Design, Netlist, NodeId, Section};
    use crate::passes::{Pipeline, gather_counts, optimize};

    fn differs(left: &Netlist, right: &Netlist, output: usize, sample: &[bool]) -> bool {
        let stimulus = BitMatrix::from_fn(sample.len(), 1, |input, _| sample[input]);
        let value = |netlist: &Netlist| Schedule::new(netlist).simulate(netlist, &stimulus).get(output, 0);
        value(left) != value(right)
    }

    /// The netlist with one row of one table changed.
    fn with_fault(netlist: &Netlist, victim: NodeId, row: usize) -> Netlist {
        let mut new = Netlist::new();
        for id in netlist.node_ids() {
            match netlist.table(id) {
                None => new.add_input(netlist.section(id)),
                Some(table) => {
                    let flip = |r: usize| table.row(r) ^ (id == victim && r == row % table.rows());
                    let table = crate::logic::TruthTable::from_fn(table.inputs(), flip);
                    new.add_lut(&table, &netlist.fan_ins(id), netlist.section(id))
                }
            };
        }
        netlist.outputs().iter().for_each(|&output| new.add_output(output));
        new
    }

    fn network(seed: u64) -> BinarizedNetwork {
        random_network(
            seed,
            &NetworkShape {
                features: 12,
                input: InputFormat { bits: 6, signed: seed % 2 == 1, scale: 1.0, offset: 0.0 },
                bits_per_feature: 5,
                layers: vec![(6, 80), (3, 60)],
                head: Head::GroupSum { classes: 4, tau: 1.0 },
            },
        )
    }

    #[test]
    fn optimized_designs_are_proved_and_a_single_flipped_row_is_found() {
        for seed in 0..4 {
            let network = network(seed);
            let mut design = lower(&network);
            let pipeline = Pipeline::level("3").unwrap();
            optimize(&mut design, &pipeline).unwrap();
            let mut design = to_code_bits(&design);
            optimize(&mut design, &pipeline).unwrap();
            assert!(gather_counts(&mut design, &pipeline).unwrap().is_some(), "small tables are counted together");
            let flat = flatten(&design);
            let proof = prove_network(&network, &flat, &design.head, &ProofOptions::default());
            assert!(matches!(proof, Proof::Equal(_)), "{proof:?}");
            let DesignHead::Classes(head) = &design.head else { panic!("classes") };
            let chains = ClassHead { counting: Counting::Chains, ..head.clone() };
            let chained = Design { head: DesignHead::Classes(chains), ..design.clone() };
            let proof = prove_network(&network, &flatten(&chained), &chained.head, &ProofOptions::default());
            assert!(matches!(proof, Proof::Equal(_)), "on carry chains: {proof:?}");

            let victim = flat.node_ids().filter(|&id| flat.section(id) == Section::Layer(1)).nth(7).unwrap();
            let faulty = with_fault(&flat, victim, 5);
            match prove_network(&network, &faulty, &design.head, &ProofOptions::default()) {
                Proof::Different { output, sample } => {
                    assert!(differs(&flat, &faulty, output, &sample), "the counterexample is real");
                    let outcome = network.predict_codes(&codes(&network, &sample));
                    assert!(outcome.class.is_some());
                }
                // The row may never occur.
                proof => assert!(matches!(proof, Proof::Equal(_)), "{proof:?}"),
            }
        }
    }

    #[test]
    fn counts_on_carry_chains_are_proved_and_a_fault_in_them_is_found() {
        let network = network(1);
        let mut design = lower(&network);
        design.use_slices();
        let flat = flatten(&design);
        let proof = prove_network(&network, &flat, &design.head, &ProofOptions::default());
        assert!(matches!(proof, Proof::Equal(Answered { open: 0, .. })), "{proof:?}");
        let mut found = 0;
        for victim in flat.node_ids().filter(|&id| flat.section(id) == Section::Head).step_by(9) {
            let faulty = with_fault(&flat, victim, 1);
            // Not every row of every table occurs.
            match prove_network(&network, &faulty, &design.head, &ProofOptions::default()) {
                Proof::Different { output, sample } => {
                    assert!(differs(&flat, &faulty, output, &sample));
                    found += 1;
                }
                proof => assert!(matches!(proof, Proof::Equal(_)), "{proof:?}"),
            }
        }
        assert!(found >= 10, "{found}");
    }

    #[test]
    fn a_fault_on_every_output_cannot_be_proved_away() {
        let network = network(0);
        let flat = flatten(&lower(&network));
        let mut found = 0;
        for (output, &node) in flat.outputs().iter().enumerate().step_by(5) {
            if flat.table(node).is_none_or(|table| table.inputs() == 0) {
                continue;
            }
            let mut inverted = Netlist::new();
            let outputs = append_all(&mut inverted, &flat);
            let fault = inverted.add_lut(&crate::logic::TruthTable::inverter(), &[outputs[output]], Section::Head);
            for (index, &node) in outputs.iter().enumerate() {
                inverted.add_output(if index == output { fault } else { node });
            }
            let proof = prove_network(&network, &inverted, &DesignHead::Bits, &ProofOptions::default());
            let Proof::Different { output: at, sample } = proof else { panic!("{proof:?}") };
            assert_eq!(at, output);
            assert!(differs(&flat, &inverted, at, &sample));
            found += 1;
        }
        assert!(found >= 3);
    }

    fn append_all(new: &mut Netlist, netlist: &Netlist) -> Vec<NodeId> {
        let inputs: Vec<NodeId> = netlist.inputs().iter().map(|&input| new.add_input(netlist.section(input))).collect();
        append(new, netlist, &inputs)
    }

    #[test]
    fn a_proof_whose_time_is_over_stays_open() {
        let network = network(2);
        let left = flatten(&lower(&network));
        let mut right = left.clone();
        Pipeline::level("2").unwrap().run(&mut right).unwrap();
        let over = ProofOptions { deadline: Some(std::time::Instant::now()), ..ProofOptions::default() };
        assert!(matches!(prove_equal(&left, &right, &over), Proof::Open { .. }));
    }

    #[test]
    fn what_takes_too_many_conflicts_stays_open() {
        // The same product of sums in two orders, with nothing allowed.
        let network = network(2);
        let left = flatten(&lower(&network));
        let mut right = left.clone();
        Pipeline::level("2").unwrap().run(&mut right).unwrap();
        let none = ProofOptions { inner_conflicts: 0, output_conflicts: 0, refinements: 0, deadline: None };
        assert!(!matches!(prove_equal(&left, &right, &none), Proof::Different { .. }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn verdicts_on_random_netlists_are_right(
            netlist in netlists_of(3..=9, 1..=60), victim in any::<prop::sample::Index>(), row in any::<usize>(),
        ) {
            let mut optimized = netlist.clone();
            Pipeline::level("2").unwrap().run(&mut optimized).unwrap();
            prop_assert!(matches!(prove_equal(&netlist, &optimized, &ProofOptions::default()), Proof::Equal(_)));
            let victim = NodeId::from_index(victim.index(netlist.nodes()));
            let faulty = with_fault(&netlist, victim, row);
            let expected = crate::passes::find_difference(&faulty, &optimized);
            match prove_equal(&faulty, &optimized, &ProofOptions::default()) {
                Proof::Equal(_) => prop_assert_eq!(expected, None),
                Proof::Different { output, sample } => prop_assert!(differs(&faulty, &optimized, output, &sample)),
                Proof::Open { .. } => prop_assert!(false, "small netlists are decided"),
            }
        }
    }
}
