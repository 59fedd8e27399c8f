//! A design as a graph, its words built as yosys' cells are.
//!
//! An adder on one side and another adder on the other is a hard proof for a SAT solver, while
//! two adders of one form are the same nodes. So comparators, counts and the tournament are built
//! here from the words of [`super::word`], as they are for the cells of an artefact.

use crate::logic::TruthTable;
use crate::netlist::{ClassHead, Contestant, CountBit, Design, DesignHead, Popcount};

use super::aig::{Aig, Lit};
use super::word;

/// The outputs of `design` over all inputs of the graph, which are the bits of its input bus: the
/// class and then the scores, lowest bits first, or the plain bits.
pub(crate) fn outputs(aig: &mut Aig, design: &Design) -> Vec<Lit> {
    let bits = core_outputs(aig, design);
    match &design.head {
        DesignHead::Bits => bits,
        DesignHead::Classes(head) => class_outputs(aig, head, &bits),
    }
}

/// The outputs of the core of `design`.
pub(crate) fn core_outputs(aig: &mut Aig, design: &Design) -> Vec<Lit> {
    let (width, signed) = (design.input.bits as usize, design.input.signed);
    let compared: Vec<Lit> = design
        .comparators
        .iter()
        .map(|comparator| {
            let first = comparator.feature as usize * width;
            let code: Vec<Lit> = (first..first + width).map(|bit| aig.input(bit)).collect();
            let threshold: Vec<Lit> =
                (0..width).map(|bit| Lit::constant(comparator.threshold >> bit & 1 == 1)).collect();
            !word::less(aig, &code, &threshold, signed)
        })
        .collect();
    let nodes = aig.nodes(&design.core, &compared);
    design.core.outputs().iter().map(|output| nodes[output.index()]).collect()
}

fn class_outputs(aig: &mut Aig, head: &ClassHead, bits: &[Lit]) -> Vec<Lit> {
    let mut scores: Vec<Vec<Lit>> = Vec::with_capacity(head.groups.len());
    for (class, group) in head.groups.iter().enumerate() {
        let score = count(aig, &head.popcount(class), &bits[group.clone()]);
        scores.push(word::extend(&score, head.score_bits(), false));
    }
    let argmax = head.argmax();
    let number =
        |class: u32| -> Vec<Lit> { (0..argmax.class_bits()).map(|bit| Lit::constant(class >> bit & 1 == 1)).collect() };
    let mut winners: Vec<(Vec<Lit>, Vec<Lit>)> = Vec::with_capacity(argmax.duels.len());
    for duel in &argmax.duels {
        let side = |side: Contestant| match side {
            Contestant::Class(class) => (scores[class as usize].clone(), number(class)),
            Contestant::Winner(duel) => winners[duel as usize].clone(),
        };
        let (first, second) = (side(duel.first), side(duel.second));
        let second_wins = word::less(aig, &first.0, &second.0, false);
        let mut choose = |first: &[Lit], second: &[Lit]| -> Vec<Lit> {
            first.iter().zip(second).map(|(&a, &b)| aig.mux(second_wins, a, b)).collect()
        };
        winners.push((choose(&first.0, &second.0), choose(&first.1, &second.1)));
    }
    let mut outputs = winners.pop().map_or_else(|| number(0), |(_, class)| class);
    outputs.extend(scores.into_iter().flatten());
    outputs
}

fn count(aig: &mut Aig, popcount: &Popcount, bits: &[Lit]) -> Vec<Lit> {
    let mut counted: Vec<[Lit; 3]> = Vec::with_capacity(popcount.counters.len());
    let value = |bit: CountBit, counted: &[[Lit; 3]]| match bit {
        CountBit::Input(input) => bits[input as usize],
        CountBit::Counter { counter, bit } => counted[counter as usize][usize::from(bit)],
    };
    for counter in &popcount.counters {
        let pins: Vec<Lit> = counter.inputs.iter().map(|&bit| value(bit, &counted)).collect();
        let mut result = [Lit::FALSE; 3];
        for (bit, lit) in result.iter_mut().enumerate().take(usize::from(counter.outputs())) {
            let table = TruthTable::from_fn(pins.len(), |row| row.count_ones() >> bit & 1 == 1);
            *lit = aig.table(&table, &pins);
        }
        counted.push(result);
    }
    let row = |row: &[Option<CountBit>]| -> Vec<Lit> {
        row.iter().map(|bit| bit.map_or(Lit::FALSE, |bit| value(bit, &counted))).collect()
    };
    let first = row(&popcount.rows[0]);
    if !popcount.has_addition() {
        return first;
    }
    let second = word::extend(&row(&popcount.rows[1]), first.len(), false);
    word::add(aig, &first, &second, Lit::FALSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::config::InputFormat;
    use crate::logic::BitMatrix;
    use crate::lower::{flatten, lower};
    use crate::netlist::Schedule;

    #[test]
    fn a_design_as_words_is_the_design_as_tables() {
        for seed in 0..30 {
            let signed = InputFormat { bits: 2, signed: seed % 2 == 1, scale: 1.0, offset: 0.0 };
            let shape = NetworkShape { input: signed, layers: vec![(3, 8), (2, 14)], ..NetworkShape::small() };
            let design = lower(&random_network(seed, &shape));
            let flat = flatten(&design);
            let stimulus = BitMatrix::exhaustive(flat.inputs().len());
            let words: Vec<u64> = (0..stimulus.signals()).map(|input| stimulus.row(input)[0]).collect();
            let expected = Schedule::new(&flat).simulate(&flat, &stimulus);
            let mut aig = Aig::new(flat.inputs().len());
            let lits = outputs(&mut aig, &design);
            assert_eq!(lits.len(), expected.signals());
            for (output, word) in aig.simulate(&words, &lits).into_iter().enumerate() {
                assert_eq!(word, expected.row(output)[0], "seed {seed}, output {output}");
            }
        }
    }
}
