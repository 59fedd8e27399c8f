//! The encoder of a streamed design as tables: the codes of a pixel to the bits of the first image.

use crate::netlist::{Comparator, InputBus, Netlist, NodeId, Section, StreamedBit, StreamedDesign, bits_for};

use super::adder::less;
use super::comparators::comparators;
use super::gates::{Gates, Signal};

/// Inputs of a table.
const LUT_INPUTS: usize = 6;

/// The bits of a pixel that `read` names as functions of its codes.
///
/// Primary input `channel * bits + bit` is bit `bit` of a code. Where thresholds differ between
/// pixels the bits of the pixel's number, row by row and lowest bit first, are inputs behind these;
/// or, when `memory` holds the thresholds, every bit that it gives. Nothing is optimized beyond not
/// making what is trivial.
pub fn flatten_pixel(design: &StreamedDesign, read: &[usize], memory: bool) -> Netlist {
    let [channels, height, width] = design.frame;
    let (pixels, input) = (height * width, InputBus { features: channels, ..design.input });
    let wanted: Vec<&StreamedBit> = read.iter().filter_map(|&index| design.pixel.get(index)).collect();
    let mut netlist = Netlist::new();
    let bus: Vec<NodeId> = (0..input.width()).map(|_| netlist.add_input(Section::Encoder)).collect();
    let differ = wanted.iter().any(|bit| bit.at.len() > 1);
    let number: Vec<Signal> = match differ && !memory {
        true => (0..bits_for(pixels - 1)).map(|_| Signal::Node(netlist.add_input(Section::Encoder))).collect(),
        false => Vec::new(),
    };
    let mut compared: Vec<Comparator> = wanted
        .iter()
        .filter(|bit| bit.at.len() == 1)
        .flat_map(|bit| bit.at[0].1.iter().map(|&threshold| Comparator { feature: bit.channel, threshold }))
        .collect();
    compared.sort_unstable();
    compared.dedup();
    let mut gates = Gates { netlist: &mut netlist, section: Section::Encoder };
    let results = comparators(&mut gates, &input, &compared, &bus, false);
    let mut outputs = Vec::with_capacity(wanted.len());
    for bit in wanted {
        let terms = match bit.at.as_slice() {
            [(initial, thresholds)] => {
                let result = |&threshold: &i64| {
                    let at = compared.binary_search(&Comparator { feature: bit.channel, threshold });
                    at.map_or(Signal::Constant(false), |at| Signal::Node(results[at]))
                };
                std::iter::once(Signal::Constant(*initial)).chain(thresholds.iter().map(result)).collect()
            }
            _ => terms_by_pixel(&mut gates, bit, &input, &bus, (!memory).then_some(number.as_slice())),
        };
        let parity = parity(&mut gates, terms);
        outputs.push(gates.node(parity));
    }
    outputs.into_iter().for_each(|output| netlist.add_output(output));
    netlist
}

/// What a bit whose thresholds differ between pixels is the parity of; `number` is that of the pixel,
/// `None` where a memory gives what depends on it.
fn terms_by_pixel(
    gates: &mut Gates<'_>,
    bit: &StreamedBit,
    input: &InputBus,
    bus: &[NodeId],
    number: Option<&[Signal]>,
) -> Vec<Signal> {
    let bits = input.bits as usize;
    // The code counted from the smallest, with a bit more for what no code reaches.
    let mut code: Vec<Signal> =
        bus[bit.channel as usize * bits..][..bits].iter().map(|&bit| Signal::Node(bit)).collect();
    if let Some(sign) = code.last_mut().filter(|_| input.signed) {
        *sign = gates.gate(&[*sign], |row| row == 0);
    }
    code.push(Signal::Constant(false));
    // Numbers behind the last pixel do not come; they are as the last, as in what is printed.
    let at = |pixel: usize| &bit.at[pixel.min(bit.at.len() - 1)];
    let by_pixel = |gates: &mut Gates<'_>, value: &dyn Fn(usize) -> bool| match number {
        Some(number) => constant_by_number(gates, number, 0, value),
        None if (0..bit.at.len()).all(|pixel| value(pixel) == value(0)) => Signal::Constant(value(0)),
        None => Signal::Node(gates.netlist.add_input(Section::Encoder)),
    };
    let mut terms = vec![by_pixel(gates, &|pixel| at(pixel).0)];
    let most = bit.at.iter().map(|(_, thresholds)| thresholds.len()).max().unwrap_or(0);
    for place in 0..most {
        let value = |pixel: usize| match at(pixel).1.get(place) {
            Some(threshold) => (threshold - input.min_code()) as u64,
            None => 1 << bits,
        };
        let threshold: Vec<Signal> =
            (0..=bits).map(|digit| by_pixel(gates, &|pixel| value(pixel) >> digit & 1 == 1)).collect();
        let below = less(gates, &code, &threshold);
        terms.push(gates.gate(&[below], |row| row == 0));
    }
    terms
}

/// A bit by the number of the pixel, as tables and multiplexers over them; `high` are the bits of the
/// number above `number`.
fn constant_by_number(gates: &mut Gates<'_>, number: &[Signal], high: usize, value: &dyn Fn(usize) -> bool) -> Signal {
    match number {
        [low @ .., top] if number.len() > LUT_INPUTS => {
            let halves = [0, 1].map(|half| constant_by_number(gates, low, high << 1 | half, value));
            if halves[0] == halves[1] {
                return halves[0];
            }
            gates.gate(&[halves[0], halves[1], *top], |row| row >> (row >> 2) & 1 == 1)
        }
        _ => gates.gate(number, |row| value(high << number.len() | row)),
    }
}

fn parity(gates: &mut Gates<'_>, mut terms: Vec<Signal>) -> Signal {
    while terms.len() > 1 {
        terms = terms.chunks(LUT_INPUTS).map(|chunk| gates.gate(chunk, |row| row.count_ones() % 2 == 1)).collect();
    }
    terms.pop().unwrap_or(Signal::Constant(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::BitMatrix;
    use crate::lower::lower;
    use crate::netlist::Schedule;

    fn design(signed: bool, frame: [usize; 3], pixel: Vec<StreamedBit>) -> StreamedDesign {
        let rest =
            lower(&crate::binarized::arbitrary::random_network(1, &crate::binarized::arbitrary::NetworkShape::small()));
        let input = InputBus { features: frame.iter().product(), bits: 3, signed };
        StreamedDesign { name: "pixels".into(), input, frame, pixel, steps: Vec::new(), rest }
    }

    /// Every code of every pixel against the definition of the bits.
    fn check(design: &StreamedDesign, read: &[usize]) -> Netlist {
        let netlist = flatten_pixel(design, read, false);
        let [channels, height, width] = design.frame;
        let (codes, pixels) = (1usize << (3 * channels), height * width);
        let of = |sample: usize, channel: usize| ((sample % codes) >> (3 * channel)) & 7;
        let stimulus = BitMatrix::from_fn(netlist.inputs().len(), codes * pixels, |input, sample| {
            match input.checked_sub(3 * channels) {
                None => of(sample, input / 3) >> (input % 3) & 1 == 1,
                Some(bit) => (sample / codes) >> bit & 1 == 1,
            }
        });
        let found = Schedule::new(&netlist).simulate(&netlist, &stimulus);
        for sample in 0..codes * pixels {
            for (output, &index) in read.iter().enumerate() {
                let bit = &design.pixel[index];
                let (initial, thresholds) = &bit.at[(sample / codes).min(bit.at.len() - 1)];
                let unsigned = of(sample, bit.channel as usize) as i64;
                let code = if design.input.signed && unsigned > 3 { unsigned - 8 } else { unsigned };
                let expected = thresholds.iter().filter(|&&threshold| code >= threshold).count() % 2 == 1;
                assert_eq!(found.get(output, sample), expected ^ initial, "sample {sample}, bit {index}");
            }
        }
        netlist
    }

    #[test]
    fn thresholds_of_all_pixels_are_compared_once() {
        let bit =
            |channel, initial, thresholds: &[i64]| StreamedBit { channel, at: vec![(initial, thresholds.to_vec())] };
        let bits = vec![bit(0, false, &[3]), bit(1, true, &[-2, 1]), bit(1, false, &[1]), bit(0, true, &[])];
        check(&design(true, [2, 2, 2], bits.clone()), &[0, 1, 3]);
        let netlist = check(&design(true, [2, 2, 2], bits), &[2]);
        assert_eq!((netlist.inputs().len(), netlist.luts()), (6, 1));
    }

    #[test]
    fn thresholds_by_pixel_come_from_tables_of_its_number() {
        for signed in [false, true] {
            let low = if signed { -4 } else { 0 };
            let at = |pixel: i64| match pixel % 3 {
                0 => (false, vec![low + 1 + pixel % 7]),
                1 => (true, vec![low + 2, low + 5 + pixel % 2]),
                _ => (pixel % 2 == 0, vec![]),
            };
            let by_pixel = StreamedBit { channel: 0, at: (0..72).map(at).collect() };
            let constant = StreamedBit { channel: 0, at: vec![(false, vec![low + 4])] };
            let pixel = vec![by_pixel, constant];
            let netlist = check(&design(signed, [1, 8, 9], pixel.clone()), &[0, 1]);
            assert_eq!(netlist.inputs().len(), 3 + 7);
            // At most two thresholds of three bits and one for none, the initial value, and one of one.
            let outside = flatten_pixel(&design(signed, [1, 8, 9], pixel), &[0, 1], true);
            assert_eq!(outside.inputs().len(), 3 + 1 + 4 + 4);
            assert!(outside.luts() < 12 && netlist.luts() > 20, "{} {}", outside.luts(), netlist.luts());
        }
    }
}
