//! The search for the largest score on carry chains.
//!
//! A position of a chain compares two bits of both scores: where they are equal it lets the carry
//! through, which says whether the lower bits of the second score are larger, and elsewhere it decides.
//! One LUT of two outputs states both, so that `n` bits take `n / 2` of them, and an odd number a
//! table of the lowest three bits in front. Two multiplexers of one duel share a LUT as well.
//!
//! Scores of one bit need no duel: the class is the first of those that have a one, found five classes at a
//! time.

use crate::logic::TruthTable;

use super::{Argmax, Contestant, SHARED_INPUTS};

/// Bits of both scores at one position.
const BITS_PER_POSITION: usize = 2;

/// Classes of one bit among which tables that share a LUT find the first.
const CLASSES_PER_TABLE: usize = SHARED_INPUTS;

/// Bits of both scores that one table of six inputs compares.
const BITS_PER_TABLE: usize = 3;

/// A bit inside the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgmaxBit {
    /// A known one.
    Constant(bool),
    /// Bit `bit` (0 the lowest) of the score of a class.
    Score {
        /// The class.
        class: u32,
        /// The bit.
        bit: u8,
    },
    /// Whether the lowest bits of the second side of a duel are larger.
    Start(u32),
    /// Whether the second side of a duel wins.
    SecondWins(u32),
    /// What a duel chooses of its two sides, or a step without comparison finds.
    Chosen {
        /// The duel.
        duel: u32,
        /// Index into [`ChainDuel::chosen`].
        number: u8,
    },
}

/// A function of some bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgmaxTable {
    /// What it reads, input 0 first; none is a constant.
    pub inputs: Vec<ArgmaxBit>,
    /// The function.
    pub table: TruthTable,
}

/// One duel, or with scores of one bit a step of the search for the first one, which compares nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainDuel {
    /// Round of the tournament, from 1.
    pub round: u32,
    /// Compares the lowest bits: [`ArgmaxBit::Start`], or where there is no position the whole scores.
    pub start: Option<ArgmaxTable>,
    /// What the positions of the chain read, lowest first: the lower bit of the first and of the second
    /// score, then the upper ones.
    pub positions: Vec<[ArgmaxBit; 2 * BITS_PER_POSITION]>,
    /// Multiplexers of scores and class numbers; two that follow each other share a LUT.
    pub chosen: Vec<ArgmaxTable>,
}

/// A tournament of scores on carry chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgmaxChains {
    /// Duels, in the order of the [`Argmax`]; with scores of one bit the steps, each after those that it
    /// reads.
    pub duels: Vec<ChainDuel>,
    /// The class of the largest score, lowest bit first.
    pub class: Vec<ArgmaxBit>,
    levels_of_round: u32,
}

/// A side of a duel: its score and its class number, lowest bits first.
#[derive(Clone)]
struct Candidate {
    score: Vec<ArgmaxBit>,
    class: Vec<ArgmaxBit>,
}

impl ArgmaxChains {
    /// The tournament `argmax` of scores of `score_bits` bits.
    pub fn new(argmax: &Argmax, score_bits: usize) -> Self {
        if score_bits == 1 {
            return Self::first(argmax);
        }
        let number =
            |class: u32| (0..argmax.class_bits()).map(|bit| ArgmaxBit::Constant(class >> bit & 1 == 1)).collect();
        let mut winners: Vec<Candidate> = Vec::with_capacity(argmax.duels.len());
        let mut duels = Vec::with_capacity(argmax.duels.len());
        for (own, duel) in argmax.duels.iter().enumerate() {
            let [first, second] = [duel.first, duel.second].map(|side| match side {
                Contestant::Class(class) => Candidate {
                    score: (0..score_bits as u8).map(|bit| ArgmaxBit::Score { class, bit }).collect(),
                    class: number(class),
                },
                Contestant::Winner(duel) => winners[duel as usize].clone(),
            });
            let mut view = ChainDuel::comparing(duel.round, &first.score, &second.score);
            // Nobody asks for the score of the overall winner.
            let is_last = own + 1 == argmax.duels.len();
            let score = if is_last { Vec::new() } else { view.choose(own as u32, &first.score, &second.score) };
            let class = view.choose(own as u32, &first.class, &second.class);
            winners.push(Candidate { score, class });
            duels.push(view);
        }
        let class = winners.pop().map_or_else(|| number(0), |winner| winner.class);
        let has_starts = duels.iter().any(|duel| duel.start.is_some() && !duel.positions.is_empty());
        Self { duels, class, levels_of_round: if has_starts { 3 } else { 2 } }
    }

    /// The first class that has a one, or the lowest of all, where scores have one bit.
    fn first(argmax: &Argmax) -> Self {
        let (classes, class_bits) = (argmax.classes, argmax.class_bits());
        let all: Vec<u32> = (0..classes as u32).collect();
        // Whether one of some classes has a one, and the first of those; zeros where none has.
        let mut field: Vec<([ArgmaxBit; 1], Vec<ArgmaxBit>)> = Vec::new();
        let mut duels: Vec<ChainDuel> = Vec::new();
        for classes in all.chunks(CLASSES_PER_TABLE) {
            let mut step = ChainDuel::without_comparison(1);
            let own = duels.len() as u32;
            let inputs: Vec<ArgmaxBit> = classes.iter().map(|&class| ArgmaxBit::Score { class, bit: 0 }).collect();
            // Nobody asks about the last ones: without a one they are as good as with.
            let is_last = classes.last() == all.last();
            let any = if is_last { ArgmaxBit::Constant(true) } else { step.add(own, &inputs, |row| row != 0) };
            let first = |row: usize| classes.get(row.trailing_zeros() as usize).copied().unwrap_or(0);
            let class = (0..class_bits).map(|bit| step.add(own, &inputs, |row| first(row) >> bit & 1 == 1)).collect();
            field.push(([any], class));
            duels.push(step);
        }
        let mut round = 1;
        while field.len() > 1 {
            round += 1;
            let mut next = Vec::with_capacity(field.len().div_ceil(2));
            for pair in field.chunks(2) {
                let [([any], class), ([other], later)] = pair else {
                    next.extend_from_slice(pair);
                    continue;
                };
                let own = duels.len() as u32;
                let mut step = ChainDuel::without_comparison(round);
                let both = step.add(own, &[*any, *other], |row| row != 0);
                let class =
                    later.iter().zip(class).map(|(&later, &first)| step.multiplex(own, *any, later, first)).collect();
                next.push(([both], class));
                duels.push(step);
            }
            field = next;
        }
        let class = field.pop().map_or_else(Vec::new, |(_, class)| class);
        Self { duels, class, levels_of_round: 1 }
    }

    /// Levels from the scores to the class.
    pub fn depth(&self) -> u32 {
        self.duels.last().map_or(0, |duel| self.level_of_choice(duel))
    }

    /// The level at which the table in front of the chain of a duel is done.
    pub fn level_of_start(&self, duel: &ChainDuel) -> u32 {
        self.levels_of_round * (duel.round - 1) + 1
    }

    /// The level at which the comparison of a duel is done.
    pub fn level_of_comparison(&self, duel: &ChainDuel) -> u32 {
        self.level_of_choice(duel) - 1
    }

    /// The level at which the winner of a duel is chosen.
    pub fn level_of_choice(&self, duel: &ChainDuel) -> u32 {
        self.levels_of_round * duel.round
    }

    /// LUTs of two outputs, positions of chains included.
    pub fn luts(&self) -> usize {
        let luts =
            |duel: &ChainDuel| usize::from(duel.start.is_some()) + duel.positions.len() + duel.chosen.len().div_ceil(2);
        self.duels.iter().map(luts).sum()
    }

    /// The class for the given scores, through the tables and chains.
    pub fn evaluate(&self, scores: &[u32]) -> usize {
        let mut values: Vec<DuelValues> = Vec::with_capacity(self.duels.len());
        for duel in &self.duels {
            let mut own = DuelValues::default();
            let value = |bit: ArgmaxBit, own: &DuelValues| read(bit, scores, &values, own);
            let row = |bits: &[ArgmaxBit], own: &DuelValues| {
                bits.iter().enumerate().map(|(place, &bit)| usize::from(value(bit, own)) << place).sum::<usize>()
            };
            own.start = duel.start.as_ref().is_some_and(|start| start.table.row(row(&start.inputs, &own)));
            own.second_wins = duel.positions.iter().fold(own.start, |carry, position| {
                let row = row(position, &own);
                if ChainDuel::passes(row) { carry } else { ChainDuel::carries(row) }
            });
            own.chosen = duel.chosen.iter().map(|choice| choice.table.row(row(&choice.inputs, &own))).collect();
            values.push(own);
        }
        let bit = |(place, &bit): (usize, &ArgmaxBit)| {
            usize::from(read(bit, scores, &values, &DuelValues::default())) << place
        };
        self.class.iter().enumerate().map(bit).sum()
    }
}

/// The bits of a duel for some scores.
#[derive(Default)]
struct DuelValues {
    start: bool,
    second_wins: bool,
    chosen: Vec<bool>,
}

/// A bit for some scores, of the duels before or of the one that is at it, `own`.
fn read(bit: ArgmaxBit, scores: &[u32], before: &[DuelValues], own: &DuelValues) -> bool {
    let of = |duel: u32| before.get(duel as usize).unwrap_or(own);
    match bit {
        ArgmaxBit::Constant(value) => value,
        ArgmaxBit::Score { class, bit } => scores[class as usize] >> bit & 1 == 1,
        ArgmaxBit::Start(duel) => of(duel).start,
        ArgmaxBit::SecondWins(duel) => of(duel).second_wins,
        ArgmaxBit::Chosen { duel, number } => of(duel).chosen[usize::from(number)],
    }
}

impl ChainDuel {
    /// The comparison of two scores of the same width.
    fn comparing(round: u32, first: &[ArgmaxBit], second: &[ArgmaxBit]) -> Self {
        let pairs: Vec<[ArgmaxBit; 2]> = first.iter().zip(second).map(|(&a, &b)| [a, b]).collect();
        let lowest = match pairs.len() {
            bits if bits <= BITS_PER_TABLE => bits,
            bits if bits % BITS_PER_POSITION == 1 => BITS_PER_TABLE,
            _ => 0,
        };
        let (lowest, rest) = pairs.split_at(lowest);
        let start = (!lowest.is_empty()).then(|| ArgmaxTable {
            inputs: lowest.concat(),
            table: TruthTable::from_fn(2 * lowest.len(), |row| {
                let [first, second] = sides(row, lowest.len());
                first < second
            }),
        });
        let positions =
            rest.chunks_exact(BITS_PER_POSITION).map(|pair| [pair[0][0], pair[0][1], pair[1][0], pair[1][1]]);
        Self { round, start, positions: positions.collect(), chosen: Vec::new() }
    }

    fn without_comparison(round: u32) -> Self {
        Self { round, start: None, positions: Vec::new(), chosen: Vec::new() }
    }

    /// Whether there are two sides that are compared.
    pub fn compares(&self) -> bool {
        self.start.is_some() || !self.positions.is_empty()
    }

    /// The bits of the second side where duel `own`, which this is, is won by it, and of the first elsewhere.
    fn choose(&mut self, own: u32, first: &[ArgmaxBit], second: &[ArgmaxBit]) -> Vec<ArgmaxBit> {
        let select = ArgmaxBit::SecondWins(own);
        first.iter().zip(second).map(|(&a, &b)| self.multiplex(own, select, a, b)).collect()
    }

    /// `b` where `select` is set, `a` elsewhere.
    fn multiplex(&mut self, own: u32, select: ArgmaxBit, a: ArgmaxBit, b: ArgmaxBit) -> ArgmaxBit {
        self.add(own, &[select, a, b], |row| row >> (1 + (row & 1)) & 1 == 1)
    }

    /// A function of some bits, which takes a table where it is neither constant nor one of them.
    fn add(&mut self, own: u32, bits: &[ArgmaxBit], f: impl Fn(usize) -> bool) -> ArgmaxBit {
        let mut inputs: Vec<ArgmaxBit> = Vec::with_capacity(bits.len());
        // What stands at each place: a constant or an input.
        let places: Vec<Result<usize, bool>> = bits
            .iter()
            .map(|&bit| match bit {
                ArgmaxBit::Constant(value) => Err(value),
                signal => Ok(inputs.iter().position(|&known| known == signal).unwrap_or_else(|| {
                    inputs.push(signal);
                    inputs.len() - 1
                })),
            })
            .collect();
        let spread = |row: usize| {
            let value = |place: &Result<usize, bool>| place.map_or_else(|value| value, |input| row >> input & 1 == 1);
            places.iter().enumerate().map(|(place, what)| usize::from(value(what)) << place).sum()
        };
        let table = TruthTable::from_fn(inputs.len(), |row| f(spread(row)));
        let support = table.support();
        let table = table.project(&support);
        let inputs: Vec<ArgmaxBit> = support.iter().map(|&input| inputs[input]).collect();
        match table.as_constant() {
            Some(value) => ArgmaxBit::Constant(value),
            None if table == TruthTable::buffer() => inputs[0],
            None => {
                self.chosen.push(ArgmaxTable { inputs, table });
                ArgmaxBit::Chosen { duel: own, number: self.chosen.len() as u8 - 1 }
            }
        }
    }

    /// Whether the carry goes through a position, for a row of what it reads.
    pub fn passes(row: usize) -> bool {
        let [first, second] = sides(row, BITS_PER_POSITION);
        first == second
    }

    /// What is carried on where it does not.
    pub fn carries(row: usize) -> bool {
        let [first, second] = sides(row, BITS_PER_POSITION);
        first < second
    }
}

/// The two numbers of `bits` bits in a row that has a bit of the first and one of the second in turn.
fn sides(row: usize, bits: usize) -> [usize; 2] {
    [0, 1].map(|side| (0..bits).map(|bit| (row >> (2 * bit + side) & 1) << bit).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rustc_hash::FxHashSet;

    #[test]
    fn multiplexers_cost_half_and_comparisons_half_their_bits() {
        let luts = |classes: usize, bits: usize| {
            let chains = ArgmaxChains::new(&Argmax::new(classes), bits);
            (chains.luts(), chains.depth())
        };
        // Nine comparisons and eight choices, and what class numbers add to them.
        assert_eq!([6, 7, 8, 9].map(|bits| luts(10, bits)), [(56, 8), (62, 12), (73, 8), (79, 12)]);
        assert_eq!([1, 2, 3, 4].map(|bits| luts(2, bits)), [(1, 1), (1, 2), (1, 2), (2, 2)]);
        assert_eq!((luts(1, 8), luts(1, 1)), ((0, 0), (0, 1)));
        // Two tables of five classes, each four functions, and two LUTs of multiplexers.
        assert_eq!([5, 10, 100].map(|classes| luts(classes, 1)), [(2, 1), (6, 2), (133, 6)]);
    }

    proptest! {
        #[test]
        fn the_class_is_that_of_the_tournament(
            (bits, scores) in (1usize..13).prop_flat_map(|bits| {
                // Few different scores, so that ties are common.
                let score = prop_oneof![0..1u32 << bits, 0..(1u32 << bits).min(3)];
                (Just(bits), prop::collection::vec(score, 1..20))
            }),
        ) {
            let argmax = Argmax::new(scores.len());
            let chains = ArgmaxChains::new(&argmax, bits);
            prop_assert_eq!(chains.evaluate(&scores), argmax.evaluate(&scores));
            for duel in &chains.duels {
                let pairs = duel.chosen.chunks(2);
                let mut pairs = pairs.map(|pair| pair.iter().flat_map(|choice| &choice.inputs).collect::<FxHashSet<_>>());
                prop_assert!(pairs.all(|inputs| (1..=SHARED_INPUTS).contains(&inputs.len())));
                prop_assert!(duel.start.iter().all(|start| start.inputs.len() <= 6));
            }
        }
    }
}
