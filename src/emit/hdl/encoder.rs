//! The module of the comparators.

use crate::emit::order::{CoreOrder, unread_features};
use crate::netlist::Design;

use super::wire::{Port, Wire};

/// Codes to comparator bits.
#[derive(Debug)]
pub(in crate::emit) struct Encoder {
    /// Bits of a code.
    pub(in crate::emit) bits: usize,
    /// Two's complement codes.
    pub(in crate::emit) signed: bool,
    pub(in crate::emit) ports: Vec<Port>,
    pub(in crate::emit) features: Vec<Feature>,
    pub(in crate::emit) unused: Vec<Slice>,
}

/// A feature that is compared with something.
#[derive(Debug)]
pub(in crate::emit) struct Feature {
    pub(in crate::emit) wire: Wire,
    pub(in crate::emit) slice: Slice,
    /// The bits `feature >= threshold` with their thresholds.
    pub(in crate::emit) comparisons: Vec<(Wire, i64)>,
}

/// A part of the input bus.
#[derive(Clone, Copy, Debug)]
pub(in crate::emit) struct Slice {
    /// Its lowest bit.
    pub(in crate::emit) low: usize,
    /// Its bits.
    pub(in crate::emit) width: usize,
}

/// The comparators that some output depends on, by feature and threshold: the order of the
/// encoder's outputs and, without an encoder, of the bits on the input bus.
pub(in crate::emit) fn sorted_comparators(design: &Design, order: &CoreOrder) -> Vec<u32> {
    let mut numbers = order.comparators.clone();
    numbers.sort_by_key(|&number| design.comparators[number as usize]);
    numbers
}

/// The signal of comparator `number`.
pub(super) fn comparator_wire(design: &Design, order: &CoreOrder, number: u32) -> Wire {
    Wire::Comparator(design.comparators[number as usize], order.doubled.then_some(number))
}

impl Encoder {
    /// The encoder of `design`, which has a live comparator.
    pub(super) fn new(design: &Design, order: &CoreOrder) -> Self {
        let bits = design.input.bits as usize;
        let mut ports = vec![Port::input(Wire::Features, design.input.width())];
        let mut features: Vec<Feature> = Vec::new();
        for number in sorted_comparators(design, order) {
            let comparator = design.comparators[number as usize];
            let wire = comparator_wire(design, order, number);
            ports.push(Port::output(wire, 1));
            let feature = Wire::Feature(comparator.feature);
            let comparison = (wire, comparator.threshold);
            match features.last_mut() {
                Some(last) if last.wire == feature => last.comparisons.push(comparison),
                _ => features.push(Feature {
                    wire: feature,
                    slice: Slice { low: comparator.feature as usize * bits, width: bits },
                    comparisons: vec![comparison],
                }),
            }
        }
        let unused = unread_features(design, order)
            .into_iter()
            .map(|range| Slice { low: range.start * bits, width: range.len() * bits })
            .collect();
        Self { bits, signed: design.input.signed, ports, features, unused }
    }
}
