//! `residual`: the node starts as a wire from its first input (DiffLUT's `residual_init`;
//! Bacellar et al. 2024, Petersen et al. 2024). What that means for the numbers of a node is the
//! matter of its family: every kernel's documentation states it, with `c` for `logit_clarity` and
//! noise drawn from N(0, noise_factor^2).

use rand_chacha::ChaCha8Rng;

use super::{Fill, InitializerKind, normal};
use crate::components::describe::kwarg;
use crate::config::{InitFn, InitKwargs};

/// The registry's line.
pub(in crate::components) static RESIDUAL: InitializerKind = InitializerKind {
    init_fn: InitFn::Residual,
    name: "residual",
    summary: "every node passes its first input on",
    parameters: &[
        kwarg("logit_clarity", "0 to 100", "5", "logits are plus or minus this"),
        kwarg("noise_factor", "0 to 100", "0", "standard deviation of the noise added"),
    ],
    fill: Fill::Residual,
};

/// The parameters of the residual initialization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Residual {
    /// Logits are plus or minus this.
    pub clarity: f32,
    /// Standard deviation of the noise.
    pub noise: f32,
}

impl Residual {
    pub(super) fn new(kwargs: &InitKwargs) -> Self {
        Self { clarity: kwargs.logit_clarity.unwrap_or(5.0), noise: kwargs.noise_factor.unwrap_or(0.0) }
    }

    /// A draw of the noise.
    pub fn noise(self, rng: &mut ChaCha8Rng) -> f32 {
        self.noise * normal(rng)
    }

    /// A table: row `r` is plus `clarity` where input 0 is one and minus `clarity` where it is
    /// zero, plus noise.
    pub fn table(self, rng: &mut ChaCha8Rng, table: &mut [f32]) {
        for (row, value) in table.iter_mut().enumerate() {
            let first_input = row & 1 == 1;
            *value = if first_input { self.clarity } else { -self.clarity } + self.noise(rng);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_residual_table_follows_its_first_input() {
        let mut table = [0.0; 4];
        Residual { clarity: 2.0, noise: 0.0 }.table(&mut ChaCha8Rng::seed_from_u64(1), &mut table);
        assert_eq!(table, [-2.0, 2.0, -2.0, 2.0]);
    }
}
