//! Which signals a table could be made of, as far as simulation knows.

use crate::netlist::NodeId;

use super::super::Subject;
use super::network::{Network, WORDS};
use super::window::{Cone, Region};

/// Words for the assignments that refute what simulation has suggested.
const MORE_WORDS: usize = 4;

/// Words of a glance: simulation of the whole network.
pub(super) const GLANCE: usize = WORDS;

/// Words of a closer look: simulation of the whole network, simulation of the window, and those.
pub(super) const CLOSER: usize = 2 * WORDS + MORE_WORDS;

/// The widest table that is looked at, and the widest that comes about: 64 rows are one word.
pub(super) const MAX_INPUTS: usize = 6;

/// Suggestions for the same fan-in.
const PER_FAN_IN: usize = 8;

/// Pairs of divisors that are looked at closely for the same fan-in.
const PAIRS: usize = 100;

/// The values of a signal on every assignment.
type Column<const N: usize> = [u64; N];

/// A table, the tables around it, and their values.
pub(super) struct Search<const N: usize> {
    pub(super) center: NodeId,
    pub(super) region: Region,
    pub(super) cone: Cone,
    /// The fan-ins, as positions among the divisors.
    pins: Vec<usize>,
    /// The values of the divisors.
    columns: Vec<Column<N>>,
    /// Where somebody notices the table, and it is one, or zero.
    ones: Column<N>,
    zeros: Column<N>,
    added: usize,
}

/// Two sets of assignments that must be told apart.
struct Conflict<const N: usize> {
    ones: Column<N>,
    zeros: Column<N>,
}

impl<const N: usize> Search<N> {
    /// The search for a table of one to six inputs.
    pub(super) fn new(network: &Network, center: NodeId) -> Self {
        let region = Region::new(network, center);
        let care = region.care(network, center, |id| network.values(id));
        let cone = Cone::new(network, center);
        let column = |words: &[u64]| {
            let mut column = [0; N];
            column[..WORDS].copy_from_slice(words);
            column
        };
        let columns = cone.divisors.iter().map(|&id| column(network.values(id))).collect();
        let place = |fan_in: &NodeId| cone.divisors.iter().position(|id| id == fan_in);
        let pins = network.fan_ins(center).iter().filter_map(place).collect();
        let value = column(network.values(center));
        let care = column(&care);
        let (ones, zeros) = (and(&care, &value), and_not(&care, &value));
        Self { center, region, cone, pins, columns, ones, zeros, added: 0 }
    }

    /// Up to `most` lists of divisors that the table could be a function of, so that it has fewer
    /// fan-ins or another table goes, better ones first.
    pub(super) fn suggest(&self, network: &Network, lut_inputs: usize, most: usize) -> Vec<Vec<usize>> {
        let mut found = Vec::new();
        let pins = self.pins.len();
        let widest = lut_inputs.max(pins).min(MAX_INPUTS);
        let dies: Vec<bool> =
            network.fan_ins(self.center).iter().map(|&id| network.lives_for(id, self.center)).collect();
        if pins > 1 && !network.is_output(self.center) {
            self.extend(&[], |_| true, dies.contains(&true), &mut found, &dies);
        }
        let without = |pin: usize| -> Vec<usize> {
            self.pins.iter().enumerate().filter(|(at, _)| *at != pin).map(|(_, &divisor)| divisor).collect()
        };
        for (pin, &dies) in dies.iter().enumerate() {
            if found.len() >= most {
                break;
            }
            let rest = without(pin);
            if dies {
                let pairs = rest.len() + 2 <= widest;
                self.extend(&rest, |divisor| !self.pins.contains(&divisor), pairs, &mut found, &[]);
            } else if self.conflicts(&rest).is_empty() {
                found.push(rest);
            }
        }
        found.truncate(most);
        found
    }

    /// Adds `base`, if it is enough, or with one divisor more, or with two.
    fn extend(
        &self,
        base: &[usize],
        may: impl Fn(usize) -> bool,
        pairs: bool,
        found: &mut Vec<Vec<usize>>,
        dies: &[bool],
    ) {
        let conflicts = self.conflicts(base);
        if conflicts.is_empty() {
            found.push(base.to_vec());
            return;
        }
        let first = found.len();
        let divisors = || (0..self.columns.len()).filter(|&divisor| may(divisor));
        let with = |more: &[usize]| base.iter().chain(more).copied().collect::<Vec<usize>>();
        let alone = |divisor: &usize| conflicts.iter().all(|conflict| conflict.resolved_by(&self.columns[*divisor]));
        found.extend(divisors().filter(alone).take(PER_FAN_IN).map(|divisor| with(&[divisor])));
        if !pairs || found.len() > first {
            return;
        }
        // What goes with the table cannot take its place.
        let stays = |divisor: &usize| !self.pins.iter().zip(dies).any(|(pin, &dies)| dies && pin == divisor);
        let samples: Vec<(usize, usize)> = conflicts.iter().flat_map(Conflict::samples).take(64).collect();
        let told = |column: &Column<N>| {
            let tells = |&(one, zero): &(usize, usize)| bit(column, one) != bit(column, zero);
            samples.iter().enumerate().fold(0u64, |told, (at, sample)| told | u64::from(tells(sample)) << at)
        };
        let all = u64::MAX >> (64 - samples.len());
        let told: Vec<(usize, u64)> =
            divisors().filter(stays).map(|divisor| (divisor, told(&self.columns[divisor]))).collect();
        let pairs = told.iter().enumerate().flat_map(|(at, &(a, told_a))| {
            let enough = move |&&(_, told_b): &&(usize, u64)| told_a | told_b == all;
            told[at + 1..].iter().filter(enough).map(move |&(b, _)| [a, b])
        });
        let resolve = |&[a, b]: &[usize; 2]| {
            conflicts.iter().all(|conflict| conflict.resolved_by_both(&self.columns[a], &self.columns[b]))
        };
        found.extend(pairs.take(PAIRS).filter(resolve).take(PER_FAN_IN).map(|pair| with(&pair)));
    }

    /// What the divisors of `base` do not tell apart, a row of their values at a time.
    fn conflicts(&self, base: &[usize]) -> Vec<Conflict<N>> {
        let mut conflicts = Vec::new();
        self.split(base, Conflict { ones: self.ones, zeros: self.zeros }, &mut conflicts);
        conflicts
    }

    fn split(&self, base: &[usize], set: Conflict<N>, conflicts: &mut Vec<Conflict<N>>) {
        if is_empty(&set.ones) || is_empty(&set.zeros) {
            return;
        }
        match base.split_last() {
            None => conflicts.push(set),
            Some((&divisor, rest)) => {
                let column = &self.columns[divisor];
                let low = Conflict { ones: and_not(&set.ones, column), zeros: and_not(&set.zeros, column) };
                let high = Conflict { ones: and(&set.ones, column), zeros: and(&set.zeros, column) };
                self.split(rest, low, conflicts);
                self.split(rest, high, conflicts);
            }
        }
    }
}

impl Search<CLOSER> {
    /// Opens the window as far as a proof does and simulates it with random values of its leaves,
    /// which refutes at once most of what a proof would refute.
    pub(super) fn look_closer(&mut self, network: &Network, subject: &Subject<'_>) {
        self.cone.open_region(network, self.center, &self.region);
        let local = self.cone.simulate(network, subject, self.center, &self.region);
        let words = WORDS..2 * WORDS;
        for (column, id) in self.columns.iter_mut().zip(&self.cone.divisors) {
            column[words.clone()].copy_from_slice(&local.values[id]);
        }
        for (word, (care, value)) in words.zip(local.care.iter().zip(&local.values[&self.center])) {
            self.ones[word] = care & value;
            self.zeros[word] = care & !value;
        }
    }

    /// The rows of a table of these divisors that somebody notices: those that must be one, and
    /// those that must be zero.
    pub(super) fn rows(&self, divisors: &[usize]) -> (u64, u64) {
        (self.rows_of(divisors, self.ones, 0), self.rows_of(divisors, self.zeros, 0))
    }

    fn rows_of(&self, divisors: &[usize], set: Column<CLOSER>, row: u32) -> u64 {
        if is_empty(&set) {
            return 0;
        }
        match divisors.split_last() {
            None => 1 << row,
            Some((&divisor, rest)) => {
                let column = &self.columns[divisor];
                self.rows_of(rest, and_not(&set, column), row)
                    | self.rows_of(rest, and(&set, column), row | 1 << rest.len())
            }
        }
    }

    /// Adds an assignment on which somebody notices the table, which is `value`; whether there
    /// was room for it.
    pub(super) fn add(&mut self, value: bool, divisor: impl Fn(NodeId) -> bool) -> bool {
        if self.added == 64 * MORE_WORDS {
            return false;
        }
        let (word, bit) = (2 * WORDS + self.added / 64, 1u64 << (self.added % 64));
        for (column, &id) in self.columns.iter_mut().zip(&self.cone.divisors) {
            if divisor(id) {
                column[word] |= bit;
            }
        }
        if value {
            self.ones[word] |= bit;
        } else {
            self.zeros[word] |= bit;
        }
        self.added += 1;
        true
    }
}

impl<const N: usize> Conflict<N> {
    /// Whether a signal tells all of the one from all of the other.
    fn resolved_by(&self, column: &Column<N>) -> bool {
        let (mut same, mut inverse) = (true, true);
        for ((ones, zeros), column) in self.ones.iter().zip(&self.zeros).zip(column) {
            same &= ones & !column | zeros & column == 0;
            inverse &= ones & column | zeros & !column == 0;
            if !same && !inverse {
                return false;
            }
        }
        true
    }

    /// Whether two signals together do.
    fn resolved_by_both(&self, a: &Column<N>, b: &Column<N>) -> bool {
        let of = |a: &dyn Fn(&Column<N>, &Column<N>) -> Column<N>, column: &Column<N>| Self {
            ones: a(&self.ones, column),
            zeros: a(&self.zeros, column),
        };
        [of(&and, a), of(&and_not, a)].iter().all(|half| {
            let apart = |ones: Column<N>, zeros: Column<N>| is_empty(&ones) || is_empty(&zeros);
            apart(and(&half.ones, b), and(&half.zeros, b)) && apart(and_not(&half.ones, b), and_not(&half.zeros, b))
        })
    }

    /// Assignments to tell apart, one of each set.
    fn samples(&self) -> [(usize, usize); 4] {
        let (ones, zeros) = (ends(&self.ones), ends(&self.zeros));
        [(ones.0, zeros.0), (ones.1, zeros.1), (ones.0, zeros.1), (ones.1, zeros.0)]
    }
}

fn and<const N: usize>(a: &Column<N>, b: &Column<N>) -> Column<N> {
    std::array::from_fn(|word| a[word] & b[word])
}

fn and_not<const N: usize>(a: &Column<N>, b: &Column<N>) -> Column<N> {
    std::array::from_fn(|word| a[word] & !b[word])
}

fn is_empty<const N: usize>(column: &Column<N>) -> bool {
    column.iter().all(|&word| word == 0)
}

fn bit<const N: usize>(column: &Column<N>, at: usize) -> bool {
    column[at / 64] >> (at % 64) & 1 == 1
}

/// The first and the last assignment of a set that is not empty.
fn ends<const N: usize>(column: &Column<N>) -> (usize, usize) {
    let first = column.iter().position(|&word| word != 0).unwrap_or(0);
    let last = column.iter().rposition(|&word| word != 0).unwrap_or(0);
    (64 * first + column[first].trailing_zeros() as usize, 64 * last + 63 - column[last].leading_zeros() as usize)
}
