//! What is minimised.

use candle_core::{D, Device, Tensor};
use candle_nn::ops::log_softmax;

use super::TrainError;
use crate::components::head::bit_loss;
use crate::config::HeadType;

/// The loss of scores of a head against a label for every row.
pub(super) fn loss(head: HeadType, scores: &Tensor, labels: &[u32], smoothing: f64) -> Result<Tensor, TrainError> {
    match head {
        HeadType::GroupSum => cross_entropy(scores, &Tensor::new(labels, &Device::Cpu)?, smoothing),
        HeadType::Bits | HeadType::Onehot => Ok(bit_loss(scores, labels, head, smoothing)?),
    }
}

/// The mean cross-entropy of scores `(batch, classes)` against labels `(batch)`:
///
/// ```text
/// -(1 - s) * log p_label - s / classes * sum over c of log p_c        p = softmax(scores)
/// ```
///
/// with `s` the label smoothing (Szegedy et al. 2016).
fn cross_entropy(scores: &Tensor, labels: &Tensor, smoothing: f64) -> Result<Tensor, TrainError> {
    let log_p = log_softmax(scores, D::Minus1)?;
    let of_label = log_p.gather(&labels.unsqueeze(1)?, 1)?.mean_all()?;
    if smoothing == 0.0 {
        return Ok(of_label.neg()?);
    }
    Ok((of_label.affine(smoothing - 1.0, 0.0)? - log_p.mean_all()?.affine(smoothing, 0.0)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn smoothing_spreads_its_share_over_all_classes() {
        let scores = Tensor::new(&[[1f32, 2.0, 0.5], [0.0, 0.0, 3.0]], &Device::Cpu).unwrap();
        let labels = Tensor::new(&[1u32, 0], &Device::Cpu).unwrap();
        for smoothing in [0.0, 0.3] {
            let found = cross_entropy(&scores, &labels, smoothing).unwrap().to_scalar::<f32>().unwrap();
            let row = |scores: [f64; 3], label: usize| {
                let sum: f64 = scores.iter().map(|score| score.exp()).sum();
                let target = |class: usize| smoothing / 3.0 + if class == label { 1.0 - smoothing } else { 0.0 };
                (0..3).map(|class| -target(class) * (scores[class] - sum.ln())).sum::<f64>()
            };
            let expected = (row([1.0, 2.0, 0.5], 1) + row([0.0, 0.0, 3.0], 0)) / 2.0;
            assert!((f64::from(found) - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
