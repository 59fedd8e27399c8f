//! Rescaling of gradients on their way back through a layer's outputs.

use crate::config::{GradStabilization, RuntimeConfig};

/// What the gradient of a layer's outputs becomes:
///
/// ```text
/// g <- g - mean(g)                                    with grad_subtract_mean
/// g <- g * sqrt(grad_target_std / (mean(g^2) + grad_epsilon))
/// ```
///
/// The means run over the whole batch (`layerwise`) or over the outputs of one sample
/// (`batchwise`). As in DiffLUT the target stands under the root, so it is a variance whatever
/// its name says, and without the first line `mean(g^2)` is taken about zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stabilize {
    per_sample: bool,
    target: f64,
    subtract_mean: bool,
    epsilon: f64,
}

/// The number of gradients, their sum and that of their squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    /// The moments of both together.
    pub fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, sum: self.sum + other.sum, squares: self.squares + other.squares }
    }
}

impl Stabilize {
    /// What a runtime section asks for, if it does.
    pub fn new(runtime: &RuntimeConfig) -> Option<Self> {
        let per_sample = match runtime.grad_stabilization.unwrap_or_default() {
            GradStabilization::None => return None,
            GradStabilization::Layerwise => false,
            GradStabilization::Batchwise => true,
        };
        Some(Self {
            per_sample,
            target: f64::from(runtime.grad_target_std.unwrap_or(1.0)),
            subtract_mean: runtime.grad_subtract_mean.unwrap_or(false),
            epsilon: f64::from(runtime.grad_epsilon.unwrap_or(1e-8)),
        })
    }

    /// Whether every sample is rescaled by itself.
    pub fn per_sample(&self) -> bool {
        self.per_sample
    }

    /// The moments of the first `samples` samples of a tile.
    pub fn moments(&self, grad: &[f32], tile: usize, samples: usize) -> Moments {
        let mut moments = Moments::default();
        for row in grad.chunks_exact(tile) {
            for &g in &row[..samples] {
                let g = f64::from(g);
                moments.sum += g;
                moments.squares += g * g;
            }
            moments.count += samples as f64;
        }
        moments
    }

    /// Rescales the first `samples` samples of a tile by the moments of the batch.
    pub fn rescale(&self, moments: Moments, grad: &mut [f32], tile: usize, samples: usize) {
        let (mean, scale) = self.factors(moments);
        for row in grad.chunks_exact_mut(tile) {
            row[..samples].iter_mut().for_each(|g| *g = ((f64::from(*g) - mean) * scale) as f32);
        }
    }

    /// Rescales every one of the first `samples` samples of a tile by its own moments.
    pub fn rescale_samples(&self, grad: &mut [f32], tile: usize, samples: usize) {
        let mut moments = vec![Moments::default(); samples];
        for row in grad.chunks_exact(tile) {
            for (moments, &g) in moments.iter_mut().zip(row) {
                let g = f64::from(g);
                *moments = moments.and(Moments { count: 1.0, sum: g, squares: g * g });
            }
        }
        let factors: Vec<(f64, f64)> = moments.into_iter().map(|moments| self.factors(moments)).collect();
        for row in grad.chunks_exact_mut(tile) {
            for (g, (mean, scale)) in row.iter_mut().zip(&factors) {
                *g = ((f64::from(*g) - mean) * scale) as f32;
            }
        }
    }

    /// What is taken off, and the factor behind it.
    fn factors(&self, moments: Moments) -> (f64, f64) {
        let count = moments.count.max(1.0);
        let mean = if self.subtract_mean { moments.sum / count } else { 0.0 };
        let square = (moments.squares / count - 2.0 * mean * moments.sum / count + mean * mean).max(0.0);
        (mean, (self.target / (square + self.epsilon)).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two outputs of three samples with the gradients 1 .. 6, in a tile of four samples.
    fn gradient(runtime: &str) -> Vec<Vec<f32>> {
        let stabilize = Stabilize::new(&serde_yaml::from_str(runtime).unwrap()).unwrap();
        let mut g = vec![1f32, 2.0, 3.0, 0.0, 4.0, 5.0, 6.0, 0.0];
        match stabilize.per_sample() {
            true => stabilize.rescale_samples(&mut g, 4, 3),
            false => stabilize.rescale(stabilize.moments(&g, 4, 3), &mut g, 4, 3),
        }
        assert_eq!((g[3], g[7]), (0.0, 0.0));
        g.chunks(4).map(|row| row[..3].to_vec()).collect()
    }

    #[track_caller]
    fn close(found: Vec<Vec<f32>>, expected: [[f64; 3]; 2]) {
        for (found, expected) in found.into_iter().flatten().zip(expected.into_iter().flatten()) {
            assert!((f64::from(found) - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn layerwise_uses_one_factor() {
        let s = (1.0 / (91.0 / 6.0 + 1e-8f64)).sqrt();
        close(gradient("grad_stabilization: layerwise"), [[s, 2.0 * s, 3.0 * s], [4.0 * s, 5.0 * s, 6.0 * s]]);
        let s = (0.25 / (17.5 / 6.0 + 0.5f64)).sqrt();
        let runtime =
            "{grad_stabilization: layerwise, grad_subtract_mean: true, grad_target_std: 0.25, grad_epsilon: 0.5}";
        close(gradient(runtime), [[-2.5 * s, -1.5 * s, -0.5 * s], [0.5 * s, 1.5 * s, 2.5 * s]]);
    }

    #[test]
    fn batchwise_uses_one_factor_a_sample() {
        let s = [17.0, 29.0, 45.0f64].map(|sum| (2.0 / (sum / 2.0 + 1e-8)).sqrt());
        let expected = [[s[0], 2.0 * s[1], 3.0 * s[2]], [4.0 * s[0], 5.0 * s[1], 6.0 * s[2]]];
        close(gradient("{grad_stabilization: batchwise, grad_target_std: 2}"), expected);
        let runtime = "{grad_stabilization: batchwise, grad_subtract_mean: true}";
        close(gradient(runtime), [[-1.0; 3], [1.0; 3]]);
    }

    #[test]
    fn none_is_no_operation() {
        assert_eq!(Stabilize::new(&RuntimeConfig::default()), None);
    }
}
