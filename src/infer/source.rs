//! Where samples come from: packed bits, rows of bits, rows of floats.
#![allow(clippy::needless_range_loop, reason = "indices are lanes, words and squares of several arrays")]

use crate::binarized::EncodedBit;
use crate::logic::BitMatrix;

use super::program::{Block, WORDS};
use super::transpose::{EIGHT, Row, SIDE, Square, gather, turn};

/// Squares of 64 samples and columns that are filled together, eight samples at a time: memory is
/// then read in few streams, and this many squares stay in the first cache.
const TILE: usize = 32;

/// Fills the inputs of a program.
pub(super) trait Source: Sync {
    /// Writes `lanes` samples from number `first` on, at most one block; what is in the lanes
    /// behind them does not matter.
    fn fill(&self, first: usize, lanes: usize, slots: &mut [Block]);
}

/// Encoded bits, already one sample per bit.
pub(super) struct Packed<'a> {
    /// The bits.
    pub(super) bits: &'a BitMatrix,
    /// The row that each slot takes.
    pub(super) inputs: &'a [usize],
}

impl Source for Packed<'_> {
    #[inline(always)]
    fn fill(&self, first: usize, _: usize, slots: &mut [Block]) {
        for (slot, &row) in slots.iter_mut().zip(self.inputs) {
            let row = &self.bits.row(row)[first / 64..];
            match row.first_chunk::<WORDS>() {
                Some(words) => *slot = *words,
                None => slot[..row.len()].copy_from_slice(row),
            }
        }
    }
}

/// Encoded bits, a row of bytes for each sample.
pub(super) struct Rows<'a> {
    /// Bytes that are zero or one, row-major.
    pub(super) bytes: &'a [u8],
    /// Bytes of a row.
    pub(super) width: usize,
    /// The column that each slot takes, ascending.
    pub(super) inputs: &'a [usize],
}

impl Source for Rows<'_> {
    #[inline(always)]
    fn fill(&self, first: usize, lanes: usize, slots: &mut [Block]) {
        // The slots whose columns stand in one stretch of 64.
        let mut stretches = Vec::new();
        let mut start = 0;
        for inputs in self.inputs.chunk_by(|a, b| a / SIDE == b / SIDE) {
            stretches.push(start..start + inputs.len());
            start += inputs.len();
        }
        let mut squares = [Square::default(); TILE];
        for stretches in stretches.chunks(TILE) {
            for word in 0..lanes.div_ceil(SIDE) {
                let samples = SIDE.min(lanes - word * SIDE);
                let rows = &self.bytes[(first + word * SIDE) * self.width..][..samples * self.width];
                for (eight, rows) in rows.chunks(EIGHT * self.width).enumerate() {
                    for (square, stretch) in squares.iter_mut().zip(stretches) {
                        let column = self.inputs[stretch.start] / SIDE * SIDE;
                        square[eight] = self.gather(rows, column);
                    }
                }
                for (square, stretch) in squares.iter_mut().zip(stretches) {
                    turn(square);
                    for slot in stretch.clone() {
                        let column = self.inputs[slot] % SIDE;
                        slots[slot][word] = square[column % 8][column / 8];
                    }
                }
            }
        }
    }
}

impl Rows<'_> {
    /// Up to eight rows, 64 columns from `column` on.
    #[inline(always)]
    fn gather(&self, rows: &[u8], column: usize) -> [u64; 8] {
        if rows.len() == EIGHT * self.width && column + SIDE <= self.width {
            let row = |sample: usize| rows[sample * self.width + column..].first_chunk::<SIDE>();
            return gather(|sample| *row(sample).unwrap_or(&[0; SIDE]));
        }
        let mut padded = [[0u8; SIDE]; EIGHT];
        let width = SIDE.min(self.width - column);
        for (padded, row) in padded.iter_mut().zip(rows.chunks_exact(self.width)) {
            padded[..width].copy_from_slice(&row[column..column + width]);
        }
        gather(|sample| padded[sample])
    }
}

/// Features of samples, a row of floats for each.
pub(super) struct Floats<'a> {
    /// The values, row-major.
    pub(super) values: &'a [f32],
    /// How they become bits.
    pub(super) comparisons: &'a Comparisons,
}

/// 64 comparisons of one sample that are made together.
#[derive(Clone, Debug)]
struct Comparison {
    values: Operands,
    /// What the values are compared with: the result is `value >= toggle`.
    toggles: [f32; SIDE],
    /// The slots that change when a comparison holds: its number and the slot.
    slots: Vec<(u8, u32)>,
}

/// What is compared.
#[derive(Clone, Copy, Debug)]
enum Operands {
    /// Neighbouring features, from this one on, or all of fewer than 64.
    Features(usize),
    /// One feature with many toggles.
    Feature(usize),
}

/// The comparisons that encode features, each different one made once.
#[derive(Clone, Debug)]
pub(super) struct Comparisons {
    features: usize,
    /// The value of each slot below all toggles.
    initial: Vec<bool>,
    comparisons: Vec<Comparison>,
}

impl Comparisons {
    /// The comparisons for `bits`; the i-th of them belongs into slot `i`.
    pub(super) fn new<'a>(features: usize, bits: impl IntoIterator<Item = &'a EncodedBit>) -> Self {
        let mut initial = Vec::new();
        // For each feature its toggles with the slots that they change.
        let mut toggles: Vec<Vec<(f32, u32)>> = vec![Vec::new(); features];
        for (slot, bit) in (0..).zip(bits) {
            initial.push(bit.initial);
            toggles[bit.feature as usize].extend(bit.toggles.iter().map(|&toggle| (toggle, slot)));
        }
        for toggles in &mut toggles {
            toggles.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        }
        let mut comparisons = Vec::new();
        for (number, toggles) in toggles.chunks(SIDE).enumerate() {
            let different: Vec<Vec<&[(f32, u32)]>> =
                toggles.iter().map(|toggles| toggles.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()).collect()).collect();
            let deepest = different.iter().map(Vec::len).max().unwrap_or(0);
            let alone: usize = different.iter().map(|toggles| toggles.len().div_ceil(SIDE)).sum();
            if deepest <= alone {
                // All features at once, the first toggle of each, then the second, ...
                let first = (number * SIDE).min(features.saturating_sub(SIDE));
                comparisons.extend((0..deepest).map(|depth| {
                    let lane = |position: usize| number * SIDE + position - first;
                    let own = different.iter().enumerate();
                    let own = own.filter_map(|(position, all)| Some((lane(position), *all.get(depth)?)));
                    Comparison::new(Operands::Features(first), own)
                }));
            } else {
                // One feature after the other, 64 toggles of each.
                for (position, all) in different.iter().enumerate() {
                    let operands = Operands::Feature(number * SIDE + position);
                    let parts = all.chunks(SIDE);
                    comparisons.extend(parts.map(|part| Comparison::new(operands, part.iter().copied().enumerate())));
                }
            }
        }
        Self { features, initial, comparisons }
    }
}

impl Comparison {
    fn new<'a>(values: Operands, toggles: impl Iterator<Item = (usize, &'a [(f32, u32)])>) -> Self {
        // Nothing reaches NaN.
        let mut comparison = Self { values, toggles: [f32::NAN; SIDE], slots: Vec::new() };
        for (lane, same) in toggles {
            comparison.toggles[lane] = same[0].0;
            comparison.slots.extend(same.iter().map(|&(_, slot)| (lane as u8, slot)));
        }
        comparison
    }

    /// The comparisons of one sample.
    #[inline(always)]
    fn row(&self, sample: &[f32]) -> Row {
        let mut row = [0u8; SIDE];
        match self.values {
            Operands::Feature(feature) => {
                let value = sample[feature];
                for lane in 0..SIDE {
                    row[lane] = u8::from(value >= self.toggles[lane]);
                }
            }
            Operands::Features(first) => {
                let mut padded = [0f32; SIDE];
                let values = match sample[first..].first_chunk::<SIDE>() {
                    Some(values) => values,
                    None => {
                        padded[..sample.len()].copy_from_slice(sample);
                        &padded
                    }
                };
                for lane in 0..SIDE {
                    row[lane] = u8::from(values[lane] >= self.toggles[lane]);
                }
            }
        }
        row
    }
}

impl Source for Floats<'_> {
    #[inline(always)]
    fn fill(&self, first: usize, lanes: usize, slots: &mut [Block]) {
        let Comparisons { features, ref initial, ref comparisons } = *self.comparisons;
        for (slot, &initial) in slots.iter_mut().zip(initial) {
            *slot = [u64::from(initial).wrapping_neg(); WORDS];
        }
        let mut squares = [Square::default(); TILE];
        for comparisons in comparisons.chunks(TILE) {
            for word in 0..lanes.div_ceil(SIDE) {
                let samples = SIDE.min(lanes - word * SIDE);
                let values = &self.values[(first + word * SIDE) * features..][..samples * features];
                for (eight, values) in values.chunks(EIGHT * features).enumerate() {
                    for (square, comparison) in squares.iter_mut().zip(comparisons) {
                        let sample = |sample: usize| values.get(sample * features..(sample + 1) * features);
                        square[eight] = gather(|number| match sample(number) {
                            Some(sample) => comparison.row(sample),
                            None => [0; SIDE],
                        });
                    }
                }
                for (square, comparison) in squares.iter_mut().zip(comparisons) {
                    turn(square);
                    for &(lane, slot) in &comparison.slots {
                        let lane = usize::from(lane);
                        slots[slot as usize][word] ^= square[lane % 8][lane / 8];
                    }
                }
            }
        }
    }
}
