//! Word operations with structural hashing and free complements.

use rustc_hash::FxHashMap;

/// A value or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::emit::c) struct Literal(u32);

impl Literal {
    /// No bit set.
    pub(in crate::emit::c) const FALSE: Self = Self(0);
    /// Every bit set.
    pub(in crate::emit::c) const TRUE: Self = Self(1);

    fn new(value: u32) -> Self {
        Self(value << 1)
    }

    /// The input of this number.
    pub(in crate::emit::c) fn input(number: usize) -> Self {
        Self::new(1 + number as u32)
    }

    /// Its value, 0 for a constant.
    pub(in crate::emit::c) fn value(self) -> u32 {
        self.0 >> 1
    }

    /// Whether the complement is meant.
    pub(in crate::emit::c) fn inverted(self) -> bool {
        self.0 & 1 == 1
    }

    fn inverted_if(self, condition: bool) -> Self {
        Self(self.0 ^ u32::from(condition))
    }
}

impl std::ops::Not for Literal {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0 ^ 1)
    }
}

/// An operation of two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::emit::c) enum Gate {
    /// `a & b`
    And,
    /// `a | b`
    Or,
    /// `a & ~b`
    AndNot,
    /// `a ^ b`
    Xor,
}

/// One operation on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::emit::c) struct Op {
    pub(in crate::emit::c) gate: Gate,
    pub(in crate::emit::c) a: u32,
    pub(in crate::emit::c) b: u32,
}

/// A list of operations, each after those that it reads. Value 0 is the constant zero, then come
/// the inputs, then one value per operation.
#[derive(Debug, Default)]
pub(in crate::emit::c) struct Program {
    /// Number of inputs.
    pub(in crate::emit::c) inputs: usize,
    pub(in crate::emit::c) ops: Vec<Op>,
    pub(in crate::emit::c) outputs: Vec<Literal>,
    known: FxHashMap<Op, u32>,
    /// The cheapest first variable of each function of six inputs that was asked for.
    pub(super) plans: FxHashMap<u64, super::table::Plan>,
}

impl Program {
    /// A program without operations.
    pub(in crate::emit::c) fn with_inputs(inputs: usize) -> Self {
        Self { inputs, ..Self::default() }
    }

    /// Number of operations.
    pub(in crate::emit::c) fn operations(&self) -> usize {
        self.ops.len()
    }

    fn op(&mut self, gate: Gate, a: u32, b: u32) -> Literal {
        let (a, b) = if gate != Gate::AndNot && a > b { (b, a) } else { (a, b) };
        let op = Op { gate, a, b };
        let next = 1 + (self.inputs + self.ops.len()) as u32;
        let value = *self.known.entry(op).or_insert(next);
        if value == next {
            self.ops.push(op);
        }
        Literal::new(value)
    }

    pub(in crate::emit::c) fn and(&mut self, a: Literal, b: Literal) -> Literal {
        if a == Literal::FALSE || b == Literal::FALSE || a == !b {
            return Literal::FALSE;
        }
        if a == Literal::TRUE || a == b {
            return b;
        }
        if b == Literal::TRUE {
            return a;
        }
        match (a.inverted(), b.inverted()) {
            (false, false) => self.op(Gate::And, a.value(), b.value()),
            (true, true) => !self.op(Gate::Or, a.value(), b.value()),
            (false, true) => self.op(Gate::AndNot, a.value(), b.value()),
            (true, false) => self.op(Gate::AndNot, b.value(), a.value()),
        }
    }

    pub(in crate::emit::c) fn or(&mut self, a: Literal, b: Literal) -> Literal {
        !self.and(!a, !b)
    }

    pub(in crate::emit::c) fn xor(&mut self, a: Literal, b: Literal) -> Literal {
        if a.value() == b.value() {
            return Literal::FALSE.inverted_if(a != b);
        }
        if a.value() == 0 || b.value() == 0 {
            let (constant, other) = if a.value() == 0 { (a, b) } else { (b, a) };
            return other.inverted_if(constant.inverted());
        }
        let inverted = a.inverted() != b.inverted();
        self.op(Gate::Xor, a.value(), b.value()).inverted_if(inverted)
    }

    /// `one` where `select` is set, `zero` elsewhere.
    pub(in crate::emit::c) fn select(&mut self, select: Literal, one: Literal, zero: Literal) -> Literal {
        if one == zero || select == Literal::TRUE {
            return one;
        }
        if select == Literal::FALSE {
            return zero;
        }
        if one.value() == 0 || one.value() == select.value() {
            let one = one == Literal::TRUE || one == select;
            return if one { self.or(select, zero) } else { self.and(!select, zero) };
        }
        if zero.value() == 0 || zero.value() == select.value() {
            let zero = zero == Literal::TRUE || zero == !select;
            return if zero { self.or(!select, one) } else { self.and(select, one) };
        }
        let difference = self.xor(one, zero);
        let chosen = self.and(select, difference);
        self.xor(chosen, zero)
    }

    /// The sum bit and the carry of three bits.
    pub(in crate::emit::c) fn full_adder(&mut self, a: Literal, b: Literal, c: Literal) -> (Literal, Literal) {
        let half = self.xor(a, b);
        let sum = self.xor(half, c);
        let carry = self.select(half, c, a);
        (sum, carry)
    }

    /// The program with these outputs and without operations that none of them needs.
    pub(in crate::emit::c) fn finish(mut self, outputs: Vec<Literal>) -> Self {
        let first = 1 + self.inputs as u32;
        let mut needed = vec![false; first as usize + self.ops.len()];
        outputs.iter().for_each(|output| needed[output.value() as usize] = true);
        for (number, op) in self.ops.iter().enumerate().rev() {
            if needed[first as usize + number] {
                needed[op.a as usize] = true;
                needed[op.b as usize] = true;
            }
        }
        let mut renamed: Vec<u32> = (0..first).collect();
        let mut ops = Vec::new();
        for (number, op) in self.ops.iter().enumerate() {
            renamed.push(first + ops.len() as u32);
            if needed[first as usize + number] {
                ops.push(Op { a: renamed[op.a as usize], b: renamed[op.b as usize], ..*op });
            }
        }
        let rename = |literal: Literal| Literal::new(renamed[literal.value() as usize]).inverted_if(literal.inverted());
        self.outputs = outputs.into_iter().map(rename).collect();
        self.ops = ops;
        self.known.clear();
        self.plans.clear();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selection_of_constants_inputs_and_complements_is_right() {
        let kinds = |program: &Program| {
            let mut kinds = vec![Literal::FALSE, Literal::TRUE];
            for input in 0..program.inputs {
                kinds.extend([Literal::input(input), !Literal::input(input)]);
            }
            kinds
        };
        let value = |literal: Literal, values: &[u8]| {
            values[literal.value() as usize] ^ if literal.inverted() { 0xff } else { 0 }
        };
        for select in 0..8 {
            for one in 0..8 {
                for zero in 0..8 {
                    let mut program = Program::with_inputs(3);
                    let kinds = kinds(&program);
                    let result = program.select(kinds[select], kinds[one], kinds[zero]);
                    let mut values = vec![0u8, 0xaa, 0xcc, 0xf0];
                    for op in &program.ops {
                        let (a, b) = (values[op.a as usize], values[op.b as usize]);
                        values.push(match op.gate {
                            Gate::And => a & b,
                            Gate::Or => a | b,
                            Gate::AndNot => a & !b,
                            Gate::Xor => a ^ b,
                        });
                    }
                    let [s, a, b] = [select, one, zero].map(|kind| value(kinds[kind], &values));
                    assert_eq!(value(result, &values), s & a | !s & b, "{select} {one} {zero}");
                    assert!(program.operations() <= 3);
                }
            }
        }
    }
}
