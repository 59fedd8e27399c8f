//! Draws of table values before training.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::config::{InitFn, RuntimeConfig};

/// A draw from the standard normal distribution (Box and Muller 1958).
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    // 1 - u lies in (0, 1], where the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    (radius * angle.cos()) as f32
}

/// The residual initialization of table families: row `r` is plus `clarity` where input 0 is one
/// and minus `clarity` where it is zero, plus normal noise, so that a node starts as a wire from
/// its first input (DiffLUT's `residual` initializer; Bacellar et al. 2024, Petersen et al. 2024).
#[derive(Clone, Copy, Debug)]
pub(super) struct Residual {
    clarity: f32,
    noise: f32,
}

impl Residual {
    /// The initialization that the runtime section asks for, if it does.
    pub(super) fn requested(runtime: &RuntimeConfig) -> Option<Self> {
        match runtime.init_fn.unwrap_or_default() {
            InitFn::Residual => {
                Some(Self { clarity: runtime.logit_clarity.unwrap_or(5.0), noise: runtime.noise_factor.unwrap_or(0.0) })
            }
            _ => None,
        }
    }

    /// Draws one table.
    pub(super) fn fill(self, rng: &mut ChaCha8Rng, table: &mut [f32]) {
        for (row, value) in table.iter_mut().enumerate() {
            let first_input = row & 1 == 1;
            *value = if first_input { self.clarity } else { -self.clarity } + self.noise * normal(rng);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn draws_have_the_moments_of_the_normal_distribution() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let draws: Vec<f64> = (0..20_000).map(|_| f64::from(normal(&mut rng))).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        // Four standard errors of the mean and of the variance.
        assert!(mean.abs() < 0.029 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    }

    #[test]
    fn a_residual_table_follows_its_first_input() {
        let mut table = [0.0; 4];
        Residual { clarity: 2.0, noise: 0.0 }.fill(&mut ChaCha8Rng::seed_from_u64(1), &mut table);
        assert_eq!(table, [-2.0, 2.0, -2.0, 2.0]);
    }
}
