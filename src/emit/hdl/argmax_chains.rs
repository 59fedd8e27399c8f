//! The module that finds the class on carry chains.

use rustc_hash::FxHashMap;

use crate::logic::TruthTable;
use crate::netlist::{ArgmaxBit, ArgmaxChains, ArgmaxTable, ChainDuel};

use super::LutStyle;
use super::argmax::{ArgmaxForm, ArgmaxModule};
use super::chain::{ChainView, Position, assemble};
use super::lut::{Form, Level, Lut, Pair};
use super::pipeline::{DelayLines, Pipeline};
use super::wire::{Delayed, Wire};

/// A tournament of single bits.
#[derive(Debug)]
pub(in crate::emit) struct ChainTournament {
    /// Each bit of a score with its place in it.
    pub(in crate::emit) unpacked: Vec<UnpackedScore>,
    pub(in crate::emit) duels: Vec<ChainDuelView>,
    /// The class, lowest bit first.
    pub(in crate::emit) class: Vec<Level>,
}

/// A score and its bits, lowest first.
#[derive(Debug)]
pub(in crate::emit) struct UnpackedScore {
    pub(in crate::emit) score: Wire,
    pub(in crate::emit) bits: Vec<Wire>,
}

/// One comparison and its selections.
#[derive(Debug)]
pub(in crate::emit) struct ChainDuelView {
    /// The round when this duel is its first.
    pub(in crate::emit) opens_round: Option<u32>,
    /// Tells it from the others.
    pub(in crate::emit) number: u32,
    /// Whether two scores are compared.
    pub(in crate::emit) compares: bool,
    /// Compares the lowest bits, or the whole scores where there is no chain.
    pub(in crate::emit) start: Option<Lut>,
    pub(in crate::emit) chain: Option<ChainView>,
    /// Multiplexers of scores and class numbers.
    pub(in crate::emit) chosen: Vec<Lut>,
}

/// The signals of the search and how long each has to be kept.
struct Signals<'a> {
    chains: &'a ArgmaxChains,
    pipeline: &'a Pipeline,
    base: u32,
    lines: DelayLines,
    numbers: FxHashMap<ArgmaxBit, usize>,
}

impl Signals<'_> {
    fn add(&mut self, bit: ArgmaxBit, level: u32) {
        let wire = match bit {
            ArgmaxBit::Constant(_) => return,
            ArgmaxBit::Score { class, bit } => Wire::ScoreBit(class, bit),
            ArgmaxBit::Start(duel) => Wire::DuelStart(duel),
            ArgmaxBit::SecondWins(duel) => Wire::SecondWins(duel),
            ArgmaxBit::Chosen { duel, number } => Wire::DuelBit(duel, number),
        };
        let number = self.lines.add(wire, 1, Some(self.pipeline.stage(self.base + level)));
        self.numbers.insert(bit, number);
    }

    /// A bit as it is seen at a level.
    fn read(&mut self, bit: ArgmaxBit, level: u32) -> Level {
        let stage = self.pipeline.stage(self.base + level);
        match bit {
            ArgmaxBit::Constant(value) => Level::Constant(value),
            signal => Level::Signal(self.lines.read(self.numbers[&signal], stage)),
        }
    }

    /// Bits of which none is a constant.
    fn pins(&mut self, bits: &[ArgmaxBit], level: u32) -> Vec<Delayed> {
        let pins = bits.iter().map(|&bit| self.read(bit, level));
        pins.filter_map(|pin| match pin {
            Level::Signal(signal) => Some(signal),
            Level::Constant(_) => None,
        })
        .collect()
    }

    fn duel(&mut self, own: u32, duel: &ChainDuel, number: &mut u32) -> ChainDuelView {
        let compared = self.chains.level_of_comparison(duel);
        let (start_wire, start_level) = match duel.positions.is_empty() {
            true => (Wire::SecondWins(own), compared),
            false => (Wire::DuelStart(own), self.chains.level_of_start(duel)),
        };
        let start = duel.start.as_ref().map(|start| {
            let pins = self.pins(&start.inputs, start_level);
            Lut::new(start_wire, &start.table, pins, LutStyle::Primitive)
        });
        let chain = (!duel.positions.is_empty()).then(|| self.chain(own, duel, compared, number));
        let choosing = self.chains.level_of_choice(duel);
        let choices: Vec<(Wire, &ArgmaxTable, Vec<Delayed>)> = (0..)
            .zip(&duel.chosen)
            .map(|(number, choice)| (Wire::DuelBit(own, number), choice, self.pins(&choice.inputs, choosing)))
            .collect();
        let mut chosen = Vec::with_capacity(choices.len());
        for pair in choices.chunks(2) {
            if let [first, second] = pair
                && let Some(pair) =
                    Pair::new([second.0, first.0], [&second.1.table, &first.1.table], [&second.2, &first.2])
            {
                chosen.push(Lut { wire: first.0, form: Form::Shared });
                chosen.push(Lut { wire: second.0, form: Form::Pair(pair) });
                continue;
            }
            let alone = |(wire, choice, pins): &(Wire, &ArgmaxTable, Vec<Delayed>)| {
                Lut::new(*wire, &choice.table, pins.clone(), LutStyle::Primitive)
            };
            chosen.extend(pair.iter().map(alone));
        }
        ChainDuelView { opens_round: None, number: own, compares: duel.compares(), start, chain, chosen }
    }

    fn chain(&mut self, own: u32, duel: &ChainDuel, level: u32, number: &mut u32) -> ChainView {
        let start = match duel.start {
            Some(_) => self.read(ArgmaxBit::Start(own), level),
            None => Level::Constant(false),
        };
        let (mut luts, mut positions) = (Vec::new(), Vec::new());
        for (place, read) in (0..).zip(&duel.positions) {
            let pins = self.pins(read, level);
            let wires = [Wire::DuelPass(own, place), Wire::DuelData(own, place)];
            let functions = [ChainDuel::passes, ChainDuel::carries].map(|row| TruthTable::from_fn(pins.len(), row));
            match Pair::new(wires, functions.each_ref(), [&pins, &pins]) {
                Some(pair) => {
                    luts.push(Lut { wire: wires[1], form: Form::Shared });
                    luts.push(Lut { wire: wires[0], form: Form::Pair(pair) });
                }
                None => luts.extend(
                    wires
                        .iter()
                        .zip(&functions)
                        .map(|(&wire, table)| Lut::new(wire, table, pins.clone(), LutStyle::Primitive)),
                ),
            }
            let [pass, data] = wires.map(|wire| Level::Signal(Delayed { wire, cycles: 0 }));
            positions.push(Position { pass, data, sum: None });
        }
        let carries = assemble(&positions, start, Some(Wire::SecondWins(own)), number);
        ChainView { title: format!("Duel {own}: is the second score larger?"), luts, carries }
    }
}

impl ArgmaxModule {
    /// The module for `chains`, which have a duel; the scores of `classes` classes have `score_bits` bits
    /// and are ready at level `base`.
    pub(super) fn chained(
        chains: &ArgmaxChains,
        (classes, score_bits): (u32, usize),
        pipeline: &Pipeline,
        enable: bool,
        base: u32,
    ) -> Self {
        let (lines, numbers) = (DelayLines::default(), FxHashMap::default());
        let mut signals = Signals { chains, pipeline, base, lines, numbers };
        let bits = |class: u32| (0..score_bits as u8).map(move |bit| ArgmaxBit::Score { class, bit });
        (0..classes).flat_map(bits).for_each(|bit| signals.add(bit, 0));
        for (own, duel) in (0..).zip(&chains.duels) {
            if duel.start.is_some() && !duel.positions.is_empty() {
                signals.add(ArgmaxBit::Start(own), chains.level_of_start(duel));
            }
            if duel.compares() {
                signals.add(ArgmaxBit::SecondWins(own), chains.level_of_comparison(duel));
            }
            let choices = 0..duel.chosen.len() as u8;
            choices
                .for_each(|number| signals.add(ArgmaxBit::Chosen { duel: own, number }, chains.level_of_choice(duel)));
        }
        let mut number = 0;
        let mut duels: Vec<ChainDuelView> =
            (0..).zip(&chains.duels).map(|(own, duel)| signals.duel(own, duel, &mut number)).collect();
        let mut round = 0;
        for (view, duel) in duels.iter_mut().zip(&chains.duels) {
            view.opens_round = (duel.round != round).then_some(duel.round);
            round = duel.round;
        }
        let class: Vec<Level> = chains.class.iter().map(|&bit| signals.read(bit, chains.depth())).collect();
        let unpacked = (0..classes).map(|class| UnpackedScore {
            score: Wire::Score(class),
            bits: (0..score_bits as u8).map(|bit| Wire::ScoreBit(class, bit)).collect(),
        });
        let class_bits = class.len();
        let form = ArgmaxForm::Chains(ChainTournament { unpacked: unpacked.collect(), duels, class });
        Self::with_ports(form, signals.lines.banks(), enable, (classes as usize, score_bits, class_bits))
    }
}
