//! What no reference case covers, against the definitions written out a second time here.
//!
//! The checkpoints are small random ones; each test evaluates the library's formula directly on
//! floats, in the shape in which the library computes it, and compares every sample.

use std::path::Path;

use difflut::files::TensorFileWriter;
use difflut::import::{Checkpoint, Evaluation, Imported, Sidecar, import};

/// A small generator: the tests need variety, not quality.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    fn below(&mut self, limit: usize) -> u64 {
        self.next() % limit as u64
    }

    fn indices(&mut self, count: usize, limit: usize) -> Vec<u64> {
        (0..count).map(|_| self.below(limit)).collect()
    }

    /// Multiples of 1/64, so that sums are exact in any order.
    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.below(257) as f32 - 128.0) / 64.0).collect()
    }

    fn bits(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.below(2) as f32).collect()
    }
}

fn imported(file: &TensorFileWriter, sidecar: &str) -> Imported {
    let path = Path::new("synthetic.safetensors");
    let checkpoint = Checkpoint::from_bytes(path, file.to_bytes().unwrap()).unwrap();
    let sidecar = Sidecar::parse(Path::new("s.yaml"), sidecar).unwrap();
    import(&checkpoint, None, sidecar, Path::new("s.yaml"), None).unwrap_or_else(|error| panic!("{error}"))
}

fn writer() -> TensorFileWriter {
    TensorFileWriter::new("pt", "1")
}

/// The bits of a place in the library's order.
fn at(imported: &Imported, name: &str, x: &[f32]) -> Vec<f32> {
    let stage = imported.stages.iter().find(|stage| stage.name == name).unwrap();
    let outcome = imported.network.predict(x);
    let bits = stage.layer.map_or(&outcome.encoded, |layer| &outcome.layers[layer]);
    stage.columns.iter().map(|&column| f32::from(u8::from(bits[column as usize]))).collect()
}

/// The network taken apart into `steps` kernels and what stands behind them is the network.
#[track_caller]
fn assert_streams(imported: &Imported, x: &[f32], steps: usize) {
    let network = &imported.network;
    let streamed = network.streamed().unwrap();
    assert_eq!(streamed.steps.len(), steps);
    let codes: Vec<i64> = x.iter().map(|&value| network.input().nearest_code(value)).collect();
    let (found, expected) = (streamed.predict_codes(&codes), network.predict_codes(&codes));
    assert_eq!((found.bits(), &found.scores), (expected.bits(), &expected.scores));
}

#[test]
fn torchlogix_learnable_binarization_and_connections_with_light_tables() {
    let mut random = Random(1);
    let (features, bits, candidates, rank, out) = (5, 3, 6, 4, 12);
    let mut file = writer();
    let diffs: Vec<f32> = (0..features * bits).map(|_| random.below(64) as f32 / 16.0).collect();
    file.floats("0.raw_diffs", &[features, bits], &diffs);
    file.floats("0.thresholds", &[features, bits], &vec![99.0; features * bits]);
    let indices = random.indices(candidates * rank * out, features * bits);
    let choice = random.floats(candidates * rank * out);
    let weight = random.floats(out * 16);
    file.words("2.connections.indices", &[candidates, rank, out], &indices);
    file.floats("2.connections.weights", &[candidates, rank, out], &choice);
    file.floats("2.weight", &[out, 16], &weight);
    let sidecar = "input_format: {bits: 4}\nnodes: {parametrization: light}\nhead: {classes: 3, tau: 2.0, beta: 1.5}";
    let imported = imported(&file, sidecar);
    assert_eq!(imported.beta, 1.5);
    for _ in 0..200 {
        let x: Vec<f32> = (0..features).map(|_| random.below(16) as f32).collect();
        let mut encoded = Vec::new();
        for f in 0..features {
            for b in 0..bits {
                let threshold: f32 = diffs[f * bits..][..=b].iter().sum();
                encoded.push(f32::from(u8::from(x[f] > threshold)));
            }
        }
        assert_eq!(at(&imported, "encoded", &x), encoded);
        let expected: Vec<f32> = (0..out)
            .map(|o| {
                let row = (0..rank).fold(0, |row, p| {
                    let weight = |c: usize| choice[(c * rank + p) * out + o];
                    let mut best = 0;
                    for c in 1..candidates {
                        if weight(c) > weight(best) {
                            best = c;
                        }
                    }
                    row * 2 + encoded[indices[(best * rank + p) * out + o] as usize] as usize
                });
                f32::from(u8::from(weight[o * 16 + row] > 0.0))
            })
            .collect();
        assert_eq!(at(&imported, "2", &x), expected);
    }
}

/// Geometry and weights of a torchlogix convolution of rank 2, raw.
struct Conv {
    kernels: usize,
    field: usize,
    padding: usize,
    leaves: Vec<[u64; 3]>,
    weights: Vec<Vec<f32>>,
}

const LEAVES: usize = 2;

impl Conv {
    fn random(random: &mut Random, channels: usize, kernels: usize, field: usize, padding: usize) -> Self {
        // rank x kernels x leaves places of (row, column, channel).
        let place = |random: &mut Random| [random.below(field), random.below(field), random.below(channels)];
        let leaves = (0..2 * kernels * LEAVES).map(|_| place(random)).collect();
        let weights = [LEAVES, 1].map(|nodes| random.floats(nodes * kernels * 16)).to_vec();
        Self { kernels, field, padding, leaves, weights }
    }

    fn write(&self, file: &mut TensorFileWriter, name: &str, side: usize) {
        let out = side + 2 * self.padding - self.field + 1;
        let mut indices = Vec::new();
        for p in 0..2 {
            for kernel in 0..self.kernels {
                for position in 0..out * out {
                    for leaf in 0..LEAVES {
                        let [row, column, channel] = self.leaves[(p * self.kernels + kernel) * LEAVES + leaf];
                        indices.extend([row + (position / out) as u64, column + (position % out) as u64, channel]);
                    }
                }
            }
        }
        file.words(&format!("{name}.connections._indices_L0"), &[2, self.kernels, out * out, LEAVES, 3], &indices);
        file.words(&format!("{name}.connections._indices_L1"), &[2, 1], &[0, 1]);
        file.floats(&format!("{name}.tree_weights.0"), &[LEAVES, self.kernels, 16], &self.weights[0]);
        file.floats(&format!("{name}.tree_weights.1"), &[1, self.kernels, 16], &self.weights[1]);
    }

    fn forward(&self, image: &[f32], side: usize) -> (Vec<f32>, usize) {
        let out = side + 2 * self.padding - self.field + 1;
        let pixel = |channel: u64, row: u64, column: u64| {
            let inside = |at: u64| (at as usize).checked_sub(self.padding).filter(|&at| at < side);
            match (inside(row), inside(column)) {
                (Some(row), Some(column)) => image[(channel as usize * side + row) * side + column],
                _ => 0.0,
            }
        };
        let gate = |weights: &[f32], a: f32, b: f32| {
            let mut id = 0;
            for candidate in 1..16 {
                if weights[candidate] > weights[id] {
                    id = candidate;
                }
            }
            (id >> (3 - (2 * a as usize + b as usize)) & 1) as f32
        };
        let mut result = Vec::new();
        for kernel in 0..self.kernels {
            for position in 0..out * out {
                let leaf = |leaf: usize| {
                    let input = |p: usize| {
                        let [row, column, channel] = self.leaves[(p * self.kernels + kernel) * LEAVES + leaf];
                        pixel(channel, row + (position / out) as u64, column + (position % out) as u64)
                    };
                    gate(&self.weights[0][(leaf * self.kernels + kernel) * 16..][..16], input(0), input(1))
                };
                result.push(gate(&self.weights[1][kernel * 16..][..16], leaf(0), leaf(1)));
            }
        }
        (result, out)
    }
}

#[test]
fn torchlogix_padded_pooling_and_residual_blocks() {
    let mut random = Random(7);
    let (channels, side) = (3, 6);
    let first = Conv::random(&mut random, channels, 4, 3, 0);
    let main = [Conv::random(&mut random, 4, 5, 3, 1), Conv::random(&mut random, 5, 4, 3, 1)];
    let mut file = writer();
    first.write(&mut file, "0", side);
    let pooled = (4 + 2 - 3) / 2 + 1;
    main[0].write(&mut file, "2.main.0", pooled);
    main[1].write(&mut file, "2.main.2", pooled);
    let wiring = random.indices(2 * 10, 4 * pooled * pooled);
    file.words("4.connections.indices", &[2, 10], &wiring);
    file.floats("4.weight", &[10, 16], &random.floats(160));
    let imported = imported(
        &file,
        "encoder: {kind: bits}\nimage: [3, 6, 6]\nhead: {classes: 5}\nmodules:\n  \"0\": {padding: 0}\n  \"1\": {kind: or_pool, kernel: 3, stride: 2, padding: 1}\n  \"2\": {padding: 1}\n",
    );
    for _ in 0..60 {
        let x = random.bits(channels * side * side);
        let (conv, out) = first.forward(&x, side);
        assert_eq!(at(&imported, "0", &x), conv);
        let mut pool = Vec::new();
        for channel in 0..4 {
            for row in 0..pooled {
                for column in 0..pooled {
                    let mut largest = 0f32;
                    for i in 0..9 {
                        let (r, c) = ((row * 2 + i / 3).checked_sub(1), (column * 2 + i % 3).checked_sub(1));
                        if let (Some(r), Some(c)) = (r, c)
                            && r < out
                            && c < out
                        {
                            largest = largest.max(conv[(channel * out + r) * out + c]);
                        }
                    }
                    pool.push(largest);
                }
            }
        }
        assert_eq!(at(&imported, "1", &x), pool);
        let (inner, same) = main[0].forward(&pool, pooled);
        assert_eq!(same, pooled);
        let (inner, _) = main[1].forward(&inner, pooled);
        let block: Vec<f32> = inner.iter().zip(&pool).map(|(a, b)| a + b - a * b).collect();
        assert_eq!(at(&imported, "2", &x), block);
        assert_streams(&imported, &x, 1);
    }
}

/// A DiffLUT layer of one node per entry of `nodes`, each writing its parameters.
fn difflut_layer(
    file: &mut TensorFileWriter,
    wiring: &[u32],
    n: usize,
    nodes: usize,
    mut write: impl FnMut(&mut TensorFileWriter, &str, usize),
) {
    file.indices("hidden_layers.0._mapping_indices", &[nodes, n], wiring);
    for node in 0..nodes {
        write(file, &format!("hidden_layers.0.nodes.{node}."), node);
    }
}

#[track_caller]
fn check_difflut(
    imported: &Imported,
    wiring: &[u32],
    n: usize,
    outputs: usize,
    value: impl Fn(usize, usize, &[f32]) -> bool,
) {
    let nodes = wiring.len() / n;
    let features = imported.network.features();
    for row in 0..1usize << features {
        let x: Vec<f32> = (0..features).map(|f| (row >> f & 1) as f32).collect();
        let found = at(imported, "hidden_layers.0", &x);
        for node in 0..nodes {
            let pins: Vec<f32> = wiring[node * n..][..n].iter().map(|&column| x[column as usize]).collect();
            for output in 0..outputs {
                let bit = f32::from(u8::from(value(node, output, &pins)));
                assert_eq!(found[node * outputs + output], bit, "node {node}, output {output}, {pins:?}");
            }
        }
    }
}

fn wiring(random: &mut Random, count: usize, limit: usize) -> Vec<u32> {
    random.indices(count, limit).into_iter().map(|index| index as u32).collect()
}

const BITS: &str = "encoder: {kind: bits, features: 6}\nhead: {classes: 2}\n";

#[test]
fn difflut_nodes_of_two_outputs_probabilistic_and_dwn() {
    let mut random = Random(3);
    let pins = wiring(&mut random, 7 * 3, 6);
    let tables: Vec<Vec<f32>> = (0..7).map(|_| random.floats(16)).collect();
    let mut file = writer();
    difflut_layer(&mut file, &pins, 3, 7, |file, prefix, node| {
        file.floats(&format!("{prefix}raw_weights"), &[8, 2], &tables[node]);
        file.floats(&format!("{prefix}temperature"), &[], &[0.25]);
    });
    let address = |pins: &[f32]| pins.iter().enumerate().map(|(p, x)| (*x as usize) << p).sum::<usize>();
    check_difflut(&imported(&file, BITS), &pins, 3, 2, |node, o, pins| tables[node][address(pins) * 2 + o] >= 0.0);
    let mut file = writer();
    difflut_layer(&mut file, &pins, 3, 7, |file, prefix, node| {
        file.floats(&format!("{prefix}luts"), &[2, 8], &tables[node]);
        file.floats(&format!("{prefix}alpha"), &[], &[0.25]);
        file.floats(&format!("{prefix}beta"), &[], &[0.25]);
    });
    check_difflut(&imported(&file, BITS), &pins, 3, 2, |node, o, pins| tables[node][o * 8 + address(pins)] >= 0.5);
}

#[test]
fn difflut_warp_is_a_sum_over_subsets_and_zero_is_no_one() {
    let mut random = Random(4);
    let pins = wiring(&mut random, 9 * 3, 6);
    let coefficients: Vec<Vec<f32>> =
        (0..9).map(|_| random.indices(8, 5).iter().map(|&c| c as f32 - 2.0).collect()).collect();
    let mut file = writer();
    difflut_layer(&mut file, &pins, 3, 9, |file, prefix, node| {
        file.floats(&format!("{prefix}coefficients"), &[8, 1], &coefficients[node]);
        file.floats(&format!("{prefix}temperature"), &[], &[1.0]);
    });
    let imported = imported(&file, BITS);
    assert_eq!(imported.evaluation, Evaluation::TruthTable, "a sum of zero is one half in the library");
    check_difflut(&imported, &pins, 3, 1, |node, _, pins| {
        let product = |s: usize| (0..3).filter(|j| s >> j & 1 == 1).map(|j| 2.0 * pins[j] - 1.0).product::<f32>();
        (0..8).map(|s| coefficients[node][s] * product(s)).sum::<f32>() > 0.0
    });
}

#[test]
fn difflut_difflogic_gates_count_from_the_least_bit_in_both_modes() {
    let mut random = Random(5);
    let pins = wiring(&mut random, 8 * 3, 6);
    let weights: Vec<Vec<f32>> = (0..8).map(|_| random.floats(32)).collect();
    let picks: Vec<Vec<u64>> = (0..8).map(|_| random.indices(4, 3)).collect();
    let gates: Vec<f32> = (0..64).map(|i| ((i / 4) >> (i % 4) & 1) as f32).collect();
    let mut file = writer();
    difflut_layer(&mut file, &pins, 3, 8, |file, prefix, node| {
        file.floats(&format!("{prefix}weights"), &[2, 16], &weights[node]);
        file.words(&format!("{prefix}indices"), &[2, 2], &picks[node]);
        file.floats(&format!("{prefix}truth_tables"), &[16, 4], &gates);
    });
    let ab = |node: usize, o: usize, pins: &[f32]| {
        let pin = |i: usize| pins[picks[node][2 * o + i] as usize] as usize;
        2 * pin(0) + pin(1)
    };
    let mode = |mode: &str| format!("{BITS}nodes: {{eval_mode: {mode}}}");
    check_difflut(&imported(&file, &mode("expectation")), &pins, 3, 2, |node, o, pins| {
        let logits = &weights[node][o * 16..][..16];
        let total: f64 = logits.iter().map(|&w| f64::from(w).exp()).sum();
        let ab = ab(node, o, pins);
        (0..16).filter(|f| f >> ab & 1 == 1).map(|f| f64::from(logits[f]).exp()).sum::<f64>() / total > 0.5
    });
    let deterministic = imported(&file, &mode("deterministic"));
    assert_eq!(deterministic.evaluation, Evaluation::Deterministic);
    check_difflut(&deterministic, &pins, 3, 2, |node, o, pins| {
        let logits = &weights[node][o * 16..][..16];
        let best = (0..16).fold(0, |best, f| if logits[f] > logits[best] { f } else { best });
        best >> ab(node, o, pins) & 1 == 1
    });
}

#[test]
fn difflut_neurallut_adds_its_skips_before_the_activation() {
    let mut random = Random(6);
    let pins = wiring(&mut random, 6 * 3, 6);
    let shapes = [(4, 3), (4, 4), (1, 4)];
    let layers: Vec<Vec<(Vec<f32>, Vec<f32>)>> = (0..6)
        .map(|_| shapes.iter().map(|&(out, width)| (random.floats(out * width), random.floats(out))).collect())
        .collect();
    let skips: Vec<(Vec<f32>, Vec<f32>)> = (0..6).map(|_| (random.floats(4 * 3), random.floats(4))).collect();
    let mut file = writer();
    difflut_layer(&mut file, &pins, 3, 6, |file, prefix, node| {
        for (l, &(out, width)) in shapes.iter().enumerate() {
            file.floats(&format!("{prefix}layers.{l}.weight"), &[out, width], &layers[node][l].0);
            file.floats(&format!("{prefix}layers.{l}.bias"), &[out], &layers[node][l].1);
        }
        file.floats(&format!("{prefix}skip_layers.1.weight"), &[4, 3], &skips[node].0);
        file.floats(&format!("{prefix}skip_layers.1.bias"), &[4], &skips[node].1);
    });
    let affine = |(weights, bias): &(Vec<f32>, Vec<f32>), x: &[f32]| -> Vec<f32> {
        let row = |o: usize| weights[o * x.len()..][..x.len()].iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
        bias.iter().enumerate().map(|(o, bias)| row(o) + bias).collect()
    };
    for (name, slope) in [("relu", 0.0), ("leakyrelu", 0.01f32)] {
        let imported = imported(&file, &format!("{BITS}nodes: {{activation: {name}}}"));
        check_difflut(&imported, &pins, 3, 1, |node, _, pins| {
            let activate = |z: Vec<f32>| z.into_iter().map(|z| if z > 0.0 { z } else { z * slope }).collect::<Vec<_>>();
            let first = activate(affine(&layers[node][0], pins));
            let skip = affine(&skips[node], pins);
            let second = affine(&layers[node][1], &first).iter().zip(skip).map(|(z, skip)| z + skip).collect();
            affine(&layers[node][2], &activate(second))[0] >= 0.0
        });
    }
}

#[test]
fn difflut_fourier_is_normalized_by_the_signed_sum() {
    let mut random = Random(8);
    let pins = wiring(&mut random, 6 * 3, 6);
    let frequencies: Vec<Vec<f32>> = (0..6).map(|_| random.bits(5 * 3).iter().map(|bit| bit / 2.0).collect()).collect();
    let parameters: Vec<[Vec<f32>; 3]> = (0..6).map(|_| [random.floats(5), random.floats(5), vec![0.5]]).collect();
    let mut file = writer();
    difflut_layer(&mut file, &pins, 3, 6, |file, prefix, node| {
        file.floats(&format!("{prefix}frequencies"), &[5, 3], &frequencies[node]);
        file.floats(&format!("{prefix}amplitudes"), &[5, 1], &parameters[node][0]);
        file.floats(&format!("{prefix}phases"), &[5, 1], &parameters[node][1]);
        file.floats(&format!("{prefix}bias"), &[1], &parameters[node][2]);
    });
    let imported = imported(&file, &format!("{BITS}nodes: {{max_amplitude: 0.75}}"));
    assert_eq!(imported.evaluation, Evaluation::TruthTable);
    check_difflut(&imported, &pins, 3, 1, |node, _, pins| {
        let [amplitudes, phases, bias] = &parameters[node];
        let total = amplitudes.iter().map(|&a| f64::from(a)).sum::<f64>() + 1e-8;
        let wave = |f: usize| {
            let dot: f64 = (0..3).map(|p| f64::from(frequencies[node][f * 3 + p] * pins[p])).sum();
            f64::from(amplitudes[f]) / total * 0.75 * (std::f64::consts::TAU * dot + f64::from(phases[f])).cos()
        };
        f64::from(bias[0]) + (0..5).map(wave).sum::<f64>() > 0.5
    });
}

#[test]
fn difflut_convolutions_with_stride_and_padding() {
    let mut random = Random(9);
    let (side, bits, trees) = (5, 2, 3);
    let (field, stride, padding) = ([3usize, 2usize], [2usize, 1usize], [1usize, 2usize]);
    let patch = bits * field[0] * field[1];
    // Two leaves of two inputs per tree; two trees in the first chunk, one in the second.
    let leaf_wiring = [wiring(&mut random, 4 * 2, patch), wiring(&mut random, 2 * 2, patch)];
    let leaf_tables: Vec<Vec<f32>> = (0..6).map(|_| random.floats(4)).collect();
    let root_wiring: Vec<Vec<u32>> = (0..trees).map(|_| wiring(&mut random, 2, 2)).collect();
    let root_tables: Vec<Vec<f32>> = (0..trees).map(|_| random.floats(4)).collect();
    let mut file = writer();
    for (chunk, pins) in leaf_wiring.iter().enumerate() {
        file.indices(&format!("conv.first_layer_chunks.{chunk}._mapping_indices"), &[pins.len() / 2, 2], pins);
        for node in 0..pins.len() / 2 {
            file.floats(
                &format!("conv.first_layer_chunks.{chunk}.nodes.{node}.raw_luts"),
                &[1, 4],
                &leaf_tables[chunk * 4 + node],
            );
        }
    }
    for tree in 0..trees {
        file.indices(&format!("conv.trees.{tree}.0._mapping_indices"), &[1, 2], &root_wiring[tree]);
        file.floats(&format!("conv.trees.{tree}.0.nodes.0.raw_luts"), &[1, 4], &root_tables[tree]);
    }
    let thresholds: Vec<String> = (0..side * side).map(|_| "[3, 7]".into()).collect();
    let sidecar = format!(
        "input_format: {{bits: 4}}\nencoder: {{kind: thermometer, values: {{thresholds: [{}]}}}}\nhead: {{classes: 0}}\nmodules: {{conv: {{receptive_field: [3, 2], stride: [2, 1], padding: [1, 2]}}}}",
        thresholds.join(", ")
    );
    let read = imported;
    let imported = read(&file, &sidecar);
    let out = [(side + 2 - 3) / 2 + 1, side + 4 - 2 + 1];
    for _ in 0..100 {
        let x: Vec<f32> = (0..side * side).map(|_| random.below(16) as f32).collect();
        let pixel = |channel: usize, row: Option<usize>, column: Option<usize>| match (row, column) {
            (Some(row), Some(column)) if row < side && column < side => {
                usize::from(x[row * side + column] > [3.0, 7.0][channel])
            }
            _ => 0,
        };
        let mut expected = Vec::new();
        for tree in 0..trees {
            for place in 0..out[0] * out[1] {
                let leaf = |leaf: usize| {
                    let node = tree * 2 + leaf;
                    let pins = &leaf_wiring[node / 4][node % 4 * 2..][..2];
                    let input = |p: usize| {
                        let index = pins[p] as usize;
                        let (channel, within) = (index / (field[0] * field[1]), index % (field[0] * field[1]));
                        let row = (place / out[1] * stride[0] + within / field[1]).checked_sub(padding[0]);
                        let column = (place % out[1] * stride[1] + within % field[1]).checked_sub(padding[1]);
                        pixel(channel, row, column)
                    };
                    usize::from(leaf_tables[node][input(0) + 2 * input(1)] >= 0.0)
                };
                let root = |p: usize| leaf(root_wiring[tree][p] as usize);
                expected.push(f32::from(u8::from(root_tables[tree][root(0) + 2 * root(1)] >= 0.0)));
            }
        }
        assert_eq!(at(&imported, "conv", &x), expected);
    }
    assert!(imported.network.spatial().is_some());
    let message = imported.network.streamed().unwrap_err().to_string();
    assert!(message.contains("its padding of 2 makes"), "{message}");
    // With less padding it can be streamed.
    let imported = read(&file, &sidecar.replace("padding: [1, 2]", "padding: [1, 0]"));
    for _ in 0..20 {
        let x: Vec<f32> = (0..side * side).map(|_| random.below(16) as f32).collect();
        assert_streams(&imported, &x, 1);
    }
}
