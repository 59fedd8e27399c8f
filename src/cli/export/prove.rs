//! What was printed is proved and checked.

use std::time::Instant;

use crate::binarized::BinarizedNetwork;
use crate::cli::CliError;
use crate::cli::checks::{Subject, run_checks};
use crate::emit::Target;
use crate::lower::flatten_in_pieces;
use crate::netlist::Design;
use crate::prove::{self, Proof, ProofOptions};

use super::ExportArgs;
use super::plan::Plan;
use super::work::{Variant, Work};

/// Runs the checks of `plan` on what was printed.
pub(super) fn check(arguments: &ExportArgs, plan: Plan, work: &Work) -> Result<(), CliError> {
    if arguments.prove {
        prove(&work.model.network, &work.bits.as_ref().unwrap_or(&work.words).design)?;
    }
    say!("vectors: {}", work.samples.describe(&work.words.vectors));
    let latency = |target: &dyn Target| work.latency(target, &arguments.options);
    let printed = |target: &str| {
        let Variant { design, vectors, .. } = work.variant(target);
        (design, vectors)
    };
    let candidates = || {
        let variants = [Some(&work.words), work.bits.as_ref()].into_iter().flatten();
        Ok(variants.map(|variant| variant.design.clone()).collect())
    };
    let subject = Subject {
        printed: &printed,
        reference: &work.reference,
        emitted: &work.emitted,
        latency: &latency,
        options: &arguments.options,
        candidates: &candidates,
        frame: None,
        foreign: false,
        failures: &work.folder.join("failures"),
    };
    run_checks(&arguments.checks, &work.model, &plan.checkers, plan.skipped, &subject)
}

/// Proves the design equal to the network and prints the line on it; an error says when it is not or
/// remains open.
fn prove(network: &BinarizedNetwork, design: &Design) -> Result<(), CliError> {
    let started = Instant::now();
    let proof = prove::prove_design(network, &flatten_in_pieces(design), &ProofOptions::default());
    let seconds = started.elapsed().as_secs_f64();
    match proof {
        Proof::Equal(answered) => {
            say!(
                "proof: equal to the network for every input  ({} steps by enumeration, {} by SAT, {seconds:.1} s)",
                answered.by_enumeration,
                answered.by_solver
            );
            Ok(())
        }
        Proof::Different { output, sample } => {
            let codes = prove::codes(network, &sample);
            let expected = network.predict_codes(&codes);
            say!("proof: DIFFERENT at output bit {output}  ({seconds:.1} s). Features that are not at code 0:");
            for (feature, &code) in codes.iter().enumerate().filter(|(_, code)| **code != 0) {
                say!("  feature {feature} = {} (code {code})", network.input().value(code));
            }
            match expected.class {
                Some(class) => say!("there the network has class {class}, scores {:?}", expected.scores),
                None => say!("there the network has bit {output} = {}", u8::from(expected.bits()[output])),
            }
            Err(CliError::Different(format!("proof: output bit {output} differs from the network")))
        }
        Proof::Open { outputs } => {
            let count = outputs.len();
            say!("proof: OPEN, {count} output bits were too hard, the first is {}  ({seconds:.1} s)", outputs[0]);
            Err(CliError::Checks(format!("proof: {count} output bits could be neither proved nor refuted")))
        }
    }
}
