//! Scores and class as gates: full adders and a tournament.

use crate::logic::TruthTable;
use crate::netlist::{Argmax, Contestant, Netlist, NodeId, Section, bits_for};

/// Adds gates to a netlist.
pub(super) struct Head<'a> {
    pub(super) netlist: &'a mut Netlist,
}

impl Head<'_> {
    fn gate(&mut self, word: u64, pins: &[NodeId]) -> NodeId {
        self.netlist.add_lut(&TruthTable::from_word(pins.len(), word), pins, Section::Head)
    }

    fn zero(&mut self) -> NodeId {
        self.netlist.add_constant(false, Section::Head)
    }

    /// The number of ones in `width` bits, lowest first: full adders column by column, five
    /// gates for each bit counted.
    pub(super) fn count(&mut self, ones: &[NodeId], width: usize) -> Vec<NodeId> {
        let mut columns: Vec<Vec<NodeId>> = vec![Vec::new(); width.max(bits_for(ones.len())) + 1];
        columns[0] = ones.to_vec();
        let mut sum = Vec::with_capacity(width);
        for weight in 0..width {
            let mut column = std::mem::take(&mut columns[weight]);
            let mut next = 0;
            while column.len() - next > 1 {
                let (a, b) = (column[next], column[next + 1]);
                let half = self.gate(0b0110, &[a, b]);
                let (bit, carry) = match column.get(next + 2) {
                    Some(&c) => {
                        next += 3;
                        let both = self.gate(0b1000, &[a, b]);
                        let passed = self.gate(0b1000, &[half, c]);
                        (self.gate(0b0110, &[half, c]), self.gate(0b1110, &[both, passed]))
                    }
                    None => {
                        next += 2;
                        (half, self.gate(0b1000, &[a, b]))
                    }
                };
                column.push(bit);
                columns[weight + 1].push(carry);
            }
            sum.push(match column.get(next) {
                Some(&bit) => bit,
                None => self.zero(),
            });
        }
        sum
    }

    /// The class of the largest score, lowest bit first.
    pub(super) fn class(&mut self, scores: &[Vec<NodeId>]) -> Vec<NodeId> {
        let argmax = Argmax::new(scores.len());
        let number = |head: &mut Self, class: usize| -> Vec<NodeId> {
            (0..argmax.class_bits())
                .map(|bit| head.netlist.add_constant(class >> bit & 1 == 1, Section::Head))
                .collect()
        };
        let mut winners: Vec<(Vec<NodeId>, Vec<NodeId>)> = Vec::with_capacity(argmax.duels.len());
        for duel in &argmax.duels {
            let [first, second] = [duel.first, duel.second].map(|side| match side {
                Contestant::Class(class) => (scores[class as usize].clone(), number(self, class as usize)),
                Contestant::Winner(duel) => winners[duel as usize].clone(),
            });
            let mut second_wins = self.zero();
            for (&a, &b) in first.0.iter().zip(&second.0) {
                // The higher bit decides where the two differ.
                let differ = self.gate(0b0110, &[a, b]);
                second_wins = self.gate(0xe4, &[differ, second_wins, b]);
            }
            let mut choose = |first: &[NodeId], second: &[NodeId]| -> Vec<NodeId> {
                first.iter().zip(second).map(|(&a, &b)| self.gate(0xe4, &[second_wins, a, b])).collect()
            };
            let winner = (choose(&first.0, &second.0), choose(&first.1, &second.1));
            winners.push(winner);
        }
        match winners.pop() {
            Some((_, class)) => class,
            None => number(self, 0),
        }
    }
}
