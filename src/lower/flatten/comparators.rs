//! `code >= threshold` in six-input tables.

use rustc_hash::FxHashMap;

use crate::netlist::{Comparator, InputBus, NodeId, SHARED_INPUTS};

use super::gates::{Gates, Signal};

/// Inputs of a table.
const LUT_INPUTS: u32 = 6;

/// Bits that the last table of a comparison reads beside the result of the low bits.
const HIGH_BITS: u32 = LUT_INPUTS - 1;

/// The same where two such tables are to share a LUT of two outputs, which has an input less.
const PAIRED_HIGH_BITS: u32 = SHARED_INPUTS as u32 - 1;

/// A comparison of bits `start..end` of a feature with a number, the sub-chain of a comparator.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Link {
    feature: u32,
    start: u32,
    end: u32,
    bound: u64,
}

/// The node of every comparator. `bus` is the input bus, feature by feature, lowest bit first.
///
/// A comparison of at most six bits is one table. Of the others, several thresholds of one
/// feature share the table of their low bits, see [`shared_low_parts`]; codes too wide for that
/// are compared in chains from the low bits up, shared where they are equal. `slices` says that LUTs
/// have two outputs.
pub(super) fn comparators(
    gates: &mut Gates<'_>,
    input: &InputBus,
    comparators: &[Comparator],
    bus: &[NodeId],
    slices: bool,
) -> Vec<NodeId> {
    let mut links: FxHashMap<Link, Signal> = FxHashMap::default();
    let mut by_feature: FxHashMap<u32, Vec<u64>> = FxHashMap::default();
    // The distance from the smallest code. For codes in two's complement that is the code with
    // its sign bit inverted, as an unsigned number.
    let bound = |comparator: &Comparator| (comparator.threshold - input.min_code()) as u64;
    for comparator in comparators {
        by_feature.entry(comparator.feature).or_default().push(bound(comparator));
    }
    let mut results: FxHashMap<Comparator, NodeId> = FxHashMap::default();
    comparators
        .iter()
        .map(|comparator| {
            if let Some(bounds) = by_feature.remove(&comparator.feature) {
                let code = Code::new(input, comparator.feature, bus);
                for (bound, result) in shared_low_parts(gates, &code, bounds, slices) {
                    let threshold = bound as i64 + input.min_code();
                    results.insert(Comparator { threshold, ..*comparator }, gates.node(result));
                }
            }
            match results.get(comparator) {
                Some(&node) => node,
                None => {
                    let code = Code::new(input, comparator.feature, bus);
                    let result = comparator_chain(gates, &code, bound(comparator), &mut links);
                    gates.node(result)
                }
            }
        })
        .collect()
}

/// The bits of one feature.
struct Code<'a> {
    feature: u32,
    bits: &'a [NodeId],
    sign_bit: Option<u32>,
}

impl<'a> Code<'a> {
    fn new(input: &InputBus, feature: u32, bus: &'a [NodeId]) -> Self {
        let bits = &bus[feature as usize * input.bits as usize..][..input.bits as usize];
        Self { feature, bits, sign_bit: input.signed.then(|| input.bits - 1) }
    }

    fn width(&self) -> u32 {
        self.bits.len() as u32
    }

    fn signals(&self, bits: impl Iterator<Item = u32>) -> Vec<Signal> {
        bits.map(|bit| Signal::Node(self.bits[bit as usize])).collect()
    }

    /// The number that the bits `start..` spell as an unsigned code, shifted down.
    fn unsigned(&self, row: usize, start: u32) -> u64 {
        row as u64 ^ self.sign_bit.filter(|&bit| bit >= start).map_or(0, |bit| 1 << (bit - start))
    }
}

/// Thresholds whose low bits are compared by one table.
struct Group {
    bounds: Vec<u64>,
    /// The high bits that tell the thresholds apart, counted from the lowest high bit.
    select: Vec<u32>,
}

/// The comparisons of more than six bits whose low bits fit into one table beside bits that tell
/// which threshold is at stake.
///
/// `code >= bound` needs the comparison of the low bits only where the five high bits equal
/// those of the bound. So one table can compare the low bits with the bound that some of the
/// high bits point to, and n thresholds cost n + 1 tables instead of 2n. With four high bits two
/// results fit into one LUT of two outputs, and they cost 1 + n / 2, rounded up.
fn shared_low_parts(gates: &mut Gates<'_>, code: &Code<'_>, mut bounds: Vec<u64>, slices: bool) -> Vec<(u64, Signal)> {
    let width = code.width();
    if width > HIGH_BITS + LUT_INPUTS {
        return Vec::new();
    }
    bounds.sort_unstable();
    bounds.dedup();
    let read = |bound: &u64| width - bound.trailing_zeros();
    let (mut wide, mut narrow): (Vec<u64>, Vec<u64>) = bounds.into_iter().partition(|bound| read(bound) > LUT_INPUTS);
    let mut results = Vec::new();
    if slices && (PAIRED_HIGH_BITS..=PAIRED_HIGH_BITS + LUT_INPUTS).contains(&width) {
        let low = width - PAIRED_HIGH_BITS;
        narrow.retain(|bound| read(bound) > PAIRED_HIGH_BITS);
        let mut groups = groups(wide, low, PAIRED_HIGH_BITS);
        // The second output of a LUT costs nothing, while alone a comparison of few bits takes one.
        for group in groups.iter_mut().filter(|group| group.bounds.len() % 2 == 1) {
            let joins = |bound: &u64| group.with(*bound, low, PAIRED_HIGH_BITS);
            if let Some((place, joined)) = narrow.iter().enumerate().find_map(|(i, bound)| Some((i, joins(bound)?))) {
                *group = joined;
                narrow.remove(place);
            }
        }
        let (paired, alone): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(|group| group.bounds.len() > 1);
        paired.iter().for_each(|group| compare(gates, code, group, low, &mut results));
        wide = alone.into_iter().flat_map(|group| group.bounds).collect();
    }
    let low = width.saturating_sub(HIGH_BITS);
    groups(wide, low, HIGH_BITS).iter().for_each(|group| compare(gates, code, group, low, &mut results));
    results
}

/// Bounds put together as far as `high_bits` high bits can tell them apart, those with an odd number
/// of bounds first.
fn groups(bounds: Vec<u64>, low: u32, high_bits: u32) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for bound in bounds {
        let joined = groups
            .iter()
            .enumerate()
            .filter_map(|(place, group)| Some((place, group.with(bound, low, high_bits)?)))
            .min_by_key(|(place, group)| (group.bounds.len() % 2, *place));
        match joined {
            Some((place, group)) => groups[place] = group,
            None => groups.push(Group { bounds: vec![bound], select: Vec::new() }),
        }
    }
    groups
}

impl Group {
    /// The group with one bound more, if the high bits can tell it from the others.
    fn with(&self, bound: u64, low: u32, high_bits: u32) -> Option<Self> {
        let bounds = [self.bounds.as_slice(), &[bound]].concat();
        selection(&bounds, low, high_bits).map(|select| Self { bounds, select })
    }
}

/// The tables of one group: that of the low bits, and one per bound.
fn compare(gates: &mut Gates<'_>, code: &Code<'_>, group: &Group, low: u32, results: &mut Vec<(u64, Signal)>) {
    let width = code.width();
    let start = start(&group.bounds, low);
    let pins = code.signals((start..low).chain(group.select.iter().map(|bit| low + bit)));
    let low_bits = low - start;
    let below = gates.gate(&pins, |row| {
        let selected = row >> low_bits;
        let points = |bound: &&u64| {
            group.select.iter().enumerate().all(|(i, &bit)| {
                let flip = code.sign_bit == Some(low + bit);
                (selected >> i & 1 == 1) ^ flip == (**bound >> (low + bit) & 1 == 1)
            })
        };
        let part = group.bounds.iter().find(points).map_or(0, |bound| (bound & ((1 << low) - 1)) >> start);
        (row & ((1 << low_bits) - 1)) as u64 >= part
    });
    let mut pins = code.signals(low..width);
    pins.push(below);
    for &bound in &group.bounds {
        let high = bound >> low;
        let result = gates.gate(&pins, |row| {
            let value = code.unsigned(row & ((1 << (width - low)) - 1), low);
            value > high || value == high && row >> (width - low) & 1 == 1
        });
        results.push((bound, result));
    }
}

/// The lowest bit that some of the bounds need.
fn start(bounds: &[u64], low: u32) -> u32 {
    bounds.iter().map(|bound| bound.trailing_zeros()).min().unwrap_or(0).min(low)
}

/// High bits that differ between any two bounds of different low bits, as few as possible and no
/// more than fit into a table beside the low bits.
fn selection(bounds: &[u64], low: u32, high_bits: u32) -> Option<Vec<u32>> {
    let room = LUT_INPUTS - (low - start(bounds, low)).min(LUT_INPUTS);
    let low_bits = (1u64 << low) - 1;
    let tells_apart = |set: &u32| {
        let differ = |a: u64, b: u64| a & low_bits == b & low_bits || (a ^ b) & u64::from(*set) << low != 0;
        bounds.iter().enumerate().all(|(i, &a)| bounds[..i].iter().all(|&b| differ(a, b)))
    };
    let sets = (0u32..1 << high_bits).filter(|set| set.count_ones() <= room);
    let set = sets.filter(tells_apart).min_by_key(|set| set.count_ones())?;
    Some((0..high_bits).filter(|bit| set >> bit & 1 == 1).collect())
}

fn comparator_chain(gates: &mut Gates<'_>, code: &Code<'_>, bound: u64, links: &mut FxHashMap<Link, Signal>) -> Signal {
    let bits = code.width();
    let start = first_bit(bits, bound.trailing_zeros());
    let (mut low, mut result) = (start, Signal::Constant(true));
    while low < bits {
        let high = bits.min(low + if low == start { LUT_INPUTS } else { LUT_INPUTS - 1 });
        let below = (1 << high) - 1;
        let link = Link { feature: code.feature, start, end: high, bound: bound & below };
        result = *links.entry(link).or_insert_with(|| {
            let mut inputs = code.signals(low..high);
            inputs.push(result);
            let width = high - low;
            let flip = code.sign_bit.filter(|&bit| bit < high && bit >= low).map_or(0, |bit| 1usize << (bit - low));
            let part = (bound & below) >> low;
            gates.gate(&inputs, |row| {
                let value = ((row & ((1 << width) - 1)) ^ flip) as u64;
                value > part || value == part && row >> width & 1 == 1
            })
        });
        low = high;
    }
    result
}

/// Where the chain of a bound with `zeros` zero bits at its end starts. Those bits need not be
/// read; but reading some of them costs nothing as long as the chain gets no longer, and chains
/// of one feature that start at the same bit share more.
fn first_bit(bits: u32, zeros: u32) -> u32 {
    let tables = |start: u32| 1 + (bits - start).saturating_sub(LUT_INPUTS).div_ceil(LUT_INPUTS - 1);
    (0..=zeros).find(|&start| tables(start) == tables(zeros)).unwrap_or(zeros)
}
