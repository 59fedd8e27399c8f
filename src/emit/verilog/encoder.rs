//! The module of the comparators.

use askama::Template;

use crate::emit::notes::Facts;
use crate::emit::order::{CoreOrder, unread_features};
use crate::netlist::Design;

use super::wire::{Port, Range, Wire};

/// Codes to comparator bits.
#[derive(Template)]
#[template(path = "verilog/encoder.v", escape = "none")]
pub(super) struct Encoder {
    name: String,
    ports: Vec<Port>,
    features: Vec<Feature>,
    unused: Vec<Slice>,
}

/// A feature that is compared with something.
struct Feature {
    wire: Wire,
    slice: Slice,
    /// `signed ` for two's complement codes of more than one bit.
    signed: &'static str,
    range: Range,
    comparisons: Vec<Comparison>,
}

/// One comparator.
struct Comparison {
    wire: Wire,
    expression: String,
}

/// A part of the input bus.
struct Slice {
    low: usize,
    width: usize,
}

impl std::fmt::Display for Slice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.width {
            1 => write!(f, "features[{}]", self.low),
            width => write!(f, "features[{}:{}]", self.low + width - 1, self.low),
        }
    }
}

/// The signal of comparator `number`.
pub(super) fn comparator_wire(design: &Design, order: &CoreOrder, number: u32) -> Wire {
    Wire::Comparator(design.comparators[number as usize], order.doubled.then_some(number))
}

impl Encoder {
    /// The encoder of `design`, which has a live comparator.
    pub(super) fn new(design: &Design, order: &CoreOrder, facts: &Facts) -> Self {
        let mut ports = vec![Port::input(Wire::Features, facts.input_width())];
        let mut numbers = order.comparators.clone();
        numbers.sort_by_key(|&number| design.comparators[number as usize]);
        let mut features: Vec<Feature> = Vec::new();
        for number in numbers {
            let comparator = design.comparators[number as usize];
            let wire = comparator_wire(design, order, number);
            ports.push(Port::output(wire, 1));
            let feature = Wire::Feature(comparator.feature);
            let comparison =
                Comparison { wire, expression: comparison(feature, comparator.threshold, facts.bits, facts.signed) };
            match features.last_mut() {
                Some(last) if last.wire == feature => last.comparisons.push(comparison),
                _ => features.push(Feature {
                    wire: feature,
                    slice: Slice { low: comparator.feature as usize * facts.bits, width: facts.bits },
                    signed: if facts.signed && facts.bits > 1 { "signed " } else { "" },
                    range: Range(facts.bits),
                    comparisons: vec![comparison],
                }),
            }
        }
        let unused = unread_features(design, order)
            .into_iter()
            .map(|range| Slice { low: range.start * facts.bits, width: range.len() * facts.bits })
            .collect();
        Self { name: facts.name.clone(), ports, features, unused }
    }
}

/// `code >= threshold`; a code of one bit is compared by looking at it.
fn comparison(feature: Wire, threshold: i64, bits: usize, signed: bool) -> String {
    match (bits, signed) {
        (1, false) => feature.to_string(),
        // The codes are 0 and -1; only 0 reaches the threshold.
        (1, true) => format!("~{feature}"),
        (_, false) => format!("{feature} >= {bits}'d{threshold}"),
        (_, true) if threshold < 0 => format!("{feature} >= -{bits}'sd{}", threshold.unsigned_abs()),
        (_, true) => format!("{feature} >= {bits}'sd{threshold}"),
    }
}
