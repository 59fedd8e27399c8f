//! Where a piecewise constant function of a float32 changes, found exactly.

use crate::binarized::EncodedBit;

/// A word of bits from the given float32 upwards; the first segment starts at minus infinity.
pub(super) type Segment = (f32, u64);

/// The place of a float32 in the order of all float32 values. Both zeros are next to each
/// other; no NaN has a place.
fn place(x: f32) -> i32 {
    let bits = x.to_bits() as i32;
    bits ^ ((bits >> 31) & i32::MAX)
}

/// The float32 at a place.
fn at(place: i32) -> f32 {
    f32::from_bits((place ^ ((place >> 31) & i32::MAX)) as u32)
}

/// The segments of a function that never falls, by bisection between infinities: no float32 is
/// left out, so rounding inside `level` cannot matter.
pub(super) fn levels(level: impl Fn(f32) -> u64) -> Vec<Segment> {
    let mut segments = vec![(f32::NEG_INFINITY, level(f32::NEG_INFINITY))];
    let last = level(f32::INFINITY);
    let mut from = place(f32::NEG_INFINITY);
    let mut current = segments[0].1;
    while current != last {
        // The smallest float32 whose level is above the current one.
        let (mut low, mut high) = (from, place(f32::INFINITY));
        while low < high {
            // Rounded down; `midpoint` rounds towards zero and would stand still among negatives.
            let middle = ((i64::from(low) + i64::from(high)) >> 1) as i32;
            if level(at(middle)) > current { high = middle } else { low = middle + 1 }
        }
        current = level(at(low));
        segments.push((at(low), current));
        from = low;
    }
    segments
}

/// One [`EncodedBit`] per bit of the words, most significant bit first.
pub(super) fn bits_of(feature: u32, bits: usize, segments: &[Segment]) -> Vec<EncodedBit> {
    (0..bits)
        .rev()
        .map(|bit| {
            let value = |word: u64| word >> bit & 1 == 1;
            let initial = segments.first().is_some_and(|&(_, word)| value(word));
            let mut toggles: Vec<f32> = Vec::new();
            let mut current = initial;
            for &(start, word) in segments {
                if value(word) == current {
                    continue;
                }
                current = !current;
                // Two changes at one place (equal bin edges) cancel out.
                if toggles.last() == Some(&start) {
                    toggles.pop();
                } else {
                    toggles.push(start);
                }
            }
            EncodedBit { feature, initial, toggles }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_order_of_floats() {
        let values = [f32::NEG_INFINITY, f32::MIN, -1.0, -f32::MIN_POSITIVE, -0.0, 0.0, 1e-45, 1.0, f32::INFINITY];
        assert!(values.windows(2).all(|pair| place(pair[0]) < place(pair[1])));
        assert!(values.iter().all(|&x| at(place(x)).to_bits() == x.to_bits()));
    }

    #[test]
    fn every_step_is_found_at_its_float() {
        let step = |x: f32| u64::from(x > -1.5) + u64::from(x > 0.1) + 2 * u64::from(x >= 7.0);
        let found = levels(step);
        assert_eq!(found, [(f32::NEG_INFINITY, 0), ((-1.5f32).next_up(), 1), (0.1f32.next_up(), 2), (7.0, 4)]);
    }
}
