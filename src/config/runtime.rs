//! The `runtime` section: parameters that change training or scores but not the shape of the
//! weights.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ParameterError, RegularizerConfig, RegularizerType};

/// How the values of a node are drawn before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitFn {
    /// The node type's own draw.
    #[default]
    Default,
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
    /// Normal with `mean` and `std`.
    Normal,
    /// Uniform from `a` to `b`.
    Uniform,
    /// Glorot and Bengio 2010, uniform.
    XavierUniform,
    /// Glorot and Bengio 2010, normal.
    XavierNormal,
    /// He et al. 2015, uniform.
    KaimingUniform,
    /// He et al. 2015, normal.
    KaimingNormal,
    /// Normal with the variance 4 v_target / (n + 1).
    VarianceStabilized,
    /// Another name of `variance_stabilized`.
    Probabilistic,
    /// The node passes its first input on.
    Residual,
}

/// What a node's evaluation rule is, where its family has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvalMode {
    /// The most likely bit of the expectation.
    Expectation,
    /// The bit of the most likely function.
    Deterministic,
    /// The bit of the value against one half.
    Threshold,
    /// The bit that most samples have.
    Sampling,
    /// The sign of the logit.
    Sign,
}

impl EvalMode {
    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expectation => "expectation",
            Self::Deterministic => "deterministic",
            Self::Threshold => "threshold",
            Self::Sampling => "sampling",
            Self::Sign => "sign",
        }
    }
}

/// How a learnable layer's pins are chosen in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// A pin is the mixture of its columns by a softmax whose temperature falls.
    #[default]
    Soft,
    /// A pin is the column of the largest weight, as in evaluation; the weights get the gradient
    /// as if each of them were chosen.
    StraightThrough,
}

/// How the gradients of a layer's outputs are rescaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradStabilization {
    /// Not at all.
    #[default]
    None,
    /// By one factor for the whole layer and batch.
    Layerwise,
    /// By one factor for every sample.
    Batchwise,
}

/// The side of a matrix that `kaiming_*` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FanMode {
    /// The inputs.
    #[default]
    FanIn,
    /// The outputs.
    FanOut,
}

/// The nonlinearity whose gain `kaiming_*` uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nonlinearity {
    /// Gain 1.
    Linear,
    /// Gain 1.
    Sigmoid,
    /// Gain 5/3.
    Tanh,
    /// Gain sqrt(2).
    Relu,
    /// Gain sqrt(2 / (1 + a^2)).
    #[default]
    LeakyRelu,
}

/// Parameters of `init_fn`. Each is optional; an initializer refuses those that it would ignore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitKwargs {
    /// normal: the mean; -1e6 to 1e6, default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f32>,
    /// normal: the standard deviation; 0 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<f32>,
    /// uniform: the lower end, default -1; kaiming: slope below zero of leaky_relu, default 0;
    /// -1e6 to 1e6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<f32>,
    /// uniform: the upper end; -1e6 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<f32>,
    /// xavier: factor; 0 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f32>,
    /// kaiming: the side counted, default fan_in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<FanMode>,
    /// kaiming: the nonlinearity, default leaky_relu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonlinearity: Option<Nonlinearity>,
    /// variance_stabilized: the variance aimed at; 0 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v_target: Option<f32>,
    /// residual: as `runtime.logit_clarity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logit_clarity: Option<f32>,
    /// residual: as `runtime.noise_factor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_factor: Option<f32>,
}

impl InitKwargs {
    /// The names of the parameters that are set.
    pub fn keys(&self) -> Vec<&'static str> {
        [
            ("mean", self.mean.is_some()),
            ("std", self.std.is_some()),
            ("a", self.a.is_some()),
            ("b", self.b.is_some()),
            ("gain", self.gain.is_some()),
            ("mode", self.mode.is_some()),
            ("nonlinearity", self.nonlinearity.is_some()),
            ("v_target", self.v_target.is_some()),
            ("logit_clarity", self.logit_clarity.is_some()),
            ("noise_factor", self.noise_factor.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, set)| set.then_some(key))
        .collect()
    }
}

/// Parameters that change training or scores but not the shape of the weights.
///
/// Every one is optional; a node, layer or initializer refuses those that it would ignore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeConfig {
    /// Softness of the values of probabilistic and warp nodes, sigmoid(logit / temperature);
    /// 1e-6 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The evaluation rule, where a node type has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval_mode: Option<EvalMode>,
    /// Scores are group sums divided by this; 1e-6 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tau: Option<f32>,
    /// Factor of the extended finite difference; 1e-6 to 1e6, default 0.5 * 0.75^(n-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f32>,
    /// Weight of a table row per input that differs; 0 to 1, default 1/3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta: Option<f32>,
    /// Factor of the gradients of dwn_stable; 1e-6 to 1e6, default 1.25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_scale: Option<f32>,
    /// Learnable layers: temperature of the selection at the first step; 1e-6 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_start: Option<f32>,
    /// Learnable layers: the temperature falls no further; 1e-6 to 1e6, default 1e-4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_min: Option<f32>,
    /// Learnable layers: steps in which the temperature falls to a tenth; 1 to 1e9, default 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau_decay_iters: Option<f32>,
    /// Learnable layers: how pins are chosen in training, default soft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// How the values of a node are drawn before training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_fn: Option<InitFn>,
    /// Parameters of `init_fn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_kwargs: Option<InitKwargs>,
    /// `init_kwargs.v_target`; DiffLUT's files state it beside every `init_fn`, and initializers
    /// other than variance_stabilized and probabilistic do not read it. 0 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_v_target: Option<f32>,
    /// Residual initialization: logits are plus or minus this; 0 to 100, default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logit_clarity: Option<f32>,
    /// Residual initialization: standard deviation of the noise added; 0 to 100, default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_factor: Option<f32>,
    /// Penalties added to the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regularizers: Option<BTreeMap<RegularizerType, RegularizerConfig>>,
    /// Share of a layer's input bits that training inverts at random; 0 to 1, default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flip_probability: Option<f32>,
    /// How the gradients of a layer's outputs are rescaled, default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_stabilization: Option<GradStabilization>,
    /// The mean square of rescaled gradients; 1e-12 to 1e6, default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_target_std: Option<f32>,
    /// Whether the mean is taken off before rescaling, default false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_subtract_mean: Option<bool>,
    /// Added to the mean square of gradients before the division; 1e-30 to 1, default 1e-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_epsilon: Option<f32>,
    /// DiffLUT's choice of its CUDA extensions; accepted so that its files can be read, without
    /// effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_cuda: Option<bool>,
}

impl RuntimeConfig {
    /// The names of the parameters that are set.
    pub fn keys(&self) -> Vec<&'static str> {
        [
            ("temperature", self.temperature.is_some()),
            ("eval_mode", self.eval_mode.is_some()),
            ("output_tau", self.output_tau.is_some()),
            ("alpha", self.alpha.is_some()),
            ("beta", self.beta.is_some()),
            ("gradient_scale", self.gradient_scale.is_some()),
            ("tau_start", self.tau_start.is_some()),
            ("tau_min", self.tau_min.is_some()),
            ("tau_decay_iters", self.tau_decay_iters.is_some()),
            ("selection", self.selection.is_some()),
            ("init_fn", self.init_fn.is_some()),
            ("init_kwargs", self.init_kwargs.is_some()),
            ("init_v_target", self.init_v_target.is_some()),
            ("logit_clarity", self.logit_clarity.is_some()),
            ("noise_factor", self.noise_factor.is_some()),
            ("regularizers", self.regularizers.is_some()),
            ("flip_probability", self.flip_probability.is_some()),
            ("grad_stabilization", self.grad_stabilization.is_some()),
            ("grad_target_std", self.grad_target_std.is_some()),
            ("grad_subtract_mean", self.grad_subtract_mean.is_some()),
            ("grad_epsilon", self.grad_epsilon.is_some()),
            ("use_cuda", self.use_cuda.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, set)| set.then_some(key))
        .collect()
    }

    pub(super) fn check(&self) -> Result<(), ParameterError> {
        let positive = 1e-6..=1e6;
        let any = -1e6..=1e6;
        let none = InitKwargs::default();
        let kwargs = self.init_kwargs.as_ref().unwrap_or(&none);
        for (key, value, range) in [
            ("runtime.temperature", self.temperature, positive.clone()),
            ("runtime.output_tau", self.output_tau, positive.clone()),
            ("runtime.alpha", self.alpha, positive.clone()),
            ("runtime.beta", self.beta, 0.0..=1.0),
            ("runtime.gradient_scale", self.gradient_scale, positive.clone()),
            ("runtime.tau_start", self.tau_start, positive.clone()),
            ("runtime.tau_min", self.tau_min, positive),
            ("runtime.tau_decay_iters", self.tau_decay_iters, 1.0..=1e9),
            ("runtime.init_v_target", self.init_v_target, 0.0..=1e6),
            ("runtime.logit_clarity", self.logit_clarity, 0.0..=100.0),
            ("runtime.noise_factor", self.noise_factor, 0.0..=100.0),
            ("runtime.flip_probability", self.flip_probability, 0.0..=1.0),
            ("runtime.grad_target_std", self.grad_target_std, 1e-12..=1e6),
            ("runtime.grad_epsilon", self.grad_epsilon, 1e-30..=1.0),
            ("runtime.init_kwargs.mean", kwargs.mean, any.clone()),
            ("runtime.init_kwargs.std", kwargs.std, 0.0..=1e6),
            ("runtime.init_kwargs.a", kwargs.a, any.clone()),
            ("runtime.init_kwargs.b", kwargs.b, any),
            ("runtime.init_kwargs.gain", kwargs.gain, 0.0..=1e6),
            ("runtime.init_kwargs.v_target", kwargs.v_target, 0.0..=1e6),
            ("runtime.init_kwargs.logit_clarity", kwargs.logit_clarity, 0.0..=100.0),
            ("runtime.init_kwargs.noise_factor", kwargs.noise_factor, 0.0..=100.0),
        ] {
            if let Some(value) = value {
                ParameterError::unless_in(key, value, range)?;
            }
        }
        for (kind, regularizer) in self.regularizers.iter().flatten() {
            regularizer.check(*kind)?;
        }
        if let (Some(start), Some(min)) = (self.tau_start, self.tau_min)
            && start < min
        {
            let allowed = format!("at most tau_start, which is {start}");
            return Err(ParameterError::new("runtime.tau_min", min, allowed));
        }
        Ok(())
    }
}
