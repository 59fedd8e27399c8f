//! The soft choice of the pins of a learnable layer as one operation.

use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{contiguous, values};

/// Smaller shares count as zero: they change no sum of float32 numbers of ordinary size, but
/// they and their squares in the optimizer would be subnormal numbers, which processors are slow
/// with.
const NOTHING: f32 = 1e-10;

/// Choices `(pins, columns)` and activations `(columns, batch)` to pins `(pins, batch)`:
/// `softmax(choices / temperature) * activations`.
///
/// Shares below 1e-10 count as zero and cost nothing, which late in a training are nearly all. Pins run in
/// parallel forward, and columns for the gradient of the activations; every sum has a fixed
/// order, so the result does not depend on the number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChooseOp {
    /// What the choices are divided by.
    pub temperature: f32,
    /// Whether the gradient of the activations is computed; the first layer needs none.
    pub input_gradient: bool,
}

impl ChooseOp {
    fn sizes(&self, choices: &Shape, activations: &Shape) -> Result<(usize, usize, usize)> {
        let ((pins, columns), (found, batch)) = (choices.dims2()?, activations.dims2()?);
        if found != columns || columns == 0 {
            return Err(Error::ShapeMismatchBinaryOp { lhs: choices.clone(), rhs: activations.clone(), op: "choose" });
        }
        Ok((pins, columns, batch))
    }

    /// The softmax of every row.
    fn shares(&self, choices: &[f32], columns: usize) -> Vec<f32> {
        let mut shares = choices.to_vec();
        shares.par_chunks_exact_mut(columns).for_each(|row| {
            // The largest value is taken off so that no exponential overflows; it cancels.
            let largest = row.iter().fold(f32::MIN, |a, &w| a.max(w));
            row.iter_mut().for_each(|w| *w = ((*w - largest) / self.temperature).exp());
            let sum: f32 = row.iter().sum();
            for share in row {
                *share /= sum;
                if *share < NOTHING {
                    *share = 0.0;
                }
            }
        });
        shares
    }
}

/// Adds `factor` times `values` to `sum`.
fn add(sum: &mut [f32], factor: f32, values: &[f32]) {
    if factor != 0.0 {
        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
    }
}

/// The scalar product, in eight interleaved sums so that the compiler uses vector registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a_blocks, b_blocks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_blocks.zip(b_blocks) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

impl CustomOp2 for ChooseOp {
    fn name(&self) -> &'static str {
        "choose"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (pins, columns, batch) = self.sizes(l1.shape(), l2.shape())?;
        let (choices, activations) = (contiguous(s1, l1)?, contiguous(s2, l2)?);
        let mut out = vec![0.0; pins * batch];
        if batch > 0 {
            let shares = self.shares(choices, columns);
            out.par_chunks_exact_mut(batch).zip(shares.par_chunks_exact(columns)).for_each(|(out, shares)| {
                for (share, x) in shares.iter().zip(activations.chunks_exact(batch)) {
                    add(out, *share, x);
                }
            });
        }
        Ok((CpuStorage::F32(out), (pins, batch).into()))
    }

    fn bwd(
        &self,
        choices: &Tensor,
        activations: &Tensor,
        _out: &Tensor,
        grad_out: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, columns, batch) = self.sizes(choices.shape(), activations.shape())?;
        if batch == 0 {
            return Ok((Some(choices.zeros_like()?), Some(activations.zeros_like()?)));
        }
        let (shares, x, grad_out) = (self.shares(&values(choices)?, columns), values(activations)?, values(grad_out)?);
        let mut grad = vec![0.0f32; shares.len()];
        grad.par_chunks_exact_mut(columns)
            .zip(shares.par_chunks_exact(columns).zip(grad_out.par_chunks_exact(batch)))
            .for_each(|(grad, (shares, g))| {
                let mut mean = 0.0;
                for ((grad, share), x) in grad.iter_mut().zip(shares).zip(x.chunks_exact(batch)) {
                    if *share != 0.0 {
                        *grad = dot(g, x);
                        mean += share * *grad;
                    }
                }
                for (grad, share) in grad.iter_mut().zip(shares) {
                    *grad = share * (*grad - mean) / self.temperature;
                }
            });
        let grad = Tensor::from_vec(grad, choices.shape(), choices.device())?;
        if !self.input_gradient {
            return Ok((Some(grad), None));
        }
        let mut grad_x = vec![0.0f32; x.len()];
        grad_x.par_chunks_exact_mut(batch).enumerate().for_each(|(column, grad)| {
            for (shares, g) in shares.chunks_exact(columns).zip(grad_out.chunks_exact(batch)) {
                add(grad, shares[column], g);
            }
        });
        Ok((Some(grad), Some(Tensor::from_vec(grad_x, activations.shape(), activations.device())?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    /// Two pins of three columns, two samples, in float64.
    fn literal(w: &[f64], x: &[f64], tau: f64) -> Vec<f64> {
        w.chunks(3)
            .flat_map(|row| {
                let e: Vec<f64> = row.iter().map(|w| (w / tau).exp()).collect();
                let sum: f64 = e.iter().sum();
                [0, 1].map(|s| (0..3).map(|c| e[c] / sum * x[2 * c + s]).sum::<f64>())
            })
            .collect()
    }

    #[test]
    fn it_mixes_by_the_softmax_with_its_gradients() {
        let (w, x) = (vec![0.3f32, -0.4, 1.2, 0.0, 0.5, -0.5], vec![1.0f32, 0.0, 0.2, 1.0, 0.0, 0.7]);
        let op = ChooseOp { temperature: 0.5, input_gradient: true };
        let choices = Var::from_vec(w.clone(), (2, 3), &Device::Cpu).unwrap();
        let activations = Var::from_vec(x.clone(), (3, 2), &Device::Cpu).unwrap();
        let out = choices.apply_op2(&activations, op).unwrap();
        let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&v| f64::from(v)).collect() };
        let expected = literal(&wide(&w), &wide(&x), 0.5);
        for (found, expected) in out.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-6);
        }
        let grads = out.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        for (var, is_choice) in [(&choices, true), (&activations, false)] {
            let grad = grads.get(var).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for (index, grad) in grad.iter().enumerate() {
                let at = |by: f64| {
                    let (mut w, mut x) = (wide(&w), wide(&x));
                    if is_choice {
                        w[index] += by
                    } else {
                        x[index] += by
                    }
                    literal(&w, &x, 0.5).iter().map(|out| out * out).sum::<f64>()
                };
                let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((f64::from(*grad) - expected).abs() < 1e-5, "{grad} {expected}");
            }
        }
        let first = ChooseOp { input_gradient: false, ..op };
        let grads = choices.apply_op2(&activations, first).unwrap().sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&choices).is_some() && grads.get(&activations).is_none());
    }

    #[test]
    fn a_cold_choice_is_the_column_of_the_largest_weight() {
        let op = ChooseOp { temperature: 1e-4, input_gradient: true };
        let choices = Tensor::new(&[[0.1f32, 0.3, 0.2]], &Device::Cpu).unwrap();
        let x = Tensor::new(&[[0.1f32, 0.2], [0.3, 0.4], [0.5, 0.6]], &Device::Cpu).unwrap();
        assert_eq!(choices.apply_op2_no_bwd(&x, &op).unwrap().to_vec2::<f32>().unwrap(), [[0.3, 0.4]]);
        assert!(choices.apply_op2_no_bwd(&x.t().unwrap().contiguous().unwrap(), &op).is_err());
    }
}
