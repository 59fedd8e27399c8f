//! A table at many assignments at once.

use super::TruthTable;

/// Tables of at most this many inputs are one word.
pub(super) const WORD_INPUTS: usize = 6;

/// The one-word function `word` of `pins.len()` inputs at 64 assignments at once: bit `s` of
/// `pins[i]` is input `i` in assignment `s`.
///
/// Four rows at a time are one of the sixteen functions of inputs 0 and 1, which are made once;
/// the other inputs choose between them, from input 2 upwards.
pub fn evaluate_word(word: u64, pins: &[u64]) -> u64 {
    debug_assert!(pins.len() <= WORD_INPUTS);
    let (a, b, rest) = match *pins {
        [] => return (word & 1).wrapping_neg(),
        [a] => (a, 0, &pins[1..]),
        [a, b, ..] => (a, b, &pins[2..]),
    };
    let rows = [!a & !b, a & !b, !a & b, a & b];
    let mut functions = [0u64; 16];
    for table in 1..16usize {
        functions[table] = functions[table & (table - 1)] | rows[table.trailing_zeros() as usize];
    }
    let mut values = [0u64; 1 << (WORD_INPUTS - 2)];
    let mut len = 1 << rest.len();
    for (quad, value) in values[..len].iter_mut().enumerate() {
        *value = functions[(word >> (4 * quad) & 15) as usize];
    }
    for &pin in rest {
        len /= 2;
        for i in 0..len {
            let (low, high) = (values[2 * i], values[2 * i + 1]);
            values[i] = low ^ ((low ^ high) & pin);
        }
    }
    values[0]
}

impl TruthTable {
    /// The function at 64 assignments at once: bit `s` of `pins[i]` is input `i` in
    /// assignment `s`, bit `s` of the result its value.
    ///
    /// Shannon reduction from input 0 upwards. `scratch` is reused between calls.
    pub fn eval_words(&self, pins: &[u64], scratch: &mut Vec<u64>) -> u64 {
        debug_assert_eq!(pins.len(), self.inputs());
        let (low, high) = pins.split_at(pins.len().min(WORD_INPUTS));
        if high.is_empty() {
            return evaluate_word(self.words()[0], low);
        }
        scratch.clear();
        scratch.extend(self.words().iter().map(|&word| evaluate_word(word, low)));
        let mut len = scratch.len();
        for &pin in high {
            len /= 2;
            for i in 0..len {
                let (low, high) = (scratch[2 * i], scratch[2 * i + 1]);
                scratch[i] = low ^ ((low ^ high) & pin);
            }
        }
        scratch[0]
    }
}
