//! And-inverter graphs: the common form of a netlist and of what a tool made of it.

use rustc_hash::FxHashMap;

use crate::logic::TruthTable;
use crate::netlist::Netlist;

/// A literal: twice the number of a variable, plus one when inverted. Variable 0 is the constant
/// false, the next ones are the inputs, then the ands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Lit(u32);

impl Lit {
    /// The constant false.
    pub(crate) const FALSE: Self = Self(0);
    /// The constant true.
    pub(crate) const TRUE: Self = Self(1);

    /// The constant.
    pub(crate) fn constant(value: bool) -> Self {
        Self(u32::from(value))
    }

    /// Whether the value is the same for every input.
    pub(crate) fn is_constant(self) -> bool {
        self.0 < 2
    }

    /// Number of the variable.
    pub(super) fn variable(self) -> usize {
        (self.0 >> 1) as usize
    }

    /// Whether it is the complement of its variable.
    pub(super) fn is_inverted(self) -> bool {
        self.0 & 1 == 1
    }
}

impl std::ops::Not for Lit {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0 ^ 1)
    }
}

/// A graph of two-input ands with inverted edges. Equal ands are made once.
#[derive(Clone, Debug)]
pub(crate) struct Aig {
    inputs: usize,
    ands: Vec<[Lit; 2]>,
    known: FxHashMap<[Lit; 2], Lit>,
}

impl Aig {
    /// A graph of `inputs` inputs and nothing else.
    pub(crate) fn new(inputs: usize) -> Self {
        Self { inputs, ands: Vec::new(), known: FxHashMap::default() }
    }

    /// Number of inputs.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// The ands, each after what it reads.
    pub(super) fn ands(&self) -> &[[Lit; 2]] {
        &self.ands
    }

    /// Input `index`, which must exist.
    pub(crate) fn input(&self, index: usize) -> Lit {
        Lit(2 * (1 + index as u32))
    }

    /// Both.
    pub(crate) fn and(&mut self, a: Lit, b: Lit) -> Lit {
        if a == Lit::FALSE || b == Lit::FALSE || a == !b {
            return Lit::FALSE;
        }
        if a == Lit::TRUE || a == b {
            return b;
        }
        if b == Lit::TRUE {
            return a;
        }
        let pair = if a < b { [a, b] } else { [b, a] };
        if let Some(&known) = self.known.get(&pair) {
            return known;
        }
        self.ands.push(pair);
        let lit = Lit(2 * (self.inputs + self.ands.len()) as u32);
        self.known.insert(pair, lit);
        lit
    }

    /// At least one.
    pub(crate) fn or(&mut self, a: Lit, b: Lit) -> Lit {
        !self.and(!a, !b)
    }

    /// Exactly one.
    pub(crate) fn xor(&mut self, a: Lit, b: Lit) -> Lit {
        // One form for all polarities, so that equal functions are more often equal graphs.
        let (flip, a, b) = ((a.0 ^ b.0) & 1 == 1, Lit(a.0 & !1), Lit(b.0 & !1));
        let (left, right) = (self.and(a, !b), self.and(!a, b));
        let xor = self.or(left, right);
        if flip { !xor } else { xor }
    }

    /// `b` where `select` is set, `a` elsewhere.
    pub(crate) fn mux(&mut self, select: Lit, a: Lit, b: Lit) -> Lit {
        if a == b {
            return a;
        }
        if a == !b {
            return self.xor(select, a);
        }
        let (zero, one) = (self.and(!select, a), self.and(select, b));
        self.or(zero, one)
    }

    /// A lookup table over `pins`, input 0 first.
    pub(crate) fn table(&mut self, table: &TruthTable, pins: &[Lit]) -> Lit {
        let mut values: Vec<Lit> = (0..table.rows()).map(|row| Lit::constant(table.row(row))).collect();
        // Shannon expansion from the lowest input: neighbours differ in it alone.
        for &pin in pins {
            values = values.chunks(2).map(|pair| self.mux(pin, pair[0], pair[pair.len() - 1])).collect();
        }
        values.first().copied().unwrap_or(Lit::FALSE)
    }

    /// The literal of every node of a netlist whose primary inputs are `inputs`.
    pub(crate) fn nodes(&mut self, netlist: &Netlist, inputs: &[Lit]) -> Vec<Lit> {
        let mut next = inputs.iter();
        let mut lits: Vec<Lit> = Vec::with_capacity(netlist.nodes());
        for id in netlist.node_ids() {
            let lit = match netlist.table(id) {
                None => next.next().copied().unwrap_or(Lit::FALSE),
                Some(table) => {
                    let pins: Vec<Lit> = netlist.fan_ins(id).iter().map(|pin| lits[pin.index()]).collect();
                    self.table(table, &pins)
                }
            };
            lits.push(lit);
        }
        lits
    }

    /// The values of `wanted` for 64 assignments at once, one word per input.
    pub(crate) fn simulate(&self, inputs: &[u64], wanted: &[Lit]) -> Vec<u64> {
        let mut values = Vec::with_capacity(1 + self.inputs + self.ands.len());
        values.push(0);
        values.extend_from_slice(inputs);
        let value = |values: &[u64], lit: Lit| values[lit.variable()] ^ 0u64.wrapping_sub(u64::from(lit.0 & 1));
        for [a, b] in &self.ands {
            let word = value(&values, *a) & value(&values, *b);
            values.push(word);
        }
        wanted.iter().map(|&lit| value(&values, lit)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    use crate::logic::BitMatrix;
    use crate::lower::{flatten, lower};
    use crate::netlist::Schedule;

    #[test]
    fn a_graph_of_a_netlist_computes_what_the_netlist_does() {
        for seed in 0..20 {
            let netlist = flatten(&lower(&random_network(seed, &NetworkShape::small())));
            let mut aig = Aig::new(netlist.inputs().len());
            let inputs: Vec<Lit> = (0..aig.inputs()).map(|input| aig.input(input)).collect();
            let nodes = aig.nodes(&netlist, &inputs);
            let outputs: Vec<Lit> = netlist.outputs().iter().map(|output| nodes[output.index()]).collect();
            let stimulus = BitMatrix::exhaustive(netlist.inputs().len());
            assert_eq!(stimulus.words_per_signal(), 1);
            let words: Vec<u64> = (0..stimulus.signals()).map(|input| stimulus.row(input)[0]).collect();
            let expected = Schedule::new(&netlist).simulate(&netlist, &stimulus);
            let found = aig.simulate(&words, &outputs);
            for (output, word) in found.iter().enumerate() {
                assert_eq!(*word, expected.row(output)[0], "seed {seed}, output {output}");
            }
        }
    }

    #[test]
    fn equal_functions_of_equal_structure_are_one_literal() {
        let mut aig = Aig::new(3);
        let (a, b, c) = (aig.input(0), aig.input(1), aig.input(2));
        assert_eq!(aig.and(a, b), aig.and(b, a));
        let (left, right) = (aig.xor(a, !b), aig.xor(!a, b));
        assert_eq!(left, right);
        assert_eq!(aig.mux(c, a, !a), aig.xor(c, a));
        let majority = TruthTable::from_fn(3, |row| row.count_ones() >= 2);
        assert_eq!(aig.table(&majority, &[a, b, c]), aig.table(&majority, &[a, b, c]));
        assert_eq!(aig.table(&TruthTable::inverter(), &[a]), !a);
    }
}
