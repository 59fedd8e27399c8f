//! torchlogix's parametrizations: one row of weights to one truth table.
//!
//! The library counts rows with input 0 as the most significant bit; here it is the least.

use crate::import::difflogic::gate;
use crate::import::sidecar::Parametrization;
use crate::import::torch_dwn::argmax;
use crate::logic::TruthTable;

/// The parametrization that the shapes allow: `None` where warp and light look the same.
pub(super) fn infer(rank: usize, weights: usize) -> Option<Parametrization> {
    match (rank, weights) {
        (2, 16) => Some(Parametrization::Raw),
        // The other parametrizations do not exist for one input.
        (1, 2) => Some(Parametrization::Warp),
        _ => None,
    }
}

/// Weights per table; raw exists for two inputs only.
pub(super) fn weight_count(parametrization: Parametrization, rank: usize) -> Option<usize> {
    match parametrization {
        Parametrization::Raw => (rank == 2).then_some(16),
        Parametrization::Warp | Parametrization::Light => Some(1 << rank),
    }
}

/// The library's row of our row: the same inputs, input 0 most significant.
fn reversed(row: usize, rank: usize) -> usize {
    (0..rank).map(|p| (row >> p & 1) << (rank - 1 - p)).sum()
}

/// The table of one row of weights.
///
/// * raw: the gate of the first largest logit, as in difflogic.
/// * warp: `f = sum_i c_i prod s_p` over the inputs of subset `i`, `s = 1 - 2x`, from the first
///   coefficient to the last in float32; bit = `-f > 0`, strictly.
/// * light: bit = `weight[row] > 0`, strictly.
pub(super) fn table(parametrization: Parametrization, rank: usize, weights: &[f32]) -> TruthTable {
    match parametrization {
        Parametrization::Raw => gate(argmax(weights.iter().copied())),
        Parametrization::Warp => TruthTable::from_fn(rank, |row| {
            let ones = reversed(row, rank);
            let sum = weights.iter().enumerate().fold(0f32, |sum, (subset, coefficient)| {
                if (subset & ones).count_ones() % 2 == 1 { sum - coefficient } else { sum + coefficient }
            });
            -sum > 0.0
        }),
        Parametrization::Light => TruthTable::from_fn(rank, |row| weights[reversed(row, rank)] > 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walsh_coefficient_selects_its_inputs() {
        // s_0 alone has index 2 of rank 2; f = s_0 is negative where input 0 is one.
        assert_eq!(table(Parametrization::Warp, 2, &[0.0, 0.0, 1.0, 0.0]).words(), [0b1010]);
        // s_0 s_1 is negative where the inputs differ; a sum of zero is a zero.
        assert_eq!(table(Parametrization::Warp, 2, &[0.0, 0.0, 0.0, 1.0]).words(), [0b0110]);
        assert_eq!(table(Parametrization::Warp, 2, &[0.0; 4]).words(), [0]);
    }

    #[test]
    fn light_rows_count_from_the_other_end() {
        // Row 1 of the library is input 1 alone.
        assert_eq!(table(Parametrization::Light, 2, &[0.0, 1.0, 0.0, -1.0]).words(), [0b0100]);
    }
}
