//! Rescaling of gradients on their way back through a layer's outputs.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{contiguous, values};
use crate::config::{GradStabilization, RuntimeConfig};

/// The identity of `(width, batch)` with a rescaled gradient:
///
/// ```text
/// g <- g - mean(g)                                    with grad_subtract_mean
/// g <- g * sqrt(grad_target_std / (mean(g^2) + grad_epsilon))
/// ```
///
/// The means run over the whole tensor (`layerwise`) or over the outputs of one sample
/// (`batchwise`). As in DiffLUT the target stands under the root, so it is a variance whatever
/// its name says, and without the first line `mean(g^2)` is taken about zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StabilizeOp {
    per_sample: bool,
    target: f64,
    subtract_mean: bool,
    epsilon: f64,
}

impl StabilizeOp {
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

    /// Rescales the elements `start, start + step, ...`.
    fn rescale(&self, grad: &mut [f32], start: usize, step: usize) {
        let count = grad.iter().skip(start).step_by(step).count() as f64;
        let mean = if self.subtract_mean {
            grad.iter().skip(start).step_by(step).map(|&g| f64::from(g)).sum::<f64>() / count
        } else {
            0.0
        };
        let square = grad.iter().skip(start).step_by(step).map(|&g| (f64::from(g) - mean).powi(2)).sum::<f64>() / count;
        let scale = (self.target / (square + self.epsilon)).sqrt();
        for g in grad.iter_mut().skip(start).step_by(step) {
            *g = ((f64::from(*g) - mean) * scale) as f32;
        }
    }
}

impl CustomOp1 for StabilizeOp {
    fn name(&self) -> &'static str {
        "stabilize-gradient"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(contiguous(storage, layout)?.to_vec()), layout.shape().clone()))
    }

    fn bwd(&self, input: &Tensor, _out: &Tensor, grad_out: &Tensor) -> Result<Option<Tensor>> {
        let (_, batch) = input.dims2()?;
        let mut grad = values(grad_out)?;
        if !grad.is_empty() {
            match self.per_sample {
                true => (0..batch).for_each(|sample| self.rescale(&mut grad, sample, batch)),
                false => self.rescale(&mut grad, 0, 1),
            }
        }
        Ok(Some(Tensor::from_vec(grad, input.shape(), input.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    /// Two outputs of three samples with the gradients 1 .. 6.
    fn gradient(runtime: &str) -> Vec<Vec<f32>> {
        let op = StabilizeOp::new(&serde_yaml::from_str(runtime).unwrap()).unwrap();
        let x = Var::zeros((2, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
        let g = Tensor::new(&[[1f32, 2.0, 3.0], [4.0, 5.0, 6.0]], &Device::Cpu).unwrap();
        let out = x.apply_op1(op).unwrap();
        assert_eq!(out.to_vec2::<f32>().unwrap(), [[0.0; 3]; 2]);
        let grads = (out * g).unwrap().sum_all().unwrap().backward().unwrap();
        grads.get(&x).unwrap().to_vec2().unwrap()
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
        assert_eq!(StabilizeOp::new(&RuntimeConfig::default()), None);
    }
}
