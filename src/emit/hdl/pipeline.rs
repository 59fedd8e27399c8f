//! Levels to pipeline stages, and the registers between them.

use super::wire::{Delayed, Wire};

/// Where registers stand.
///
/// A signal of level `l` (input bus 0, comparators 1, then one per table) belongs to the stage
/// that is the number of cuts below `l`. What is read in a later stage passes one register per
/// cut between; the last cut is behind the results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::emit) struct Pipeline {
    /// Levels after which a register stands, ascending; empty for a combinational design.
    cuts: Vec<u32>,
}

impl Pipeline {
    /// No registers.
    pub(super) fn combinational() -> Self {
        Self { cuts: Vec::new() }
    }

    /// Registers after each of these levels, which are sorted here, and after `depth`.
    pub(super) fn at(levels: impl IntoIterator<Item = u32>, depth: u32) -> Self {
        let mut cuts: Vec<u32> = levels.into_iter().filter(|&level| level > 0 && level < depth).collect();
        cuts.push(depth);
        cuts.sort_unstable();
        cuts.dedup();
        Self { cuts }
    }

    /// The fewest registers such that no more than `every` of the `depth` levels lie between
    /// two of them, and among these placements the one with the fewest bits; `bits[l]` cross
    /// behind level `l`.
    pub(super) fn balanced(depth: u32, every: u32, bits: &[usize]) -> Self {
        let (depth, every) = (depth.max(1) as usize, every.max(1) as usize);
        let stages = depth.div_ceil(every);
        // least[s][l]: the fewest bits with the s-th cut behind level l, and the cut before it.
        const NONE: usize = usize::MAX;
        let mut least = vec![vec![(NONE, 0usize); depth + 1]; stages + 1];
        least[0][0] = (0, 0);
        for stage in 1..=stages {
            for level in 1..=depth {
                let cost = bits.get(level).copied().unwrap_or(0);
                let before = (level.saturating_sub(every)..level).filter(|&before| least[stage - 1][before].0 != NONE);
                let best = before.min_by_key(|&before| (least[stage - 1][before].0, before));
                if let Some(before) = best {
                    least[stage][level] = (least[stage - 1][before].0 + cost, before);
                }
            }
        }
        let mut cuts = Vec::with_capacity(stages);
        let mut level = depth;
        for stage in (1..=stages).rev() {
            cuts.push(level as u32);
            level = least[stage][level].1;
        }
        cuts.reverse();
        Self { cuts }
    }

    /// Whether there is a clock.
    pub(in crate::emit) fn has_clock(&self) -> bool {
        !self.cuts.is_empty()
    }

    /// The stage of a level.
    pub(super) fn stage(&self, level: u32) -> u32 {
        self.cuts.partition_point(|&cut| cut < level) as u32
    }

    /// Cycles from the input bus to the results; also the stage that reads them.
    pub(in crate::emit) fn latency(&self) -> u32 {
        self.cuts.len() as u32
    }

    /// The most levels of logic between two registers.
    pub(in crate::emit) fn longest_stage(&self) -> u32 {
        let before = std::iter::once(0).chain(self.cuts.iter().copied());
        before.zip(&self.cuts).map(|(before, &cut)| cut - before).max().unwrap_or(0)
    }
}

/// The signals of one module and how long each has to be kept.
#[derive(Clone, Debug, Default)]
pub(super) struct DelayLines {
    lines: Vec<DelayLine>,
}

#[derive(Clone, Copy, Debug)]
struct DelayLine {
    wire: Wire,
    width: usize,
    /// `None` for constants, which need no register.
    stage: Option<u32>,
    cycles: u32,
}

/// The registers at the end of one stage.
#[derive(Clone, Debug)]
pub(in crate::emit) struct Bank {
    /// The stage.
    pub(in crate::emit) stage: u32,
    /// Its registers.
    pub(in crate::emit) registers: Vec<Register>,
}

impl Bank {
    /// Number of register bits.
    pub(super) fn bits(&self) -> usize {
        self.registers.iter().map(|register| register.width).sum()
    }
}

/// `target <= source` at the clock edge.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) struct Register {
    /// The register.
    pub(in crate::emit) target: Delayed,
    /// What it takes over.
    pub(in crate::emit) source: Delayed,
    /// Its bits.
    pub(in crate::emit) width: usize,
}

impl DelayLines {
    /// Adds a signal that is valid in `stage`, `None` for a constant. Returns its number.
    pub(super) fn add(&mut self, wire: Wire, width: usize, stage: Option<u32>) -> usize {
        self.lines.push(DelayLine { wire, width, stage, cycles: 0 });
        self.lines.len() - 1
    }

    /// The signal of this number as it is seen in `stage`.
    pub(super) fn at(&self, number: usize, stage: u32) -> Delayed {
        let line = &self.lines[number];
        Delayed { wire: line.wire, cycles: line.stage.map_or(0, |own| stage.saturating_sub(own)) }
    }

    /// Like [`at`](Self::at), and keeps the signal that long.
    pub(super) fn read(&mut self, number: usize, stage: u32) -> Delayed {
        let seen = self.at(number, stage);
        let line = &mut self.lines[number];
        line.cycles = line.cycles.max(seen.cycles);
        seen
    }

    /// All registers, stage by stage.
    pub(super) fn banks(&self) -> Vec<Bank> {
        let mut banks: Vec<Bank> = Vec::new();
        for line in &self.lines {
            let Some(first) = line.stage else { continue };
            for cycles in 1..=line.cycles {
                let stage = first + cycles - 1;
                while banks.len() <= stage as usize {
                    banks.push(Bank { stage: banks.len() as u32, registers: Vec::new() });
                }
                let delayed = |cycles| Delayed { wire: line.wire, cycles };
                let register = Register { target: delayed(cycles), source: delayed(cycles - 1), width: line.width };
                banks[stage as usize].registers.push(register);
            }
        }
        banks.retain(|bank| !bank.registers.is_empty());
        banks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stage_is_the_number_of_cuts_below_a_level() {
        let pipeline = Pipeline::at([4, 2, 9], 7);
        assert_eq!((0..8).map(|level| pipeline.stage(level)).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 2, 2, 2]);
        assert_eq!((pipeline.latency(), pipeline.longest_stage()), (3, 3));
        assert_eq!(Pipeline::combinational().latency(), 0);
        assert_eq!(Pipeline::at([], 0).latency(), 1);
    }

    proptest! {
        #[test]
        fn balanced_cuts_are_the_fewest_and_of_these_the_cheapest(
            bits in prop::collection::vec(0usize..9, 2..12), every in 1u32..6
        ) {
            let depth = bits.len() as u32 - 1;
            let pipeline = Pipeline::balanced(depth, every, &bits);
            prop_assert_eq!(pipeline.latency(), depth.div_ceil(every));
            prop_assert!(pipeline.longest_stage() <= every);
            let cost = |cuts: &[u32]| cuts.iter().map(|&cut| bits[cut as usize]).sum::<usize>();
            let cheapest = (0u32..1 << (depth - 1))
                .map(|chosen| Pipeline::at((1..depth).filter(|level| chosen >> (level - 1) & 1 == 1), depth))
                .filter(|other| other.longest_stage() <= every && other.latency() == pipeline.latency())
                .map(|other| cost(&other.cuts))
                .min();
            prop_assert_eq!(Some(cost(&pipeline.cuts)), cheapest);
        }
    }

    #[test]
    fn readers_share_the_registers_of_a_signal() {
        let mut lines = DelayLines::default();
        let a = lines.add(Wire::Score(0), 3, Some(1));
        let constant = lines.add(Wire::Score(1), 3, None);
        assert_eq!(lines.read(a, 3).to_string(), "score_0_d2");
        assert_eq!(lines.read(a, 2).to_string(), "score_0_d1");
        assert_eq!(lines.read(a, 1).to_string(), "score_0");
        assert_eq!(lines.read(constant, 3).to_string(), "score_1");
        let banks = lines.banks();
        assert_eq!(banks.iter().map(|bank| bank.stage).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(banks[1].registers[0].source.to_string(), "score_0_d1");
        assert_eq!(banks[1].bits(), 3);
    }
}
