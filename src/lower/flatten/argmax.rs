//! The tournament in lookup tables.

use crate::netlist::{Argmax, Contestant};

use super::adder::less;
use super::gates::{Gates, Signal};

/// A side of a duel: its score and its class number, lowest bits first.
#[derive(Clone)]
struct Candidate {
    score: Vec<Signal>,
    class: Vec<Signal>,
}

/// The number of the winning class, lowest bit first, `argmax.class_bits()` bits.
pub(super) fn argmax(gates: &mut Gates<'_>, argmax: &Argmax, scores: &[Vec<Signal>]) -> Vec<Signal> {
    let number = |class: usize| (0..argmax.class_bits()).map(|bit| Signal::Constant(class >> bit & 1 == 1)).collect();
    let mut winners: Vec<Candidate> = Vec::with_capacity(argmax.duels.len());
    for (index, duel) in argmax.duels.iter().enumerate() {
        let candidate = |side: Contestant| match side {
            Contestant::Class(class) => {
                Candidate { score: scores[class as usize].clone(), class: number(class as usize) }
            }
            Contestant::Winner(duel) => winners[duel as usize].clone(),
        };
        let (first, second) = (candidate(duel.first), candidate(duel.second));
        // Asking whether the second side wins makes the class bits of the first round the
        // comparison itself instead of its inverse.
        let second_wins = less(gates, &first.score, &second.score);
        let mut select = |first: &[Signal], second: &[Signal]| -> Vec<Signal> {
            first.iter().zip(second).map(|(&a, &b)| choose(gates, second_wins, a, b)).collect()
        };
        // Nobody asks for the score of the overall winner.
        let last = index + 1 == argmax.duels.len();
        let score = if last { Vec::new() } else { select(&first.score, &second.score) };
        winners.push(Candidate { score, class: select(&first.class, &second.class) });
    }
    winners.pop().map_or_else(|| number(0), |winner| winner.class)
}

/// `b` where `select` is set, `a` elsewhere.
fn choose(gates: &mut Gates<'_>, select: Signal, a: Signal, b: Signal) -> Signal {
    if a == b {
        return a;
    }
    gates.gate(&[select, a, b], |row| if row & 1 == 1 { row & 4 != 0 } else { row & 2 != 0 })
}
