//! The accelerator's kernels, compiled as C++ for the processor, train as the passes on the
//! processor do.
//!
//! What a device runs is the same text (NVRTC compiles it there) called in the same order with the
//! same arguments; what this cannot show is that a driver starts it. Arrays have the bounds of an
//! address sanitizer here.

use std::collections::BTreeSet;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use difflut::components::accelerator::{Accelerator, AcceleratorError, Argument, Buffer, KERNELS};
use difflut::config::{Experiment, TrainingConfig};
use difflut::data::load_csv;
use difflut::model::{Model, TrainingStep};
use difflut::train::{fit, fit_on};

use crate::support::{program, root, tool};

/// The kernels in a process of their own.
#[derive(Debug)]
struct Host {
    process: Child,
    input: BufWriter<ChildStdin>,
    output: ChildStdout,
    arrays: u32,
    launched: Arc<Mutex<BTreeSet<&'static str>>>,
}

fn failed(error: std::io::Error) -> AcceleratorError {
    AcceleratorError::Failed { what: "reach its process".into(), reason: error.to_string() }
}

impl Host {
    fn start(program: &Path) -> Self {
        let mut process = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (BufWriter::new(process.stdin.take().unwrap()), process.stdout.take().unwrap());
        Self { process, input, output, arrays: 0, launched: Arc::default() }
    }

    fn send(&mut self, words: &[u32]) -> Result<(), AcceleratorError> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.input.write_all(&bytes).map_err(failed)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Accelerator for Host {
    fn name(&self) -> String {
        "the processor".into()
    }

    fn allocate(&mut self, words: usize) -> Result<Buffer, AcceleratorError> {
        self.send(&[0, words as u32])?;
        self.arrays += 1;
        Ok(Buffer(self.arrays - 1))
    }

    fn clear(&mut self) -> Result<(), AcceleratorError> {
        self.arrays = 0;
        self.send(&[1])
    }

    fn upload(&mut self, buffer: Buffer, words: &[u32]) -> Result<(), AcceleratorError> {
        self.send(&[2, buffer.0, words.len() as u32])?;
        self.send(words)
    }

    fn download(&mut self, buffer: Buffer, words: &mut [u32]) -> Result<(), AcceleratorError> {
        self.send(&[3, buffer.0, words.len() as u32])?;
        self.input.flush().map_err(failed)?;
        let mut bytes = vec![0; 4 * words.len()];
        self.output.read_exact(&mut bytes).map_err(failed)?;
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_ne_bytes(bytes.try_into().unwrap());
        }
        Ok(())
    }

    fn launch(&mut self, kernel: &'static str, threads: u32, arguments: &[Argument]) -> Result<(), AcceleratorError> {
        self.launched.lock().unwrap().insert(kernel);
        let mut words = vec![4, kernel.len() as u32];
        words.extend(kernel.bytes().map(u32::from));
        words.extend([threads, arguments.len() as u32]);
        for argument in arguments {
            words.extend(match argument {
                Argument::Buffer(buffer) => [0, buffer.0],
                Argument::Count(count) => [1, *count],
                Argument::Float(float) => [2, float.to_bits()],
            });
        }
        self.send(&words)
    }
}

/// The compiled kernels, in a folder that goes with the test.
fn compiled(test: &str) -> Option<(tempfile::TempDir, std::path::PathBuf)> {
    if !tool(test, "g++") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("host");
    let kernels = format!("-DKERNELS=\"{}\"", root().join("src/components/accelerator/kernels.cu").display());
    let source = root().join("hdl_tests/accelerator/host.cpp");
    let output = Command::new("g++")
        .args(["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address", "-ffp-contract=off", &kernels])
        .arg(source)
        .arg("-o")
        .arg(&program)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((folder, program))
}

fn experiment(model: &str) -> Experiment {
    let text = format!(
        "{model}\ntraining: {{epochs: 2, batch_size: 50, learning_rate: 0.02, seed: 3}}\ndata: {{train: x.csv}}\n"
    );
    Experiment::parse(&root().join("examples/data/x.yaml"), &text).unwrap()
}

fn flat(node: &str, more: &str) -> String {
    format!(
        "model: {{model_type: feedforward, layer_type: random, node_type: {node}, encoder_config: {{name: thermometer, num_bits: 3}}, \
         layer_widths: [60, 50, 37], num_classes: 10, input_size: 64, seed: 1{more}}}"
    )
}

/// Models that together use every kernel.
fn models() -> Vec<(&'static str, String)> {
    let convolution = "
model:
  input_shape: [1, 8, 8]
  encoder: {type: thermometer, params: {num_bits: 2}}
  layers:
    - {type: convolutional, node_type: probabilistic, n: 3, out_channels: 4, receptive_field: 3, padding: 1, tree_depth: 1}
    - {type: max_pool, size: 3, stride: 2}
    - {type: convolutional, node_type: hybrid, n: 2, out_channels: 5, receptive_field: 2, tree_depth: 1}
    - {type: random, node_type: dwn, n: 4, output_size: 40}
  groupsum: {k: 10, tau: 2.0}";
    let learned = |candidates: &str| {
        format!(
            "model: {{encoder: {{type: thermometer, params: {{num_bits: 2}}}}, input_size: 64, groupsum: {{k: 10, tau: 2}}, layers: [\
             {{type: learnable, node_type: dwn, n: 5, output_size: 30, node_params: {{selection: straight_through{candidates}}}}}, \
             {{type: random, node_type: dwn, n: 4, output_size: 20}}]}}"
        )
    };
    vec![
        ("dwn", flat("dwn", ", node_input_dim: 6")),
        ("dwn_stable", flat("dwn_stable", ", node_input_dim: 5")),
        ("probabilistic", flat("probabilistic", ", node_input_dim: 6, runtime: {output_tau: 2}")),
        ("difflogic", flat("difflogic", ", node_input_dim: 2")),
        ("hybrid", flat("hybrid", ", node_input_dim: 4, runtime: {regularizers: {l2: 0.001}}")),
        ("warp", flat("warp", ", node_input_dim: 3, runtime: {temperature: 0.7}")),
        ("residual", flat("probabilistic", ", node_input_dim: 1").replace("random", "residual")),
        ("convolution", convolution.into()),
        ("learned", learned("")),
        ("learned among candidates", learned(", candidates: 9")),
        (
            "bits",
            learned("").replace("groupsum: {k: 10, tau: 2}", "head: bits").replace("output_size: 20", "output_size: 4"),
        ),
    ]
}

#[track_caller]
fn close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-6f32, |most, x| most.max(x.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= 2e-5 * scale, "{what}, {at}: {found} {expected} (of {scale})");
    }
}

#[test]
fn every_step_on_the_accelerator_has_the_loss_and_gradients_of_the_processor() {
    let Some((_folder, program)) = compiled("every_step_on_the_accelerator") else { return };
    let data = load_csv(&root().join("examples/data/digits_train.csv")).unwrap();
    let launched: Arc<Mutex<BTreeSet<&str>>> = Arc::default();
    for (name, text) in models() {
        let mut model = Model::build(experiment(&text).model, 7).unwrap();
        model.fit_encoder(&data.features, data.columns).unwrap();
        let samples = model.encode(&data.features[..200 * data.columns]).unwrap();
        let loss = |sample: usize, scores: &[f32], grad: &mut [f32]| {
            let mut sum = 0.0;
            for (k, (score, grad)) in scores.iter().zip(grad).enumerate() {
                let error = score - ((sample + k) % 3) as f32;
                *grad = 2.0 * error;
                sum += f64::from(error * error);
            }
            sum
        };
        let mut here = model.training_pass().unwrap();
        let mut host = Host::start(&program);
        host.launched = launched.clone();
        let mut there = model.training_pass_on(Box::new(host)).unwrap();
        // A batch that fills no tile, a smaller one in the same arrays, a larger one in new ones.
        for batch in [50, 7, 90] {
            let rows: Vec<usize> = (0..batch).map(|i| (i * 37) % 200).collect();
            let mut at = [TrainingStep::first(5), TrainingStep::first(5)];
            let expected = here.step(&samples, &rows, &mut at[0], &loss).unwrap();
            let found = there.step(&samples, &rows, &mut at[1], &loss).unwrap();
            let what = format!("{name}, batch of {batch}");
            assert!((found.loss - expected.loss).abs() <= 1e-5 * expected.loss.abs(), "{what}");
            assert_eq!(found.penalty, expected.penalty, "{what}");
            assert_eq!(at[0].position(), at[1].position());
            close(there.step_scores(), here.step_scores(), &format!("{what}: scores"));
            for (index, (found, expected)) in there.gradients().iter().zip(here.gradients()).enumerate() {
                assert!(expected.iter().any(|g| *g != 0.0), "{what}: gradient {index} is zero");
                close(found, expected, &format!("{what}: gradient {index}"));
            }
        }
    }
    let kernels = KERNELS.split("__global__ void ").skip(1).filter_map(|text| text.split('(').next());
    assert_eq!(*launched.lock().unwrap(), kernels.collect());
}

#[test]
fn a_training_on_the_accelerator_learns_what_one_on_the_processor_learns() {
    let Some((_folder, program)) = compiled("a_training_on_the_accelerator") else { return };
    let data = load_csv(&root().join("examples/data/digits_train.csv")).unwrap();
    // The temperature falls, so that the pass is made anew on the same accelerator.
    let text = flat("probabilistic", ", node_input_dim: 4, runtime: {output_tau: 2}");
    let experiment = experiment(&text);
    let schedule = serde_yaml::from_str("{from: 1, to: 0.5}").unwrap();
    let training = TrainingConfig { temperature: Some(schedule), ..experiment.training };
    let mut here = Model::build(experiment.model.clone(), 7).unwrap();
    let expected = fit(&mut here, &data, None, &training, &mut ()).unwrap();
    let train = || {
        let mut model = Model::build(experiment.model.clone(), 7).unwrap();
        let host: Box<dyn Accelerator> = Box::new(Host::start(&program));
        let record = fit_on(&mut model, &data, None, &training, None, Some(host), &mut ()).unwrap();
        (record, model.binarize().unwrap())
    };
    let (record, network) = train();
    assert!((record.loss - expected.loss).abs() < 1e-3 * expected.loss, "{} {}", record.loss, expected.loss);
    // The same bits again.
    assert_eq!(train().1, network);
}

#[test]
fn what_the_accelerator_does_not_do_is_refused_with_what_to_do() {
    let refused = |text: String| {
        let data = load_csv(&root().join("examples/data/digits_train.csv")).unwrap();
        let mut model = Model::build(experiment(&text).model, 7).unwrap();
        model.fit_encoder(&data.features, data.columns).unwrap();
        #[derive(Debug)]
        struct Nothing;
        impl Accelerator for Nothing {
            fn name(&self) -> String {
                String::new()
            }
            fn allocate(&mut self, _: usize) -> Result<Buffer, AcceleratorError> {
                unreachable!()
            }
            fn clear(&mut self) -> Result<(), AcceleratorError> {
                unreachable!()
            }
            fn upload(&mut self, _: Buffer, _: &[u32]) -> Result<(), AcceleratorError> {
                unreachable!()
            }
            fn download(&mut self, _: Buffer, _: &mut [u32]) -> Result<(), AcceleratorError> {
                unreachable!()
            }
            fn launch(&mut self, _: &'static str, _: u32, _: &[Argument]) -> Result<(), AcceleratorError> {
                unreachable!()
            }
        }
        model.training_pass_on(Box::new(Nothing)).unwrap_err().to_string()
    };
    let noise = refused(flat("dwn", ", node_input_dim: 4, runtime: {flip_probability: 0.1}"));
    assert_eq!(
        noise,
        "runtime.flip_probability cannot be trained on an accelerator, leave it out or train with `--device cpu`"
    );
    assert!(refused(flat("linear_lut", ", node_input_dim: 4")).contains("choose another node_type"));
    let soft = flat("dwn", ", node_input_dim: 4").replace("random", "learnable");
    assert!(refused(soft).contains("set `selection: straight_through`"));
    assert!(refused(flat("dwn", ", node_input_dim: 4, runtime: {grad_stabilization: layerwise}")).contains("cpu"));
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_program_without_cuda_says_how_to_build_one_with_it() {
    let arguments = ["train", "pretrained/feedforward/digits.yaml", "--out", "x.safetensors", "--device", "cuda"];
    let ended = program("difflut", &root(), &arguments);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("cargo build --release --features cuda"), "{}", ended.stderr);
    assert!(!root().join("x.safetensors").exists());
}
