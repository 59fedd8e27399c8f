//! The shape of a block of parameters, as initializers see it.

/// Consecutive parameters of a node that belong together, with the shape that DiffLUT's tensor
/// has: xavier and kaiming read their fans off it, the second dimension being `fan_in`. A table
/// of logits is `(2^n, 1)` there, so that its `fan_in` is 1 and its `fan_out` 2^n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The name of the tensor.
    pub name: &'static str,
    rows: usize,
    /// Zero for a vector.
    columns: usize,
}

impl Block {
    /// A block of `rows x columns` numbers.
    pub fn matrix(name: &'static str, rows: usize, columns: usize) -> Self {
        Self { name, rows, columns }
    }

    /// A block of `length` numbers with one dimension.
    pub fn vector(name: &'static str, length: usize) -> Self {
        Self { name, rows: length, columns: 0 }
    }

    /// How many numbers.
    #[allow(clippy::len_without_is_empty, reason = "no block is empty")]
    pub fn len(self) -> usize {
        self.rows * self.columns.max(1)
    }

    /// What it counts as inputs.
    pub(super) fn fan_in(self) -> f64 {
        if self.columns == 0 { self.rows as f64 } else { self.columns as f64 }
    }

    /// What it counts as outputs.
    pub(super) fn fan_out(self) -> f64 {
        self.rows as f64
    }
}
