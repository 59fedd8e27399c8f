//! What is minimised.

use crate::components::head::bit_loss;
use crate::config::HeadType;

/// The loss of one sample's scores at a head against its label; the gradient by the scores is
/// written to `gradient`.
pub(super) fn loss(head: HeadType, scores: &[f32], label: u32, smoothing: f64, gradient: &mut [f32]) -> f64 {
    match head {
        HeadType::GroupSum => cross_entropy(scores, label, smoothing, gradient),
        HeadType::Bits | HeadType::Onehot => bit_loss(scores, label, head, smoothing, gradient),
    }
}

/// The cross-entropy of one sample's scores against its label:
///
/// ```text
/// -(1 - s) * log p_label - s / classes * sum over c of log p_c        p = softmax(scores)
/// ```
///
/// with `s` the label smoothing (Szegedy et al. 2016). Its gradient by the scores, `p` less the
/// smoothed label, is written to `gradient`. A sum that is no number is the loss.
fn cross_entropy(scores: &[f32], label: u32, smoothing: f64, gradient: &mut [f32]) -> f64 {
    let largest = scores.iter().fold(f64::NEG_INFINITY, |a, &score| a.max(f64::from(score)));
    let sum: f64 = scores.iter().map(|&score| (f64::from(score) - largest).exp()).sum();
    let log_sum = largest + sum.ln();
    let every = smoothing / scores.len() as f64;
    let mut loss = 0.0;
    for (class, (&score, gradient)) in scores.iter().zip(gradient).enumerate() {
        let target = every + if class == label as usize { 1.0 - smoothing } else { 0.0 };
        let log_p = f64::from(score) - log_sum;
        loss -= target * log_p;
        *gradient = (log_p.exp() - target) as f32;
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_spreads_its_share_over_all_classes_and_gradients_are_those_of_differences() {
        for (scores, label) in [([1f32, 2.0, 0.5], 1usize), ([0.0, 0.0, 3.0], 0), ([900.0, -900.0, 1.0], 2)] {
            for smoothing in [0.0, 0.3] {
                let wide = |by: usize, step: f64| -> f64 {
                    let scores: Vec<f64> = scores
                        .iter()
                        .enumerate()
                        .map(|(c, &s)| f64::from(s) + if c == by { step } else { 0.0 })
                        .collect();
                    let largest = scores.iter().copied().fold(f64::MIN, f64::max);
                    let log_sum = largest + scores.iter().map(|score| (score - largest).exp()).sum::<f64>().ln();
                    let target = |class: usize| smoothing / 3.0 + if class == label { 1.0 - smoothing } else { 0.0 };
                    (0..3).map(|class| -target(class) * (scores[class] - log_sum)).sum()
                };
                let mut gradient = [9.0; 3];
                let found = cross_entropy(&scores, label as u32, smoothing, &mut gradient);
                assert!((found - wide(0, 0.0)).abs() < 1e-9 * (1.0 + found.abs()), "{found}");
                for (class, gradient) in gradient.iter().enumerate() {
                    let expected = (wide(class, 1e-4) - wide(class, -1e-4)) / 2e-4;
                    assert!((f64::from(*gradient) - expected).abs() < 1e-5, "{gradient} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_score_that_is_no_number_shows_in_the_loss() {
        assert!(cross_entropy(&[1.0, f32::NAN], 0, 0.0, &mut [0.0; 2]).is_nan());
    }
}
