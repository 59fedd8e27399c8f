//! The place in a training.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The place in a training, from which schedules and noise follow.
#[derive(Clone, Debug)]
pub struct TrainingStep {
    pub(super) step: usize,
    pub(super) noise: ChaCha8Rng,
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
