//! Random changes of images: shift, rotation, scale, shear, elastic deformation, mirror.
//!
//! A pixel of the new image is read from a place in the old one, from the nearest pixel or the four
//! around it in proportion, outside the image from the nearest edge:
//!
//! ```text
//! (x, y)  from the middle of the new image
//! place = middle + shift + R(angle) * (scale_x * (x + shear * y), scale_y * y) + elastic(x, y)
//! ```
//!
//! and is then rounded to a value that the hardware can receive, so that the encoder sees what it
//! will see in use. Every sample of every epoch has draws of its own, addressed by their numbers:
//! neither the order nor the number of threads changes an image.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::TrainError;
use crate::config::{Augmentation, InputFormat, Interpolation, ModelConfig};

/// Points of the elastic grid along an axis.
const GRID: usize = 5;
/// Draws that are set aside for a sample: two per point of the grid, and six more.
const DRAWS: u128 = 64;
/// The first stream of random numbers of this file; those below belong to the order, the noise
/// and the split.
const STREAM: u64 = 16;

/// Changes the images of one data set.
#[derive(Clone, Debug)]
pub(super) struct Augmenter {
    settings: Augmentation,
    channels: usize,
    side: usize,
    format: InputFormat,
    rng: ChaCha8Rng,
}

/// A displacement of source places.
struct Warp {
    matrix: [f32; 4],
    shift: [f32; 2],
    grid: [[f32; 2]; GRID * GRID],
    mirror: bool,
}

impl Augmenter {
    /// For samples of `columns` features: square images of `input_shape`, or of one or three
    /// channels.
    ///
    /// # Errors
    /// [`TrainError::NoImage`] for other samples.
    pub(super) fn new(
        settings: Augmentation,
        config: &ModelConfig,
        columns: usize,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let square = |channels: usize| {
            let side = (columns / channels).isqrt();
            (side > 0 && side * side * channels == columns).then_some((channels, side))
        };
        let shape = match config.input_shape {
            Some([channels, height, width]) => (height == width).then_some((channels, height)),
            None => square(1).or_else(|| square(3)),
        };
        let (channels, side) = shape.ok_or(TrainError::NoImage { columns, shape: config.input_shape })?;
        let format = config.input_format.unwrap_or_else(|| InputFormat::unsigned(32));
        Ok(Self { settings, channels, side, format, rng: ChaCha8Rng::seed_from_u64(seed) })
    }

    /// The image of `sample` as `epoch` sees it.
    pub(super) fn apply(&self, epoch: usize, sample: usize, image: &[f32], out: &mut [f32]) {
        let warp = self.draw(epoch, sample);
        let (side, middle) = (self.side, (self.side as f32 - 1.0) / 2.0);
        // Cells of the elastic grid per pixel.
        let cell = (GRID - 1) as f32 / (side as f32 - 1.0).max(1.0);
        let planes = image.chunks_exact(side * side).zip(out.chunks_exact_mut(side * side));
        for (image, out) in planes.take(self.channels) {
            for (row, out) in out.chunks_exact_mut(side).enumerate() {
                for (column, out) in out.iter_mut().enumerate() {
                    let column = if warp.mirror { side - 1 - column } else { column };
                    let (x, y) = (column as f32 - middle, row as f32 - middle);
                    let [a, b, c, d] = warp.matrix;
                    let mut place = [middle + warp.shift[0] + a * x + b * y, middle + warp.shift[1] + c * x + d * y];
                    if self.settings.elastic > 0.0 {
                        let by = elastic(&warp.grid, column as f32 * cell, row as f32 * cell);
                        place = [place[0] + by[0], place[1] + by[1]];
                    }
                    let value = match self.settings.interpolation {
                        Interpolation::Nearest => between(image, side, place.map(f32::round)),
                        Interpolation::Bilinear => between(image, side, place),
                    };
                    *out = self.format.value(self.format.nearest_code(value));
                }
            }
        }
    }

    fn draw(&self, epoch: usize, sample: usize) -> Warp {
        let mut rng = self.rng.clone();
        rng.set_stream(STREAM + epoch as u64);
        rng.set_word_pos(sample as u128 * DRAWS);
        // Every number is drawn whether it is used or not.
        let mut within = |bound: f64| (2.0 * rng.random::<f32>() - 1.0) * bound as f32;
        let settings = &self.settings;
        let shift = [within(settings.shift), within(settings.shift)];
        let angle = within(settings.rotation).to_radians();
        let scales = [1.0 / (1.0 + within(settings.scale)), 1.0 / (1.0 + within(settings.scale))];
        let shear = within(settings.shear);
        let mirror = within(1.0) < 0.0 && settings.mirror;
        let grid = std::array::from_fn(|_| [within(settings.elastic), within(settings.elastic)]);
        let (sin, cos) = angle.sin_cos();
        let matrix = [
            cos * scales[0],
            cos * scales[0] * shear - sin * scales[1],
            sin * scales[0],
            sin * scales[0] * shear + cos * scales[1],
        ];
        Warp { matrix, shift, grid, mirror }
    }
}

/// The displacement at a place of the grid, between its four points in proportion.
fn elastic(grid: &[[f32; 2]; GRID * GRID], x: f32, y: f32) -> [f32; 2] {
    let (left, top) = ((x as usize).min(GRID - 2), (y as usize).min(GRID - 2));
    let (u, v) = (x - left as f32, y - top as f32);
    let at = |row: usize, column: usize| grid[(top + row) * GRID + left + column];
    let (a, b, c, d) = (at(0, 0), at(0, 1), at(1, 0), at(1, 1));
    [0, 1].map(|axis| (1.0 - v) * ((1.0 - u) * a[axis] + u * b[axis]) + v * ((1.0 - u) * c[axis] + u * d[axis]))
}

/// The value at a place of an image, whose edges go on for ever.
fn between(image: &[f32], side: usize, place: [f32; 2]) -> f32 {
    let last = (side - 1) as f32;
    let [x, y] = place.map(|place| place.clamp(0.0, last));
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(side - 1), (top + 1).min(side - 1));
    let (u, v) = (x - left as f32, y - top as f32);
    let at = |row: usize, column: usize| image[row * side + column];
    (1.0 - v) * ((1.0 - u) * at(top, left) + u * at(top, right))
        + v * ((1.0 - u) * at(bottom, left) + u * at(bottom, right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EncoderConfig, EncoderType, NodeType};

    const BILINEAR: Augmentation = Augmentation {
        shift: 0.0,
        rotation: 0.0,
        scale: 0.0,
        shear: 0.0,
        elastic: 0.0,
        mirror: false,
        interpolation: Interpolation::Bilinear,
    };

    fn augmenter(settings: Augmentation, columns: usize) -> Result<Augmenter, TrainError> {
        let encoder = EncoderConfig::new(EncoderType::Thermometer, 1);
        let config = ModelConfig {
            input_format: Some(InputFormat::unsigned(8)),
            ..ModelConfig::feedforward(NodeType::Dwn, 2, vec![4], encoder, 2)
        };
        Augmenter::new(settings, &config, columns, 3)
    }

    fn images(settings: Augmentation, image: &[f32], count: usize) -> Vec<Vec<f32>> {
        let augmenter = augmenter(settings, image.len()).unwrap();
        let one = |sample| {
            let mut out = vec![0.0; image.len()];
            augmenter.apply(1, sample, image, &mut out);
            out
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn a_shift_moves_every_pixel_alike() {
        // A ramp along x; a bilinear shift of it is the ramp plus the shift, where no edge is near.
        let ramp: Vec<f32> = (0..9 * 9).map(|at| 20.0 * (at % 9) as f32).collect();
        let settings = Augmentation { shift: 2.0, ..BILINEAR };
        let mut shifts = Vec::new();
        for image in images(settings, &ramp, 40) {
            let shift = image[4 * 9 + 4] - ramp[4 * 9 + 4];
            assert!((0..9).all(|row| (3..6).all(|column| {
                let at = row * 9 + column;
                (image[at] - ramp[at] - shift).abs() <= 1.0 && image[at].fract() == 0.0
            })));
            shifts.push(shift / 20.0);
        }
        assert!(shifts.iter().all(|shift| shift.abs() <= 2.05));
        assert!(shifts.iter().any(|&shift| shift > 1.0) && shifts.iter().any(|&shift| shift < -1.0));
        // By whole pixels without interpolation.
        for image in images(Augmentation { shift: 2.0, ..Default::default() }, &ramp, 40) {
            let shift = image[4 * 9 + 4] - ramp[4 * 9 + 4];
            assert!((0..9).all(|row| (3..6).all(|column| image[row * 9 + column] - ramp[row * 9 + column] == shift)));
            assert_eq!(shift % 20.0, 0.0);
        }
    }

    #[test]
    fn the_middle_stays_under_rotation_scale_and_shear() {
        let spot: Vec<f32> = (0..81).map(|at| if at == 40 { 200.0 } else { 0.0 }).collect();
        let settings = Augmentation { rotation: 180.0, scale: 0.5, shear: 0.5, ..BILINEAR };
        for image in images(settings, &spot, 10) {
            assert_eq!(image[40], 200.0);
        }
        // A quarter turn of a bar: what stood lies. Some of the draws come near enough.
        let bar: Vec<f32> = (0..81).map(|at| if at % 9 == 4 { 200.0 } else { 0.0 }).collect();
        let turned = images(Augmentation { rotation: 180.0, ..BILINEAR }, &bar, 60);
        assert!(turned.iter().any(|image| image[4 * 9 + 1] > 100.0 && image[4 * 9 + 7] > 100.0 && image[9 + 4] < 50.0));
    }

    #[test]
    fn a_mirror_swaps_left_and_right_of_about_half() {
        let ramp: Vec<f32> = (0..3 * 25).map(|at| (at % 5) as f32).collect();
        let settings = Augmentation { mirror: true, ..Default::default() };
        let images = images(settings, &ramp, 100);
        let mirrored: Vec<f32> = ramp.chunks(5).flat_map(|row| row.iter().rev().copied()).collect();
        let count = images.iter().filter(|&image| *image == mirrored).count();
        assert!(images.iter().all(|image| *image == mirrored || *image == ramp));
        assert!((30..70).contains(&count), "{count}");
    }

    #[test]
    fn an_elastic_image_is_near_the_old_one_and_another_each_time() {
        let ramp: Vec<f32> = (0..28 * 28).map(|at| 9.0 * (at % 28) as f32).collect();
        let images = images(Augmentation { elastic: 1.0, ..BILINEAR }, &ramp, 3);
        for image in &images {
            assert!(image.iter().zip(&ramp).all(|(new, old)| (new - old).abs() <= 10.0));
            assert_ne!(image, &ramp);
        }
        assert_ne!(images[0], images[1]);
    }

    #[test]
    fn samples_that_are_no_images_are_refused() {
        let settings = Augmentation { shift: 1.0, ..Default::default() };
        assert_eq!(augmenter(settings, 784).map(|a| (a.channels, a.side)).unwrap(), (1, 28));
        assert_eq!(augmenter(settings, 3072).map(|a| (a.channels, a.side)).unwrap(), (3, 32));
        let message = augmenter(settings, 13).unwrap_err().to_string();
        assert!(message.starts_with("training.augmentation is for square images"), "{message}");
        assert!(message.contains("13 features"), "{message}");
    }
}
