//! The module that finds the class.

use crate::netlist::{Argmax, Contestant};

use super::argmax_chains::ChainTournament;
use super::pipeline::{Bank, DelayLines, Pipeline};
use super::wire::{Delayed, Port, Wire, clock_ports};

/// A tournament of all scores.
#[derive(Debug)]
pub(in crate::emit) struct ArgmaxModule {
    pub(in crate::emit) ports: Vec<Port>,
    pub(in crate::emit) banks: Vec<Bank>,
    /// Bits of a score.
    pub(in crate::emit) score_bits: usize,
    /// Bits of the class.
    pub(in crate::emit) class_bits: usize,
    pub(in crate::emit) form: ArgmaxForm,
}

/// The ways of searching.
#[derive(Debug)]
pub(in crate::emit) enum ArgmaxForm {
    /// Comparisons and selections of numbers.
    Words {
        duels: Vec<DuelView>,
        /// The class that wins the last duel.
        last: Wire,
    },
    /// FPGA primitives.
    Chains(ChainTournament),
}

/// One comparison and its selections.
#[derive(Debug)]
pub(in crate::emit) struct DuelView {
    /// The round when this duel is its first.
    pub(in crate::emit) opens_round: Option<u32>,
    pub(in crate::emit) second_wins: Wire,
    pub(in crate::emit) compared: [Delayed; 2],
    pub(in crate::emit) chooser: Delayed,
    pub(in crate::emit) class: Wire,
    pub(in crate::emit) classes: [ClassSide; 2],
    /// The larger score with the two to choose from, unless this is the last duel.
    pub(in crate::emit) score: Option<(Wire, [Delayed; 2])>,
}

/// The class that one side of a duel stands for.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) enum ClassSide {
    /// Just this one.
    Constant(u32),
    /// The winner of an earlier duel.
    Winner(Delayed),
}

impl ArgmaxModule {
    /// The module for `argmax`, which has a duel; scores are of `score_bits` and ready at level
    /// `base`.
    pub(super) fn new(argmax: &Argmax, score_bits: usize, pipeline: &Pipeline, enable: bool, base: u32) -> Self {
        let (classes, class_bits) = (argmax.classes, argmax.class_bits());
        let mut lines = DelayLines::default();
        for class in 0..classes as u32 {
            lines.add(Wire::Score(class), score_bits, Some(pipeline.stage(base)));
        }
        for (number, duel) in argmax.duels.iter().enumerate() {
            let (number, chosen) = (number as u32, pipeline.stage(base + 2 * duel.round));
            lines.add(Wire::SecondWins(number), 1, Some(pipeline.stage(base + 2 * duel.round - 1)));
            lines.add(Wire::DuelScore(number), score_bits, Some(chosen));
            lines.add(Wire::DuelClass(number), class_bits, Some(chosen));
        }
        // Three signals per duel behind the scores.
        let of_duel = |duel: u32, signal: usize| classes + 3 * duel as usize + signal;
        let score_line = |side: Contestant| match side {
            Contestant::Class(class) => class as usize,
            Contestant::Winner(duel) => of_duel(duel, 1),
        };
        let mut duels = Vec::with_capacity(argmax.duels.len());
        let mut round = 0;
        for (number, duel) in argmax.duels.iter().enumerate() {
            let own = number as u32;
            let (comparing, choosing) =
                (pipeline.stage(base + 2 * duel.round - 1), pipeline.stage(base + 2 * duel.round));
            let sides = [duel.first, duel.second];
            let is_last = number + 1 == argmax.duels.len();
            duels.push(DuelView {
                opens_round: (duel.round != round).then_some(duel.round),
                second_wins: Wire::SecondWins(own),
                compared: sides.map(|side| lines.read(score_line(side), comparing)),
                chooser: lines.read(of_duel(own, 0), choosing),
                class: Wire::DuelClass(own),
                classes: sides.map(|side| match side {
                    Contestant::Class(class) => ClassSide::Constant(class),
                    Contestant::Winner(duel) => ClassSide::Winner(lines.read(of_duel(duel, 2), choosing)),
                }),
                score: (!is_last)
                    .then(|| (Wire::DuelScore(own), sides.map(|side| lines.read(score_line(side), choosing)))),
            });
            round = duel.round;
        }
        let last = Wire::DuelClass(argmax.duels.len() as u32 - 1);
        let form = ArgmaxForm::Words { duels, last };
        Self::with_ports(form, lines.banks(), enable, (classes, score_bits, class_bits))
    }

    /// The module of this form with its ports, of scores and a class of these bits.
    pub(super) fn with_ports(
        form: ArgmaxForm,
        banks: Vec<Bank>,
        enable: bool,
        (classes, score_bits, class_bits): (usize, usize, usize),
    ) -> Self {
        let mut ports = clock_ports(!banks.is_empty(), enable);
        ports.extend((0..classes as u32).map(|class| Port::input(Wire::Score(class), score_bits)));
        ports.push(Port::output(Wire::ClassIndex, class_bits));
        Self { ports, banks, score_bits, class_bits, form }
    }

    /// Whether the module has a clock.
    pub(in crate::emit) fn has_clock(&self) -> bool {
        !self.banks.is_empty()
    }
}
