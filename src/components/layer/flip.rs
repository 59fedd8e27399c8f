//! Noise on the inputs of a layer in training.

use candle_core::{Result, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Replaces every activation `x` by `1 - x` with the given probability, independently of the
/// others.
///
/// The flip is noise: the gradient passes as if there were none, as in DiffLUT's
/// `_apply_bit_flip`. (Below a probability of 0.05 DiffLUT flips an exact number of elements
/// instead.)
///
/// # Errors
/// candle's.
pub fn flip(activations: &Tensor, probability: f32, rng: &mut ChaCha8Rng) -> Result<Tensor> {
    if probability <= 0.0 {
        return Ok(activations.clone());
    }
    let mut delta = activations.detach().flatten_all()?.to_vec1::<f32>()?;
    for x in &mut delta {
        // Half-open, so that 1 flips everything.
        *x = if rng.random::<f32>() < probability { 1.0 - 2.0 * *x } else { 0.0 };
    }
    activations + Tensor::from_vec(delta, activations.shape(), activations.device())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};
    use rand::SeedableRng;

    fn flipped(probability: f32, seed: u64) -> Vec<f32> {
        let x = Tensor::full(0.25f32, (50, 200), &Device::Cpu).unwrap();
        let out = flip(&x, probability, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
        out.flatten_all().unwrap().to_vec1().unwrap()
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
    fn the_gradient_knows_nothing_of_the_flip() {
        let x = Var::new(&[[0f32, 1.0], [1.0, 0.3]], &Device::Cpu).unwrap();
        let out = flip(&x, 1.0, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        assert_eq!(out.to_vec2::<f32>().unwrap(), [[1.0, 0.0], [0.0, 0.7]]);
        let grads = out.affine(3.0, 0.0).unwrap().sum_all().unwrap().backward().unwrap();
        assert_eq!(grads.get(&x).unwrap().to_vec2::<f32>().unwrap(), [[3.0; 2]; 2]);
    }
}
