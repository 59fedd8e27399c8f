//! A design over images through which pixels pass one after the other: one kernel per convolution
//! or pooling, and a design behind the last of them.

use super::{Design, InputBus};

/// The parts of a streamed design. A pixel has one code per channel of the frame; pixels come row
/// by row.
#[derive(Clone, Debug)]
pub struct StreamedDesign {
    /// Free text; targets turn it into an identifier of their language.
    pub name: String,
    /// The codes of a whole frame, feature `(channel * height + row) * width + column`.
    pub input: InputBus,
    /// Channels, height and width of a frame.
    pub frame: [usize; 3],
    /// The bits of a pixel that the first step reads.
    pub pixel: Vec<StreamedBit>,
    /// The convolutions and poolings, first to last; at least one.
    pub steps: Vec<StreamedStep>,
    /// What stands behind the last step: feature `channel * positions + position` of one bit is a
    /// bit of its image.
    pub rest: Design,
}

impl StreamedDesign {
    /// Every part that is a design of its own, the kernels first.
    pub fn designs_mut(&mut self) -> impl Iterator<Item = &mut Design> {
        self.steps.iter_mut().map(|step| &mut step.kernel).chain(std::iter::once(&mut self.rest))
    }
}

/// An encoded bit of a pixel: `initial XOR parity of thresholds t with code >= t`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamedBit {
    /// The channel whose code is compared.
    pub channel: u32,
    /// Initial value and ascending thresholds at every pixel, row by row; one element when they
    /// are the same at all of them.
    pub at: Vec<(bool, Vec<i64>)>,
}

/// A convolution or pooling.
#[derive(Clone, Debug)]
pub struct StreamedStep {
    /// Which bits the kernel reads when.
    pub window: Window,
    /// The kernel: feature `(channel * rows + row) * columns + column` of one bit is a bit of the
    /// window, its plain bits are the channels of one position.
    pub kernel: Design,
}

/// Windows that slide over an image.
///
/// A step shifts one pixel in at a time. Slot `u` of an image is the shift that brings the last
/// element of the window whose first is pixel `u` minus the padding: `lag` shifts after pixel `u`
/// itself. Slots at multiples of the stride are positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Channels, height and width of what is read.
    pub image: [usize; 3],
    /// Channels, height and width of what is made.
    pub made: [usize; 3],
    /// Rows and columns.
    pub size: [usize; 2],
    /// Distance of windows.
    pub stride: [usize; 2],
    /// Zeros on either side.
    pub padding: [usize; 2],
}

impl Window {
    /// Number of pixels that are read.
    pub fn pixels(&self) -> usize {
        self.image[1] * self.image[2]
    }

    /// Number of positions.
    pub fn positions(&self) -> usize {
        self.made[1] * self.made[2]
    }

    /// Channel, row and column of an element of the window.
    pub fn element(&self, feature: usize) -> [usize; 3] {
        let [rows, columns] = self.size;
        [feature / (rows * columns), feature / columns % rows, feature % columns]
    }

    /// Shifts since the pixel at (`row`, `column`) of the window came in; 0 is the newest.
    pub fn age(&self, row: usize, column: usize) -> usize {
        (self.size[0] - 1 - row) * self.image[2] + (self.size[1] - 1 - column)
    }

    /// The pixel, row and column, with which slot 0 comes.
    pub fn first(&self) -> [usize; 2] {
        let lag = (self.size[0] - 1 - self.padding[0]) * self.image[2] + self.size[1] - 1 - self.padding[1];
        [lag / self.image[2], lag % self.image[2]]
    }

    /// Row and column of the last slot that is a position.
    pub fn last(&self) -> [usize; 2] {
        [(self.made[1] - 1) * self.stride[0], (self.made[2] - 1) * self.stride[1]]
    }
}
