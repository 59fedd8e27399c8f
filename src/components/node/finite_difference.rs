//! Tables that are looked up at thresholded inputs, and sums over their rows that stand in for
//! the derivative.

use pulp::{Arch, Simd, WithSimd};

/// The row that every sample selects, with `x_j >= 0.5` as bit j.
pub(super) fn addresses(pins: &[&[f32]], batch: usize) -> Vec<u32> {
    let mut addresses = vec![0u32; batch];
    for (input, pin) in pins.iter().enumerate() {
        for (address, &x) in addresses.iter_mut().zip(*pin) {
            *address |= u32::from(x >= 0.5) << input;
        }
    }
    addresses
}

/// `alpha * sum over rows k of s_j(k) * v_k * beta^h_j(a, k)` for every row `a` and one input `j`,
/// where `s_j(k)` is +1 if bit j of k is one, else -1, and `h_j(a, k)` is the number of bits
/// other than j in which a and k differ.
///
/// The sum over all rows is a product over inputs: the difference along `input`, then along every
/// other input each row plus beta times its neighbour, 2^n * n operations in all instead of 4^n.
pub(super) fn slopes(table: &[f32], fan_in: usize, input: usize, alpha: f32, beta: f32) -> Vec<f32> {
    let mut slopes = table.to_vec();
    let stride = 1 << input;
    for row in (0..slopes.len()).filter(|row| row & stride == 0) {
        let difference = alpha * (slopes[row + stride] - slopes[row]);
        slopes[row] = difference;
        slopes[row + stride] = difference;
    }
    for other in (0..fan_in).filter(|&other| other != input) {
        let stride = 1 << other;
        for row in (0..slopes.len()).filter(|row| row & stride == 0) {
            let (low, high) = (slopes[row], slopes[row + stride]);
            slopes[row] = low + beta * high;
            slopes[row + stride] = high + beta * low;
        }
    }
    slopes
}

/// One addend of the slopes of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    /// `alpha` of [`slopes`].
    pub(super) factor: f32,
    /// `beta` of [`slopes`].
    pub(super) beta: f32,
}

/// Nodes that are worked on side by side.
const NODES: usize = 16;

/// The sum over `terms` of [`slopes`] along every input, of the tables of several nodes:
/// `fan_in x 2^fan_in` numbers a node.
///
/// Along an input the product of all factors (each row plus beta times its neighbour) has the
/// difference `1 - beta` times that of the table, so that one transform of the table,
/// `2^n * n` operations, serves all inputs. Close to `beta = 1`, where that divides by little,
/// every input gets its own.
pub(super) fn slopes_of_nodes(tables: &[f32], fan_in: usize, terms: &[Term], out: &mut [f32]) {
    let entries = 1usize << fan_in;
    out.fill(0.0);
    for term in terms {
        if term.beta > 0.9 {
            for (table, out) in tables.chunks_exact(entries).zip(out.chunks_exact_mut(fan_in * entries)) {
                for (input, out) in out.chunks_exact_mut(entries).enumerate() {
                    let found = slopes(table, fan_in, input, term.factor, term.beta);
                    out.iter_mut().zip(found).for_each(|(out, slope)| *out += slope);
                }
            }
            continue;
        }
        let blocks = tables.chunks(NODES * entries).zip(out.chunks_mut(NODES * fan_in * entries));
        blocks.for_each(|(tables, out)| Arch::new().dispatch(Slopes { tables, fan_in, term: *term, out }));
    }
}

struct Slopes<'a> {
    tables: &'a [f32],
    fan_in: usize,
    term: Term,
    out: &'a mut [f32],
}

impl WithSimd for Slopes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { tables, fan_in, term, out } = self;
        let entries = 1usize << fan_in;
        // Entry by entry, the nodes of the block side by side.
        let mut sums = vec![[0.0f32; NODES]; entries];
        for (node, table) in tables.chunks_exact(entries).enumerate() {
            sums.iter_mut().zip(table).for_each(|(sum, v)| sum[node] = *v);
        }
        for input in 0..fan_in {
            for pair in sums.chunks_exact_mut(2 << input) {
                let (low, high) = pair.split_at_mut(1 << input);
                for (low, high) in low.iter_mut().zip(high) {
                    for node in 0..NODES {
                        let (l, h) = (low[node], high[node]);
                        low[node] = l + term.beta * h;
                        high[node] = h + term.beta * l;
                    }
                }
            }
        }
        let factor = term.factor / (1.0 - term.beta);
        for (node, out) in out.chunks_exact_mut(fan_in * entries).enumerate() {
            for (input, out) in out.chunks_exact_mut(entries).enumerate() {
                let stride = 1 << input;
                for row in (0..entries).filter(|row| row & stride == 0) {
                    let slope = factor * (sums[row + stride][node] - sums[row][node]);
                    out[row] += slope;
                    out[row + stride] += slope;
                }
            }
        }
    }
}
