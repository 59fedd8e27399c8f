//! Sigmoids of affine functions, for a tile: `sigmoid(sum over j of w_j x_j + w_n)`.

use pulp::{Arch, Simd, WithSimd};

use super::layer::{Nodes, Target};
use super::vector::{add, exp};

/// The outputs of a layer with the weights and biases `rows` (`fan_in + 1` a node).
pub(super) fn forward(nodes: &Nodes<'_>, rows: &[f32], out: &mut [f32]) {
    Arch::new().dispatch(Forward { nodes, rows, out });
}

/// Adds the gradients of weights and biases to `sums` and those of the inputs to their rows.
pub(super) fn backward(
    nodes: &Nodes<'_>,
    rows: &[f32],
    grad_out: &[f32],
    sums: &mut [f32],
    target: Option<Target<'_>>,
) {
    Arch::new().dispatch(Backward { nodes, rows, grad_out, sums, target });
}

#[inline(always)]
fn sigmoids<S: Simd>(simd: S, nodes: &Nodes<'_>, row: &[f32], sources: &[u32], out: &mut [f32]) {
    out.fill(row[nodes.fan_in]);
    for (weight, &source) in row.iter().zip(sources) {
        let (weight, x) = (simd.splat_f32s(*weight), S::as_simd_f32s(nodes.row(source)).0);
        for (z, &x) in S::as_mut_simd_f32s(out).0.iter_mut().zip(x) {
            *z = simd.mul_add_e_f32s(weight, x, *z);
        }
    }
    for z in out {
        *z = 1.0 / (1.0 + exp(-*z));
    }
}

struct Forward<'a> {
    nodes: &'a Nodes<'a>,
    rows: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { nodes, rows, out } = self;
        let numbers = nodes.fan_in + 1;
        let sources = nodes.read.chunks_exact(nodes.fan_in);
        for (index, (out, sources)) in out.chunks_exact_mut(nodes.tile).zip(sources).enumerate() {
            let row = &rows[index / nodes.positions * numbers..][..numbers];
            sigmoids(simd, nodes, row, sources, out);
        }
    }
}

struct Backward<'a> {
    nodes: &'a Nodes<'a>,
    rows: &'a [f32],
    grad_out: &'a [f32],
    sums: &'a mut [f32],
    target: Option<Target<'a>>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { nodes, rows, grad_out, sums, mut target } = self;
        let (tile, fan_in) = (nodes.tile, nodes.fan_in);
        let numbers = fan_in + 1;
        let mut inner = vec![0.0f32; tile];
        let all = grad_out.chunks_exact(tile).zip(nodes.read.chunks_exact(fan_in));
        for (index, (grad_out, sources)) in all.enumerate() {
            let node = index / nodes.positions;
            let (row, sums) = (&rows[node * numbers..][..numbers], &mut sums[node * numbers..][..numbers]);
            sigmoids(simd, nodes, row, sources, &mut inner);
            inner.iter_mut().zip(grad_out).for_each(|(z, g)| *z = g * *z * (1.0 - *z));
            let inner = S::as_simd_f32s(&inner).0;
            let mut bias = simd.splat_f32s(0.0);
            for &g in inner {
                bias = simd.add_f32s(bias, g);
            }
            sums[fan_in] += simd.reduce_sum_f32s(bias);
            for (input, &source) in sources.iter().enumerate() {
                let mut sum = simd.splat_f32s(0.0);
                for (&g, &x) in inner.iter().zip(S::as_simd_f32s(nodes.row(source)).0) {
                    sum = simd.mul_add_e_f32s(g, x, sum);
                }
                sums[input] += simd.reduce_sum_f32s(sum);
                let Some(target) = &mut target else { continue };
                let (weight, grad) = (simd.splat_f32s(row[input]), target.row(index * fan_in + input, tile));
                for (at, &g) in inner.iter().enumerate() {
                    add(simd, grad, simd.mul_f32s(g, weight), at);
                }
            }
        }
    }
}
