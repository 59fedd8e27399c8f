//! A loop for every function of two or three words.

use super::program::{Block, Step, WORDS};

/// Computes `steps`, all of which are the function `table` of three words: its value in row `r` is
/// bit `r`, where bit `i` of `r` is the i-th word that a step reads.
///
/// The tables that [`canonical`] returns have loops of their own, the others share one.
#[inline(always)]
pub(super) fn evaluate(table: u8, steps: &[Step], slots: &mut [Block]) {
    macro_rules! choose {
        (pairs $($pair:literal)* triples $($triple:literal)*) => {
            match table {
                $($pair => pairs(steps, slots, |a, b| function($pair, a, b, 0)),)*
                $($triple => triples(steps, slots, |a, b, c| function($triple, a, b, c)),)*
                _ => triples(steps, slots, |a, b, c| any_function(table, a, b, c)),
            }
        };
    }
    choose!(
        pairs 0x22 0x66 0x88 0xee
        triples 0x02 0x06 0x08 0x0e 0x16 0x18 0x1a 0x1e 0x28 0x2a 0x2c 0x2e 0x3e 0x68 0x6a 0x6e 0x7e 0x80 0x82
            0x86 0x8a 0x8e 0x96 0x98 0x9a 0x9e 0xa8 0xac 0xae 0xbc 0xbe 0xe8 0xea 0xfe
    );
}

/// Full adders: the sum takes the place of the third word, the carry goes where the step says.
/// With `odd` the first word is complemented for the carry, and nothing for the sum.
#[inline(always)]
pub(super) fn add(odd: bool, steps: &[Step], slots: &mut [Block]) {
    let mask = u64::from(odd).wrapping_neg();
    for step in steps {
        let [a, b, c] = [slots[step.reads[0] as usize], slots[step.reads[1] as usize], slots[step.reads[2] as usize]];
        let (mut sum, mut carry) = ([0; WORDS], [0; WORDS]);
        for word in 0..WORDS {
            let x = a[word] ^ b[word];
            sum[word] = x ^ c[word];
            carry[word] = b[word] ^ ((x ^ mask) & (b[word] ^ c[word]));
        }
        slots[step.reads[2] as usize] = sum;
        slots[step.out as usize] = carry;
    }
}

#[inline(always)]
fn pairs(steps: &[Step], slots: &mut [Block], f: impl Fn(u64, u64) -> u64) {
    for step in steps {
        let [a, b] = [slots[step.reads[0] as usize], slots[step.reads[1] as usize]];
        let mut out = [0; WORDS];
        for word in 0..WORDS {
            out[word] = f(a[word], b[word]);
        }
        slots[step.out as usize] = out;
    }
}

#[inline(always)]
fn triples(steps: &[Step], slots: &mut [Block], f: impl Fn(u64, u64, u64) -> u64) {
    for step in steps {
        let [a, b, c] = [slots[step.reads[0] as usize], slots[step.reads[1] as usize], slots[step.reads[2] as usize]];
        let mut out = [0; WORDS];
        for word in 0..WORDS {
            out[word] = f(a[word], b[word], c[word]);
        }
        slots[step.out as usize] = out;
    }
}

/// The function of three words for a constant `table`; the compiler finds its few operations.
#[inline(always)]
fn function(table: u8, a: u64, b: u64, c: u64) -> u64 {
    let (low, high) = (pair(table & 15, a, b), pair(table >> 4, a, b));
    if table & 15 == table >> 4 { low } else { low ^ ((low ^ high) & c) }
}

#[inline(always)]
fn pair(table: u8, a: u64, b: u64) -> u64 {
    let (invert, table) = if table & 1 == 1 { (u64::MAX, !table & 15) } else { (0, table) };
    let value = match table {
        0x2 => a & !b,
        0x4 => b & !a,
        0x6 => a ^ b,
        0x8 => a & b,
        0xa => a,
        0xc => b,
        0xe => a | b,
        _ => 0,
    };
    value ^ invert
}

/// The same for a table that is known only here: the rows that are one.
#[inline(always)]
fn any_function(table: u8, a: u64, b: u64, c: u64) -> u64 {
    let row = |row: u8| {
        let same = |word: u64, bit: u8| word ^ u64::from(row >> bit & 1).wrapping_sub(1);
        same(a, 0) & same(b, 1) & same(c, 2) & u64::from(table >> row & 1).wrapping_neg()
    };
    (0..8).fold(0, |value, number| value | row(number))
}

/// Orders of three words.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0], [2, 1, 0]];

/// The smallest table that `table` becomes when its first `words` words change places, and the order
/// that does it: word `i` of the result is word `order[i]`.
pub(super) fn canonical(table: u8, words: usize) -> (u8, [usize; 3]) {
    let orders = if words < 3 { &ORDERS[..2] } else { &ORDERS[..] };
    let candidates = orders.iter().map(|&order| (reorder(table, order), order));
    candidates.min().unwrap_or((table, ORDERS[0]))
}

fn reorder(table: u8, order: [usize; 3]) -> u8 {
    let row = |new: usize| order.iter().enumerate().fold(0, |old, (to, &from)| old | (new >> to & 1) << from);
    (0..8).fold(0, |reordered, new| reordered | (table >> row(new) & 1) << new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_computed_in_every_order() {
        // Row r of the words is lane r.
        let words = [0xaau64, 0xcc, 0xf0];
        for table in 0..=255u8 {
            for count in 2..=3 {
                let pairs_only = table >> 4 == table & 15;
                if count == 2 && !pairs_only {
                    continue;
                }
                let (own, order) = canonical(table, count);
                let mut slots = vec![[0u64; WORDS]; 4];
                for slot in 0..3 {
                    slots[slot] = [words[slot]; WORDS];
                }
                let step = Step { reads: order.map(|word| word as u32), out: 3 };
                evaluate(own, &[step], &mut slots);
                assert!(slots[3].iter().all(|word| word & 0xff == u64::from(table)), "{table:02x} {own:02x}");
            }
        }
    }

    #[test]
    fn sum_and_carry_count_the_words() {
        for odd in [false, true] {
            let mut slots = vec![[0xaau64; WORDS], [0xcc; WORDS], [0xf0; WORDS], [0; WORDS]];
            add(odd, &[Step { reads: [0, 1, 2], out: 3 }], &mut slots);
            for row in 0..8 {
                let (a, b, c) = (row & 1, row >> 1 & 1, row >> 2);
                let carry = ((a ^ u64::from(odd)) + b + c) / 2;
                assert_eq!((slots[2][0] >> row & 1, slots[3][5] >> row & 1), ((a + b + c) & 1, carry));
            }
        }
    }
}
