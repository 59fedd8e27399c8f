//! The search for vectors that observe what others do not.

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::binarized::BinarizedNetwork;

use super::{Meter, Read, WORD};

/// The best candidates of a word that become vectors.
const TAKEN: usize = 16;

/// Words without a gain after which the search ends: of many entries, and of few.
const PATIENCE: usize = 12;
const PATIENCE_WITH_FEW: usize = 80;

/// Up to this many entries and steps are few.
const FEW_GOALS: usize = 50_000;

/// Goals that one directed candidate tries to meet at once.
const TRIES: usize = 400;

/// At most `room` rows of codes that observe entries, or steps of comparators, which `rows` do not.
pub(in crate::verify) fn directed_rows(
    network: &BinarizedNetwork,
    rows: &[Vec<i64>],
    samples: &[Vec<i64>],
    room: usize,
    seed: u64,
) -> Vec<Vec<i64>> {
    let mut meter = Meter::new(network);
    for word in rows.chunks(WORD) {
        meter.add(&word.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x636f_7665_7261_6765);
    let (mut found, mut idle, mut round) = (Vec::new(), 0, 0);
    let patience = if meter.observed.len() <= FEW_GOALS { PATIENCE_WITH_FEW } else { PATIENCE };
    while found.len() < room && idle < patience && meter.observed.contains(&false) {
        let goals = meter.goals(&mut rng);
        let mut next = 0;
        let candidates: Vec<Vec<i64>> = (0..WORD)
            .map(|candidate| {
                let mut row = meter.base_row(samples, &mut rng);
                // Every other one is left as it is: deeper entries are met by chance.
                if candidate % 2 == 0 && next < goals.len() {
                    meter.meet(&goals, &mut next, &mut row, &mut rng);
                }
                row
            })
            .collect();
        let word: Vec<&[i64]> = candidates.iter().map(Vec::as_slice).collect();
        let reads = meter.reads(&word);
        let mut gains: Vec<(u32, usize)> =
            meter.gains(&reads).into_iter().enumerate().map(|(candidate, gain)| (gain, candidate)).collect();
        gains.sort_by_key(|&(gain, candidate)| (std::cmp::Reverse(gain), candidate));
        gains.retain(|&(gain, _)| gain > 0);
        gains.truncate(TAKEN.min(room - found.len()));
        idle = if gains.is_empty() { idle + 1 } else { 0 };
        let chosen = gains.iter().fold(0u64, |mask, &(_, candidate)| mask | 1 << candidate);
        meter.record(&reads, chosen);
        found.extend(gains.into_iter().map(|(_, candidate)| candidates[candidate].clone()));
        round += 1;
        if round > 4 * room {
            break;
        }
    }
    found
}

impl Meter<'_> {
    /// For each sample of a word, how many entries it would newly observe.
    fn gains(&self, reads: &[Read]) -> Vec<u32> {
        let mut gains = vec![0; WORD];
        for read in reads.iter().filter(|read| !self.observed[read.entry]) {
            let mut mask = read.observed;
            while mask != 0 {
                gains[mask.trailing_zeros() as usize] += 1;
                mask &= mask - 1;
            }
        }
        gains
    }

    /// A sample of which some features are replaced, or random codes, or codes beside thresholds.
    fn base_row(&self, samples: &[Vec<i64>], rng: &mut ChaCha8Rng) -> Vec<i64> {
        let (min, max) = (self.network.input().min_code(), self.network.input().max_code());
        let use_sample = rng.random_ratio(1, 2);
        let mut row = match samples.choose(rng).filter(|_| use_sample) {
            Some(sample) => sample.clone(),
            None => (0..self.network.features()).map(|_| rng.random_range(min..=max)).collect(),
        };
        let replaced = [0.0, 0.05, 0.2, 0.5][rng.random_range(0..4usize)];
        for code in &mut row {
            if rng.random_bool(replaced) {
                *code = rng.random_range(min..=max);
            }
        }
        if rng.random_ratio(1, 2) && !self.steps.is_empty() {
            // One step of every other feature that has any, more or less.
            for _ in 0..row.len() {
                if let Some(step) = self.steps.choose(rng) {
                    row[step.feature as usize] = step.code;
                }
            }
        }
        row
    }

    /// First-layer entries that can be reached, and steps, that are not observed, in random order.
    fn goals(&self, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut goals: Vec<usize> =
            (0..self.reachable.len()).filter(|&entry| self.reachable[entry] && !self.observed[entry]).collect();
        goals.extend((self.entries..self.observed.len()).filter(|&step| !self.observed[step]));
        goals.shuffle(rng);
        goals
    }

    /// Changes `row` so that it meets as many goals as fit together, from goal `next` on.
    fn meet(&self, goals: &[usize], next: &mut usize, row: &mut [i64], rng: &mut ChaCha8Rng) {
        let mut fixed = vec![false; row.len()];
        for &goal in goals[*next..].iter().take(TRIES) {
            *next += 1;
            let Some(needs) = self.needs(goal) else { continue };
            let fits = |(feature, codes): &(usize, Vec<i64>)| {
                // A fixed feature stands at a code of the list or not.
                !fixed[*feature] || codes.contains(&row[*feature])
            };
            if !needs.iter().all(fits) {
                continue;
            }
            for (feature, codes) in needs {
                if !std::mem::replace(&mut fixed[feature], true) {
                    row[feature] = codes[rng.random_range(0..codes.len())];
                }
            }
        }
    }
}
