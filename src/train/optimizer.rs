//! Adam and AdamW, one pass over weights, gradient and moments.
//!
//! ```text
//! g <- factor * gradient
//! m <- beta1 m + (1 - beta1) g            m' = m / (1 - beta1^t)
//! v <- beta2 v + (1 - beta2) g^2          v' = v / (1 - beta2^t)
//! w <- (1 - rate * weight_decay) w - rate * m' / (sqrt(v') + epsilon)
//! ```
//!
//! Kingma and Ba 2015; with a weight decay Loshchilov and Hutter 2019, where it acts on the
//! weights and not through the gradient. Chunks of numbers run in parallel and no number depends
//! on another, so that the result is the same for every number of threads.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp1, Layout};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::TrainError;
use crate::model::Trainable;

/// Numbers that one thread works on at a time: weights, gradient and moments fill 64 KiB.
const CHUNK: usize = 4096;

/// The constants of Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamParameters {
    /// Decay of the mean of gradients, 0 to 1 without 1.
    pub beta1: f64,
    /// Decay of the mean of squared gradients, 0 to 1 without 1.
    pub beta2: f64,
    /// Added to the root of the mean of squares, above 0.
    pub epsilon: f64,
    /// Share of a weight that a step of rate 1 takes off; 0 is Adam, more is AdamW.
    pub weight_decay: f64,
}

impl Default for AdamParameters {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

/// The moments of one tensor.
#[derive(Clone, Debug)]
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

/// Adam with its state.
#[derive(Clone, Debug)]
pub struct Optimizer {
    parameters: AdamParameters,
    weights: Vec<Trainable>,
    moments: Vec<Moments>,
    steps: u64,
}

impl Optimizer {
    /// An optimizer of a model's weights ([`Model::trainable`](crate::model::Model::trainable))
    /// that has not stepped yet.
    pub fn new(weights: Vec<Trainable>, parameters: AdamParameters) -> Self {
        let zeros = |weight: &Trainable| vec![0.0; weight.values.elem_count()];
        let moments = weights.iter().map(|weight| Moments { first: zeros(weight), second: zeros(weight) }).collect();
        Self { parameters, weights, moments, steps: 0 }
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step at the learning rate `rate`, with every gradient multiplied by `factor` first;
    /// `gradients` are those of the weights, in their order and as long as they are.
    ///
    /// # Errors
    /// candle's, for gradients of other numbers or lengths.
    pub fn step<G: AsRef<[f32]>>(&mut self, gradients: &[G], rate: f64, factor: f32) -> Result<(), TrainError> {
        let fits = gradients.len() == self.weights.len()
            && gradients.iter().zip(&self.moments).all(|(gradient, m)| gradient.as_ref().len() == m.first.len());
        if !fits {
            let message = format!("an optimizer of {} weights got other gradients", self.weights.len());
            return Err(candle_core::Error::Msg(message).into());
        }
        self.steps += 1;
        let AdamParameters { beta1, beta2, epsilon, weight_decay } = self.parameters;
        let correction = |beta: f64| 1.0 / (1.0 - beta.powf(self.steps as f64));
        let rule = Rule {
            factor,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            first_rate: (1.0 - beta1) as f32,
            second_rate: (1.0 - beta2) as f32,
            // rate * m' / (sqrt(v') + epsilon), with the corrections taken out of the loop.
            second_correction: correction(beta2) as f32,
            epsilon: epsilon as f32,
            rate: (rate * correction(beta1)) as f32,
            keep: (1.0 - rate * weight_decay) as f32,
        };
        for ((weight, moments), gradient) in self.weights.iter().zip(&mut self.moments).zip(gradients) {
            let update = Update { rule, weight, moments: RefCell::new(moments), gradient: gradient.as_ref() };
            weight.values.inplace_op1(&update)?;
        }
        Ok(())
    }

    /// The state as named arrays, `<weight>.first` and `<weight>.second` of every weight, beside
    /// [`steps`](Self::steps).
    pub fn state(&self) -> Vec<(String, &[f32])> {
        let pairs = self.weights.iter().zip(&self.moments);
        let arrays = pairs.flat_map(|(weight, moments)| {
            [
                (format!("{}.first", weight.name), moments.first.as_slice()),
                (format!("{}.second", weight.name), moments.second.as_slice()),
            ]
        });
        arrays.collect()
    }

    /// Takes up the state that another optimizer of the same weights had after `steps` steps:
    /// `array` gives its arrays by name.
    ///
    /// # Errors
    /// What `array` returns, and [`TrainError::State`] for an array of another length; nothing
    /// is changed then.
    pub fn restore<E: From<TrainError>>(
        &mut self,
        steps: u64,
        mut array: impl FnMut(&str) -> Result<Vec<f32>, E>,
    ) -> Result<(), E> {
        let mut restored = Vec::with_capacity(self.moments.len());
        for (weight, moments) in self.weights.iter().zip(&self.moments) {
            let expected = moments.first.len();
            let mut read = |suffix: &str| {
                let name = format!("{}.{suffix}", weight.name);
                let found = array(&name)?;
                match found.len() == expected {
                    true => Ok(found),
                    false => Err(E::from(TrainError::State { name, found: found.len(), expected })),
                }
            };
            restored.push(Moments { first: read("first")?, second: read("second")? });
        }
        (self.moments, self.steps) = (restored, steps);
        Ok(())
    }
}

/// The root of the sum of squares of all gradients, in float64.
///
/// The sums of fixed chunks are added in order, so that the number of threads changes nothing.
pub fn global_norm<G: AsRef<[f32]>>(gradients: &[G]) -> f64 {
    let square = |chunk: &[f32]| chunk.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
    let of = |gradient: &G| {
        let sums: Vec<f64> = gradient.as_ref().par_chunks(CHUNK).map(square).collect();
        sums.iter().sum::<f64>()
    };
    gradients.iter().map(of).sum::<f64>().sqrt()
}

/// The factors of one step.
#[derive(Clone, Copy, Debug)]
struct Rule {
    factor: f32,
    beta1: f32,
    beta2: f32,
    first_rate: f32,
    second_rate: f32,
    second_correction: f32,
    epsilon: f32,
    rate: f32,
    keep: f32,
}

/// A step of one tensor.
struct Update<'a> {
    rule: Rule,
    weight: &'a Trainable,
    moments: RefCell<&'a mut Moments>,
    gradient: &'a [f32],
}

impl InplaceOp1 for Update<'_> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (CpuStorage::F32(weights), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            return Err(candle_core::Error::Msg("the optimizer needs contiguous float32 weights".into()));
        };
        let weights = &mut weights[start..end];
        let mut moments = self.moments.borrow_mut();
        let moments: &mut Moments = &mut moments;
        let Trainable { row, trained, .. } = *self.weight;
        let (arch, rule) = (Arch::new(), self.rule);
        let step = |((weights, gradient), (first, second)): Parts<'_>| {
            arch.dispatch(Step { rule, weights, gradient, first, second });
        };
        // A gradient of zero moves nothing without weight decay.
        if row == trained || rule.keep == 1.0 {
            let moments = moments.first.par_chunks_mut(CHUNK).zip(moments.second.par_chunks_mut(CHUNK));
            weights.par_chunks_mut(CHUNK).zip(self.gradient.par_chunks(CHUNK)).zip(moments).for_each(step);
            return Ok(());
        }
        // The constants behind the trained numbers of a node do not decay.
        let moments = moments.first.par_chunks_mut(row).zip(moments.second.par_chunks_mut(row));
        weights.par_chunks_mut(row).zip(self.gradient.par_chunks(row)).zip(moments).with_min_len(64).for_each(
            |((weights, gradient), (first, second))| {
                let (first, second) = (&mut first[..trained], &mut second[..trained]);
                step(((&mut weights[..trained], &gradient[..trained]), (first, second)));
            },
        );
        Ok(())
    }
}

/// Weights and gradient, first and second moments.
type Parts<'a> = ((&'a mut [f32], &'a [f32]), (&'a mut [f32], &'a mut [f32]));

/// A step of numbers side by side.
struct Step<'a> {
    rule: Rule,
    weights: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        // Plain loops: the dispatch compiles them for the vector instructions that were found.
        let Rule { factor, beta1, beta2, first_rate, second_rate, second_correction, epsilon, rate, keep } = self.rule;
        let moments = self.first.iter_mut().zip(self.second.iter_mut());
        for ((w, &g), (m, v)) in self.weights.iter_mut().zip(self.gradient).zip(moments) {
            let g = g * factor;
            *m = beta1 * *m + first_rate * g;
            *v = beta2 * *v + second_rate * (g * g);
            *w = keep * *w - rate * *m / ((*v * second_correction).sqrt() + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    fn trainable(name: &str, values: &[f32], row: usize, trained: usize) -> Trainable {
        let values = Var::from_slice(values, (values.len() / row, row), &Device::Cpu).unwrap();
        Trainable { name: name.into(), values, row, trained }
    }

    fn values(weight: &Trainable) -> Vec<f32> {
        weight.values.flatten_all().unwrap().to_vec1().unwrap()
    }

    /// The module's formula in float64.
    fn literal(parameters: AdamParameters, w: f64, gradients: &[f64], rate: f64) -> f64 {
        let AdamParameters { beta1, beta2, epsilon, weight_decay } = parameters;
        let (mut w, mut m, mut v) = (w, 0.0, 0.0);
        for (t, g) in gradients.iter().enumerate() {
            m = beta1 * m + (1.0 - beta1) * g;
            v = beta2 * v + (1.0 - beta2) * g * g;
            let (m, v) = (m / (1.0 - beta1.powi(t as i32 + 1)), v / (1.0 - beta2.powi(t as i32 + 1)));
            w = (1.0 - rate * weight_decay) * w - rate * m / (v.sqrt() + epsilon);
        }
        w
    }

    #[test]
    fn steps_are_those_of_the_formula() {
        for weight_decay in [0.0, 0.1] {
            let parameters = AdamParameters { weight_decay, ..Default::default() };
            let start: Vec<f32> = (0..10_000).map(|i| (i as f32 * 0.37).sin()).collect();
            let gradient = |t: usize| -> Vec<f32> { (0..10_000).map(|i| ((i + 7 * t) as f32 * 0.11).cos()).collect() };
            let weight = trainable("w", &start, 10, 10);
            let mut optimizer = Optimizer::new(vec![weight.clone()], parameters);
            for t in 0..4 {
                optimizer.step(&[gradient(t)], 0.01, 0.5).unwrap();
            }
            let found = values(&weight);
            for i in [0, 1, 4095, 4096, 9_999] {
                let gradients: Vec<f64> = (0..4).map(|t| 0.5 * f64::from(gradient(t)[i])).collect();
                let expected = literal(parameters, f64::from(start[i]), &gradients, 0.01);
                assert!((f64::from(found[i]) - expected).abs() < 1e-5, "{i}: {} {expected}", found[i]);
            }
        }
    }

    #[test]
    fn constants_keep_their_value() {
        let weight = trainable("w", &[1.0, 5.0, 1.0, 7.0], 2, 1);
        let parameters = AdamParameters { weight_decay: 0.5, ..Default::default() };
        let mut optimizer = Optimizer::new(vec![weight.clone()], parameters);
        optimizer.step(&[[1.0, 0.0, -1.0, 0.0]], 0.1, 1.0).unwrap();
        let found = values(&weight);
        assert_eq!((found[1], found[3]), (5.0, 7.0));
        assert!((found[0] - 0.85).abs() < 1e-6 && (found[2] - 1.05).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn a_restored_optimizer_goes_on_as_if_it_had_never_stopped() {
        let gradients = |t: usize| [vec![0.1 * t as f32; 6], vec![-0.3; 4]];
        let weights = || vec![trainable("a", &[0.5; 6], 3, 3), trainable("b", &[0.1; 4], 2, 1)];
        let (through, early, late) = (weights(), weights(), weights());
        let mut whole = Optimizer::new(through.clone(), Default::default());
        (0..6).for_each(|t| whole.step(&gradients(t), 0.1, 1.0).unwrap());

        let mut first = Optimizer::new(early.clone(), Default::default());
        (0..3).for_each(|t| first.step(&gradients(t), 0.1, 1.0).unwrap());
        for (from, to) in early.iter().zip(&late) {
            to.values.set(&from.values.copy().unwrap()).unwrap();
        }
        let kept: Vec<(String, Vec<f32>)> = first.state().into_iter().map(|(n, v)| (n, v.to_vec())).collect();
        let mut second = Optimizer::new(late.clone(), Default::default());
        let find = |name: &str| -> Result<Vec<f32>, TrainError> {
            Ok(kept.iter().find(|(kept, _)| kept == name).unwrap().1.clone())
        };
        second.restore(first.steps(), find).unwrap();
        (3..6).for_each(|t| second.step(&gradients(t), 0.1, 1.0).unwrap());
        for (whole, resumed) in through.iter().zip(&late) {
            assert_eq!(values(whole), values(resumed));
        }
        let message = second.restore(1, |_| Ok::<_, TrainError>(vec![0.0; 5])).unwrap_err().to_string();
        assert_eq!(message, "the optimizer's state `a.first` has 5 numbers, the model's weight has 6");
        assert!(second.step(&[[0.0; 6]], 0.1, 1.0).is_err());
    }

    #[test]
    fn the_norm_is_that_of_all_gradients() {
        assert_eq!(global_norm(&[vec![3.0; 1], vec![0.0; 5000], vec![4.0]]), 5.0);
    }
}
