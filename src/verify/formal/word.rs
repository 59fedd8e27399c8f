//! Words of literals: what the cells of yosys compute.

use super::aig::{Aig, Lit};

/// `bits` with `width` bits: cut, or filled with zeros or with the sign.
pub(super) fn extend(bits: &[Lit], width: usize, signed: bool) -> Vec<Lit> {
    let fill = match bits.last() {
        Some(&sign) if signed => sign,
        _ => Lit::FALSE,
    };
    bits.iter().copied().chain(std::iter::repeat(fill)).take(width).collect()
}

/// Some bit is set.
pub(super) fn any(aig: &mut Aig, bits: &[Lit]) -> Lit {
    bits.iter().fold(Lit::FALSE, |any, &bit| aig.or(any, bit))
}

/// Every bit is set.
pub(super) fn all(aig: &mut Aig, bits: &[Lit]) -> Lit {
    bits.iter().fold(Lit::TRUE, |all, &bit| aig.and(all, bit))
}

/// An odd number of bits is set.
pub(super) fn parity(aig: &mut Aig, bits: &[Lit]) -> Lit {
    bits.iter().fold(Lit::FALSE, |parity, &bit| aig.xor(parity, bit))
}

/// The sum of two words of one width, without the carry out.
pub(super) fn add(aig: &mut Aig, a: &[Lit], b: &[Lit], mut carry: Lit) -> Vec<Lit> {
    let mut sum = Vec::with_capacity(a.len());
    for (&a, &b) in a.iter().zip(b) {
        let half = aig.xor(a, b);
        sum.push(aig.xor(half, carry));
        let (generate, propagate) = (aig.and(a, b), aig.and(half, carry));
        carry = aig.or(generate, propagate);
    }
    sum
}

/// `a - b` of two words of one width.
pub(super) fn subtract(aig: &mut Aig, a: &[Lit], b: &[Lit]) -> Vec<Lit> {
    let inverted: Vec<Lit> = b.iter().map(|&bit| !bit).collect();
    add(aig, a, &inverted, Lit::TRUE)
}

/// `a < b` of two words of one width.
pub(super) fn less(aig: &mut Aig, a: &[Lit], b: &[Lit], signed: bool) -> Lit {
    let (mut less, sign) = (Lit::FALSE, a.len().saturating_sub(1));
    for (index, (&a, &b)) in a.iter().zip(b).enumerate() {
        // The sign bit counts the other way round.
        let (a, b) = if signed && index == sign { (b, a) } else { (a, b) };
        let (below, equal) = (aig.and(!a, b), !aig.xor(a, b));
        let kept = aig.and(equal, less);
        less = aig.or(below, kept);
    }
    less
}

/// Every pair of bits is equal.
pub(super) fn equal(aig: &mut Aig, a: &[Lit], b: &[Lit]) -> Lit {
    a.iter().zip(b).fold(Lit::TRUE, |equal, (&a, &b)| {
        let differs = aig.xor(a, b);
        aig.and(equal, !differs)
    })
}

/// `bits` moved by the unsigned number `amount`: towards bit 0 when `right`, `fill` moving in.
pub(super) fn shift(aig: &mut Aig, bits: &[Lit], amount: &[Lit], right: bool, fill: Lit) -> Vec<Lit> {
    let mut bits = bits.to_vec();
    for (stage, &select) in amount.iter().enumerate() {
        let by = 1usize.checked_shl(stage as u32).unwrap_or(usize::MAX);
        bits = (0..bits.len())
            .map(|index| {
                let source = if right { index.checked_add(by) } else { index.checked_sub(by) };
                let moved = source.and_then(|source| bits.get(source).copied()).unwrap_or(fill);
                aig.mux(select, bits[index], moved)
            })
            .collect();
    }
    bits
}
