//! Cuts: the leaves that a LUT would read.

use super::gates::MAX_LEAVES;

/// A set of nodes that every path from the inputs to a root crosses, and what choosing it costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    leaves: [u32; MAX_LEAVES],
    len: u8,
    /// One bit per leaf, several leaves perhaps on one bit.
    signature: u64,
    /// LUTs, shared ones in part; in exact rounds LUTs that only this root needs.
    pub(super) area: f32,
    /// LUTs on the longest path.
    pub(super) level: u32,
}

fn bit(node: u32) -> u64 {
    1 << (node.wrapping_mul(0x9e37_79b1) >> 26)
}

impl Cut {
    /// The cut of these leaves, ascending and at most six.
    pub(super) fn new(leaves: &[u32]) -> Self {
        let mut cut = Self { leaves: [0; MAX_LEAVES], len: leaves.len() as u8, signature: 0, area: 0.0, level: 0 };
        for (slot, &leaf) in cut.leaves.iter_mut().zip(leaves) {
            *slot = leaf;
            cut.signature |= bit(leaf);
        }
        cut
    }

    /// The leaves, ascending.
    pub(super) fn leaves(&self) -> &[u32] {
        &self.leaves[..usize::from(self.len)]
    }

    /// Number of leaves.
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// The union, unless it has more than `limit` leaves.
    pub(super) fn union(&self, other: &Self, limit: usize) -> Option<Self> {
        let signature = self.signature | other.signature;
        if signature.count_ones() as usize > limit {
            return None;
        }
        let (a, b) = (self.leaves(), other.leaves());
        let mut leaves = [0; MAX_LEAVES];
        let (mut i, mut j, mut len) = (0, 0, 0);
        while i < a.len() || j < b.len() {
            if len == limit {
                return None;
            }
            let next = match (a.get(i), b.get(j)) {
                (Some(&x), Some(&y)) => {
                    i += usize::from(x <= y);
                    j += usize::from(y <= x);
                    x.min(y)
                }
                (Some(&x), None) => {
                    i += 1;
                    x
                }
                (None, Some(&y)) => {
                    j += 1;
                    y
                }
                (None, None) => break,
            };
            leaves[len] = next;
            len += 1;
        }
        Some(Self { leaves, len: len as u8, signature, area: 0.0, level: 0 })
    }

    /// The cut without a leaf that it has.
    pub(super) fn without(&self, leaf: u32) -> Self {
        let mut rest = [0; MAX_LEAVES];
        let mut len = 0;
        for &other in self.leaves().iter().filter(|&&other| other != leaf) {
            rest[len] = other;
            len += 1;
        }
        Self::new(&rest[..len])
    }

    /// Whether all leaves are leaves of `other` too, which then is no better.
    pub(super) fn within(&self, other: &Self) -> bool {
        self.len <= other.len
            && self.signature & !other.signature == 0
            && self.leaves().iter().all(|leaf| other.leaves().contains(leaf))
    }
}
