//! Encoder bits become comparators, nodes become LUTs, the head stays word-level.

use rustc_hash::FxHashMap;

use crate::binarized::{BinarizedNetwork, Head, IntegerBit};
use crate::logic::TruthTable;
use crate::netlist::{ClassHead, Comparator, Design, DesignHead, InputBus, Netlist, NodeId, Section};

/// An encoded bit with more toggles than this is an exclusive-or tree instead of one table.
const PARITY_FAN_IN: usize = 6;

/// The design of `network`, one LUT per node, nothing optimized.
///
/// Equal comparators are made once; an encoded bit of several toggles is the parity of its
/// comparators; an encoded bit that no code changes is a constant.
pub fn lower(network: &BinarizedNetwork) -> Design {
    let format = network.input();
    let input = InputBus { features: network.features(), bits: format.bits, signed: format.signed };
    let bits = network.encoder().to_integer(format);
    let comparators = comparators(&bits);
    let pins = network.layers().iter().map(|layer| layer.wiring.len()).sum();
    let mut core = Netlist::with_capacity(comparators.len() + bits.len() + network.nodes(), pins);
    let mut compared = FxHashMap::default();
    for &comparator in &comparators {
        compared.insert(comparator, core.add_input(Section::Encoder));
    }
    let mut columns: Vec<NodeId> = bits.iter().map(|bit| encoded_bit(&mut core, &compared, bit)).collect();
    for (index, layer) in network.layers().iter().enumerate() {
        columns = (0..layer.width())
            .map(|node| {
                let fan_ins: Vec<NodeId> = layer.pins(node).iter().map(|&column| columns[column as usize]).collect();
                core.add_lut(&layer.tables[node], &fan_ins, Section::Layer(index as u32))
            })
            .collect();
    }
    let head = match network.head() {
        Head::Bits => DesignHead::Bits,
        head @ Head::GroupSum { .. } => DesignHead::Classes(ClassHead::new(head.groups(columns.len()))),
    };
    for column in columns {
        core.add_output(column);
    }
    Design { name: network.name().to_owned(), input, comparators, core, head, slices: false }
}

/// Every comparison that some bit makes, by feature and threshold.
fn comparators(bits: &[IntegerBit]) -> Vec<Comparator> {
    let mut comparators: Vec<Comparator> = bits
        .iter()
        .flat_map(|bit| bit.toggles.iter().map(|&threshold| Comparator { feature: bit.feature, threshold }))
        .collect();
    comparators.sort_unstable();
    comparators.dedup();
    comparators
}

/// The node of one encoded bit: its comparator, a constant, or the parity of several.
fn encoded_bit(core: &mut Netlist, compared: &FxHashMap<Comparator, NodeId>, bit: &IntegerBit) -> NodeId {
    let mut terms: Vec<NodeId> =
        bit.toggles.iter().map(|&threshold| compared[&Comparator { feature: bit.feature, threshold }]).collect();
    if terms.is_empty() {
        return core.add_constant(bit.initial, Section::Encoder);
    }
    if terms.len() == 1 && !bit.initial {
        return terms[0];
    }
    while terms.len() > PARITY_FAN_IN {
        terms = terms.chunks(PARITY_FAN_IN).map(|chunk| parity(core, chunk, false)).collect();
    }
    parity(core, &terms, bit.initial)
}

fn parity(core: &mut Netlist, terms: &[NodeId], initial: bool) -> NodeId {
    let table = TruthTable::from_fn(terms.len(), |row| initial ^ (row.count_ones() % 2 == 1));
    core.add_lut(&table, terms, Section::Encoder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::binarized::{EncodedBit, Encoder};
    use crate::config::InputFormat;

    /// Every code of every feature.
    fn all_codes(network: &BinarizedNetwork) -> Vec<Vec<i64>> {
        let (format, features) = (network.input(), network.features());
        let codes: Vec<i64> = (format.min_code()..=format.max_code()).collect();
        (0..codes.len().pow(features as u32))
            .map(|mut row| {
                (0..features)
                    .map(|_| {
                        let code = codes[row % codes.len()];
                        row /= codes.len();
                        code
                    })
                    .collect()
            })
            .collect()
    }

    #[track_caller]
    fn check(network: &BinarizedNetwork) {
        let design = lower(network);
        design.validate().unwrap();
        let samples = all_codes(network);
        let outputs = design.simulate(&samples);
        for (index, codes) in samples.iter().enumerate() {
            let expected = network.predict_codes(codes);
            let bits: Vec<bool> = (0..outputs.bits.signals()).map(|output| outputs.bits.get(output, index)).collect();
            assert_eq!(bits, expected.bits(), "bits for {codes:?}");
            assert_eq!(outputs.scores[index], expected.scores, "scores for {codes:?}");
            assert_eq!(outputs.classes[index], expected.class, "class for {codes:?}");
        }
    }

    #[test]
    fn the_design_equals_the_network_on_every_code() {
        for seed in 0..30 {
            check(&random_network(seed, &NetworkShape::small()));
            let signed = InputFormat { bits: 2, signed: true, scale: 0.5, offset: 0.25 };
            check(&random_network(seed, &NetworkShape { input: signed, head: Head::Bits, ..NetworkShape::small() }));
        }
    }

    #[test]
    fn a_bit_of_many_toggles_is_a_parity_tree() {
        let toggles: Vec<f32> = (1..30).map(|code| code as f32).collect();
        let encoder = Encoder { features: 1, bits: vec![EncodedBit { feature: 0, initial: true, toggles }] };
        let network = BinarizedNetwork::new("parity", InputFormat::unsigned(5), encoder, vec![], Head::Bits).unwrap();
        check(&network);
    }
}
