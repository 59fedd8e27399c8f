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

use candle_core::{Device, Result, Tensor};

use crate::config::HeadType;

/// Soft activations `(width, batch)` to scores `(batch, width)`.
///
/// # Errors
/// candle's, when the tensor has another rank.
pub fn bit_scores(activations: &Tensor, tau: f64) -> Result<Tensor> {
    activations.affine(1.0 / tau, -0.5 / tau)?.t()?.contiguous()
}

/// The mean binary cross-entropy of scores `(batch, width)` against labels, a scalar; `smoothing`
/// from 0 to 1.
///
/// # Errors
/// candle's, when there is not one label for every row.
pub fn bit_loss(scores: &Tensor, labels: &[u32], head: HeadType, smoothing: f64) -> Result<Tensor> {
    let (batch, width) = scores.dims2()?;
    let (one, zero) = ((1.0 - smoothing / 2.0) as f32, (smoothing / 2.0) as f32);
    let bits =
        labels.iter().flat_map(|&label| (0..width).map(move |bit| if head.target(label, bit) { one } else { zero }));
    let targets = Tensor::from_vec(bits.collect::<Vec<f32>>(), (batch, width), &Device::Cpu)?;
    // log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)), which never overflows.
    let soft = scores.relu()?.add(&scores.abs()?.neg()?.exp()?.affine(1.0, 1.0)?.log()?)?;
    soft.sub(&scores.mul(&targets)?)?.mean_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Var;

    #[test]
    fn the_loss_and_its_gradient_are_those_of_the_formula() {
        let activations = [[0.9f32, 0.2], [0.4, 0.6], [0.5, 1.0]];
        let (labels, tau) = ([3u32, 4], 0.25);
        let weights = Var::new(&activations, &Device::Cpu).unwrap();
        let scores = bit_scores(weights.as_tensor(), tau).unwrap();
        let loss = bit_loss(&scores, &labels, HeadType::Bits, 0.2).unwrap();
        let mut expected = 0.0;
        let gradients = loss.backward().unwrap();
        let gradients = gradients.get(&weights).unwrap().to_vec2::<f32>().unwrap();
        for (bit, row) in activations.iter().enumerate() {
            for (sample, a) in row.iter().enumerate() {
                let z = (f64::from(*a) - 0.5) / tau;
                let target = if labels[sample] >> bit & 1 == 1 { 0.9 } else { 0.1 };
                let share = 1.0 / (1.0 + (-z).exp());
                expected -= target * share.ln() + (1.0 - target) * (1.0 - share).ln();
                // At z = 0 relu and abs have kinks; what candle takes there adds up to 1/2.
                let gradient = (share - target) / tau / 6.0;
                let found = f64::from(gradients[bit][sample]);
                assert!((found - gradient).abs() < 1e-6, "bit {bit} of sample {sample}: {found}, not {gradient}");
            }
        }
        let found = f64::from(loss.to_scalar::<f32>().unwrap());
        assert!((found - expected / 6.0).abs() < 1e-6, "{found} {}", expected / 6.0);
    }
}
