//! Tables that read fewer or other signals where no output notices.
//!
//! One table at a time is looked at in a window: the tables behind it up to three levels, whose last
//! ones (the roots) must stay the same, and the tables in front of it. Simulation says on which
//! assignments a root notices the table at all, and which signals are enough to tell its ones from
//! its zeros there. A SAT solver then proves that some table of these signals leaves every root as
//! it is, and finds that table: rows that it can make a difference with are learnt from it until
//! there are none. (A. Mishchenko, R. Brayton, J.-H. R. Jiang, S. Jang, "Scalable
//! don't-care-based logic optimization and resynthesis", 2011.)
//!
//! That nobody notices a change holds only as long as nothing else changes: of two equal signals
//! that are or-ed either may go, but not both. So tables change one after the other, each proved
//! against what the ones before have left. A table comes to read only what has a lower level than
//! itself and belongs to no later part of the network, so nothing gets deeper and layers stay layers.
//!
//! Trained tables leave little to find, unrolled convolutions a good deal (docs/benchmarks.md). What a
//! run may cost is bounded by the constants here and in `window.rs`.

mod network;
mod proof;
mod search;
mod window;

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::netlist::{Netlist, NodeId};
use crate::prove::Covers;

use self::network::Network;
use self::proof::{Proof, Verdict};
use self::search::{CLOSER, GLANCE, MAX_INPUTS, Search};
use super::{Pass, Subject};

/// Suggestions for one table that are asked about at a time.
const SUGGESTIONS: usize = 16;

/// How often one table is looked at again, after a change or with what its suggestions were
/// refuted by.
const ROUNDS: usize = 6;

/// Tables that one run looks at, and of these asks about: the first ones. This bounds the time of a
/// run on a million tables; a few ten thousand are all looked at.
const LOOKED_AT: usize = 200_000;
const ASKED: usize = 20_000;

/// A table drops a fan-in, or reads another signal instead so that a table that only it read goes.
pub(super) struct Resubstitution;

impl Pass for Resubstitution {
    fn name(&self) -> &'static str {
        "resubstitution"
    }

    fn description(&self) -> &'static str {
        "Let tables read fewer or other signals where no output notices, proved by SAT"
    }

    fn run(&self, subject: &Subject<'_>) -> Option<Netlist> {
        let mut network = Network::new(subject);
        let lut_inputs = subject.options.lut_inputs;
        let tables: Vec<NodeId> = network.tables().take(LOOKED_AT).collect();
        let promising = |&id: &NodeId| is_promising(&network, id, lut_inputs);
        let promising: Vec<NodeId> = tables.into_par_iter().filter(promising).collect();
        let (mut covers, mut changed) = (Covers::default(), false);
        for id in promising.into_iter().take(ASKED) {
            changed |= improve(&mut network, subject, &mut covers, id);
        }
        changed.then(|| network.rebuild(subject.netlist))
    }
}

/// Whether simulation knows something better for a table.
fn is_promising(network: &Network, id: NodeId, lut_inputs: usize) -> bool {
    let fits = network.table(id).is_some_and(|table| (1..=MAX_INPUTS).contains(&table.inputs()));
    fits && !Search::<GLANCE>::new(network, id).suggest(network, lut_inputs, 1).is_empty()
}

/// Changes one table as long as that makes something smaller; whether it did.
fn improve(network: &mut Network, subject: &Subject<'_>, covers: &mut Covers, id: NodeId) -> bool {
    let mut changed = false;
    let mut rounds = 0..ROUNDS;
    'changed: while is_promising(network, id, subject.options.lut_inputs) {
        let mut search = Search::<CLOSER>::new(network, id);
        search.look_closer(network, subject);
        let mut proof: Option<Proof> = None;
        while rounds.next().is_some() {
            let suggestions = search.suggest(network, subject.options.lut_inputs, SUGGESTIONS);
            if suggestions.is_empty() {
                return changed;
            }
            for divisors in suggestions {
                let proof = match &mut proof {
                    Some(proof) => proof,
                    none => none.insert(Proof::new(network, subject, covers, &search)),
                };
                match proof.learn(&mut search, &divisors) {
                    Verdict::Proved(table, fan_ins) => {
                        network.replace(id, table, fan_ins);
                        network.simulate(id);
                        search.region.nodes.iter().for_each(|&node| network.simulate(node));
                        changed = true;
                        continue 'changed;
                    }
                    Verdict::Refuted => {}
                    Verdict::Open => return changed,
                }
            }
        }
        return changed;
    }
    changed
}
