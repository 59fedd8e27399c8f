//! The module that finds the class.

use askama::Template;

use crate::emit::notes::Facts;
use crate::netlist::{Argmax, Contestant};

use super::pipeline::{Bank, DelayLines, Pipeline};
use super::wire::{Delayed, Port, Range, Wire};

/// A tournament of all scores.
#[derive(Template)]
#[template(path = "verilog/argmax.v", escape = "none")]
pub(super) struct ArgmaxModule {
    name: String,
    ports: Vec<Port>,
    banks: Vec<Bank>,
    duels: Vec<DuelView>,
    score: Range,
    class: Range,
    last: Wire,
}

/// One comparison and its selections.
struct DuelView {
    /// The round when this duel is its first.
    opens_round: Option<u32>,
    second_wins: Wire,
    compared: [Delayed; 2],
    chooser: Delayed,
    class: Wire,
    classes: [String; 2],
    /// The larger score with the two to choose from, unless this is the last duel.
    score: Option<(Wire, [Delayed; 2])>,
}

impl ArgmaxModule {
    /// The module for `argmax`, which has a duel; scores are ready at level `base`.
    pub(super) fn new(argmax: &Argmax, facts: &Facts, pipeline: Pipeline, base: u32) -> Self {
        let (score_bits, class_bits) = (facts.output.score_bits(), facts.output.class_bits());
        let classes = argmax.classes;
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
                    Contestant::Class(class) => format!("{class_bits}'d{class}"),
                    Contestant::Winner(duel) => lines.read(of_duel(duel, 2), choosing).to_string(),
                }),
                score: (!is_last)
                    .then(|| (Wire::DuelScore(own), sides.map(|side| lines.read(score_line(side), choosing)))),
            });
            round = duel.round;
        }
        let banks = lines.banks();
        let mut ports = Vec::new();
        if !banks.is_empty() {
            ports.push(Port::input(Wire::Clock, 1));
        }
        ports.extend((0..classes as u32).map(|class| Port::input(Wire::Score(class), score_bits)));
        ports.push(Port::output(Wire::ClassIndex, class_bits));
        let last = Wire::DuelClass(argmax.duels.len() as u32 - 1);
        Self { name: facts.name.clone(), ports, banks, duels, score: Range(score_bits), class: Range(class_bits), last }
    }

    /// Whether the module has a clock.
    pub(super) fn has_clock(&self) -> bool {
        !self.banks.is_empty()
    }
}
