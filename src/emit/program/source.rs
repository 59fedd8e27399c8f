//! What the words of a workspace hold before a program runs, and comparisons made of it.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::bitslice::{Decomposer, Gates, Signal};
use crate::netlist::{Comparator, Design, InputBus, Node};

use crate::emit::order::CoreOrder;

/// Columns of one stretch of the input that are transposed together, see [`Plane::place`].
const COLUMNS: usize = 64;

/// What a word can hold at the start, for every sample of it.
pub(in crate::emit) trait Source: Copy + Eq + Hash {
    /// Sources are put into the first words of the workspace in ascending order of this.
    fn place(self, input: InputBus) -> impl Ord;

    /// `code >= threshold` by gates over sources.
    fn compare(sources: &mut Builder<Self>, input: InputBus, comparator: Comparator) -> Signal;
}

/// One bit of one feature. What suits many samples: codes are transposed once, and comparisons are
/// gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::emit) struct Plane {
    /// The feature.
    pub(in crate::emit) feature: u32,
    /// Which bit of its code, 0 the lowest.
    pub(in crate::emit) bit: u32,
}

/// Bytes of the integer that holds a code.
pub(in crate::emit) fn code_bytes(input: InputBus) -> u32 {
    input.bits.next_power_of_two().max(8) / 8
}

impl Plane {
    /// Position of its byte among the codes of a sample, lowest byte of a code first.
    fn column(self, input: InputBus) -> usize {
        self.feature as usize * code_bytes(input) as usize + self.bit as usize / 8
    }

    /// Stretch of 64 columns, bit within the byte, column within the stretch: in this order a stretch
    /// is transposed one bit at a time.
    pub(in crate::emit) fn place(self, input: InputBus) -> (usize, u32, usize) {
        let column = self.column(input);
        (column / COLUMNS, self.bit % 8, column % COLUMNS)
    }
}

impl Source for Plane {
    fn place(self, input: InputBus) -> impl Ord {
        Plane::place(self, input)
    }

    /// From the lowest bit up: a bit that the largest smaller code has must be there, one that it
    /// has not decides.
    fn compare(sources: &mut Builder<Self>, input: InputBus, comparator: Comparator) -> Signal {
        let below = comparator.threshold - 1 - input.min_code();
        let mut greater = Signal::FALSE;
        for bit in 0..input.bits {
            let plane = sources.source(Self { feature: comparator.feature, bit });
            // Two's complement counts from the bottom once its sign is inverted.
            let plane = plane.invert_if(input.signed && bit + 1 == input.bits);
            let one = below >> bit & 1 == 1;
            greater = if one { sources.gates.and(plane, greater) } else { sources.gates.or(plane, greater) };
        }
        greater
    }
}

/// The comparison itself. What suits single samples and little memory: a row of a table and a turn of
/// a loop instead of several gates.
impl Source for Comparator {
    fn place(self, _: InputBus) -> impl Ord {
        (self.feature, self.threshold)
    }

    fn compare(sources: &mut Builder<Self>, _: InputBus, comparator: Comparator) -> Signal {
        sources.source(comparator)
    }
}

/// The gates of a design while they are made.
pub(in crate::emit) struct Builder<S> {
    pub(super) gates: Gates,
    /// The source of each plane of `gates`.
    pub(super) sources: Vec<S>,
    /// For each gate the comparator or table that it was made for first, in the order of making.
    pub(super) units: Vec<u32>,
    numbers: FxHashMap<S, u32>,
}

impl<S: Source> Builder<S> {
    /// No gates yet.
    pub(super) fn new() -> Self {
        Self { gates: Gates::new(), sources: Vec::new(), units: Vec::new(), numbers: FxHashMap::default() }
    }

    /// Makes the gates of all live tables; returns the outputs.
    pub(super) fn core(&mut self, design: &Design, order: &CoreOrder) -> Vec<Signal> {
        let core = &design.core;
        let mut signals = vec![Signal::FALSE; core.nodes()];
        let mut decomposer = Decomposer::new();
        for &number in &order.comparators {
            let signal = S::compare(self, design.input, design.comparators[number as usize]);
            signals[core.inputs()[number as usize].index()] = signal;
            self.close_unit();
        }
        for &id in &order.tables {
            if let (Some(table), Node::Lut(_)) = (core.table(id), core.node(id)) {
                let inputs: Vec<Signal> =
                    order.schedule.fan_ins(id).iter().map(|fan_in| signals[fan_in.index()]).collect();
                signals[id.index()] = decomposer.build(&mut self.gates, table, &inputs);
            }
            self.close_unit();
        }
        core.outputs().iter().map(|output| signals[output.index()]).collect()
    }

    /// The gates made since the last call are one unit.
    fn close_unit(&mut self) {
        let number = self.units.last().map_or(0, |&last| last + 1);
        self.units.resize(self.gates.len(), number);
    }

    fn source(&mut self, source: S) -> Signal {
        let next = self.sources.len() as u32;
        let number = *self.numbers.entry(source).or_insert(next);
        if number == next {
            self.sources.push(source);
        }
        self.gates.plane(number)
    }
}
