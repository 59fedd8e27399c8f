//! What takes LUTs beside tables: counters, conditions, padding and line buffers, by rule.

use crate::emit::{LineFacts, StepFacts, StreamedFacts};

pub(super) const RULE6: &str = "encoder, kernels and dense layers as in an unrolled design; a counter takes a LUT6 for \
                                each of its bits, a condition on counters a tree of LUT6, an element of a window that may \
                                lie in the padding one; of a line buffer three or more bits that only the next one reads \
                                are a shift register in one LUT for every 32 of them, the others flip-flops. A table of \
                                thresholds by pixel of more than 10,240 bits, rows filled up to a power of two, is \
                                block memory.";
pub(super) const RULE4: &str = "the tables of the LUT6 estimate, each taken apart into LUT4 by itself; counters, \
                                conditions and padding as there, by LUT4; line buffers are flip-flops. A table of \
                                thresholds by pixel of more than 2,048 bits, rows filled up to a power of two, is \
                                block memory.";

/// The fewest bits for which a shift register is worth a LUT.
const SHORTEST: usize = 3;

/// Bits of a shift register that one LUT of AMD holds.
const BITS_OF_LUT: usize = 32;

/// LUTs of `inputs` inputs for a function of `of` inputs that is a tree, as conjunctions are.
fn tree(of: usize, inputs: usize) -> usize {
    of.saturating_sub(1).div_ceil(inputs - 1)
}

/// LUTs of the counters and conditions of a window, and of its elements that may lie in the padding.
pub(super) fn window(step: &StepFacts, inputs: usize) -> usize {
    let conditions: usize = step.conditions.iter().map(|&of| tree(of, inputs)).sum();
    step.counters.iter().sum::<usize>() + conditions + step.masked
}

/// LUTs of the counter of pixels in front of thresholds that differ between them.
pub(super) fn pixel_number(facts: &StreamedFacts, inputs: usize) -> usize {
    facts.pixel_number + tree(facts.pixel_number, inputs)
}

/// LUTs of what collects the last image: where a position goes.
pub(super) fn image(facts: &StreamedFacts) -> usize {
    if facts.positions > 1 { facts.positions } else { 0 }
}

/// LUTs that hold stretches of line buffers, and the bits in them.
pub(super) fn shift_registers(lines: &[LineFacts]) -> (usize, usize) {
    let stretches = lines.iter().flat_map(LineFacts::stretches).filter(|&bits| bits >= SHORTEST);
    stretches.fold((0, 0), |(luts, sum), bits| (luts + bits.div_ceil(BITS_OF_LUT), sum + bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_counted_as_its_parts_are() {
        // Three taps in each of two rows of forty pixels; padding on all sides of 3 x 2.
        let step = StepFacts {
            lines: vec![LineFacts { channel: 0, taps: vec![0, 1, 2, 40, 41, 42] }],
            counters: vec![5, 6, 5, 6],
            conditions: vec![6, 6, 12, 12, 13, 2, 4],
            masked: 5,
            control_registers: 0,
            kernel_registers: 0,
            kernel_latency: 1,
        };
        assert_eq!(window(&step, 6), 22 + (1 + 1 + 3 + 3 + 3 + 1 + 1) + 5);
        assert_eq!(window(&step, 4), 22 + (2 + 2 + 4 + 4 + 4 + 1 + 1) + 5);
        // Bits 3 to 40 lie between taps.
        assert_eq!(shift_registers(&step.lines), (2, 38));
        let short = LineFacts { channel: 0, taps: vec![0, 1, 4, 6] };
        assert_eq!(shift_registers(&[short]), (1, 3));
    }
}
