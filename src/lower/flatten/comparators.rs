//! `code >= threshold` in chained six-input tables.

use rustc_hash::FxHashMap;

use crate::netlist::{Comparator, InputBus, NodeId};

use super::gates::{Gates, Signal};

/// Bits that the first table of a chain reads; the next ones read the result so far and five.
const FIRST_BITS: u32 = 6;

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
/// Chains run from the low bits up and are shared where they are equal, so that the thresholds
/// of one feature pay for a low part that they have in common only once.
pub(super) fn comparators(
    gates: &mut Gates<'_>,
    input: &InputBus,
    comparators: &[Comparator],
    bus: &[NodeId],
) -> Vec<NodeId> {
    let mut links: FxHashMap<Link, Signal> = FxHashMap::default();
    comparators
        .iter()
        .map(|comparator| {
            let result = comparator_chain(gates, input, comparator, bus, &mut links);
            gates.node(result)
        })
        .collect()
}

fn comparator_chain(
    gates: &mut Gates<'_>,
    input: &InputBus,
    &Comparator { feature, threshold }: &Comparator,
    bus: &[NodeId],
    links: &mut FxHashMap<Link, Signal>,
) -> Signal {
    // The distance from the smallest code. For codes in two's complement that is the code with
    // its sign bit inverted, as an unsigned number.
    let bound = (threshold - input.min_code()) as u64;
    let sign_bit = input.signed.then(|| input.bits - 1);
    let code = &bus[feature as usize * input.bits as usize..][..input.bits as usize];
    let start = first_bit(input.bits, bound.trailing_zeros());
    let (mut low, mut result) = (start, Signal::Constant(true));
    while low < input.bits {
        let high = input.bits.min(low + if low == start { FIRST_BITS } else { FIRST_BITS - 1 });
        let below = (1 << high) - 1;
        let link = Link { feature, start, end: high, bound: bound & below };
        result = *links.entry(link).or_insert_with(|| {
            let mut inputs: Vec<Signal> = code[low as usize..high as usize].iter().copied().map(Signal::Node).collect();
            inputs.push(result);
            let width = high - low;
            let flip = sign_bit.filter(|&bit| bit < high && bit >= low).map_or(0, |bit| 1usize << (bit - low));
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
    let tables = |start: u32| 1 + (bits - start).saturating_sub(FIRST_BITS).div_ceil(FIRST_BITS - 1);
    (0..=zeros).find(|&start| tables(start) == tables(zeros)).unwrap_or(zeros)
}
