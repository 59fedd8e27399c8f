//! Integer types and constant arrays of C.

use std::fmt;

use crate::emit::unsigned_type;
use crate::netlist::InputBus;

/// An integer type of `stdint.h`.
#[derive(Clone, Copy)]
pub(super) struct Integer {
    pub(super) bits: u32,
    pub(super) signed: bool,
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}int{}_t", if self.signed { "" } else { "u" }, self.bits)
    }
}

impl Integer {
    /// The type of a code of `input`.
    pub(super) fn code(input: &InputBus) -> Self {
        Self { bits: input.bits.next_power_of_two().max(8), signed: input.signed }
    }

    /// The type of a score whose largest group has `bits` bits.
    pub(super) fn score(bits: usize) -> Self {
        Self { bits: unsigned_type(bits).max(16), signed: false }
    }

    /// The smallest unsigned type that holds `largest`.
    pub(super) fn holding(largest: usize) -> Self {
        Self { bits: unsigned_type(largest), signed: false }
    }
}

/// A constant array.
pub(super) struct Array {
    pub(super) element: Integer,
    pub(super) values: Vec<i64>,
}

impl Array {
    /// Numbers of this type.
    pub(super) fn new(element: Integer, values: Vec<i64>) -> Self {
        Self { element, values }
    }

    /// Numbers from 0 in the smallest type that holds them all.
    pub(super) fn unsigned(values: Vec<i64>) -> Self {
        let largest = values.iter().copied().max().unwrap_or(0);
        Self { element: Integer::holding(largest as usize), values }
    }

    pub(super) fn bytes(&self) -> usize {
        self.values.len() * self.element.bits as usize / 8
    }
}

impl fmt::Display for Array {
    /// The elements, sixteen to a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.element.signed { "" } else { "u" };
        for line in self.values.chunks(16) {
            f.write_str("\n   ")?;
            for value in line {
                write!(f, " {value}{suffix},")?;
            }
        }
        Ok(())
    }
}
