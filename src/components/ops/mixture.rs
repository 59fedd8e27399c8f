//! The choice of the pins of a learnable layer: soft in a tile, and the gradient of the weights
//! of the choice over a batch.
//!
//! With the weights `W` `(pins, candidates)` and the shares `p = softmax(W / tau)` of every row:
//!
//! ```text
//! soft               pin = sum over k of p_k x_k
//!                    d / d W_k = p_k (d_k - sum over l of p_l d_l) / tau,   d_k = sum over samples of g x_k
//! straight through   pin = x_k of the largest W_k, the first on ties
//!                    d / d W_k = sum over samples of g (2 x_k - 1)
//! both               d / d x_k = p_k g
//! ```
//!
//! The first is DiffLUT's, the second that of torch-dwn, whose softmax (with tau 0.001) only
//! serves the gradient of the inputs: a first layer needs none.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::matrix::{ROWS, product};
use super::vector::{exp, largest, sum};
use crate::config::Selection;

/// Smaller shares count as zero: they change no sum of float32 numbers of ordinary size, but
/// they and their squares in the optimizer would be subnormal numbers, which processors are slow
/// with.
const NOTHING: f32 = 1e-10;

/// What the pins of a layer choose among.
#[derive(Clone, Copy, Debug)]
pub struct Mixture<'a> {
    /// Number of columns that a pin considers.
    pub candidates: usize,
    /// Their elements, `(pins, candidates)`; without a list every element is one.
    pub list: Option<&'a [u32]>,
    /// The row of every element at every position, `(elements, positions)`.
    pub rows: &'a [u32],
    /// Positions of a node.
    pub positions: usize,
    /// Pins of a node.
    pub fan_in: usize,
}

impl Mixture<'_> {
    /// Replaces the weights of all pins by their shares, in parallel over pins.
    pub fn shares(&self, weights: &[f32], temperature: f32, shares: &mut Vec<f32>) {
        struct Softmax<'a>(&'a mut [f32], f32);
        impl WithSimd for Softmax<'_> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                let Self(row, temperature) = self;
                // The largest value is taken off so that no exponential overflows; it cancels.
                let largest = largest(simd, row);
                row.iter_mut().for_each(|w| *w = exp((*w - largest) / temperature));
                let sum = sum(simd, row);
                row.iter_mut().for_each(|share| *share = if *share < NOTHING * sum { 0.0 } else { *share / sum });
            }
        }
        shares.resize(weights.len(), 0.0);
        let arch = Arch::new();
        let rows = shares.par_chunks_exact_mut(self.candidates).zip(weights.par_chunks_exact(self.candidates));
        rows.with_min_len(16).for_each(|(shares, weights)| {
            shares.copy_from_slice(weights);
            arch.dispatch(Softmax(shares, temperature));
        });
    }

    /// The row that a candidate of a pin is at a position.
    #[inline(always)]
    fn row(&self, pin: usize, candidate: usize, position: usize) -> usize {
        let element = match self.list {
            Some(list) => list[pin * self.candidates + candidate] as usize,
            None => candidate,
        };
        self.rows[element * self.positions + position] as usize
    }

    /// The row of a pin at a position, behind one another as a layer reads them.
    fn place(&self, pin: usize, position: usize) -> usize {
        (pin / self.fan_in * self.positions + position) * self.fan_in + pin % self.fan_in
    }

    /// The mixed pins of a tile, `(nodes, positions, fan_in, tile)`.
    pub fn forward(&self, shares: &[f32], inputs: &[f32], tile: usize, out: &mut [f32]) {
        Arch::new().dispatch(Forward { mixture: *self, shares, inputs, tile, out });
    }

    /// Adds the gradient of the inputs to `grad`, given that of the pins.
    pub fn backward(&self, shares: &[f32], grad_pins: &[f32], tile: usize, grad: &mut [f32]) {
        Arch::new().dispatch(Backward { mixture: *self, shares, grad_pins, tile, grad });
    }
}

struct Forward<'a> {
    mixture: Mixture<'a>,
    shares: &'a [f32],
    inputs: &'a [f32],
    tile: usize,
    out: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { mixture, shares, inputs, tile, out } = self;
        out.fill(0.0);
        for (pin, shares) in shares.chunks_exact(mixture.candidates).enumerate() {
            for position in 0..mixture.positions {
                let out = &mut out[mixture.place(pin, position) * tile..][..tile];
                let out = S::as_mut_simd_f32s(out).0;
                for (candidate, &share) in shares.iter().enumerate().filter(|(_, share)| **share != 0.0) {
                    let x = &inputs[mixture.row(pin, candidate, position) * tile..][..tile];
                    let share = simd.splat_f32s(share);
                    for (out, &x) in out.iter_mut().zip(S::as_simd_f32s(x).0) {
                        *out = simd.mul_add_e_f32s(share, x, *out);
                    }
                }
            }
        }
    }
}

struct Backward<'a> {
    mixture: Mixture<'a>,
    shares: &'a [f32],
    grad_pins: &'a [f32],
    tile: usize,
    grad: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { mixture, shares, grad_pins, tile, grad } = self;
        for (pin, shares) in shares.chunks_exact(mixture.candidates).enumerate() {
            for position in 0..mixture.positions {
                let g = S::as_simd_f32s(&grad_pins[mixture.place(pin, position) * tile..][..tile]).0;
                for (candidate, &share) in shares.iter().enumerate().filter(|(_, share)| **share != 0.0) {
                    let grad = &mut grad[mixture.row(pin, candidate, position) * tile..][..tile];
                    let share = simd.splat_f32s(share);
                    for (grad, &g) in S::as_mut_simd_f32s(grad).0.iter_mut().zip(g) {
                        *grad = simd.mul_add_e_f32s(share, g, *grad);
                    }
                }
            }
        }
    }
}

/// What a pin's gradient is made of, besides the pin's own.
#[derive(Clone, Copy, Debug)]
pub struct ChoiceRule<'a> {
    /// Soft or straight through.
    pub selection: Selection,
    /// What the weights are divided by.
    pub temperature: f32,
    /// The shares of the soft choice; not read by the other.
    pub shares: &'a [f32],
}

/// Writes the gradient of the weights of the choice to `grad`, `(pins, candidates)`. `tiles` has
/// the inputs and the gradients of the pins of every tile. In parallel over pins, every sum in a
/// fixed order.
pub fn choice_gradient(
    mixture: Mixture<'_>,
    rule: ChoiceRule<'_>,
    tiles: &[(&[f32], &[f32])],
    tile: usize,
    grad: &mut [f32],
) {
    let candidates = mixture.candidates;
    let whole = (mixture.list.is_none() && mixture.positions == 1).then(|| Inputs::new(mixture, tiles, tile));
    grad.par_chunks_mut(ROWS * candidates).enumerate().for_each(|(block, grad)| {
        let first = block * ROWS;
        let pins = grad.len() / candidates;
        let mut sums = [0.0f32; ROWS];
        for (at, sum) in sums.iter_mut().enumerate().take(pins) {
            for position in 0..mixture.positions {
                let place = mixture.place(first + at, position) * tile;
                *sum += tiles.iter().map(|(_, g)| g[place..][..tile].iter().sum::<f32>()).sum::<f32>();
            }
        }
        match &whole {
            Some(inputs) => inputs.dots(mixture, tiles, tile, first, grad),
            None => Arch::new().dispatch(Dots { mixture, tiles, tile, first, grad: &mut *grad }),
        }
        for (at, grad) in grad.chunks_exact_mut(candidates).enumerate() {
            match rule.selection {
                Selection::StraightThrough => grad.iter_mut().for_each(|d| *d = 2.0 * *d - sums[at]),
                Selection::Soft => {
                    let shares = &rule.shares[(first + at) * candidates..][..candidates];
                    let mean: f32 = shares.iter().zip(grad.iter()).map(|(share, d)| share * d).sum();
                    for (d, share) in grad.iter_mut().zip(shares) {
                        *d = share * (*d - mean) / rule.temperature;
                    }
                }
            }
        }
    });
}

/// The inputs of all tiles, sample by sample.
struct Inputs {
    values: Vec<f32>,
    stride: usize,
}

impl Inputs {
    fn new(mixture: Mixture<'_>, tiles: &[(&[f32], &[f32])], tile: usize) -> Self {
        let stride = mixture.candidates.next_multiple_of(16);
        let mut values = vec![0.0f32; tiles.len() * tile * stride];
        let of_tiles = values.par_chunks_mut(tile * stride).zip(tiles.par_iter());
        of_tiles.for_each(|(values, (x, _))| {
            for (column, &row) in mixture.rows.iter().enumerate() {
                let row = &x[row as usize * tile..][..tile];
                for (sample, &x) in row.iter().enumerate() {
                    values[sample * stride + column] = x;
                }
            }
        });
        Self { values, stride }
    }

    /// `sum over samples of g x_k` of the pins from `first` on.
    fn dots(&self, mixture: Mixture<'_>, tiles: &[(&[f32], &[f32])], tile: usize, first: usize, grad: &mut [f32]) {
        let candidates = mixture.candidates;
        let pins = grad.len() / candidates;
        let of_pin = |pin: usize| -> Vec<f32> {
            let place = mixture.place(first + pin, 0) * tile;
            tiles.iter().flat_map(|(_, g)| &g[place..][..tile]).copied().collect()
        };
        let left: Vec<Vec<f32>> = (0..pins).map(of_pin).collect();
        let left: Vec<&[f32]> = left.iter().map(Vec::as_slice).collect();
        if self.stride == candidates {
            product(&left, &self.values, self.stride, grad);
            return;
        }
        let mut padded = vec![0.0; pins * self.stride];
        product(&left, &self.values, self.stride, &mut padded);
        for (grad, padded) in grad.chunks_exact_mut(candidates).zip(padded.chunks_exact(self.stride)) {
            grad.copy_from_slice(&padded[..candidates]);
        }
    }
}

/// `sum over samples of g x_k` by one scalar product per candidate.
struct Dots<'a> {
    mixture: Mixture<'a>,
    tiles: &'a [(&'a [f32], &'a [f32])],
    tile: usize,
    first: usize,
    grad: &'a mut [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { mixture, tiles, tile, first, grad } = self;
        for (at, grad) in grad.chunks_exact_mut(mixture.candidates).enumerate() {
            let pin = first + at;
            for (candidate, grad) in grad.iter_mut().enumerate() {
                let mut sum = simd.splat_f32s(0.0);
                for position in 0..mixture.positions {
                    let place = mixture.place(pin, position) * tile;
                    let row = mixture.row(pin, candidate, position) * tile;
                    for (x, g) in tiles {
                        let (x, g) = (S::as_simd_f32s(&x[row..][..tile]).0, S::as_simd_f32s(&g[place..][..tile]).0);
                        for (&x, &g) in x.iter().zip(g) {
                            sum = simd.mul_add_e_f32s(x, g, sum);
                        }
                    }
                }
                *grad = simd.reduce_sum_f32s(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    const TILE: usize = 16;

    struct Case {
        weights: Vec<f32>,
        list: Option<Vec<u32>>,
        rows: Vec<u32>,
        candidates: usize,
        positions: usize,
        /// Two tiles: inputs of seven rows and the gradients of the pins.
        tiles: Vec<(Vec<f32>, Vec<f32>)>,
    }

    const NODES: usize = 3;
    const FAN_IN: usize = 2;
    const ELEMENTS: usize = 5;

    impl Case {
        fn new(sparse: bool, positions: usize) -> Self {
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let candidates = if sparse { 3 } else { ELEMENTS };
            let pins = NODES * FAN_IN;
            let list = sparse.then(|| (0..pins * 3).map(|i| ((i * 2 + i / 3) % ELEMENTS) as u32).collect());
            let mut floats = |count: usize| -> Vec<f32> { (0..count).map(|_| rng.random()).collect() };
            let weights = floats(pins * candidates);
            let tiles = (0..2).map(|_| (floats(7 * TILE), floats(pins * positions * TILE))).collect();
            let rows = (0..ELEMENTS * positions).map(|i| ((i * 3 + 1) % 7) as u32).collect();
            Self { weights, list, rows, candidates, positions, tiles }
        }

        fn mixture(&self) -> Mixture<'_> {
            let Self { candidates, positions, .. } = *self;
            Mixture { candidates, list: self.list.as_deref(), rows: &self.rows, positions, fan_in: FAN_IN }
        }

        fn tiles(&self) -> Vec<(&[f32], &[f32])> {
            self.tiles.iter().map(|(x, g)| (x.as_slice(), g.as_slice())).collect()
        }

        /// `sum over samples of g * pin`, with the inputs moved by `by` at (tile, entry).
        fn soft_loss(&self, weights: &[f32], temperature: f64, moved: Option<(usize, usize, f64)>) -> f64 {
            let mut loss = 0.0;
            for (index, (x, g)) in self.tiles.iter().enumerate() {
                for pin in 0..NODES * FAN_IN {
                    let row = &weights[pin * self.candidates..][..self.candidates];
                    let e: Vec<f64> = row.iter().map(|&w| (f64::from(w) / temperature).exp()).collect();
                    let sum: f64 = e.iter().sum();
                    for position in 0..self.positions {
                        let place = ((pin / FAN_IN) * self.positions + position) * FAN_IN + pin % FAN_IN;
                        for sample in 0..TILE {
                            for (k, e) in e.iter().enumerate() {
                                let entry = self.mixture().row(pin, k, position) * TILE + sample;
                                let by = moved.filter(|m| (m.0, m.1) == (index, entry)).map_or(0.0, |m| m.2);
                                loss += f64::from(g[place * TILE + sample]) * e / sum * (f64::from(x[entry]) + by);
                            }
                        }
                    }
                }
            }
            loss
        }
    }

    #[test]
    fn the_soft_choice_has_the_gradients_of_finite_differences() {
        for (sparse, positions) in [(false, 1), (true, 1), (false, 3), (true, 3)] {
            let case = Case::new(sparse, positions);
            let (mixture, temperature) = (case.mixture(), 0.5f32);
            let mut shares = Vec::new();
            mixture.shares(&case.weights, temperature, &mut shares);
            let mut loss = 0.0;
            for (x, g) in &case.tiles {
                let mut pins = vec![7.0; g.len()];
                mixture.forward(&shares, x, TILE, &mut pins);
                loss += pins.iter().zip(g).map(|(pin, g)| f64::from(pin * g)).sum::<f64>();
            }
            assert!((loss - case.soft_loss(&case.weights, 0.5, None)).abs() < 1e-3);
            let rule = ChoiceRule { selection: Selection::Soft, temperature, shares: &shares };
            let mut grad = vec![9.0; case.weights.len()];
            choice_gradient(mixture, rule, &case.tiles(), TILE, &mut grad);
            for (index, found) in grad.iter().enumerate() {
                let at = |by: f32| {
                    let mut weights = case.weights.clone();
                    weights[index] += by;
                    case.soft_loss(&weights, 0.5, None)
                };
                let expected = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!((f64::from(*found) - expected).abs() < 5e-3 * (1.0 + expected.abs()), "{found} {expected}");
            }
            let mut grad = vec![0.0; 7 * TILE];
            mixture.backward(&shares, &case.tiles[1].1, TILE, &mut grad);
            for entry in [0, 5, 20, 50, 7 * TILE - 1] {
                let at = |by: f64| case.soft_loss(&case.weights, 0.5, Some((1, entry, by)));
                let expected = (at(0.5) - at(-0.5)) / 1.0;
                assert!((f64::from(grad[entry]) - expected).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn straight_through_it_is_the_sum_by_bits_of_plus_and_minus_one() {
        for (sparse, positions) in [(false, 1), (true, 1), (false, 2)] {
            let case = Case::new(sparse, positions);
            let mixture = case.mixture();
            let rule = ChoiceRule { selection: Selection::StraightThrough, temperature: 1.0, shares: &[] };
            let mut grad = vec![9.0; case.weights.len()];
            choice_gradient(mixture, rule, &case.tiles(), TILE, &mut grad);
            for (index, found) in grad.iter().enumerate() {
                let (pin, k) = (index / case.candidates, index % case.candidates);
                let mut expected = 0.0f64;
                for (x, g) in &case.tiles {
                    for (position, sample) in (0..positions).flat_map(|p| (0..TILE).map(move |s| (p, s))) {
                        let place = ((pin / FAN_IN) * positions + position) * FAN_IN + pin % FAN_IN;
                        let x = f64::from(x[mixture.row(pin, k, position) * TILE + sample]);
                        expected += f64::from(g[place * TILE + sample]) * (2.0 * x - 1.0);
                    }
                }
                assert!((f64::from(*found) - expected).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn a_cold_choice_is_the_column_of_the_largest_weight() {
        let mixture = Mixture { candidates: 3, list: None, rows: &[0, 1, 2], positions: 1, fan_in: 1 };
        let mut shares = Vec::new();
        mixture.shares(&[0.1, 0.3, 0.2], 1e-4, &mut shares);
        assert_eq!(shares, [0.0, 1.0, 0.0]);
    }
}
