//! Truth tables of up to sixteen inputs.

use std::fmt;

/// The widest table. 2^16 rows are 8 KiB; wider functions are networks, not tables.
pub const MAX_INPUTS: usize = 16;

/// `VARIABLE[i]` is the table of input `i` alone over six inputs, repeated to fill the word.
pub const VARIABLE: [u64; 6] = [
    0xaaaa_aaaa_aaaa_aaaa,
    0xcccc_cccc_cccc_cccc,
    0xf0f0_f0f0_f0f0_f0f0,
    0xff00_ff00_ff00_ff00,
    0xffff_0000_ffff_0000,
    0xffff_ffff_0000_0000,
];

/// A Boolean function stored as one bit per input assignment.
///
/// Row `r` is the value of the function when input `i` equals bit `i` of `r`. Input 0 is
/// therefore the least significant address bit, which is the convention of FPGA `INIT`
/// strings and of `T[{x5, x4, x3, x2, x1, x0}]` in Verilog.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TruthTable {
    inputs: u8,
    words: Words,
}

/// Invariant: `One` holds tables of at most six inputs and its bits at and above `2^inputs`
/// are zero, so equality, order and hashing are plain word compares.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Words {
    One(u64),
    Many(Box<[u64]>),
}

/// The low `2^inputs` bits of a word, for at most six inputs.
fn row_mask(inputs: usize) -> u64 {
    if inputs >= 6 { u64::MAX } else { (1u64 << (1 << inputs)) - 1 }
}

/// Number of 64-row words of a table.
fn word_count(inputs: usize) -> usize {
    if inputs <= 6 { 1 } else { 1 << (inputs - 6) }
}

impl TruthTable {
    /// The table whose row `r` is `f(r)`.
    ///
    /// # Panics
    /// When `inputs` exceeds [`MAX_INPUTS`]; callers check sizes that come from files.
    pub fn from_fn(inputs: usize, mut f: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0u64; word_count(inputs)];
        for row in 0..1usize << inputs {
            words[row / 64] |= u64::from(f(row)) << (row % 64);
        }
        Self::from_words(inputs, words)
    }

    /// The table of the given 64-row words, row 0 in bit 0 of word 0. Unused bits are masked.
    ///
    /// # Panics
    /// When `inputs` exceeds [`MAX_INPUTS`] or the number of words is not that of the table.
    pub fn from_words(inputs: usize, words: Vec<u64>) -> Self {
        assert!(inputs <= MAX_INPUTS, "a truth table has at most {MAX_INPUTS} inputs, not {inputs}");
        assert_eq!(words.len(), word_count(inputs), "words of a table of {inputs} inputs");
        let words = if inputs <= 6 { Words::One(words[0] & row_mask(inputs)) } else { Words::Many(words.into()) };
        Self { inputs: inputs as u8, words }
    }

    /// The table of at most six inputs whose rows are the bits of `word`; unused bits are masked.
    pub fn from_word(inputs: usize, word: u64) -> Self {
        debug_assert!(inputs <= 6);
        Self { inputs: inputs as u8, words: Words::One(word & row_mask(inputs)) }
    }

    /// The function of no inputs that is always `value`.
    pub fn constant(value: bool) -> Self {
        Self { inputs: 0, words: Words::One(u64::from(value)) }
    }

    /// The function of one input that returns it.
    pub fn buffer() -> Self {
        Self { inputs: 1, words: Words::One(0b10) }
    }

    /// The function of one input that returns its complement.
    pub fn inverter() -> Self {
        Self { inputs: 1, words: Words::One(0b01) }
    }

    /// The rows of a table of at most six inputs, repeated to the 64 rows of six: the same
    /// function with inputs that it does not depend on.
    pub fn full_word(&self) -> u64 {
        debug_assert!(self.inputs <= 6);
        (self.inputs()..6).fold(self.words()[0], |word, input| word | word << (1u32 << input))
    }

    /// Number of inputs, 0 to [`MAX_INPUTS`].
    pub fn inputs(&self) -> usize {
        usize::from(self.inputs)
    }

    /// Number of rows, `2^inputs`.
    pub fn rows(&self) -> usize {
        1 << self.inputs
    }

    /// The rows, 64 to a word; bits at and above `2^inputs` are zero.
    pub fn words(&self) -> &[u64] {
        match &self.words {
            Words::One(word) => std::slice::from_ref(word),
            Words::Many(words) => words,
        }
    }

    /// The value at `row`, whose bit `i` is input `i`.
    ///
    /// # Panics
    /// When `row` is not below [`rows`](Self::rows).
    pub fn row(&self, row: usize) -> bool {
        assert!(row < self.rows(), "row {row} of a table of {} rows", self.rows());
        self.words()[row / 64] >> (row % 64) & 1 == 1
    }

    /// The constant value of the function, if it is one.
    pub fn as_constant(&self) -> Option<bool> {
        let ones = row_mask(self.inputs());
        if self.words().iter().all(|&word| word == 0) {
            Some(false)
        } else if self.words().iter().all(|&word| word == ones) {
            Some(true)
        } else {
            None
        }
    }

    /// Number of rows that are one.
    pub fn count_ones(&self) -> usize {
        self.words().iter().map(|word| word.count_ones() as usize).sum()
    }

    /// `one` where the function is one, `zero` where it is zero.
    ///
    /// # Panics
    /// When the three tables differ in their number of inputs.
    pub fn choose(&self, zero: &Self, one: &Self) -> Self {
        let inputs = (self.inputs(), self.inputs());
        assert_eq!((zero.inputs(), one.inputs()), inputs, "inputs of the tables to choose from");
        let rows = self.words().iter().zip(zero.words()).zip(one.words());
        Self::from_words(self.inputs(), rows.map(|((select, zero), one)| (select & one) | (!select & zero)).collect())
    }

    /// The function with every row inverted.
    pub fn complement(&self) -> Self {
        let ones = row_mask(self.inputs());
        self.map_words(|word| !word & ones)
    }

    /// Whether the function changes with `input`.
    pub fn depends_on(&self, input: usize) -> bool {
        assert!(input < self.inputs(), "input {input} of a table of {} inputs", self.inputs());
        if input < 6 {
            let shift = 1 << input;
            self.words().iter().any(|&word| (word >> shift ^ word) & !VARIABLE[input] & row_mask(self.inputs()) != 0)
        } else {
            let stride = 1 << (input - 6);
            let words = self.words();
            (0..words.len()).any(|i| i & stride == 0 && words[i] != words[i | stride])
        }
    }

    /// The inputs that the function depends on, ascending.
    pub fn support(&self) -> Vec<usize> {
        (0..self.inputs()).filter(|&input| self.depends_on(input)).collect()
    }

    /// The rows as hexadecimal digits, row 0 in the lowest bit of the last digit; at least one
    /// digit. This is the text of a Verilog or `INIT` literal.
    pub fn hex(&self) -> String {
        match self.inputs() {
            0..=2 => format!("{:x}", self.words()[0]),
            inputs @ 3..=6 => format!("{:0width$x}", self.words()[0], width = 1 << (inputs - 2)),
            _ => self.words().iter().rev().map(|word| format!("{word:016x}")).collect(),
        }
    }

    fn map_words(&self, f: impl Fn(u64) -> u64) -> Self {
        let words = match &self.words {
            Words::One(word) => Words::One(f(*word)),
            Words::Many(words) => Words::Many(words.iter().map(|&word| f(word)).collect()),
        };
        Self { inputs: self.inputs, words }
    }
}

impl fmt::Display for TruthTable {
    /// `8'he8`: the width in rows, then the rows in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'h{}", self.rows(), self.hex())
    }
}

impl fmt::Debug for TruthTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use volute::Lut;

    fn tables(max_inputs: usize) -> impl Strategy<Value = TruthTable> {
        (0..=max_inputs).prop_flat_map(|inputs| {
            prop::collection::vec(any::<u64>(), word_count(inputs))
                .prop_map(move |words| TruthTable::from_words(inputs, words))
        })
    }

    #[test]
    fn majority_prints_as_its_init_value() {
        let majority = TruthTable::from_fn(3, |row| row.count_ones() >= 2);
        assert_eq!(majority.to_string(), "8'he8");
    }

    #[test]
    fn input_zero_is_the_least_significant_address_bit() {
        let first = TruthTable::from_fn(2, |row| row & 1 == 1);
        assert_eq!(first.words(), [0b1010]);
        assert_eq!(first.support(), [0]);
    }

    #[test]
    fn stray_bits_are_masked_so_equal_functions_are_equal_values() {
        assert_eq!(TruthTable::from_words(1, vec![0b1110]), TruthTable::buffer());
        assert_eq!(TruthTable::from_words(0, vec![u64::MAX]), TruthTable::constant(true));
    }

    #[test]
    fn wide_tables_print_most_significant_word_first() {
        let table = TruthTable::from_words(7, vec![1, 2]);
        assert_eq!(table.hex(), "00000000000000020000000000000001");
    }

    proptest! {
        #[test]
        fn shannon_expansion_rebuilds_the_function(table in tables(9), seed in any::<usize>()) {
            prop_assume!(table.inputs() > 0);
            let input = seed % table.inputs();
            let (zero, one) = (table.cofactor(input, false), table.cofactor(input, true));
            let low = (1usize << input) - 1;
            let rebuilt = TruthTable::from_fn(table.inputs(), |row| {
                let rest = (row & low) | (row >> 1 & !low);
                if row >> input & 1 == 1 { one.row(rest) } else { zero.row(rest) }
            });
            prop_assert_eq!(&rebuilt, &table);
            prop_assert_eq!(table.depends_on(input), zero != one);
        }

        #[test]
        fn cofactors_and_their_input_choose_the_function(table in tables(8), seed in any::<usize>()) {
            prop_assume!(table.inputs() > 0);
            let input = seed % table.inputs();
            let others: Vec<usize> = (0..table.inputs()).filter(|&other| other != input).collect();
            let [zero, one] = [false, true].map(|value| table.cofactor(input, value).place(table.inputs(), &others));
            let select = TruthTable::buffer().place(table.inputs(), &[input]);
            prop_assert_eq!(select.choose(&zero, &one), table);
        }

        #[test]
        fn projection_on_the_support_keeps_the_function(table in tables(8)) {
            let support = table.support();
            let small = table.project(&support);
            prop_assert_eq!(small.place(table.inputs(), &support), table);
        }

        #[test]
        fn word_evaluation_reads_the_rows(table in tables(8), pins in prop::collection::vec(any::<u64>(), 8)) {
            let pins = &pins[..table.inputs()];
            let value = table.eval_words(pins, &mut Vec::new());
            for sample in 0..64 {
                let row = pins.iter().enumerate().map(|(i, pin)| ((pin >> sample & 1) as usize) << i).sum();
                prop_assert_eq!(value >> sample & 1 == 1, table.row(row));
            }
        }

        #[test]
        fn complement_and_cofactors_agree_with_volute(table in tables(8), seed in any::<usize>()) {
            let blocks = table.words().to_vec();
            let theirs = Lut::from_blocks(table.inputs(), &blocks);
            let (ours, inverted) = (table.complement(), !&theirs);
            prop_assert_eq!(ours.words(), inverted.blocks());
            if table.inputs() > 0 {
                let input = seed % table.inputs();
                let (zero, one) = theirs.cofactors(input);
                for row in 0..table.rows() {
                    let rest = (row & ((1 << input) - 1)) | (row >> (input + 1) << input);
                    prop_assert_eq!(table.cofactor(input, false).row(rest), zero.value(row));
                    prop_assert_eq!(table.cofactor(input, true).row(rest), one.value(row));
                }
                let (ours, flipped) = (table.invert_input(input), theirs.flip(input));
                prop_assert_eq!(ours.words(), flipped.blocks());
            }
        }
    }
}
