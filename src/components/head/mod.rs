//! The bits of the last layer to scores.

mod group_sum;

pub use group_sum::{group_sum, group_sum_bits};
