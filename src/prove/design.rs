//! A design against its network, piece by piece.

use crate::binarized::{BinarizedNetwork, Head};
use crate::logic::BitMatrix;
use crate::netlist::{DesignHead, FlatDesign, Netlist, Schedule};

use super::specification::{Pieces, specification};
use super::{Answered, Proof, ProofOptions, padded, prove_equal, prove_network};

/// Compares a design with its network.
///
/// First what stands in front of the counting, then the counting for any bits at all, then the choice
/// of the class for any scores: three proofs that together say that the whole is equal. The inputs of a
/// piece take all values, as they hardly do behind the others: scores that random codes never bring
/// close to each other leave a sweep of the whole without a hint which nodes of the head are equal.
///
/// Where a piece is not equal the whole may still be, by inputs that a piece never gets, and is compared
/// as it is: a difference is always one of the outputs of the whole. Its numbers are those of
/// [`FlatDesign::whole`].
///
/// # Panics
/// When the design has other features or outputs than the network.
pub fn prove_design(network: &BinarizedNetwork, design: &FlatDesign, options: &ProofOptions) -> Proof {
    let classes = matches!(network.head(), Head::GroupSum { .. });
    assert_eq!(
        classes,
        matches!(design.head, DesignHead::Classes(_)),
        "a design with the kind of outputs of its network"
    );
    let wanted = Pieces::new(network, &design.head);
    let pieces: &[(&Netlist, &Netlist)] = match &design.head {
        DesignHead::Bits => &[(&wanted.core, &design.core)],
        DesignHead::Classes(_) => {
            &[(&wanted.core, &design.core), (&wanted.scores, &design.scores), (&wanted.class, &design.class)]
        }
    };
    let mut answered = Answered::default();
    for &(wanted, found) in pieces {
        let found = padded(found, wanted.outputs().len());
        match prove_equal(wanted, &found, options) {
            Proof::Equal(steps) => answered += steps,
            Proof::Different { sample, .. } if sample.len() == design.whole.inputs().len() => {
                let differs = difference_at(&specification(network, &design.head), &design.whole, &sample);
                return match differs {
                    Some(output) => Proof::Different { output, sample },
                    None => prove_network(network, &design.whole, &design.head, options),
                };
            }
            _ => return prove_network(network, &design.whole, &design.head, options),
        }
    }
    Proof::Equal(answered)
}

/// The lowest output of the whole in which two netlists differ on a sample; outputs that one has more
/// are never to be set.
fn difference_at(left: &Netlist, right: &Netlist, sample: &[bool]) -> Option<usize> {
    let stimulus = BitMatrix::from_fn(sample.len(), 1, |input, _| sample[input]);
    let [left, right] = [left, right].map(|netlist| Schedule::new(netlist).simulate(netlist, &stimulus));
    let value = |values: &BitMatrix, output| output < values.signals() && values.get(output, 0);
    (0..left.signals().max(right.signals())).find(|&output| value(&left, output) != value(&right, output))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::config::InputFormat;
    use crate::logic::TruthTable;
    use crate::lower::{flatten_in_pieces, lower, to_code_bits};
    use crate::netlist::{Design, NodeId};
    use crate::passes::{Pipeline, gather_counts, optimize};

    fn network(seed: u64, head: Head) -> BinarizedNetwork {
        let input = InputFormat { bits: 5, signed: seed % 2 == 1, scale: 1.0, offset: 0.0 };
        let layers = vec![(6, 60), (3, 45)];
        random_network(seed, &NetworkShape { features: 9, input, bits_per_feature: 5, layers, head })
    }

    fn optimized(network: &BinarizedNetwork) -> Design {
        let pipeline = Pipeline::level("3").unwrap();
        let mut design = to_code_bits(&lower(network));
        optimize(&mut design, &pipeline).unwrap();
        gather_counts(&mut design, &pipeline).unwrap();
        design
    }

    /// The design with the outputs of its core in another order.
    fn with_outputs(design: &Design, order: impl Fn(&[NodeId]) -> Vec<NodeId>) -> Design {
        let mut core = Netlist::new();
        for id in design.core.node_ids() {
            match design.core.table(id) {
                None => core.add_input(design.core.section(id)),
                Some(table) => core.add_lut(table, &design.core.fan_ins(id), design.core.section(id)),
            };
        }
        order(design.core.outputs()).into_iter().for_each(|node| core.add_output(node));
        Design { core, ..design.clone() }
    }

    #[test]
    fn the_pieces_one_behind_the_other_are_the_whole() {
        for seed in 0..6 {
            let mut design = optimized(&network(seed, Head::GroupSum { classes: 4, tau: 1.0 }));
            if seed % 3 == 2 {
                design.use_slices();
            }
            let flat = flatten_in_pieces(&design);
            let bits = flat.whole.inputs().len();
            let stimulus = BitMatrix::from_fn(bits, 256, |input, sample| (input * 7 + sample * 13) % 11 < 5);
            let run = |netlist: &Netlist, inputs: &BitMatrix| Schedule::new(netlist).simulate(netlist, inputs);
            let scores = run(&flat.scores, &run(&flat.core, &stimulus));
            let class = run(&flat.class, &scores);
            let whole = run(&flat.whole, &stimulus);
            assert_eq!(whole.signals(), class.signals() + scores.signals());
            for sample in 0..stimulus.samples() {
                let pieces = (0..class.signals()).map(|bit| class.get(bit, sample));
                let pieces = pieces.chain((0..scores.signals()).map(|bit| scores.get(bit, sample)));
                assert!(pieces.eq((0..whole.signals()).map(|bit| whole.get(bit, sample))), "sample {sample}");
            }
        }
    }

    #[test]
    fn optimized_designs_are_proved_piece_by_piece() {
        for seed in 0..4 {
            for head in [Head::GroupSum { classes: 3, tau: 1.0 }, Head::Bits] {
                let network = network(seed, head);
                for slices in [false, true] {
                    let mut design = optimized(&network);
                    if slices {
                        design.use_slices();
                    }
                    let proof = prove_design(&network, &flatten_in_pieces(&design), &ProofOptions::default());
                    assert!(matches!(proof, Proof::Equal(Answered { open: 0, .. })), "{proof:?}");
                }
            }
        }
    }

    #[test]
    fn outputs_that_change_places_within_a_class_leave_the_whole_equal() {
        let network = network(1, Head::GroupSum { classes: 3, tau: 1.0 });
        let design = lower(&network);
        let swapped = |a: usize, b: usize| {
            with_outputs(&design, |outputs| {
                let mut outputs = outputs.to_vec();
                outputs.swap(a, b);
                outputs
            })
        };
        let options = ProofOptions::default();
        let proof = prove_design(&network, &flatten_in_pieces(&swapped(0, 1)), &options);
        assert!(matches!(proof, Proof::Equal(_)), "{proof:?}");
        let other_class = flatten_in_pieces(&swapped(0, 20));
        let Proof::Different { output, sample } = prove_design(&network, &other_class, &options) else {
            panic!("a bit that counts for another class");
        };
        let wanted = specification(&network, &other_class.head);
        assert_eq!(difference_at(&wanted, &other_class.whole, &sample), Some(output));
    }

    #[test]
    fn classes_that_count_the_bits_of_others_are_found() {
        let network = network(1, Head::GroupSum { classes: 3, tau: 1.0 });
        let mut design = lower(&network);
        let DesignHead::Classes(head) = &mut design.head else { panic!("classes") };
        head.groups.swap(0, 2);
        let flat = flatten_in_pieces(&design);
        let Proof::Different { output, sample } = prove_design(&network, &flat, &ProofOptions::default()) else {
            panic!("scores that have changed places");
        };
        assert_eq!(difference_at(&specification(&network, &flat.head), &flat.whole, &sample), Some(output));
    }

    #[test]
    fn a_wrong_counter_and_a_wrong_choice_are_found() {
        let network = network(2, Head::GroupSum { classes: 3, tau: 1.0 });
        let sound = flatten_in_pieces(&lower(&network));
        // The whole and the piece with the same fault, as a mistake of the lowering would have it.
        let inverted = |netlist: &Netlist, output: usize| {
            let mut faulty = netlist.clone();
            let outputs = netlist.outputs().to_vec();
            let fault = faulty.add_lut(&TruthTable::inverter(), &[outputs[output]], crate::netlist::Section::Head);
            let mut new = Netlist::new();
            for id in faulty.node_ids() {
                match faulty.table(id) {
                    None => new.add_input(faulty.section(id)),
                    Some(table) => new.add_lut(table, &faulty.fan_ins(id), faulty.section(id)),
                };
            }
            for (place, &node) in outputs.iter().enumerate() {
                new.add_output(if place == output { fault } else { node });
            }
            new
        };
        let class_bits = sound.class.outputs().len();
        for output in [0, class_bits, class_bits + 3] {
            let mut faulty = sound.clone();
            faulty.whole = inverted(&sound.whole, output);
            match output.checked_sub(class_bits) {
                Some(score) => faulty.scores = inverted(&sound.scores, score),
                None => faulty.class = inverted(&sound.class, output),
            }
            let proof = prove_design(&network, &faulty, &ProofOptions::default());
            assert!(matches!(proof, Proof::Different { output: found, .. } if found == output), "{proof:?}");
        }
    }
}
