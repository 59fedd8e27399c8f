//! Scores and class of many samples at once.

use crate::netlist::{ClassHead, Contestant};

use super::program::{Literal, Program};

impl Program {
    /// The bits of the class, then those of the scores.
    pub(super) fn head(&mut self, head: &ClassHead, bits: &[Literal]) -> Vec<Literal> {
        let width = head.score_bits();
        let scores: Vec<Vec<Literal>> =
            head.groups.iter().map(|group| self.count(&bits[group.clone()], width)).collect();
        let argmax = head.argmax();
        let class_bits = argmax.class_bits();
        let number = |class: u32| -> Vec<Literal> {
            (0..class_bits).map(|bit| if class >> bit & 1 == 1 { Literal::TRUE } else { Literal::FALSE }).collect()
        };
        let mut winners: Vec<(Vec<Literal>, Vec<Literal>)> = Vec::new();
        for duel in &argmax.duels {
            let side = |side: Contestant| match side {
                Contestant::Class(class) => (number(class), scores[class as usize].clone()),
                Contestant::Winner(duel) => winners[duel as usize].clone(),
            };
            let ((first_class, first), (second_class, second)) = (side(duel.first), side(duel.second));
            let second_wins = self.greater(&second, &first);
            let choose = |program: &mut Self, first: &[Literal], second: &[Literal]| {
                first.iter().zip(second).map(|(&first, &second)| program.select(second_wins, second, first)).collect()
            };
            let class = choose(self, &first_class, &second_class);
            let score = choose(self, &first, &second);
            winners.push((class, score));
        }
        let mut outputs = winners.last().map_or_else(|| number(0), |(class, _)| class.clone());
        outputs.extend(scores.iter().flatten());
        outputs
    }

    /// The number of ones, `width` bits, by full adders on columns of equal weight.
    fn count(&mut self, bits: &[Literal], width: usize) -> Vec<Literal> {
        let mut sum = Vec::with_capacity(width);
        let mut column = bits.to_vec();
        for _ in 0..width {
            let mut carries = Vec::new();
            // First in, first out keeps the adders close to what they read.
            let mut taken = 0;
            while column.len() - taken > 1 {
                let (a, b) = (column[taken], column[taken + 1]);
                let c = column.get(taken + 2).copied().unwrap_or(Literal::FALSE);
                taken += 3.min(column.len() - taken);
                let (low, carry) = self.full_adder(a, b, c);
                column.push(low);
                carries.push(carry);
            }
            sum.push(column.get(taken).copied().unwrap_or(Literal::FALSE));
            column = carries;
        }
        sum
    }

    /// Whether `a > b`, both lowest bit first.
    fn greater(&mut self, a: &[Literal], b: &[Literal]) -> Literal {
        let mut greater = Literal::FALSE;
        for (&a, &b) in a.iter().zip(b) {
            let differ = self.xor(a, b);
            greater = self.select(differ, a, greater);
        }
        greater
    }
}
