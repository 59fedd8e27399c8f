//! When the results of a streamed design come, found by running its counters and valid bits.

use std::collections::VecDeque;

use crate::netlist::Window;

/// When results come, in clock cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTiming {
    /// From the first pixel of a frame to the first of the next, at full rate.
    pub interval: usize,
    /// From the first pixel of a frame to its result at full rate, when the next frame follows at
    /// once.
    pub latency: usize,
    /// The same when no frame follows; less when later steps can finish a frame faster than
    /// pixels of the next come to them.
    pub latency_alone: usize,
}

impl FrameTiming {
    /// Cycles from the last pixel of a frame to its result at full rate; negative when the result
    /// needs no pixel of the last rows.
    pub fn behind_last_pixel(&self) -> i64 {
        self.latency as i64 - (self.interval as i64 - 1)
    }
}

/// The control of one step, cycle by cycle: the same registers as in `window.v`.
struct Control {
    window: Window,
    pixel: [usize; 2],
    slot: [usize; 2],
    active: bool,
    moved: bool,
    /// Valid bits of the kernel's stages, the last stage at the front.
    stages: VecDeque<bool>,
}

impl Control {
    fn new(window: Window, latency: u32) -> Self {
        let stages = std::iter::repeat_n(false, latency as usize).collect();
        Self { window, pixel: [0; 2], slot: [0; 2], active: false, moved: false, stages }
    }

    fn out_valid(&self) -> bool {
        self.stages.front().copied().unwrap_or(false)
    }

    fn is_position(&self) -> bool {
        let fits = |axis: usize| {
            let (slot, stride) = (self.slot[axis], self.window.stride[axis]);
            slot % stride == 0 && slot / stride < self.window.made[axis + 1]
        };
        self.moved && self.active && fits(0) && fits(1)
    }

    /// A clock edge.
    fn tick(&mut self, in_valid: bool) {
        let [_, height, width] = self.window.image;
        let position = self.is_position();
        self.stages.pop_front();
        self.stages.push_back(position);
        let first = in_valid && self.pixel == self.window.first();
        let advance = in_valid || (self.active && self.pixel == [0; 2]);
        self.moved = advance;
        if in_valid {
            self.pixel = next(self.pixel, [height, width]);
        }
        match advance {
            true if first => (self.active, self.slot) = (true, [0; 2]),
            true if self.active => {
                self.active = self.slot != self.window.last();
                self.slot = next(self.slot, [height, width]);
            }
            _ => {}
        }
    }
}

/// The next place, row by row.
fn next([row, column]: [usize; 2], [height, width]: [usize; 2]) -> [usize; 2] {
    match (row + 1 == height, column + 1 == width) {
        (_, false) => [row, column + 1],
        (false, true) => [row + 1, 0],
        (true, true) => [0, 0],
    }
}

/// Frames that are run. The last has nothing behind it, the others have.
const FRAMES: usize = 3;

impl FrameTiming {
    /// The timing of steps with the latency of their kernels, behind an encoder of one cycle, in
    /// front of a design of `rest` cycles.
    pub(super) fn new(steps: &[(Window, u32)], rest: u32) -> Self {
        let latencies = frames(steps, rest, FRAMES);
        let latency = |frame: usize| latencies.get(frame).copied().unwrap_or(0);
        let interval = steps.first().map_or(1, |(window, _)| window.pixels());
        Self { interval, latency: latency(0), latency_alone: latency(FRAMES - 1) }
    }
}

/// The latencies of `count` frames that come one right after the other.
fn frames(steps: &[(Window, u32)], rest: u32, count: usize) -> Vec<usize> {
    let pixels = steps.first().map_or(1, |(window, _)| window.pixels());
    let positions = steps.last().map_or(1, |(window, _)| window.positions());
    let mut controls: Vec<Control> = steps.iter().map(|&(window, latency)| Control::new(window, latency)).collect();
    let (mut encoded, mut collected) = (false, 0);
    let mut latencies = Vec::with_capacity(count);
    // No step holds a frame longer than a few frames take; the bound only ends a mistake.
    for cycle in 0..(count + 2 * steps.len() + 2) * pixels + 1000 {
        let mut valid = encoded;
        for control in &mut controls {
            let out = control.out_valid();
            control.tick(valid);
            valid = out;
        }
        if valid {
            collected += 1;
            if collected == positions {
                collected = 0;
                // One cycle until the frame is seen to be complete.
                latencies.push(cycle + 1 + rest as usize - latencies.len() * pixels);
                if latencies.len() == count {
                    break;
                }
            }
        }
        encoded = cycle < count * pixels;
    }
    latencies
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(side: usize, size: usize, stride: usize, padding: usize) -> Window {
        let made = (side + 2 * padding - size) / stride + 1;
        Window {
            image: [1, side, side],
            made: [1, made, made],
            size: [size; 2],
            stride: [stride; 2],
            padding: [padding; 2],
        }
    }

    #[test]
    fn a_step_without_padding_is_done_with_the_last_pixel() {
        // Encoder, shift, kernel, collection and two cycles of the rest behind the last pixel.
        let timing = FrameTiming::new(&[(window(8, 3, 1, 0), 1)], 2);
        assert_eq!(timing, FrameTiming { interval: 64, latency: 63 + 6, latency_alone: 63 + 6 });
    }

    #[test]
    fn padding_below_takes_a_row_and_a_pixel_more() {
        let timing = FrameTiming::new(&[(window(8, 3, 1, 1), 3)], 2);
        assert_eq!(timing, FrameTiming { interval: 64, latency: 63 + 8 + 9, latency_alone: 63 + 8 + 9 });
    }

    #[test]
    fn rows_that_no_window_reads_bring_the_result_before_the_last_pixel() {
        // The last window ends with pixel 6 of row 6 of 8.
        let timing = FrameTiming::new(&[(window(8, 3, 2, 0), 1)], 2);
        assert_eq!((timing.latency, timing.behind_last_pixel()), (6 * 8 + 6 + 6, -3));
    }

    #[test]
    fn every_frame_that_is_followed_by_another_takes_as_long() {
        for steps in [
            vec![(window(7, 3, 1, 1), 1), (window(7, 2, 2, 0), 1), (window(3, 3, 1, 1), 2)],
            vec![(window(9, 3, 2, 1), 2), (window(5, 3, 1, 1), 1), (window(5, 3, 2, 1), 1)],
            vec![(window(5, 5, 1, 2), 1), (window(5, 5, 1, 2), 3), (window(5, 3, 1, 1), 1)],
        ] {
            let all = frames(&steps, 2, 8);
            assert_eq!(all.len(), 8);
            assert!(all[..7].iter().all(|&latency| latency == all[0]), "{all:?}");
            assert!(all[7] <= all[0], "{all:?}");
        }
    }
}
