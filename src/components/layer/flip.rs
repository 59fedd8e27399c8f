//! Noise on the inputs of a layer in training.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

use crate::components::ops::{Rows, SignalsMut};

/// Copies the inputs of a tile and replaces every value `x` by `1 - x` with the given probability,
/// independently of the others. `out` is bytes where `inputs` is.
///
/// The flip is noise: the gradient passes as if there were none, as in DiffLUT's
/// `_apply_bit_flip`. (Below a probability of 0.05 DiffLUT flips an exact number of elements
/// instead; in a convolution it flips every window by itself, here the image is flipped once.)
pub fn flip(inputs: Rows<'_>, probability: f32, rng: &mut ChaCha8Rng, out: SignalsMut<'_>) {
    // Compared with half-open 32-bit draws, so that 1 flips everything.
    let limit = (f64::from(probability) * 4_294_967_296.0) as u64;
    let mut flips = || u64::from(rng.next_u32()) < limit;
    match (inputs, out) {
        (Rows::Bytes(x), SignalsMut::Bytes(out)) => {
            out.iter_mut().zip(x).for_each(|(out, x)| *out = x ^ u8::from(flips()));
        }
        (Rows::Floats(x), SignalsMut::Floats(out)) => {
            out.iter_mut().zip(x).for_each(|(out, x)| *out = if flips() { 1.0 - x } else { *x });
        }
        (Rows::Bytes(x), SignalsMut::Floats(out)) => {
            out.iter_mut().zip(x).for_each(|(out, x)| *out = f32::from(x ^ u8::from(flips())));
        }
        // Bits are made of bits only.
        (Rows::Floats(_), SignalsMut::Bytes(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn flipped(probability: f32, seed: u64) -> Vec<f32> {
        let mut out = vec![0.0; 10_000];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        flip(Rows::Floats(&[0.25; 10_000]), probability, &mut rng, SignalsMut::Floats(&mut out));
        out
    }

    #[test]
    fn the_share_of_flipped_elements_is_the_probability() {
        let count = |probability| flipped(probability, 3).iter().filter(|&&x| x == 0.75).count() as i64;
        assert_eq!((count(0.0), count(1.0)), (0, 10_000));
        for (probability, expected, spread) in [(0.01, 100, 40), (0.2, 2000, 160)] {
            assert!((count(probability) - expected).abs() < spread, "{}", count(probability));
        }
        assert!(flipped(0.2, 3).iter().all(|&x| x == 0.25 || x == 0.75));
        assert_eq!(flipped(0.2, 3), flipped(0.2, 3));
        assert_ne!(flipped(0.2, 3), flipped(0.2, 4));
    }

    #[test]
    fn bits_stay_bits() {
        let mut out = [9u8; 4];
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        flip(Rows::Bytes(&[0, 1, 1, 0]), 1.0, &mut rng, SignalsMut::Bytes(&mut out));
        assert_eq!(out, [1, 0, 0, 1]);
    }
}
