//! Wiring of the leaves of a convolution in which every leaf reads one channel only.

use rand_chacha::ChaCha8Rng;

use super::LayerShape;
use super::random::wire;

/// The wiring of `width` nodes over a window of `channels` times `area` elements, channel by
/// channel. Channels are dealt to nodes and places of the window to pins as the wiring `random`
/// deals columns, so that every channel serves as often as any other.
pub fn wire_grouped(channels: usize, area: usize, width: usize, fan_in: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let of_nodes = wire(LayerShape { input_width: channels, width, fan_in: 1 }, rng);
    let places = wire(LayerShape { input_width: area, width, fan_in }, rng);
    let nodes = places.chunks_exact(fan_in).zip(of_nodes);
    nodes.flat_map(|(places, channel)| places.iter().map(move |place| channel * area as u32 + place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_node_reads_different_places_of_one_channel_and_channels_take_turns() {
        let columns = wire_grouped(5, 9, 20, 4, &mut ChaCha8Rng::seed_from_u64(1));
        let mut uses = [0; 5];
        for node in columns.chunks(4) {
            let channel = node[0] / 9;
            uses[channel as usize] += 1;
            assert!(node.iter().all(|column| column / 9 == channel));
            assert!((1..4).all(|i| !node[..i].contains(&node[i])), "{node:?}");
        }
        assert_eq!(uses, [4; 5]);
    }
}
