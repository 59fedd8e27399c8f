//! Images as columns, and what layers over images read of them.
//!
//! A layer over an image returns the columns `(channel * height + row) * width + column`. The
//! encoder's columns are feature-major: column `feature * bits + bit`, where the features of an
//! image are in the order above; as an image they have the channels `channel * bits + bit`.

use std::sync::Arc;

use super::Wiring;
use crate::config::{ImageShape, SpatialConfig};
use crate::logic::MAX_INPUTS;

/// An image that columns hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    shape: ImageShape,
    /// Bits of a feature next to each other; 1 behind the encoder.
    bits: usize,
}

impl Image {
    /// An image of `shape` (its channels those of the features times `bits`) as the encoder
    /// returns it.
    pub fn encoded(shape: ImageShape, bits: usize) -> Self {
        Self { shape, bits: bits.max(1) }
    }

    /// An image of `shape` as a layer returns it.
    pub fn plain(shape: ImageShape) -> Self {
        Self { shape, bits: 1 }
    }

    /// Channels, height and width.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.shape.iter().product()
    }

    /// The column of a pixel.
    fn column(&self, channel: usize, row: usize, column: usize) -> u32 {
        let [_, height, width] = self.shape;
        let pixel = (channel / self.bits * height + row) * width + column;
        (pixel * self.bits + channel % self.bits) as u32
    }

    /// What place (`row`, `column`) of the window at `at` reads of a channel; `None` is padding.
    fn place(&self, channel: usize, at: [usize; 2], place: [usize; 2], spatial: &SpatialConfig) -> Option<u32> {
        let [_, height, width] = self.shape;
        let (_, stride, padding) = spatial.window();
        let row = (at[0] * stride[0] + place[0]).checked_sub(padding[0]).filter(|&row| row < height)?;
        let column = (at[1] * stride[1] + place[1]).checked_sub(padding[1]).filter(|&column| column < width)?;
        Some(self.column(channel, row, column))
    }
}

/// One level of the trees of a convolution: its nodes serve every position of the windows.
///
/// Position `p` of node `j` is column `j * positions + p` of what the level returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unroll {
    positions: usize,
    /// Columns that the nodes can be wired to.
    elements: usize,
    /// Of the leaves: column `element * positions + position` of the windows is that column of the
    /// part before, or a zero where it is the number of its columns. Of upper levels: `None`,
    /// every element is a node below.
    windows: Option<Arc<Wiring>>,
}

impl Unroll {
    /// The leaves over the windows of `image`, at `out` rows and columns; `None` when the window
    /// does not fit. Elements are `(channel * rows + row) * columns + column` of the window.
    pub fn leaves(image: Image, spatial: &SpatialConfig, out: [usize; 2]) -> Option<Self> {
        let (window, ..) = spatial.window();
        let positions = out[0] * out[1];
        let elements = image.shape[0] * window[0] * window[1];
        let zero = image.columns() as u32;
        let mut columns = Vec::with_capacity(elements * positions);
        for channel in 0..image.shape[0] {
            for place in grid(window) {
                columns.extend(grid(out).map(|at| image.place(channel, at, place, spatial).unwrap_or(zero)));
            }
        }
        let windows = Arc::new(Wiring::new(image.columns() + 1, 1, columns)?);
        Some(Self { positions, elements, windows: Some(windows) })
    }

    /// A level above `elements` nodes.
    pub fn upper(elements: usize, positions: usize) -> Self {
        Self { positions, elements, windows: None }
    }

    /// How many positions the nodes serve.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// Columns that the nodes can be wired to.
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// Columns of the part before.
    pub fn input_width(&self) -> usize {
        match &self.windows {
            Some(windows) => windows.input_width() - 1,
            None => self.elements * self.positions,
        }
    }

    /// The windows of leaves, one column per element and position; the last column that they
    /// may name is zero.
    pub fn windows(&self) -> Option<&Arc<Wiring>> {
        self.windows.as_ref()
    }

    /// The column of the part before that `element` is at `position`; `None` is zero.
    pub fn source(&self, element: u32, position: usize) -> Option<u32> {
        let column = element as usize * self.positions + position;
        match &self.windows {
            None => Some(column as u32),
            Some(windows) => {
                windows.columns().get(column).copied().filter(|&column| (column as usize) < windows.input_width() - 1)
            }
        }
    }
}

/// One layer of ors of a pooling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrLevel {
    /// Inputs of its nodes.
    pub fan_in: usize,
    /// What every node reads, 1 to `fan_in` columns.
    pub groups: Vec<Vec<u32>>,
}

/// The windows of a pooling and, for bits, the tables that it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    windows: Wiring,
    levels: Vec<OrLevel>,
}

impl Pool {
    /// The windows of `image`, at `out` rows and columns; `None` when the window does not fit.
    pub fn new(image: Image, spatial: &SpatialConfig, out: [usize; 2]) -> Option<Self> {
        let (window, ..) = spatial.window();
        let mut columns = Vec::new();
        for channel in 0..image.shape[0] {
            for at in grid(out) {
                for place in grid(window) {
                    columns.push(image.place(channel, at, place, spatial)?);
                }
            }
        }
        let area = window[0] * window[1];
        let mut groups: Vec<Vec<u32>> = columns.chunks_exact(area.max(1)).map(<[u32]>::to_vec).collect();
        let windows = Wiring::new(image.columns(), area, columns)?;
        let mut levels = Vec::new();
        loop {
            // All windows are alike, so that one is as wide as any.
            let widest = groups.first().map_or(0, Vec::len);
            let mut next: Vec<Vec<u32>> = Vec::with_capacity(groups.len());
            let mut parts = Vec::new();
            for group in &groups {
                let first = parts.len() as u32;
                parts.extend(group.chunks(MAX_INPUTS).map(<[u32]>::to_vec));
                next.push((first..parts.len() as u32).collect());
            }
            levels.push(OrLevel { fan_in: widest.min(MAX_INPUTS), groups: parts });
            if widest <= MAX_INPUTS {
                return Some(Self { windows, levels });
            }
            groups = next;
        }
    }

    /// What every output reads.
    pub fn windows(&self) -> &Wiring {
        &self.windows
    }

    /// Layers of ors, one behind the other.
    pub fn levels(&self) -> &[OrLevel] {
        &self.levels
    }
}

/// Rows and columns of a grid, row by row.
fn grid([rows, columns]: [usize; 2]) -> impl Iterator<Item = [usize; 2]> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_an_encoded_image_follow_its_features() {
        let spatial = SpatialConfig::Convolutional {
            out_channels: 1,
            receptive_field: [2, 2],
            stride: [1, 2],
            padding: [1, 0],
            tree_depth: 0,
            grouped_connections: false,
        };
        // One channel of 2 x 3 pixels of 2 bits: column (row * 3 + column) * 2 + bit.
        let unroll = Unroll::leaves(Image::encoded([2, 2, 3], 2), &spatial, [3, 1]).unwrap();
        assert_eq!((unroll.positions(), unroll.elements(), unroll.input_width()), (3, 8, 12));
        // Bit 1, place (0, 1) of the window: above the image, then rows 0 and 1 of column 1.
        let element = 4 + 1;
        let read: Vec<Option<u32>> = (0..3).map(|position| unroll.source(element, position)).collect();
        assert_eq!(read, [None, Some(3), Some(9)]);
        assert_eq!(Unroll::upper(4, 3).source(2, 1), Some(7));
    }

    #[test]
    fn wide_windows_are_trees_of_ors() {
        let spatial = SpatialConfig::MaxPool { size: [5, 4], stride: [5, 4] };
        let pool = Pool::new(Image::plain([2, 5, 4]), &spatial, [1, 1]).unwrap();
        let sizes: Vec<(usize, Vec<usize>)> =
            pool.levels().iter().map(|level| (level.fan_in, level.groups.iter().map(Vec::len).collect())).collect();
        assert_eq!(sizes, [(16, vec![16, 4, 16, 4]), (2, vec![2, 2])]);
        assert_eq!(pool.levels()[1].groups, [[0, 1], [2, 3]]);
        assert_eq!(pool.windows().node(1)[0], 20);
    }
}
