//! The quantizing encoders: float32 arithmetic in the order of the source.

use super::segments::{Segment, levels};

/// `trunc(clamp(v, 0, 1) * most)`; NaN gives 0, as a float-to-integer conversion's low bits do.
fn quantize(v: f32, most: u64) -> u64 {
    (v.clamp(0.0, 1.0) * most as f32) as u64
}

/// The level of `x` between `min` and `max`.
pub(super) fn uniform_level(bits: usize, min: f32, max: f32, x: f32) -> u64 {
    quantize((x - min) / (max - min + 1e-8), (1 << bits) - 1)
}

/// The level of `|x|` below `max_abs`; one bit is the sign.
pub(super) fn magnitude_level(bits: usize, max_abs: f32, x: f32) -> u64 {
    quantize(x.abs() / (max_abs + 1e-8), (1 << (bits - 1)) - 1)
}

/// `ln(x + offset + 1e-8) / ln(base)`; NaN where it is undefined.
///
/// The logarithm is the float64 one rounded once, which is the correctly rounded float32 value
/// in all but about one of 10^8 cases and does not depend on the machine's vector library.
pub fn logarithm(base: f32, offset: f32, x: f32) -> f32 {
    let ln = |value: f32| f64::from(value).ln() as f32;
    ln(x + offset + 1e-8) / ln(base)
}

/// The level of [`logarithm`] in `range`.
pub(super) fn logarithm_level(bits: usize, base: f32, offset: f32, range: (f32, f32), x: f32) -> u64 {
    let (min, max) = range;
    // An undefined logarithm is NaN here and level 0.
    quantize((logarithm(base, offset, x) - min) / (max - min + 1e-8), (1 << bits) - 1)
}

/// The segments of sign and magnitude: the magnitude falls to zero and rises again.
pub(super) fn sign_magnitude_segments(bits: usize, max_abs: f32) -> Vec<Segment> {
    let sign = 1u64 << (bits - 1);
    let rising = levels(|x| if x <= 0.0 { 0 } else { magnitude_level(bits, max_abs, x) });
    let largest = rising.last().map_or(0, |&(_, level)| level);
    let mut segments = vec![(f32::NEG_INFINITY, sign | largest)];
    // On the way down, the level below a step begins just above the mirrored step.
    for pair in rising.windows(2).rev() {
        segments.push(((-pair[1].0).next_up(), sign | pair[0].1));
    }
    segments.push((0.0, 0));
    segments.extend(rising.into_iter().skip(1));
    segments
}
