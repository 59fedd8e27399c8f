use super::*;
use crate::binarized::arbitrary::{NetworkShape, random_network};
use crate::emit::{EmitRequest, HdlOptions, Provenance, Registers, target};
use crate::lower::{flatten, lower};
use crate::verify::{VectorPlan, test_vectors};

fn with_plan(seed: u64, count: usize, test: impl Fn(&MutationPlan<'_>, &[EmittedFile])) {
    let network = random_network(seed, &NetworkShape::small());
    let design = lower(&network);
    let vectors = test_vectors(&network, &[], &VectorPlan { count: 20, seed: 1 });
    let provenance = Provenance {
        tool_version: "test".into(),
        model_sha256: "0".into(),
        input_values: "value".into(),
        scale: 1.0,
        offset: 0.0,
        tau: None,
    };
    let hdl = HdlOptions { pipeline: Some(Registers::Levels(1)), ..HdlOptions::default() };
    let options = EmitOptions { hdl, ..EmitOptions::default() };
    let emit = |design: &Design| {
        let (flat, options) = (flatten(design), &options);
        let request = EmitRequest { design, flat: &flat, provenance: &provenance, options, vectors: &vectors };
        target("verilog").unwrap().emit(&request)
    };
    let plan = MutationPlan {
        reference: &design,
        design: &design,
        emit: &emit,
        is_hardware: true,
        latency: 0,
        options: &options,
        vectors: &vectors,
        count,
        in_tools: 5,
        seed: 5,
        limit: std::time::Duration::from_secs(60),
    };
    test(&plan, &emit(&design).unwrap());
}

#[test]
fn mutants_are_different_valid_and_of_every_possible_kind() {
    with_plan(11, 60, |plan, right| {
        let mutants = draw::mutants(plan, right);
        assert_eq!(mutants.len(), 60);
        for fault in Fault::ALL {
            assert!(mutants.iter().any(|mutant| mutant.fault == fault), "{fault:?}");
        }
        for mutant in &mutants {
            match &mutant.change {
                Change::Register(files) => assert_ne!(files, right, "{}", mutant.what),
                change => {
                    if let Some(mutated) = draw::mutated(plan.design, change) {
                        mutated.validate().unwrap();
                    }
                }
            }
        }
    });
}

/// Whether some of all inputs (2^6), or of the vectors, tells two designs apart.
fn differ(left: &Design, right: &Design, samples: &[Vec<i64>]) -> bool {
    let (left, right) = (left.simulate(samples), right.simulate(samples));
    (left.scores, left.classes) != (right.scores, right.classes)
}

#[test]
fn simulation_of_the_changed_part_and_the_proof_are_what_the_whole_design_does() {
    // Shown by a vector, by another input only, by none.
    let counts = [std::cell::Cell::new(0), std::cell::Cell::new(0), std::cell::Cell::new(0)];
    for seed in 0..4 {
        with_plan(seed, 150, |plan, right| {
            let (hardware, decider) = (Hardware::new(plan), Decider::new(plan));
            hardware.is_right().unwrap();
            let vectors: Vec<Vec<i64>> = plan.vectors.vectors.iter().map(|vector| vector.codes.clone()).collect();
            let all: Vec<Vec<i64>> =
                (0..64i64).map(|n| (0..3).map(|feature| n >> (2 * feature) & 3).collect()).collect();
            for mutant in draw::mutants(plan, right) {
                let Some(mutated) = draw::mutated(plan.design, &mutant.change) else { continue };
                let finding = without_tools(plan, &hardware, &decider, &mutant);
                let (by_vectors, by_all) =
                    (differ(plan.design, &mutated, &vectors), differ(plan.design, &mutated, &all));
                assert_eq!(finding.found[0], Some(Ok(by_vectors)), "{}", mutant.what);
                assert_eq!(finding.found[1], Some(Ok(by_all)), "{}", mutant.what);
                assert_eq!(finding.equivalent, !by_all, "{}", mutant.what);
                let count = &counts[if by_vectors {
                    0
                } else if by_all {
                    1
                } else {
                    2
                }];
                count.set(count.get() + 1);
            }
        });
    }
    assert!(counts.iter().all(|count| count.get() > 5), "{counts:?}");
}

#[test]
fn a_tie_that_a_vector_shows_is_decided_to_be_a_fault() {
    let shown = std::cell::Cell::new(0);
    for seed in 0..6 {
        with_plan(seed, 1, |plan, _| {
            let (hardware, decider) = (Hardware::new(plan), Decider::new(plan));
            for duel in 0..2 {
                let decision = decider.decide(plan, &Change::Tie { duel });
                assert_ne!(decision, Decision::Open);
                if hardware.shows_tie(duel) {
                    assert_eq!(decision, Decision::Different);
                    shown.set(shown.get() + 1);
                }
            }
        });
    }
    assert!(shown.get() > 3, "{shown:?}");
}

#[test]
fn damaged_results_and_wrong_expectations_are_always_noticed() {
    with_plan(11, 400, |plan, right| {
        let (hardware, decider) = (Hardware::new(plan), Decider::new(plan));
        let mut seen = 0;
        for mutant in draw::mutants(plan, right) {
            if matches!(mutant.fault, Fault::Vector | Fault::Output) {
                let finding = without_tools(plan, &hardware, &decider, &mutant);
                assert_eq!(finding.found[0], Some(Ok(true)), "{}", mutant.what);
                seen += 1;
            }
        }
        assert!(seen > 30);
    });
}

#[test]
fn a_design_that_is_wrong_by_itself_is_refused() {
    with_plan(11, 5, |plan, _| {
        let mut vectors = plan.vectors.clone();
        simulate::corrupt(&mut vectors, 3, 1);
        let wrong = mutate(&MutationPlan { vectors: &vectors, ..*plan }, &[]).unwrap_err().to_string();
        assert!(wrong.contains("vector 3"), "{wrong}");
    });
}
