//! Proofs by SAT sweeping, without another program.

use crate::prove::{self, ProofOptions};

use super::aig::{Aig, Lit};
use super::luts::to_netlist;

/// The end of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Every pair is equal for every input.
    Equal,
    /// A pair differs on this input.
    Different(Vec<bool>),
    /// Nothing differs as far as is known, but this many pairs took more than was allowed.
    Open(usize),
}

/// Proves that every pair of literals is equal, or finds an input on which one is not. A
/// difference is simulated before it is believed.
pub(crate) fn prove(aig: &Aig, pairs: &[(Lit, Lit)], options: &ProofOptions) -> Proof {
    // Pairs that are one node of the graph are proved already.
    let open: Vec<(Lit, Lit)> = pairs.iter().copied().filter(|(a, b)| a != b).collect();
    if open.is_empty() {
        return Proof::Equal;
    }
    let wanted: Vec<Lit> = open.iter().flat_map(|&(a, b)| [a, b]).collect();
    let (netlist, signals) = to_netlist(aig, &wanted);
    let signals: Vec<_> = signals.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    match prove::prove_pairs(&netlist, &signals, options) {
        prove::Proof::Equal(_) => Proof::Equal,
        prove::Proof::Open { outputs } => Proof::Open(outputs.len()),
        prove::Proof::Different { output, sample } => {
            let words: Vec<u64> = sample.iter().map(|&bit| u64::from(bit)).collect();
            let differs = open.get(output).is_some_and(|&(a, b)| {
                let values = aig.simulate(&words, &[a, b]);
                (values[0] ^ values[1]) & 1 == 1
            });
            // A wrong counterexample is no verdict.
            if differs { Proof::Different(sample) } else { Proof::Open(open.len()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_graphs_of_different_form_are_proved_and_a_difference_is_an_input() {
        let mut aig = Aig::new(4);
        let [a, b, c, d] = [0, 1, 2, 3].map(|input| aig.input(input));
        let (left, right) = (aig.and(a, b), aig.and(c, d));
        let one = aig.and(left, right);
        let (left, right) = (aig.and(a, d), aig.and(b, c));
        let other = aig.and(left, right);
        assert_ne!(one, other);
        assert_eq!(prove(&aig, &[(one, other), (a, a)], &ProofOptions::default()), Proof::Equal);
        assert_eq!(prove(&aig, &[(!one, !other)], &ProofOptions::default()), Proof::Equal);
        let Proof::Different(input) = prove(&aig, &[(one, other), (one, left)], &ProofOptions::default()) else {
            panic!("they differ")
        };
        assert!(input[0] && input[3] && !(input[1] && input[2]));
        assert!(matches!(prove(&aig, &[(one, !other)], &ProofOptions::default()), Proof::Different(_)));
        assert!(matches!(prove(&aig, &[(one, Lit::FALSE)], &ProofOptions::default()), Proof::Different(_)));
    }
}
