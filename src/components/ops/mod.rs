//! Operations with hand-written gradients.

mod choose;
mod gather;
mod lut_layer;
mod max_pool;
mod penalty;
mod stabilize;

pub use choose::ChooseOp;
pub use gather::GatherOp;
pub use lut_layer::LutLayerOp;
pub use max_pool::MaxPoolOp;
pub use penalty::PenaltyOp;
pub use stabilize::StabilizeOp;

use candle_core::{CpuStorage, Error, Layout, Result, Storage, Tensor, WithDType};

/// The values of a tensor in memory order.
fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let values = f32::cpu_storage_as_slice(storage)?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => Err(Error::RequiresContiguous { op: "custom operation" }),
    }
}

/// Copies the values of a tensor on the CPU out.
fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) if layout.is_contiguous() => Ok(contiguous(storage, layout)?.to_vec()),
        _ => tensor.flatten_all()?.to_vec1(),
    }
}
