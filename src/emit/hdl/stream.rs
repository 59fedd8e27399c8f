//! Where inputs and results lie on the data buses of an AXI4-Stream.

use crate::emit::notes::OutputBus;

use super::wire::Wire;
use super::{OutputSet, Settings};

/// The two data buses, each a whole number of bytes as the protocol wants it.
#[derive(Clone, Debug)]
pub(in crate::emit) struct Stream {
    /// Bits of the input that mean something, from bit 0.
    pub(in crate::emit) input_bits: usize,
    /// Bits of the input bus.
    pub(in crate::emit) input_width: usize,
    /// The results.
    pub(in crate::emit) fields: Vec<Field>,
    /// Bits of the result bus.
    pub(in crate::emit) output_width: usize,
}

/// A result on the data bus: a number at a whole byte, so that software reads it without shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emit) struct Field {
    /// The class, one score, or all plain bits.
    pub(in crate::emit) wire: Wire,
    /// Its lowest bit on the data bus.
    pub(in crate::emit) low: usize,
    /// Its bits.
    pub(in crate::emit) width: usize,
    /// Zero bits above it up to a whole byte.
    pub(in crate::emit) padding: usize,
}

impl Stream {
    /// The buses for `input_bits` and the chosen results.
    pub(super) fn new(input_bits: usize, output: OutputBus, outputs: OutputSet) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        let mut low = 0;
        let mut add = |wire, width: usize| {
            let padding = width.next_multiple_of(8) - width;
            fields.push(Field { wire, low, width, padding });
            low += width + padding;
        };
        match output {
            OutputBus::Bits(bits) => add(Wire::Bits, bits),
            OutputBus::Classes { classes, class_bits, score_bits } => {
                if outputs.class() {
                    add(Wire::ClassIndex, class_bits);
                }
                if outputs.scores() {
                    (0..classes as u32).for_each(|class| add(Wire::Score(class), score_bits));
                }
            }
        }
        Self { input_bits, input_width: input_bits.next_multiple_of(8), fields, output_width: low }
    }

    /// The buses of a design with these settings.
    pub(super) fn of(settings: &Settings, input_bits: usize, output: OutputBus) -> Self {
        Self::new(input_bits, output, settings.outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_start_at_whole_bytes() {
        let output = OutputBus::Classes { classes: 3, class_bits: 2, score_bits: 9 };
        let stream = Stream::new(19, output, OutputSet::Both);
        let lows: Vec<usize> = stream.fields.iter().map(|field| field.low).collect();
        assert_eq!((stream.input_width, lows, stream.output_width), (24, vec![0, 8, 24, 40], 56));
        assert_eq!(Stream::new(8, output, OutputSet::Class).output_width, 8);
        assert_eq!(Stream::new(8, output, OutputSet::Scores).output_width, 48);
        assert_eq!(Stream::new(8, OutputBus::Bits(9), OutputSet::Both).output_width, 16);
    }
}
