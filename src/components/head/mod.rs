//! The bits of the last layer to scores.

mod bits;
mod group_sum;

pub use bits::bit_loss;
pub use group_sum::group_sum_bits;
