//! Priority cuts: which LUTs cover the gates.
//!
//! Mishchenko, Cho, Chatterjee, Brayton, "Combinational and sequential mapping with priority
//! cuts" (2007): every node keeps its few best cuts; rounds of area flow find a cover, rounds of
//! exact area improve it locally.

use super::cut::Cut;
use super::gates::{GateGraph, Lit};

/// Cuts kept at a node, the trivial one not counted.
const CUTS: usize = 8;

/// Tables of more inputs than this list their cuts by opening one pin after the other.
const PRODUCT_PINS: usize = 2;

/// Rounds of area flow, then of exact area.
const FLOW_ROUNDS: usize = 3;
const EXACT_ROUNDS: usize = 3;

/// What a cover is best at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapGoal {
    /// The fewest LUTs, however deep.
    #[default]
    Area,
    /// The fewest levels, and the fewest LUTs among those covers.
    Depth,
}

/// A choice of one cut for every node, and the nodes that become LUTs.
pub(super) struct Cover<'a> {
    graph: &'a GateGraph,
    lut_inputs: usize,
    goal: MapGoal,
    best: Vec<Cut>,
    /// The area flow of each node's best cut.
    flows: Vec<f32>,
    /// Readers in the cover: cuts that have the node as a leaf, and outputs.
    references: Vec<u32>,
    /// The same as a guess, smoothed over rounds.
    estimate: Vec<f32>,
    required: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Depth,
    Flow,
    Exact,
}

impl<'a> Cover<'a> {
    /// The cover of `graph` by LUTs of `lut_inputs` inputs.
    pub(super) fn new(graph: &'a GateGraph, lut_inputs: usize, goal: MapGoal) -> Self {
        let mut fanouts = vec![0u32; graph.len()];
        for node in 0..graph.len() as u32 {
            graph.pins(node).iter().for_each(|pin| fanouts[pin.node() as usize] += 1);
        }
        graph.outputs.iter().for_each(|output| fanouts[output.node() as usize] += 1);
        let mut cover = Self {
            graph,
            lut_inputs,
            goal,
            best: vec![Cut::new(&[]); graph.len()],
            flows: vec![0.0; graph.len()],
            references: vec![0; graph.len()],
            estimate: fanouts.iter().map(|&fanout| fanout.max(1) as f32).collect(),
            required: vec![u32::MAX; graph.len()],
        };
        if goal == MapGoal::Depth {
            cover.round(Round::Depth, &fanouts);
            cover.settle();
        }
        for _ in 0..FLOW_ROUNDS {
            cover.round(Round::Flow, &fanouts);
            cover.settle();
        }
        for _ in 0..EXACT_ROUNDS {
            let before = cover.luts();
            cover.round(Round::Exact, &fanouts);
            cover.settle();
            if cover.luts() == before {
                break;
            }
        }
        cover
    }

    /// Number of LUTs.
    pub(super) fn luts(&self) -> usize {
        (0..self.graph.len() as u32).filter(|&node| self.is_lut(node)).count()
    }

    /// Whether the node is the output of a LUT.
    pub(super) fn is_lut(&self, node: u32) -> bool {
        self.references[node as usize] > 0 && !self.is_leaf(node)
    }

    /// What the LUT of a node reads.
    pub(super) fn cut(&self, node: u32) -> &Cut {
        &self.best[node as usize]
    }

    fn is_leaf(&self, node: u32) -> bool {
        self.graph.pins(node).is_empty()
    }

    fn round(&mut self, round: Round, fanouts: &[u32]) {
        let mut sets: Vec<Box<[Cut]>> = vec![Box::default(); self.graph.len()];
        let mut readers = fanouts.to_vec();
        let mut candidates: Vec<Cut> = Vec::new();
        for node in 0..self.graph.len() as u32 {
            if self.is_leaf(node) {
                sets[node as usize] = Box::new([Cut::new(&[node])]);
                continue;
            }
            let used = round == Round::Exact && self.references[node as usize] > 0;
            if used {
                self.release(node);
            }
            self.enumerate(node, &sets, &mut candidates);
            for cut in &mut candidates {
                cut.level = 1 + cut.leaves().iter().map(|&leaf| self.best[leaf as usize].level).max().unwrap_or(0);
                cut.area = self.flow(cut);
            }
            let limit = self.required[node as usize];
            keep_best(&mut candidates, round, limit);
            if round == Round::Exact {
                for cut in &mut candidates {
                    cut.area = (1 + self.take_leaves(cut)) as f32;
                    self.release_leaves(cut);
                }
                keep_best(&mut candidates, round, limit);
            }
            let Some(&best) = candidates.first() else { continue };
            self.best[node as usize] = best;
            self.flows[node as usize] = self.flow(&best);
            if used {
                self.take_leaves(&best);
            }
            candidates.push(Cut::new(&[node]));
            sets[node as usize] = candidates.as_slice().into();
            for pin in self.graph.pins(node) {
                let left = &mut readers[pin.node() as usize];
                *left -= 1;
                if *left == 0 {
                    sets[pin.node() as usize] = Box::default();
                }
            }
        }
    }

    /// The LUTs of a cut and in front of it, each shared between its readers.
    fn flow(&self, cut: &Cut) -> f32 {
        1.0 + cut.leaves().iter().map(|&leaf| self.flows[leaf as usize] / self.estimate[leaf as usize]).sum::<f32>()
    }

    /// The cuts of a node from those of its pins, none within another, and the seed.
    fn enumerate(&self, node: u32, sets: &[Box<[Cut]>], candidates: &mut Vec<Cut>) {
        candidates.clear();
        let pins = self.graph.pins(node);
        let set = |pin: Lit| &sets[pin.node() as usize];
        if pins.len() <= PRODUCT_PINS {
            if let [first, second] = *pins {
                for a in set(first) {
                    for b in set(second) {
                        if let Some(cut) = a.union(b, self.lut_inputs) {
                            add(candidates, cut);
                        }
                    }
                }
            }
        } else {
            let mut leaves: Vec<u32> = pins.iter().map(|pin| pin.node()).collect();
            leaves.sort_unstable();
            leaves.dedup();
            candidates.push(Cut::new(&leaves));
            let mut next = 0;
            while next < candidates.len() && candidates.len() <= 2 * CUTS {
                let cut = candidates[next];
                next += 1;
                for &leaf in cut.leaves().iter().filter(|leaf| leaves.contains(leaf)) {
                    let rest = cut.without(leaf);
                    for opened in sets[leaf as usize].iter().filter(|opened| opened.leaves() != [leaf]) {
                        if let Some(cut) = rest.union(opened, self.lut_inputs)
                            && !candidates.iter().any(|other| other.within(&cut))
                        {
                            candidates.push(cut);
                        }
                    }
                }
            }
        }
        if let Some(seed) = self.graph.seed(node).filter(|seed| seed.len() <= self.lut_inputs) {
            add(candidates, Cut::new(seed));
        }
    }

    /// Counts the cover from the outputs, and updates the guesses and the required levels.
    fn settle(&mut self) {
        self.references.fill(0);
        for output in &self.graph.outputs {
            self.references[output.node() as usize] += 1;
        }
        for node in (0..self.graph.len() as u32).rev().filter(|&node| !self.graph.pins(node).is_empty()) {
            if self.references[node as usize] > 0 {
                for &leaf in self.best[node as usize].leaves() {
                    self.references[leaf as usize] += 1;
                }
            }
        }
        for (estimate, &references) in self.estimate.iter_mut().zip(&self.references) {
            *estimate = ((2.0 * *estimate + references as f32) / 3.0).max(1.0);
        }
        if self.goal == MapGoal::Depth {
            self.require();
        }
    }

    fn require(&mut self) {
        let outputs = self.graph.outputs.iter().map(|output| self.best[output.node() as usize].level);
        let deepest = outputs.max().unwrap_or(0);
        self.required.fill(u32::MAX);
        for output in &self.graph.outputs {
            self.required[output.node() as usize] = deepest;
        }
        for node in (0..self.graph.len()).rev() {
            let required = self.required[node];
            if self.references[node] > 0 && required < u32::MAX {
                for &leaf in self.best[node].leaves() {
                    let leaf = &mut self.required[leaf as usize];
                    *leaf = (*leaf).min(required.saturating_sub(1));
                }
            }
        }
    }

    /// Takes the leaves of a cut into the cover; the LUTs that this adds.
    fn take_leaves(&mut self, cut: &Cut) -> u32 {
        let mut added = 0;
        let mut open: Vec<u32> = cut.leaves().to_vec();
        while let Some(node) = open.pop() {
            self.references[node as usize] += 1;
            if self.references[node as usize] == 1 && !self.is_leaf(node) {
                added += 1;
                open.extend_from_slice(self.best[node as usize].leaves());
            }
        }
        added
    }

    /// Undoes [`take_leaves`](Self::take_leaves).
    fn release_leaves(&mut self, cut: &Cut) {
        let mut open: Vec<u32> = cut.leaves().to_vec();
        while let Some(node) = open.pop() {
            self.references[node as usize] -= 1;
            if self.references[node as usize] == 0 && !self.is_leaf(node) {
                open.extend_from_slice(self.best[node as usize].leaves());
            }
        }
    }

    fn release(&mut self, node: u32) {
        let cut = self.best[node as usize];
        self.release_leaves(&cut);
    }
}

/// Sorts the cuts, the best first, and keeps a few.
fn keep_best(cuts: &mut Vec<Cut>, round: Round, limit: u32) {
    let late = |cut: &Cut| if round == Round::Depth { cut.level } else { u32::from(cut.level > limit) };
    cuts.sort_unstable_by(|a, b| {
        late(a)
            .cmp(&late(b))
            .then(a.area.total_cmp(&b.area))
            .then(a.len().cmp(&b.len()))
            .then(a.level.cmp(&b.level))
            .then_with(|| a.leaves().cmp(b.leaves()))
    });
    cuts.truncate(CUTS);
}

/// Adds a cut unless another one is within it, and drops those that it is within.
fn add(cuts: &mut Vec<Cut>, cut: Cut) {
    if cuts.iter().any(|other| other.within(&cut)) {
        return;
    }
    cuts.retain(|other| !cut.within(other));
    cuts.push(cut);
}
