//! The module behind the core: scores and class.

use askama::Template;

use crate::emit::LutStyle;
use crate::emit::notes::Facts;
use crate::netlist::{ClassHead, Design, Popcount};

use super::argmax::ArgmaxModule;
use super::pipeline::{Bank, DelayLines, Pipeline};
use super::popcount::PopcountModule;
use super::wire::{Delayed, Port, Range, Wire};

/// Core outputs to scores and class.
#[derive(Template)]
#[template(path = "verilog/head.v", escape = "none")]
pub(super) struct Head {
    name: String,
    ports: Vec<Port>,
    banks: Vec<Bank>,
    scores: Vec<ScoreView>,
    score: Range,
    class: Range,
    argmax: Option<ArgmaxInstance>,
    class_index: String,
    /// The scores as outputs, highest class first.
    results: Vec<Delayed>,
}

/// The score of one class.
struct ScoreView {
    class: usize,
    wire: Wire,
    form: ScoreForm,
}

/// Where a score comes from.
enum ScoreForm {
    /// A popcount, widened by `padding` zero bits.
    Popcount { size: usize, clocked: bool, count: Wire, range: Range, padding: usize, inputs: Vec<Wire> },
    /// An expression: no bit or one bit to count.
    Expression(String),
}

/// What the instance of the argmax module reads.
struct ArgmaxInstance {
    clocked: bool,
    scores: Vec<(Wire, Delayed)>,
}

/// The head with the modules that it instantiates.
pub(super) struct HeadModules {
    /// The head itself.
    pub(super) head: Head,
    /// One popcount per distinct group size.
    pub(super) popcounts: Vec<PopcountModule>,
    /// The tournament, unless there is one class.
    pub(super) argmax: Option<ArgmaxModule>,
}

impl HeadModules {
    /// The modules for `classes`, the head of `design`.
    pub(super) fn new(
        design: &Design,
        classes: &ClassHead,
        facts: &Facts,
        pipeline: Pipeline,
        style: LutStyle,
    ) -> Self {
        let base = design.core_level();
        let mut sizes: Vec<usize> =
            classes.groups.iter().map(ExactSizeIterator::len).filter(|&size| size > 1).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let circuits: Vec<Popcount> = sizes.iter().map(|&size| Popcount::new(size)).collect();
        let popcounts: Vec<PopcountModule> =
            circuits.iter().map(|circuit| PopcountModule::new(circuit, facts, pipeline, base, style)).collect();

        let (score_bits, class_bits) = (facts.output.score_bits(), facts.output.class_bits());
        let scored = base + classes.popcount_depth();
        let finished = pipeline.latency(design.depth());
        let mut lines = DelayLines::default();
        let mut scores = Vec::with_capacity(classes.groups.len());
        for (class, group) in classes.groups.iter().enumerate() {
            let wire = Wire::Score(class as u32);
            let circuit = sizes.binary_search(&group.len()).ok();
            let (form, stage) = match circuit {
                Some(index) => {
                    let width = circuits[index].width;
                    let padding = score_bits - width;
                    let form = ScoreForm::Popcount {
                        size: group.len(),
                        clocked: popcounts[index].has_clock(),
                        count: if padding == 0 { wire } else { Wire::ClassCount(class as u32) },
                        range: Range(width),
                        padding,
                        inputs: group.clone().map(|output| Wire::CoreOutput(output as u32)).collect(),
                    };
                    (form, Some(pipeline.stage(base + circuits[index].depth())))
                }
                None if group.is_empty() => (ScoreForm::Expression(format!("{score_bits}'d0")), None),
                None => {
                    let bit = Wire::CoreOutput(group.start as u32);
                    let text =
                        if score_bits == 1 { bit.to_string() } else { format!("{{{}'d0, {bit}}}", score_bits - 1) };
                    (ScoreForm::Expression(text), Some(pipeline.stage(base)))
                }
            };
            lines.add(wire, score_bits, stage);
            scores.push(ScoreView { class, wire, form });
        }
        let circuit = classes.argmax();
        let argmax = (!circuit.duels.is_empty()).then(|| ArgmaxModule::new(&circuit, facts, pipeline, scored));
        let instance = argmax.as_ref().map(|module| ArgmaxInstance {
            clocked: module.has_clock(),
            scores: (0..circuit.classes)
                .map(|class| (Wire::Score(class as u32), lines.read(class, pipeline.stage(scored))))
                .collect(),
        });
        let winner = lines.add(Wire::Winner, class_bits, argmax.is_some().then(|| pipeline.stage(design.depth())));
        let class_index = match argmax {
            Some(_) => lines.read(winner, finished).to_string(),
            None => format!("{class_bits}'d0"),
        };
        let results = (0..circuit.classes).rev().map(|class| lines.read(class, finished)).collect();
        let banks = lines.banks();
        let clocked = !banks.is_empty()
            || popcounts.iter().any(PopcountModule::has_clock)
            || argmax.as_ref().is_some_and(ArgmaxModule::has_clock);
        let mut ports = Vec::new();
        if clocked {
            ports.push(Port::input(Wire::Clock, 1));
        }
        ports.extend((0..design.core.outputs().len() as u32).map(|output| Port::input(Wire::CoreOutput(output), 1)));
        ports.push(Port::output(Wire::ClassIndex, class_bits));
        ports.push(Port::output(Wire::Scores, circuit.classes * score_bits));
        let head = Head {
            name: facts.name.clone(),
            ports,
            banks,
            scores,
            score: Range(score_bits),
            class: Range(class_bits),
            argmax: instance,
            class_index,
            results,
        };
        Self { head, popcounts, argmax }
    }
}

impl Head {
    /// The signals at the module's border.
    pub(super) fn ports(&self) -> &[Port] {
        &self.ports
    }
}
