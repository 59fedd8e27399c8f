//! A network over images taken apart: what happens to a pixel, one kernel per convolution or
//! pooling, and the layers behind the last of them.
//!
//! Each part is a network of its own over single bits, so that whatever lowers, optimizes and
//! proves networks does so for the parts too.

use rustc_hash::FxHashMap;

use crate::config::InputFormat;
use crate::logic::TruthTable;

use super::spatial::column;
use super::{BinarizedError, BinarizedNetwork, Encoder, Head, IntegerBit, LutLayer, Outcome, SpatialStep};

/// A network taken apart.
#[derive(Clone, Debug)]
pub struct Streamed {
    /// Channels, height and width of the input: feature `(channel * height + row) * width + column`.
    pub frame: [usize; 3],
    /// The channels of the image that the first step reads.
    pub pixel: Vec<PixelBit>,
    /// The convolutions and poolings, first to last.
    pub steps: Vec<StreamedStep>,
    /// What stands behind the image of the last step: feature `(channel * height + row) * width +
    /// column` is a bit of it.
    pub rest: BinarizedNetwork,
    /// Why a later step over images is part of `rest`, where one is.
    pub stopped: Option<String>,
}

/// An encoded bit of every pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixelBit {
    /// The channel of the input whose code it compares, which is also the feature in `at`.
    pub channel: u32,
    /// The bit at every pixel, row by row; only one when it is the same at all of them.
    pub at: Vec<IntegerBit>,
}

/// A convolution or pooling with the one kernel that serves all positions.
#[derive(Clone, Debug)]
pub struct StreamedStep {
    /// The geometry.
    pub step: SpatialStep,
    /// Channels, height and width of what it makes.
    pub made: [usize; 3],
    /// Feature `(channel * rows + row) * columns + column` is a bit of the window, zero in the
    /// padding; the results are the channels at that position.
    pub kernel: BinarizedNetwork,
}

/// Why a network has no such form.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotStreamable {
    /// Nothing is known of layers over images.
    #[error(
        "nothing in the network says that it has layers over images: it has none, or its file is older than the \
         description of them; export the trained model, or binarize or import it again"
    )]
    NoImages,
    /// The first step cannot be streamed.
    #[error("the first layer over images cannot be streamed: {0}")]
    First(String),
    /// The encoder gives other columns to a pixel than the description says.
    #[error(
        "encoded column {column} reads feature {feature}; as an image of {image:?} it would read feature {expected}"
    )]
    Encoder {
        /// The column.
        column: usize,
        /// The feature that it reads.
        feature: u32,
        /// The feature at its pixel.
        expected: usize,
        /// Channels, height and width of the encoded image.
        image: [usize; 3],
    },
    /// A part is no network; a mistake in this program.
    #[error(transparent)]
    Part(#[from] BinarizedError),
}

impl BinarizedNetwork {
    /// Takes the network apart by the description of its layers over images, and checks that
    /// the layers are what the description says: that every node at every position has the table
    /// and the wiring of its kernel.
    ///
    /// Steps are taken from the first on for as long as they can be streamed; the others stay
    /// among the layers of [`Streamed::rest`].
    ///
    /// # Errors
    /// [`NotStreamable`] when not even the first can.
    pub fn streamed(&self) -> Result<Streamed, NotStreamable> {
        let spatial = self.spatial().ok_or(NotStreamable::NoImages)?;
        let first = spatial.steps.first().ok_or(NotStreamable::NoImages)?;
        let (frame, pixel) = self.pixel_bits(first.image, spatial.bits)?;
        let mut steps: Vec<StreamedStep> = Vec::new();
        let mut stopped = None;
        let (mut layers, mut group) = (self.layers(), spatial.bits);
        let mut bits = self.encoder().width();
        for step in &spatial.steps {
            let (own, behind) = layers.split_at(step.groups.len());
            match kernel(step, own, group) {
                Ok(kernel) => {
                    let [rows, columns] = step.grid().unwrap_or_default();
                    let made = [kernel.len(), rows, columns];
                    bits = made.iter().product();
                    let elements = step.image[0] * step.window[0] * step.window[1];
                    let layers = kernel.layers(elements);
                    let kernel =
                        over_bits(format!("{}_kernel{}", self.name(), steps.len()), elements, layers, Head::Bits)?;
                    steps.push(StreamedStep { step: step.clone(), made, kernel });
                }
                Err(reason) if steps.is_empty() => return Err(NotStreamable::First(reason)),
                Err(reason) => {
                    stopped = Some(format!("step {} over images: {reason}", steps.len()));
                    break;
                }
            }
            (layers, group) = (behind, step.groups.last().copied().unwrap_or(1));
        }
        let rest = over_bits(format!("{}_dense", self.name()), bits, layers.to_vec(), *self.head())?;
        Ok(Streamed { frame, pixel, steps, rest, stopped })
    }

    /// The channels of the encoded image.
    fn pixel_bits(&self, image: [usize; 3], group: usize) -> Result<([usize; 3], Vec<PixelBit>), NotStreamable> {
        let [channels, height, width] = image;
        let pixels = height * width;
        let bits = self.encoder().to_integer(self.input());
        let mut found = Vec::with_capacity(channels);
        for channel in 0..channels {
            let at = |pixel: usize| {
                let column = column(group, pixels, channel, pixel);
                (column, &bits[column])
            };
            let own = at(0).1.feature as usize / pixels;
            let mut all = Vec::with_capacity(pixels);
            for pixel in 0..pixels {
                let (column, bit) = at(pixel);
                let expected = own * pixels + pixel;
                if bit.feature as usize != expected {
                    return Err(NotStreamable::Encoder { column, feature: bit.feature, expected, image });
                }
                all.push(IntegerBit { feature: own as u32, ..bit.clone() });
            }
            if all.windows(2).all(|pair| pair[0] == pair[1]) {
                all.truncate(1);
            }
            found.push(PixelBit { channel: own as u32, at: all });
        }
        if !self.features().is_multiple_of(pixels) {
            let problem = format!("{} features are no whole number of planes of {height} x {width}", self.features());
            return Err(NotStreamable::First(problem));
        }
        Ok(([self.features() / pixels, height, width], found))
    }
}

/// A network over `features` single bits.
fn over_bits(
    name: String,
    features: usize,
    layers: Vec<LutLayer>,
    head: Head,
) -> Result<BinarizedNetwork, BinarizedError> {
    let encoder = Encoder::from_thresholds(features, &vec![0.5; features]);
    BinarizedNetwork::new(name, InputFormat::unsigned(1), encoder, layers, head)
}

/// The nodes of one layer of a kernel.
struct Nodes {
    fan_in: usize,
    /// Elements of the window, or nodes of the layer below.
    wiring: Vec<u32>,
    tables: Vec<TruthTable>,
}

/// The layers of a kernel.
struct Kernel(Vec<Nodes>);

impl Kernel {
    /// Number of nodes of the last layer.
    fn len(&self) -> usize {
        self.0.last().map_or(0, |nodes| nodes.tables.len())
    }

    fn layers(self, elements: usize) -> Vec<LutLayer> {
        let mut input_width = elements;
        let layer = |Nodes { fan_in, wiring, tables }: Nodes| {
            let layer = LutLayer { input_width, fan_in, wiring, tables };
            input_width = layer.width();
            layer
        };
        self.0.into_iter().map(layer).collect()
    }
}

/// Whether windows can be made one after the other while pixels come in one after the other: no
/// row of the image may have more positions than pixels, nor the image more rows of positions
/// than rows, and the first window must be complete before the next image begins.
fn in_raster_order(step: &SpatialStep, grid: [usize; 2]) -> Result<(), String> {
    let [_, height, width] = step.image;
    for (axis, (side, what)) in [(height, "rows"), (width, "columns")].into_iter().enumerate() {
        if (grid[axis] - 1) * step.stride[axis] >= side {
            return Err(format!(
                "its padding of {} makes {} {what} of positions from {side}, more than a pixel per clock can fill",
                step.padding[axis], grid[axis]
            ));
        }
    }
    if (0..2).any(|axis| step.padding[axis] >= step.window[axis]) {
        return Err(format!("its padding of {:?} holds whole windows of {:?}", step.padding, step.window));
    }
    let lag = |axis: usize| step.window[axis] - 1 - step.padding[axis];
    if lag(0) * width + lag(1) >= height * width {
        return Err(format!("its window of {:?} is larger than its image of {height} x {width}", step.window));
    }
    Ok(())
}

/// The kernel of a step whose input has groups of `group` nodes; every node at every position is
/// compared with it.
fn kernel(step: &SpatialStep, layers: &[LutLayer], group: usize) -> Result<Kernel, String> {
    let grid = step.grid().ok_or("no window fits")?;
    in_raster_order(step, grid)?;
    if step.groups.last() != Some(&1) {
        return Err("the bits of a position do not stand by channel in its last layer".into());
    }
    // A window that touches no padding shows every pin.
    let inner = [0, 1].map(|axis| step.padding[axis].div_ceil(step.stride[axis]));
    let fits = |axis: usize| {
        inner[axis] < grid[axis]
            && inner[axis] * step.stride[axis] + step.window[axis] <= step.image[axis + 1] + step.padding[axis]
    };
    if !(fits(0) && fits(1)) {
        let [_, height, width] = step.image;
        return Err(format!("no window of {:?} lies inside its image of {height} x {width}", step.window));
    }
    let mut kernel = Vec::with_capacity(layers.len());
    let mut below = group;
    for (index, (layer, &own)) in layers.iter().zip(&step.groups).enumerate() {
        let nodes = match index {
            0 => leaves(step, layer, own, below, grid, inner),
            _ => upper(layer, own, below, grid[0] * grid[1]),
        };
        kernel.push(nodes.map_err(|reason| format!("its layer {index} is not the same at every position: {reason}"))?);
        below = own;
    }
    Ok(Kernel(kernel))
}

/// The nodes that read windows.
fn leaves(
    step: &SpatialStep,
    layer: &LutLayer,
    group: usize,
    below: usize,
    grid: [usize; 2],
    inner: [usize; 2],
) -> Result<Nodes, String> {
    let ([channels, height, width], [rows, columns]) = (step.image, step.window);
    let (pixels, positions) = (height * width, grid[0] * grid[1]);
    // The element of the inner window at every column that it reads.
    let mut elements: FxHashMap<u32, u32> = FxHashMap::default();
    for channel in 0..channels {
        for place in (0..rows).flat_map(|row| (0..columns).map(move |column| [row, column])) {
            let Some(pixel) = step.pixel(inner, place) else { continue };
            let element = (channel * rows + place[0]) * columns + place[1];
            elements.insert(column(below, pixels, channel, pixel) as u32, element as u32);
        }
    }
    let count = layer.width() / positions;
    let mut nodes = Nodes { fan_in: layer.fan_in, wiring: Vec::new(), tables: Vec::new() };
    let mut padded: FxHashMap<usize, TruthTable> = FxHashMap::default();
    for node in 0..count {
        let seen = column(group, positions, node, inner[0] * grid[1] + inner[1]);
        let table = &layer.tables[seen];
        let read = inputs_read(table);
        let mut own = Vec::with_capacity(layer.fan_in);
        for (&pin, &is_read) in layer.pins(seen).iter().zip(&read) {
            match elements.get(&pin) {
                Some(&element) => own.push(element),
                // An input that the table ignores may be wired to anything.
                None if !is_read => own.push(0),
                None => return Err(format!("node {node} reads outside of its window")),
            }
        }
        padded.clear();
        for position in 0..positions {
            let at = [position / grid[1], position % grid[1]];
            let index = column(group, positions, node, position);
            let mut zeros = 0usize;
            for (pin, (&element, &found)) in own.iter().zip(layer.pins(index)).enumerate().filter(|(pin, _)| read[*pin])
            {
                let (channel, place) = (element as usize / (rows * columns), element as usize % (rows * columns));
                match step.pixel(at, [place / columns, place % columns]) {
                    Some(pixel) if column(below, pixels, channel, pixel) as u32 != found => {
                        return Err(format!("input {pin} of node {node} moves off at position {at:?}"));
                    }
                    Some(_) => {}
                    None => zeros |= 1 << pin,
                }
            }
            let expected = match zeros {
                0 => table,
                _ => padded
                    .entry(zeros)
                    .or_insert_with(|| TruthTable::from_fn(layer.fan_in, |row| table.row(row & !zeros))),
            };
            if layer.tables[index] != *expected {
                return Err(format!("the table of node {node} changes at position {at:?}"));
            }
        }
        nodes.wiring.extend(own);
        nodes.tables.push(table.clone());
    }
    Ok(nodes)
}

/// Which inputs a table depends on.
fn inputs_read(table: &TruthTable) -> Vec<bool> {
    let support = table.support();
    (0..table.inputs()).map(|input| support.contains(&input)).collect()
}

/// The nodes that read nodes of the layer below at the same position.
fn upper(layer: &LutLayer, group: usize, below: usize, positions: usize) -> Result<Nodes, String> {
    let count = layer.width() / positions;
    let mut nodes = Nodes { fan_in: layer.fan_in, wiring: Vec::new(), tables: Vec::new() };
    for node in 0..count {
        let first = column(group, positions, node, 0);
        let read = inputs_read(&layer.tables[first]);
        let mut own = Vec::with_capacity(layer.fan_in);
        for (&pin, &is_read) in layer.pins(first).iter().zip(&read) {
            let (pin, unit) = (pin as usize, below * positions);
            if pin % unit >= below && is_read {
                return Err(format!("node {node} reads another position"));
            }
            own.push(pin / unit * below + pin % unit % below);
        }
        for position in 0..positions {
            let index = column(group, positions, node, position);
            let mut reads = layer.pins(index).iter().zip(&own).zip(&read).filter(|(_, is_read)| **is_read);
            if reads.any(|((&pin, &child), _)| pin as usize != column(below, positions, child, position)) {
                return Err(format!("the inputs of node {node} change at position {position}"));
            }
            if layer.tables[index] != layer.tables[first] {
                return Err(format!("the table of node {node} changes at position {position}"));
            }
        }
        nodes.wiring.extend(own.into_iter().map(|child| child as u32));
        nodes.tables.push(layer.tables[first].clone());
    }
    Ok(nodes)
}

impl Streamed {
    /// What the parts together make of one sample's codes, window by window: the reference of
    /// this form, compared with that of the network in tests.
    pub fn predict_codes(&self, codes: &[i64]) -> Outcome {
        let pixels = self.frame[1] * self.frame[2];
        let encoded = |bit: &PixelBit, pixel: usize| {
            let own = if bit.at.len() == 1 { &bit.at[0] } else { &bit.at[pixel] };
            own.value(codes[bit.channel as usize * pixels + pixel])
        };
        let mut image: Vec<i64> =
            self.pixel.iter().flat_map(|bit| (0..pixels).map(move |pixel| i64::from(encoded(bit, pixel)))).collect();
        for StreamedStep { step, made: [channels, rows, columns], kernel } in &self.steps {
            let (positions, area) = (rows * columns, step.image[1] * step.image[2]);
            let mut next = vec![0; channels * positions];
            for position in 0..positions {
                let at = [position / columns, position % columns];
                let mut window = Vec::with_capacity(kernel.features());
                for channel in 0..step.image[0] {
                    for place in (0..step.window[0]).flat_map(|y| (0..step.window[1]).map(move |x| [y, x])) {
                        window.push(step.pixel(at, place).map_or(0, |pixel| image[channel * area + pixel]));
                    }
                }
                for (channel, &bit) in kernel.predict_codes(&window).bits().iter().enumerate() {
                    next[channel * positions + position] = i64::from(bit);
                }
            }
            image = next;
        }
        self.rest.predict_codes(&image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{ImageShape, RandomStep, random_image_network};
    use proptest::prelude::*;

    fn shape(steps: Vec<RandomStep>) -> ImageShape {
        ImageShape {
            image: [2, 7, 6],
            input: InputFormat::unsigned(3),
            bits_per_feature: 2,
            feature_wise: true,
            steps,
            dense: vec![(4, 12)],
            head: Head::GroupSum { classes: 3, tau: 1.0 },
        }
    }

    fn codes(network: &BinarizedNetwork, seed: u64) -> Vec<i64> {
        let value = |feature: usize| (((feature as u64 + 3) * (seed + 11) * 0x9e37_79b9) >> 13) % 8;
        (0..network.features()).map(|feature| value(feature) as i64).collect()
    }

    fn steps() -> impl Strategy<Value = Vec<RandomStep>> {
        let step =
            (1usize..4, 1usize..4, 1usize..4, 1usize..4, 1usize..3, 1usize..3, 0usize..2, any::<bool>(), 0usize..3)
                .prop_map(|(channels, fan_in, rows, columns, down, across, padding, is_pool, depth)| match is_pool {
                    true => RandomStep {
                        channels: 0,
                        fan_in: 4,
                        depth: 0,
                        window: [2, 2],
                        stride: [down, across],
                        padding: [0; 2],
                    },
                    false => RandomStep {
                        channels,
                        fan_in,
                        depth,
                        window: [rows, columns],
                        stride: [down, across],
                        padding: [padding.min((rows - 1) / 2), padding.min((columns - 1) / 2)],
                    },
                });
        prop::collection::vec(step, 1..3).prop_map(fitting)
    }

    /// The first steps, up to one whose window is larger than what the others leave of the image.
    fn fitting(steps: Vec<RandomStep>) -> Vec<RandomStep> {
        let mut image = shape(Vec::new()).image;
        let mut fits = |step: &RandomStep| {
            let RandomStep { window, stride, padding, .. } = *step;
            let grid = SpatialStep { image, window, stride, padding, groups: Vec::new() }.grid();
            if let Some([rows, columns]) = grid {
                image = [image[0], rows, columns];
            }
            grid.is_some()
        };
        steps.into_iter().take_while(|step| fits(step)).collect()
    }

    proptest! {
        #[test]
        fn the_parts_compute_what_the_network_computes(seed in any::<u64>(), steps in steps(), feature_wise in any::<bool>()) {
            let network = random_image_network(seed, &ImageShape { feature_wise, ..shape(steps) });
            let streamed = network.streamed().unwrap();
            for sample in 0..5 {
                let codes = codes(&network, seed.wrapping_add(sample) % 1000);
                let (expected, found) = (network.predict_codes(&codes), streamed.predict_codes(&codes));
                prop_assert_eq!((found.scores, found.class), (expected.scores, expected.class));
            }
        }
    }

    #[test]
    fn thresholds_that_all_pixels_share_are_kept_once() {
        let steps = vec![RandomStep::convolution(3, 3, 3, 1, 1)];
        let own = random_image_network(1, &shape(steps.clone())).streamed().unwrap();
        assert_eq!(own.pixel.iter().map(|bit| bit.at.len()).collect::<Vec<_>>(), [42; 4]);
        let common = ImageShape { feature_wise: false, ..shape(steps) };
        let common = random_image_network(1, &common).streamed().unwrap();
        assert_eq!(
            common.pixel.iter().map(|bit| (bit.channel, bit.at.len())).collect::<Vec<_>>(),
            [(0, 1), (0, 1), (1, 1), (1, 1)]
        );
        assert_eq!(common.steps[0].made, [3, 7, 6]);
    }

    #[test]
    fn a_node_that_differs_at_one_position_is_found() {
        let network = random_image_network(1, &shape(vec![RandomStep::convolution(3, 3, 3, 1, 1)]));
        let change = |change: &dyn Fn(&mut Vec<LutLayer>)| {
            let mut layers = network.layers().to_vec();
            change(&mut layers);
            BinarizedNetwork::new("x", *network.input(), network.encoder().clone(), layers, *network.head())
                .and_then(|changed| changed.with_spatial(network.spatial().cloned()))
                .unwrap()
                .streamed()
                .unwrap_err()
                .to_string()
        };
        let message = change(&|layers| layers[0].tables[100] = TruthTable::from_fn(3, |_| true));
        assert!(
            message.contains("its layer 0 is not the same at every position: the table of node 2 changes"),
            "{message}"
        );
        let message = change(&|layers| {
            let last = layers[1].wiring.len() - 1;
            layers[1].wiring[last] -= 1;
        });
        assert!(message.contains("its layer 1 is not the same") && message.contains("node 2"), "{message}");
    }

    #[test]
    fn a_network_without_images_and_a_window_that_is_never_inside_say_so() {
        let plain = crate::binarized::arbitrary::random_network(1, &crate::binarized::arbitrary::NetworkShape::small());
        assert_eq!(plain.streamed().unwrap_err(), NotStreamable::NoImages);
        let small = ImageShape { image: [1, 2, 2], ..shape(vec![RandomStep::convolution(2, 2, 3, 1, 1)]) };
        let message = random_image_network(3, &small).streamed().unwrap_err().to_string();
        assert!(message.contains("no window of [3, 3] lies inside its image of 2 x 2"), "{message}");
        // Behind a step that can be streamed it stays unrolled.
        let steps = vec![RandomStep::convolution(3, 3, 3, 2, 0), RandomStep::convolution(2, 2, 4, 1, 1)];
        let streamed = random_image_network(3, &ImageShape { image: [1, 6, 7], ..shape(steps) }).streamed().unwrap();
        assert_eq!((streamed.steps.len(), streamed.rest.layers().len()), (1, 3));
        assert!(streamed.stopped.unwrap().starts_with("step 1 over images: its window of [4, 4] is larger"));
    }
}
