//! The windows of an image as one operation.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{contiguous, values};
use crate::components::layer::Wiring;

/// Activations `(columns, batch)` to `(width, batch)`: row `j` is the column that node `j` of
/// the wiring reads, and zero where that is the wiring's last column, which the activations lack.
///
/// Rows run in parallel forward and columns backward, so that every sum has a fixed order.
#[derive(Clone, Debug)]
pub struct GatherOp {
    /// One column per row; the last of its columns stands for zero.
    pub windows: Arc<Wiring>,
}

impl GatherOp {
    fn batch(&self, activations: &Shape) -> Result<usize> {
        let (columns, batch) = activations.dims2()?;
        match columns + 1 == self.windows.input_width() && self.windows.fan_in() == 1 {
            true => Ok(batch),
            false => Err(Error::Msg(format!(
                "gather: {columns} columns, expected {}",
                self.windows.input_width().saturating_sub(1)
            ))),
        }
    }
}

impl CustomOp1 for GatherOp {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let batch = self.batch(layout.shape())?;
        let x = contiguous(storage, layout)?;
        let width = self.windows.width();
        let mut out = vec![0.0f32; width * batch];
        if batch > 0 {
            out.par_chunks_exact_mut(batch).zip(self.windows.columns()).for_each(|(out, &column)| {
                if let Some(x) = x.chunks_exact(batch).nth(column as usize) {
                    out.copy_from_slice(x);
                }
            });
        }
        Ok((CpuStorage::F32(out), (width, batch).into()))
    }

    fn bwd(&self, activations: &Tensor, _out: &Tensor, grad_out: &Tensor) -> Result<Option<Tensor>> {
        let batch = self.batch(activations.shape())?;
        let grad_out = values(grad_out)?;
        let mut grad = vec![0.0f32; activations.elem_count()];
        if batch > 0 {
            grad.par_chunks_exact_mut(batch).enumerate().for_each(|(column, grad)| {
                for &row in self.windows.readers(column) {
                    let row = &grad_out[row as usize * batch..][..batch];
                    grad.iter_mut().zip(row).for_each(|(grad, g)| *grad += g);
                }
            });
        }
        Ok(Some(Tensor::from_vec(grad, activations.shape(), activations.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    #[test]
    fn rows_are_columns_or_zero_and_gradients_are_summed() {
        let windows = Arc::new(Wiring::new(4, 1, vec![2, 3, 0, 2]).unwrap());
        let x = Var::new(&[[1f32, 2.0], [3.0, 4.0], [5.0, 6.0]], &Device::Cpu).unwrap();
        let out = x.apply_op1(GatherOp { windows: windows.clone() }).unwrap();
        assert_eq!(out.to_vec2::<f32>().unwrap(), [[5.0, 6.0], [0.0, 0.0], [1.0, 2.0], [5.0, 6.0]]);
        let grads = out.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        assert_eq!(grads.get(&x).unwrap().to_vec2::<f32>().unwrap(), [[2.0, 4.0], [0.0, 0.0], [20.0, 24.0]]);
        let wrong = Tensor::zeros((4, 1), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(wrong.apply_op1(GatherOp { windows }).is_err());
    }
}
