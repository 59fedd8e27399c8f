//! Draws of a node's numbers before training.
//!
//! An initializer fills the blocks of a node's parameters one after the other; `residual` knows
//! every family and is asked of the kernel. The constants of a node (frequencies, the inputs of a
//! gate) are always the family's own draw.

mod constant;
mod fans;
mod kaiming;
mod normal;
mod residual;
mod uniform;
mod variance_stabilized;
mod xavier;

pub(super) use constant::{DEFAULT, ONES, ZEROS};
pub use fans::Block;
pub(super) use kaiming::{KAIMING_NORMAL, KAIMING_UNIFORM};
pub(super) use normal::NORMAL;
pub use normal::normal;
pub(super) use residual::RESIDUAL;
pub use residual::Residual;
pub(super) use uniform::UNIFORM;
pub(super) use variance_stabilized::{PROBABILISTIC_INIT, VARIANCE_STABILIZED};
pub(super) use xavier::{XAVIER_NORMAL, XAVIER_UNIFORM};

use rand_chacha::ChaCha8Rng;

use super::describe::ParameterInfo;
use super::node::NodeKernel;
use super::{ComponentError, registry};
use crate::config::{InitFn, InitKwargs, ParameterError, RuntimeConfig};

/// The parameters of an initializer, from wherever the runtime section states them.
#[derive(Clone, Debug, Default)]
pub struct InitSpec {
    /// `init_kwargs`, with `init_v_target`, `logit_clarity` and `noise_factor` of the runtime
    /// section filled in.
    pub kwargs: InitKwargs,
    /// Inputs of the node.
    pub fan_in: usize,
}

/// Fills one block.
pub type FillBlock = fn(&InitSpec, Block, &mut ChaCha8Rng, &mut [f32]);

/// How an initializer works.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    /// It leaves the family's own draw.
    Own,
    /// It fills every block by itself.
    Block(FillBlock),
    /// The family knows how to pass its first input on.
    Residual,
}

/// One line of the registry.
#[derive(Debug)]
pub struct InitializerKind {
    /// The variant of the configuration.
    pub init_fn: InitFn,
    /// The name in the configuration.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The keys of `init_kwargs` that it reads; setting another one is an error.
    pub parameters: &'static [ParameterInfo],
    /// What it does.
    pub fill: Fill,
}

/// What draws the numbers of nodes where the configuration names no initializer.
#[derive(Clone, Debug, PartialEq)]
pub struct InitDefault {
    /// The initializer.
    pub init_fn: InitFn,
    /// Its parameters, where the configuration states none either.
    pub init_kwargs: InitKwargs,
}

impl From<InitFn> for InitDefault {
    fn from(init_fn: InitFn) -> Self {
        Self { init_fn, init_kwargs: InitKwargs::default() }
    }
}

/// An initializer with its parameters.
#[derive(Debug)]
pub struct Initializer {
    kind: &'static InitializerKind,
    spec: InitSpec,
}

impl Initializer {
    /// The initializer of a runtime section, or `fallback` where it names none.
    ///
    /// # Errors
    /// [`ComponentError::Parameter`] for a parameter that the initializer would ignore, that is
    /// stated twice, or that contradicts another.
    pub fn new(
        runtime: &RuntimeConfig,
        fallback: impl Into<InitDefault>,
        fan_in: usize,
    ) -> Result<Self, ComponentError> {
        let fallback = match runtime.init_fn {
            Some(init_fn) => init_fn.into(),
            None => fallback.into(),
        };
        let kind = registry::initializer_kind(fallback.init_fn);
        let mut kwargs = runtime.init_kwargs.clone().unwrap_or(fallback.init_kwargs);
        if let Some(key) = kwargs.keys().into_iter().find(|key| kind.parameters.iter().all(|p| p.key != *key)) {
            let reads: Vec<&str> = kind.parameters.iter().map(|parameter| parameter.key).collect();
            let allowed = match reads.as_slice() {
                [] => format!("init_fn {} has no parameters; remove it", kind.name),
                reads => format!("init_fn {} reads only {}; remove it", kind.name, reads.join(", ")),
            };
            return Err(ParameterError::new(format!("runtime.init_kwargs.{key}"), "set", allowed).into());
        }
        for (key, short, value) in [
            ("v_target", runtime.init_v_target, &mut kwargs.v_target),
            ("logit_clarity", runtime.logit_clarity, &mut kwargs.logit_clarity),
            ("noise_factor", runtime.noise_factor, &mut kwargs.noise_factor),
        ] {
            if short.is_some() && value.is_some() {
                let allowed = "the runtime section states it too; remove one of the two";
                return Err(ParameterError::new(format!("runtime.init_kwargs.{key}"), "set", allowed).into());
            }
            // DiffLUT's files hold init_v_target beside initializers that do not read it.
            if key != "v_target" && short.is_some() && !matches!(kind.fill, Fill::Residual) {
                let allowed = format!("init_fn {} does not read it; remove it", kind.name);
                return Err(ParameterError::new(format!("runtime.{key}"), "set", allowed).into());
            }
            *value = value.or(short);
        }
        if kind.init_fn == InitFn::Uniform {
            let (a, b) = uniform::ends(&kwargs);
            if a > b {
                let allowed = format!("at least the lower end a, which is {a}");
                return Err(ParameterError::new("runtime.init_kwargs.b", b, allowed).into());
            }
        }
        Ok(Self { kind, spec: InitSpec { kwargs, fan_in } })
    }

    /// Draws the numbers of one node.
    pub fn fill(&self, kernel: &dyn NodeKernel, rng: &mut ChaCha8Rng, row: &mut [f32]) {
        kernel.init(rng, row);
        match self.kind.fill {
            Fill::Own => {}
            Fill::Residual => kernel.residual(Residual::new(&self.spec.kwargs), rng, row),
            Fill::Block(fill) => {
                let mut at = 0;
                for block in kernel.blocks() {
                    fill(&self.spec, block, rng, &mut row[at..at + block.len()]);
                    at += block.len();
                }
            }
        }
        kernel.constrain(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// Mean and variance of what the initializer draws for a block.
    fn moments(runtime: &str, block: Block, fan_in: usize) -> (f64, f64) {
        let runtime: RuntimeConfig = serde_yaml::from_str(runtime).unwrap();
        let initializer = Initializer::new(&runtime, InitFn::Default, fan_in).unwrap();
        let Fill::Block(fill) = initializer.kind.fill else { panic!("no fill") };
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut draws = Vec::new();
        while draws.len() < 40_000 {
            let mut values = vec![9.0; block.len()];
            fill(&initializer.spec, block, &mut rng, &mut values);
            draws.extend(values.into_iter().map(f64::from));
        }
        let count = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / count;
        (mean, draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count)
    }

    #[test]
    fn draws_have_the_moments_of_their_formulas() {
        let matrix = Block::matrix("w", 8, 4);
        let third = 1.0 / 3.0;
        for (runtime, mean, variance) in [
            ("init_fn: zeros", 0.0, 0.0),
            ("init_fn: ones", 1.0, 0.0),
            ("init_fn: normal", 0.0, 1.0),
            ("{init_fn: normal, init_kwargs: {mean: 2, std: 0.5}}", 2.0, 0.25),
            ("init_fn: uniform", 0.0, third),
            ("{init_fn: uniform, init_kwargs: {a: 0, b: 2}}", 1.0, third),
            ("init_fn: xavier_uniform", 0.0, 2.0 / 12.0),
            ("{init_fn: xavier_normal, init_kwargs: {gain: 3}}", 0.0, 9.0 * 2.0 / 12.0),
            ("init_fn: kaiming_uniform", 0.0, 2.0 / 4.0),
            ("{init_fn: kaiming_normal, init_kwargs: {mode: fan_out, nonlinearity: tanh}}", 0.0, 25.0 / 9.0 / 8.0),
            ("{init_fn: kaiming_normal, init_kwargs: {a: 1.0}}", 0.0, 1.0 / 4.0),
            ("init_fn: variance_stabilized", 0.0, 4.0 / 7.0),
            ("{init_fn: probabilistic, init_v_target: 0.25}", 0.0, 1.0 / 7.0),
        ] {
            let (found_mean, found_variance) = moments(runtime, matrix, 6);
            // About five standard errors of 40000 draws.
            let tolerance = 0.026 * f64::max(variance, 1e-12).sqrt();
            assert!((found_mean - mean).abs() <= tolerance, "{runtime}: mean {found_mean}, not {mean}");
            assert!(
                (found_variance - variance).abs() <= 0.036 * variance,
                "{runtime}: {found_variance}, not {variance}"
            );
        }
    }

    #[test]
    fn parameters_without_effect_are_refused() {
        let refused = |text: &str| {
            let runtime: RuntimeConfig = serde_yaml::from_str(text).unwrap();
            Initializer::new(&runtime, InitFn::Default, 4).unwrap_err().to_string()
        };
        let message = refused("{init_fn: normal, init_kwargs: {gain: 2}}");
        assert_eq!(message, "runtime.init_kwargs.gain is set; init_fn normal reads only mean, std; remove it");
        let message = refused("{init_fn: zeros, init_kwargs: {std: 2}}");
        assert_eq!(message, "runtime.init_kwargs.std is set; init_fn zeros has no parameters; remove it");
        let message = refused("{init_fn: ones, logit_clarity: 2}");
        assert_eq!(message, "runtime.logit_clarity is set; init_fn ones does not read it; remove it");
        let message = refused("{init_fn: residual, logit_clarity: 2, init_kwargs: {logit_clarity: 2}}");
        assert!(message.ends_with("the runtime section states it too; remove one of the two"), "{message}");
        let message = refused("{init_fn: uniform, init_kwargs: {b: -2}}");
        assert_eq!(message, "runtime.init_kwargs.b is -2; at least the lower end a, which is -1");
        let seeds: RuntimeConfig = serde_yaml::from_str("{init_fn: xavier_uniform, init_v_target: 0.25}").unwrap();
        assert!(Initializer::new(&seeds, InitFn::Default, 4).is_ok());
    }
}
