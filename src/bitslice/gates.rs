//! Gates of two inputs, every one of them once.

use rustc_hash::FxHashMap;

/// A gate or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Signal(u32);

impl Signal {
    /// The constant zero.
    pub(crate) const FALSE: Self = Self(0);
    /// The constant one.
    pub(crate) const TRUE: Self = Self(1);

    fn new(gate: usize) -> Self {
        Self((gate as u32) << 1)
    }

    /// Position of the gate.
    pub(crate) fn gate(self) -> usize {
        (self.0 >> 1) as usize
    }

    /// Whether it is the complement of the gate.
    pub(crate) fn inverted(self) -> bool {
        self.0 & 1 == 1
    }

    /// The complement where `invert`.
    pub(crate) fn invert_if(self, invert: bool) -> Self {
        Self(self.0 ^ u32::from(invert))
    }

    fn plain(self) -> Self {
        Self(self.0 & !1)
    }
}

impl std::ops::Not for Signal {
    type Output = Self;

    fn not(self) -> Self {
        self.invert_if(true)
    }
}

/// What a gate computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Gate {
    /// The constant zero; always gate 0.
    Zero,
    /// The input plane of this number.
    Plane(u32),
    /// The conjunction.
    And(Signal, Signal),
    /// The exclusive or of two gates that are not inverted.
    Xor(Signal, Signal),
}

impl Gate {
    /// What it reads; nothing for inputs.
    pub(crate) fn fan_ins(self) -> Option<[Signal; 2]> {
        match self {
            Self::Zero | Self::Plane(_) => None,
            Self::And(a, b) | Self::Xor(a, b) => Some([a, b]),
        }
    }
}

/// A graph of gates in topological order in which no two gates are the same.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    gates: Vec<Gate>,
    known: FxHashMap<Gate, u32>,
}

impl Gates {
    /// The graph of the constant alone.
    pub(crate) fn new() -> Self {
        Self { gates: vec![Gate::Zero], known: FxHashMap::default() }
    }

    /// Number of gates, the constant and the planes included.
    pub(crate) fn len(&self) -> usize {
        self.gates.len()
    }

    /// The gate at a position.
    pub(crate) fn gate(&self, index: usize) -> Gate {
        self.gates[index]
    }

    /// The input plane of this number.
    pub(crate) fn plane(&mut self, number: u32) -> Signal {
        self.add(Gate::Plane(number))
    }

    /// `a & b`.
    pub(crate) fn and(&mut self, a: Signal, b: Signal) -> Signal {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        if a == Signal::FALSE || a == !b {
            return Signal::FALSE;
        }
        if a == Signal::TRUE || a == b {
            return b;
        }
        self.add(Gate::And(a, b))
    }

    /// `a | b`.
    pub(crate) fn or(&mut self, a: Signal, b: Signal) -> Signal {
        !self.and(!a, !b)
    }

    /// `a ^ b`.
    pub(crate) fn xor(&mut self, a: Signal, b: Signal) -> Signal {
        let invert = a.inverted() ^ b.inverted();
        let (a, b) = (a.plain().min(b.plain()), a.plain().max(b.plain()));
        let gate = if a == b {
            Signal::FALSE
        } else if a == Signal::FALSE {
            b
        } else {
            self.add(Gate::Xor(a, b))
        };
        gate.invert_if(invert)
    }

    /// `one` where `select` is one, `zero` elsewhere.
    pub(crate) fn choose(&mut self, select: Signal, zero: Signal, one: Signal) -> Signal {
        let (high, low) = (self.and(select, one), self.and(!select, zero));
        self.or(high, low)
    }

    fn add(&mut self, gate: Gate) -> Signal {
        let next = self.gates.len();
        let index = *self.known.entry(gate).or_insert(next as u32) as usize;
        if index == next {
            self.gates.push(gate);
        }
        Signal::new(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_gates_are_one_and_constants_disappear() {
        let mut gates = Gates::new();
        let (a, b) = (gates.plane(0), gates.plane(1));
        assert_eq!(gates.and(a, b), gates.and(b, a));
        assert_eq!(gates.xor(a, !b), !gates.xor(b, a));
        assert_eq!(gates.len(), 5);
        assert_eq!(gates.and(a, !a), Signal::FALSE);
        assert_eq!(gates.or(a, !a), Signal::TRUE);
        assert_eq!(gates.and(a, Signal::TRUE), a);
        assert_eq!(gates.xor(a, !a), Signal::TRUE);
        assert_eq!(gates.xor(Signal::TRUE, a), !a);
        assert_eq!(gates.choose(a, Signal::FALSE, b), gates.and(a, b));
    }
}
