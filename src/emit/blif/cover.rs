//! Truth tables to irredundant sums of products (Minato and Morreale).

use std::fmt;

use crate::logic::{MAX_INPUTS, TruthTable, VARIABLE};

/// A product of inputs and inverted inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cube {
    positive: u16,
    negative: u16,
}

/// A function as the rows of a `.names` block.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    inputs: usize,
    /// What the function is where a cube holds.
    value: bool,
    cubes: Vec<Cube>,
}

impl Cover {
    /// The shorter cover of `table` and of its complement, the former on ties.
    ///
    /// `table` is not constant.
    pub(super) fn new(table: &TruthTable) -> Self {
        let (ones, zeros) = (cubes_of(table), cubes_of(&table.complement()));
        let value = ones.len() <= zeros.len();
        Self { inputs: table.inputs(), value, cubes: if value { ones } else { zeros } }
    }
}

impl fmt::Display for Cover {
    /// One line per cube, input 0 first: `1-0 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line at a time: a million tables are a hundred million characters.
        let mut line = [b'\n'; MAX_INPUTS + 3];
        let end = self.inputs + 3;
        line[end - 2] = b' ';
        line[end - 1] = if self.value { b'1' } else { b'0' };
        for cube in &self.cubes {
            for (input, symbol) in line[1..end - 2].iter_mut().enumerate() {
                *symbol = match (cube.positive >> input & 1, cube.negative >> input & 1) {
                    (1, _) => b'1',
                    (_, 1) => b'0',
                    _ => b'-',
                };
            }
            f.write_str(std::str::from_utf8(&line[..end]).unwrap_or_default())?;
        }
        Ok(())
    }
}

fn cubes_of(table: &TruthTable) -> Vec<Cube> {
    let mut cubes = Vec::new();
    match table.words() {
        // Repeated over the word, a small table becomes one of six inputs that ignores the rest.
        &[word] => {
            let word = (table.inputs()..6).fold(word, |word, input| word | word << (1 << input));
            isop_word(word, word, table.inputs(), Cube::default(), &mut cubes);
        }
        words => drop(isop(words, words, table.inputs(), Cube::default(), &mut cubes)),
    }
    cubes
}

/// Appends cubes below `prefix` whose sum lies between `lower` and `upper`, functions of the
/// first `inputs` inputs. Returns that sum.
fn isop_word(lower: u64, upper: u64, inputs: usize, prefix: Cube, cubes: &mut Vec<Cube>) -> u64 {
    if lower == 0 {
        return 0;
    }
    if upper == u64::MAX {
        cubes.push(prefix);
        return u64::MAX;
    }
    let input = inputs - 1;
    let (mask, shift) = (VARIABLE[input], 1 << input);
    // Each cofactor repeated in both halves, so that it is a function without the input.
    let zero = |word: u64| (word & !mask) | (word & !mask) << shift;
    let one = |word: u64| (word & mask) | (word & mask) >> shift;
    let (lower0, lower1, upper0, upper1) = (zero(lower), one(lower), zero(upper), one(upper));
    if lower0 == lower1 && upper0 == upper1 {
        return isop_word(lower, upper, input, prefix, cubes);
    }
    let negative = Cube { negative: prefix.negative | 1 << input, ..prefix };
    let positive = Cube { positive: prefix.positive | 1 << input, ..prefix };
    // What only one half may cover needs the input; the rest does without it.
    let sum0 = isop_word(lower0 & !upper1, upper0, input, negative, cubes);
    let sum1 = isop_word(lower1 & !upper0, upper1, input, positive, cubes);
    let rest = isop_word((lower0 & !sum0) | (lower1 & !sum1), upper0 & upper1, input, prefix, cubes);
    (sum0 & !mask) | (sum1 & mask) | rest
}

/// The same for functions of more than six inputs, whose top input selects a half of the words.
fn isop(lower: &[u64], upper: &[u64], inputs: usize, prefix: Cube, cubes: &mut Vec<Cube>) -> Vec<u64> {
    if let (&[lower], &[upper]) = (lower, upper) {
        return vec![isop_word(lower, upper, inputs, prefix, cubes)];
    }
    if lower.iter().all(|&word| word == 0) {
        return vec![0; lower.len()];
    }
    let input = inputs - 1;
    let ((lower0, lower1), (upper0, upper1)) = (lower.split_at(lower.len() / 2), upper.split_at(upper.len() / 2));
    let zip = |a: &[u64], b: &[u64], f: fn(u64, u64) -> u64| -> Vec<u64> {
        a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
    };
    let without = |a: &[u64], b: &[u64]| zip(a, b, |a, b| a & !b);
    let negative = Cube { negative: prefix.negative | 1 << input, ..prefix };
    let positive = Cube { positive: prefix.positive | 1 << input, ..prefix };
    let sum0 = isop(&without(lower0, upper1), upper0, input, negative, cubes);
    let sum1 = isop(&without(lower1, upper0), upper1, input, positive, cubes);
    let left = zip(&without(lower0, &sum0), &without(lower1, &sum1), |a, b| a | b);
    let rest = isop(&left, &zip(upper0, upper1, |a, b| a & b), input, prefix, cubes);
    let mut sum = zip(&sum0, &rest, |a, b| a | b);
    sum.extend(zip(&sum1, &rest, |a, b| a | b));
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(cube: &Cube, row: usize) -> bool {
        let row = row as u16;
        row & cube.positive == cube.positive && !row & cube.negative == cube.negative
    }

    #[test]
    fn an_and_is_one_cube_and_a_nand_the_off_set_of_one() {
        let and = TruthTable::from_fn(3, |row| row == 7);
        assert_eq!(Cover::new(&and).to_string(), "\n111 1");
        assert_eq!(Cover::new(&and.complement()).to_string(), "\n111 0");
        assert_eq!(Cover::new(&TruthTable::from_fn(2, |row| row & 2 == 0)).to_string(), "\n-0 1");
    }

    proptest! {
        #[test]
        fn covers_are_exact_and_irredundant(
            table in (1usize..=9).prop_flat_map(|inputs| {
                let words = if inputs <= 6 { 1 } else { 1 << (inputs - 6) };
                prop::collection::vec(any::<u64>(), words).prop_map(move |words| TruthTable::from_words(inputs, words))
            })
        ) {
            prop_assume!(table.as_constant().is_none());
            let cover = Cover::new(&table);
            let covers = |cubes: &[Cube], row| cubes.iter().any(|cube| holds(cube, row));
            for row in 0..table.rows() {
                prop_assert_eq!(covers(&cover.cubes, row) == cover.value, table.row(row));
            }
            if table.inputs() <= 6 {
                for left_out in 0..cover.cubes.len() {
                    let mut fewer = cover.cubes.clone();
                    fewer.remove(left_out);
                    prop_assert!((0..table.rows()).any(|row| covers(&fewer, row) != covers(&cover.cubes, row)));
                }
            }
        }
    }
}
