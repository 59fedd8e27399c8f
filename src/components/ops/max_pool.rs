//! Pooling as one operation.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{contiguous, values};
use crate::components::layer::Pool;

/// Activations `(columns, batch)` to `(windows, batch)`: the largest value of every window. Of
/// bits that is their or.
///
/// The gradient goes to the first of the largest values, as in other libraries. Windows run in
/// parallel forward and columns backward, so that every sum has a fixed order.
#[derive(Clone, Debug)]
pub struct MaxPoolOp {
    /// The windows.
    pub pool: Arc<Pool>,
}

impl MaxPoolOp {
    fn batch(&self, activations: &Shape) -> Result<usize> {
        let (columns, batch) = activations.dims2()?;
        match self.pool.windows().input_width() {
            expected if expected == columns => Ok(batch),
            expected => Err(Error::Msg(format!("max-pool: {columns} columns, expected {expected}"))),
        }
    }

    /// The largest values of a window and the pins that have them.
    fn largest(&self, window: usize, x: &[f32], batch: usize) -> (Vec<f32>, Vec<u32>) {
        let columns = self.pool.windows().node(window);
        let row = |column: u32| &x[column as usize * batch..][..batch];
        let (mut values, mut pins) = (vec![f32::NEG_INFINITY; batch], vec![0u32; batch]);
        for (pin, &column) in columns.iter().enumerate() {
            for ((value, largest), &x) in values.iter_mut().zip(&mut pins).zip(row(column)) {
                if x > *value {
                    (*value, *largest) = (x, pin as u32);
                }
            }
        }
        (values, pins)
    }
}

impl CustomOp1 for MaxPoolOp {
    fn name(&self) -> &'static str {
        "max-pool"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let batch = self.batch(layout.shape())?;
        let x = contiguous(storage, layout)?;
        let width = self.pool.windows().width();
        let mut out = vec![0.0f32; width * batch];
        if batch > 0 {
            out.par_chunks_exact_mut(batch)
                .enumerate()
                .for_each(|(window, out)| out.copy_from_slice(&self.largest(window, x, batch).0));
        }
        Ok((CpuStorage::F32(out), (width, batch).into()))
    }

    fn bwd(&self, activations: &Tensor, _out: &Tensor, grad_out: &Tensor) -> Result<Option<Tensor>> {
        let batch = self.batch(activations.shape())?;
        if batch == 0 {
            return Ok(Some(activations.zeros_like()?));
        }
        let (x, grad_out) = (values(activations)?, values(grad_out)?);
        let windows = self.pool.windows();
        let mut winners = vec![0u32; windows.width() * batch];
        winners
            .par_chunks_exact_mut(batch)
            .enumerate()
            .for_each(|(window, winners)| winners.copy_from_slice(&self.largest(window, &x, batch).1));
        let mut grad = vec![0.0f32; x.len()];
        grad.par_chunks_exact_mut(batch).enumerate().for_each(|(column, grad)| {
            for &reader in windows.readers(column) {
                let (window, pin) = (reader as usize / windows.fan_in(), reader % windows.fan_in() as u32);
                let (winners, g) = (&winners[window * batch..][..batch], &grad_out[window * batch..][..batch]);
                for ((grad, &winner), g) in grad.iter_mut().zip(winners).zip(g) {
                    *grad += if winner == pin { *g } else { 0.0 };
                }
            }
        });
        Ok(Some(Tensor::from_vec(grad, activations.shape(), activations.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::layer::Image;
    use crate::config::SpatialConfig;
    use candle_core::{Device, Var};

    #[test]
    fn the_first_of_the_largest_values_gets_the_gradient() {
        let spatial = SpatialConfig::MaxPool { size: [1, 2], stride: [1, 1] };
        let pool = Arc::new(Pool::new(Image::plain([1, 1, 3]), &spatial, [1, 2]).unwrap());
        let x = Var::new(&[[1f32, 1.0], [3.0, 1.0], [2.0, 0.0]], &Device::Cpu).unwrap();
        let out = x.apply_op1(MaxPoolOp { pool }).unwrap();
        assert_eq!(out.to_vec2::<f32>().unwrap(), [[3.0, 1.0], [3.0, 1.0]]);
        let grads = out.affine(2.0, 0.0).unwrap().sum_all().unwrap().backward().unwrap();
        assert_eq!(grads.get(&x).unwrap().to_vec2::<f32>().unwrap(), [[0.0, 2.0], [4.0, 2.0], [0.0, 0.0]]);
    }
}
