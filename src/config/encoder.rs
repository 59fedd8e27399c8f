//! The encoder and its parameters.

use serde::{Deserialize, Serialize};

use super::ParameterError;
use super::name::{NameKind, names};

names! {
    /// How features become bits.
    EncoderType of NameKind::Encoder;
    /// Evenly spaced thresholds.
    Thermometer = "thermometer",
    /// Thresholds at the quantiles of a normal distribution.
    GaussianThermometer = "gaussian_thermometer",
    /// Thresholds at the quantiles of the samples.
    DistributiveThermometer = "distributive_thermometer",
    /// Gray code of the quantized value.
    Gray = "gray",
    /// One bit per bin of the range.
    Onehot = "onehot",
    /// The quantized value.
    Binary = "binary",
    /// A sign bit and the quantized absolute value.
    SignMagnitude = "sign_magnitude",
    /// The quantized logarithm.
    Logarithmic = "logarithmic",
}

impl EncoderType {
    /// The fewest and the most bits per feature. A quantizer of `b` bits has `2^b` levels, each
    /// of which becomes a comparator in hardware.
    fn bits(self) -> (usize, usize) {
        match self {
            Self::Thermometer | Self::GaussianThermometer | Self::DistributiveThermometer | Self::Custom(_) => (1, 256),
            Self::Onehot => (1, 63),
            Self::Gray | Self::Binary | Self::Logarithmic => (1, 16),
            Self::SignMagnitude => (2, 16),
        }
    }
}

/// The encoder of a model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// Which encoder.
    #[serde(alias = "type")]
    pub name: EncoderType,
    /// Bits per feature: thermometers 1 to 256, onehot 1 to 63, gray, binary and logarithmic 1
    /// to 16, sign_magnitude 2 to 16.
    pub num_bits: usize,
    /// Fitted to each feature by itself; otherwise to all values together.
    #[serde(default = "yes")]
    pub feature_wise: bool,
    /// Whether the encoded sample is one row of bits (feature-major) or keeps its shape. The
    /// columns are the same in both cases; layers that look at shapes read them off the model.
    #[serde(default = "yes")]
    pub flatten: bool,
    /// Base of the logarithm, above 1 up to 1e6; logarithmic only, 2 when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<f32>,
}

fn yes() -> bool {
    true
}

impl EncoderConfig {
    /// An encoder of `num_bits` bits per feature, fitted to each feature by itself.
    pub fn new(name: EncoderType, num_bits: usize) -> Self {
        Self { name, num_bits, feature_wise: true, flatten: true, base: None }
    }

    /// Encoded bits of one feature.
    pub fn num_bits(&self) -> usize {
        self.num_bits
    }

    pub(super) fn check(&self) -> Result<(), ParameterError> {
        let (least, most) = self.name.bits();
        ParameterError::unless_in("encoder_config.num_bits", self.num_bits, least..=most)?;
        match self.base {
            Some(base) if self.name != EncoderType::Logarithmic => Err(ParameterError::new(
                "encoder_config.base",
                base,
                format!("the encoder {} does not read it; remove it", self.name.name()),
            )),
            Some(base) if !(base > 1.0 && base <= 1e6) => {
                Err(ParameterError::new("encoder_config.base", base, "allowed are numbers above 1 up to 1e6"))
            }
            _ => Ok(()),
        }
    }
}
