//! Architectures by name: experiments that ship with this crate, without weights.

use std::path::Path;

use crate::config::{ConfigError, Experiment};
use crate::files::nearest;

macro_rules! zoo {
    ($($name:literal,)*) => {
        /// Name and YAML text of every model of the zoo.
        const MODELS: &[(&str, &str)] = &[$(($name, include_str!(concat!("zoo/", $name, ".yaml")))),*];
    };
}

zoo! {
    "mnist_fc_8k_linear",
    "mnist_fc_8k_dwn",
    "mnist_bitflip_none",
    "mnist_bitflip_5",
    "mnist_bitflip_10",
    "mnist_bitflip_20",
    "mnist_gradnorm_none",
    "mnist_gradnorm_layerwise",
    "mnist_gradnorm_batchwise",
    "mnist_gradnorm_layerwise_mean",
    "mnist_residual_init",
    "mnist_small",
    "mnist_large",
    "cifar10_ffn_baseline",
    "cifar10_conv",
}

/// The names of the zoo.
pub fn names() -> Vec<&'static str> {
    MODELS.iter().map(|(name, _)| *name).collect()
}

/// The YAML text of a model of the zoo.
pub fn text(name: &str) -> Option<&'static str> {
    MODELS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The experiment of a model of the zoo, or `None` when there is no such model.
///
/// # Errors
/// [`ConfigError`], which tests rule out.
pub fn get(name: &str) -> Result<Option<Experiment>, ConfigError> {
    let path = Path::new("zoo").join(format!("{name}.yaml"));
    text(name).map(|text| Experiment::parse(&path, text)).transpose()
}

/// The nearest name, for "did you mean".
pub fn nearest_name(name: &str) -> Option<&'static str> {
    nearest(name, MODELS.iter().map(|(known, _)| *known))
}

/// What the first comment of a model says.
pub fn summary(name: &str) -> &'static str {
    text(name).and_then(|text| text.lines().next()).map(|line| line.trim_start_matches(['#', ' '])).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NodeType;

    /// Models of node types that this build has; the others say which one they need.
    #[test]
    fn every_model_is_one_of_the_documents_and_can_be_built() {
        let mut built = 0;
        for name in names() {
            let experiment = match get(name) {
                Ok(experiment) => experiment.unwrap(),
                Err(error) => {
                    let needed = ["linear_lut", "dwn_stable"].into_iter().find(|node| error.to_string().contains(node));
                    assert!(needed.is_some_and(|node| NodeType::from_name(node).is_none()), "{name}: {error}");
                    continue;
                }
            };
            built += 1;
            assert_eq!(experiment.model.pretrained_name.as_deref(), Some(name));
            assert!(summary(name).ends_with('.'), "{name}");
            assert_eq!(experiment.data.name, experiment.model.dataset);
            #[cfg(feature = "train")]
            crate::model::Model::build(experiment.model, 1).unwrap();
        }
        assert!(built >= 4, "{built}");
    }

    #[cfg(feature = "train")]
    #[test]
    fn parameters_are_overridden_as_in_the_documents() {
        let overrides = [("encoder_bits".to_owned(), 6.into()), ("node_input_dim".to_owned(), 4.into())];
        let model = crate::store::build_model("mnist_large", false, &overrides).unwrap();
        assert_eq!((model.config().encoder_config.num_bits, model.config().node_input_dim), (6, 4));
        let message = crate::store::build_model("mnist_larg", false, &[]).unwrap_err().to_string();
        assert!(message.contains("`mnist_larg`"), "{message}");
    }
}
