//! The tournament in lookup tables.

use rustc_hash::FxHashMap;

use crate::netlist::{Argmax, ArgmaxBit, ArgmaxChains, ArgmaxTable, ChainDuel, ClassHead, Contestant};

use super::adder::less;
use super::gates::{Gates, Signal};

/// A side of a duel: its score and its class number, lowest bits first.
#[derive(Clone)]
struct Candidate {
    score: Vec<Signal>,
    class: Vec<Signal>,
}

/// The number of the winning class, lowest bit first, `class_bits()` bits of the argmax of `head`.
pub(super) fn argmax(gates: &mut Gates<'_>, head: &ClassHead, scores: &[Vec<Signal>]) -> Vec<Signal> {
    match head.argmax_chains() {
        Some(chains) => chained(gates, &chains, scores),
        None => in_tables(gates, &head.argmax(), scores),
    }
}

/// The search on carry chains: at each position a table says whether the carry goes through (`S`),
/// another one what is carried where it does not (`DI`).
fn chained(gates: &mut Gates<'_>, chains: &ArgmaxChains, scores: &[Vec<Signal>]) -> Vec<Signal> {
    let mut values: FxHashMap<ArgmaxBit, Signal> = FxHashMap::default();
    for (class, score) in (0..).zip(scores) {
        values.extend((0..).zip(score).map(|(bit, &signal)| (ArgmaxBit::Score { class, bit }, signal)));
    }
    for (own, duel) in (0..).zip(&chains.duels) {
        let table = |gates: &mut Gates<'_>, values: &FxHashMap<ArgmaxBit, Signal>, table: &ArgmaxTable| {
            gates.gate(&signals(values, &table.inputs), |row| table.table.row(row))
        };
        // Without a comparison nobody asks for the carry.
        let mut carry = Signal::Constant(false);
        if let Some(start) = &duel.start {
            carry = table(gates, &values, start);
            values.insert(ArgmaxBit::Start(own), carry);
        }
        for position in &duel.positions {
            let pins = signals(&values, position);
            let pass = gates.gate(&pins, ChainDuel::passes);
            let data = gates.gate(&pins, ChainDuel::carries);
            carry = choose(gates, pass, data, carry);
        }
        values.insert(ArgmaxBit::SecondWins(own), carry);
        for (number, choice) in (0..).zip(&duel.chosen) {
            let chosen = table(gates, &values, choice);
            values.insert(ArgmaxBit::Chosen { duel: own, number }, chosen);
        }
    }
    signals(&values, &chains.class)
}

fn signals(values: &FxHashMap<ArgmaxBit, Signal>, bits: &[ArgmaxBit]) -> Vec<Signal> {
    let signal = |bit: &ArgmaxBit| match bit {
        ArgmaxBit::Constant(value) => Signal::Constant(*value),
        signal => values[signal],
    };
    bits.iter().map(signal).collect()
}

fn in_tables(gates: &mut Gates<'_>, argmax: &Argmax, scores: &[Vec<Signal>]) -> Vec<Signal> {
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
