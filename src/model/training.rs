//! The model in training: noise, soft choices, rescaled gradients and penalties.

use candle_core::Tensor;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::layer::{LayerKernel, Pins};
use super::{Model, ModelError, Stage, pass};
use crate::components::layer::{flip, temperature};
use crate::components::ops::{ChooseOp, LutLayerOp, MaxPoolOp, PenaltyOp, StabilizeOp};
use crate::config::Forks;

/// The place in a training, from which schedules and noise follow.
#[derive(Clone, Debug)]
pub struct TrainingStep {
    step: usize,
    noise: ChaCha8Rng,
}

impl TrainingStep {
    /// The first step of a training with that seed.
    pub fn first(seed: u64) -> Self {
        let mut noise = ChaCha8Rng::seed_from_u64(seed);
        // Apart from the draws of the order of samples, which take the same seed.
        noise.set_stream(1);
        Self { step: 0, noise }
    }

    /// Steps done and random words drawn in them, from which [`resume`](Self::resume) goes on.
    pub fn position(&self) -> (usize, u128) {
        (self.step, self.noise.get_word_pos())
    }

    /// The place that [`position`](Self::position) told of in a training with the same seed.
    pub fn resume(seed: u64, (step, drawn): (usize, u128)) -> Self {
        let mut resumed = Self::first(seed);
        resumed.step = step;
        resumed.noise.set_word_pos(drawn);
        resumed
    }
}

impl Model {
    /// Training scores `(batch, classes)`, of plain bits `(batch, bits)`, for encoded bits `(columns, batch)` of 0 and 1, with
    /// bits flipped and choices soft as the runtime section says. Moves `at` to the next step.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and candle's for a tensor of another shape.
    pub fn forward_train(&self, encoded: &Tensor, at: &mut TrainingStep) -> Result<Tensor, ModelError> {
        let mut activations = encoded.clone();
        let (_, batch) = activations.dims2()?;
        // What stands before the first weights needs no gradient.
        let mut trained_before = false;
        let mut forks = Forks::default();
        for stage in self.stages()? {
            let layer = match stage {
                Stage::Nodes(layer) => layer,
                Stage::Pool(pool) => {
                    activations = activations.apply_op1(MaxPoolOp { pool: pool.clone() })?;
                    continue;
                }
                Stage::Mark(mark) => {
                    (activations, trained_before) = pass(&mut forks, mark, (activations, trained_before))?;
                    continue;
                }
            };
            let LayerKernel { kernel, runtime, .. } = &layer.kind;
            activations = layer.seen(activations)?;
            // Of a convolution every window by itself, as DiffLUT does.
            activations = flip(&activations, runtime.flip_probability.unwrap_or(0.0), &mut at.noise)?;
            let (wiring, input_gradient) = match layer.pins() {
                Pins::Wired(wiring) => (wiring, trained_before),
                Pins::Mixed { choices, in_order } => {
                    let temperature = temperature(runtime, at.step) as f32;
                    let op = ChooseOp { temperature, input_gradient: trained_before };
                    activations = choices.apply_op2(&activations, op)?;
                    (in_order, true)
                }
            };
            let op = LutLayerOp { kernel: kernel.clone(), wiring: wiring.clone(), input_gradient };
            activations = layer.returned(activations.apply_op2(layer.weights.as_tensor(), op)?, batch)?;
            trained_before = true;
            if let Some(stabilize) = StabilizeOp::new(runtime) {
                activations = activations.apply_op1(stabilize)?;
            }
        }
        at.step += 1;
        self.scores(&activations)
    }

    /// The weighted sum of the regularizers over all nodes, a scalar, if there are any.
    ///
    /// # Errors
    /// [`ModelError::NotFitted`], and candle's.
    pub fn penalty(&self) -> Result<Option<Tensor>, ModelError> {
        let mut sum: Option<Tensor> = None;
        for layer in &self.fitted()?.layers {
            let Some(op) = PenaltyOp::new(layer.kind.kernel.clone(), &layer.kind.runtime) else { continue };
            let penalty = layer.weights.apply_op1(op)?;
            sum = Some(match sum {
                Some(sum) => (sum + penalty)?,
                None => penalty,
            });
        }
        Ok(sum)
    }
}
