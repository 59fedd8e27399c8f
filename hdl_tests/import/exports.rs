//! Every case as hardware and firmware: optimized, printed, and run in the real tools.

use std::path::Path;

use difflut::binarized::BinarizedNetwork;
use difflut::import::{Checkpoint, Golden, Library, Sidecar, import, read_sidecar};
use difflut::lower::lower;
use difflut::netlist::Design;
use difflut::passes::{Pipeline, optimize};
use difflut::verify::{VectorPlan, Verdict, test_vectors};

use crate::support::{check_design, tool, torch};

/// A case, its network and real samples.
type Case = (String, BinarizedNetwork, Vec<Vec<f32>>);

/// Every case as a network, and the samples of its golden file.
fn networks(cases: &Path) -> Vec<Case> {
    let mut networks: Vec<Case> = Vec::new();
    for (case, text) in crate::cases::CASES {
        let folder = cases.join(case);
        let golden = Golden::open(&folder.join("golden.npz"), None).unwrap();
        let file = crate::cases::checkpoints(&folder).remove(0);
        let checkpoint = Checkpoint::open(&file).unwrap();
        let path = folder.join("config.json");
        let sidecar = match text {
            Some(text) => Sidecar::parse(&path, text).unwrap(),
            None => read_sidecar(&path, Some(&checkpoint)).unwrap(),
        };
        let imported = import(&checkpoint, None, sidecar, &path, Some(&golden)).unwrap();
        let x = golden.x().unwrap();
        let rows = x.f32s().unwrap().chunks(imported.network.features()).map(<[f32]>::to_vec).collect();
        if networks.iter().all(|(known, ..)| known != case) {
            networks.push((case.to_string(), imported.network, rows));
        }
    }
    for case in crate::encoders::CASES.iter().filter(|case| cases.join(case).is_dir()) {
        let folder = cases.join(case);
        for (set, sidecar) in crate::encoders::sidecars(&folder) {
            let path = folder.join("sidecar.yaml");
            let checkpoint = Checkpoint::open(&folder.join("encoder_state_dict.pth")).unwrap();
            let sidecar = Sidecar::parse(&path, &sidecar).unwrap();
            let imported = import(&checkpoint, Some(Library::Difflut), sidecar, &path, None).unwrap();
            networks.push((format!("{case}, {set}"), imported.network, Vec::new()));
        }
    }
    networks
}

fn optimized(network: &BinarizedNetwork) -> Design {
    let mut design = lower(network);
    optimize(&mut design, &Pipeline::level("2").unwrap()).unwrap();
    design
}

#[track_caller]
fn check(checker: &str, case: &str, network: &BinarizedNetwork, design: &Design, samples: &[Vec<f32>], count: usize) {
    let vectors = test_vectors(network, samples, &VectorPlan { count, seed: 3 });
    let real = vectors.vectors.iter().filter(|vector| {
        let is_sample =
            |row: &Vec<f32>| row.iter().zip(&vector.codes).all(|(x, code)| network.input().nearest_code(*x) == *code);
        samples.iter().take(count).any(is_sample)
    });
    assert!(samples.is_empty() || real.count() >= count / 3, "{case}: too few real samples");
    assert_eq!(
        check_design(checker, network, design, &vectors, &vectors),
        Verdict::Equal { vectors: count },
        "{case}: {checker}"
    );
}

#[test]
fn every_case_is_the_same_function_in_icarus_and_gcc() {
    let test = "every_case_is_the_same_function_in_icarus_and_gcc";
    let Some(cases) = crate::cases_folder(test) else { return };
    let (icarus, gcc) = (tool(test, "iverilog") && tool(test, "vvp"), tool(test, "gcc"));
    for (case, network, samples) in networks(&cases) {
        let design = optimized(&network);
        if icarus {
            check("icarus", &case, &network, &design, &samples, 100);
        }
        if gcc {
            check("gcc", &case, &network, &design, &samples, 300);
        }
    }
}

#[test]
fn every_case_is_the_same_function_in_pytorch() {
    let test = "every_case_is_the_same_function_in_pytorch";
    let Some(cases) = crate::cases_folder(test) else { return };
    if !torch(test) {
        return;
    }
    for (case, network, samples) in networks(&cases) {
        check("torch", &case, &network, &optimized(&network), &samples, 300);
    }
}

#[test]
fn awkward_shapes_are_the_same_function_in_pytorch() {
    if !torch("awkward_shapes_are_the_same_function_in_pytorch") {
        return;
    }
    for (name, network) in crate::support::shapes::networks() {
        check("torch", name, &network, &lower(&network), &[], 64);
    }
}
