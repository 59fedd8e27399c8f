//! Levels to pipeline stages, and the registers between them.

use crate::emit::{EmitError, EmitOptions};

use super::TARGET;
use super::wire::{Delayed, Range, Wire};

/// Where registers stand.
///
/// A signal of level `l` (input bus 0, comparators 1, then one per table) belongs to stage
/// `(l - 1) / every`. What is read in a later stage passes one register per stage between; the
/// results are registered at the end of the last stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pipeline {
    every: Option<u32>,
}

impl Pipeline {
    /// The pipeline that `options` ask for.
    pub(super) fn new(options: &EmitOptions) -> Result<Self, EmitError> {
        if options.registers_every == Some(0) {
            return Err(EmitError::Option {
                target: TARGET,
                option: "--registers-every",
                found: "0".to_owned(),
                allowed: "whole numbers from 1, the levels of logic between registers".to_owned(),
            });
        }
        Ok(Self { every: options.registers_every })
    }

    /// Whether there is a clock.
    pub(super) fn has_clock(self) -> bool {
        self.every.is_some()
    }

    /// The stage of a level.
    pub(super) fn stage(self, level: u32) -> u32 {
        self.every.map_or(0, |every| level.saturating_sub(1) / every)
    }

    /// Cycles from the input bus to results of level `depth`; also the stage that reads them.
    pub(super) fn latency(self, depth: u32) -> u32 {
        self.every.map_or(0, |every| depth.div_ceil(every))
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
pub(super) struct Bank {
    /// The stage.
    pub(super) stage: u32,
    /// Its registers.
    pub(super) registers: Vec<Register>,
}

/// `target <= source` at the clock edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register {
    /// The register.
    pub(super) target: Delayed,
    /// What it takes over.
    pub(super) source: Delayed,
    /// Its declared range.
    pub(super) range: Range,
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
                let register =
                    Register { target: delayed(cycles), source: delayed(cycles - 1), range: Range(line.width) };
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

    fn pipeline(every: u32) -> Pipeline {
        Pipeline::new(&EmitOptions { registers_every: Some(every), ..EmitOptions::default() }).unwrap()
    }

    #[test]
    fn latency_is_depth_over_levels_per_stage_rounded_up() {
        for every in 1..5 {
            for depth in 1..20 {
                let pipeline = pipeline(every);
                assert_eq!(pipeline.latency(depth), pipeline.stage(depth) + 1);
            }
            assert_eq!(pipeline(every).latency(0), 0);
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
    }

    #[test]
    fn a_register_after_every_zero_levels_is_refused() {
        let options = EmitOptions { registers_every: Some(0), ..EmitOptions::default() };
        assert!(matches!(Pipeline::new(&options), Err(EmitError::Option { option: "--registers-every", .. })));
    }
}
