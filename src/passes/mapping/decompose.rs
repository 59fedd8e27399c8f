//! Truth tables taken apart into gates.
//!
//! A function of up to six inputs is split at one input after the other. Where it allows,
//! the input leaves with a single gate (`x & g`, `x | g`, `x ^ g`); elsewhere the split is the
//! cheapest of `f0 | x & f1` (when f0 implies f1), Davio's `f0 ^ x & (f0 ^ f1)` and Shannon's
//! multiplexer. Functions of more inputs are first brought down to six, see [`super::wide`].

use rustc_hash::FxHashMap;

use crate::logic::VARIABLE;

use super::gates::{GateGraph, Lit};

/// Tables that take at most this many gates are taken apart; others stay whole, since no mapper
/// finds a better cover of what is hardly connected to its neighbours.
const SIMPLE_GATES: u32 = 12;

/// Functions of at most this many inputs get the split of fewest gates, others a good guess.
const EXACT_INPUTS: u32 = 4;

/// How a function leaves its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Split {
    Constant(bool),
    Literal {
        input: usize,
        inverted: bool,
    },
    /// `x & g`, with either inverted; `invert` inverts the result (which makes it an or).
    And {
        input: usize,
        input_inverted: bool,
        rest: u64,
        invert: bool,
    },
    Xor {
        input: usize,
        rest: u64,
    },
    /// `f0 | x & f1`, or with x inverted `f1 | !x & f0`.
    Unate {
        input: usize,
        input_inverted: bool,
        base: u64,
        more: u64,
    },
    /// `base ^ x & difference`.
    Davio {
        input: usize,
        input_inverted: bool,
        base: u64,
        difference: u64,
    },
    Shannon {
        input: usize,
        zero: u64,
        one: u64,
    },
}

/// Takes functions apart and remembers what that costs.
#[derive(Default)]
pub(super) struct Decomposer {
    gates: FxHashMap<u64, u32>,
}

/// The cofactors of a six-input function, each repeated over the input.
fn cofactors(word: u64, input: usize) -> (u64, u64) {
    let (variable, shift) = (VARIABLE[input], 1 << input);
    let (zero, one) = (word & !variable, word & variable);
    (zero | zero << shift, one | one >> shift)
}

fn depends_on(word: u64, input: usize) -> bool {
    let (zero, one) = cofactors(word, input);
    zero != one
}

fn support(word: u64) -> impl Iterator<Item = usize> {
    (0..VARIABLE.len()).filter(move |&input| depends_on(word, input))
}

fn support_size(word: u64) -> u32 {
    support(word).count() as u32
}

impl Decomposer {
    /// Whether the function is cheap enough in gates to be taken apart.
    pub(super) fn is_simple(&mut self, word: u64) -> bool {
        support_size(word) <= 2 || self.gates(word, SIMPLE_GATES) <= SIMPLE_GATES
    }

    /// Gates of the function; any number above `limit` when there are more than that.
    fn gates(&mut self, word: u64, limit: u32) -> u32 {
        if let Some(&gates) = self.gates.get(&word) {
            return gates;
        }
        let split = self.split(word);
        let gates = match split {
            Split::Constant(_) | Split::Literal { .. } => 0,
            Split::And { rest, .. } | Split::Xor { rest, .. } => 1 + self.gates(rest, limit.saturating_sub(1)),
            Split::Unate { base, more, .. } => self.pair(base, more, 2, limit),
            Split::Davio { base, difference, .. } => self.pair(base, difference, 2, limit),
            Split::Shannon { zero, one, .. } => self.pair(zero, one, 3, limit),
        };
        if gates <= limit {
            self.gates.insert(word, gates);
        }
        gates
    }

    fn pair(&mut self, first: u64, second: u64, own: u32, limit: u32) -> u32 {
        if own > limit {
            return limit + 1;
        }
        let first = own + self.gates(first, limit - own);
        if first > limit { first } else { first + self.gates(second, limit - first) }
    }

    /// The split to use; the same for the same function.
    fn split(&mut self, word: u64) -> Split {
        if word == 0 || word == u64::MAX {
            return Split::Constant(word != 0);
        }
        let inputs: Vec<usize> = support(word).collect();
        for &input in &inputs {
            let (zero, one) = cofactors(word, input);
            let and = |input_inverted, rest, invert| Split::And { input, input_inverted, rest, invert };
            return match (zero, one) {
                (0, u64::MAX) | (u64::MAX, 0) => Split::Literal { input, inverted: zero != 0 },
                (0, rest) => and(false, rest, false),
                (rest, 0) => and(true, rest, false),
                (u64::MAX, rest) => and(false, !rest, true),
                (rest, u64::MAX) => and(true, !rest, true),
                (zero, one) if zero == !one => Split::Xor { input, rest: zero },
                _ => continue,
            };
        }
        let exact = inputs.len() as u32 <= EXACT_INPUTS;
        let mut best: Option<(u32, Split)> = None;
        for input in inputs {
            let (zero, one) = cofactors(word, input);
            let davio = |input_inverted, base| Split::Davio { input, input_inverted, base, difference: zero ^ one };
            let mut candidates = vec![
                (3, zero, one, Split::Shannon { input, zero, one }),
                (2, zero, zero ^ one, davio(false, zero)),
                (2, one, zero ^ one, davio(true, one)),
            ];
            if zero & !one == 0 {
                candidates.push((2, zero, one, Split::Unate { input, input_inverted: false, base: zero, more: one }));
            }
            if one & !zero == 0 {
                candidates.push((2, one, zero, Split::Unate { input, input_inverted: true, base: one, more: zero }));
            }
            for (own, first, second, split) in candidates {
                let cost = if exact {
                    own + self.gates(first, u32::MAX / 4) + self.gates(second, u32::MAX / 4)
                } else {
                    // Gates grow about as the square of the inputs.
                    own + support_size(first).pow(2) + support_size(second).pow(2)
                };
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, split));
                }
            }
        }
        best.map_or(Split::Constant(false), |(_, split)| split)
    }

    /// Gates of the function `word` of `pins`.
    pub(super) fn build(&mut self, graph: &mut GateGraph, word: u64, pins: &[Lit]) -> Lit {
        match self.split(word) {
            Split::Constant(value) => Lit::ZERO.xor(value),
            Split::Literal { input, inverted } => pins[input].xor(inverted),
            Split::And { input, input_inverted, rest, invert } => {
                let rest = self.build(graph, rest, pins);
                graph.and(pins[input].xor(input_inverted), rest).xor(invert)
            }
            Split::Xor { input, rest } => {
                let rest = self.build(graph, rest, pins);
                graph.xor(pins[input], rest)
            }
            Split::Unate { input, input_inverted, base, more } => {
                let (base, more) = (self.build(graph, base, pins), self.build(graph, more, pins));
                let more = graph.and(pins[input].xor(input_inverted), more);
                graph.or(base, more)
            }
            Split::Davio { input, input_inverted, base, difference } => {
                let (base, difference) = (self.build(graph, base, pins), self.build(graph, difference, pins));
                let change = graph.and(pins[input].xor(input_inverted), difference);
                graph.xor(base, change)
            }
            Split::Shannon { input, zero, one } => {
                let (zero, one) = (self.build(graph, zero, pins), self.build(graph, one, pins));
                graph.choose(pins[input], zero, one)
            }
        }
    }
}
