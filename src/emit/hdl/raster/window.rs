//! One step: shift registers that hold the rows of a window, counters that say where it stands,
//! and the kernel.

use crate::emit::hdl::Hardware;
use crate::netlist::{Node, StreamedStep, Window, bits_for};

use super::constant;

/// The module of a step.
pub(in crate::emit) struct WindowModule {
    pub(in crate::emit) index: usize,
    pub(in crate::emit) window: Window,
    /// Channels of a pixel.
    pub(in crate::emit) channels_in: usize,
    /// One shift register per channel that is read.
    pub(in crate::emit) lines: Vec<Line>,
    /// Channels that nothing reads.
    pub(in crate::emit) unused: Vec<usize>,
    /// The bits of the window, in the order of the kernel's features.
    pub(in crate::emit) elements: Vec<String>,
    /// Whether rows or columns of the window lie inside the image, where that is a question.
    pub(in crate::emit) inside: Vec<(String, String)>,
    pub(in crate::emit) axes: [Axis; 2],
    /// Cycles from a window to the bits of its position.
    pub(in crate::emit) latency: usize,
    /// Whether the kernel has registers, and so a clock.
    pub(in crate::emit) kernel_clock: bool,
    /// Elements of the window.
    pub(in crate::emit) features: usize,
    /// Bits of a position.
    pub(in crate::emit) channels: usize,
}

/// A shift register.
pub(in crate::emit) struct Line {
    pub(in crate::emit) channel: usize,
    pub(in crate::emit) length: usize,
    /// The bits that the window reads, ascending.
    pub(in crate::emit) taps: Vec<usize>,
}

/// Counters along rows or columns.
pub(in crate::emit) struct Axis {
    /// `row` or `column`.
    pub(in crate::emit) name: &'static str,
    /// Bits of a coordinate.
    pub(in crate::emit) bits: usize,
    /// The constants zero, one and the largest coordinate.
    pub(in crate::emit) zero: String,
    pub(in crate::emit) one: String,
    pub(in crate::emit) largest: String,
    /// The coordinate of the pixel with which the first slot comes.
    pub(in crate::emit) first: String,
    /// The coordinate of the last slot that is a position.
    pub(in crate::emit) last: String,
    /// Bits and constants of the counter from one position to the next, where they are apart.
    pub(in crate::emit) phase: Option<Phase>,
    /// Whether there are slots of full stride behind the last position.
    pub(in crate::emit) ends_early: bool,
}

/// A counter up to a stride.
pub(in crate::emit) struct Phase {
    pub(in crate::emit) bits: usize,
    pub(in crate::emit) zero: String,
    pub(in crate::emit) one: String,
    pub(in crate::emit) largest: String,
}

impl Axis {
    fn new(window: &Window, axis: usize) -> Self {
        let (side, stride) = (window.image[axis + 1], window.stride[axis]);
        let of = |value: usize| constant(value, side - 1);
        let last = window.last()[axis];
        Self {
            name: ["row", "column"][axis],
            bits: bits_for(side - 1),
            zero: of(0),
            one: of(1),
            largest: of(side - 1),
            first: of(window.first()[axis]),
            last: of(last),
            phase: (stride > 1).then(|| Phase {
                bits: bits_for(stride - 1),
                zero: constant(0, stride - 1),
                one: constant(1, stride - 1),
                largest: constant(stride - 1, stride - 1),
            }),
            ends_early: axis == 1 && last + stride < side,
        }
    }
}

impl WindowModule {
    /// The module of step `index`, whose kernel is `kernel`.
    pub(super) fn new(index: usize, step: &StreamedStep, kernel: &Hardware<'_>) -> Self {
        let window = step.window;
        let design = &step.kernel;
        let features = design.input.features;
        let live = kernel.order.schedule.live(&design.core);
        let mut read = vec![false; features];
        for (comparator, &input) in design.comparators.iter().zip(design.core.inputs()) {
            if matches!(design.core.node(input), Node::Input(_)) && live[input.index()] {
                read[comparator.feature as usize] = true;
            }
        }
        let mut taps = vec![Vec::new(); window.image[0]];
        for feature in (0..features).filter(|&feature| read[feature]) {
            let [channel, row, column] = window.element(feature);
            taps[channel].push(window.age(row, column));
        }
        taps.iter_mut().for_each(|taps| taps.sort_unstable());
        let lengths: Vec<usize> = taps.iter().map(|taps| taps.last().map_or(0, |age| age + 1)).collect();
        let mut inside: Vec<(String, String)> = Vec::new();
        let mut elements = Vec::with_capacity(features);
        for (feature, &read) in read.iter().enumerate() {
            if !read {
                elements.push("1'b0".to_owned());
                continue;
            }
            let [channel, row, column] = window.element(feature);
            let age = window.age(row, column);
            let mut bit =
                if lengths[channel] == 1 { format!("line_{channel}") } else { format!("line_{channel}[{age}]") };
            for (axis, place) in [(0, row), (1, column)] {
                if let Some(condition) = condition(&window, axis, place) {
                    let wire = format!("{}_{place}_inside", ["row", "column"][axis]);
                    bit = format!("{bit} & {wire}");
                    if inside.iter().all(|(name, _)| *name != wire) {
                        inside.push((wire, condition));
                    }
                }
            }
            elements.push(bit);
        }
        let line = |(channel, taps): (usize, Vec<usize>)| {
            (!taps.is_empty()).then_some(Line { channel, length: lengths[channel], taps })
        };
        Self {
            index,
            window,
            channels_in: window.image[0],
            lines: taps.into_iter().enumerate().filter_map(line).collect(),
            unused: (0..lengths.len()).filter(|&channel| lengths[channel] == 0).collect(),
            elements,
            inside,
            axes: [0, 1].map(|axis| Axis::new(&window, axis)),
            latency: kernel.pipeline.latency() as usize,
            kernel_clock: kernel.pipeline.has_clock(),
            features,
            channels: window.made[0],
        }
    }

    /// The channels that the kernel reads.
    pub(super) fn channels_read(&self) -> Vec<usize> {
        self.lines.iter().map(|line| line.channel).collect()
    }

    /// Bits of the shift registers.
    pub(super) fn line_bits(&self) -> usize {
        self.lines.iter().map(|line| line.length).sum()
    }
}

/// When a row or column of the window lies inside the image; `None` when it always does.
fn condition(window: &Window, axis: usize, place: usize) -> Option<String> {
    let (side, padding) = (window.image[axis + 1], window.padding[axis]);
    let (slot, last) = (["slot_row", "slot_column"][axis], window.last()[axis]);
    let least = padding.saturating_sub(place);
    // The largest coordinate of a slot at which the place is inside.
    let most = side - 1 + padding - place;
    let below = (least > 0).then(|| format!("{slot} >= {}", constant(least, side - 1)));
    let above = (most < last).then(|| format!("{slot} <= {}", constant(most, side - 1)));
    match (below, above) {
        (Some(below), Some(above)) => Some(format!("({below}) & ({above})")),
        (below, above) => below.or(above),
    }
}
