//! A network taken apart becomes designs: one per kernel and one behind them.

use crate::binarized::{BinarizedNetwork, NotStreamable, Streamed};
use crate::netlist::{InputBus, StreamedBit, StreamedDesign, StreamedStep, Window};

use super::lower;

/// The streamed design of a network taken apart, nothing optimized.
fn parts(network: &BinarizedNetwork, streamed: &Streamed) -> StreamedDesign {
    let format = network.input();
    let pixel = streamed.pixel.iter().map(|bit| StreamedBit {
        channel: bit.channel,
        at: bit.at.iter().map(|at| (at.initial, at.toggles.clone())).collect(),
    });
    let steps = streamed.steps.iter().map(|part| StreamedStep {
        window: Window {
            image: part.step.image,
            made: part.made,
            size: part.step.window,
            stride: part.step.stride,
            padding: part.step.padding,
        },
        kernel: lower(&part.kernel),
    });
    StreamedDesign {
        name: network.name().to_owned(),
        input: InputBus { features: network.features(), bits: format.bits, signed: format.signed },
        frame: streamed.frame,
        pixel: pixel.collect(),
        steps: steps.collect(),
        rest: lower(&streamed.rest),
    }
}

/// The network taken apart, and the design of its parts with nothing optimized.
///
/// # Errors
/// [`NotStreamable`] when the network has no such form.
pub fn lower_streamed(network: &BinarizedNetwork) -> Result<(Streamed, StreamedDesign), NotStreamable> {
    let streamed = network.streamed()?;
    let design = parts(network, &streamed);
    Ok((streamed, design))
}
