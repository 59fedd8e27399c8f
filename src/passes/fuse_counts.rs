//! Neighbouring tables that are counted together become the bits of their number.
//!
//! A head counts the ones of a class. Three tables of two inputs and the counting of their three
//! bits take about six LUTs; the two bits of their sum are two tables of the same six inputs, and
//! counting those takes two more. A signal that is counted twice is a bit of weight two. No tool
//! for netlists finds this, since it changes what the wires between the tables and the counters
//! mean: the sum stays, each bit does not.

use std::time::Instant;

use rustc_hash::FxHashMap;

use crate::logic::TruthTable;
use crate::netlist::{
    ClassHead, Design, DesignHead, Netlist, NodeId, PartialCount, PartialCounts, Schedule, Term, bits_for, validate,
};

use super::dead::Dead;
use super::equivalence::find_score_difference;
use super::pipeline::{PassReport, Size};
use super::{CoreParts, Difference, Pass, PassError, PassOptions, Subject};

/// The largest count of tables together: four bits.
const LARGEST_COUNT: usize = 15;

/// Readers of one signal that are looked at when a count grows; more would be slow where
/// thousands of tables read the same signal.
const READERS: usize = 64;

/// Gathers the tables that the classes of `design` count into partial counts where that takes
/// fewer LUTs, counters included. Nothing happens to plain bits, to a head that has partial
/// counts already, or where nothing is gained; then there is no report either. `check` compares
/// the scores before and after by simulation.
///
/// # Errors
/// [`PassError`] when the new core is no netlist or the head does not fit it: a mistake of this
/// pass.
pub(super) fn fuse_counts(
    design: &mut Design,
    options: &PassOptions,
    check: bool,
) -> Result<Option<PassReport>, PassError> {
    let DesignHead::Classes(ClassHead { groups, partial: None, counting }) = &design.head else { return Ok(None) };
    let started = Instant::now();
    let schedule = Schedule::new(&design.core);
    let before = Size::new(&design.core, &schedule);
    let plan = Plan::new(&design.core, groups, options.lut_inputs);
    if plan.gain == 0 {
        return Ok(None);
    }
    let (core, head) = plan.build(&design.core, &schedule, groups);
    let head = ClassHead { counting: *counting, ..head };
    if core.outputs().is_empty() {
        // Every score is zero; a design has at least one output.
        return Ok(None);
    }
    let schedule = Schedule::new(&core);
    let subject = Subject { netlist: &core, schedule: &schedule, facts: None, options };
    let core = Dead.run(&subject).unwrap_or(core);
    validate(&core).map_err(|source| PassError::BrokenBy { pass: NAME, source })?;
    if let Some(partial) = &head.partial {
        partial.validate(&head.groups).map_err(|source| PassError::Head { pass: NAME, source })?;
    }
    let schedule = Schedule::new(&core);
    let report = PassReport {
        pass: NAME,
        round: 1,
        before,
        after: Size::new(&core, &schedule),
        parts: CoreParts::with_schedule(&core, &schedule),
        elapsed: started.elapsed(),
    };
    let fused = Design { core, head: DesignHead::Classes(head), ..design.clone() };
    if check && let Some(Difference { output: class, sample }) = find_score_difference(design, &fused) {
        return Err(PassError::ChangedScore { pass: NAME, class, sample });
    }
    *design = fused;
    Ok(Some(report))
}

/// The name in reports.
const NAME: &str = "fuse-counts";

/// A signal that a class counts, `sources.len()` times.
struct Counted {
    node: NodeId,
    sources: Vec<u32>,
}

impl Counted {
    /// Bits of the head that it takes alone.
    fn bits(&self) -> usize {
        self.sources.len().count_ones() as usize
    }
}

/// Signals that are counted together, over these inputs.
struct Cluster {
    members: Vec<usize>,
    inputs: Vec<NodeId>,
    bits: Vec<TruthTable>,
}

/// A partial count and what states its bits.
enum Part {
    /// The same signal, as often as it has sources.
    Repeated(Counted),
    /// Tables of the same few inputs, lowest bit first.
    Fused { sources: Vec<u32>, inputs: Vec<NodeId>, bits: Vec<TruthTable>, like: NodeId },
}

/// What becomes of every class.
struct Plan {
    classes: Vec<Vec<Part>>,
    /// LUTs that are saved, roughly.
    gain: usize,
}

impl Plan {
    fn new(core: &Netlist, groups: &[std::ops::Range<usize>], lut_inputs: usize) -> Self {
        let readers = readers(core);
        let mut class_of: FxHashMap<NodeId, Option<usize>> = FxHashMap::default();
        for (class, group) in groups.iter().enumerate() {
            for &node in &core.outputs()[group.clone()] {
                class_of
                    .entry(node)
                    .and_modify(|known| *known = known.filter(|&own| own == class))
                    .or_insert(Some(class));
            }
        }
        let mut gain = 0;
        let classes = groups
            .iter()
            .map(|group| {
                let counted = counted(core, group.clone());
                // A table that something else reads as well has to stay.
                let free = |counted: &Counted| {
                    let table = core.table(counted.node).map_or(0, TruthTable::inputs);
                    (1..=lut_inputs).contains(&table)
                        && readers[counted.node.index()] == 0
                        && class_of.get(&counted.node).copied().flatten().is_some()
                };
                gain += counted.iter().map(|counted| counted.sources.len() - counted.bits()).sum::<usize>();
                let (tables, others): (Vec<Counted>, Vec<Counted>) = counted.into_iter().partition(free);
                let (clusters, saved) = Grower::new(core, &tables, lut_inputs).clusters();
                gain += saved;
                parts(tables, others, clusters)
            })
            .collect();
        Self { classes, gain }
    }

    fn build(self, core: &Netlist, schedule: &Schedule, groups: &[std::ops::Range<usize>]) -> (Netlist, ClassHead) {
        let mut new = Netlist::with_capacity(core.nodes(), core.pins());
        let mut map: Vec<NodeId> = Vec::with_capacity(core.nodes());
        for id in core.node_ids() {
            map.push(match core.table(id) {
                None => new.add_input(core.section(id)),
                Some(table) => {
                    let fan_ins: Vec<NodeId> = schedule.fan_ins(id).iter().map(|pin| map[pin.index()]).collect();
                    new.add_lut(table, &fan_ins, core.section(id))
                }
            });
        }
        let mut partial = PartialCounts {
            sizes: groups.iter().map(ExactSizeIterator::len).collect(),
            counts: Vec::new(),
            terms: Vec::new(),
        };
        let mut outputs = Vec::new();
        let mut new_groups = Vec::with_capacity(groups.len());
        for parts in self.classes {
            let mut terms: Vec<(u8, u32, NodeId)> = Vec::new();
            for part in parts {
                let count = partial.counts.len() as u32;
                let sources = match part {
                    Part::Repeated(Counted { node, sources }) => {
                        if core.table(node).and_then(TruthTable::as_constant) != Some(false) {
                            let set = (0..bits_for(sources.len()) as u8).filter(|bit| sources.len() >> bit & 1 == 1);
                            terms.extend(set.map(|bit| (bit, count, map[node.index()])));
                        }
                        sources
                    }
                    Part::Fused { sources, inputs, bits, like } => {
                        for (bit, table) in bits.iter().enumerate() {
                            if let Some(node) = state(&mut new, table, &inputs, &map, core.section(like)) {
                                terms.push((bit as u8, count, node));
                            }
                        }
                        sources
                    }
                };
                partial.counts.push(PartialCount { sources });
            }
            terms.sort_unstable_by_key(|&(bit, count, _)| (bit, count));
            let first = outputs.len();
            for (bit, count, node) in terms {
                partial.terms.push(Term { count, bit });
                outputs.push(node);
            }
            new_groups.push(first..outputs.len());
        }
        outputs.into_iter().for_each(|node| new.add_output(node));
        (new, ClassHead { partial: Some(partial), ..ClassHead::new(new_groups) })
    }
}

/// How many tables read each node.
fn readers(core: &Netlist) -> Vec<u32> {
    let mut readers = vec![0; core.nodes()];
    for id in core.node_ids() {
        for fan_in in core.fan_ins(id).iter() {
            readers[fan_in.index()] += 1;
        }
    }
    readers
}

/// The distinct signals of a group, each with the outputs that it drives, in the order of the
/// first of them.
fn counted(core: &Netlist, group: std::ops::Range<usize>) -> Vec<Counted> {
    let mut position: FxHashMap<NodeId, usize> = FxHashMap::default();
    let mut counted: Vec<Counted> = Vec::with_capacity(group.len());
    for output in group {
        let node = core.outputs()[output];
        let index = *position.entry(node).or_insert(counted.len());
        match counted.get_mut(index) {
            Some(known) => known.sources.push(output as u32),
            None => counted.push(Counted { node, sources: vec![output as u32] }),
        }
    }
    counted
}

/// The parts of one class.
fn parts(tables: Vec<Counted>, others: Vec<Counted>, clusters: Vec<Cluster>) -> Vec<Part> {
    let mut taken = vec![false; tables.len()];
    let mut parts = Vec::with_capacity(tables.len() + others.len());
    for Cluster { members, inputs, bits } in clusters {
        let mut sources: Vec<u32> = Vec::new();
        for &member in &members {
            taken[member] = true;
            sources.extend(&tables[member].sources);
        }
        sources.sort_unstable();
        if let Some(&first) = members.first() {
            parts.push(Part::Fused { sources, inputs, bits, like: tables[first].node });
        }
    }
    let left = tables.into_iter().zip(taken).filter(|&(_, taken)| !taken).map(|(counted, _)| counted);
    parts.extend(left.chain(others).map(Part::Repeated));
    // By their first source, so that neighbours stay neighbours.
    parts.sort_by_key(|part| match part {
        Part::Repeated(Counted { sources, .. }) | Part::Fused { sources, .. } => sources.first().copied(),
    });
    parts
}

/// The node for one bit of a count; `None` for a bit that is never set.
fn state(
    new: &mut Netlist,
    table: &TruthTable,
    inputs: &[NodeId],
    map: &[NodeId],
    section: crate::netlist::Section,
) -> Option<NodeId> {
    let support = table.support();
    let table = table.project(&support);
    let pins: Vec<NodeId> = support.iter().map(|&input| map[inputs[input].index()]).collect();
    match table.as_constant() {
        Some(false) => None,
        Some(true) => Some(new.add_constant(true, section)),
        None if table == TruthTable::buffer() => pins.first().copied(),
        None => Some(new.add_lut(&table, &pins, section)),
    }
}

/// LUTs and bits of the head of one bit of a count.
fn cost(table: &TruthTable) -> usize {
    match table.as_constant() {
        Some(false) => 0,
        Some(true) => 1,
        None if table.support().len() == 1 && table.row(table.rows() - 1) => 1,
        None => 2,
    }
}

/// Finds tables of one class to count together, greedily.
struct Grower<'a> {
    core: &'a Netlist,
    tables: &'a [Counted],
    lut_inputs: usize,
    fan_ins: Vec<Vec<NodeId>>,
    /// The tables that read a signal.
    readers: FxHashMap<NodeId, Vec<usize>>,
    /// Tables by their number of inputs, and how far each list has been used up.
    by_inputs: Vec<(Vec<usize>, usize)>,
    taken: Vec<bool>,
}

impl<'a> Grower<'a> {
    fn new(core: &'a Netlist, tables: &'a [Counted], lut_inputs: usize) -> Self {
        let fan_ins: Vec<Vec<NodeId>> = tables
            .iter()
            .map(|counted| {
                let mut pins = core.fan_ins(counted.node).to_vec();
                pins.sort_unstable();
                pins.dedup();
                pins
            })
            .collect();
        let mut readers: FxHashMap<NodeId, Vec<usize>> = FxHashMap::default();
        let mut by_inputs = vec![(Vec::new(), 0); lut_inputs + 1];
        for (index, pins) in fan_ins.iter().enumerate() {
            for &pin in pins {
                readers.entry(pin).or_default().push(index);
            }
            by_inputs[pins.len()].0.push(index);
        }
        Self { core, tables, lut_inputs, fan_ins, readers, by_inputs, taken: vec![false; tables.len()] }
    }

    /// The clusters that save something, and how much they save together.
    fn clusters(mut self) -> (Vec<Cluster>, usize) {
        let mut seeds: Vec<usize> = (0..self.tables.len()).collect();
        // Wide tables first: narrow ones find company anywhere.
        seeds.sort_by_key(|&seed| (std::cmp::Reverse(self.fan_ins[seed].len()), seed));
        let (mut clusters, mut saved) = (Vec::new(), 0);
        for seed in seeds {
            if self.taken[seed] {
                continue;
            }
            if let Some((cluster, gain)) = self.grow(seed) {
                for &member in &cluster.members {
                    self.taken[member] = true;
                }
                clusters.push(cluster);
                saved += gain;
            }
        }
        (clusters, saved)
    }

    /// The best cluster around `seed`, if one saves anything.
    fn grow(&mut self, seed: usize) -> Option<(Cluster, usize)> {
        let mut members = vec![seed];
        let mut inputs = self.fan_ins[seed].clone();
        let mut best = None;
        while let Some(next) = self.next(&members, &inputs) {
            members.push(next);
            let new: Vec<NodeId> = self.fan_ins[next].iter().copied().filter(|pin| !inputs.contains(pin)).collect();
            inputs.extend(new);
            let bits = self.bits(&members, &inputs);
            let alone: usize = members.iter().map(|&member| 1 + self.tables[member].bits()).sum();
            let together: usize = bits.iter().map(cost).sum();
            let gain = alone.saturating_sub(together);
            if gain > best.as_ref().map_or(0, |(_, gain)| *gain) {
                best = Some((Cluster { members: members.clone(), inputs: inputs.clone(), bits }, gain));
            }
        }
        best
    }

    /// The table that fits best beside `members`: with the fewest new inputs, then the lowest.
    fn next(&mut self, members: &[usize], inputs: &[NodeId]) -> Option<usize> {
        let count: usize = members.iter().map(|&member| self.tables[member].sources.len()).sum();
        let room = self.lut_inputs - inputs.len();
        let fits = |index: usize| {
            !self.taken[index] && !members.contains(&index) && count + self.tables[index].sources.len() <= LARGEST_COUNT
        };
        let related = inputs
            .iter()
            .filter_map(|pin| self.readers.get(pin))
            .flat_map(|readers| readers.iter().filter(|&&index| fits(index)).take(READERS))
            .map(|&index| (self.fan_ins[index].iter().filter(|pin| !inputs.contains(pin)).count(), index))
            .filter(|&(new, _)| new <= room)
            .min();
        if let Some((_, index)) = related {
            return Some(index);
        }
        // Nobody shares an input: the narrowest of the others.
        for width in 1..=room {
            let (list, used) = &self.by_inputs[width];
            let mut start = *used;
            while list.get(start).is_some_and(|&index| self.taken[index]) {
                start += 1;
            }
            let found = list[start..].iter().copied().find(|&index| {
                !self.taken[index]
                    && !members.contains(&index)
                    && count + self.tables[index].sources.len() <= LARGEST_COUNT
            });
            self.by_inputs[width].1 = start;
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The bits of the number of ones among `members`, as tables over `inputs`.
    fn bits(&self, members: &[usize], inputs: &[NodeId]) -> Vec<TruthTable> {
        let mut counts = vec![0usize; 1 << inputs.len()];
        let mut largest = 0;
        for &member in members {
            let Counted { node, sources } = &self.tables[member];
            let Some(table) = self.core.table(*node) else { continue };
            let pins = self.core.fan_ins(*node);
            let position: Vec<usize> =
                pins.iter().map(|pin| inputs.iter().position(|input| input == pin).unwrap_or(0)).collect();
            for (row, count) in counts.iter_mut().enumerate() {
                let address = position.iter().enumerate().map(|(pin, &input)| (row >> input & 1) << pin).sum();
                *count += sources.len() * usize::from(table.row(address));
            }
            largest += sources.len();
        }
        (0..bits_for(largest)).map(|bit| TruthTable::from_fn(inputs.len(), |row| counts[row] >> bit & 1 == 1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::binarized::Head;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::config::InputFormat;
    use crate::netlist::{Comparator, InputBus, Section};

    /// One class over `inputs` single bits that counts the given tables.
    fn design(inputs: usize, tables: &[(&str, &[usize])]) -> Design {
        let mut core = Netlist::new();
        let bits: Vec<NodeId> = (0..inputs).map(|_| core.add_input(Section::Encoder)).collect();
        let nodes: Vec<NodeId> = tables
            .iter()
            .map(|(rows, pins)| {
                let table = TruthTable::from_fn(pins.len(), |row| rows.as_bytes()[row] == b'1');
                let pins: Vec<NodeId> = pins.iter().map(|&pin| bits[pin]).collect();
                core.add_lut(&table, &pins, Section::Layer(0))
            })
            .collect();
        nodes.into_iter().for_each(|node| core.add_output(node));
        Design {
            name: "counted".to_owned(),
            input: InputBus { features: inputs, bits: 1, signed: false },
            comparators: (0..inputs as u32).map(|feature| Comparator { feature, threshold: 1 }).collect(),
            core,
            head: DesignHead::Classes(ClassHead::new(std::iter::once(0..tables.len()).collect())),
            slices: false,
        }
    }

    fn fused(mut design: Design) -> (Design, Option<PassReport>) {
        let report = fuse_counts(&mut design, &PassOptions::default(), true).unwrap();
        design.validate().unwrap();
        (design, report)
    }

    #[test]
    fn three_gates_over_six_wires_become_two_tables() {
        let and = "0001";
        let (design, report) = fused(design(6, &[(and, &[0, 1]), ("0111", &[2, 3]), ("0110", &[4, 5])]));
        assert_eq!(design.core.luts(), 2);
        assert_eq!(report.map(|report| (report.pass, report.before.luts, report.after.luts)), Some((NAME, 3, 2)));
        let DesignHead::Classes(head) = &design.head else { panic!() };
        assert_eq!((head.columns(0), head.score_bits()), (vec![1, 1], 2));
    }

    #[test]
    fn a_signal_that_is_counted_twice_is_a_bit_of_weight_two() {
        let mut design = design(2, &[("0001", &[0, 1]), ("01", &[0])]);
        let twice = design.core.outputs()[0];
        design.core.add_output(twice);
        design.head = DesignHead::Classes(ClassHead::new(std::iter::once(0..3).collect()));
        let (design, _) = fused(design);
        let outputs = design.simulate(&[vec![0, 1], vec![1, 0], vec![1, 1]]);
        assert_eq!(outputs.scores, [[0], [1], [3]]);
        let DesignHead::Classes(head) = &design.head else { panic!() };
        assert_eq!(head.popcount(0).counters.len(), 0);
    }

    #[test]
    fn two_wide_tables_stay_alone() {
        let table = "0110100110010111";
        let (design, report) = fused(design(6, &[(table, &[0, 1, 2, 3]), (table, &[2, 3, 4, 5])]));
        assert!(report.is_none());
        assert_eq!(design.core.luts(), 2);
    }

    #[test]
    fn constants_and_equal_sums_lose_their_bits() {
        // x and its complement are one together, whatever x.
        let (design, _) = fused(design(2, &[("01", &[0]), ("10", &[0]), ("00", &[1]), ("0001", &[0, 1])]));
        let outputs = design.simulate(&[vec![0, 0], vec![1, 0], vec![1, 1]]);
        assert_eq!(outputs.scores, [[1], [1], [2]]);
    }

    #[test]
    fn a_broken_fusion_is_seen() {
        let plain = design(6, &[("0001", &[0, 1]), ("0111", &[2, 3]), ("0110", &[4, 5])]);
        let (mut broken, _) = fused(plain.clone());
        assert_eq!(find_score_difference(&plain, &broken), None);
        let DesignHead::Classes(head) = &mut broken.head else { panic!() };
        head.partial.as_mut().unwrap().terms.iter_mut().for_each(|term| term.bit = 0);
        assert!(find_score_difference(&plain, &broken).is_some());
    }

    proptest! {
        #[test]
        fn scores_and_classes_stay(seed in any::<u64>(), fan_in in 1usize..=4, width in 1usize..=40, bits in 1usize..=6) {
            let shape = NetworkShape {
                features: 6,
                input: InputFormat { bits: 1, signed: false, scale: 1.0, offset: 0.0 },
                bits_per_feature: 1,
                layers: vec![(2, 3 * bits), (fan_in, width)],
                head: Head::GroupSum { classes: 3, tau: 1.0 },
            };
            let network = random_network(seed, &shape);
            let mut plain = crate::lower::lower(&network);
            crate::passes::optimize(&mut plain, &crate::passes::Pipeline::level("2").unwrap()).unwrap();
            let (fused, _) = fused(plain.clone());
            let samples: Vec<Vec<i64>> = (0..64).map(|row| (0..6).map(|bit| row >> bit & 1).collect()).collect();
            let (wanted, found) = (plain.simulate(&samples), fused.simulate(&samples));
            prop_assert_eq!(wanted.scores, found.scores);
            prop_assert_eq!(wanted.classes, found.classes);
        }
    }
}
