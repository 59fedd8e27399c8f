//! Plain bits: every column of the last layer is an answer by itself.
//!
//! ```text
//! score   z_b = (a_b - 1/2) / tau          a_b in [0, 1] is the activation of column b
//! loss    mean over samples and bits of log(1 + exp(z)) - t z
//!         t = 1 - s/2 where the bit of the label is one, else s/2      s is the label smoothing
//! answer  z_b >= 0, which is the evaluation rule a_b >= 1/2 of the nodes
//! ```
//!
//! The loss is the binary cross-entropy of `sigmoid(z)` against the bits of the label
//! ([`HeadType::target`]); with a smaller tau it is content sooner with a bit that is right.

use crate::config::HeadType;

/// The mean over the bits of the binary cross-entropy of one sample's scores against its label;
/// `smoothing` from 0 to 1. The gradient by the scores is written to `gradient`.
pub fn bit_loss(scores: &[f32], label: u32, head: HeadType, smoothing: f64, gradient: &mut [f32]) -> f64 {
    let width = scores.len() as f64;
    let mut loss = 0.0;
    for (bit, (&score, gradient)) in scores.iter().zip(gradient).enumerate() {
        let target = if head.target(label, bit) { 1.0 - smoothing / 2.0 } else { smoothing / 2.0 };
        let z = f64::from(score);
        // log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)), which never overflows.
        let largest = if z < 0.0 { 0.0 } else { z };
        loss += largest + (-z.abs()).exp().ln_1p() - target * z;
        *gradient = ((1.0 / (1.0 + (-z).exp()) - target) / width) as f32;
    }
    loss / width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_and_its_gradient_are_those_of_the_formula() {
        for (scores, label) in [([1.6f32, -0.4, 0.0], 3), ([-1.2, 0.4, 2.0], 4), ([80.0, -90.0, 0.1], 1)] {
            let mut gradient = [9.0; 3];
            let found = bit_loss(&scores, label, HeadType::Bits, 0.2, &mut gradient);
            let mut expected = 0.0;
            for (bit, &z) in scores.iter().enumerate() {
                let target = if label >> bit & 1 == 1 { 0.9 } else { 0.1 };
                let z = f64::from(z);
                expected += (1.0 + z.exp()).ln() - target * z;
                let share = 1.0 / (1.0 + (-z).exp());
                assert!((f64::from(gradient[bit]) - (share - target) / 3.0).abs() < 1e-6);
            }
            assert!((found - expected / 3.0).abs() < 1e-6, "{found} {}", expected / 3.0);
        }
        assert!(bit_loss(&[f32::NAN], 0, HeadType::Bits, 0.0, &mut [0.0]).is_nan());
    }
}
