//! Stimulus for designs that take images pixel by pixel.

use super::checker::{CheckRequest, hex};

/// The pixels of all vectors, one hexadecimal number a line: channel `c` at bits `[c * bits +: bits]`.
/// Packed here and not taken from the artefact, so that a target which packs its own vectors
/// wrongly is found out.
pub(super) fn stimulus(request: &CheckRequest<'_>, frame: [usize; 3]) -> String {
    let ([channels, height, width], bits) = (frame, request.design.input.bits as usize);
    let pixels = height * width;
    let mut text = String::new();
    for vector in &request.vectors.vectors {
        for pixel in 0..pixels {
            let codes = (0..channels).filter_map(|channel| vector.codes.get(channel * pixels + pixel));
            let bus: Vec<bool> = codes.flat_map(|&code| (0..bits).map(move |bit| code >> bit & 1 == 1)).collect();
            text.push_str(&hex(&bus));
            text.push('\n');
        }
    }
    text
}
