//! The penalties of a layer's tables as one operation.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{contiguous, values};
use crate::components::node::NodeKernel;
use crate::components::registry;
use crate::components::regularizer::Penalty;
use crate::config::RuntimeConfig;

/// Weights `(width, parameters)` to the weighted sum of the penalties of all nodes, a scalar.
///
/// Nodes run in parallel and their penalties are added in order, so the result does not depend
/// on the number of threads.
#[derive(Clone, Debug)]
pub struct PenaltyOp {
    /// What the nodes are.
    pub kernel: Arc<dyn NodeKernel>,
    /// Every penalty with its weight and exponent.
    terms: Vec<(Penalty, f32, f32)>,
}

impl PenaltyOp {
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
}

impl CustomOp1 for PenaltyOp {
    fn name(&self) -> &'static str {
        "table-penalty"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let weights = contiguous(storage, layout)?;
        let penalties: Vec<f64> =
            weights.par_chunks_exact(self.kernel.parameters()).map(|row| self.node(row).0).collect();
        Ok((CpuStorage::F32(vec![penalties.iter().sum::<f64>() as f32]), Shape::from(())))
    }

    fn bwd(&self, weights: &Tensor, _out: &Tensor, grad_out: &Tensor) -> Result<Option<Tensor>> {
        let factor = grad_out.to_scalar::<f32>()?;
        let rows = values(weights)?;
        let mut grad = vec![0.0; rows.len()];
        let parameters = self.kernel.parameters();
        grad.par_chunks_exact_mut(parameters).zip(rows.par_chunks_exact(parameters)).for_each(|(grad, row)| {
            let mut grad_values = self.node(row).1;
            grad_values.iter_mut().for_each(|g| *g *= factor);
            self.kernel.values_backward(row, &grad_values, grad);
        });
        Ok(Some(Tensor::from_vec(grad, weights.shape(), weights.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::node::NodeSpec;
    use crate::components::registry::NODES;
    use candle_core::{Device, Var};
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
            let op = PenaltyOp::new(kernel.clone(), &runtime).unwrap();
            let weights = Var::from_vec(rows.clone(), (2, parameters), &Device::Cpu).unwrap();
            let loss = weights.apply_op1(op.clone()).unwrap().affine(3.0, 0.0).unwrap();
            let grads = loss.backward().unwrap();
            let grad = grads.get(&weights).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let total = |rows: &[f32]| rows.chunks_exact(parameters).map(|row| 3.0 * op.node(row).0).sum::<f64>();
            assert!((f64::from(loss.to_scalar::<f32>().unwrap()) - total(&rows)).abs() < 1e-5);
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
        assert!(PenaltyOp::new(kernel(), &RuntimeConfig::default()).is_none());
        let zero: RuntimeConfig = serde_yaml::from_str("regularizers: {l2: 0}").unwrap();
        assert!(PenaltyOp::new(kernel(), &zero).is_none());
    }
}
