//! A design as a graph, its words built as yosys' cells are.
//!
//! An adder on one side and another adder on the other is a hard proof for a SAT solver, while
//! two adders of one form are the same nodes. So comparators, counts and the tournament are built
//! here from the words of [`super::word`], as they are for the cells of an artefact.

use crate::logic::TruthTable;
use crate::netlist::{ClassHead, Comparator, Contestant, CountBit, Design, DesignHead, PartialCounts, Popcount};

use super::aig::{Aig, Lit};
use super::word;

/// The outputs of `design` over all inputs of the graph, which are the bits of its input bus: the
/// class and then the scores, lowest bits first, or the plain bits.
///
/// The artefact counts as `head` does, perhaps by partial counts; the second list holds the bits of
/// partial counts that must never be set.
pub(crate) fn outputs_counted_as(aig: &mut Aig, design: &Design, head: &DesignHead) -> (Vec<Lit>, Vec<Lit>) {
    let bits = core_outputs(aig, design);
    let mut never_set = Vec::new();
    let outputs = match (&design.head, head) {
        (DesignHead::Classes(ClassHead { partial: None, .. }), DesignHead::Classes(head)) => {
            let terms = match &head.partial {
                None => bits,
                Some(partial) => terms(aig, partial, &bits, &mut never_set),
            };
            class_outputs(aig, head, &terms, None)
        }
        (DesignHead::Classes(head), _) => class_outputs(aig, head, &bits, None),
        (DesignHead::Bits, _) => bits,
    };
    (outputs, never_set)
}

/// The bits of the partial counts of `bits`, each counted one by one.
fn terms(aig: &mut Aig, partial: &PartialCounts, bits: &[Lit], never_set: &mut Vec<Lit>) -> Vec<Lit> {
    let mut terms = vec![Lit::FALSE; partial.terms.len()];
    for (count, outputs) in partial.counts.iter().zip(partial.outputs()) {
        let mut sum = vec![Lit::FALSE; outputs.len()];
        for &source in &count.sources {
            let one = word::extend(&[bits[source as usize]], sum.len(), false);
            sum = word::add(aig, &sum, &one, Lit::FALSE);
        }
        for (bit, output) in sum.into_iter().zip(outputs) {
            match output {
                Some(output) => terms[output] = bit,
                None => never_set.push(bit),
            }
        }
    }
    terms
}

/// The outputs of the core of `design`.
pub(crate) fn core_outputs(aig: &mut Aig, design: &Design) -> Vec<Lit> {
    let compared = compared(aig, design);
    let nodes = aig.nodes(&design.core, &compared);
    design.core.outputs().iter().map(|output| nodes[output.index()]).collect()
}

/// The result of every comparator of `design`.
pub(crate) fn compared(aig: &mut Aig, design: &Design) -> Vec<Lit> {
    design.comparators.iter().map(|comparator| comparison(aig, design, comparator)).collect()
}

/// The result of one comparator.
pub(crate) fn comparison(aig: &mut Aig, design: &Design, comparator: &Comparator) -> Lit {
    let (width, signed) = (design.input.bits as usize, design.input.signed);
    let first = comparator.feature as usize * width;
    let code: Vec<Lit> = (first..first + width).map(|bit| aig.input(bit)).collect();
    let threshold: Vec<Lit> = (0..width).map(|bit| Lit::constant(comparator.threshold >> bit & 1 == 1)).collect();
    !word::less(aig, &code, &threshold, signed)
}

/// The class and the scores over the core's outputs. The second side wins the ties of the duel
/// `tie`, which is a fault.
pub(crate) fn class_outputs(aig: &mut Aig, head: &ClassHead, bits: &[Lit], tie: Option<usize>) -> Vec<Lit> {
    let mut scores: Vec<Vec<Lit>> = Vec::with_capacity(head.groups.len());
    for (class, group) in head.groups.iter().enumerate() {
        let score = count(aig, &head.popcount(class), &bits[group.clone()]);
        scores.push(word::extend(&score, head.score_bits(), false));
    }
    let argmax = head.argmax();
    let number =
        |class: u32| -> Vec<Lit> { (0..argmax.class_bits()).map(|bit| Lit::constant(class >> bit & 1 == 1)).collect() };
    let mut winners: Vec<(Vec<Lit>, Vec<Lit>)> = Vec::with_capacity(argmax.duels.len());
    for (number_of_duel, duel) in argmax.duels.iter().enumerate() {
        let side = |side: Contestant| match side {
            Contestant::Class(class) => (scores[class as usize].clone(), number(class)),
            Contestant::Winner(duel) => winners[duel as usize].clone(),
        };
        let (first, second) = (side(duel.first), side(duel.second));
        let second_wins = match tie == Some(number_of_duel) {
            false => word::less(aig, &first.0, &second.0, false),
            true => !word::less(aig, &second.0, &first.0, false),
        };
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
    for (number, counter) in popcount.counters.iter().enumerate() {
        let (bits, weights): (Vec<CountBit>, Vec<u32>) = counter.read(number).unzip();
        let pins: Vec<Lit> = bits.into_iter().map(|bit| value(bit, &counted)).collect();
        let sum = |row: usize| -> usize { weights.iter().enumerate().map(|(pin, w)| (row >> pin & 1) << w).sum() };
        let mut result = [Lit::FALSE; 3];
        for (bit, lit) in result.iter_mut().enumerate().take(usize::from(counter.outputs())) {
            let table = TruthTable::from_fn(pins.len(), |row| sum(row) >> bit & 1 == 1);
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
            let lits = outputs_counted_as(&mut aig, &design, &design.head).0;
            assert_eq!(lits.len(), expected.signals());
            for (output, word) in aig.simulate(&words, &lits).into_iter().enumerate() {
                assert_eq!(word, expected.row(output)[0], "seed {seed}, output {output}");
            }
        }
    }
}
