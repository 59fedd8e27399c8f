//! What a streamed design is made of beside the tables of its parts: the registers, what counts
//! pixels and positions, and when results come.

use super::{FrameTiming, Interface, Raster};

/// Sizes and times of a streamed design, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamedFacts {
    /// When results come.
    pub timing: FrameTiming,
    /// The bits of a pixel that the first kernel reads, by their number in
    /// [`StreamedDesign::pixel`](crate::netlist::StreamedDesign::pixel).
    pub pixel_bits: Vec<usize>,
    /// Bits of a counter of pixels, where their thresholds differ; else 0.
    pub pixel_number: usize,
    /// Bits of a row of the table of these thresholds, which has one row for every pixel.
    pub pixel_thresholds: usize,
    /// Register bits of the encoder, its counter and its valid bit included.
    pub encoder_registers: usize,
    /// The convolutions and poolings, first to last.
    pub steps: Vec<StepFacts>,
    /// Positions of the last image.
    pub positions: usize,
    /// Bits of the last image, all of them registers.
    pub image_bits: usize,
    /// Register bits that say where the next position goes and whether the image is complete.
    pub image_registers: usize,
    /// Register bits of the pipeline behind the last image, its valid bits included and those of an
    /// AXI4-Stream not.
    pub dense_registers: usize,
    /// Cycles from the last image to the results.
    pub dense_latency: u32,
}

/// One window and its kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFacts {
    /// The shift registers of the window.
    pub lines: Vec<LineFacts>,
    /// Bits of the counters of pixels, positions and strides.
    pub counters: Vec<usize>,
    /// Inputs of the functions of these that say what to do.
    pub conditions: Vec<usize>,
    /// Elements of the window that may lie in the padding, where they are zero.
    pub masked: usize,
    /// Register bits of counters and of what says that a position is valid.
    pub control_registers: usize,
    /// Register bits of the kernel's pipeline.
    pub kernel_registers: usize,
    /// Cycles from a window to the bits of its position.
    pub kernel_latency: u32,
}

/// A shift register over the pixels of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFacts {
    /// The channel.
    pub channel: usize,
    /// Its bits that are read, ascending, 0 the newest; the last of them is its end.
    pub taps: Vec<usize>,
}

impl LineFacts {
    /// Bits of the register.
    pub fn bits(&self) -> usize {
        self.taps.last().map_or(0, |last| last + 1)
    }

    /// Bits of each stretch that ends in a bit that is read and has no other.
    pub fn stretches(&self) -> impl Iterator<Item = usize> + '_ {
        let before = std::iter::once(0).chain(self.taps.iter().map(|tap| tap + 1));
        self.taps.iter().zip(before).map(|(tap, start)| tap + 1 - start)
    }
}

impl Raster<'_> {
    /// What it is made of.
    pub(in crate::emit) fn facts(&self) -> StreamedFacts {
        let steps = self.windows.iter().zip(&self.kernels).map(|(window, kernel)| {
            let [row, column] = &window.axes;
            let phases = || window.axes.iter().filter_map(|axis| axis.phase.as_ref());
            let mut counters = vec![row.bits, column.bits, row.bits, column.bits];
            counters.extend(phases().map(|phase| phase.bits));
            let both = row.bits + column.bits;
            let at_position = 2
                + phases().map(|phase| phase.bits).sum::<usize>()
                + window.axes.iter().filter(|axis| axis.ends_early).map(|axis| axis.bits).sum::<usize>();
            // The last column of pixels and of slots; first, last, advance, position, and what `active` becomes.
            let mut conditions = vec![column.bits, column.bits, 1 + both, 1 + both, 2 + both, at_position, 4];
            conditions.extend(
                window.inside.iter().map(|(name, _)| if name.starts_with("row") { row.bits } else { column.bits }),
            );
            StepFacts {
                lines: window
                    .lines
                    .iter()
                    .map(|line| LineFacts { channel: line.channel, taps: line.taps.clone() })
                    .collect(),
                control_registers: counters.iter().sum::<usize>() + 2 + window.latency,
                counters,
                conditions,
                masked: window.elements.iter().filter(|element| element.contains('&')).count(),
                kernel_registers: kernel.registers,
                kernel_latency: kernel.pipeline.latency(),
            }
        });
        let pixel_number = self.pixel.table.as_ref().map_or(0, |table| table.position_bits);
        let pixel_bits: Vec<usize> = (0..self.pixel.made).filter(|&bit| self.pixel.encoded[bit].is_some()).collect();
        let (positions, dense_latency) = (self.collect.positions, self.rest.pipeline.latency());
        StreamedFacts {
            timing: self.timing,
            pixel_number,
            pixel_thresholds: self.pixel.table.as_ref().map_or(0, |table| table.width),
            encoder_registers: pixel_bits.len() + pixel_number + 1,
            pixel_bits,
            steps: steps.collect(),
            positions,
            image_bits: self.collect.channels * positions,
            image_registers: if positions > 1 { positions + 1 } else { 1 },
            dense_registers: self.rest.registers
                + if self.interface == Interface::Valid { dense_latency as usize } else { 0 },
            dense_latency,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_a_line_end_at_the_bits_that_are_read() {
        let line = LineFacts { channel: 0, taps: vec![0, 1, 2, 8, 9, 16] };
        assert_eq!(line.bits(), 17);
        assert_eq!(line.stretches().collect::<Vec<_>>(), [1, 1, 1, 6, 1, 7]);
    }
}
