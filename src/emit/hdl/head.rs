//! The module behind the core: scores and class.

use crate::netlist::{ClassHead, Design, Popcount};

use super::argmax::ArgmaxModule;
use super::pipeline::{Bank, DelayLines, Pipeline};
use super::popcount::PopcountModule;
use super::wire::{Delayed, Port, Wire, clock_ports};
use super::{Levels, Settings};

/// Core outputs to scores and class.
#[derive(Debug)]
pub(in crate::emit) struct Head {
    pub(in crate::emit) ports: Vec<Port>,
    pub(in crate::emit) banks: Vec<Bank>,
    pub(in crate::emit) scores: Vec<ScoreView>,
    /// Bits of a score.
    pub(in crate::emit) score_bits: usize,
    /// Bits of the class.
    pub(in crate::emit) class_bits: usize,
    pub(in crate::emit) argmax: Option<ArgmaxInstance>,
    /// The class as an output, when it is one.
    pub(in crate::emit) class_index: Option<ClassSource>,
    /// The scores as outputs, highest class first; empty when they are none.
    pub(in crate::emit) results: Vec<Delayed>,
}

/// Where the class comes from.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) enum ClassSource {
    /// There is one class only.
    Zero,
    /// The argmax.
    Signal(Delayed),
}

/// The score of one class.
#[derive(Debug)]
pub(in crate::emit) struct ScoreView {
    pub(in crate::emit) class: usize,
    pub(in crate::emit) wire: Wire,
    pub(in crate::emit) form: ScoreForm,
}

/// Where a score comes from.
#[derive(Debug)]
pub(in crate::emit) enum ScoreForm {
    /// A popcount of `width` bits, widened by `padding` zero bits.
    Popcount { label: String, clocked: bool, count: Wire, width: usize, padding: usize, inputs: Vec<Wire> },
    /// Nothing to count.
    Zero,
    /// One bit to count, widened by `padding` zero bits.
    Bit { bit: Wire, padding: usize },
}

/// What the instance of the argmax module reads.
#[derive(Debug)]
pub(in crate::emit) struct ArgmaxInstance {
    pub(in crate::emit) clocked: bool,
    pub(in crate::emit) scores: Vec<(Wire, Delayed)>,
}

/// The head with the modules that it instantiates.
#[derive(Debug)]
pub(in crate::emit) struct HeadModules {
    /// The head itself.
    pub(in crate::emit) head: Head,
    /// One popcount per distinct form of group.
    pub(in crate::emit) popcounts: Vec<PopcountModule>,
    /// The tournament, unless there is one class or nobody asks for the class.
    pub(in crate::emit) argmax: Option<ArgmaxModule>,
}

impl HeadModules {
    /// The modules for `classes`, the head of `design`.
    pub(super) fn new(
        design: &Design,
        classes: &ClassHead,
        pipeline: &Pipeline,
        settings: &Settings,
        levels: Levels,
    ) -> Self {
        let base = levels.core;
        // A group of one bit is its own count.
        let single = |circuit: &Popcount| circuit.columns == [1];
        let (circuits, which) = classes.popcounts();
        let label = |index: usize| match circuits[index].columns[..] {
            [inputs] if inputs == circuits[index].largest => inputs.to_string(),
            _ => format!("class_{}", which.iter().position(|&circuit| circuit == index).unwrap_or(0)),
        };
        let name = |index: usize| (label(index), which.iter().filter(|&&circuit| circuit == index).count());
        let popcounts: Vec<PopcountModule> = circuits
            .iter()
            .enumerate()
            .filter(|(_, circuit)| circuit.inputs > 0 && !single(circuit))
            .map(|(index, circuit)| {
                PopcountModule::new(circuit, name(index), pipeline, settings.enable(), base, settings.style)
            })
            .collect();

        let circuit = classes.argmax();
        let (score_bits, class_bits) = (classes.score_bits(), circuit.class_bits());
        let scored = levels.scored;
        let finished = pipeline.latency();
        let mut lines = DelayLines::default();
        let mut scores = Vec::with_capacity(classes.groups.len());
        for (class, group) in classes.groups.iter().enumerate() {
            let wire = Wire::Score(class as u32);
            let circuit = &circuits[which[class]];
            let padding = score_bits - circuit.width;
            let (form, stage) = if circuit.inputs == 0 {
                (ScoreForm::Zero, None)
            } else if single(circuit) {
                let bit = Wire::CoreOutput(group.start as u32);
                (ScoreForm::Bit { bit, padding: score_bits - 1 }, Some(pipeline.stage(base)))
            } else {
                let label = label(which[class]);
                let form = ScoreForm::Popcount {
                    clocked: popcounts.iter().any(|module| module.label == label && module.has_clock()),
                    label,
                    count: if padding == 0 { wire } else { Wire::ClassCount(class as u32) },
                    width: circuit.width,
                    padding,
                    inputs: group.clone().map(|output| Wire::CoreOutput(output as u32)).collect(),
                };
                (form, Some(pipeline.stage(base + circuit.depth())))
            };
            lines.add(wire, score_bits, stage);
            scores.push(ScoreView { class, wire, form });
        }
        let decides = settings.outputs.class() && !circuit.duels.is_empty();
        let search = || match classes.argmax_chains() {
            Some(chains) => {
                let sizes = (circuit.classes as u32, score_bits);
                ArgmaxModule::chained(&chains, sizes, pipeline, settings.enable(), scored)
            }
            None => ArgmaxModule::new(&circuit, score_bits, pipeline, settings.enable(), scored),
        };
        let argmax = decides.then(search);
        let instance = argmax.as_ref().map(|module| ArgmaxInstance {
            clocked: module.has_clock(),
            scores: (0..circuit.classes)
                .map(|class| (Wire::Score(class as u32), lines.read(class, pipeline.stage(scored))))
                .collect(),
        });
        let decided = pipeline.stage(levels.depth);
        let winner = lines.add(Wire::Winner, class_bits, decides.then_some(decided));
        let class_index = match (settings.outputs.class(), decides) {
            (false, _) => None,
            (true, false) => Some(ClassSource::Zero),
            (true, true) => Some(ClassSource::Signal(lines.read(winner, finished))),
        };
        let results = match settings.outputs.scores() {
            true => (0..circuit.classes).rev().map(|class| lines.read(class, finished)).collect(),
            false => Vec::new(),
        };
        let banks = lines.banks();
        let clocked = !banks.is_empty()
            || popcounts.iter().any(PopcountModule::has_clock)
            || argmax.as_ref().is_some_and(ArgmaxModule::has_clock);
        let mut ports = clock_ports(clocked, settings.enable());
        ports.extend((0..design.core.outputs().len() as u32).map(|output| Port::input(Wire::CoreOutput(output), 1)));
        if settings.outputs.class() {
            ports.push(Port::output(Wire::ClassIndex, class_bits));
        }
        if settings.outputs.scores() {
            ports.push(Port::output(Wire::Scores, circuit.classes * score_bits));
        }
        let head = Head { ports, banks, scores, score_bits, class_bits, argmax: instance, class_index, results };
        Self { head, popcounts, argmax }
    }
}
