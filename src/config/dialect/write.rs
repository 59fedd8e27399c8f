//! A configuration as a model file: flat where all layers are alike, else per layer.

use super::{BranchSection, EncoderParameters, EncoderSection, GroupSumSection, LayerSection, ModelFile};
use crate::config::{
    EncoderConfig, HeadType, LayerConfig, LayerName, LayerType, ModelConfig, RuntimeConfig, Section, Sides,
    SpatialConfig,
};

impl From<ModelConfig> for ModelFile {
    fn from(config: ModelConfig) -> Self {
        let shared = Self {
            model_type: Some(config.model_type),
            input_size: config.input_size,
            input_shape: config.input_shape,
            dataset: config.dataset,
            seed: Some(config.seed),
            input_format: config.input_format,
            pretrained: Some(config.pretrained),
            pretrained_name: config.pretrained_name,
            head: Some(config.head).filter(|head| *head != HeadType::GroupSum),
            ..Self::default()
        }
        .with_metadata(config.metadata);
        if config.layers.is_empty() {
            return Self {
                layer_type: Some(config.layer_type),
                node_type: Some(config.node_type),
                encoder_config: Some(config.encoder_config),
                node_input_dim: Some(config.node_input_dim),
                layer_widths: Some(config.layer_widths),
                num_classes: Some(config.num_classes).filter(|_| config.head == HeadType::GroupSum),
                use_randperm: config.use_randperm.then_some(true),
                node_params: Some(config.node_params).filter(|params| !params.is_empty()),
                runtime: Some(config.runtime),
                ..shared
            };
        }
        let EncoderConfig { name, num_bits, feature_wise, flatten, base } = config.encoder_config;
        let params = EncoderParameters { num_bits, feature_wise: Some(feature_wise), flatten: Some(flatten), base };
        let tau = config.runtime.output_tau;
        let parameters = |layer: &LayerConfig| {
            let mut parameters = layer.node_params.to_map();
            parameters.extend(layer.runtime.to_map());
            parameters
        };
        let layer = |layer: LayerConfig| {
            let section = LayerSection {
                node_params: parameters(&layer),
                name: layer.name.clone(),
                node_type: Some(layer.node_type),
                n: Some(layer.node_input_dim),
                seed: layer.seed,
                ..LayerSection::default()
            };
            // Widths of layers over images follow from their geometry.
            match layer.spatial {
                None => LayerSection {
                    layer_type: Some(LayerName::Dense(layer.layer_type)),
                    output_size: Some(layer.width),
                    ..section
                },
                Some(SpatialConfig::Convolutional {
                    out_channels,
                    receptive_field,
                    stride,
                    padding,
                    tree_depth,
                    grouped_connections,
                }) => LayerSection {
                    layer_type: Some(LayerName::Convolutional),
                    out_channels: Some(out_channels),
                    receptive_field: Some(Sides(receptive_field)),
                    stride: Some(Sides(stride)),
                    padding: Some(Sides(padding)),
                    tree_depth: Some(tree_depth),
                    grouped_connections: grouped_connections.then_some(true),
                    wiring: (layer.layer_type != LayerType::Random).then_some(layer.layer_type),
                    ..section
                },
                Some(SpatialConfig::MaxPool { size, stride }) => LayerSection {
                    name: layer.name,
                    layer_type: Some(LayerName::MaxPool),
                    size: Some(Sides(size)),
                    stride: Some(Sides(stride)),
                    ..LayerSection::default()
                },
            }
        };
        let mut rest = config.layers.into_iter().map(layer);
        let (mut layers, mut done) = (Vec::new(), 0);
        for fork in config.forks {
            layers.extend(rest.by_ref().take(fork.first.saturating_sub(done)));
            done = fork.end();
            let branches = fork
                .branches
                .into_iter()
                .map(|branch| BranchSection { name: branch.name, layers: rest.by_ref().take(branch.layers).collect() });
            layers.push(LayerSection { branches: Some(branches.collect()), ..LayerSection::default() });
        }
        layers.extend(rest);
        // The scores of plain bits have no section of their own for tau.
        let (groupsum, output_tau) = match config.head {
            HeadType::GroupSum => {
                let section = GroupSumSection { k: config.num_classes, tau, use_randperm: config.use_randperm };
                (Some(section), None)
            }
            HeadType::Bits | HeadType::Onehot => (None, tau),
        };
        Self {
            encoder: Some(EncoderSection { name, params }),
            layers: Some(layers),
            groupsum,
            node_params: Some(config.node_params).filter(|params| !params.is_empty()),
            runtime: Some(RuntimeConfig { output_tau, ..config.runtime }),
            ..shared
        }
    }
}
