//! A whole layer of nodes as one operation.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{contiguous, values};
use crate::components::layer::Wiring;
use crate::components::node::NodeKernel;

/// Activations `(input_width, batch)` and weights `(width, parameters)` to `(width, batch)`.
///
/// Samples of one signal are contiguous, so a kernel reads its pins where they are and works
/// on many samples at once. Nodes run in parallel; each node's sums run over the batch in order
/// and the input gradients are gathered in order of the pins, so the result does not depend on
/// the number of threads.
#[derive(Clone, Debug)]
pub struct LutLayerOp {
    /// What the nodes are.
    pub kernel: Arc<dyn NodeKernel>,
    /// What they read.
    pub wiring: Arc<Wiring>,
    /// Whether the gradient of the activations is computed; the first layer needs none.
    pub input_gradient: bool,
}

impl LutLayerOp {
    fn batch(&self, activations: &Shape, weights: &Shape) -> Result<usize> {
        let (input_width, batch) = activations.dims2()?;
        let expected = (self.wiring.width(), self.kernel.parameters());
        if input_width != self.wiring.input_width() || weights.dims2()? != expected {
            return Err(Error::ShapeMismatchBinaryOp {
                lhs: activations.clone(),
                rhs: weights.clone(),
                op: "lut-layer",
            });
        }
        Ok(batch)
    }

    /// The pins of `node` among the activations.
    fn pins<'a>(&self, node: usize, activations: &'a [f32], batch: usize) -> Vec<&'a [f32]> {
        self.wiring.node(node).iter().map(|&column| &activations[column as usize * batch..][..batch]).collect()
    }

    fn forward(&self, activations: &[f32], weights: &[f32], batch: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.wiring.width() * batch];
        if batch > 0 {
            out.par_chunks_exact_mut(batch)
                .zip(weights.par_chunks_exact(self.kernel.parameters()))
                .enumerate()
                .for_each(|(node, (out, weights))| {
                    self.kernel.forward(weights, &self.pins(node, activations, batch), out)
                });
        }
        out
    }

    /// The gradients of the weights and, where asked for, of the activations.
    fn backward(
        &self,
        activations: &[f32],
        weights: &[f32],
        grad_out: &[f32],
        batch: usize,
    ) -> (Vec<f32>, Option<Vec<f32>>) {
        let parameters = self.kernel.parameters();
        let mut grad_weights = vec![0.0; weights.len()];
        let nodes = || weights.par_chunks_exact(parameters).zip(grad_out.par_chunks_exact(batch));
        if !self.input_gradient {
            grad_weights.par_chunks_exact_mut(parameters).zip(nodes()).enumerate().for_each(
                |(node, (grad, (weights, grad_out)))| {
                    self.kernel.backward(weights, &self.pins(node, activations, batch), grad_out, grad, None);
                },
            );
            return (grad_weights, None);
        }
        let fan_in = self.wiring.fan_in();
        let mut grad_pins = vec![0.0f32; self.wiring.width() * fan_in * batch];
        grad_weights
            .par_chunks_exact_mut(parameters)
            .zip(grad_pins.par_chunks_exact_mut(fan_in * batch))
            .zip(nodes())
            .enumerate()
            .for_each(|(node, ((grad, grad_pins), (weights, grad_out)))| {
                let pins = self.pins(node, activations, batch);
                self.kernel.backward(weights, &pins, grad_out, grad, Some(grad_pins));
            });
        let mut grad_activations = vec![0.0f32; activations.len()];
        grad_activations.par_chunks_exact_mut(batch).enumerate().for_each(|(column, grad)| {
            for &pin in self.wiring.readers(column) {
                for (grad, g) in grad.iter_mut().zip(&grad_pins[pin as usize * batch..][..batch]) {
                    *grad += g;
                }
            }
        });
        (grad_weights, Some(grad_activations))
    }
}

impl CustomOp2 for LutLayerOp {
    fn name(&self) -> &'static str {
        "lut-layer"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let batch = self.batch(l1.shape(), l2.shape())?;
        let out = self.forward(contiguous(s1, l1)?, contiguous(s2, l2)?, batch);
        Ok((CpuStorage::F32(out), (self.wiring.width(), batch).into()))
    }

    fn bwd(
        &self,
        activations: &Tensor,
        weights: &Tensor,
        _out: &Tensor,
        grad_out: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let batch = self.batch(activations.shape(), weights.shape())?;
        if batch == 0 {
            return Ok((Some(activations.zeros_like()?), Some(weights.zeros_like()?)));
        }
        let (grad_weights, grad_activations) =
            self.backward(&values(activations)?, &values(weights)?, &values(grad_out)?, batch);
        let grad_weights = Tensor::from_vec(grad_weights, weights.shape(), weights.device())?;
        let grad_activations = grad_activations
            .map(|grad| Tensor::from_vec(grad, activations.shape(), activations.device()))
            .transpose()?;
        Ok((grad_activations, Some(grad_weights)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::node::NodeSpec;
    use crate::components::registry;
    use crate::config::{NodeType, RuntimeConfig};
    use candle_core::{Device, Var};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn op(node_type: NodeType, input_gradient: bool) -> LutLayerOp {
        let spec = NodeSpec { fan_in: 3, params: &Default::default(), runtime: &RuntimeConfig::default() };
        let kernel = (registry::NODES.get(node_type.name()).unwrap().build)(spec).unwrap().into();
        // Column 4 is read by nobody, column 1 by three pins, two of them of one node.
        let wiring = Wiring::new(5, 3, vec![0, 1, 2, 1, 3, 1]).unwrap().into();
        LutLayerOp { kernel, wiring, input_gradient }
    }

    fn random(rng: &mut ChaCha8Rng, shape: (usize, usize)) -> Var {
        let values: Vec<f32> = (0..shape.0 * shape.1).map(|_| rng.random()).collect();
        Var::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    #[test]
    fn gradients_pass_through_the_wiring() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let (x, w) = (random(&mut rng, (5, 11)), random(&mut rng, (2, 8)));
        let loss = |x: &Tensor, w: &Tensor| -> f64 {
            let out = x.apply_op2_no_bwd(w, &op(NodeType::Probabilistic, true)).unwrap();
            f64::from(out.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap())
        };
        let out = x.apply_op2(&w, op(NodeType::Probabilistic, true)).unwrap();
        let grads = out.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        for (var, is_x) in [(&x, true), (&w, false)] {
            let grad = grads.get(var).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let values = var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for index in 0..values.len() {
                // A wide step: the loss is a low-degree polynomial of inputs, and smooth in logits.
                const STEP: f32 = 1e-2;
                let at = |by: f32| {
                    let mut values = values.clone();
                    values[index] += by;
                    let moved = Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap();
                    if is_x { loss(&moved, &w) } else { loss(&x, &moved) }
                };
                let expected = (at(STEP) - at(-STEP)) / (2.0 * f64::from(STEP));
                assert!((f64::from(grad[index]) - expected).abs() < 2e-3, "{index}: {} {expected}", grad[index]);
            }
        }
    }

    #[test]
    fn the_first_layer_has_weight_gradients_only() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let (x, w) = (random(&mut rng, (5, 4)), random(&mut rng, (2, 8)));
        for node_type in [NodeType::Probabilistic, NodeType::Dwn] {
            let grads = [true, false]
                .map(|input| x.apply_op2(&w, op(node_type, input)).unwrap().sum_all().unwrap().backward().unwrap());
            let weights = grads.each_ref().map(|g| g.get(&w).unwrap().to_vec2::<f32>().unwrap());
            assert_eq!(weights[0], weights[1]);
            assert!(grads[0].get(&x).is_some() && grads[1].get(&x).is_none());
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let (x, w) = (random(&mut rng, (5, 33)), random(&mut rng, (2, 8)));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let out = x.apply_op2(&w, op(NodeType::Probabilistic, true)).unwrap();
                let grads = out.sqr().unwrap().sum_all().unwrap().backward().unwrap();
                [&x, &w].map(|var| grads.get(var).unwrap().to_vec2::<f32>().unwrap())
            })
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn other_shapes_are_refused() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let (x, w) = (random(&mut rng, (4, 3)), random(&mut rng, (2, 8)));
        assert!(x.apply_op2(&w, op(NodeType::Dwn, true)).is_err());
    }
}
