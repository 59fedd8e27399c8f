//! The codes of a pixel to the bits of the first image. Where pixels have thresholds of their own,
//! these come from a table by the number of the pixel.

use crate::emit::hdl::Slice;
use crate::netlist::{StreamedBit, StreamedDesign, bits_for};

/// The module of the encoder.
pub(in crate::emit) struct PixelModule {
    /// Bits of all codes of a pixel.
    pub(in crate::emit) width: usize,
    /// Bits of a code.
    pub(in crate::emit) bits: usize,
    /// The number of a channel and its code, the codes counted from the smallest.
    pub(in crate::emit) channels: Vec<(usize, String)>,
    /// Codes that nothing compares.
    pub(in crate::emit) unused: Vec<Slice>,
    /// The table of thresholds.
    pub(in crate::emit) table: Option<Table>,
    /// Number of bits of the first image at a pixel.
    pub(in crate::emit) made: usize,
    /// The bits as expressions; `None` where nothing reads one.
    pub(in crate::emit) encoded: Vec<Option<String>>,
}

/// Thresholds by the number of the pixel.
pub(in crate::emit) struct Table {
    /// Bits of the number of a pixel.
    pub(in crate::emit) position_bits: usize,
    /// Bits of a row.
    pub(in crate::emit) width: usize,
    /// The rows as constants, pixel by pixel.
    pub(in crate::emit) rows: Vec<String>,
    /// The constants one and the last pixel.
    pub(in crate::emit) one: String,
    pub(in crate::emit) last: String,
}

/// Rows of the table under construction, lowest bit first.
struct Rows(Vec<Vec<bool>>);

impl Rows {
    /// Appends a field of `width` bits; its place in the row.
    fn add(&mut self, width: usize, value: impl Fn(usize) -> u64) -> String {
        let low = self.0.first().map_or(0, Vec::len);
        for (pixel, row) in self.0.iter_mut().enumerate() {
            let value = value(pixel);
            row.extend((0..width).map(|bit| value >> bit & 1 == 1));
        }
        format!("thresholds[{}]", if width == 1 { low.to_string() } else { format!("{}:{low}", low + width - 1) })
    }
}

impl PixelModule {
    /// The module for the channels `read` of the first image.
    pub(super) fn new(design: &StreamedDesign, read: &[usize]) -> Self {
        let (bits, input) = (design.input.bits as usize, &design.input);
        let [channels, height, width] = design.frame;
        let pixels = height * width;
        let mut rows = Rows(vec![Vec::new(); pixels]);
        let mut is_compared = vec![false; channels];
        let mut encoded = Vec::with_capacity(design.pixel.len());
        for (index, bit) in design.pixel.iter().enumerate() {
            if !read.contains(&index) {
                encoded.push(None);
                continue;
            }
            let terms = terms(bit, bits, input.min_code(), &mut rows);
            is_compared[bit.channel as usize] |= terms.iter().any(|term| term.contains("code_"));
            encoded.push(Some(if terms.is_empty() { "1'b0".to_owned() } else { terms.join(" ^ ") }));
        }
        let slice = |channel: usize| Slice { low: channel * bits, width: bits };
        let code = |channel: usize| {
            let Slice { low, width } = slice(channel);
            let top = low + width - 1;
            match (channels * bits, input.signed, width) {
                (1, false, _) => "pixel".to_owned(),
                (1, true, _) => "~pixel".to_owned(),
                (_, false, 1) => format!("pixel[{low}]"),
                (_, true, 1) => format!("~pixel[{low}]"),
                (_, false, _) => format!("pixel[{top}:{low}]"),
                // Counted from the smallest code: the sign turns over.
                (_, true, _) => format!("{{~pixel[{top}], pixel[{}:{low}]}}", top - 1),
            }
        };
        let table = rows.0.first().is_some_and(|row| !row.is_empty()).then(|| Table {
            position_bits: bits_for(pixels - 1),
            width: rows.0[0].len(),
            rows: rows.0.iter().map(|row| literal(row)).collect(),
            one: super::constant(1, pixels - 1),
            last: super::constant(pixels - 1, pixels - 1),
        });
        Self {
            width: channels * bits,
            bits,
            channels: (0..channels)
                .filter(|&channel| is_compared[channel])
                .map(|channel| (channel, code(channel)))
                .collect(),
            unused: (0..channels).filter(|&channel| !is_compared[channel]).map(slice).collect(),
            table,
            made: encoded.len(),
            encoded,
        }
    }
}

/// What a bit is the parity of.
fn terms(bit: &StreamedBit, bits: usize, min_code: i64, rows: &mut Rows) -> Vec<String> {
    let code = format!("code_{}", bit.channel);
    let mut terms = Vec::new();
    if let [(initial, thresholds)] = bit.at.as_slice() {
        for threshold in thresholds {
            terms.push(match bits {
                // The only threshold of one bit is one.
                1 => code.clone(),
                _ => format!("({code} >= {bits}'d{})", threshold - min_code),
            });
        }
        if *initial {
            terms.push("1'b1".to_owned());
        }
        return terms;
    }
    let most = bit.at.iter().map(|(_, thresholds)| thresholds.len()).max().unwrap_or(0);
    for place in 0..most {
        // No code reaches what stands for a threshold that a pixel does not have.
        let never = 1u64 << bits;
        let value = |pixel: usize| match bit.at.get(pixel).and_then(|(_, thresholds)| thresholds.get(place)) {
            Some(threshold) => (threshold - min_code) as u64,
            None => never,
        };
        let all_have = (0..bit.at.len()).all(|pixel| value(pixel) != never);
        let width = if all_have { bits } else { bits + 1 };
        let field = rows.add(width, value);
        terms.push(if all_have { format!("({code} >= {field})") } else { format!("({{1'b0, {code}}} >= {field})") });
    }
    let initial = |pixel: usize| bit.at.get(pixel).is_some_and(|(initial, _)| *initial);
    match ((0..bit.at.len()).any(initial), (0..bit.at.len()).all(initial)) {
        (_, true) => terms.push("1'b1".to_owned()),
        (true, false) => terms.push(rows.add(1, |pixel| u64::from(initial(pixel)))),
        (false, false) => {}
    }
    terms
}

/// Bits, lowest first, as a constant.
fn literal(bits: &[bool]) -> String {
    let nibble = |bits: &[bool]| bits.iter().rev().fold(0, |sum, &bit| sum << 1 | u32::from(bit));
    let digits: String = bits.chunks(4).rev().filter_map(|bits| char::from_digit(nibble(bits), 16)).collect();
    format!("{}'h{digits}", bits.len())
}
