//! Gates of two inputs, for a tile: `c_0 + c_1 b + a (c_2 + c_3 b)`.
//!
//! The inputs of a node are `b` and `a`, in this order, so that the coefficients are those of the
//! monomials of [`multilinear`](super::multilinear) for two inputs; two inputs a gate and few
//! operations are bound by memory, which this code keeps to one read of a row each.

use pulp::{Arch, Simd, WithSimd};

use super::layer::{Nodes, Target};
use super::vector::add;

/// The outputs of a layer of gates with the coefficients `(nodes, 4)`.
pub(super) fn forward(nodes: &Nodes<'_>, coefficients: &[f32], out: &mut [f32]) {
    Arch::new().dispatch(Forward { nodes, coefficients, out });
}

/// Adds the gradients of the coefficients to `sums` and those of the inputs to their rows.
pub(super) fn backward(
    nodes: &Nodes<'_>,
    coefficients: &[f32],
    grad_out: &[f32],
    sums: &mut [f32],
    target: Option<Target<'_>>,
) {
    Arch::new().dispatch(Backward { nodes, coefficients, grad_out, sums, target });
}

struct Forward<'a> {
    nodes: &'a Nodes<'a>,
    coefficients: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { nodes, coefficients, out } = self;
        let (c, _) = coefficients.as_chunks::<4>();
        let (sources, _) = nodes.read.as_chunks::<2>();
        for (index, (out, &[b, a])) in out.chunks_exact_mut(nodes.tile).zip(sources).enumerate() {
            let c = c[index / nodes.positions].map(|c| simd.splat_f32s(c));
            let (b, a) = (S::as_simd_f32s(nodes.row(b)).0, S::as_simd_f32s(nodes.row(a)).0);
            for ((out, &b), &a) in S::as_mut_simd_f32s(out).0.iter_mut().zip(b).zip(a) {
                let (low, high) = (simd.mul_add_e_f32s(b, c[1], c[0]), simd.mul_add_e_f32s(b, c[3], c[2]));
                *out = simd.mul_add_e_f32s(a, high, low);
            }
        }
    }
}

struct Backward<'a> {
    nodes: &'a Nodes<'a>,
    coefficients: &'a [f32],
    grad_out: &'a [f32],
    sums: &'a mut [f32],
    target: Option<Target<'a>>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { nodes, coefficients, grad_out, sums, mut target } = self;
        let (tile, positions) = (nodes.tile, nodes.positions);
        let (c, _) = coefficients.as_chunks::<4>();
        let (sources, _) = nodes.read.as_chunks::<2>();
        let (sums, _) = sums.as_chunks_mut::<4>();
        for (node, (c, sums)) in c.iter().zip(sums).enumerate() {
            let c = c.map(|c| simd.splat_f32s(c));
            let mut acc = [simd.splat_f32s(0.0); 4];
            for index in node * positions..(node + 1) * positions {
                let [b, a] = sources[index];
                let grad = S::as_simd_f32s(&grad_out[index * tile..][..tile]).0;
                let (b, a) = (S::as_simd_f32s(nodes.row(b)).0, S::as_simd_f32s(nodes.row(a)).0);
                for (at, ((&g, &b), &a)) in grad.iter().zip(b).zip(a).enumerate() {
                    let ga = simd.mul_f32s(g, a);
                    acc[0] = simd.add_f32s(acc[0], g);
                    acc[1] = simd.mul_add_e_f32s(g, b, acc[1]);
                    acc[2] = simd.add_f32s(acc[2], ga);
                    acc[3] = simd.mul_add_e_f32s(ga, b, acc[3]);
                    let Some(target) = &mut target else { continue };
                    let slope_b = simd.mul_add_e_f32s(ga, c[3], simd.mul_f32s(g, c[1]));
                    let slope_a = simd.mul_f32s(g, simd.mul_add_e_f32s(b, c[3], c[2]));
                    add(simd, target.row(2 * index, tile), slope_b, at);
                    add(simd, target.row(2 * index + 1, tile), slope_a, at);
                }
            }
            for (sum, acc) in sums.iter_mut().zip(acc) {
                *sum += simd.reduce_sum_f32s(acc);
            }
        }
    }
}
