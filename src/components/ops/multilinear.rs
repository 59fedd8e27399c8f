//! The multilinear extension of the tables of a layer, for a tile.
//!
//! ```text
//! f(x) = sum over r of v_r * product over j of (x_j if bit j of r else 1 - x_j)
//!      = sum over subsets S of c_S * product over j in S of x_j
//! ```
//!
//! The coefficients `c` are the Moebius transform of the values `v`, made once per step
//! ([`to_monomials`]); with them a fold over one input is one fused multiply-add,
//! `low + x * high`. The gradient of `c_S` is the product of the inputs in S. The backward pass
//! folds again instead of keeping what the forward pass folded: a tree of 2^n vectors stays in
//! the first cache.

use pulp::{Arch, Simd, WithSimd};

use super::layer::{Nodes, Target};
use super::vector::{add, exp};

/// Most inputs of a node that this code serves.
pub(super) const MOST_INPUTS: usize = 6;

/// Values at all assignments to coefficients of monomials, in place.
pub(super) fn to_monomials(values: &mut [f32]) {
    let mut half = 1;
    while half < values.len() {
        for pair in values.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            high.iter_mut().zip(low).for_each(|(high, low)| *high -= *low);
        }
        half *= 2;
    }
}

/// The gradient of coefficients to that of values, in place: the transpose of [`to_monomials`].
pub(super) fn from_monomial_gradient(grad: &mut [f32]) {
    let mut half = 1;
    while half < grad.len() {
        for pair in grad.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            low.iter_mut().zip(high).for_each(|(low, high)| *low -= *high);
        }
        half *= 2;
    }
}

/// The outputs of a layer. `coefficients` has those of every node; with a temperature `T` the
/// output is `sigmoid(f / T)`.
pub(super) fn forward(nodes: &Nodes<'_>, coefficients: &[f32], temperature: Option<f32>, out: &mut [f32]) {
    macro_rules! of {
        ($($n:literal),*) => {
            match nodes.fan_in {
                $($n => Arch::new().dispatch(Forward::<$n, { 1 << $n }> { nodes, coefficients, temperature, out }),)*
                _ => {}
            }
        };
    }
    of!(1, 2, 3, 4, 5, 6);
}

/// Adds the gradients of the coefficients to `sums` and those of the inputs to their rows.
pub(super) fn backward(
    nodes: &Nodes<'_>,
    coefficients: &[f32],
    temperature: Option<f32>,
    grad_out: &[f32],
    sums: &mut [f32],
    target: Option<Target<'_>>,
) {
    macro_rules! of {
        ($($n:literal),*) => {
            match nodes.fan_in {
                $($n => Arch::new().dispatch(
                    Backward::<$n, { 1 << $n }> { nodes, coefficients, temperature, grad_out, sums, target }
                ),)*
                _ => {}
            }
        };
    }
    of!(1, 2, 3, 4, 5, 6);
}

/// Folds over the inputs, highest first. `tree` is a heap: the 2^j values that are left when
/// inputs j and above are folded stand at `2^j ..`, so the result is `tree[1]`.
#[inline(always)]
fn fold<S: Simd, const N: usize, const R: usize>(
    simd: S,
    c: &[f32; R],
    x: &[S::f32s; N],
    tree: &mut [S::f32s; R],
) -> S::f32s {
    let half = R / 2;
    for r in 0..half {
        tree[half + r] = simd.mul_add_e_f32s(x[N - 1], simd.splat_f32s(c[r + half]), simd.splat_f32s(c[r]));
    }
    for input in (0..N - 1).rev() {
        let half = 1 << input;
        for r in 0..half {
            tree[half + r] = simd.mul_add_e_f32s(x[input], tree[3 * half + r], tree[2 * half + r]);
        }
    }
    tree[1]
}

/// `sigmoid(f / T)`, number by number.
#[inline(always)]
fn logistic(values: &mut [f32], temperature: f32) {
    for z in values {
        *z = 1.0 / (1.0 + exp(-(*z / temperature)));
    }
}

#[inline(always)]
fn vectors<S: Simd>(row: &[f32]) -> &[S::f32s] {
    S::as_simd_f32s(row).0
}

struct Forward<'a, const N: usize, const R: usize> {
    nodes: &'a Nodes<'a>,
    coefficients: &'a [f32],
    temperature: Option<f32>,
    out: &'a mut [f32],
}

impl<const N: usize, const R: usize> WithSimd for Forward<'_, N, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { nodes, coefficients, temperature, out } = self;
        let tile = nodes.tile;
        let zero = simd.splat_f32s(0.0);
        let mut tree = [zero; R];
        let (c, _) = coefficients.as_chunks::<R>();
        for (index, (out, sources)) in out.chunks_exact_mut(tile).zip(nodes.read.chunks_exact(N)).enumerate() {
            let c = &c[index / nodes.positions];
            let rows: [&[S::f32s]; N] = std::array::from_fn(|j| vectors::<S>(nodes.row(sources[j])));
            for (at, out) in S::as_mut_simd_f32s(out).0.iter_mut().enumerate() {
                let x: [S::f32s; N] = std::array::from_fn(|j| rows[j][at]);
                *out = fold::<S, N, R>(simd, c, &x, &mut tree);
            }
            if let Some(temperature) = temperature {
                logistic(out, temperature);
            }
        }
    }
}

struct Backward<'a, const N: usize, const R: usize> {
    nodes: &'a Nodes<'a>,
    coefficients: &'a [f32],
    temperature: Option<f32>,
    grad_out: &'a [f32],
    sums: &'a mut [f32],
    target: Option<Target<'a>>,
}

impl<const N: usize, const R: usize> WithSimd for Backward<'_, N, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { nodes, coefficients, temperature, grad_out, sums, mut target } = self;
        let (tile, positions) = (nodes.tile, nodes.positions);
        let zero = simd.splat_f32s(0.0);
        let (mut tree, mut monomials) = ([zero; R], [zero; R]);
        // With a sigmoid behind it, the gradient of what stands before it.
        let mut inner = vec![0.0f32; tile];
        let (c, _) = coefficients.as_chunks::<R>();
        let (sums, _) = sums.as_chunks_mut::<R>();
        for (node, (c, sums)) in c.iter().zip(sums).enumerate() {
            let mut acc = [zero; R];
            for index in node * positions..(node + 1) * positions {
                let sources = &nodes.read[index * N..][..N];
                let rows: [&[S::f32s]; N] = std::array::from_fn(|j| vectors::<S>(nodes.row(sources[j])));
                let grad = &grad_out[index * tile..][..tile];
                let grad = match temperature {
                    None => vectors::<S>(grad),
                    Some(temperature) => {
                        for (at, z) in S::as_mut_simd_f32s(&mut inner).0.iter_mut().enumerate() {
                            let x: [S::f32s; N] = std::array::from_fn(|j| rows[j][at]);
                            *z = fold::<S, N, R>(simd, c, &x, &mut tree);
                        }
                        logistic(&mut inner, temperature);
                        for (z, g) in inner.iter_mut().zip(grad) {
                            *z = g * *z * (1.0 - *z) / temperature;
                        }
                        vectors::<S>(&inner)
                    }
                };
                for (at, &g) in grad.iter().enumerate() {
                    let x: [S::f32s; N] = std::array::from_fn(|j| rows[j][at]);
                    monomials[0] = g;
                    if let Some(target) = &mut target {
                        fold::<S, N, R>(simd, c, &x, &mut tree);
                        for (input, &x) in x.iter().enumerate() {
                            let half = 1 << input;
                            let mut slope = zero;
                            for r in 0..half {
                                let high = match input + 1 == N {
                                    true => simd.splat_f32s(c[half + r]),
                                    false => tree[3 * half + r],
                                };
                                slope = simd.mul_add_e_f32s(monomials[r], high, slope);
                                monomials[half + r] = simd.mul_f32s(monomials[r], x);
                            }
                            add(simd, target.row(index * N + input, tile), slope, at);
                        }
                    } else {
                        for (input, &x) in x.iter().enumerate() {
                            let half = 1 << input;
                            for r in 0..half {
                                monomials[half + r] = simd.mul_f32s(monomials[r], x);
                            }
                        }
                    }
                    for r in 0..R {
                        acc[r] = simd.add_f32s(acc[r], monomials[r]);
                    }
                }
            }
            for (sum, acc) in sums.iter_mut().zip(acc) {
                *sum += simd.reduce_sum_f32s(acc);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_gives_the_coefficients_of_the_polynomial() {
        // v = 1 + 2 x0 - 3 x1 + 4 x0 x1 at 00, 10, 01, 11.
        let mut values = [1.0, 3.0, -2.0, 4.0];
        to_monomials(&mut values);
        assert_eq!(values, [1.0, 2.0, -3.0, 4.0]);
        // Transposed: <T v, g> = <v, T' g>.
        let (v, g) = ([0.5f32, -1.0, 2.0, 0.25], [1.0f32, 2.0, -0.5, 4.0]);
        let (mut forward, mut back) = (v, g);
        to_monomials(&mut forward);
        from_monomial_gradient(&mut back);
        let dot = |a: [f32; 4], b: [f32; 4]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        assert_eq!(dot(forward, g), dot(v, back));
    }
}
