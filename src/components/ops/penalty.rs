//! The penalties of a layer's tables.

use std::sync::Arc;

use rayon::prelude::*;

use crate::components::node::NodeKernel;
use crate::components::registry;
use crate::components::regularizer::Penalty;
use crate::config::RuntimeConfig;

/// Nodes whose penalties one thread computes at a time.
const CHUNK: usize = 64;

/// The weighted penalties that a runtime section asks for.
///
/// Nodes run in parallel and their penalties are added in order, so the result does not depend
/// on the number of threads.
#[derive(Clone, Debug)]
pub struct Penalties {
    kernel: Arc<dyn NodeKernel>,
    /// Every penalty with its weight and exponent.
    terms: Vec<(Penalty, f32, f32)>,
}

impl Penalties {
    /// The penalties of a runtime section, if it has any.
    pub fn new(kernel: Arc<dyn NodeKernel>, runtime: &RuntimeConfig) -> Option<Self> {
        let terms = runtime.regularizers.iter().flatten().filter(|(_, config)| config.weight > 0.0);
        let terms: Vec<_> = terms
            .map(|(kind, config)| (registry::regularizer_kind(*kind).penalty, config.weight, config.p.unwrap_or(2.0)))
            .collect();
        (!terms.is_empty()).then_some(Self { kernel, terms })
    }

    /// The penalty of one node, and its gradient by the values.
    fn node(&self, row: &[f32]) -> (f64, Vec<f32>) {
        let values = self.kernel.values(row);
        let mut grad = vec![0.0; values.len()];
        let terms = self
            .terms
            .iter()
            .map(|(penalty, weight, exponent)| f64::from(*weight) * penalty(&values, *exponent, *weight, &mut grad));
        (terms.sum(), grad)
    }

    /// The weighted sum of the penalties of all nodes, whose gradient is added to `grad_rows`.
    pub fn add(&self, rows: &[f32], grad_rows: &mut [f32]) -> f64 {
        let parameters = self.kernel.parameters();
        let chunks = grad_rows.par_chunks_mut(CHUNK * parameters).zip(rows.par_chunks(CHUNK * parameters));
        let sums = chunks.map(|(grads, rows)| {
            let nodes = grads.chunks_exact_mut(parameters).zip(rows.chunks_exact(parameters));
            let penalties = nodes.map(|(grad, row)| {
                let (penalty, grad_values) = self.node(row);
                self.kernel.values_backward(row, &grad_values, grad);
                penalty
            });
            penalties.sum::<f64>()
        });
        sums.collect::<Vec<f64>>().iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::node::NodeSpec;
    use crate::components::registry::NODES;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn gradients_of_every_family_are_those_of_finite_differences() {
        let runtime: RuntimeConfig =
            serde_yaml::from_str("regularizers: {l2: 0.5, spectral: 0.3, entropy: 0.2, clarity: 0.1}").unwrap();
        for kind in NODES.all() {
            let spec = NodeSpec { fan_in: 3, params: &Default::default(), runtime: &runtime };
            let kernel: Arc<dyn NodeKernel> = (kind.build)(spec).unwrap().into();
            let (mut rng, parameters) = (ChaCha8Rng::seed_from_u64(3), kernel.parameters());
            let mut rows = vec![0.0; 2 * parameters];
            rows.chunks_exact_mut(parameters).for_each(|row| kernel.init(&mut rng, row));
            let penalties = Penalties::new(kernel.clone(), &runtime).unwrap();
            let mut grad = vec![0.0; rows.len()];
            let sum = penalties.add(&rows, &mut grad);
            let total = |rows: &[f32]| rows.chunks_exact(parameters).map(|row| penalties.node(row).0).sum::<f64>();
            assert!((sum - total(&rows)).abs() < 1e-9);
            for index in (0..rows.len()).filter(|index| index % parameters < parameters - kernel.constants()) {
                const STEP: f32 = 2e-3;
                let at = |by: f32| {
                    let mut rows = rows.clone();
                    rows[index] += by;
                    total(&rows)
                };
                let expected = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
                let error = (f64::from(grad[index]) - expected).abs();
                assert!(error < 5e-3 * (1.0 + expected.abs()), "{} {index}: {} {expected}", kind.name, grad[index]);
            }
        }
    }

    #[test]
    fn no_penalty_costs_nothing() {
        let kernel = || -> Arc<dyn NodeKernel> {
            let spec = NodeSpec { fan_in: 2, params: &Default::default(), runtime: &Default::default() };
            (NODES.all()[0].build)(spec).unwrap().into()
        };
        assert!(Penalties::new(kernel(), &RuntimeConfig::default()).is_none());
        let zero: RuntimeConfig = serde_yaml::from_str("regularizers: {l2: 0}").unwrap();
        assert!(Penalties::new(kernel(), &zero).is_none());
    }
}
