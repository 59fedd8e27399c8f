//! What a network means, as a netlist that is as simple as can be.
//!
//! Comparisons and sums ripple bit by bit, one table per node of the network, nothing shared or
//! optimized, no code in common with the lowering. Counting follows the cells of [`Popcount`],
//! whose conservation of the count is checked here cell by cell: every cell states the number
//! of ones it reads, every bit is read once, so the last two rows add up to the count.

use crate::binarized::{BinarizedNetwork, Head, IntegerBit};
use crate::config::InputFormat;
use crate::logic::TruthTable;
use crate::netlist::{ClassHead, CountBit, DesignHead, Netlist, NodeId, PartialCounts, Popcount, Section, bits_for};

/// The function of `network` on the bits of its codes: bit `b` of feature `f` is primary input
/// `f * bits + b`; the outputs are the class, lowest bit first, and the scores, class 0 first and
/// each lowest bit first, or the plain bits.
///
/// Ones are counted in the order in which the head `counted` takes them, so that a proof meets the
/// same cells on both sides. A head with partial counts adds outputs, the bits of partial counts
/// that it says are never set.
///
/// # Panics
/// When the cells of a popcount do not conserve the count, or the partial counts are not those of
/// `network`: a mistake of this program.
pub fn specification(network: &BinarizedNetwork, counted: &DesignHead) -> Netlist {
    let mut spec = Spec { netlist: Netlist::new() };
    let core = spec.core(network, counted);
    let scores = spec.scores(network, counted, &core.counted);
    let outputs = match network.head() {
        Head::Bits => core.counted,
        Head::GroupSum { .. } => {
            let class = spec.first_largest(&scores);
            class.into_iter().chain(scores.into_iter().flatten()).chain(core.never_set).collect()
        }
    };
    spec.with_outputs(outputs)
}

/// The same in three pieces, each with the outputs of the one before as its primary inputs.
pub(super) struct Pieces {
    /// From the bits of the codes to the bits that are counted, or the plain bits; behind them the
    /// bits that are said to be never set.
    pub(super) core: Netlist,
    /// From the bits that are counted to the scores, class 0 first and each lowest bit first; of a
    /// network of plain bits this and the class have no outputs.
    pub(super) scores: Netlist,
    /// From the scores to the class, lowest bit first.
    pub(super) class: Netlist,
}

impl Pieces {
    /// # Panics
    /// As [`specification`].
    pub(super) fn new(network: &BinarizedNetwork, counted: &DesignHead) -> Self {
        let mut core = Spec { netlist: Netlist::new() };
        let Core { counted: bits, never_set } = core.core(network, counted);
        let bits_counted = bits.len();
        let mut scores = Spec { netlist: Netlist::new() };
        let ones = scores.inputs(bits_counted);
        let counts = scores.scores(network, counted, &ones);
        let mut class = Spec { netlist: Netlist::new() };
        let numbers: Vec<Vec<NodeId>> = counts.iter().map(|score| class.inputs(score.len())).collect();
        let winner = class.first_largest(&numbers);
        Self {
            core: core.with_outputs(bits.into_iter().chain(never_set).collect()),
            scores: scores.with_outputs(counts.into_iter().flatten().collect()),
            class: class.with_outputs(winner),
        }
    }
}

/// What stands in front of the counting.
struct Core {
    /// The bits that are counted: those of the last layer or of partial counts.
    counted: Vec<NodeId>,
    /// Bits of partial counts that no output of the core states.
    never_set: Vec<NodeId>,
}

struct Spec {
    netlist: Netlist,
}

impl Spec {
    fn gate(&mut self, pins: &[NodeId], f: impl Fn(usize) -> bool) -> NodeId {
        self.netlist.add_lut(&TruthTable::from_fn(pins.len(), f), pins, Section::Head)
    }

    fn inputs(&mut self, count: usize) -> Vec<NodeId> {
        (0..count).map(|_| self.netlist.add_input(Section::Head)).collect()
    }

    fn with_outputs(mut self, outputs: Vec<NodeId>) -> Netlist {
        outputs.into_iter().for_each(|node| self.netlist.add_output(node));
        self.netlist
    }

    /// Encoder, layers and partial counts.
    fn core(&mut self, network: &BinarizedNetwork, counted: &DesignHead) -> Core {
        let format = network.input();
        let bus: Vec<NodeId> =
            (0..network.features() * format.bits as usize).map(|_| self.netlist.add_input(Section::Encoder)).collect();
        let bits = network.encoder().to_integer(format);
        let mut columns: Vec<NodeId> = bits.iter().map(|bit| self.encoded(format, bit, &bus)).collect();
        for (index, layer) in network.layers().iter().enumerate() {
            columns = (0..layer.width())
                .map(|node| {
                    let pins: Vec<NodeId> = layer.pins(node).iter().map(|&column| columns[column as usize]).collect();
                    self.netlist.add_lut(&layer.tables[node], &pins, Section::Layer(index as u32))
                })
                .collect();
        }
        match counted {
            DesignHead::Classes(head @ ClassHead { partial: Some(partial), .. }) => {
                let sizes: Vec<usize> =
                    network.head().groups(columns.len()).iter().map(ExactSizeIterator::len).collect();
                assert_eq!(partial.sizes, sizes, "the outputs that partial counts count");
                self.partial_counts(head, partial, &columns)
            }
            _ => Core { counted: columns, never_set: Vec::new() },
        }
    }

    /// The scores of all classes from the bits that are counted.
    fn scores(&mut self, network: &BinarizedNetwork, counted: &DesignHead, ones: &[NodeId]) -> Vec<Vec<NodeId>> {
        let head @ Head::GroupSum { .. } = network.head() else { return Vec::new() };
        let groups = head.groups(network.output_width());
        let width = bits_for(groups.iter().map(ExactSizeIterator::len).max().unwrap_or(0));
        let score = |(class, group): (usize, &std::ops::Range<usize>)| {
            let largest = group.len();
            let (circuit, group) = match counted {
                // Which bits state a class was compared with the groups of the network.
                DesignHead::Classes(head @ ClassHead { partial: Some(_), .. }) => {
                    (head.popcount(class), head.groups[class].clone())
                }
                DesignHead::Classes(head) => (head.popcount(class), group.clone()),
                DesignHead::Bits => (Popcount::new(largest), group.clone()),
            };
            assert_eq!(circuit.inputs, group.len(), "bits that the popcount of class {class} counts");
            assert!(circuit.width >= bits_for(largest), "a popcount of class {class} for counts up to {largest}");
            self.count(&circuit, &ones[group], width)
        };
        groups.iter().enumerate().map(score).collect()
    }

    fn constant(&mut self, value: bool) -> NodeId {
        self.netlist.add_constant(value, Section::Head)
    }

    /// The parity of the comparisons of an encoded bit.
    fn encoded(&mut self, format: &InputFormat, bit: &IntegerBit, bus: &[NodeId]) -> NodeId {
        let width = format.bits as usize;
        let code = &bus[bit.feature as usize * width..][..width];
        let mut value = self.constant(bit.initial);
        for &toggle in &bit.toggles {
            let crossed = self.at_least(format, code, toggle);
            value = self.gate(&[value, crossed], |row| row.count_ones() == 1);
        }
        value
    }

    /// `code >= bound`, from the lowest bit up: a higher bit decides when it differs.
    fn at_least(&mut self, format: &InputFormat, code: &[NodeId], bound: i64) -> NodeId {
        let mut result = self.constant(true);
        for (position, &bit) in code.iter().enumerate() {
            let wanted = bound >> position & 1 == 1;
            // The sign bit of two's complement counts the other way round.
            let sign = format.signed && position + 1 == code.len();
            result = self.gate(&[bit, result], move |row| {
                let (bit, below) = (row & 1 == 1, row & 2 != 0);
                if bit == wanted { below } else { bit ^ sign }
            });
        }
        result
    }

    /// The partial counts of `head`, each counted bit by bit.
    fn partial_counts(&mut self, head: &ClassHead, partial: &PartialCounts, columns: &[NodeId]) -> Core {
        assert_eq!(partial.validate(&head.groups), Ok(()), "partial counts that state what the classes count");
        let mut never_set = Vec::new();
        let mut terms: Vec<Option<NodeId>> = vec![None; partial.terms.len()];
        for (count, outputs) in partial.counts.iter().zip(partial.outputs()) {
            let mut bits = vec![self.constant(false); outputs.len()];
            for &source in &count.sources {
                // One more: a half adder for each bit.
                let mut carry = columns[source as usize];
                for bit in &mut bits {
                    let old = *bit;
                    *bit = self.gate(&[old, carry], |row| row.count_ones() == 1);
                    carry = self.gate(&[old, carry], |row| row == 3);
                }
            }
            for (bit, output) in bits.into_iter().zip(outputs) {
                match output {
                    Some(output) => terms[output] = Some(bit),
                    None => never_set.push(bit),
                }
            }
        }
        Core { counted: terms.into_iter().flatten().collect(), never_set }
    }

    /// What `popcount` makes of its bits, in `width` bits. Those that it has no room for are zero: a count
    /// does not reach them.
    fn count(&mut self, popcount: &Popcount, ones: &[NodeId], width: usize) -> Vec<NodeId> {
        assert!(conserves(popcount), "the cells of a popcount of {} bits lose a bit", ones.len());
        let mut results: Vec<Vec<NodeId>> = Vec::new();
        let value = |bit: CountBit, results: &[Vec<NodeId>]| match bit {
            CountBit::Input(input) => ones[input as usize],
            CountBit::Counter { counter, bit } => results[counter as usize][usize::from(bit)],
        };
        for (number, cell) in popcount.counters.iter().enumerate() {
            let (bits, weights): (Vec<CountBit>, Vec<u32>) = cell.read(number).unzip();
            let pins: Vec<NodeId> = bits.into_iter().map(|bit| value(bit, &results)).collect();
            let sum = |row: usize| weights.iter().enumerate().map(|(pin, weight)| (row >> pin & 1) << weight).sum();
            let bit = |bit| {
                self.gate(&pins, |row| {
                    let sum: usize = sum(row);
                    sum >> bit & 1 == 1
                })
            };
            results.push((0..cell.outputs()).map(bit).collect());
        }
        let zero = self.constant(false);
        let row = |row: &[Option<CountBit>], weight: usize| match row.get(weight) {
            Some(&Some(bit)) => value(bit, &results),
            _ => zero,
        };
        let operands: Vec<[NodeId; 2]> =
            (0..width).map(|weight| [row(&popcount.rows[0], weight), row(&popcount.rows[1], weight)]).collect();
        let mut carry = zero;
        operands
            .into_iter()
            .map(|[a, b]| {
                let sum = self.gate(&[a, b, carry], |row| row.count_ones() % 2 == 1);
                carry = self.gate(&[a, b, carry], |row| row.count_ones() >= 2);
                sum
            })
            .take(popcount.width)
            .chain(std::iter::repeat(zero))
            .take(width)
            .collect()
    }

    /// `a < b` for numbers of the same width.
    fn less(&mut self, a: &[NodeId], b: &[NodeId]) -> NodeId {
        let mut result = self.constant(false);
        for (&a, &b) in a.iter().zip(b) {
            result = self.gate(&[a, b, result], |row| match row & 3 {
                1 => false,
                2 => true,
                _ => row & 4 != 0,
            });
        }
        result
    }

    /// The number of the first largest score: of two halves the second wins if it is larger.
    fn first_largest(&mut self, scores: &[Vec<NodeId>]) -> Vec<NodeId> {
        let width = bits_for(scores.len().saturating_sub(1));
        let mut field: Vec<(Vec<NodeId>, Vec<NodeId>)> = Vec::new();
        for (class, score) in scores.iter().enumerate() {
            let number = (0..width).map(|bit| self.constant(class >> bit & 1 == 1)).collect();
            field.push((score.clone(), number));
        }
        while field.len() > 1 {
            let mut winners = Vec::new();
            for pair in field.chunks(2) {
                let [first, second] = pair else {
                    winners.extend_from_slice(pair);
                    continue;
                };
                let second_wins = self.less(&first.0, &second.0);
                let mut choose = |a: &[NodeId], b: &[NodeId]| -> Vec<NodeId> {
                    let pairs = a.iter().zip(b);
                    pairs.map(|(&a, &b)| self.gate(&[a, b, second_wins], |row| row >> (row >> 2) & 1 == 1)).collect()
                };
                winners.push((choose(&first.0, &second.0), choose(&first.1, &second.1)));
            }
            field = winners;
        }
        field.pop().map_or_else(Vec::new, |(_, number)| number)
    }
}

/// Whether every bit is read exactly once, by a cell of its own weight or by the final addition,
/// or is a bit beyond the width, which the largest count never reaches. Since each cell states
/// the number of ones that it reads, the weighted sum of all unread bits is then always the
/// count.
fn conserves(popcount: &Popcount) -> bool {
    let line = |bit: CountBit| match bit {
        CountBit::Input(input) => input as usize,
        CountBit::Counter { counter, bit } => popcount.inputs + 3 * counter as usize + usize::from(bit),
    };
    // Weight and readers of every bit.
    let mut bits: Vec<Option<(u32, u32)>> = vec![None; popcount.inputs + 3 * popcount.counters.len()];
    let weights = popcount.columns.iter().enumerate().flat_map(|(weight, &bits)| std::iter::repeat_n(weight, bits));
    for (bit, weight) in bits.iter_mut().zip(weights) {
        *bit = Some((weight as u32, 0));
    }
    let read = |bits: &mut Vec<Option<(u32, u32)>>, bit: CountBit, weight: u32| match &mut bits[line(bit)] {
        Some((own, readers)) if *own == weight => {
            *readers += 1;
            true
        }
        _ => false,
    };
    for (number, cell) in popcount.counters.iter().enumerate() {
        // Three bits state every sum of up to seven, two of up to three.
        let largest: usize = cell.read(number).map(|(_, weight)| 1 << weight).sum();
        let reads = |bits: &mut _| cell.read(number).all(|(bit, weight)| read(bits, bit, cell.weight + weight));
        if largest >= 1 << cell.outputs() || !reads(&mut bits) {
            return false;
        }
        for bit in 0..cell.outputs() {
            bits[popcount.inputs + 3 * number + usize::from(bit)] = Some((cell.weight + u32::from(bit), 0));
        }
    }
    for row in &popcount.rows {
        for (weight, bit) in row.iter().enumerate() {
            if bit.is_some_and(|bit| !read(&mut bits, bit, weight as u32)) {
                return false;
            }
        }
    }
    popcount.columns.iter().sum::<usize>() == popcount.inputs
        && popcount.width >= bits_for(popcount.largest)
        && bits.iter().flatten().all(|&(weight, readers)| match readers {
            0 => weight as usize >= popcount.width,
            readers => readers == 1,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::logic::BitMatrix;
    use crate::netlist::{Carry, CounterForm, Counting, Schedule};

    #[test]
    fn cells_that_lose_or_double_a_bit_are_noticed() {
        for inputs in 0..200 {
            assert!(conserves(&Popcount::new(inputs)));
            let head = ClassHead { counting: Counting::Chains, ..ClassHead::new(std::iter::once(0..inputs).collect()) };
            assert!(conserves(&head.popcount(0)));
        }
        let mut lost = Popcount::new(20);
        lost.counters[1].inputs.pop();
        assert!(!conserves(&lost));
        let mut doubled = Popcount::new(20);
        doubled.counters[1].inputs[0] = doubled.counters[0].inputs[0];
        assert!(!conserves(&doubled));
        let chains =
            ClassHead { counting: Counting::Chains, ..ClassHead::new(std::iter::once(0..20).collect()) }.popcount(0);
        let mut late = chains.clone();
        let CounterForm::Chain { carry, .. } = &mut late.counters[0].form else { panic!("a chain") };
        assert_ne!(std::mem::replace(carry, Carry::Zero), Carry::Zero);
        assert!(!conserves(&late), "a carry that nobody takes in");
        let mut displaced = Popcount::new(20);
        displaced.rows[0].swap(0, 1);
        assert!(!conserves(&displaced));
    }

    #[test]
    fn the_specification_is_the_reference_inference() {
        for seed in 0..20 {
            for signed in [false, true] {
                let input = InputFormat { bits: 2, signed, scale: 0.5, offset: 0.25 };
                let network = random_network(seed, &NetworkShape { input, ..NetworkShape::small() });
                let spec = specification(&network, &DesignHead::Bits);
                let values = Schedule::new(&spec).simulate(&spec, &BitMatrix::exhaustive(6));
                for sample in 0..64usize {
                    let bits: Vec<bool> = (0..6).map(|bit| sample >> bit & 1 == 1).collect();
                    let outcome = network.predict_codes(&super::super::codes(&network, &bits));
                    let number = |from: usize, width: usize| -> usize {
                        (0..width).map(|bit| usize::from(values.get(from + bit, sample)) << bit).sum()
                    };
                    let width = (spec.outputs().len() - 2) / 3;
                    assert_eq!(Some(number(0, 2)), outcome.class);
                    for (class, &score) in outcome.scores.iter().enumerate() {
                        assert_eq!(number(2 + class * width, width), score as usize);
                    }
                }
            }
        }
    }
}
