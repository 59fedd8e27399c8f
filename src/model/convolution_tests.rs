//! Models over images: gradients, evaluation, files, refusals.

use std::path::Path;

use super::*;
use crate::components::registry::NODES;
use crate::config::{HeadType, NodeType};
use crate::files::TensorFile;
use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A convolution over 2 x 5 x 6 images of two bits, pooling, a convolution, a dense layer.
fn text(node_type: &str, window: &str, more: &str) -> String {
    format!(
        "input_shape: [2, 5, 6]
seed: 3
encoder: {{type: thermometer, params: {{num_bits: 2}}}}
layers:
  - {{type: convolutional, node_type: {node_type}, n: 3, out_channels: 3, receptive_field: 3, {window}{more}}}
  - {{type: max_pool, size: 2, stride: 1}}
  - {{type: convolutional, node_type: {node_type}, n: 2, out_channels: 4, receptive_field: [2, 1], tree_depth: 2}}
  - {{node_type: {node_type}, output_size: 9, n: 2}}
groupsum: {{k: 3, tau: 2.0}}
"
    )
}

fn parse(text: &str) -> ModelConfig {
    ModelConfig::parse(Path::new("conv.yaml"), text).unwrap()
}

fn samples(rows: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..rows * 60).map(|_| rng.random_range(0..8) as f32).collect()
}

fn fitted(text: &str) -> Model {
    let mut model = Model::build(parse(text), 5).unwrap();
    model.fit_encoder(&samples(20, 1), 60).unwrap();
    model
}

fn reread(model: &Model) -> Model {
    let bytes = model.to_file().unwrap().to_bytes().unwrap();
    Model::from_file(&TensorFile::from_bytes(Path::new("m.safetensors"), bytes).unwrap()).unwrap()
}

#[test]
fn evaluation_is_the_binarized_network_for_every_node_type_stride_and_padding() {
    let windows = [
        "stride: 1",
        "padding: 1",
        "stride: 2, padding: 1",
        "stride: [1, 2], padding: [2, 1]",
        "grouped_connections: true, tree_depth: 0, padding: [0, 2]",
        "wiring: residual, padding: 1",
    ];
    for kind in NODES.all() {
        for window in windows {
            let model = fitted(&text(kind.name, window, ""));
            let network = model.binarize().unwrap();
            let values = samples(30, 2);
            for (outcome, row) in model.evaluate(&values).unwrap().iter().zip(values.chunks(60)) {
                assert_eq!(outcome, &network.predict(row), "{} {window}", kind.name);
            }
            let classes = model.classify(&values).unwrap();
            assert_eq!(
                model.encode(&values).unwrap().classify(&network, HeadType::GroupSum),
                classes,
                "{} {window}",
                kind.name
            );
            let loaded = reread(&model);
            assert_eq!((loaded.config(), loaded.binarize().unwrap()), (model.config(), network), "{}", kind.name);
        }
    }
}

#[test]
fn the_kernels_of_a_model_are_found_again_in_its_layers() {
    let pooling = "  - {type: max_pool, size: 2, stride: 1}\n";
    for (window, pools) in ["stride: 1", "padding: 1", "stride: 2, padding: 1", "stride: [1, 2], padding: [1, 0]"]
        .into_iter()
        .flat_map(|window| [true, false].map(|pools| (window, pools)))
    {
        // Some windows leave too little for another of two rows.
        let text = text("dwn", window, "").replace("receptive_field: [2, 1]", "receptive_field: 1");
        let text = if pools { text } else { text.replace(pooling, "") };
        let network = fitted(&text).binarize().unwrap();
        let streamed = network.streamed().unwrap_or_else(|error| panic!("{window}, {pools}: {error}"));
        assert_eq!(streamed.steps.len(), if pools { 3 } else { 2 }, "{:?}", streamed.stopped);
        assert_eq!(streamed.rest.layers().len(), 1);
        for row in samples(30, 2).chunks(60) {
            let codes: Vec<i64> = row.iter().map(|&value| network.input().nearest_code(value)).collect();
            let (found, expected) = (streamed.predict_codes(&codes), network.predict_codes(&codes));
            assert_eq!((found.scores, found.class), (expected.scores, expected.class), "{window}");
        }
    }
    // A pooling that takes several layers of ors.
    let wide = text("dwn", "padding: 1", "").replace("size: 2, stride: 1", "size: [4, 5], stride: 1");
    let streamed =
        fitted(&wide.replace("receptive_field: [2, 1]", "receptive_field: 1")).binarize().unwrap().streamed().unwrap();
    assert_eq!((streamed.steps.len(), streamed.steps[1].kernel.layers().len()), (3, 2));
}

#[test]
fn branches_end_what_is_known_of_images() {
    let network = fitted(&text("dwn", "padding: 1", "")).binarize().unwrap();
    let described = network.spatial().unwrap();
    assert_eq!((described.bits, described.steps.len(), described.layers()), (2, 3, 2 + 1 + 3));
    assert_eq!(described.steps[0].image, [4, 5, 6]);
}

/// The columns of a convolution written out a second time, by pixels instead of indices.
#[test]
fn a_convolution_reads_the_pixels_of_its_windows() {
    let text = "input_shape: [2, 3, 4]
encoder: {type: thermometer, params: {num_bits: 2}}
layers: [{type: convolutional, node_type: dwn, n: 4, out_channels: 2, receptive_field: 2, stride: [2, 1], padding: 1, tree_depth: 0}]
groupsum: {k: 2}
";
    let mut model = Model::build(parse(text), 9).unwrap();
    let values: Vec<f32> = samples(20, 3)[..24 * 20].to_vec();
    model.fit_encoder(&values, 24).unwrap();
    let layer = &model.fitted().unwrap().layers[0];
    let (wiring, weights) = (layer.wiring().unwrap(), weights_of(&layer.weights).unwrap());
    for outcome in model.evaluate(&values).unwrap() {
        let mut expected = Vec::new();
        for node in 0..2 {
            let table = layer.kind.kernel.truth_table(&weights[node * 16..][..16]);
            for (row, column) in (0..2).flat_map(|row| (0..5).map(move |column| (row, column))) {
                let mut address = 0;
                for (pin, &element) in wiring.node(node).iter().enumerate() {
                    let (channel, at) = (element as i64 / 4, element as i64 % 4);
                    let (y, x) = (row * 2 - 1 + at / 2, column - 1 + at % 2);
                    if (0..3).contains(&y) && (0..4).contains(&x) {
                        // Channel = color * 2 + bit; the encoder's column = feature * 2 + bit.
                        let feature = (channel / 2 * 3 + y) * 4 + x;
                        address |= usize::from(outcome.encoded[(feature * 2 + channel % 2) as usize]) << pin;
                    }
                }
                expected.push(table.row(address));
            }
        }
        assert_eq!(outcome.layers, [expected]);
    }
}

#[test]
fn pooling_of_bits_is_their_or_and_wide_windows_are_two_layers() {
    let text = "input_shape: [1, 9, 5]
encoder: {type: thermometer, params: {num_bits: 1}}
layers:
  - {type: max_pool, size: [9, 3], stride: [9, 2]}
groupsum: {k: 2}
";
    let mut model = Model::build(parse(text), 9).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let values: Vec<f32> = (0..45 * 40).map(|_| f32::from(rng.random_range(0..40) == 0)).collect();
    model.fit_encoder(&values, 45).unwrap();
    let network = model.binarize().unwrap();
    assert_eq!(network.layers().len(), 2);
    for (outcome, row) in model.evaluate(&values).unwrap().iter().zip(values.chunks(45)) {
        let or = |columns: [usize; 3]| (0..9).any(|y| columns.iter().any(|x| row[y * 5 + x] == 1.0));
        assert_eq!(outcome.bits(), [or([0, 1, 2]), or([2, 3, 4])]);
        assert_eq!(outcome, &network.predict(row));
    }
    assert_eq!((model.parameters().unwrap(), model.weights().unwrap().len()), (0, 0));
}

#[test]
fn gradients_of_the_stack_are_those_of_finite_differences() {
    // Tables far from one half, or little would arrive at the first of six levels.
    let tables = "seed: 3\nruntime: {init_fn: normal, init_kwargs: {std: 3}}";
    let text = text("probabilistic", "stride: [1, 2], padding: 1", "").replace("seed: 3", tables);
    let model = fitted(&text);
    let encoded = model.encode(&samples(20, 6)).unwrap();
    let batch: Vec<usize> = (0..20).collect();
    let mut pass = model.training_pass().unwrap();
    let mut value = || {
        let squares = |_: usize, scores: &[f32], grad: &mut [f32]| {
            grad.iter_mut().zip(scores).for_each(|(grad, score)| *grad = 2.0 * score);
            scores.iter().map(|score| f64::from(score * score)).sum()
        };
        let loss = pass.step(&encoded, &batch, &mut TrainingStep::first(1), &squares).unwrap().loss;
        (loss, pass.gradients().to_vec())
    };
    let (_, grads) = value();
    for (var, grad) in model.weights().unwrap().into_iter().zip(grads) {
        let values = weights_of(&var).unwrap();
        let mut large = 0;
        for index in 0..values.len() {
            const STEP: f32 = 1e-2;
            let mut at = |by: f32| {
                let mut values = values.clone();
                values[index] += by;
                var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
                value().0
            };
            let (below, middle, above, step) = (at(-STEP), at(0.0), at(STEP), f64::from(STEP));
            let found = f64::from(grad[index]);
            // Where the largest of a window changes hands, one of the two sides holds.
            let sides = [(above - below) / (2.0 * step), (above - middle) / step, (middle - below) / step];
            let near = |side: &f64| (found - side).abs() < 3e-4 + 0.03 * side.abs();
            assert!(sides.iter().any(near), "{index}: {found}, differences {sides:?}");
            large += usize::from(found.abs() > 1e-3);
        }
        assert!(large >= 5, "only {large} of {} gradients are above the noise", values.len());
    }
}

/// Every weight must get a gradient from four samples.
#[track_caller]
fn takes_a_step(model: &Model, values: &[f32]) {
    let encoded = model.encode(values).unwrap();
    let mut pass = model.training_pass().unwrap();
    let loss = |sample: usize, scores: &[f32], grad: &mut [f32]| {
        grad.iter_mut().enumerate().for_each(|(class, grad)| *grad = ((sample + class) as f32).sin());
        f64::from(scores[0])
    };
    pass.step(&encoded, &[0, 1, 2, 3], &mut TrainingStep::first(1), &loss).unwrap();
    assert!(pass.gradients().iter().all(|grad| grad.iter().any(|&g| g != 0.0)));
    assert!(pass.gradients().iter().flatten().all(|g| g.is_finite()));
}

#[test]
fn learnable_leaves_flips_and_rescaled_gradients_run() {
    let more = ", wiring: learnable, layer_training: {flip_probability: 0.1, grad_stabilization: layerwise}";
    let model = fitted(&text("dwn", "padding: 1", more));
    takes_a_step(&model, &samples(4, 2));
    let network = model.binarize().unwrap();
    let values = samples(20, 2);
    for (outcome, row) in model.evaluate(&values).unwrap().iter().zip(values.chunks(60)) {
        assert_eq!(outcome, &network.predict(row));
    }
    assert_eq!(reread(&model).binarize().unwrap(), network);
}

#[test]
fn the_topology_has_one_entry_per_layer_of_the_configuration() {
    let model = fitted(&text("dwn", "padding: 1", ", tree_depth: 2"));
    let found: Vec<(usize, usize, usize)> = model
        .layer_topology()
        .unwrap()
        .iter()
        .map(|layer| (layer.input_width, layer.config.width, layer.parameters))
        .collect();
    let trees = 3 * (9 + 3 + 1) * 8;
    assert_eq!(found, [(120, 90, trees), (90, 60, 0), (60, 4 * 3 * 5, 4 * 7 * 4), (60, 9, 36)]);
    assert_eq!(model.parameters().unwrap(), trees + 4 * 7 * 4 + 36);
    assert_eq!(model.config().model_type.name(), "convnet");
    assert_eq!(parse(&model.config().to_yaml().unwrap()), *model.config());
}

#[test]
fn geometry_that_cannot_be_is_refused_with_all_numbers() {
    let refused = |from: &str, to: &str| {
        let text = text("dwn", "stride: 1", "");
        assert!(text.contains(from), "{from}");
        let config = ModelConfig::parse(Path::new("conv.yaml"), &text.replacen(from, to, 1));
        match config.map(|config| Model::build(config, 1)) {
            Err(error) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(_)) => panic!("{to} is accepted"),
        }
    };
    for (from, to, expected) in [
        (
            "receptive_field: 3",
            "receptive_field: 7",
            "layers[0].receptive_field is 7; the image before has rows 5 (4 x 5 x 6)",
        ),
        ("stride: 1}", "stride: 0}", "layers[0].stride is 0; allowed are 1 to 65536"),
        ("stride: 1}", "padding: 3}", "layers[0].padding is 3; receptive_field is 3"),
        ("stride: 1}", "tree_depth: 22}", "layers[0].the number of unrolled nodes is"),
        ("stride: 1}", "size: 2}", "layers[0].size is set; a layer of type convolutional has none"),
        ("out_channels: 3, ", "", "layers[0].out_channels is missing"),
        ("stride: 1}", "grouped_connections: true, wiring: learnable}", "layers[0].wiring is learnable"),
        ("size: 2, ", "size: 2, n: 3, ", "layers[1].n is set; a layer of type max_pool has none"),
        ("input_shape: [2, 5, 6]", "input_size: 60", "input_shape is missing; layers[0] reads an image"),
        ("input_shape: [2, 5, 6]", "input_shape: [2, 0, 6]", "a number of input_shape is 0"),
        ("seed: 3", "input_size: 61", "input_size is 61; input_shape 2 x 5 x 6 has 60 features"),
        ("seed: 3", "model_type: feedforward", "layers[0].type is convolutional; it needs `model_type: convnet`"),
        (
            "output_size: 9, n: 2}",
            "output_size: 9, n: 2}\n  - {type: max_pool, size: 1}",
            "layers[4].type is max_pool; a dense",
        ),
        (
            "{type: max_pool, size: 2, stride: 1}",
            "{type: max_pol, size: 2}",
            "unknown name `max_pol`, did you mean `max_pool`?",
        ),
        (
            "output_size: 9, n: 2",
            "output_size: 9, n: 2, padding: 1",
            "layers[3].padding is set; a layer of type random has none",
        ),
    ] {
        let message = refused(from, to);
        assert!(message.contains(expected), "{to}:\n{message}\n{expected}");
    }
    let flat = ModelConfig { model_type: crate::config::ModelType::Convnet, ..super::tests::config(NodeType::Dwn) };
    let message = Model::build(flat, 1).unwrap_err().to_string();
    assert!(message.starts_with("model_type is convnet; a convnet has layers of type convolutional"), "{message}");
    let flat = ModelConfig { input_shape: Some([1, 2, 2]), ..super::tests::config(NodeType::Dwn) };
    assert!(Model::build(flat, 1).unwrap_err().to_string().contains("nothing reads it; remove it"));
    let mut last = parse(&text("dwn", "stride: 1", ""));
    last.layers.pop();
    last.layer_widths.pop();
    last.use_randperm = true;
    assert!(Model::build(last, 1).unwrap_err().to_string().contains("put a dense layer behind it"));
}

#[test]
fn a_file_of_another_geometry_is_refused() {
    let model = fitted(&text("dwn", "padding: 1", ""));
    let other = parse(&text("dwn", "padding: 1", "").replace("out_channels: 3", "out_channels: 2"));
    let mut config = other.clone();
    (config.input_size, config.input_format) = (model.config().input_size, model.config().input_format);
    let mut file = model.to_file().unwrap();
    file.metadata("config", serde_json::to_string(&config).unwrap());
    let bytes = file.to_bytes().unwrap();
    let file = TensorFile::from_bytes(Path::new("m.safetensors"), bytes).unwrap();
    let message = Model::from_file(&file).unwrap_err().to_string();
    assert!(message.contains("`layers.0.wiring`: has shape [9, 3], but") && message.contains("[6, 3]"), "{message}");
    let differences = model.config().is_compatible_with_weights(&other).unwrap_err().to_string();
    assert!(differences.contains("out_channels: 2"), "{differences}");
}

/// One step of the zoo's model at reduced width.
#[test]
fn the_cifar10_model_of_the_documents_takes_a_step() {
    let text = include_str!("../store/zoo/cifar10_conv.yaml");
    let mut config = crate::config::Experiment::parse(Path::new("cifar10_conv.yaml"), text).unwrap().model;
    let set = |key: &str, value: usize| (key.to_owned(), serde_json::Value::from(value));
    assert_eq!(
        config.plan().unwrap().layers.iter().map(|layer| layer.nodes()).collect::<Vec<_>>(),
        [896, 0, 1792, 0, 256, 10]
    );
    config
        .override_any(&[set("layers.0.out_channels", 4), set("layers.2.out_channels", 6), set("encoder_bits", 2)])
        .unwrap();
    assert_eq!(config.layer_widths, [4096, 1024, 1536, 384, 256, 10]);
    let mut model = Model::build(config, 42).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let values: Vec<f32> = (0..3072 * 4).map(|_| rng.random_range(0..256) as f32).collect();
    model.fit_encoder(&values, 3072).unwrap();
    takes_a_step(&model, &values);
    let network = model.binarize().unwrap();
    for (outcome, row) in model.evaluate(&values).unwrap().iter().zip(values.chunks(3072)) {
        assert_eq!(outcome, &network.predict(row));
    }
}
