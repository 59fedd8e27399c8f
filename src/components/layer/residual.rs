//! A skip connection inside the table.
//!
//! Node `j` reads column `j mod input_width` of the layer before at input 0 and columns dealt as
//! by `random` at its other inputs, and starts as a wire from input 0 (`init_fn: residual` unless
//! another is set). Before training a layer thus passes the layer before on, column by column,
//! and training departs from there: `out_j = x_j` at first, any function of `x_j` and n - 1 other
//! bits later. Since the identity is one of the 2^2^n functions of a table, the skip needs
//! nothing beside the table: the layer is binarized and exported as one LUT a node, exactly, and
//! no adder or multiplexer appears. DiffLUT's guides name the layer type without defining it; the
//! initialization is its `residual_init`.

use rand_chacha::ChaCha8Rng;

use super::{Draw, LayerKind, LayerShape, random};
use crate::config::{InitFn, LayerType};

/// The registry's line.
pub(in crate::components) static RESIDUAL_LAYER: LayerKind = LayerKind {
    layer_type: LayerType::Residual,
    name: "residual",
    summary: "node j starts as a wire from column j; its other inputs are random",
    parameters: &[],
    init: |_| InitFn::Residual.into(),
    draw: Draw::Fixed(wire),
};

fn wire(shape: LayerShape, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut columns = random::wire(shape, rng);
    for (node, pins) in columns.chunks_exact_mut(shape.fan_in).enumerate() {
        let skip = (node % shape.input_width) as u32;
        // A node that reads the column already keeps it, in the first place.
        match pins.iter().position(|&column| column == skip) {
            Some(place) => pins.swap(0, place),
            None => pins[0] = skip,
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn input_zero_is_the_column_of_the_node() {
        let shape = LayerShape { input_width: 7, width: 20, fan_in: 4 };
        let columns = wire(shape, &mut ChaCha8Rng::seed_from_u64(3));
        for (node, pins) in columns.chunks(4).enumerate() {
            assert_eq!(pins[0] as usize, node % 7);
            assert!((1..4).all(|i| !pins[..i].contains(&pins[i])), "{pins:?}");
        }
        assert_eq!(columns, wire(shape, &mut ChaCha8Rng::seed_from_u64(3)));
    }
}
