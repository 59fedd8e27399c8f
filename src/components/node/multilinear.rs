//! The multilinear extension of a table of 2^n values,
//!
//! ```text
//! f(x) = sum over r of v_r * product over j of (x_j if bit j of r else 1 - x_j)
//! ```
//!
//! computed by folding one input at a time (`low + x * (high - low)`, 2^n - 1 of them a sample),
//! and its exact gradient by the reverse of that.

use super::lanes::{LANES, Lanes, load, store};

/// The extension of tables of `fan_in` inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Multilinear {
    pub(super) fan_in: usize,
}

impl Multilinear {
    /// Folds the table over the inputs, highest first. `tree` is a heap: the 2^j values that are
    /// left when inputs j and above are folded stand at `2^j ..`, so the result is `tree[1]`.
    fn fold(self, values: &[f32], pins: &[Lanes], tree: &mut [Lanes]) {
        for input in (0..self.fan_in).rev() {
            let (half, x) = (1 << input, &pins[input]);
            if input + 1 == self.fan_in {
                for r in 0..half {
                    let (low, step) = (values[r], values[r + half] - values[r]);
                    for (out, x) in tree[half + r].iter_mut().zip(x) {
                        *out = low + x * step;
                    }
                }
                continue;
            }
            let (left, right) = tree.split_at_mut(2 * half);
            for r in 0..half {
                let (low, high) = (&right[r], &right[r + half]);
                for lane in 0..LANES {
                    left[half + r][lane] = low[lane] + x[lane] * (high[lane] - low[lane]);
                }
            }
        }
    }

    /// `f` of every sample.
    pub(super) fn forward(self, values: &[f32], pins: &[&[f32]], out: &mut [f32]) {
        let mut tree = vec![[0.0; LANES]; 1 << self.fan_in];
        let mut x = vec![[0.0; LANES]; self.fan_in];
        for start in (0..out.len()).step_by(LANES) {
            for (x, pin) in x.iter_mut().zip(pins) {
                *x = load(pin, start);
            }
            self.fold(values, &x, &mut tree);
            store(&tree[1], out, start);
        }
    }

    /// The gradient of the table values and, when asked for, that of the inputs.
    pub(super) fn backward(
        self,
        values: &[f32],
        pins: &[&[f32]],
        grad_out: &[f32],
        mut grad_pins: Option<&mut [f32]>,
    ) -> Vec<f32> {
        let (rows, batch) = (1usize << self.fan_in, grad_out.len());
        let mut tree = vec![[0.0; LANES]; rows];
        // The gradient of `tree`, with the table itself behind it.
        let mut grad = vec![[0.0; LANES]; 2 * rows];
        let mut sums = vec![[0.0; LANES]; rows];
        let mut x = vec![[0.0; LANES]; self.fan_in];
        for start in (0..batch).step_by(LANES) {
            for (x, pin) in x.iter_mut().zip(pins) {
                *x = load(pin, start);
            }
            // Lanes behind the last sample get a zero gradient and so add nothing.
            grad[1] = load(grad_out, start);
            if grad_pins.is_some() {
                self.fold(values, &x, &mut tree);
            }
            for input in 0..self.fan_in {
                let (half, x) = (1usize << input, x[input]);
                let (above, below) = grad.split_at_mut(2 * half);
                let mut slope = [0.0; LANES];
                for r in 0..half {
                    let g = above[half + r];
                    for lane in 0..LANES {
                        let high = g[lane] * x[lane];
                        below[r + half][lane] = high;
                        below[r][lane] = g[lane] - high;
                    }
                    if grad_pins.is_none() {
                        continue;
                    }
                    if input + 1 == self.fan_in {
                        let step = values[r + half] - values[r];
                        for lane in 0..LANES {
                            slope[lane] += g[lane] * step;
                        }
                    } else {
                        let (low, high) = (tree[2 * half + r], tree[3 * half + r]);
                        for lane in 0..LANES {
                            slope[lane] += g[lane] * (high[lane] - low[lane]);
                        }
                    }
                }
                if let Some(grad_pins) = grad_pins.as_deref_mut() {
                    store(&slope, &mut grad_pins[input * batch..][..batch], start);
                }
            }
            for (sum, g) in sums.iter_mut().zip(&grad[rows..]) {
                for (sum, g) in sum.iter_mut().zip(g) {
                    *sum += g;
                }
            }
        }
        sums.iter().map(|sum| sum.iter().sum()).collect()
    }
}
