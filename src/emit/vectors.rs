//! Test vectors as the bits of buses.

use crate::netlist::{Comparator, Design, InputBus, StreamedDesign};

use super::notes::OutputBus;
use super::{EmitError, EmitRequest, OutputSet, TestVectors, Vector};

/// Bits of a bus, written as one hexadecimal number.
#[derive(Debug, Default)]
struct BusBits {
    bits: Vec<bool>,
}

impl BusBits {
    /// Appends the low `width` bits of `value`.
    fn push(&mut self, value: u64, width: usize) {
        self.bits.extend((0..width).map(|bit| bit < 64 && value >> bit & 1 == 1));
    }

    /// The number, most significant digit first, at least one digit.
    fn write_hex(&self, out: &mut String) {
        if self.bits.is_empty() {
            out.push('0');
        }
        for nibble in self.bits.chunks(4).rev() {
            let digit = nibble.iter().enumerate().fold(0, |digit, (bit, &one)| digit | u32::from(one) << bit);
            out.extend(char::from_digit(digit, 16));
        }
    }
}

/// One line per vector: the input bus, feature 0 in the lowest bits.
pub(super) fn input_lines(design: &Design, vectors: &TestVectors) -> Vec<u8> {
    lines(vectors, |vector, bus| {
        for &code in &vector.codes {
            bus.push(code as u64, design.input.bits as usize);
        }
    })
}

/// One line per vector: the bits `code >= threshold` of these comparators.
pub(super) fn encoded_lines(design: &Design, comparators: &[u32], vectors: &TestVectors) -> Vec<u8> {
    lines(vectors, |vector, bus| {
        for &number in comparators {
            let comparator = design.comparators[number as usize];
            bus.bits.push(vector.codes[comparator.feature as usize] >= comparator.threshold);
        }
    })
}

/// What each bit of the input of a design without encoder means: `feature >= threshold`, as a
/// code and as a value.
pub(super) fn encoded_table(request: &EmitRequest<'_>, comparators: &[u32]) -> Vec<u8> {
    let mut text = "bit,feature,code_at_least,value_at_least\n".to_owned();
    for (bit, &number) in comparators.iter().enumerate() {
        let Comparator { feature, threshold } = request.design.comparators[number as usize];
        let value = (threshold as f64 * request.provenance.scale + request.provenance.offset) as f32;
        text.push_str(&format!("{bit},{feature},{threshold},{value}\n"));
    }
    text.into_bytes()
}

/// One line per vector: the class in the lowest bits and the scores above it, as far as they are
/// outputs, or the plain bits.
pub(super) fn output_lines(output: OutputBus, outputs: OutputSet, vectors: &TestVectors) -> Vec<u8> {
    lines(vectors, |vector, bus| match output {
        OutputBus::Bits(_) => bus.bits.extend_from_slice(&vector.bits),
        OutputBus::Classes { class_bits, score_bits, .. } => {
            if outputs.class() {
                bus.push(u64::from(vector.class.unwrap_or(0)), class_bits);
            }
            for &score in vector.scores.iter().filter(|_| outputs.scores()) {
                bus.push(u64::from(score), score_bits);
            }
        }
    })
}

/// One line per vector in decimal: the codes, then the class and the scores, or the plain bits.
pub(super) fn decimal_lines(vectors: &TestVectors) -> Vec<u8> {
    let mut text = String::new();
    for vector in &vectors.vectors {
        let codes = vector.codes.iter().copied();
        let outputs: Vec<i64> = match vector.class {
            Some(class) => std::iter::once(class).chain(vector.scores.iter().copied()).map(i64::from).collect(),
            None => vector.bits.iter().copied().map(i64::from).collect(),
        };
        let fields: Vec<String> = codes.chain(outputs).map(|number| number.to_string()).collect();
        text.push_str(&fields.join(" "));
        text.push('\n');
    }
    text.into_bytes()
}

/// One line per pixel of every vector: the codes of its channels, channel 0 in the lowest bits.
pub(super) fn pixel_lines(design: &StreamedDesign, vectors: &TestVectors) -> Vec<u8> {
    let ([channels, height, width], bits) = (design.frame, design.input.bits as usize);
    let pixels = height * width;
    let mut text = String::new();
    let mut bus = BusBits::default();
    for vector in &vectors.vectors {
        for pixel in 0..pixels {
            bus.bits.clear();
            for channel in 0..channels {
                bus.push(vector.codes[channel * pixels + pixel] as u64, bits);
            }
            bus.write_hex(&mut text);
            text.push('\n');
        }
    }
    text.into_bytes()
}

fn lines(vectors: &TestVectors, fill: impl Fn(&Vector, &mut BusBits)) -> Vec<u8> {
    let mut text = String::new();
    let mut bus = BusBits::default();
    for vector in &vectors.vectors {
        bus.bits.clear();
        fill(vector, &mut bus);
        bus.write_hex(&mut text);
        text.push('\n');
    }
    text.into_bytes()
}

/// Checks that every vector has the shape of the design and codes in range.
pub(super) fn check(target: &'static str, design: &Design, vectors: &TestVectors) -> Result<(), EmitError> {
    check_shape(target, design.input, OutputBus::new(design), vectors)
}

/// The same for frames of a streamed design.
pub(super) fn check_frames(
    target: &'static str,
    design: &StreamedDesign,
    vectors: &TestVectors,
) -> Result<(), EmitError> {
    check_shape(target, design.input, OutputBus::new(&design.rest), vectors)
}

fn check_shape(
    target: &'static str,
    input: InputBus,
    output: OutputBus,
    vectors: &TestVectors,
) -> Result<(), EmitError> {
    let (min_code, max_code) = (input.min_code(), input.max_code());
    for (number, vector) in vectors.vectors.iter().enumerate() {
        let refuse = |reason: String| Err(EmitError::Vector { target, vector: number, reason });
        if vector.codes.len() != input.features {
            return refuse(format!("has {} codes; the design has {} features", vector.codes.len(), input.features));
        }
        if let Some(code) = vector.codes.iter().find(|&&code| code < min_code || code > max_code) {
            return refuse(format!("has the code {code}; allowed are {min_code} to {max_code}"));
        }
        match output {
            OutputBus::Bits(bits) if vector.bits.len() != bits => {
                return refuse(format!("expects {} bits; the design has {bits}", vector.bits.len()));
            }
            OutputBus::Bits(_) => {}
            OutputBus::Classes { classes, score_bits, .. } => {
                if vector.scores.len() != classes {
                    return refuse(format!("expects {} scores; the design has {classes} classes", vector.scores.len()));
                }
                if let Some(score) = vector.scores.iter().find(|&&score| u64::from(score) >> score_bits != 0) {
                    return refuse(format!("expects the score {score}; scores have {score_bits} bits"));
                }
                match vector.class {
                    None => return refuse("expects no class; the design has one".to_owned()),
                    Some(class) if class as usize >= classes => {
                        return refuse(format!("expects the class {class}; the largest is {}", classes - 1));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_is_in_the_lowest_bits() {
        let mut bus = BusBits::default();
        bus.push(0b101, 3);
        bus.push(-1i64 as u64, 2);
        bus.push(1, 4);
        let mut text = String::new();
        bus.write_hex(&mut text);
        assert_eq!(text, "03d", "9 bits: 0001 11 101");
    }

    #[test]
    fn scores_stand_above_the_class() {
        let vector = Vector { codes: vec![], bits: vec![], scores: vec![1, 2], class: Some(1) };
        let output = OutputBus::Classes { classes: 2, class_bits: 1, score_bits: 2 };
        let vectors = TestVectors { vectors: vec![vector] };
        assert_eq!(output_lines(output, OutputSet::Both, &vectors), b"13\n", "10 01 1");
        assert_eq!(output_lines(output, OutputSet::Scores, &vectors), b"9\n", "10 01");
        assert_eq!(output_lines(output, OutputSet::Class, &vectors), b"1\n", "1");
    }
}
