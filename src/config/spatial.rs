//! Layers over images: trees of nodes that slide, and pooling.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{LayerType, ParameterError};

/// Channels, height and width.
pub type ImageShape = [usize; 3];

/// Largest number of nodes of a layer, unrolled over all positions of an image.
pub(super) const MAX_WIDTH: usize = 1 << 22;

/// Rows and columns; a file may write one number for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides(pub [usize; 2]);

impl Serialize for Sides {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [rows, columns] if rows == columns => rows.serialize(serializer),
            sides => sides.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Sides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected one number or two, rows and columns")]
        enum Written {
            Both(usize),
            Each([usize; 2]),
        }
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Both(side) => [side; 2],
            Written::Each(sides) => sides,
        }))
    }
}

/// What a layer over an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpatialConfig {
    /// A tree of nodes per output channel over every window. With `n` inputs per node it has
    /// `n^tree_depth` leaves, which read the window, and `tree_depth` levels above them.
    Convolutional {
        /// Number of trees.
        out_channels: usize,
        /// Size of a window.
        receptive_field: [usize; 2],
        /// Distance of windows.
        stride: [usize; 2],
        /// Rows and columns of zeros on either side, fewer than the window has.
        padding: [usize; 2],
        /// Levels above the leaves.
        tree_depth: usize,
        /// Whether every leaf reads one channel only.
        grouped_connections: bool,
    },
    /// The largest value of every window, which of bits is their or.
    MaxPool {
        /// Size of a window.
        size: [usize; 2],
        /// Distance of windows.
        stride: [usize; 2],
    },
}

impl SpatialConfig {
    /// The names in the configuration, with a sentence for people.
    pub const NAMES: [(&str, &str); 2] = [
        ("convolutional", "trees of nodes over the windows of an image"),
        ("max_pool", "the largest value of every window, of bits their or"),
    ];

    /// Its `type` in the per-layer dialect.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Convolutional { .. } => "convolutional",
            Self::MaxPool { .. } => "max_pool",
        }
    }

    /// Window, stride and padding.
    pub fn window(&self) -> ([usize; 2], [usize; 2], [usize; 2]) {
        match *self {
            Self::Convolutional { receptive_field, stride, padding, .. } => (receptive_field, stride, padding),
            Self::MaxPool { size, stride } => (size, stride, [0; 2]),
        }
    }

    /// The image that it makes of another, with nodes of `fan_in` inputs.
    ///
    /// # Errors
    /// The parameter that is out of range, or the one that does not fit the image, with all
    /// numbers that it depends on.
    pub fn output(&self, image: ImageShape, fan_in: usize) -> Result<ImageShape, ParameterError> {
        let [channels, height, width] = image;
        let (window, stride, padding) = self.window();
        let window_key = match self {
            Self::Convolutional { .. } => "receptive_field",
            Self::MaxPool { .. } => "size",
        };
        let mut out = [0; 2];
        for (axis, (side, what)) in [(height, "rows"), (width, "columns")].into_iter().enumerate() {
            let (window, stride, padding) = (window[axis], stride[axis], padding[axis]);
            ParameterError::unless_in(window_key, window, 1..=1 << 16)?;
            ParameterError::unless_in("stride", stride, 1..=1 << 16)?;
            if padding >= window {
                let allowed = format!("{window_key} is {window}; a window of padding alone would be constant");
                return Err(ParameterError::new("padding", padding, allowed));
            }
            let padded = side + 2 * padding;
            if window > padded {
                let allowed = format!(
                    "the image before has {what} {side} ({channels} x {height} x {width}), with padding {padding} on \
                     either side {padded}; no window fits"
                );
                return Err(ParameterError::new(window_key, window, allowed));
            }
            out[axis] = (padded - window) / stride + 1;
        }
        let trees = match *self {
            Self::Convolutional { out_channels, tree_depth, .. } => {
                ParameterError::unless_in("out_channels", out_channels, 1..=MAX_WIDTH)?;
                ParameterError::unless_in("tree_depth", tree_depth, 0..=22)?;
                out_channels
            }
            Self::MaxPool { .. } => channels,
        };
        let leaves = match *self {
            Self::Convolutional { tree_depth, .. } => fan_in.checked_pow(tree_depth as u32),
            Self::MaxPool { .. } => Some(1),
        };
        let nodes = leaves.and_then(|leaves| leaves.checked_mul(trees)?.checked_mul(out[0])?.checked_mul(out[1]));
        if nodes.is_none_or(|nodes| nodes > MAX_WIDTH) {
            let found = nodes.map_or_else(|| "above 2^63".to_owned(), |nodes| nodes.to_string());
            let allowed = format!(
                "at most {MAX_WIDTH}: {trees} channels of {} at {} x {} positions; reduce out_channels, tree_depth or \
                 n, or enlarge stride",
                leaves.map_or_else(|| format!("{fan_in}^tree_depth leaves"), |leaves| format!("{leaves} leaves")),
                out[0],
                out[1]
            );
            return Err(ParameterError::new("the number of unrolled nodes", found, allowed));
        }
        let elements = channels.checked_mul(window[0]).and_then(|n| n.checked_mul(window[1]));
        if elements.and_then(|n| n.checked_mul(out[0])?.checked_mul(out[1])).is_none_or(|n| n > 1 << 26) {
            let allowed =
                format!("{channels} channels of that window at {} x {} positions are too many", out[0], out[1]);
            return Err(ParameterError::new(window_key, format!("{window:?}"), allowed));
        }
        Ok([trees, out[0], out[1]])
    }

    /// Number of trained nodes, which all positions share.
    pub fn nodes(&self, fan_in: usize) -> u64 {
        match *self {
            Self::MaxPool { .. } => 0,
            Self::Convolutional { out_channels, tree_depth, .. } => {
                let level = |level: usize| (fan_in as u64).saturating_pow(level as u32);
                (0..=tree_depth)
                    .fold(0u64, |sum, depth| sum.saturating_add(level(depth)))
                    .saturating_mul(out_channels as u64)
            }
        }
    }
}

/// What a layer type of other libraries is that has no form in tables.
fn of_real_numbers(name: &str) -> Option<&'static str> {
    let name = name.trim_start_matches("torch.").trim_start_matches("nn.").replace(['_', '-'], "").to_lowercase();
    Some(match name.as_str() {
        "linear" | "dense" | "fullyconnected" | "mlp" => "a float linear layer",
        "conv" | "conv1d" | "conv2d" | "conv3d" => "a float convolution",
        "batchnorm" | "batchnorm1d" | "batchnorm2d" | "layernorm" => "a normalization",
        "avgpool" | "avgpool2d" | "averagepool" => "a mean",
        "softmax" | "gelu" | "tanh" | "sigmoid" => "an activation",
        "lstm" | "gru" | "rnn" | "attention" | "multiheadattention" => "a layer of float matrices",
        _ => return None,
    })
}

/// `type` of a layer in the per-layer dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerName {
    /// A dense layer of that wiring.
    Dense(LayerType),
    /// See [`SpatialConfig::Convolutional`].
    Convolutional,
    /// See [`SpatialConfig::MaxPool`].
    MaxPool,
}

impl Serialize for LayerName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Dense(layer_type) => layer_type.serialize(serializer),
            Self::Convolutional => serializer.serialize_str("convolutional"),
            Self::MaxPool => serializer.serialize_str("max_pool"),
        }
    }
}

impl<'de> Deserialize<'de> for LayerName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        if let Some(kind) = of_real_numbers(&found) {
            return Err(serde::de::Error::custom(format_args!(
                "a layer of type `{found}` ({kind}) works on real numbers, so that no lookup tables equal it and it \
                 cannot be exported; use layers of tables in its place: {} or another registered layer_type",
                LayerType::NAMES.iter().chain(&["convolutional", "max_pool"]).copied().collect::<Vec<_>>().join(", ")
            )));
        }
        match found.as_str() {
            "convolutional" => return Ok(Self::Convolutional),
            "max_pool" => return Ok(Self::MaxPool),
            name => LayerType::from_name(name).map(Self::Dense),
        }
        .ok_or_else(|| {
            let mut known = LayerType::NAMES.to_vec();
            known.extend(super::name::admitted(super::name::NameKind::Layer));
            known.extend(["convolutional", "max_pool"]);
            // The words of serde's own refusals, which `ConfigError` takes apart.
            let known = known.join("`, `");
            serde::de::Error::custom(format_args!("unknown variant `{found}`, expected one of `{known}`"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conv(field: usize, stride: usize, padding: usize, tree_depth: usize) -> SpatialConfig {
        SpatialConfig::Convolutional {
            out_channels: 5,
            receptive_field: [field; 2],
            stride: [stride; 2],
            padding: [padding; 2],
            tree_depth,
            grouped_connections: false,
        }
    }

    #[test]
    fn sizes_are_those_of_every_convolution() {
        assert_eq!(conv(3, 1, 1, 1).output([2, 7, 8], 3), Ok([5, 7, 8]));
        assert_eq!(conv(3, 2, 0, 1).output([2, 7, 8], 3), Ok([5, 3, 3]));
        assert_eq!(conv(3, 2, 1, 2).nodes(3), 5 * (9 + 3 + 1));
        let pool = SpatialConfig::MaxPool { size: [2, 3], stride: [2, 3] };
        assert_eq!(pool.output([4, 7, 8], 6), Ok([4, 3, 2]));
    }

    #[test]
    fn a_window_that_does_not_fit_is_refused_with_all_numbers() {
        let message = conv(9, 1, 0, 1).output([2, 7, 8], 3).unwrap_err().to_string();
        let expected = "receptive_field is 9; the image before has rows 7 (2 x 7 x 8), with padding 0 on either side 7; \
                        no window fits";
        assert_eq!(message, expected);
        assert!(conv(3, 1, 3, 1).output([2, 7, 8], 3).unwrap_err().to_string().starts_with("padding is 3; "));
        assert!(conv(3, 0, 1, 1).output([2, 7, 8], 3).unwrap_err().to_string().starts_with("stride is 0; "));
        for depth in [8, 22] {
            let message = conv(3, 1, 1, depth).output([2, 7, 8], 16).unwrap_err().to_string();
            assert!(message.starts_with("the number of unrolled nodes is "), "{message}");
        }
    }
}
