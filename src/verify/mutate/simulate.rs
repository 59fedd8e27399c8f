//! Mutants on the vectors, simulated only where they differ from the right design.

use crate::emit::{OutputSet, TestVectors};
use crate::logic::{BitMatrix, MAX_INPUTS, TruthTable};
use crate::netlist::{ClassHead, Contestant, Design, DesignHead, NodeId, Schedule};
use crate::verify::checker::{Answer, Verdict, compare};

use super::MutationPlan;
use super::draw::Damage;
use super::judge::damaged;

/// The right design on all vectors: the values of all its nodes.
pub(super) struct Hardware<'a> {
    design: &'a Design,
    vectors: &'a TestVectors,
    outputs: OutputSet,
    schedule: Schedule,
    /// `nodes x vectors`.
    values: BitMatrix,
    answers: Vec<Answer>,
}

/// Rows of values that are not those of the right design, by node.
struct Changed {
    rows: Vec<Option<Vec<u64>>>,
}

impl<'a> Hardware<'a> {
    /// Simulates the design of the plan.
    pub(super) fn new(plan: &MutationPlan<'a>) -> Self {
        let (design, vectors) = (plan.design, plan.vectors);
        let schedule = Schedule::new(&design.core);
        let stimulus = BitMatrix::from_fn(design.comparators.len(), vectors.vectors.len(), |input, sample| {
            let comparator = design.comparators[input];
            vectors.vectors[sample].codes[comparator.feature as usize] >= comparator.threshold
        });
        let nodes: Vec<NodeId> = design.core.node_ids().collect();
        let values = schedule.simulate_nodes(&design.core, &stimulus, &nodes);
        let outputs = if plan.is_hardware { plan.options.hdl.outputs } else { OutputSet::Both };
        let mut hardware = Self { design, vectors, outputs, schedule, values, answers: Vec::new() };
        hardware.answers = (0..vectors.vectors.len()).map(|sample| hardware.answer(sample)).collect();
        hardware
    }

    /// Whether the right design is right: the first difference.
    pub(super) fn is_right(&self) -> Result<(), String> {
        match compare(self.vectors, self.outputs, &self.answers) {
            Ok(Verdict::Equal { .. }) => Ok(()),
            Ok(Verdict::Different { first, .. }) => Err(first.to_string()),
            other => Err(format!("{other:?}")),
        }
    }

    fn answer(&self, sample: usize) -> Answer {
        let bit = |output: &NodeId| self.values.get(output.index(), sample);
        let mut answer = Answer { bits: Vec::new(), scores: Vec::new(), class: None, unreadable: None };
        match &self.design.head {
            DesignHead::Bits => answer.bits = self.design.core.outputs().iter().map(bit).collect(),
            DesignHead::Classes(head) => {
                let scores = self.scores(head, sample, None);
                answer.class = self.outputs.class().then(|| head.argmax().evaluate(&scores) as u32);
                answer.scores = if self.outputs.scores() { scores } else { Vec::new() };
            }
        }
        answer
    }

    /// Whether a vector tells the design from one in which node `at` is `table` over `pins`.
    pub(super) fn shows_node(&self, at: NodeId, table: &TruthTable, pins: &[NodeId]) -> bool {
        let row = self.row(table, pins, |pin| self.values.row(pin.index()));
        self.shows(at, row)
    }

    /// Whether a vector tells the design from one whose comparator has this threshold.
    pub(super) fn shows_threshold(&self, comparator: usize, threshold: i64) -> bool {
        let feature = self.design.comparators[comparator].feature as usize;
        let mut row = vec![0u64; self.values.words_per_signal()];
        for (sample, vector) in self.vectors.vectors.iter().enumerate() {
            row[sample / 64] |= u64::from(vector.codes[feature] >= threshold) << (sample % 64);
        }
        self.shows(self.design.core.inputs()[comparator], row)
    }

    /// Whether a vector ends in a tie of this duel that decides on the class.
    pub(super) fn shows_tie(&self, duel: usize) -> bool {
        let DesignHead::Classes(head) = &self.design.head else { return false };
        let shows = |sample: usize| {
            let scores = self.scores(head, sample, None);
            tied(head, &scores, duel) != head.argmax().evaluate(&scores)
        };
        self.outputs.class() && (0..self.vectors.vectors.len()).any(shows)
    }

    /// Whether the comparison notices an expected output that is wrong.
    pub(super) fn shows_vector(&self, at: usize, output: usize) -> bool {
        let mut vectors = self.vectors.clone();
        corrupt(&mut vectors, at, output);
        !matches!(compare(&vectors, self.outputs, &self.answers), Ok(Verdict::Equal { .. }))
    }

    /// Whether reading and comparing notice damaged results.
    pub(super) fn shows_damage(&self, at: usize, damage: Damage) -> bool {
        let answers = damaged(self.design, self.outputs, &self.answers, at, damage);
        !matches!(compare(self.vectors, self.outputs, &answers), Ok(Verdict::Equal { .. }))
    }

    /// The values of a table over pins that have these rows.
    fn row<'r>(&self, table: &TruthTable, pins: &[NodeId], value: impl Fn(NodeId) -> &'r [u64]) -> Vec<u64> {
        let mut scratch = Vec::new();
        let mut words = [0u64; MAX_INPUTS];
        let rows: Vec<&[u64]> = pins.iter().map(|&pin| value(pin)).collect();
        (0..self.values.words_per_signal())
            .map(|word| {
                for (slot, row) in words.iter_mut().zip(&rows) {
                    *slot = row[word];
                }
                table.eval_words(&words[..rows.len()], &mut scratch)
            })
            .collect()
    }

    /// Whether an output changes when node `at` has the values `row`.
    fn shows(&self, at: NodeId, row: Vec<u64>) -> bool {
        if !self.differs(at, &row) {
            return false;
        }
        let core = &self.design.core;
        let mut changed = Changed { rows: vec![None; core.nodes()] };
        changed.rows[at.index()] = Some(row);
        for id in core.node_ids().skip(at.index() + 1) {
            let fan_ins = self.schedule.fan_ins(id);
            if !fan_ins.iter().any(|pin| changed.rows[pin.index()].is_some()) {
                continue;
            }
            let Some(table) = core.table(id) else { continue };
            let row = self.row(table, fan_ins, |pin| match &changed.rows[pin.index()] {
                Some(row) => row,
                None => self.values.row(pin.index()),
            });
            if self.differs(id, &row) {
                changed.rows[id.index()] = Some(row);
            }
        }
        self.shows_outputs(&changed)
    }

    /// The samples of a word that are vectors.
    fn mask(&self, word: usize) -> u64 {
        match self.vectors.vectors.len().saturating_sub(64 * word) {
            0 => 0,
            samples if samples < 64 => (1 << samples) - 1,
            _ => u64::MAX,
        }
    }

    fn differs(&self, id: NodeId, row: &[u64]) -> bool {
        let words = self.values.row(id.index()).iter().zip(row).enumerate();
        words.into_iter().any(|(word, (right, other))| (right ^ other) & self.mask(word) != 0)
    }

    fn shows_outputs(&self, changed: &Changed) -> bool {
        let outputs = self.design.core.outputs();
        let different = outputs.iter().filter(|output| changed.rows[output.index()].is_some());
        let DesignHead::Classes(head) = &self.design.head else { return different.count() > 0 };
        let mut samples = vec![0u64; self.values.words_per_signal()];
        for output in different {
            let Some(row) = &changed.rows[output.index()] else { continue };
            for (word, samples) in samples.iter_mut().enumerate() {
                *samples |= (row[word] ^ self.values.row(output.index())[word]) & self.mask(word);
            }
        }
        (0..self.vectors.vectors.len()).filter(|sample| samples[sample / 64] >> (sample % 64) & 1 == 1).any(|sample| {
            let (right, scores) = (self.scores(head, sample, None), self.scores(head, sample, Some(changed)));
            let class = |scores: &[u32]| head.argmax().evaluate(scores);
            (self.outputs.scores() && right != scores) || (self.outputs.class() && class(&right) != class(&scores))
        })
    }

    /// The scores of a sample, as the head counts them.
    fn scores(&self, head: &ClassHead, sample: usize, changed: Option<&Changed>) -> Vec<u32> {
        let outputs = self.design.core.outputs();
        let bit = |output: &NodeId| match changed.and_then(|changed| changed.rows[output.index()].as_ref()) {
            Some(row) => row[sample / 64] >> (sample % 64) & 1 == 1,
            None => self.values.get(output.index(), sample),
        };
        let count = |(class, group): (usize, &std::ops::Range<usize>)| {
            let ones: Vec<bool> = outputs[group.clone()].iter().map(bit).collect();
            head.popcount(class).evaluate(&ones)
        };
        head.groups.iter().enumerate().map(count).collect()
    }
}

/// The class when the second side wins the ties of one duel.
pub(super) fn tied(head: &ClassHead, scores: &[u32], wrong: usize) -> usize {
    let mut winners: Vec<usize> = Vec::new();
    for (number, duel) in head.argmax().duels.iter().enumerate() {
        let class = |side: Contestant| match side {
            Contestant::Class(class) => class as usize,
            Contestant::Winner(duel) => winners[duel as usize],
        };
        let (first, second) = (class(duel.first), class(duel.second));
        let first_wins = if number == wrong { scores[first] > scores[second] } else { scores[first] >= scores[second] };
        winners.push(if first_wins { first } else { second });
    }
    winners.last().copied().unwrap_or(0)
}

/// Corrupts one expected output.
pub(super) fn corrupt(vectors: &mut TestVectors, at: usize, output: usize) {
    let Some(vector) = vectors.vectors.get_mut(at) else { return };
    match (vector.scores.get_mut(output), vector.bits.get_mut(output)) {
        (Some(score), _) => *score ^= 1,
        (None, Some(bit)) => *bit ^= true,
        (None, None) => {}
    }
}
