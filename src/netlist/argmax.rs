//! The class of the largest score, as a tournament.

/// Who takes part in a duel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    /// The score of this class.
    Class(u32),
    /// The winner of this duel.
    Winner(u32),
}

/// One comparison: `first` wins when its score is at least that of `second`.
///
/// Every class behind `first` is lower than every class behind `second`, so ties go to the
/// lowest class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duel {
    /// The side that wins ties.
    pub first: Contestant,
    /// The other side.
    pub second: Contestant,
    /// Round of the tournament, from 1.
    pub round: u32,
}

/// A tournament of `classes` scores.
///
/// Each round takes two levels: a comparison, then the selection of the winner.
/// [`ArgmaxChains`](super::ArgmaxChains) is the same in the LUTs of a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argmax {
    /// Number of classes, at least one.
    pub classes: usize,
    /// Duels, each after those whose winners it reads; the last decides.
    pub duels: Vec<Duel>,
}

impl Argmax {
    /// The tournament of `classes` scores.
    pub fn new(classes: usize) -> Self {
        let mut duels: Vec<Duel> = Vec::new();
        let mut field: Vec<(Contestant, u32)> =
            (0..classes as u32).map(|class| (Contestant::Class(class), 0)).collect();
        while field.len() > 1 {
            let mut next = Vec::with_capacity(field.len().div_ceil(2));
            for pair in field.chunks(2) {
                next.push(match *pair {
                    [(first, round_a), (second, round_b)] => {
                        let round = 1 + round_a.max(round_b);
                        duels.push(Duel { first, second, round });
                        (Contestant::Winner(duels.len() as u32 - 1), round)
                    }
                    ref alone => alone[0],
                });
            }
            field = next;
        }
        Self { classes, duels }
    }

    /// Levels from the scores to the class.
    pub fn depth(&self) -> u32 {
        2 * self.duels.last().map_or(0, |duel| duel.round)
    }

    /// Bits of the class number, at least one.
    pub fn class_bits(&self) -> usize {
        super::popcount::bits_for(self.classes.saturating_sub(1))
    }

    /// The class for the given scores, through the duels.
    pub fn evaluate(&self, scores: &[u32]) -> usize {
        let mut winners: Vec<usize> = Vec::with_capacity(self.duels.len());
        for duel in &self.duels {
            let class = |side: Contestant| match side {
                Contestant::Class(class) => class as usize,
                Contestant::Winner(duel) => winners[duel as usize],
            };
            let (first, second) = (class(duel.first), class(duel.second));
            winners.push(if scores[first] >= scores[second] { first } else { second });
        }
        winners.last().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ten_classes_need_nine_duels_in_four_rounds() {
        let argmax = Argmax::new(10);
        assert_eq!((argmax.duels.len(), argmax.depth(), argmax.class_bits()), (9, 8, 4));
        assert_eq!((Argmax::new(1).depth(), Argmax::new(1).class_bits()), (0, 1));
    }

    proptest! {
        #[test]
        fn the_winner_is_the_lowest_class_of_the_largest_score(scores in prop::collection::vec(0u32..4, 1..30)) {
            let largest = *scores.iter().max().unwrap();
            let expected = scores.iter().position(|&score| score == largest).unwrap();
            prop_assert_eq!(Argmax::new(scores.len()).evaluate(&scores), expected);
        }
    }
}
