//! Layers of truth tables of what slides over an image: one table per position.

use super::{Pool, Unroll, Wiring};
use crate::binarized::LutLayer;
use crate::logic::TruthTable;

/// The tables of the nodes of a layer, repeated at every position.
///
/// A pin in the padding is zero: its table becomes the one that ignores the pin and is what it
/// was where the pin is zero, and the pin reads column 0.
pub fn lut_layer(tables: Vec<TruthTable>, wiring: &Wiring, unroll: Option<&Unroll>) -> LutLayer {
    let fan_in = wiring.fan_in();
    let Some(unroll) = unroll else {
        return LutLayer { input_width: wiring.input_width(), fan_in, wiring: wiring.columns().to_vec(), tables };
    };
    let nodes = tables.len() * unroll.positions();
    let (mut columns, mut repeated) = (Vec::with_capacity(nodes * fan_in), Vec::with_capacity(nodes));
    for (node, table) in tables.iter().enumerate() {
        for position in 0..unroll.positions() {
            let mut zeros = 0usize;
            for (pin, &element) in wiring.node(node).iter().enumerate() {
                let source = unroll.source(element, position);
                zeros |= usize::from(source.is_none()) << pin;
                columns.push(source.unwrap_or(0));
            }
            repeated.push(match zeros {
                0 => table.clone(),
                _ => TruthTable::from_fn(fan_in, |row| table.row(row & !zeros)),
            });
        }
    }
    LutLayer { input_width: unroll.input_width(), fan_in, wiring: columns, tables: repeated }
}

/// The layers of ors of a pooling. A node of fewer inputs than its layer ignores the others.
pub fn or_layers(pool: &Pool) -> Vec<LutLayer> {
    let mut input_width = pool.windows().input_width();
    let levels = pool.levels().iter().map(|level| {
        let or_of = |inputs: usize| TruthTable::from_fn(level.fan_in, |row| row & ((1 << inputs) - 1) != 0);
        // Two widths at most: full groups and the rest.
        let (full, mut rest) = (or_of(level.fan_in), None);
        let mut wiring = Vec::with_capacity(level.groups.len() * level.fan_in);
        let tables = level.groups.iter().map(|group| {
            wiring.extend((0..level.fan_in).map(|pin| group.get(pin).copied().unwrap_or(0)));
            match group.len() == level.fan_in {
                true => full.clone(),
                false => rest.get_or_insert_with(|| or_of(group.len())).clone(),
            }
        });
        let tables: Vec<TruthTable> = tables.collect();
        let layer = LutLayer { input_width, fan_in: level.fan_in, wiring, tables };
        input_width = layer.width();
        layer
    });
    levels.collect()
}
