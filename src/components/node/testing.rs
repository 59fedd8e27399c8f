//! Checks that the tests of every smooth family share.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{NodeKernel, NodeKind, NodeSpec};
use crate::components::initializer::normal;
use crate::config::{NodeParams, RuntimeConfig};

/// The kernel of a family from the two sections as YAML.
pub(super) fn build(kind: &NodeKind, fan_in: usize, params: &str, runtime: &str) -> Box<dyn NodeKernel> {
    let params: NodeParams = serde_yaml::from_str(params).unwrap();
    let runtime: RuntimeConfig = serde_yaml::from_str(runtime).unwrap();
    (kind.build)(NodeSpec { fan_in, params: &params, runtime: &runtime }).unwrap()
}

/// Compares the gradients of parameters and inputs with central differences of the forward
/// function, at random inputs.
#[track_caller]
pub(super) fn check_gradients(kernel: &dyn NodeKernel, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (fan_in, batch) = (kernel.fan_in(), 11);
    let mut row = vec![0.0; kernel.parameters()];
    kernel.init(&mut rng, &mut row);
    let x: Vec<Vec<f32>> = (0..fan_in).map(|_| (0..batch).map(|_| rng.random()).collect()).collect();
    let grad_out: Vec<f32> = (0..batch).map(|_| normal(&mut rng)).collect();
    let run = |row: &[f32], x: &[Vec<f32>]| -> f64 {
        let mut out = vec![0.0; batch];
        kernel.forward(row, &x.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut out);
        out.iter().zip(&grad_out).map(|(out, g)| f64::from(*out) * f64::from(*g)).sum()
    };
    let pins: Vec<&[f32]> = x.iter().map(Vec::as_slice).collect();
    let (mut grad_row, mut grad_pins) = (vec![0.0; row.len()], vec![7.0; fan_in * batch]);
    kernel.backward(&row, &pins, &grad_out, &mut grad_row, Some(&mut grad_pins));

    // Float32 leaves about 1e-7 / STEP of noise; the curvature adds about STEP squared.
    const STEP: f32 = 1e-3;
    let close = |found: f32, at: &dyn Fn(f32) -> f64, what: &str| {
        let (below, middle, above) = (at(-STEP), at(0.0), at(STEP));
        let step = f64::from(STEP);
        let near = |expected: f64| (f64::from(found) - expected).abs() < 2e-3 * (1.0 + expected.abs());
        // At a corner of a piecewise function one of the two sides holds.
        let sides = [(above - below) / (2.0 * step), (above - middle) / step, (middle - below) / step];
        assert!(sides.iter().any(|&side| near(side)), "{what}: {found}, differences {sides:?}");
    };
    let trained = row.len() - kernel.constants();
    for index in 0..trained {
        let at = |by: f32| {
            let mut row = row.clone();
            row[index] += by;
            run(&row, &x)
        };
        close(grad_row[index], &at, &format!("parameter {index}"));
    }
    assert!(grad_row[trained..].iter().all(|&g| g == 0.0), "constants have no gradient");
    for input in 0..fan_in {
        for sample in 0..batch {
            let at = |by: f32| {
                let mut x = x.clone();
                x[input][sample] += by;
                run(&row, &x)
            };
            close(grad_pins[input * batch + sample], &at, &format!("input {input} of sample {sample}"));
        }
    }
    let mut without_pins = vec![0.0; row.len()];
    kernel.backward(&row, &pins, &grad_out, &mut without_pins, None);
    assert_eq!(without_pins, grad_row);
}
