//! Tables that are looked up at bits, for a tile.
//!
//! The row `a` of a sample has bit j where input j is at least one half. The output is the
//! table's entry there, its gradient by input j the slope of the table at `a` along j, and the
//! gradient of the entry is that of the output.

use pulp::{Arch, Simd, WithSimd};

use super::layer::{Nodes, Target};
use super::{Rows, SignalsMut};

/// Most inputs of a node that this code serves: an address is a byte.
pub(super) const MOST_INPUTS: usize = 8;

/// The outputs of a layer; as bytes where they are bits.
pub(super) fn forward(nodes: &Nodes<'_>, tables: &[f32], out: SignalsMut<'_>) {
    Arch::new().dispatch(Forward { nodes, tables, out });
}

/// Adds the gradients of the entries to `sums` and those of the inputs, by `slopes`
/// (`fan_in x 2^fan_in` a node), to their rows.
pub(super) fn backward(
    nodes: &Nodes<'_>,
    slopes: &[f32],
    grad_out: &[f32],
    sums: &mut [f32],
    target: Option<Target<'_>>,
) {
    Arch::new().dispatch(Backward { nodes, slopes, grad_out, sums, target });
}

/// The addresses of all samples.
#[inline(always)]
fn addresses(nodes: &Nodes<'_>, sources: &[u32], addresses: &mut [u8]) {
    let tile = nodes.tile;
    addresses.fill(0);
    match nodes.inputs {
        Rows::Bytes(rows) => {
            for (input, &source) in sources.iter().enumerate() {
                let row = &rows[source as usize * tile..][..tile];
                for (address, bit) in addresses.iter_mut().zip(row) {
                    *address |= bit << input;
                }
            }
        }
        Rows::Floats(rows) => {
            for (input, &source) in sources.iter().enumerate() {
                let row = &rows[source as usize * tile..][..tile];
                for (address, &x) in addresses.iter_mut().zip(row) {
                    *address |= u8::from(x >= 0.5) << input;
                }
            }
        }
    }
}

struct Forward<'a> {
    nodes: &'a Nodes<'a>,
    tables: &'a [f32],
    out: SignalsMut<'a>,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { nodes, tables, out } = self;
        let (tile, fan_in) = (nodes.tile, nodes.fan_in);
        let table = |index: usize| &tables[(index / nodes.positions) << fan_in..][..1 << fan_in];
        let mut at = vec![0u8; tile];
        match out {
            SignalsMut::Floats(out) => {
                let sources = nodes.read.chunks_exact(fan_in);
                for (index, (out, sources)) in out.chunks_exact_mut(tile).zip(sources).enumerate() {
                    addresses(nodes, sources, &mut at);
                    let table = table(index);
                    out.iter_mut().zip(&at).for_each(|(out, &address)| *out = table[address as usize]);
                }
            }
            SignalsMut::Bytes(out) => {
                let sources = nodes.read.chunks_exact(fan_in);
                let mut bits = [0u8; 1 << MOST_INPUTS];
                for (index, (out, sources)) in out.chunks_exact_mut(tile).zip(sources).enumerate() {
                    addresses(nodes, sources, &mut at);
                    bits.iter_mut().zip(table(index)).for_each(|(bit, &v)| *bit = u8::from(v >= 0.5));
                    out.iter_mut().zip(&at).for_each(|(out, &address)| *out = bits[address as usize]);
                }
            }
        }
    }
}

struct Backward<'a> {
    nodes: &'a Nodes<'a>,
    slopes: &'a [f32],
    grad_out: &'a [f32],
    sums: &'a mut [f32],
    target: Option<Target<'a>>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { nodes, slopes, grad_out, sums, mut target } = self;
        let (tile, fan_in) = (nodes.tile, nodes.fan_in);
        let rows = 1usize << fan_in;
        let mut at = vec![0u8; tile];
        let all = grad_out.chunks_exact(tile).zip(nodes.read.chunks_exact(fan_in));
        for (index, (grad_out, sources)) in all.enumerate() {
            addresses(nodes, sources, &mut at);
            let node = index / nodes.positions;
            let sums = &mut sums[node * rows..][..rows];
            for (&address, g) in at.iter().zip(grad_out) {
                sums[address as usize] += g;
            }
            let Some(target) = &mut target else { continue };
            let slopes = &slopes[node * fan_in * rows..][..fan_in * rows];
            for (input, slopes) in slopes.chunks_exact(rows).enumerate() {
                let grad = target.row(index * fan_in + input, tile);
                for ((grad, &address), g) in grad.iter_mut().zip(&at).zip(grad_out) {
                    *grad += g * slopes[address as usize];
                }
            }
        }
    }
}
