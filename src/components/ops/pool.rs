//! Pooling of a tile.

use super::{Rows, SignalsMut};
use crate::components::layer::Wiring;

/// The largest value of every window, which of bits is their or. The output is bytes where the
/// input is.
pub fn max_pool(windows: &Wiring, input: Rows<'_>, tile: usize, out: SignalsMut<'_>) {
    match (input, out) {
        (Rows::Bytes(x), SignalsMut::Bytes(out)) => {
            for (window, out) in out.chunks_exact_mut(tile).enumerate() {
                out.fill(0);
                for &column in windows.node(window) {
                    let row = &x[column as usize * tile..][..tile];
                    out.iter_mut().zip(row).for_each(|(out, bit)| *out |= bit);
                }
            }
        }
        (input, SignalsMut::Floats(out)) => {
            for (window, out) in out.chunks_exact_mut(tile).enumerate() {
                out.fill(f32::NEG_INFINITY);
                for &column in windows.node(window) {
                    let start = column as usize * tile;
                    match input {
                        Rows::Floats(x) => {
                            let row = &x[start..][..tile];
                            out.iter_mut().zip(row).for_each(|(out, x)| *out = if *x > *out { *x } else { *out });
                        }
                        Rows::Bytes(x) => {
                            let row = &x[start..][..tile];
                            out.iter_mut().zip(row).for_each(|(out, x)| *out = out.max(f32::from(*x)));
                        }
                    }
                }
            }
        }
        // Bits are made of bits only.
        (Rows::Floats(_), SignalsMut::Bytes(_)) => {}
    }
}

/// Adds the gradient of the input to `grad`: that of an output goes to the first of the largest
/// values of its window, as in other libraries.
pub fn max_pool_backward(windows: &Wiring, input: Rows<'_>, grad_out: &[f32], tile: usize, grad: &mut [f32]) {
    let value = |column: u32, sample: usize| match input {
        Rows::Floats(x) => x[column as usize * tile + sample],
        Rows::Bytes(x) => f32::from(x[column as usize * tile + sample]),
    };
    let (mut values, mut winners) = (vec![0.0f32; tile], vec![0u32; tile]);
    for (window, grad_out) in grad_out.chunks_exact(tile).enumerate() {
        values.fill(f32::NEG_INFINITY);
        for &column in windows.node(window) {
            for (sample, (largest, winner)) in values.iter_mut().zip(&mut winners).enumerate() {
                let x = value(column, sample);
                if x > *largest {
                    (*largest, *winner) = (x, column);
                }
            }
        }
        for (sample, (winner, g)) in winners.iter().zip(grad_out).enumerate() {
            grad[*winner as usize * tile + sample] += g;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::layer::{Image, Pool};
    use crate::config::SpatialConfig;

    #[test]
    fn the_first_of_the_largest_values_gets_the_gradient() {
        let spatial = SpatialConfig::MaxPool { size: [1, 2], stride: [1, 1] };
        let pool = Pool::new(Image::plain([1, 1, 3]), &spatial, [1, 2]).unwrap();
        let x = [1f32, 1.0, 3.0, 1.0, 2.0, 0.0];
        let mut out = [0.0; 4];
        max_pool(pool.windows(), Rows::Floats(&x), 2, SignalsMut::Floats(&mut out));
        assert_eq!(out, [3.0, 1.0, 3.0, 1.0]);
        let mut grad = [0.0; 6];
        max_pool_backward(pool.windows(), Rows::Floats(&x), &[2.0; 4], 2, &mut grad);
        assert_eq!(grad, [0.0, 2.0, 4.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn pooling_of_bits_is_their_or() {
        let spatial = SpatialConfig::MaxPool { size: [1, 2], stride: [1, 1] };
        let pool = Pool::new(Image::plain([1, 1, 3]), &spatial, [1, 2]).unwrap();
        let bits = [0u8, 1, 0, 0, 1, 0];
        let (mut bytes, mut floats) = ([7; 4], [7.0; 4]);
        max_pool(pool.windows(), Rows::Bytes(&bits), 2, SignalsMut::Bytes(&mut bytes));
        max_pool(pool.windows(), Rows::Bytes(&bits), 2, SignalsMut::Floats(&mut floats));
        assert_eq!((bytes, floats), ([0, 1, 1, 0], [0.0, 1.0, 1.0, 0.0]));
    }
}
