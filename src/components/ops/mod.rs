//! What a training pass computes, on some samples at a time.
//!
//! A *tile* is a part of a batch, a multiple of [`LANES`] samples; rows are signals, and the
//! samples of a signal are contiguous, so that every loop runs over samples side by side in
//! vector registers (over nodes where samples play no part). The functions of this folder know
//! one tile; `model::pass` runs them over all tiles and adds their gradients in a fixed order.

mod affine;
mod gate;
mod general;
mod head;
mod layer;
mod lookup;
mod matrix;
mod mixture;
mod multilinear;
mod penalty;
mod pool;
mod signals;
mod stabilize;
mod vector;

pub use head::{bit_scores, bit_scores_backward, sum_groups, sum_groups_backward};
pub use layer::{BatchForm, LayerInput, NodeLayer, Prepared, Target};
pub use mixture::{ChoiceRule, Mixture, choice_gradient};
pub use penalty::Penalties;
pub use pool::{max_pool, max_pool_backward};
pub use signals::{LANES, Rows, Signals, SignalsMut, expand_bits};
pub use stabilize::{Moments, Stabilize};
pub(super) use vector::{exp, places_of_largest, sigmoids};
